import type { DomainEvent, Fact } from './model/events.ts';
import type { Instant } from './model/instrument.ts';
import type { Message, Tell } from './model/messages.ts';

/** What a behaviour wants: facts to be made durable first, then effects. `memory` replaces what is not journaled. */
export interface Decision<Memory> {
  readonly events: readonly DomainEvent[];
  readonly effects: readonly Tell[];
  readonly memory?: Memory;
  readonly reply?: unknown;
}

/**
 * A behaviour is a value; an actor is the same shell run over it (DESIGN: message in → decide → journal → evolve → effects out).
 *
 * - `State` is what the journal says: only `evolve` changes it, so replay and running are one path.
 * - `Memory` is what a crash may lose (last quotes, indicators): `decide` returns the next one.
 * - A fact another actor wrote reaches `evolve` first and then `decide`, as the message `fact.recorded`.
 * - `decide` refuses with a value and throws only on a broken invariant; `evolve` is total.
 * - `resume` runs once after every replay and finishes what a crash interrupted.
 */
export interface Behavior<State, Memory> {
  readonly initial: State;
  readonly blank: Memory;
  decide(state: State, memory: Memory, message: Message, now: Instant): Decision<Memory>;
  evolve(state: State, fact: Fact): State;
  resume(state: State, now: Instant): Decision<Memory>;
}

/** Nothing to record, nothing to tell. */
export const NOTHING: Decision<never> = Object.freeze({ events: [], effects: [] });
