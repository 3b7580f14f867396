/** Quotes at a rate, whatever else the process does: those that a busy turn kept out come with the next. */

/** After a turn as long as this the rest is given up: it would only be merged. */
const OWED_MS_MAX = 100;

export class Owed {
  readonly #perMs: number;
  readonly #from: number;
  #until: number;
  #part = 0;
  #given = 0;

  constructor(perSecond: number, nowMs: number) {
    this.#perMs = perSecond / 1000;
    this.#from = nowMs;
    this.#until = nowMs;
  }

  /** How many are due now; at most those of OWED_MS_MAX. */
  take(nowMs: number): number {
    const exact = Math.min(nowMs - this.#until, OWED_MS_MAX) * this.#perMs + this.#part;
    const whole = Math.floor(exact);
    this.#part = exact - whole;
    this.#until = nowMs;
    this.#given += whole;
    return whole;
  }

  /** What came of it, a second. */
  rate(nowMs: number): number {
    return nowMs > this.#from ? (this.#given / (nowMs - this.#from)) * 1000 : 0;
  }
}

export interface Flood {
  /** Returns how many quotes a second there were. */
  stop(): number;
}

export function startFlood(perSecond: number, deliver: (index: number) => void): Flood {
  const owed = new Owed(perSecond, performance.now());
  let index = 0;
  const timer = setInterval(() => {
    for (let due = owed.take(performance.now()); due > 0; due--) deliver(index++);
  }, 1);
  return {
    stop() {
      clearInterval(timer);
      return owed.rate(performance.now());
    },
  };
}
