/**
 * PX: the only place where a paper order executes. It holds accepted orders for their latency, fills them as a harsh taker, and carries the
 * bracket of every open position. It has no order port: that paper never reaches a venue is its type (RT-1).
 */
import { NOTHING, type Behavior, type Decision } from '../behavior.ts';
import { exitSessionRefusal } from '../calendar/gate.ts';
import { isToBeSold } from '../lifecycle/expiry.ts';
import { judgeQuote } from '../market/freshness.ts';
import type { EventType, Fact, KillScope } from '../model/events.ts';
import { ASSETS, brokerOf, type Instant } from '../model/instrument.ts';
import type { FeedTrouble } from '../model/live.ts';
import type { Message } from '../model/messages.ts';
import { RUNGS_MAX } from '../model/order.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import type { Settings } from '../model/settings.ts';
import { acceptOrder, closeOnlyReason } from './accept.ts';
import { fillOrder, fillTriggered } from './fill.ts';
import { settleFunding, withAnnounced } from './funding.ts';
import { settleExpired } from './settlement.ts';
import { legAt, trailedStop, type Leg } from './legs.ts';
import { isWorse } from './price.ts';
import { coveringScope } from '../model/kill-scope.ts';
import { NAKED_MS_MAX } from '../risk/tripwires.ts';
import { BLANK_PAPER, evolvePaper, isProtected, paperKey, type Holding, type PaperOrder, type PaperState } from './state.ts';
import { BLANK_PAPER_MEMORY, Turn, type PaperMemory } from './turn.ts';

/** What the simulator must hear of the journal; its own orders and fills are among it. */
export const PAPER_FACTS: readonly EventType[] = [
  'settings.loaded',
  'instrument.changed',
  'order.approved',
  'order.accepted',
  'order.ended',
  'fill.recorded',
  'stop.trailed',
  'funding.booked',
  'position.settled',
  'kill.tripped',
  'kill.rearmed',
];

export interface PaperConfig {
  readonly name: string;
  /** The run's recorded seed: all draws come from it. */
  readonly seed: string;
}

type PaperDecision = Decision<PaperMemory>;

export function createPaperSimulator({ seed }: PaperConfig): Behavior<PaperState, PaperMemory> {
  return {
    initial: BLANK_PAPER,
    blank: BLANK_PAPER_MEMORY,
    decide: (state, memory, message, now) => decide(new Turn(seed, state, memory, now), message),
    evolve: (state, fact) => evolvePaper(state, fact),
    resume: (state, now) => resume(new Turn(seed, state, BLANK_PAPER_MEMORY, now)),
  };
}

function decide(turn: Turn, message: Message): PaperDecision {
  switch (message.type) {
    case 'quote.received':
      return onQuote(turn, message.body.quote);
    case 'clock.advanced':
      fillDue(turn);
      settleExpired(turn);
      return decided(turn);
    case 'funding.announced':
      return { ...NOTHING, memory: withAnnounced(turn.memory, message.body) };
    case 'feed.troubled':
      return onTrouble(turn, message.body);
    case 'kill.trip':
      return onGate(turn, message.body.scope);
    case 'kill.rearm':
      return { ...NOTHING, memory: { ...turn.memory, gate: [] } };
    case 'fact.recorded':
      return onFact(turn, message.body.fact);
    case 'actor.asked':
      return { ...NOTHING, reply: answer(turn, message.body.query) };
    default:
      return NOTHING;
  }
}

/** The quotes of an order's latency are lost, so it cannot be filled honestly; what was not accepted is never sent a second time (ST-2). */
function resume(turn: Turn): PaperDecision {
  for (const { intent, accepted } of Object.values(turn.state.orders)) {
    turn.end(intent, accepted === null ? 'not_sent' : 'expired', 'interrupted');
  }
  return decided(turn);
}

function onFact(turn: Turn, fact: Fact): PaperDecision {
  if (fact.type === 'order.approved') acceptOrder(turn, fact.body.clientOrderId);
  else if (fact.type === 'kill.tripped') cancelEntries(turn, [fact.body.scope]);
  else return NOTHING;
  return decided(turn);
}

/** The send gate closed, and the fact may be behind many messages: what is on its way is cancelled now. */
function onGate(turn: Turn, scope: KillScope): PaperDecision {
  turn.memory = { ...turn.memory, gate: [...new Set([...turn.memory.gate, scope])] };
  cancelEntries(turn, [scope]);
  return decided(turn);
}

/** Each asset of the broker hears of it, under the broker's name. */
function onTrouble(turn: Turn, { broker, code, sentence }: FeedTrouble): PaperDecision {
  for (const asset of ASSETS.filter((of) => brokerOf(of) === broker)) {
    turn.record({ type: 'alarm.raised', body: { asset, mode: 'paper', symbol: broker, clientOrderId: null, code, sentence } });
  }
  return decided(turn);
}

/** KS-1: entries on their way are cancelled; exits and brackets stay. */
function cancelEntries(turn: Turn, scopes: readonly KillScope[]): void {
  for (const { intent, accepted } of Object.values(turn.state.orders)) {
    const scope = coveringScope(scopes, intent.asset);
    if (intent.kind === 'entry' && scope !== undefined) turn.end(intent, accepted === null ? 'not_sent' : 'cancelled', closeOnlyReason(scope));
  }
}

function onQuote(turn: Turn, quote: QuoteSnapshot): PaperDecision {
  const { state } = turn;
  if (state.settings === null) return NOTHING;
  const key = paperKey(quote);
  // Before a quote from after an expiry takes the place of the last one before it.
  settleExpired(turn);
  const lastGood = turn.memory.lastGood[key] ?? null;
  const isLate = lastGood !== null && quote.exchangeAt < lastGood.exchangeAt;
  if (isLate || !isGood(turn, key, quote, state.settings)) {
    fillDue(turn);
    return decided(turn);
  }
  if (!isEmpty(state.orders)) {
    widen(turn, key, quote);
    fillDue(turn);
  }
  if (Object.hasOwn(turn.state.holdings, key)) {
    settleFunding(turn, key, turn.now);
    trigger(turn, key, quote);
  }
  settleExpired(turn);
  return decided(turn);
}

/** After a restart the last quote of an open position is the one that its facts hold: a wrong first one would trigger its bracket. */
function isGood(turn: Turn, key: string, quote: QuoteSnapshot, { risk }: Settings): boolean {
  const { memory, now, state } = turn;
  const lastGood = memory.lastGood[key] ?? state.holdings[key]?.pricedOn ?? null;
  const before = memory.suspects[key] ?? null;
  const { refusal, suspect } = judgeQuote(quote, { lastGood, suspect: before }, risk, now);
  const suspects = suspect === before ? memory.suspects : { ...memory.suspects, [key]: suspect };
  turn.memory = { ...memory, suspects, lastGood: refusal === null ? { ...memory.lastGood, [key]: quote } : memory.lastGood };
  return refusal === null;
}

/** PX-1: a worse quote within the latency is used, a better one is not. */
function widen(turn: Turn, key: string, quote: QuoteSnapshot): void {
  for (const { intent, accepted } of Object.values(turn.state.orders)) {
    if (accepted === null || paperKey(intent) !== key) continue;
    // When it came in, not when this actor got round to it: a busy process must not make a fill better.
    const isWithin = Math.max(quote.exchangeAt, quote.receivedAt) <= accepted.dueAt;
    const isAfter = quote.exchangeAt >= intent.snapshot.exchangeAt;
    const { clientOrderId, side, snapshot } = intent;
    if (!isWithin || !isAfter || !isWorse(side, quote, turn.memory.worst[clientOrderId] ?? snapshot)) continue;
    turn.memory = { ...turn.memory, worst: { ...turn.memory.worst, [clientOrderId]: quote } };
  }
}

function fillDue(turn: Turn): void {
  if (isEmpty(turn.state.orders)) return;
  const due = Object.values(turn.state.orders).filter(({ accepted }) => accepted !== null && accepted.dueAt <= turn.now);
  for (const order of due.sort((left, right) => dueAtOf(left) - dueAtOf(right))) {
    // What was held at a funding time pays for it, before this fill changes it.
    settleFunding(turn, paperKey(order.intent), dueAtOf(order));
    fill(turn, order);
  }
}

/** Immediate or cancel: what does not fill at once never does. */
function fill(turn: Turn, order: PaperOrder): void {
  const { intent, accepted } = order;
  if (accepted === null) return;
  const held = intent.kind === 'exit' ? turn.state.holdings[paperKey(intent)]?.qty : null;
  if (held === undefined) return turn.end(intent, 'cancelled', 'NOTHING_TO_CLOSE: the position was closed meanwhile');
  const pricedOn = turn.memory.worst[intent.clientOrderId] ?? intent.snapshot;
  const filled = fillOrder(order, accepted, pricedOn, held);
  turn.record({ type: 'fill.recorded', body: { fill: filled } });
  const isWhole = filled.qty === accepted.qty;
  turn.end(intent, isWhole ? 'filled' : 'partially_filled', isWhole ? 'filled' : 'the rest was cancelled', filled.qty);
}

/**
 * PX-2: the stop before the rungs and the take-profit; a flatten (KS-1) where none is touched. A part that does not fill stays protected, and
 * what is behind it waits for the next quote too. A stop that this quote moves is for the next one.
 */
function trigger(turn: Turn, key: string, quote: QuoteSnapshot): void {
  const opened = turn.state.holdings[key];
  if (opened === undefined || quote.exchangeAt < opened.openedAt) return;
  // A rung each, then the take-profit.
  for (let legs = 0; legs <= RUNGS_MAX; legs++) {
    const holding = turn.state.holdings[key];
    if (holding === undefined) return;
    const leg = (isProtected(holding) ? legAt(holding, quote) : naked(turn, holding)) ?? flattened(turn, key, holding);
    if (leg === null) break;
    // SS-1: nothing trades there now, whatever is quoted. It fills at the open, at the gap (PX-2).
    if (isShut(turn, key)) return;
    const fill = fillTriggered(holding, leg, quote, turn.seed, turn.now);
    turn.record({ type: 'fill.recorded', body: { fill } });
    if (fill.qty !== leg.qty) break;
  }
  trail(turn, key, quote);
}

/** BR-2: without a bracket for too long. It is closed at market, and somebody is told once. */
function naked(turn: Turn, { asset, symbol, qty, entryOrderId, openedAt, exits }: Holding): Leg | null {
  if (turn.now - openedAt <= NAKED_MS_MAX) return null;
  if (exits === 0) {
    const sentence = `${symbol}: ${qty} without stop and take-profit since ${openedAt}: closed at market`;
    const of = { asset, mode: 'paper', symbol, clientOrderId: entryOrderId } as const;
    turn.record({ type: 'alarm.raised', body: { ...of, code: 'NAKED_POSITION', sentence } });
  }
  return { reason: 'flatten', triggerPrice: null, qty };
}

/** KS-1, or the house sells what is about to expire (LC-5). */
function flattened({ state, now }: Turn, key: string, { asset, qty }: Holding): Leg | null {
  const isKilled = state.flattening.length > 0 && coveringScope(state.flattening, asset) !== undefined;
  if (!isKilled && !isToBeSold(state.instruments[key], state.settings, now)) return null;
  return { reason: 'flatten', triggerPrice: null, qty };
}

function isShut({ state, now }: Turn, key: string): boolean {
  const instrument = state.instruments[key];
  return instrument !== undefined && state.settings !== null && exitSessionRefusal(instrument, state.settings, now) !== null;
}

/** BR-3: a move of the stop is a fact, so that a restart finds it where it was. */
function trail(turn: Turn, key: string, quote: QuoteSnapshot): void {
  const holding = turn.state.holdings[key];
  if (holding === undefined || !isProtected(holding)) return;
  const { asset, symbol, side, bracket, entryOrderId, terms } = holding;
  const stopLoss = trailedStop(side, bracket, quote, terms.tickSize);
  if (stopLoss === null || isShut(turn, key)) return;
  turn.record({
    type: 'stop.trailed',
    body: { asset, mode: 'paper', symbol, entryOrderId, stopLoss, pricedOn: quote, trailedAt: turn.now },
  });
}

function answer({ state, memory }: Turn, query: string): unknown {
  if (query === 'state') return state;
  if (query === 'kill') return { closed: [...new Set([...memory.gate, ...state.killed])] };
  return { error: `the paper gateway answers state and kill, not ${JSON.stringify(query)}` };
}

function decided({ events, memory }: Turn): PaperDecision {
  return { events: events, effects: [], memory };
}

function dueAtOf({ accepted }: PaperOrder): Instant {
  return accepted?.dueAt ?? 0;
}

/** Without the array that Object.keys makes: this runs at every quote. */
function isEmpty(record: Readonly<Record<string, unknown>>): boolean {
  for (const _key in record) return false;
  return true;
}
