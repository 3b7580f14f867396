/** What TWS makes of requests for bars that come too fast (venues/ibkr "Pacing"): sixty in ten minutes, none identical within 15 s, six of one contract in 2 s. */
import type { Instant } from '#trading/model/instrument.ts';

interface Asked {
  readonly at: Instant;
  readonly request: string;
  /** Contract and what is asked of it. */
  readonly tape: string;
  readonly cost: number;
}

const WINDOW_MS = 600_000;
const WINDOW_MAX = 60;
const IDENTICAL_MS = 15_000;
const TAPE_MS = 2000;
const TAPE_MAX = 6;
/** Bids and asks are two readings. */
const TWICE = 'BID_ASK';

export class HistoryPace {
  #asked: Asked[] = [];

  /** True where it is refused; it counts all the same. */
  violates(at: Instant, conId: number, what: string, rest: string): boolean {
    this.#asked = this.#asked.filter((before) => before.at > at - WINDOW_MS);
    const asked: Asked = { at, request: `${conId} ${what} ${rest}`, tape: `${conId} ${what}`, cost: what === TWICE ? 2 : 1 };
    const isIdentical = this.#asked.some((before) => before.request === asked.request && before.at > at - IDENTICAL_MS);
    const ofTape = this.#asked.filter((before) => before.tape === asked.tape && before.at > at - TAPE_MS).length + 1;
    this.#asked.push(asked);
    const spent = this.#asked.reduce((sum, { cost }) => sum + cost, 0);
    return isIdentical || ofTape >= TAPE_MAX || spent > WINDOW_MAX;
  }
}
