/** From an approved order to one that is being sent: the last gates, the clamp as the very last step (RT-3), then the durable fact. */
import { entrySessionRefusal, exitSessionRefusal } from '../calendar/gate.ts';
import { checkQuote } from '../market/freshness.ts';
import type { Refusal } from '../model/events.ts';
import { coveringScope } from '../model/kill-scope.ts';
import type { Instant, Instrument } from '../model/instrument.ts';
import type { OrderTerms, Placement, Pricing } from '../model/live.ts';
import type { Bracket, Clamp, OrderIntent } from '../model/order.ts';
import type { Settings } from '../model/settings.ts';
import { absolute, add, lessThan, ratio, scale, smaller, subtract, toNumber, type Price, type Qty } from '../money/decimal.ts';
import { touch } from '../paper/price.ts';
import { modeRefusal } from '../risk/modes.ts';
import { currencyRefusal } from '../sizing/in-usd.ts';
import { checkBracket, checkMinimum, clampBracket, clampQty } from './clamp.ts';
import { toTick } from './tick.ts';
import { isOpen } from './order-state.ts';
import { liveFormRefusal } from './live-forms.ts';
import { payloadHash } from './order-names.ts';
import { blockedBy, liveKey, type LiveOrder } from './live-book.ts';
import { amendingOf } from './live-stops.ts';
import { keyOf, type LiveTurn } from './live-turn.ts';
import { bucketRules, takeTokens, type BucketRules } from './token-bucket.ts';

/** Live orders that are not over, at once. */
export const LIVE_ORDERS_MAX = 500;

/** Tries every intent that is waiting (for a token): oldest first, exits before entries, so that no entry keeps anyone in a position. */
export function sendWaiting(turn: LiveTurn): void {
  const waiting = Object.values(turn.state.orders).filter(({ order, intent }) => order.at === 'INTENT' && intent !== null);
  for (const kind of ['exit', 'entry'] as const) {
    for (const order of waiting) if (order.purpose === kind) sendApproved(turn, order.clientOrderId);
  }
}

/** Sends it, ends it as not sent, or leaves it waiting for a token. Whatever happened before, an order is sent at most once (ST-2). */
export function sendApproved(turn: LiveTurn, clientOrderId: string): void {
  const order = turn.state.orders[clientOrderId];
  if (order === undefined || order.order.at !== 'INTENT' || order.intent === null) return;
  const { settings } = turn.state;
  const instrument = turn.state.instruments[liveKey(order)];
  if (settings === null) return withhold(turn, order, 'NOT_CONFIGURED: no settings were loaded');
  if (instrument === undefined) return withhold(turn, order, `UNKNOWN_INSTRUMENT: the catalog does not list ${order.symbol}`);
  const shut = sessionRefusal(order.intent, instrument, settings, turn.now);
  if (shut !== null) return withhold(turn, order, reasonOf(shut));
  const reason = gateOf(turn, order.intent, settings);
  if (reason !== null) return withhold(turn, order, reason);
  const conformed = conform(turn, order.intent, instrument);
  if ('refusal' in conformed) return withhold(turn, order, conformed.refusal);
  if (!takeToken(turn, settings)) return;
  const { qty, bracket, clamps } = conformed;
  if (clamps.length > 0) turn.record({ type: 'order.clamped', body: { ...keyOf(order), clamps } });
  const isNative = turn.config.terms.nativeBracket.includes(order.asset);
  send(turn, order, { qty, pricing: { type: 'market', worst: worstOf(order.intent, bracket, instrument) }, bracket: isNative ? bracket : null });
}

const withhold = (turn: LiveTurn, order: LiveOrder, reason: string): void => turn.end(order, 'not_sent', reason);

/** SS-1, once more: an order that waited for a token may have waited past the close. */
const sessionRefusal = ({ kind }: OrderIntent, instrument: Instrument, settings: Settings, now: Instant): Refusal | null =>
  kind === 'entry' ? entrySessionRefusal(instrument, settings, now) : exitSessionRefusal(instrument, settings, now);

/** Everything that a cell's queue may have made untrue since the governor approved. */
function gateOf(turn: LiveTurn, intent: OrderIntent, settings: Settings): string | null {
  const { state, memory, now } = turn;
  if (intent.kind === 'entry') {
    const scope = coveringScope([...memory.gate, ...state.killed], intent.asset);
    if (scope !== undefined) return closeOnlyReason(scope);
    const off = modeRefusal(state.switches, { asset: intent.asset, mode: 'live' });
    if (off !== null) return reasonOf(off);
    const blocked = blockedBy(state, intent);
    if (blocked !== undefined) return reasonOf(blocked);
    if (memory.closedBy !== null) return `CLOSE_ONLY: ${memory.closedBy}`;
    if (!memory.isReconciled) return 'CLOSE_ONLY: the account was not read since the start';
  }
  const bad = checkQuote(intent.snapshot, null, settings.risk, now);
  if (bad !== null) return reasonOf(bad);
  const open = Object.values(state.orders).filter(({ order }) => isOpen(order));
  if (open.length > LIVE_ORDERS_MAX) return `THROTTLED: ${LIVE_ORDERS_MAX} live orders are open`;
  return occupied(turn, intent, open);
}

/** One position a symbol; while an order's fate is unknown its symbol is taken. */
function occupied({ state }: LiveTurn, intent: OrderIntent, open: readonly LiveOrder[]): string | null {
  const key = liveKey(intent);
  const holding = state.holdings[key];
  if (intent.kind === 'exit') {
    if (holding === undefined || holding.side === intent.side) return `NOTHING_TO_CLOSE: there is no ${intent.symbol} for a ${intent.side} to close`;
    const closing = open.find(
      ({ purpose, order, ...other }) => order.at !== 'INTENT' && (purpose === 'exit' || purpose === 'flatten') && liveKey(other) === key,
    );
    return closing === undefined ? null : `DUPLICATE_INTENT: ${closing.clientOrderId} is closing ${intent.symbol}`;
  }
  if (amendingOf(state, intent) !== undefined) return `POSITION_EXISTS: nobody knows yet where the stop of ${intent.symbol} is`;
  const left = open.find(({ parentId, ...rest }) => parentId !== null && liveKey(rest) === key);
  if (left !== undefined && holding === undefined)
    return `POSITION_EXISTS: ${left.clientOrderId} of the last position in ${intent.symbol} may be open`;
  const other = open.find(({ purpose, order, ...rest }) => order.at !== 'INTENT' && purpose === 'entry' && liveKey(rest) === key);
  if (holding === undefined && other === undefined) return null;
  return `POSITION_EXISTS: ${intent.symbol} has ${holding === undefined ? 'an entry on its way' : 'a position'}`;
}

interface Conformed {
  readonly qty: Qty;
  readonly bracket: Bracket | null;
  readonly clamps: readonly Clamp[];
}

function conform(turn: LiveTurn, intent: OrderIntent, instrument: Instrument): Conformed | { readonly refusal: string } {
  const at = touch(intent.side, intent.snapshot);
  const held = turn.state.holdings[liveKey(intent)]?.qty;
  // Spot knows no reduce-only: beside the position may lie coins of a person, which are not ours to sell.
  const asked = intent.kind === 'exit' && held !== undefined ? smaller(intent.qty, held) : intent.qty;
  const { value: qty, clamps } = clampQty(asked, instrument);
  // What closes a position whole may be as small as the position: it must be possible to get out.
  const closesAll = intent.kind === 'exit' && held !== undefined && qty !== '0' && !lessThan(qty, held);
  const small = closesAll ? null : checkMinimum(qty, at, instrument);
  if (small !== null) return { refusal: reasonOf(small) };
  if (intent.kind === 'exit') return { qty, bracket: null, clamps };
  const foreign = currencyRefusal(instrument);
  if (foreign !== null) return { refusal: reasonOf(foreign) };
  if (intent.bracket === null) return { refusal: 'NO_BRACKET: an entry needs take-profit and stop-loss (BR-1)' };
  const form = liveFormRefusal(intent);
  if (form !== null) return { refusal: reasonOf(form) };
  const legs = clampBracket(intent.side, intent.bracket, instrument, qty);
  const bracket = legs.value;
  const wrong = checkBracket(intent.side, bracket, at, instrument);
  return wrong === null ? { qty, bracket, clamps: [...clamps, ...legs.clamps] } : { refusal: reasonOf(wrong) };
}

/** An entry never pays more than this beyond the touch it was priced on; an exit gets out at whatever there is. */
const ENTRY_SLIPPAGE_MAX = ratio('0.005');
/** Nor more than this part of the way to its take-profit: venues hold both legs against the limit, and a trade that gave up more has no point. */
const OF_PROFIT_MAX = ratio('0.5');

function worstOf({ kind, side, snapshot }: OrderIntent, bracket: Bracket | null, instrument: Instrument): Price | null {
  if (kind === 'exit') return null;
  const at = touch(side, snapshot);
  const byPrice = scale(at, ENTRY_SLIPPAGE_MAX);
  const slip = bracket === null ? byPrice : smaller(byPrice, scale(absolute(subtract(bracket.takeProfit, at)), OF_PROFIT_MAX));
  return side === 'buy' ? toTick(add(at, slip), instrument, 'down') : toTick(subtract(at, slip), instrument, 'up');
}

/** RT-4: what of a venue's limit the house uses. However low it is, one request a window goes, or nobody could close anything. */
export function shareOf({ limit, windowMs }: OrderTerms['placements'], { rateLimit }: Pick<Settings, 'rateLimit'>): BucketRules {
  const share = toNumber(rateLimit);
  // Not by a share of 1 ÷ limit: 49 of those are less than one.
  return limit * share < 1 ? bucketRules(1, windowMs, 1) : bucketRules(limit, windowMs, share);
}

/**
 * RT-4: a share of the venue's limit, as the terms say it or as the venue told it where that is less. The first bucket of a run is empty: a
 * restart brings no second burst.
 */
export function takeToken(turn: LiveTurn, settings: Settings): boolean {
  const { placements } = turn.config.terms;
  const told = turn.memory.limit;
  const terms = told !== null && told.limit * placements.windowMs < placements.limit * told.windowMs ? told : placements;
  const rules = shareOf(terms, settings);
  const { bucket, waitMs } = takeTokens(rules, turn.memory.bucket ?? { level: 0, at: turn.now }, turn.now);
  turn.memory = { ...turn.memory, bucket };
  return waitMs === 0;
}

/** The fact first; the shell is asked by an effect, which leaves only when the fact is durable. */
export function send(
  turn: LiveTurn,
  order: Pick<LiveOrder, 'clientOrderId' | 'asset' | 'symbol' | 'side' | 'purpose' | 'parentId'>,
  sent: { readonly qty: Qty; readonly pricing: Pricing; readonly bracket: Bracket | null },
): void {
  const { asset, symbol, clientOrderId, side, purpose, parentId } = order;
  const deadlineAt = turn.now + turn.config.terms.deadlineMs;
  const placement: Placement = { clientOrderId, asset, symbol, side, purpose, ...sent, reduceOnly: purpose !== 'entry', deadlineAt };
  turn.record({
    type: 'order.sending',
    body: { ...keyOf(order), purpose, parentId, side, ...sent, payloadHash: payloadHash(placement), sentAt: turn.now, deadlineAt },
  });
  turn.ask({ type: 'placement.requested', body: { order: placement } });
}

export const closeOnlyReason = (scope: string): string => `CLOSE_ONLY: the kill-switch is tripped for ${scope} (KS-1)`;

const reasonOf = ({ code, sentence }: Refusal): string => `${code}: ${sentence}`;
