import type { Clock } from '#protocol/ports.ts';
import type { Instant } from '#trading/model/instrument.ts';

/** Market time while the embedded venue plays: stands still until the conductor moves it, and never goes back. */
export class MarketClock implements Clock {
  #now: Instant;

  constructor(start: Instant) {
    this.#now = start;
  }

  now(): Instant {
    return this.#now;
  }

  advance(to: Instant): void {
    if (to > this.#now) this.#now = to;
  }
}
