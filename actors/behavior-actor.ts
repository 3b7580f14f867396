/** The one shell that runs any behaviour as an actor: replay, decide, evolve. Journal and effects are the cell's (supervisors/). */
import type { Behavior, Decision } from '#trading/behavior.ts';
import { ORDER_PATH, type Fact } from '#trading/model/events.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { ActorInstance, Emit, Envelope, Outcome, Start } from '#protocol/actor.ts';

/** Turns that made an order which are kept for drills: an entry and the exit after it take different ways. */
const DRILLED_MAX = 2;
/** Applied sequence numbers kept to tell a fact delivered twice from one delivered out of order. */
const SEQS_KEPT_MAX = 4096;

export interface Hooks<State> {
  /** Makes a state of a snapshot; by default it is taken as it is. Throwing here crashes the start. */
  readonly restore?: (raw: unknown) => State;
  /** Called after facts changed the state, at start as well: for a gate or a gauge that must follow it at once. */
  readonly changed?: (state: State, facts: readonly Fact[]) => void;
  /** Called once with the way to speak outside a turn, before the replay. */
  readonly started?: (start: Start, emit: Emit) => void;
  readonly stopped?: () => Promise<void> | void;
}

/** An actor over the behaviour that `create` makes of its start. `create` runs at every start, so nothing outlives a restart. */
export function behaviorActor<State, Memory>(create: (start: Start) => Behavior<State, Memory>, hooks: Hooks<State> = {}): ActorInstance {
  return new BehaviorActor(create, hooks);
}

/** What a decision was made from. */
interface Turn<State, Memory> {
  readonly state: State;
  readonly memory: Memory;
  readonly envelope: Envelope;
  readonly now: Instant;
}

interface Running<State, Memory> {
  readonly name: string;
  readonly behavior: Behavior<State, Memory>;
  state: State;
  memory: Memory;
  readonly applied: AppliedSeqs;
  orders: readonly Turn<State, Memory>[];
}

/** As a class, so that an actor module can export one without constructor arguments: `class X extends BehaviorActor<S, M>`. */
export class BehaviorActor<State, Memory> implements ActorInstance {
  readonly #create: (start: Start) => Behavior<State, Memory>;
  readonly #hooks: Hooks<State>;
  #running: Running<State, Memory> | null = null;

  constructor(create: (start: Start) => Behavior<State, Memory>, hooks: Hooks<State> = {}) {
    this.#create = create;
    this.#hooks = hooks;
  }

  start(start: Start, emit: Emit): Outcome {
    if (this.#running !== null) throw new Error(`${start.name}: started twice; a restart takes a new instance`);
    const behavior = this.#create(start);
    const state = start.snapshot === null ? behavior.initial : this.#restore(start.snapshot.state);
    const applied = new AppliedSeqs(start.snapshot?.seq ?? 0);
    const running = { name: start.name, behavior, state, memory: behavior.blank, applied, orders: [] };
    this.#running = running;
    this.#hooks.started?.(start, emit);
    this.apply(start.facts);
    return this.#outcome(running, behavior.resume(running.state, start.now));
  }

  /** @throws Error where the facts are out of order: the state would not be what the journal says, so the actor must die. */
  apply(facts: readonly Fact[]): void {
    const running = this.#alive();
    let before = 0;
    for (const fact of facts) {
      if (fact.seq <= before) throw new Error(`${running.name}: fact ${fact.seq} came after fact ${before} in one batch`);
      before = fact.seq;
      if (running.applied.add(fact.seq, running.name)) running.state = running.behavior.evolve(running.state, fact);
    }
    this.#hooks.changed?.(running.state, facts);
  }

  receive(envelope: Envelope, now: Instant): Outcome {
    const running = this.#alive();
    const { state, memory } = running;
    const decision = running.behavior.decide(state, memory, envelope, now);
    if (decision.events.some(({ type }) => ORDER_PATH.has(type))) {
      running.orders = [...running.orders.slice(1 - DRILLED_MAX), { state, memory, envelope, now }];
    }
    return this.#outcome(running, decision);
  }

  /** Deciding is pure: state and memory are as they were then, and the outcome goes nowhere. */
  drill(): void {
    const { behavior, orders } = this.#alive();
    for (const { state, memory, envelope, now } of orders) behavior.decide(state, memory, envelope, now);
  }

  snapshot(): unknown {
    return this.#alive().state;
  }

  stop(): Promise<void> | void {
    return this.#hooks.stopped?.();
  }

  #alive(): Running<State, Memory> {
    if (this.#running === null) throw new Error('the actor was not started');
    return this.#running;
  }

  #restore(raw: unknown): State {
    return this.#hooks.restore === undefined ? (raw as State) : this.#hooks.restore(raw); // the snapshot store checked it against the journal
  }

  #outcome(running: Running<State, Memory>, decision: Decision<Memory>): Outcome {
    if (decision.memory !== undefined) running.memory = decision.memory;
    const outcome = { events: decision.events, tells: decision.effects };
    return decision.reply === undefined ? outcome : { ...outcome, reply: decision.reply };
  }
}

/** Which facts were applied. Sequence numbers have gaps (an actor sees only some facts), so order alone does not tell a repeat from a loss. */
class AppliedSeqs {
  readonly #recent = new Set<number>();
  /** Everything up to here counts as applied: the snapshot covers it, or it left the window. */
  #floor: number;
  #newest: number;

  constructor(covered: number) {
    this.#floor = covered;
    this.#newest = covered;
  }

  /** True where the fact is new, false where it was applied already. @throws Error where it should have come earlier. */
  add(seq: number, actor: string): boolean {
    if (seq <= this.#floor || this.#recent.has(seq)) return false;
    if (seq < this.#newest) throw new Error(`${actor}: fact ${seq} came after fact ${this.#newest}`);
    this.#recent.add(seq);
    this.#newest = seq;
    if (this.#recent.size > SEQS_KEPT_MAX) this.#dropOldest();
    return true;
  }

  #dropOldest(): void {
    for (const oldest of this.#recent) {
      this.#recent.delete(oldest);
      this.#floor = oldest;
      return;
    }
  }
}
