/** Ports: what the house needs of the world outside. Implementations live in state/, supervisors/ and cli/. */
import type { DomainEvent, EventType, Fact } from '#trading/model/events.ts';
import type { Money } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type {
  Amendment,
  ChangeOutcome,
  KnownProtection,
  Lookup,
  OrderRef,
  OrderTerms,
  Placement,
  PlaceOutcome,
  VenueBalance,
  VenueExecution,
  VenueFee,
  VenueFunding,
  VenueOrder,
  VenuePosition,
  VenueTrouble,
} from '#trading/model/live.ts';
import type { Bracket } from '#trading/model/order.ts';

/** Market time, and the wall for supervision. In an embedded market `now` follows the venue's clock. */
export interface Clock {
  /** Market time, UTC milliseconds. */
  now(): Instant;
}

export interface Log {
  debug(fields: object, line: string): void;
  info(fields: object, line: string): void;
  warn(fields: object, line: string): void;
  error(fields: object, line: string): void;
}

export interface JournalHead {
  /** 0 for an empty journal. */
  readonly seq: number;
  readonly hash: string;
}

/** The facts of one turn, in their place in the log. Actors may decide on them at once; nothing may leave the house on them before `durable`. */
export interface Sealed {
  readonly facts: readonly Fact[];
  /** Resolves when they are on disk. @throws JournalError `WRITE_FAILED`: then no decision on them counts, and the house must go down. */
  readonly durable: Promise<void>;
}

/** The single writer of the one ordered, hash-chained log. */
export interface Journal {
  /**
   * Puts the events of one turn in line as one atomic batch, which shares its fsync with every other turn in line. Listeners of `onSealed` see
   * the facts in order, before this returns.
   * @throws JournalError `NOT_OWNER` where `actor` may not write an event type, `INVALID_EVENT`, `QUEUE_FULL`, `WRITE_FAILED` (sticky: reopen).
   */
  seal(actor: string, cause: string | null, events: readonly DomainEvent[], at: Instant): Sealed;
  /** `seal`, and wait until the facts are durable. Listeners of `onAppended` see them in order, before the promise resolves. */
  append(actor: string, cause: string | null, events: readonly DomainEvent[], at: Instant): Promise<readonly Fact[]>;
  /** The newest record on disk. */
  head(): JournalHead;
  /** The newest fact in line, on disk or not. */
  sealedSeq(): number;
  /** Resolves when everything in line now is on disk. */
  flushed(): Promise<void>;
  /** The time of the newest fact, or null. */
  lastAt(): Instant | null;
  /** Facts with `seq > after` of the given types (all where undefined), in order. */
  read(after: number, types?: ReadonlySet<EventType>): AsyncIterable<Fact>;
  /** Facts in line, not yet on disk: for deciding, never for showing or sending. */
  onSealed(listener: (facts: readonly Fact[]) => void): () => void;
  /** Facts on disk. */
  onAppended(listener: (facts: readonly Fact[]) => void): () => void;
  close(): Promise<void>;
}

/** A snapshot is a cache: a mismatch is discarded and replay takes its place. */
export interface Snapshots {
  save(actor: string, seq: number, journalHash: string, state: unknown): Promise<void>;
  load(actor: string): Promise<{ readonly seq: number; readonly journalHash: string; readonly state: unknown } | null>;
}

/**
 * Orders at one venue. One call is one request: an implementation never repeats it, never queues it, and sends nothing after the
 * placement's deadline. What is not certain is `unknown`; a method does not reject for what the venue or the network did.
 */
export interface OrderEntry {
  readonly terms: OrderTerms;
  /** Places once. An id that the venue calls a duplicate exists there: that is `unknown`, never `rejected`. */
  place(order: Placement): Promise<PlaceOutcome>;
  cancel(order: OrderRef): Promise<ChangeOutcome>;
  /**
   * Other legs for a resting bracket, or for the bracket of an open position; with `limits.stop` another trigger for that stop order of the house's own.
   * What `limits.deadlineAt` lets nothing leave for is `rejected`, as NOT_SENT.
   */
  amend(order: OrderRef, bracket: Bracket, limits?: Pick<Amendment, 'stop' | 'deadlineAt'>): Promise<ChangeOutcome>;
  /** Legs of open positions, for venues whose rows do not name the entry. */
  recall?(protections: readonly KnownProtection[]): void;
  /** By client order id, in everything the venue keeps: open, closed, executions. `absent` only where all of it was read. */
  lookup(order: OrderRef): Promise<Lookup>;
  /** It may be traded: what an order of it would have to ask the venue first, is asked now. Sends no order. */
  foresee?(symbol: string): void;
}

/** What an order port tells by itself. Called in the order of the wire; must not throw. Reports may be lost, repeated or reordered. */
export interface OrderReports {
  readonly onOrder: (order: VenueOrder) => void;
  readonly onExecution: (execution: VenueExecution) => void;
  /** Reports flow again after a gap: what was missed is read by who needs it. */
  readonly onResumed: () => void;
  readonly onFunding?: (funding: VenueFunding) => void;
  /** An execution that was told cost something else than what was said of it. */
  readonly onFee?: (fee: VenueFee) => void;
  /** The venue takes at most `limit` placements in any `windowMs`, before `RATE_LIMIT_PCT`, where that is less than its terms say. */
  readonly onLimit?: (limit: number, windowMs: number) => void;
  /** For a person. One that closes is taken back by `onResumed`. */
  readonly onTrouble?: (trouble: VenueTrouble) => void;
}

/** The account behind the orders: what the reconciler compares the journal with. Amounts are exact; each method rejects where it cannot know. */
export interface Account {
  openOrders(): Promise<readonly VenueOrder[]>;
  /** Executions at or after `since`, oldest first. */
  executionsSince(since: Instant): Promise<readonly VenueExecution[]>;
  /** Funding at or after `since`, oldest first; absent where the venue has none. */
  fundingSince?(since: Instant): Promise<readonly VenueFunding[]>;
  positions(): Promise<readonly VenuePosition[]>;
  balances(): Promise<readonly VenueBalance[]>;
  /** The whole equity and what is free for new orders, USD. */
  wallet(): Promise<{ readonly equity: Money; readonly available: Money }>;
  /** Market time as it is handled: a venue that is played has no other clock. */
  observe(now: Instant): void;
  /** Resolves when every report that the venue sent before is handed over; a played market waits for it, and for a connection that can come back. */
  caughtUp(isReachable?: boolean): Promise<void>;
  /** Resolves once reports flow. */
  subscribe(reports: OrderReports): Promise<void>;
  close(): Promise<void>;
}
