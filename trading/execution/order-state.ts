/**
 * One live order, as one table: what each report does to each state. A venue may say anything in any order, so every pair has an answer and
 * none throws. What is over stays over, except for executions: those are money and always count.
 */
import { add, atLeast, ZERO_QTY, type Qty } from '../money/decimal.ts';
import type { Instant } from '../model/instrument.ts';

interface Sent {
  readonly qty: Qty;
  readonly sentAt: Instant;
  readonly deadlineAt: Instant;
}
interface Executed {
  readonly filledQty: Qty;
  /** The venue's execution ids, each counted once. */
  readonly executions: readonly string[];
}
interface Ended extends Executed {
  readonly qty: Qty;
  readonly reason: string;
}

export type OrderState =
  | { readonly at: 'INTENT' }
  | ({ readonly at: 'SENDING' } & Sent)
  | ({ readonly at: 'UNKNOWN'; readonly reason: string; readonly resolveAfter: Instant } & Sent)
  | ({ readonly at: 'ACKED'; readonly venueOrderId: string } & Sent)
  | ({ readonly at: 'PARTIAL'; readonly venueOrderId: string } & Sent & Executed)
  | ({ readonly at: 'FILLED' } & Ended)
  | ({ readonly at: 'CANCELLED' } & Ended)
  | ({ readonly at: 'EXPIRED' } & Ended)
  | ({ readonly at: 'REJECTED' } & Ended)
  /** Withheld while it was an intent. */
  | ({ readonly at: 'NOT_SENT' } & Ended)
  /** It was about to be sent, and provably is not at the venue: withheld by the last gate, or absent behind the fence. */
  | ({ readonly at: 'NOT_PLACED' } & Ended)
  /** The venue has it, and by our word it should not. */
  | ({ readonly at: 'ORPHAN'; readonly venueOrderId: string } & Ended);

export type StateName = OrderState['at'];

export type OrderInput =
  | ({ readonly is: 'SEND' } & Sent)
  | { readonly is: 'ACK'; readonly venueOrderId: string }
  | { readonly is: 'REJECT'; readonly reason: string }
  | { readonly is: 'LOSE'; readonly reason: string; readonly resolveAfter: Instant }
  | { readonly is: 'FILL'; readonly executionId: string; readonly qty: Qty; readonly venueOrderId: string }
  | { readonly is: 'CANCEL'; readonly reason: string }
  | { readonly is: 'EXPIRE'; readonly reason: string }
  /** Withheld before a byte left, or proved absent by the fence. */
  | { readonly is: 'NOT_SEND'; readonly reason: string };

export type InputName = OrderInput['is'];

export const VERDICTS = [
  'OK',
  /** An execution came before the acknowledgement, and stands for it. */
  'FILL_BEFORE_ACK',
  /** Said before: nothing changes. */
  'REPEATED',
  'DUPLICATE_FILL',
  /** True, and overtaken by what is known. */
  'LATE_ACK',
  'LATE_END',
  /** Acknowledged, then rejected by the venue's engine. */
  'LATE_REJECT',
  /** An execution after the end: counts, with an alarm. */
  'LATE_FILL',
  /** More was executed than ordered: counts, with an alarm. */
  'OVERFILL',
  /** The venue took what counts as not placed or rejected: alarm, and cancel it. */
  'GHOST',
  'ALREADY_SENT',
  /** It is known to be at the venue, so a lost answer or an absence says nothing. */
  'KNOWN_PLACED',
  /** The venue speaks of an order that never left: alarm, nothing is believed. */
  'NEVER_SENT',
  'CONTRADICTED',
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** SAME: no change. BY_QTY: PARTIAL or FILLED. END_BY_QTY: FILLED, or as it was with the execution counted. */
type Next = StateName | 'SAME' | 'BY_QTY' | 'END_BY_QTY';
type Row = Readonly<Record<InputName, readonly [Next, Verdict]>>;

const over = (late: Partial<Row> = {}): Row => ({
  SEND: ['SAME', 'ALREADY_SENT'],
  ACK: ['SAME', 'LATE_ACK'],
  REJECT: ['SAME', 'LATE_END'],
  LOSE: ['SAME', 'LATE_END'],
  FILL: ['END_BY_QTY', 'LATE_FILL'],
  CANCEL: ['SAME', 'LATE_END'],
  EXPIRE: ['SAME', 'LATE_END'],
  NOT_SEND: ['SAME', 'CONTRADICTED'],
  ...late,
});

const placed = (changed: Partial<Row> = {}): Row => ({
  SEND: ['SAME', 'ALREADY_SENT'],
  ACK: ['SAME', 'REPEATED'],
  REJECT: ['REJECTED', 'LATE_REJECT'],
  LOSE: ['SAME', 'KNOWN_PLACED'],
  FILL: ['BY_QTY', 'OK'],
  CANCEL: ['CANCELLED', 'OK'],
  EXPIRE: ['EXPIRED', 'OK'],
  NOT_SEND: ['SAME', 'KNOWN_PLACED'],
  ...changed,
});

const NEVER = ['SAME', 'NEVER_SENT'] as const;

/** The table. */
export const TRANSITIONS: Readonly<Record<StateName, Row>> = {
  INTENT: {
    SEND: ['SENDING', 'OK'],
    ACK: NEVER,
    REJECT: NEVER,
    LOSE: NEVER,
    FILL: NEVER,
    CANCEL: NEVER,
    EXPIRE: NEVER,
    NOT_SEND: ['NOT_SENT', 'OK'],
  },
  SENDING: placed({
    ACK: ['ACKED', 'OK'],
    REJECT: ['REJECTED', 'OK'],
    LOSE: ['UNKNOWN', 'OK'],
    FILL: ['BY_QTY', 'FILL_BEFORE_ACK'],
    NOT_SEND: ['NOT_PLACED', 'OK'],
  }),
  UNKNOWN: placed({
    ACK: ['ACKED', 'OK'],
    REJECT: ['REJECTED', 'OK'],
    LOSE: ['SAME', 'REPEATED'],
    FILL: ['BY_QTY', 'FILL_BEFORE_ACK'],
    NOT_SEND: ['NOT_PLACED', 'OK'],
  }),
  ACKED: placed(),
  // What was executed stands; only the rest can be rejected.
  PARTIAL: placed({ REJECT: ['CANCELLED', 'LATE_REJECT'] }),
  FILLED: over({ REJECT: ['SAME', 'CONTRADICTED'], FILL: ['END_BY_QTY', 'OVERFILL'] }),
  CANCELLED: over({ CANCEL: ['SAME', 'REPEATED'] }),
  EXPIRED: over({ EXPIRE: ['SAME', 'REPEATED'] }),
  REJECTED: over({ REJECT: ['SAME', 'REPEATED'], ACK: ['ORPHAN', 'GHOST'] }),
  NOT_SENT: over({ NOT_SEND: ['SAME', 'REPEATED'], ACK: NEVER, REJECT: NEVER, LOSE: NEVER, FILL: NEVER, CANCEL: NEVER, EXPIRE: NEVER }),
  NOT_PLACED: over({ NOT_SEND: ['SAME', 'REPEATED'], ACK: ['ORPHAN', 'GHOST'], FILL: ['ORPHAN', 'LATE_FILL'] }),
  ORPHAN: placed({ REJECT: ['REJECTED', 'OK'], FILL: ['END_BY_QTY', 'LATE_FILL'], NOT_SEND: ['SAME', 'CONTRADICTED'] }),
};

export const NEW_ORDER: OrderState = Object.freeze({ at: 'INTENT' });

const OPEN: ReadonlySet<StateName> = new Set<StateName>(['INTENT', 'SENDING', 'UNKNOWN', 'ACKED', 'PARTIAL']);
/** It may still execute, or be sent. */
export const isOpen = ({ at }: OrderState): boolean => OPEN.has(at);

export const executedOf = (order: OrderState): Executed =>
  'executions' in order ? { filledQty: order.filledQty, executions: order.executions } : { filledQty: ZERO_QTY, executions: [] };

export const venueOrderIdOf = (order: OrderState): string | null => ('venueOrderId' in order ? order.venueOrderId : null);

/** Total: the next state and what to think of the report. An execution whose id is known changes nothing, in any state. */
export function transition(order: OrderState, input: OrderInput): { readonly order: OrderState; readonly verdict: Verdict } {
  if (input.is === 'FILL' && executedOf(order).executions.includes(input.executionId)) return { order, verdict: 'DUPLICATE_FILL' };
  const [next, verdict] = TRANSITIONS[order.at][input.is];
  if (next === 'SAME') return { order, verdict };
  if (input.is === 'FILL') return filled(order, input, next, verdict);
  return { order: moved(order, input, next), verdict };
}

function filled(order: OrderState, fill: Extract<OrderInput, { is: 'FILL' }>, next: Next, verdict: Verdict) {
  const before = executedOf(order);
  const executed = { filledQty: add(before.filledQty, fill.qty), executions: [...before.executions, fill.executionId] };
  if (order.at === 'INTENT') return { order, verdict };
  const isWhole = atLeast(executed.filledQty, order.qty);
  const isOver = executed.filledQty !== order.qty && isWhole;
  const said = isOver && verdict !== 'LATE_FILL' ? 'OVERFILL' : verdict;
  if (next === 'ORPHAN') {
    return { order: { at: 'ORPHAN', qty: order.qty, venueOrderId: fill.venueOrderId, reason: 'executed', ...executed } as const, verdict: said };
  }
  if (isWhole) return { order: { at: 'FILLED', qty: order.qty, reason: 'filled', ...executed } as const, verdict: said };
  if ('reason' in order && order.at !== 'UNKNOWN') return { order: { ...order, ...executed }, verdict: said };
  const { qty, sentAt, deadlineAt } = order as Sent; // not over, not an intent: it was sent
  const venueOrderId = venueOrderIdOf(order) ?? fill.venueOrderId;
  return { order: { at: 'PARTIAL', venueOrderId, qty, sentAt, deadlineAt, ...executed } as const, verdict: said };
}

function moved(order: OrderState, input: Exclude<OrderInput, { is: 'FILL' }>, next: Next): OrderState {
  const executed = executedOf(order);
  if (input.is === 'SEND') return { at: 'SENDING', qty: input.qty, sentAt: input.sentAt, deadlineAt: input.deadlineAt };
  const qty = 'qty' in order ? order.qty : ZERO_QTY;
  if (input.is === 'ACK') {
    if (next === 'ORPHAN') return { at: 'ORPHAN', qty, venueOrderId: input.venueOrderId, reason: 'acknowledged', ...executed };
    const { sentAt, deadlineAt } = order as Sent; // only SENDING and UNKNOWN lead to ACKED
    return { at: 'ACKED', qty, sentAt, deadlineAt, venueOrderId: input.venueOrderId };
  }
  if (input.is === 'LOSE') {
    const { sentAt, deadlineAt } = order as Sent; // only SENDING leads to UNKNOWN
    return { at: 'UNKNOWN', qty, sentAt, deadlineAt, reason: input.reason, resolveAfter: input.resolveAfter };
  }
  return { at: next as 'CANCELLED' | 'EXPIRED' | 'REJECTED' | 'NOT_SENT' | 'NOT_PLACED', qty, reason: input.reason, ...executed }; // what an end leads to
}
