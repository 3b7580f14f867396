/** What is to happen at a market time: done in the order of those times, and of asking where they are the same. */
import type { Instant } from '#trading/model/instrument.ts';

interface Entry {
  readonly due: Instant;
  readonly work: () => void;
}

/** Entries that wait at once. */
const ENTRIES_MAX = 10_000;

export class Agenda {
  #entries: Entry[] = [];

  /** When the next entry is due; null where none waits. */
  get next(): Instant | null {
    return this.#entries[0]?.due ?? null;
  }

  /** @throws Error where too many wait. */
  at(due: Instant, work: () => void): void {
    if (this.#entries.length >= ENTRIES_MAX) throw new Error(`more than ${ENTRIES_MAX} entries on the agenda`);
    const after = this.#entries.findIndex((entry) => entry.due > due);
    this.#entries.splice(after < 0 ? this.#entries.length : after, 0, { due, work });
  }

  /** The next entry that is due by then, taken off. */
  take(now: Instant): (() => void) | null {
    const first = this.#entries[0];
    if (first === undefined || first.due > now) return null;
    this.#entries.shift();
    return first.work;
  }
}
