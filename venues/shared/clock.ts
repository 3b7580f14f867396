/** Market time at the edge. Played markets have the venue's time; real ones the system's, corrected by what the venue's clock says. */
import type { Clock } from '#protocol/ports.ts';
import type { Instant } from '#trading/model/instrument.ts';

export interface VenueTime extends Clock {
  /** A time that the venue stamped on something it sent. */
  observe(at: Instant): void;
  /** The venue's clock, read between two readings of the system's. */
  sample(venueAt: Instant, sentAt: Instant, receivedAt: Instant): void;
  /** Venue minus system in milliseconds, or null where none was sampled. */
  readonly offsetMs: number | null;
}

/** A round trip longer than this says too little about the moment in between. */
const ROUND_TRIP_MS_MAX = 1000;

/** The newest time the venue was seen to have: a market that is played stands still between two frames. */
export class PlayedTime implements VenueTime {
  readonly offsetMs = null;
  #now: Instant = 0;

  now(): Instant {
    return this.#now;
  }

  observe(at: Instant): void {
    if (at > this.#now) this.#now = at;
  }

  sample(venueAt: Instant): void {
    this.observe(venueAt);
  }
}

/** The system's clock plus the offset of the newest good sample (the middle of the round trip). */
export class CorrectedTime implements VenueTime {
  readonly #system: () => Instant;
  offsetMs: number | null = null;

  constructor(system: () => Instant) {
    this.#system = system;
  }

  now(): Instant {
    return this.#system() + (this.offsetMs ?? 0);
  }

  observe(): void {
    // A frame was on its way for an unknown time: it says nothing about the clock.
  }

  sample(venueAt: Instant, sentAt: Instant, receivedAt: Instant): void {
    const roundTripMs = receivedAt - sentAt;
    if (roundTripMs < 0 || roundTripMs > ROUND_TRIP_MS_MAX) return;
    this.offsetMs = Math.round(venueAt - (sentAt + roundTripMs / 2));
  }
}
