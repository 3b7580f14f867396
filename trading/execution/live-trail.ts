/**
 * Trailing stops, live (decision 47): the stop that a venue holds is amended as quotes say it, in favour of the position only. The move is a fact before a byte
 * leaves, and while its outcome is unknown the old trigger counts: never two stops, never none.
 */
import { exitSessionRefusal } from '../calendar/gate.ts';
import { isExpired, isToBeSold } from '../lifecycle/expiry.ts';
import { judgeQuote } from '../market/freshness.ts';
import type { StopAmending } from '../model/events.ts';
import type { Instant, Instrument } from '../model/instrument.ts';
import type { AccountView, VenueOrder } from '../model/live.ts';
import type { MessageBody } from '../model/messages.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import type { Settings } from '../model/settings.ts';
import { isPositive, type Price } from '../money/decimal.ts';
import { trailedStop } from '../paper/legs.ts';
import { isFlattening, liveKey, orderOf, refOf, type LiveHolding, type LiveState } from './live-book.ts';
import { shareOf } from './live-send.ts';
import { amendingOf, ownStopOf } from './live-stops.ts';
import type { LiveTurn } from './live-turn.ts';
import { isOpen } from './order-state.ts';
import { tickAt } from './tick.ts';
import { takeTokens } from './token-bucket.ts';

/** Between two moves of one stop: a step is a tenth of the distance, and a market that runs takes several at once. */
const TRAIL_MS = 1000;
/** After a move that the venue refused: mostly its mark has passed the stop already, or is about to. */
const REFUSED_MS = 5000;
const REASON_LENGTH_MAX = 400;

/** Quickly: this is asked at every quote. */
export const isTrailed = ({ holdings }: LiveState, quote: QuoteSnapshot): boolean => holdings[liveKey(quote)]?.bracket?.trailing !== undefined;

/** Moves the stop of the position where the quote takes it, and everything that must be so is. */
export function onQuote(turn: LiveTurn, quote: QuoteSnapshot): void {
  const { state } = turn;
  const key = liveKey(quote);
  const [holding, instrument] = [state.holdings[key], state.instruments[key]];
  if (holding === undefined || instrument === undefined || state.settings === null || quote.exchangeAt < holding.openedAt) return;
  if (!isGood(turn, holding, quote, state.settings) || !mayMove(turn, holding, instrument, state.settings)) return;
  const to = moveOf(holding, quote, instrument);
  if (to !== null && takeAmendment(turn, state.settings)) amend(turn, holding, to, quote);
}

function moveOf({ side, bracket }: LiveHolding, quote: QuoteSnapshot, instrument: Instrument): Price | null {
  if (bracket?.trailing === undefined) return null;
  const at = side === 'buy' ? quote.bid : quote.ask;
  const stop = trailedStop(side, bracket, quote, tickAt(instrument, at));
  return stop !== null && isPositive(stop) ? stop : null;
}

/** As the simulator judges: after a restart the last quote of a position is the one that its facts hold. */
function isGood(turn: LiveTurn, holding: LiveHolding, quote: QuoteSnapshot, { risk }: Settings): boolean {
  const { memory, now, state } = turn;
  const key = liveKey(quote);
  const known = memory.quotes[key];
  const lastGood = known?.lastGood ?? holding.trailedOn ?? orderOf(state, holding.entryOrderId)?.intent?.snapshot ?? null;
  if (lastGood !== null && quote.exchangeAt < lastGood.exchangeAt) return false;
  const { refusal, suspect } = judgeQuote(quote, { lastGood, suspect: known?.suspect ?? null }, risk, now);
  const next = { lastGood: refusal === null ? quote : lastGood, suspect };
  turn.memory = { ...memory, quotes: { ...memory.quotes, [key]: next } };
  return refusal === null;
}

/** Whether the stop may be moved now, whatever the quote says. */
function mayMove(turn: LiveTurn, holding: LiveHolding, instrument: Instrument, settings: Settings): boolean {
  const { state, memory, config, now } = turn;
  const { entryOrderId, asset, nakedSince, isNative, bracket } = holding;
  const key = liveKey(holding);
  if (bracket === null || amendingOf(state, holding) !== undefined || (memory.trails[key] ?? 0) > now) return false;
  // While the entry fills, each fill would bring the legs that it was sent with.
  const entry = orderOf(state, entryOrderId);
  if (entry === undefined || isOpen(entry.order) || nakedSince !== null) return false;
  if (!isNative && (config.terms.amendsOwnStops !== true || !isMovable(state, holding))) return false;
  if (isFlattening(state, asset) || isToBeSold(instrument, settings, now) || isExpired(instrument, settings, now)) return false;
  return !isBeingClosed(state, key) && exitSessionRefusal(instrument, settings, now) === null;
}

/** A stop of the house's own that covers the position by itself, and that the venue is known to hold where we think. */
function isMovable(state: LiveState, holding: LiveHolding): boolean {
  const own = ownStopOf(state, holding);
  return own?.order.at === 'ACKED' && own.pricing?.type === 'stop' && own.pricing.trigger === holding.bracket?.stopLoss;
}

const isBeingClosed = ({ orders }: LiveState, key: string): boolean =>
  Object.values(orders).some((order) => (order.purpose === 'exit' || order.purpose === 'flatten') && isOpen(order.order) && liveKey(order) === key);

/** RT-4: a bucket apart from that of placements. */
function takeAmendment(turn: LiveTurn, settings: Settings): boolean {
  const { amendments } = turn.config.terms;
  if (amendments === undefined) return false;
  const rules = shareOf(amendments, settings);
  const { bucket, waitMs } = takeTokens(rules, turn.memory.amendments ?? { level: rules.windowMs, at: turn.now }, turn.now);
  turn.memory = { ...turn.memory, amendments: bucket };
  return waitMs === 0;
}

/** The fact first; the port is asked by an effect, which leaves only when the fact is durable. */
function amend(turn: LiveTurn, holding: LiveHolding, to: Price, pricedOn: QuoteSnapshot): void {
  const { asset, symbol, entryOrderId, bracket } = holding;
  const entry = orderOf(turn.state, entryOrderId);
  if (entry === undefined || bracket === null) return;
  const stop = ownStopOf(turn.state, holding);
  const deadlineAt = turn.now + turn.config.terms.deadlineMs;
  const named = { asset, mode: 'live', symbol, entryOrderId, stopId: stop?.clientOrderId ?? null } as const;
  turn.remember('trails', liveKey(holding), turn.now + TRAIL_MS);
  turn.record({ type: 'stop.amending', body: { ...named, from: bracket.stopLoss, to, pricedOn, sentAt: turn.now, deadlineAt } });
  const legs = { takeProfit: bracket.takeProfit, stopLoss: to };
  const amendment = { entry: refOf(entry), stop: stop === null ? null : refOf(stop), bracket: legs, sentAt: turn.now, deadlineAt };
  turn.ask({ type: 'amend.requested', body: { amendment } });
}

/** What came of the one call. Unknown says nothing: the leg's own report does, or the account behind the fence. */
export function onAmended(turn: LiveTurn, { amendment, outcome }: MessageBody<'amend.answered'>): void {
  const { asset, symbol, clientOrderId } = amendment.entry;
  const pending = amendingOf(turn.state, { asset, symbol });
  const isOfIt = pending?.entryOrderId === clientOrderId && pending.to === amendment.bracket.stopLoss && pending.sentAt === amendment.sentAt;
  if (pending === undefined || !isOfIt || outcome.kind === 'unknown') return;
  if (outcome.kind === 'done') return trailed(turn, pending);
  turn.remember('trails', liveKey(pending), turn.now + REFUSED_MS);
  const reason = outcome.kind === 'gone' ? 'the venue has no such stop any more' : `${outcome.code}: ${outcome.text}`;
  stands(turn, pending, pending.from, reason);
}

/** A leg at the new trigger: whatever became of the answer, the venue took the move. */
export function onStopSeen(turn: LiveTurn, leg: VenueOrder): void {
  const pending = amendingOf(turn.state, leg);
  if (pending !== undefined && isStopOf(leg, pending.entryOrderId, pending.stopId) && leg.trigger === pending.to) trailed(turn, pending);
}

/** The venue's word, where it is one: asked behind the fence of a move, or long enough after the last one. Idempotent. */
export function adoptStops(turn: LiveTurn, view: AccountView): void {
  for (const pending of Object.values(turn.state.amending ?? {})) settle(turn, pending, view);
  for (const holding of Object.values(turn.state.holdings)) adopt(turn, holding, view);
}

function settle(turn: LiveTurn, pending: StopAmending, view: AccountView): void {
  if (view.askedAt < pending.sentAt) return;
  const shown = triggersOf(view, pending.entryOrderId, pending.stopId);
  const isHeld = turn.state.holdings[liveKey(pending)]?.entryOrderId === pending.entryOrderId;
  if (isHeld && shown.includes(pending.to)) return trailed(turn, pending);
  if (view.askedAt < fenceOf(turn, pending)) return;
  const [only] = shown;
  if (!isHeld) return stands(turn, pending, pending.from, 'its position is closed');
  if (only === undefined) return stands(turn, pending, pending.from, 'the venue lists no stop');
  stands(turn, pending, only, `the venue lists its stop at ${only}`);
}

function adopt(turn: LiveTurn, holding: LiveHolding, view: AccountView): void {
  const { bracket, entryOrderId, stopAt, openedAt, symbol, asset } = holding;
  if (bracket?.trailing === undefined || amendingOf(turn.state, holding) !== undefined) return;
  if (view.askedAt < (stopAt ?? openedAt) + turn.config.terms.marginMs) return;
  const [only, ...more] = triggersOf(view, entryOrderId, ownStopOf(turn.state, holding)?.clientOrderId ?? null);
  if (only === undefined || more.length > 0 || only === bracket.stopLoss) return;
  const sentence = `${symbol}: the venue lists the stop of ${entryOrderId} at ${only}, the journal has it at ${bracket.stopLoss}: the venue's counts`;
  turn.alarm(holding, entryOrderId, 'CONTRADICTION', sentence);
  const named = { asset, mode: 'live', symbol, entryOrderId } as const;
  turn.record({ type: 'stop.stands', body: { ...named, stopLoss: only, reason: `the venue lists its stop at ${only}` } });
}

/** Behind it the venue can no longer take what was sent. */
const fenceOf = ({ config: { terms } }: LiveTurn, { deadlineAt }: StopAmending): Instant =>
  deadlineAt + terms.receiveWindowMs + terms.answeredMarginMs;

/** True while the account must be read for it. */
export const isFenced = (turn: LiveTurn): boolean => Object.values(turn.state.amending ?? {}).some((pending) => turn.now >= fenceOf(turn, pending));

const isStopOf = ({ leg, parentId, clientOrderId, status }: VenueOrder, entryId: string, stopId: string | null): boolean =>
  status === 'open' && (stopId === null ? leg === 'stop_loss' && parentId === entryId : clientOrderId === stopId);

/** Of the stops that the venue lists for it; each once. */
function triggersOf({ openOrders }: AccountView, entryId: string, stopId: string | null): readonly Price[] {
  const triggers = openOrders.flatMap((order) => (isStopOf(order, entryId, stopId) && order.trigger !== undefined ? [order.trigger] : []));
  return [...new Set(triggers)];
}

function trailed(turn: LiveTurn, { asset, symbol, entryOrderId, to, pricedOn }: StopAmending): void {
  turn.record({ type: 'stop.trailed', body: { asset, mode: 'live', symbol, entryOrderId, stopLoss: to, pricedOn, trailedAt: turn.now } });
}

function stands(turn: LiveTurn, { asset, symbol, entryOrderId }: StopAmending, stopLoss: Price, reason: string): void {
  const said = reason.slice(0, REASON_LENGTH_MAX);
  turn.record({ type: 'stop.stands', body: { asset, mode: 'live', symbol, entryOrderId, stopLoss, reason: said } });
}
