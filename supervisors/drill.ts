/**
 * An order comes a few times a day: its code is not compiled by then, and in no cache, which makes it several times slower than the next one
 * would be. So whoever decides on orders does the last ones again for nothing: while the traders, in processes of their own, think about a
 * quote that may make an order, and the traders themselves when everything is over. Only pure decisions are done again (docs/decisions/0054).
 */
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import type { Drilling } from './hand-out.ts';

const MINUTE_MS = 60_000;
/** Instruments whose last minute is remembered. */
const INSTRUMENTS_MAX = 10_000;

export interface DrillPorts {
  /** The journal's own part: checking and sealing. */
  journal(): void;
  actor(name: string): void;
  isDeciding(): boolean;
}

export class Drill implements Drilling {
  readonly #ports: DrillPorts;
  readonly #minutes = new Map<string, number>();

  constructor(ports: DrillPorts) {
    this.#ports = ports;
  }

  /** Bars are of whole minutes: the first quote of an instrument in a minute closes the one before. */
  isDue(quotes: readonly QuoteSnapshot[]): boolean {
    if (this.#minutes.size > INSTRUMENTS_MAX) this.#minutes.clear();
    let isDue = false;
    for (const { asset, symbol, exchangeAt } of quotes) {
      const key = `${asset}|${symbol}`;
      const minute = Math.floor(exchangeAt / MINUTE_MS);
      if (this.#minutes.get(key) === minute) continue;
      this.#minutes.set(key, minute);
      isDue = true;
    }
    return isDue;
  }

  /** A step at a time, so that what a trader decides meanwhile is taken up between two of them. */
  async whileDeciding(names: readonly string[]): Promise<readonly string[]> {
    const { journal, actor, isDeciding } = this.#ports;
    await nextTurn();
    if (!isDeciding()) return names;
    journal();
    for (const [index, name] of names.entries()) {
      await nextTurn();
      if (!isDeciding()) return names.slice(index);
      actor(name);
    }
    return [];
  }

  finish(names: readonly string[]): void {
    for (const name of names) this.#ports.actor(name);
  }
}

/** Of the event loop: answers of other processes are read between two. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
