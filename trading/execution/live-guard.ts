/** What a live gateway does by itself as time goes by: the fence, the kill, and the protection of open positions (BR-2, KS-1). */
import { exitSessionRefusal } from '../calendar/gate.ts';
import { isExpired, isToBeSold } from '../lifecycle/expiry.ts';
import { coveringScope } from '../model/kill-scope.ts';
import type { KillScope } from '../model/events.ts';
import type { Pricing } from '../model/live.ts';
import { NAKED_MS_MAX } from '../risk/tripwires.ts';
import { add, isPositive, subtract, ZERO_QTY } from '../money/decimal.ts';
import { isDust, isOfDust, setDustAside } from './live-dust.ts';
import { isOpen } from './order-state.ts';
import { childrenOf, isFlattening, liveKey, refOf, remainingOf, sellable, type LiveHolding, type LiveOrder } from './live-book.ts';
import { closeOnlyReason } from './live-send.ts';
import { placeChild } from './live-child.ts';
import { placeRungs } from './live-rungs.ts';
import { lookUp, lose } from './live-report.ts';
import type { LiveTurn } from './live-turn.ts';

/** Everything that is due. Idempotent: doing it twice at one moment asks for nothing twice. */
export function sweep(turn: LiveTurn): void {
  cancelKilled(turn);
  setDustAside(turn);
  for (const order of Object.values(turn.state.orders)) watch(turn, order);
  for (const holding of Object.values(turn.state.holdings)) guard(turn, holding);
  cancelLeftOver(turn);
}

/** Lookups of what is unknown (behind the fence only), of what rests, and the deadline of what is being sent. */
function watch(turn: LiveTurn, order: LiveOrder): void {
  const { pollMs, restingPollMs } = turn.config.terms;
  const { order: state } = order;
  // Whoever waits says so at the deadline itself; where nobody says anything, nobody knows whether there was an answer.
  if (state.at === 'SENDING' && turn.now >= state.deadlineAt + pollMs) lose(turn, order, 'nothing was heard by the deadline', true);
  else if (state.at === 'UNKNOWN' && turn.now >= state.resolveAfter) lookUp(turn, order, pollMs);
  else if (state.at === 'ACKED' || state.at === 'PARTIAL') {
    // An order that rests may wait; the first look comes a while after it was sent.
    if (turn.now >= state.sentAt + restingPollMs || Object.hasOwn(turn.memory.lookups, order.clientOrderId)) lookUp(turn, order, restingPollMs);
  } else if (state.at === 'ORPHAN') cancel(turn, order);
}

/** KS-1: entries are withheld or cancelled; exits and protective orders stay. */
export function cancelKilled(turn: LiveTurn): void {
  const scopes = [...turn.memory.gate, ...turn.state.killed];
  if (scopes.length > 0) cancelEntries(turn, scopes);
}

function cancelEntries(turn: LiveTurn, scopes: readonly KillScope[]): void {
  for (const order of Object.values(turn.state.orders)) {
    const scope = order.purpose === 'entry' ? coveringScope(scopes, order.asset) : undefined;
    if (scope === undefined) continue;
    if (order.order.at === 'INTENT') turn.end(order, 'not_sent', closeOnlyReason(scope));
    // What is being sent or unknown may be there too: a cancel says so, or finds nothing and is repeated.
    else if (isOpen(order.order)) cancel(turn, order);
  }
}

/** May be repeated: a cancel can do nothing twice. */
function cancel(turn: LiveTurn, order: LiveOrder): void {
  if ((turn.memory.cancels[order.clientOrderId] ?? 0) > turn.now) return;
  turn.remember('cancels', order.clientOrderId, turn.now + turn.config.terms.pollMs);
  turn.ask({ type: 'cancel.requested', body: { order: refOf(order) } });
}

/** Protects a position, and closes it at market where it was naked for too long or is to be flattened. */
function guard(turn: LiveTurn, holding: LiveHolding): void {
  const { nakedSince, entryOrderId, symbol, qty } = holding;
  if (isDust(turn.state, holding)) return;
  const { settings, instruments } = turn.state;
  const instrument = instruments[liveKey(holding)];
  if (isOver(turn, holding)) return;
  if (isFlattening(turn.state, holding.asset) || isToBeSold(instrument, settings, turn.now)) {
    close(turn, holding);
    if (nakedSince === null || !isShut(turn, holding)) return;
  }
  if (nakedSince === null) return placeRungs(turn, holding);
  const nakedMs = turn.now - nakedSince;
  if (nakedMs > NAKED_MS_MAX) {
    if (!holding.isAlarmed) {
      turn.alarm(holding, entryOrderId, 'NAKED_POSITION', `${symbol}: ${qty} without stop and take-profit since ${nakedSince}: closed at market`);
    }
    close(turn, holding);
    // A close in doubt keeps another one waiting; a stop need not wait.
    if (turn.memory.bare.length === 0) return;
  }
  protect(turn, holding);
}

/** The legs that the venue does not hold: a stop and a limit, each for what is not covered yet (BR-2: at once, on each fill). */
export function protect(turn: LiveTurn, holding: LiveHolding): void {
  const { isNative, bracket, entryOrderId } = holding;
  // What is being closed has its coins in the closing order, unless the account was seen to have them.
  if (isNative || bracket === null || isOver(turn, holding) || isClosing(turn, holding, turn.memory.bare) || isDust(turn.state, holding)) return;
  for (const purpose of ['stop_loss', 'take_profit'] as const) {
    const covered = childrenOf(turn.state, entryOrderId).filter((child) => child.purpose === purpose);
    const missing = sellable(turn.state, holding, subtract(holding.qty, add(ZERO_QTY, ...covered.map(remainingOf))));
    const pricing: Pricing = purpose === 'stop_loss' ? { type: 'stop', trigger: bracket.stopLoss } : { type: 'limit', price: bracket.takeProfit };
    if (isPositive(missing)) placeChild(turn, holding, purpose, missing, pricing);
  }
}

function isClosing({ state }: LiveTurn, holding: LiveHolding, except: readonly string[] = []): boolean {
  const key = liveKey(holding);
  return Object.values(state.orders).some(
    ({ purpose, order, clientOrderId, ...other }) =>
      (purpose === 'flatten' || purpose === 'exit') &&
      order.at !== 'INTENT' &&
      isOpen(order) &&
      liveKey(other) === key &&
      !except.includes(clientOrderId),
  );
}

/** LC-5: nothing of it can be traded any more. In the night the venue shows what became of it (trading/reconcile/expiry.ts). */
const isOver = ({ state: { instruments, settings }, now }: LiveTurn, holding: LiveHolding): boolean =>
  isExpired(instruments[liveKey(holding)], settings, now);

function isShut({ state: { instruments, settings }, now }: LiveTurn, holding: LiveHolding): boolean {
  const instrument = instruments[liveKey(holding)];
  return instrument !== undefined && settings !== null && exitSessionRefusal(instrument, settings, now) !== null;
}

/** At market, once at a time; where the venue is closed, at its open (SS-1): an order that waits there could meet a leg that fills first. */
function close(turn: LiveTurn, holding: LiveHolding): void {
  if (isShut(turn, holding)) return;
  const qty = sellable(turn.state, holding, holding.qty);
  if (!isClosing(turn, holding) && isPositive(qty)) placeChild(turn, holding, 'flatten', qty, { type: 'market', worst: null });
}

/** Legs of a position that is gone: one leg executed, or the position was closed, or what is left of it is dust. */
function cancelLeftOver(turn: LiveTurn): void {
  for (const order of Object.values(turn.state.orders)) {
    if (order.parentId === null || order.purpose === 'flatten' || !isOpen(order.order) || order.order.at === 'INTENT') continue;
    const holding = turn.state.holdings[liveKey(order)];
    if (holding?.entryOrderId !== order.parentId || isOfDust(turn, holding)) cancel(turn, order);
  }
}
