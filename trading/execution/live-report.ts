/** What a venue says of orders, in whatever order and however often it says it: facts, each once; alarms; nothing believed that cannot be. */
import { isExpired } from '../lifecycle/expiry.ts';
import { isPositive, lessThan, subtract } from '../money/decimal.ts';
import type { DomainEvent } from '../model/events.ts';
import type { Lookup, VenueExecution, VenueOrder } from '../model/live.ts';
import type { MessageBody } from '../model/messages.ts';
import type { Fill, FillReason } from '../model/order.ts';
import { fillIdOf, isOwnOrderId } from './order-names.ts';
import { executedOf, isOpen, transition, type OrderInput, type Verdict } from './order-state.ts';
import { liveKey, orderOf, refOf, type LiveOrder } from './live-book.ts';
import { onStopSeen } from './live-trail.ts';
import { keyOf, type LiveTurn } from './live-turn.ts';

const REASON_LENGTH_MAX = 400;
/** How long an execution waits for the rows that explain it. */
const EARLY_MS_MAX = 30_000;

export function onPlaced(turn: LiveTurn, { clientOrderId, outcome }: MessageBody<'placement.answered'>): void {
  const order = orderOf(turn.state, clientOrderId);
  if (order === undefined) return;
  switch (outcome.kind) {
    case 'acknowledged':
      return void acknowledge(turn, order, outcome.venueOrderId);
    case 'rejected':
      return settle(turn, order, { is: 'REJECT', reason: cut(`${outcome.code}: ${outcome.text}`) });
    case 'withheld':
      return settle(turn, order, { is: 'NOT_SEND', reason: cut(outcome.reason) });
    case 'unknown':
      return lose(turn, order, outcome.reason, outcome.answered);
  }
}

/**
 * The fence: nothing is decided, and nothing asked, before the venue can no longer accept what was sent. `mayBeAnswered`: an ambiguous answer
 * came, or may have come and was lost with whoever waited for it; then the receive window no longer bounds when the venue may accept.
 */
export function lose(turn: LiveTurn, order: LiveOrder, reason: string, mayBeAnswered: boolean): void {
  if (order.order.at !== 'SENDING') return;
  const { receiveWindowMs, marginMs, answeredMarginMs } = turn.config.terms;
  const resolveAfter = order.order.deadlineAt + receiveWindowMs + (mayBeAnswered ? answeredMarginMs : marginMs);
  turn.record({ type: 'order.unknown', body: { ...keyOf(order), reason: cut(reason), resolveAfter } });
}

export function onLookedUp(turn: LiveTurn, { clientOrderId, askedAt, lookup }: MessageBody<'lookup.answered'>): void {
  const order = orderOf(turn.state, clientOrderId);
  if (order === undefined || lookup.kind === 'unavailable') return;
  if (lookup.kind === 'absent') return absent(turn, order, askedAt);
  if (isOpen(order.order)) turn.remember('absences', clientOrderId, 0);
  onFound(turn, lookup);
}

function absent(turn: LiveTurn, order: LiveOrder, askedAt: number): void {
  const { order: state, clientOrderId, symbol } = order;
  const { receiveWindowMs, marginMs, absencesNeeded } = turn.config.terms;
  if (state.at !== 'UNKNOWN' && state.at !== 'ACKED' && state.at !== 'PARTIAL') return;
  // Only an answer to a question asked behind the fence is an answer: before that, an order that is there may not be seen yet.
  if (askedAt < (state.at === 'UNKNOWN' ? state.resolveAfter : state.deadlineAt + receiveWindowMs + marginMs)) return;
  const absences = (turn.memory.absences[clientOrderId] ?? 0) + 1;
  turn.remember('absences', clientOrderId, absences);
  if (absences < absencesNeeded) return;
  if (state.at === 'UNKNOWN') {
    return settle(turn, order, { is: 'NOT_SEND', reason: `NOT_PLACED: absent ${absences} times after ${state.resolveAfter} (${state.reason})` });
  }
  turn.alarm(order, clientOrderId, 'CONTRADICTION', `${symbol}: ${clientOrderId} is ${state.at}, and the venue does not know it`);
}

function onFound(turn: LiveTurn, { order, executions }: Extract<Lookup, { kind: 'found' }>): void {
  for (const execution of executions) onExecution(turn, execution);
  onOrder(turn, order);
}

/** An order as its venue has it, from a stream or a lookup. */
export function onOrder(turn: LiveTurn, reported: VenueOrder): void {
  onStopSeen(turn, reported);
  if (reported.parentId !== null && reported.clientOrderId === null) return onLeg(turn, reported);
  const order = orderOf(turn.state, reported.clientOrderId);
  if (order === undefined) return onStranger(turn, reported);
  if (reported.status === 'rejected') return settle(turn, order, { is: 'REJECT', reason: cut(reported.reason) });
  const now = acknowledge(turn, order, reported.venueOrderId);
  if (reported.status === 'open') return;
  // What it executed must be in the journal before it is over: its rows come by the stream or by the next lookup.
  if (isOpen(now.order) && lessThan(executedOf(now.order).filledQty, reported.cumQty))
    return void turn.remember('lookups', now.clientOrderId, turn.now + turn.config.terms.pollMs);
  if (reported.status !== 'filled') settle(turn, now, { is: reported.status === 'expired' ? 'EXPIRE' : 'CANCEL', reason: cut(reported.reason) });
}

function onLeg(turn: LiveTurn, leg: VenueOrder): void {
  const entry = orderOf(turn.state, leg.parentId);
  if (entry === undefined) return onStranger(turn, leg);
  if (leg.leg === 'stop_loss' && leg.status === 'rejected') onProtectionLost(turn, entry.clientOrderId, `the venue rejected the stop: ${leg.reason}`);
}

/** From here the house protects the position itself, and the clock of BR-2 runs. */
export function onProtectionLost(turn: LiveTurn, entryId: string, reason: string): void {
  const holding = Object.values(turn.state.holdings).find(({ entryOrderId }) => entryOrderId === entryId);
  if (holding === undefined || !holding.isNative) return;
  // What has expired takes its legs with it: there is nothing left to protect.
  if (isExpired(turn.state.instruments[liveKey(holding)], turn.state.settings, turn.now)) return;
  turn.alarm(holding, entryId, 'NAKED_POSITION', cut(`${holding.symbol}: ${reason}`));
}

/** Orders that are not in our books: the reconciler decides what is done about them; here they are only said. */
function onStranger(turn: LiveTurn, { clientOrderId, venueOrderId, asset, symbol, status }: VenueOrder): void {
  if (status !== 'open') return;
  const isOwn = isOwnOrderId(clientOrderId);
  const sentence = `${symbol}: the venue has order ${venueOrderId} (${clientOrderId ?? 'no id of ours'}), the journal does not`;
  turn.alarm({ asset, symbol }, null, isOwn ? 'ORPHAN_ORDER' : 'FOREIGN_ORDER', sentence);
}

/** The order as it is after the venue was seen to have it. */
function acknowledge(turn: LiveTurn, order: LiveOrder, venueOrderId: string): LiveOrder {
  const { verdict, order: next } = transition(order.order, { is: 'ACK', venueOrderId });
  if (next !== order.order) turn.record({ type: 'order.acknowledged', body: { ...keyOf(order), venueOrderId } });
  said(turn, order, verdict);
  return orderOf(turn.state, order.clientOrderId) ?? order;
}

function settle(turn: LiveTurn, order: LiveOrder, input: Extract<OrderInput, { is: 'REJECT' | 'CANCEL' | 'EXPIRE' | 'NOT_SEND' }>): void {
  const { verdict, order: next } = transition(order.order, input);
  // The end of an orphan is no second end in the journal: it had one.
  if (next !== order.order && order.order.at !== 'ORPHAN') {
    turn.end(order, endOf(order, input.is), input.reason);
    if (order.order.at !== 'INTENT') exposed(turn, order);
  }
  said(turn, order, verdict);
}

/** The legs went for a close that did not come about. */
function exposed(turn: LiveTurn, { purpose, asset, symbol, clientOrderId }: LiveOrder): void {
  const holding = turn.state.holdings[liveKey({ asset, symbol })];
  if (holding === undefined || (purpose !== 'exit' && purpose !== 'flatten')) return;
  if (turn.config.terms.closingFreesLegs?.includes(asset) !== true) return;
  onProtectionLost(turn, holding.entryOrderId, `its legs were cancelled for ${clientOrderId}, which did not close it`);
}

function endOf({ order }: LiveOrder, is: 'REJECT' | 'CANCEL' | 'EXPIRE' | 'NOT_SEND') {
  const isPartly = isPositive(executedOf(order).filledQty);
  if (is === 'NOT_SEND') return 'not_sent';
  if (is === 'EXPIRE') return 'expired';
  if (isPartly) return 'partially_filled';
  return is === 'REJECT' ? 'rejected' : 'cancelled';
}

/** An execution becomes a fill once, by its id, whoever reports it. */
export function onExecution(turn: LiveTurn, execution: VenueExecution): void {
  const own = orderOf(turn.state, execution.clientOrderId);
  if (own !== undefined) return executed(turn, own, execution);
  const entry = orderOf(turn.state, execution.parentId);
  if (entry !== undefined && execution.leg !== null) return legExecuted(turn, entry, execution);
  const sentence = `${execution.symbol}: execution ${execution.executionId} of ${execution.qty} at ${execution.price} is of no order of the journal`;
  turn.alarm(execution, null, isOwnOrderId(execution.clientOrderId) ? 'ORPHAN_ORDER' : 'FOREIGN_ORDER', sentence);
}

function executed(turn: LiveTurn, order: LiveOrder, execution: VenueExecution): void {
  const { executionId, qty, venueOrderId } = execution;
  const { verdict } = transition(order.order, { is: 'FILL', executionId, qty, venueOrderId });
  if (verdict === 'DUPLICATE_FILL' || (verdict !== 'NEVER_SENT' && isEarly(turn, order, execution))) return;
  said(turn, order, verdict, execution);
  if (verdict === 'NEVER_SENT') return;
  // What counted as not placed is cancelled by the venue's name for it, which only this says.
  if (order.order.at === 'SENDING' || order.order.at === 'UNKNOWN' || order.order.at === 'NOT_PLACED') acknowledge(turn, order, venueOrderId);
  const reason: FillReason = order.purpose;
  turn.record(fillEvent(turn, order, order.parentId ?? order.clientOrderId, reason, execution));
  const after = orderOf(turn.state, order.clientOrderId);
  // An end stands once: an execution after it changes the position, not the end.
  if (after !== undefined && after.order.at === 'FILLED' && isOpen(order.order)) turn.end(after, 'filled', 'filled');
}

function legExecuted(turn: LiveTurn, entry: LiveOrder, execution: VenueExecution): void {
  if (entry.legExecutions.includes(execution.executionId) || execution.leg === null || isEarly(turn, entry, execution)) return;
  turn.record(fillEvent(turn, entry, entry.clientOrderId, execution.leg, execution));
}

/**
 * Reports come in any order, positions do not: what closes more than the journal holds waits until the entry's rows are there, since booked
 * first it would open a position the other way. It is asked for again with its order; after `EARLY_MS_MAX` it counts all the same, with an alarm.
 */
function isEarly(turn: LiveTurn, order: LiveOrder, { executionId, leg, side, qty, symbol }: VenueExecution): boolean {
  if (order.purpose === 'entry' && leg === null) return false;
  const key = liveKey(order);
  const holding = turn.state.holdings[key];
  if (holding !== undefined && holding.side !== side && !lessThan(holding.qty, qty)) return false;
  const since = turn.memory.deferred[executionId] ?? turn.now;
  if (turn.now - since >= EARLY_MS_MAX) {
    turn.alarm(order, order.clientOrderId, 'CONTRADICTION', `${symbol}: execution ${executionId} closes ${qty}, more than is held`);
    return false;
  }
  turn.remember('deferred', executionId, since);
  for (const other of Object.values(turn.state.orders)) {
    if (other.purpose === 'entry' && liveKey(other) === key) turn.remember('lookups', other.clientOrderId, turn.now);
  }
  turn.remember('lookups', order.clientOrderId, turn.now + turn.config.terms.pollMs);
  return true;
}

function fillEvent(turn: LiveTurn, order: LiveOrder, bookedOn: string, reason: FillReason, execution: VenueExecution): DomainEvent {
  const { asset, symbol, side, price, fee, feeQty, executionId, executedAt } = execution;
  const qty = feeQty === null ? execution.qty : subtract(execution.qty, feeQty);
  const fill: Fill = {
    ...{ fillId: fillIdOf(turn.config.terms.broker, order.clientOrderId, executionId), clientOrderId: bookedOn },
    ...{
      asset,
      mode: 'live',
      symbol,
      strategyId: order.strategyId,
      side,
      reason,
      price,
      qty,
      fee,
      ...(feeQty === null ? {} : { feeQty }),
    },
    // The venue's clock may be ahead of ours; a fill is never later than its record.
    ...{ filledAt: Math.min(executedAt, turn.now), paper: null, venueExecutionId: executionId },
  };
  turn.recorded(executionId);
  return { type: 'fill.recorded', body: { fill } };
}

/** Alarms of verdicts; a ghost is cancelled by the sweep, since it counts as open at the venue. */
function said(turn: LiveTurn, order: LiveOrder, verdict: Verdict, execution?: VenueExecution): void {
  const { clientOrderId, symbol } = order;
  const what = execution === undefined ? '' : `, execution ${execution.executionId} of ${execution.qty}`;
  const raise = (code: 'LATE_FILL' | 'OVERFILL' | 'GHOST_ORDER' | 'NEVER_SENT' | 'CONTRADICTION', sentence: string) =>
    turn.alarm(order, clientOrderId, code, `${symbol}: ${clientOrderId} ${sentence}${what}`);
  if (verdict === 'LATE_FILL') raise('LATE_FILL', `was ${order.order.at} and was executed all the same`);
  else if (verdict === 'OVERFILL') raise('OVERFILL', 'was executed beyond its quantity');
  else if (verdict === 'GHOST') raise('GHOST_ORDER', `was ${order.order.at} and is at the venue all the same`);
  else if (verdict === 'NEVER_SENT') raise('NEVER_SENT', 'never left, and the venue speaks of it');
  else if (verdict === 'CONTRADICTED') raise('CONTRADICTION', `is ${order.order.at}, and the venue says otherwise`);
}

export function onCancelled(turn: LiveTurn, { clientOrderId, outcome }: MessageBody<'cancel.answered'>): void {
  const order = orderOf(turn.state, clientOrderId);
  if (order === undefined) return;
  if (outcome.kind !== 'done' && outcome.kind !== 'gone') return;
  // Its end may have been told before the answer.
  if (!isOpen(order.order) && order.order.at !== 'ORPHAN') return;
  // Gone may be filled as well: only a lookup tells. Done is confirmed by one too, since what it executed before counts.
  turn.remember('lookups', clientOrderId, turn.now);
  if (order.order.at === 'ORPHAN') turn.remember('cancels', clientOrderId, Number.MAX_SAFE_INTEGER);
}

/** Asks where an order is, at most every `pollMs`. */
export function lookUp(turn: LiveTurn, order: LiveOrder, everyMs: number): void {
  if ((turn.memory.lookups[order.clientOrderId] ?? 0) > turn.now) return;
  turn.remember('lookups', order.clientOrderId, turn.now + everyMs);
  turn.ask({ type: 'lookup.requested', body: { order: refOf(order), askedAt: turn.now } });
}

const cut = (text: string): string => text.slice(0, REASON_LENGTH_MAX);
