/** The venue's maintenance as Bybit announces it: one at a time, from when it was switched on. */
import type { Instant } from '#trading/model/instrument.ts';

/** Until it is over, its end is what is expected. */
const EXPECTED_MS = 3_600_000;

export class Maintenance {
  #count = 0;
  #begin: Instant | null = null;

  /** What the streams are told; null where nothing changes. */
  turn(on: boolean, now: Instant): object | null {
    const begin = this.#begin;
    if (on === (begin !== null)) return null;
    if (on) this.#count++;
    this.#begin = on ? now : null;
    return on ? this.#row('ongoing', now, now + EXPECTED_MS) : this.#row('completed', begin ?? now, now);
  }

  /** As GET /v5/system/status lists it. */
  rows(): readonly object[] {
    return this.#begin === null ? [] : [this.#row('ongoing', this.#begin, this.#begin + EXPECTED_MS)];
  }

  #row(state: 'ongoing' | 'completed', begin: Instant, end: Instant): object {
    const affected = { serviceTypes: [2, 3, 4, 5], product: [1, 2], uidSuffix: [], maintainType: 1, env: 1 };
    return { id: `maintenance-${this.#count}`, title: 'Maintenance', state, begin: String(begin), end: String(end), href: '', ...affected };
  }
}
