/** From an approved order to an accepted one: the last gates, and the conformance clamp as the very last step (RT-3). */
import { checkBracket, checkMinimum, clampBracket, clampQty } from '../execution/clamp.ts';
import { entrySessionRefusal, exitSessionRefusal } from '../calendar/gate.ts';
import { checkQuote } from '../market/freshness.ts';
import { lessThan } from '../money/decimal.ts';
import type { Refusal } from '../model/events.ts';
import type { Instrument } from '../model/instrument.ts';
import type { OrderEnd } from '../model/order.ts';
import type { Settings } from '../model/settings.ts';
import { currencyRefusal } from '../sizing/in-usd.ts';
import { drawOrder } from './draws.ts';
import { isWorse, touch } from './price.ts';
import { coveringScope } from '../model/kill-scope.ts';
import { paperKey, type PaperOrder } from './state.ts';
import { orderKey, type Turn } from './turn.ts';

/** Orders on their way at once, of all assets. Far above what the governor lets through; a limit all the same. */
export const PAPER_ORDERS_MAX = 1000;

export function acceptOrder(turn: Turn, clientOrderId: string): void {
  const order = turn.state.orders[clientOrderId];
  // Over already, or accepted: never twice (ST-2).
  if (order === undefined || order.accepted !== null) return;
  const { settings } = turn.state;
  const instrument = turn.state.instruments[paperKey(order.intent)];
  if (settings === null) return turn.end(order.intent, 'not_sent', 'NOT_CONFIGURED: no settings were loaded');
  if (instrument === undefined) return turn.end(order.intent, 'not_sent', `UNKNOWN_INSTRUMENT: the catalog does not list ${order.intent.symbol}`);
  const gate = gateOf(turn, order, settings) ?? shut(turn, order, settings, instrument);
  if (gate !== null) return turn.end(order.intent, gate.status, gate.reason);
  conform(turn, order, settings, instrument);
}

interface Gate {
  readonly status: OrderEnd;
  readonly reason: string;
}

function gateOf(turn: Turn, { intent }: PaperOrder, settings: Settings): Gate | null {
  const { state, memory, now } = turn;
  const scope = intent.kind === 'entry' ? coveringScope([...memory.gate, ...state.killed], intent.asset) : undefined;
  if (scope !== undefined) return { status: 'not_sent', reason: closeOnlyReason(scope) };
  // QS-1 at submission, QS-2 against nothing: the governor has held it against the last good quotes.
  const bad = checkQuote(intent.snapshot, null, settings.risk, now);
  if (bad !== null) return { status: 'not_sent', reason: reasonOf(bad) };
  if (Object.keys(state.orders).length > PAPER_ORDERS_MAX) {
    return { status: 'not_sent', reason: `THROTTLED: ${PAPER_ORDERS_MAX} paper orders are on their way` };
  }
  return occupied(turn, intent);
}

/** SS-1 at submission: nothing executes where nothing trades. */
function shut({ now }: Turn, { intent }: PaperOrder, settings: Settings, instrument: Instrument): Gate | null {
  const refusal = intent.kind === 'entry' ? entrySessionRefusal(instrument, settings, now) : exitSessionRefusal(instrument, settings, now);
  return refusal === null ? null : { status: 'not_sent', reason: reasonOf(refusal) };
}

/** One position a symbol, so that the bracket of an entry is the bracket of the position. */
function occupied({ state }: Turn, intent: PaperOrder['intent']): Gate | null {
  const key = paperKey(intent);
  const holding = state.holdings[key];
  if (intent.kind === 'exit') {
    if (holding !== undefined && holding.side !== intent.side) return null;
    return { status: 'rejected', reason: `NOTHING_TO_CLOSE: there is no ${intent.symbol} for a ${intent.side} to close` };
  }
  const other = Object.values(state.orders).find(
    ({ intent: live, accepted }) => accepted !== null && live.kind === 'entry' && paperKey(live) === key,
  );
  if (holding === undefined && other === undefined) return null;
  return { status: 'rejected', reason: `POSITION_EXISTS: ${intent.symbol} has ${holding === undefined ? 'an entry on its way' : 'a position'}` };
}

function conform(turn: Turn, order: PaperOrder, settings: Settings, instrument: Instrument): void {
  const { intent } = order;
  const at = touch(intent.side, intent.snapshot);
  const { value: qty, clamps } = clampQty(intent.qty, instrument);
  const held = turn.state.holdings[paperKey(intent)]?.qty;
  // What closes a position whole may be as small as the position: it must be possible to get out.
  const closesAll = intent.kind === 'exit' && held !== undefined && qty !== '0' && !lessThan(qty, held);
  const small = closesAll ? null : checkMinimum(qty, at, instrument);
  if (small !== null) return turn.end(intent, 'rejected', reasonOf(small));
  const clamped = [...clamps];
  if (intent.kind === 'entry') {
    const foreign = currencyRefusal(instrument);
    if (foreign !== null) return turn.end(intent, 'rejected', reasonOf(foreign));
    if (intent.bracket === null) return turn.end(intent, 'rejected', 'NO_BRACKET: an entry needs take-profit and stop-loss (BR-1)');
    const bracket = clampBracket(intent.side, intent.bracket, instrument, qty);
    const wrong = checkBracket(intent.side, bracket.value, at, instrument);
    if (wrong !== null) return turn.end(intent, 'rejected', reasonOf(wrong));
    clamped.push(...bracket.clamps);
  }
  if (clamped.length > 0) turn.record({ type: 'order.clamped', body: { ...orderKey(intent), clamps: clamped } });
  const { now, seed } = turn;
  const draws = drawOrder(seed, intent.clientOrderId, settings.paper);
  turn.record({ type: 'order.accepted', body: { ...orderKey(intent), qty, draws, acceptedAt: now, dueAt: now + draws.latencyMs } });
  startWindow(turn, order);
}

/** A worse quote that came between the snapshot and the acceptance is known already: it counts from the start (PX-1). */
function startWindow(turn: Turn, { intent }: PaperOrder): void {
  const newest = turn.memory.lastGood[paperKey(intent)];
  if (newest === undefined || newest.exchangeAt < intent.snapshot.exchangeAt || !isWorse(intent.side, newest, intent.snapshot)) return;
  turn.memory = { ...turn.memory, worst: { ...turn.memory.worst, [intent.clientOrderId]: newest } };
}

export const closeOnlyReason = (scope: string): string => `CLOSE_ONLY: the kill-switch is tripped for ${scope} (KS-1)`;

const reasonOf = ({ code, sentence }: Refusal): string => `${code}: ${sentence}`;
