/** One turn of the simulator: what it decided so far, seen by what it decides next. */
import type { DomainEvent } from '../model/events.ts';
import type { Instant } from '../model/instrument.ts';
import type { OrderEnd, OrderIntent } from '../model/order.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import type { KillScope } from '../model/events.ts';
import type { FundingAnnounced } from '../model/messages.ts';
import { ZERO_QTY, type Qty } from '../money/decimal.ts';
import type { Suspect } from '../market/freshness.ts';
import { evolvePaper, type PaperState } from './state.ts';

/** What a crash may lose. */
export interface PaperMemory {
  /** By `paperKey`: the newest quote that passed QS-1 and QS-2. */
  readonly lastGood: Readonly<Record<string, QuoteSnapshot>>;
  /** By `paperKey`: where quotes are far from the last good one. */
  readonly suspects: Readonly<Record<string, Suspect | null>>;
  /** By client order id: the worst quote of its latency, where worse than its snapshot. */
  readonly worst: Readonly<Record<string, QuoteSnapshot>>;
  /** What the send gate said last: closed for these, whatever the journal knows of it yet. */
  readonly gate: readonly KillScope[];
  /** By symbol, oldest first: rates of funding times to come. */
  readonly announced: Readonly<Record<string, readonly FundingAnnounced[]>>;
  /** By `paperKey`: the newest funding time that passed without a known rate. */
  readonly unfunded: Readonly<Record<string, Instant>>;
  /** By `paperKey`: expired, and told to wait for a quote of their share. */
  readonly unsettled: readonly string[];
}

export const BLANK_PAPER_MEMORY: PaperMemory = { lastGood: {}, suspects: {}, worst: {}, gate: [], announced: {}, unfunded: {}, unsettled: [] };

/** An entry that fills and a stop that the same quote then triggers are two events of one turn: the second must see the first. */
export class Turn {
  readonly seed: string;
  readonly now: Instant;
  readonly events: DomainEvent[] = [];
  state: PaperState;
  memory: PaperMemory;

  constructor(seed: string, state: PaperState, memory: PaperMemory, now: Instant) {
    this.seed = seed;
    this.state = state;
    this.memory = memory;
    this.now = now;
  }

  record(event: DomainEvent): void {
    this.events.push(event);
    this.state = evolvePaper(this.state, event);
  }

  end(intent: OrderIntent, status: OrderEnd, reason: string, filledQty: Qty = ZERO_QTY): void {
    this.record({ type: 'order.ended', body: { ...orderKey(intent), status, filledQty, reason } });
    if (!Object.hasOwn(this.memory.worst, intent.clientOrderId)) return;
    const { [intent.clientOrderId]: _over, ...worst } = this.memory.worst;
    this.memory = { ...this.memory, worst };
  }
}

export const orderKey = ({ clientOrderId, asset, mode, symbol }: OrderIntent) => ({ clientOrderId, asset, mode, symbol });
