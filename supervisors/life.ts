/**
 * One incarnation of an actor under watch: heartbeat, and a deadline for whatever it was last asked. Both are counted in ticks this
 * process lived through, never in wall time: a main process that was stopped or blocked must not blame its children for it.
 */
import type { Emission, HostReply, HostRequest, Incarnation, Placement, Spawner } from './processes.ts';

export interface LifeLimits {
  /** From spawn to the first outcome. */
  readonly bootMs: number;
  /** One turn, wall time. */
  readonly turnMs: number;
  /** Between two pings of another process or thread, and between two looks at the deadline. */
  readonly heartbeatMs: number;
  /** Without an answer for this long, it hangs. */
  readonly heartbeatLostMs: number;
}

export const LIFE: LifeLimits = Object.freeze({ bootMs: 30_000, turnMs: 10_000, heartbeatMs: 1000, heartbeatLostMs: 5000 });

/** What the actor threw, with the stack of its own process. */
class ActorThrew extends Error {
  constructor(message: string, stack: string) {
    super(message);
    this.name = 'ActorThrew';
    this.stack = stack;
  }
}

export interface LifeEvents {
  readonly onEmit: (batch: readonly Emission[]) => void;
  readonly onEnd: (reason: string, normal: boolean) => void;
}

export class Life {
  readonly epoch: number;
  readonly placement: Placement;
  readonly #incarnation: Incarnation;
  readonly #limits: LifeLimits;
  readonly #events: LifeEvents;
  readonly #timer: NodeJS.Timeout;
  #deadline: { readonly code: string; ticks: number } | null;
  #pinging = false;
  #missed = 0;
  #booted = false;

  constructor(spawner: Spawner, name: string, epoch: number, placement: Placement, limits: LifeLimits, events: LifeEvents) {
    this.epoch = epoch;
    this.placement = placement;
    this.#limits = limits;
    this.#events = events;
    this.#deadline = this.#due('BOOT_TIMED_OUT', limits.bootMs);
    this.#incarnation = spawner.spawn({
      name,
      epoch,
      placement,
      onEmit: events.onEmit,
      onDeath: (reason, normal) => {
        clearInterval(this.#timer);
        events.onEnd(reason, normal);
      },
    });
    // A heartbeat watches a process; it must not be what keeps one alive.
    this.#timer = setInterval(() => this.#tick(), limits.heartbeatMs).unref();
  }

  get pid(): number | null {
    return this.#incarnation.pid;
  }

  get ready(): Promise<void> {
    return this.#incarnation.ready;
  }

  /** Ends the boot deadline: from here on it is pinged, and each call has its own deadline. */
  booted(): void {
    this.#booted = true;
    this.#deadline = null;
  }

  /** One call at a time; what the actor answers, or a promise of it. @throws ActorThrew, or an Error where the incarnation ended. */
  call(request: HostRequest): unknown {
    if (this.#booted) this.#deadline = this.#due('TURN_HUNG', this.#limits.turnMs);
    const reply = this.#incarnation.request(request);
    return reply instanceof Promise ? reply.then((late) => this.#valueOf(late)) : this.#valueOf(reply);
  }

  #valueOf(reply: HostReply): unknown {
    if (this.#booted) this.#deadline = null;
    if (!reply.ok) throw new ActorThrew(reply.error.message, reply.error.stack);
    return reply.value;
  }

  /** Beside whatever it was asked, and without a deadline of its own: nobody waits for it. @throws what it threw. */
  async drill(): Promise<void> {
    let reply: HostReply;
    try {
      reply = await this.#incarnation.request({ op: 'drill' });
    } catch {
      // Nothing of the actor throws here: its process is gone, which its end tells by itself.
      return;
    }
    if (!reply.ok) throw new ActorThrew(reply.error.message, reply.error.stack);
  }

  kill(): Promise<void> {
    clearInterval(this.#timer);
    return this.#incarnation.kill();
  }

  #due(code: string, ms: number): { readonly code: string; ticks: number } {
    return { code, ticks: Math.ceil(ms / this.#limits.heartbeatMs) + 1 };
  }

  #tick(): void {
    if (this.#deadline !== null && --this.#deadline.ticks <= 0) {
      this.#end(`${this.#deadline.code}: no answer for ${this.#booted ? this.#limits.turnMs : this.#limits.bootMs} ms`);
      return;
    }
    if (!this.#booted || this.placement === 'in-memory') return;
    if (this.#pinging) {
      if (++this.#missed * this.#limits.heartbeatMs > this.#limits.heartbeatLostMs)
        this.#end(`HEARTBEAT_LOST: no pong for ${this.#limits.heartbeatLostMs} ms`);
      return;
    }
    this.#pinging = true;
    this.#incarnation.ping().then(
      () => {
        this.#pinging = false;
        this.#missed = 0;
      },
      () => {}, // It ended, and said so by itself.
    );
  }

  #end(reason: string): void {
    clearInterval(this.#timer);
    this.#events.onEnd(reason, false);
  }
}
