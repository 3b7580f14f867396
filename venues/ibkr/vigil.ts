/**
 * Whether one market data line still lives (modes 10 and 40): TWS may say that all is well and send nothing. Silence alone proves nothing, so a silent line is
 * asked for anew, which brings what TWS holds at once where it lives. Pure.
 */
import type { Instant } from '#trading/model/instrument.ts';

export interface VigilLimits {
  /** An open market without a tick for longer is asked for anew. */
  readonly silentMs: number;
  /** A subscription brings its first tick within. */
  readonly answerMs: number;
}

/** Subscriptions without a tick, one after the other, that make a line dead. */
const ASKS_MAX = 2;
/** How much longer a dead line waits each time. */
const DOUBLINGS_MAX = 6;

export class Vigil {
  /** Subscriptions since the last tick. */
  #asks = 0;
  #askedAt: Instant = 0;
  #tickedAt: Instant | null = null;
  #openSince: Instant | null = null;
  #isDead = false;

  /** Asked for twice in an open market, and nothing came. */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** It was subscribed. */
  asked(now: Instant): void {
    this.#asks++;
    this.#askedAt = now;
  }

  ticked(now: Instant): void {
    this.#asks = 0;
    this.#tickedAt = now;
    this.#isDead = false;
  }

  /** Another connection: what the one before did not send says nothing of it. */
  begin(): void {
    this.#asks = 0;
    this.#isDead = false;
  }

  /** True where it is to be asked for anew. Of a market that is shut nothing is expected. */
  look(now: Instant, isOpen: boolean, { silentMs, answerMs }: VigilLimits): boolean {
    if (!isOpen) {
      this.#openSince = null;
      this.#isDead = false;
      return false;
    }
    this.#openSince ??= now;
    if (this.#asks === 0) return now - Math.max(this.#tickedAt ?? this.#askedAt, this.#openSince) > silentMs;
    const waitedMs = now - Math.max(this.#askedAt, this.#openSince);
    if (waitedMs < answerMs) return false;
    if (this.#asks < ASKS_MAX) return true;
    this.#isDead = true;
    return waitedMs > silentMs * 2 ** Math.min(this.#asks - ASKS_MAX, DOUBLINGS_MAX);
  }
}
