/**
 * One cell per actor, in the main process, surviving the actor's incarnations. It is what makes an actor serial and durable:
 *
 *     message → receive → events → journal → apply, in the order of the journal → on disk → tells and replies
 *
 * Facts are decided on as soon as they have their place in the journal, so that a chain of decisions shares one fsync; tells and replies
 * wait for the disk (outbox.ts). Where the disk refuses, the whole house goes down with what it decided.
 * Other actors' facts are applied before any later fact of its own; each is also received as `fact.recorded`. While the actor is
 * down, messages wait, facts do not: the journal replays them, and `resume` finishes what a crash left half done.
 */
import type { Envelope, Outcome } from '#protocol/actor.ts';
import type { ActorView } from '#protocol/view.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { EventType, Fact } from '#trading/model/events.ts';
import type { MessageType } from '#trading/model/messages.ts';
import { CELL, type CellContext, type CellLimits, type CellSpec } from './cell-spec.ts';
import { within } from './deadline.ts';
import { FactLine } from './fact-line.ts';
import { Life } from './life.ts';
import { Mailbox, type Item } from './mailbox.ts';
import { parseEmission, parseOutcome } from './outcome.ts';
import type { Emission } from './processes.ts';
import { replay } from './replay.ts';
import type { Recipient } from './router.ts';
import type { Failure } from './supervise.ts';
import type { Supervised } from './supervised.ts';

/** A message under way when its actor died may have caused it: it is handed over once more, never a third time. */
const ATTEMPTS_MAX = 2;
/** What a crash may have done half: an order is asked for once (ST-2), as is a move of a stop, and a quote is old by then. */
const HANDED_ONCE: ReadonlySet<MessageType> = new Set(['quote.received', 'placement.requested', 'amend.requested']);
const ERROR_LENGTH_MAX = 2000;

type State = 'down' | 'starting' | 'running' | 'stopping' | 'stopped';

interface Flight {
  readonly item: Item;
  /** From here on the journal knows: handing the message over again would decide twice. */
  decided: boolean;
}

export class Cell implements Supervised, Recipient {
  readonly name: string;
  readonly facts: ReadonlySet<EventType>;
  readonly wants: (fact: Fact) => boolean;
  readonly listens: ReadonlySet<MessageType>;
  onFailure: (failure: Failure) => void = () => {};
  readonly #spec: CellSpec;
  readonly #context: CellContext;
  readonly #limits: CellLimits;
  readonly #mailbox: Mailbox;
  readonly #line = new FactLine();
  #state: State = 'down';
  #life: Life | null = null;
  #flight: Flight | null = null;
  #epoch = 0;
  #gone: Promise<void> = Promise.resolve();
  #durable: Promise<unknown> = Promise.resolve();
  #landed: (() => void) | null = null;
  /** It failed and will be started again: until then the market waits for what it has to finish. */
  #owed = false;
  #counted = 0;
  #deciding = 0;
  #sinceSnapshot = 0;
  #handledAt: number | null = null;
  #lastError: string | null = null;
  /** Facts are taken in from the moment a replay says where it ends. */
  #replaying = false;

  constructor(spec: CellSpec, context: CellContext) {
    this.name = spec.name;
    this.facts = new Set(spec.facts);
    this.wants = spec.wants ?? (() => true);
    this.listens = new Set(spec.listens);
    this.#spec = spec;
    this.#context = context;
    this.#limits = { ...CELL, ...spec.limits };
    this.#mailbox = new Mailbox(this.#limits.mailbox);
    this.#mailbox.mergeAlways(true);
  }

  async start(): Promise<void> {
    if (this.#state !== 'down' && this.#state !== 'stopped') throw new Error(`${this.name} is ${this.#state}`);
    this.#state = 'starting';
    const epoch = ++this.#epoch;
    await this.#gone;
    if (epoch !== this.#epoch || this.#state !== 'starting') throw new Error(`${this.name} was stopped while it started`);
    const life = new Life(this.#context.spawner, this.name, epoch, this.#spec.placement, this.#limits, {
      onEmit: (batch) => this.#onEmit(life, batch),
      onEnd: (reason, normal) => this.#fail(life, reason, normal),
    });
    this.#life = life;
    try {
      await this.#bringUp(life, epoch);
    } catch (error) {
      if (this.#life === life) this.#drop(life, textOf(error));
      throw new Error(`${this.name} did not start: ${this.#lastError ?? 'it was stopped'}`, { cause: error });
    }
  }

  async stop(final: boolean): Promise<void> {
    const life = this.#life;
    if (life !== null && this.#state === 'running') {
      this.#state = 'stopping';
      await within(this.#finish(life), this.#limits.shutdownMs).catch((error: unknown) => this.#warn(`did not stop in order: ${textOf(error)}`));
    }
    this.#owed = !final;
    if (this.#life !== null) this.#drop(this.#life, null);
    this.#state = final ? 'stopped' : 'down';
    if (final) for (const item of this.#mailbox.clear()) item.answer?.reject(new Error(`${this.name} stopped`));
    this.#count();
    await this.#gone;
  }

  /** Takes a message in; a full mailbox is a failure of the actor, because nothing but an old quote may be lost. */
  post(envelope: Envelope): void {
    this.#take({ envelope, answer: null, attempts: 0 });
  }

  postFact(fact: Fact, envelope: Envelope): void {
    // The replay of the next start will hold it.
    if (!this.#replaying || this.#life === null) return;
    if (this.#line.add(fact)) this.#take({ envelope, answer: null, attempts: 0 });
    else this.#fail(this.#life, `FACT_OUT_OF_ORDER: fact ${fact.seq} came after a later one`, false);
  }

  /** @throws where the deadline passes or the actor fails over it; the message may be handled all the same. */
  ask(envelope: Envelope, deadlineMs: number): Promise<unknown> {
    const reply = new Promise<unknown>((resolve, reject) => this.#take({ envelope, answer: { resolve, reject }, attempts: 0 }));
    return within(reply, deadlineMs, `${this.name} did not answer within ${deadlineMs} ms`);
  }

  /** Where it is in this process, the drill is over when this returns. */
  drill(): void {
    const life = this.#life;
    if (life === null || this.#state !== 'running') return;
    life.drill().catch((error: unknown) => {
      if (this.#life === life) this.#warn(`a drill failed: ${textOf(error)}`);
    });
  }

  crash(name: string): boolean {
    if (name !== this.name || this.#life === null) return false;
    this.#fail(this.#life, 'crashed on purpose', false);
    return true;
  }

  view(parent: string | null): readonly ActorView[] {
    const state = this.#state === 'down' ? (this.#epoch === 0 ? 'stopped' : 'restarting') : this.#state === 'stopping' ? 'running' : this.#state;
    return [
      {
        name: this.name,
        parent,
        kind: 'actor',
        mode: this.#spec.placement,
        state,
        restarts: Math.max(0, this.#epoch - 1),
        mailbox: this.#mailbox.length,
        epoch: this.#epoch,
        pid: this.#life?.pid ?? null,
        idleMs: this.#handledAt === null ? null : Math.round(performance.now() - this.#handledAt),
        lastError: this.#lastError,
      },
    ];
  }

  async #bringUp(life: Life, epoch: number): Promise<void> {
    await life.ready;
    const now = this.#context.clock.now();
    // Which facts the replay holds is settled here, in one tick: later ones stay in line, earlier ones are dropped from the mailbox.
    const head = this.#context.router.fanned;
    this.#line.restart(head);
    this.#replaying = true;
    const { snapshot, facts } = await replay(head, this, this.#context);
    this.#sinceSnapshot = facts.length;
    const { name } = this;
    const params = paramsOf(this.#spec);
    const raw = await life.call({ op: 'start', module: this.#spec.module, start: { name, epoch, params, now, snapshot, facts } });
    await this.#conclude(life, raw, null, now);
    if (this.#life !== life) throw new Error('it ended while it started');
    life.booted();
    for (const envelope of this.#context.router.retainedFor(this).toReversed()) this.#mailbox.putFirst({ envelope, answer: null, attempts: 0 });
    this.#mailbox.mergeAlways(false);
    this.#state = 'running';
    this.#owed = false;
    this.#count();
    void this.#pump(life);
  }

  #take(item: Item): void {
    if (this.#state === 'stopped') {
      this.#reject(item, 'the actor is stopped');
      return;
    }
    const taken = this.#mailbox.push(item);
    if (taken === 'queued') {
      this.#count();
      if (this.#state === 'running' && this.#flight === null && this.#life !== null) void this.#pump(this.#life);
    } else if (taken === 'full') {
      this.#reject(item, 'MAILBOX_FULL');
      if (this.#life !== null) this.#fail(this.#life, `MAILBOX_FULL: ${this.#mailbox.length} messages wait`, false);
    } else if (taken === 'duplicate') item.answer?.reject(new Error(`${item.envelope.id} was taken in before`));
  }

  /** One message at a time, until nothing waits or this incarnation is no longer the one. */
  async #pump(life: Life): Promise<void> {
    while (this.#life === life && this.#state === 'running' && this.#flight === null) {
      const item = this.#mailbox.shift();
      if (item === undefined) return;
      await this.#turn(life, item);
    }
  }

  async #turn(life: Life, item: Item): Promise<void> {
    const flight: Flight = { item, decided: false };
    this.#flight = flight;
    item.attempts++;
    const { envelope } = item;
    const now = this.#context.clock.now();
    try {
      const facts = envelope.type === 'fact.recorded' ? this.#line.takeThrough(envelope.body.fact.seq) : [];
      this.#sinceSnapshot += facts.length;
      const raw = await life.call({ op: 'receive', facts, envelope, now });
      if (this.#life !== life) return;
      const outcome = await this.#conclude(life, raw, flight, now);
      if (this.#life !== life) return;
      if (this.#sinceSnapshot >= this.#limits.snapshotFacts) await this.#snapshot(life);
      if (this.#life === life) this.#land(outcome.reply);
    } catch (error) {
      // Had the incarnation ended, `life` were another by now: so it is known which message did it.
      if (this.#life !== life) return;
      item.attempts = ATTEMPTS_MAX;
      this.#context.log.error(
        { actor: this.name, message: envelope.id, type: envelope.type, error: stackOf(error) },
        'an actor failed over a message',
      );
      this.#fail(life, textOf(error), false);
    }
  }

  /** Journal, apply, tell: what a turn and a resume have in common. */
  async #conclude(life: Life, raw: unknown, flight: Flight | null, now: Instant): Promise<Outcome> {
    const outcome = parseOutcome(raw, life.placement);
    const { cause, correlation } = causeOf(flight);
    if (outcome.events.length > 0) {
      if (flight !== null) flight.decided = true;
      if (cause !== null && correlation !== null) this.#context.router.follow(cause, correlation);
      const own = this.#seal(life, cause, outcome, now);
      this.#count();
      this.#hold(life, outcome, cause, correlation);
      const facts = this.#line.takeAround(own);
      this.#sinceSnapshot += facts.length;
      await life.call({ op: 'apply', facts });
    } else this.#hold(life, outcome, cause, correlation);
    return outcome;
  }

  #hold(life: Life, { tells }: Outcome, cause: string | null, correlation: string | null): void {
    if (tells.length > 0) this.#context.outbox.hold(() => this.#tell(life, tells, cause, correlation));
  }

  #seal(life: Life, cause: string | null, { events }: Outcome, now: Instant): readonly Fact[] {
    const { facts, durable } = this.#context.journal.seal(this.name, cause, events, now);
    this.#durable = durable.catch((error: unknown) => this.#fail(life, textOf(error), false));
    return facts;
  }

  /** What an incarnation that is gone wanted told, the next one finds out by itself (`resume`). */
  #tell(life: Life, tells: Outcome['tells'], cause: string | null, correlation: string | null): void {
    if (this.#life !== life) return;
    const sender = { name: this.name, epoch: life.epoch };
    for (const tell of tells) this.#context.router.tell(sender, tell, cause, correlation);
  }

  #land(reply: unknown): void {
    const flight = this.#flight;
    this.#flight = null;
    this.#handledAt = performance.now();
    this.#count();
    const answer = flight?.item.answer ?? null;
    if (answer !== null) this.#context.outbox.hold(() => answer.resolve(reply));
    this.#landed?.();
  }

  #onEmit(life: Life, batch: readonly Emission[]): void {
    if (this.#life !== life) return;
    const sender = { name: this.name, epoch: life.epoch };
    for (const emission of batch) {
      try {
        this.#context.router.tell(sender, parseEmission(emission, life.placement), null, emission.correlation ?? null);
      } catch (error) {
        this.#fail(life, `BAD_EMISSION: ${textOf(error)}`, false);
        return;
      }
    }
  }

  #fail(life: Life, reason: string, normal: boolean): void {
    if (this.#life !== life) return;
    const starting = this.#state === 'starting';
    const stopping = this.#state === 'stopping';
    this.#drop(life, reason);
    // A start that fails rejects, and a stop goes on: only a running actor has somebody else to tell.
    if (starting || stopping) return;
    this.#owed = true;
    this.#count();
    this.onFailure({ reason, normal });
  }

  /** The incarnation is over: kill it, keep what waits, and decide over the message that was under way. */
  #drop(life: Life, reason: string | null): void {
    this.#life = null;
    this.#gone = life.kill();
    this.#state = 'down';
    this.#replaying = false;
    this.#lastError = reason?.slice(0, ERROR_LENGTH_MAX) ?? null;
    const flight = this.#flight;
    this.#flight = null;
    if (flight !== null) this.#afterCrash(flight, reason ?? 'stopped');
    this.#mailbox.remove(({ envelope }) => envelope.type === 'fact.recorded');
    this.#mailbox.mergeAlways(true);
    this.#count();
    this.#landed?.();
  }

  #afterCrash({ item, decided }: Flight, reason: string): void {
    const { type } = item.envelope;
    // A fact comes again by replay and resume; what was decided is in the journal or was refused by it.
    if (type === 'fact.recorded') return;
    if (!decided && !HANDED_ONCE.has(type) && item.attempts < ATTEMPTS_MAX) this.#mailbox.putFirst(item);
    else this.#reject(item, `${this.name} crashed over it: ${reason}`);
  }

  /** A snapshot is due between turns, when the actor has every fact of its own up to the journal's head; else after the next turn. */
  async #snapshot(life: Life): Promise<void> {
    const { journal, router, snapshots } = this.#context;
    const head = journal.head();
    if (router.fanned !== head.seq || this.#line.length > 0) return;
    this.#sinceSnapshot = 0;
    const state = await life.call({ op: 'snapshot' });
    if (state === undefined || state === null) return;
    // It is a cache: losing one costs a longer replay.
    snapshots.save(this.name, head.seq, head.hash, state).catch((error: unknown) => this.#warn(`snapshot not saved: ${textOf(error)}`));
  }

  async #finish(life: Life): Promise<void> {
    if (this.#flight !== null) await new Promise<void>((resolve) => (this.#landed = resolve));
    this.#landed = null;
    await this.#durable;
    if (this.#life === life) await life.call({ op: 'stop' });
  }

  #reject(item: Item, why: string): void {
    this.#context.router.deadLetter(item.envelope, why);
    item.answer?.reject(new Error(`${this.name}: ${why}`));
  }

  /** Tells the shared count how much there is to do here, as a difference to what it was told last. */
  #count(): void {
    if (this.#spec.counted === false) return;
    const busy = this.#mailbox.length + (this.#flight === null ? 0 : 1) + (this.#owed ? 1 : 0);
    // What waits for an actor that is down is decided when it is up again; the disk does not wait for that.
    const deciding = this.#life === null ? 0 : this.#mailbox.length + (this.#flight === null || this.#flight.decided ? 0 : 1);
    this.#context.activity.change(busy - this.#counted);
    this.#context.activity.decide(deciding - this.#deciding);
    this.#counted = busy;
    this.#deciding = deciding;
  }

  #warn(line: string): void {
    this.#context.log.warn({ actor: this.name, epoch: this.#epoch }, line);
  }
}

function causeOf(flight: Flight | null): { readonly cause: string | null; readonly correlation: string | null } {
  if (flight === null) return { cause: null, correlation: null };
  const { id, correlation } = flight.item.envelope;
  return { cause: id, correlation };
}

// What a function of the tree gives is checked by the actor it is for, like any params.
const paramsOf = ({ params }: CellSpec): unknown => (typeof params === 'function' ? (params as () => unknown)() : params);
const textOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
const stackOf = (thrown: unknown): string => (thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
