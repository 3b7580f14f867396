/**
 * An order comes a few times a day: its code is not compiled by then, and in no cache, which makes it several times slower than the next one
 * would be. So whoever decides on orders does the last ones again for nothing: while the traders, in processes of their own, think about a
 * quote that may make an order, and the traders themselves when everything is over. Only pure decisions are done again (docs/decisions/0054).
 */
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { barOpen } from '#trading/market/bars.ts';

/** Instruments whose last bar is remembered. */
const INSTRUMENTS_MAX = 10_000;

export interface DrillPorts {
  /** The journal's own part: checking and sealing. */
  journal(): void;
  actor(name: string): void;
  isDeciding(): boolean;
}

export class Drill {
  readonly #ports: DrillPorts;
  /** When the bar of each began. */
  readonly #bars = new Map<string, number>();

  constructor(ports: DrillPorts) {
    this.#ports = ports;
  }

  /** True where one of them may close a bar, and so make an order: the first quote of an instrument in a bar closes the one before. */
  isDue(quotes: readonly QuoteSnapshot[]): boolean {
    if (this.#bars.size > INSTRUMENTS_MAX) this.#bars.clear();
    let isDue = false;
    for (const { asset, symbol, exchangeAt } of quotes) {
      const key = `${asset}|${symbol}`;
      const bar = barOpen(exchangeAt);
      if (this.#bars.get(key) === bar) continue;
      this.#bars.set(key, bar);
      isDue = true;
    }
    return isDue;
  }

  /** A step at a time, so that what a trader decides meanwhile is taken up between two of them. Ends when nobody decides any more, with the names that are left. */
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
