/** What supervisors and actors say to each other: one interface, whatever process the actor lives in. No behaviour. */
import type { DomainEvent, Fact } from '#trading/model/events.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Message, Tell } from '#trading/model/messages.ts';

/** One message on its way. `at` is market time when it was sent, `now` when it is handled. Plain JSON, frozen. */
export type Envelope = Message & {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly at: Instant;
  readonly epoch: number;
  /** The id of the message, or `seq:N` of the fact, that this one follows from. */
  readonly cause: string | null;
  /** The id of the first message of the chain. */
  readonly correlation: string;
};

/** What one turn produced. The cell in the main process journals `events`, then has them applied, then sends `tells`. */
export interface Outcome {
  readonly events: readonly DomainEvent[];
  readonly tells: readonly Tell[];
  readonly reply?: unknown;
}

/** How an actor comes to life, at the first start and at every restart alike. */
export interface Start {
  readonly name: string;
  readonly epoch: number;
  readonly params: unknown;
  readonly now: Instant;
  /** The newest valid snapshot of the actor's state and the sequence number it covers, or null. */
  readonly snapshot: { readonly seq: number; readonly state: unknown } | null;
  /** The facts after the snapshot that the actor wrote or subscribes to, in order. */
  readonly facts: readonly Fact[];
}

/** Speaks outside a turn: a quote that came from a socket. Same process edge checks as an outcome's tells. */
export type Emit = (tell: Tell, correlation?: string) => void;

/** An actor module's default export is a class without constructor arguments that implements this. */
export interface ActorInstance {
  start(start: Start, emit: Emit): Promise<Outcome> | Outcome;
  /** Facts in sequence order: its own after they became durable, and the ones it subscribes to. */
  apply(facts: readonly Fact[]): Promise<void> | void;
  /** One message at a time. For `fact.recorded` the fact has been applied already. */
  receive(envelope: Envelope, now: Instant): Promise<Outcome> | Outcome;
  /** Its durable state as plain JSON; undefined where it has none. */
  snapshot(): unknown;
  stop?(): Promise<void> | void;
  /** Decides its last orders once more and forgets what came of it, so that what the next one needs is compiled and at hand. Changes nothing. */
  drill?(): void;
}
