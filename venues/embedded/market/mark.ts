/**
 * The mark and the index of a perpetual, from what is played. The index stands for other exchanges: it follows the middle of the book with a delay,
 * so a single print moves it little. The mark is Bybit's: the median of the index with the funding that is due, the index with the basis of late,
 * and the last price. Float64 decides: it is shown on the tick.
 */
import type { Instant } from '#trading/model/instrument.ts';
import { MinuteBars } from './minute-bars.ts';

/** How fast the index follows the middle of the book, market time. */
const INDEX_MS = 30_000;
/** Bybit: the basis is a moving average of two and a half minutes. */
const BASIS_MS = 150_000;
/** Bars of mark and index that are kept: two days of full minutes. */
const BARS_MAX = 2880;

export interface Moment {
  readonly at: Instant;
  readonly bid: number;
  readonly ask: number;
  readonly last: number | null;
  /** The rate of the next settlement times the share of the interval that is left until it. */
  readonly fundingDue: number;
}

export class MarkPrice {
  readonly marks = new MinuteBars(BARS_MAX);
  readonly indices = new MinuteBars(BARS_MAX);
  /** How far the book lies beyond the index, as a fraction of it: negative below. */
  readonly premiums = new MinuteBars(BARS_MAX);
  #at: Instant;
  #index: number;
  #basis = 0;
  #mark: number;

  constructor({ at, bid, ask }: Pick<Moment, 'at' | 'bid' | 'ask'>) {
    this.#at = at;
    this.#index = (bid + ask) / 2;
    this.#mark = this.#index;
  }

  get mark(): number {
    return this.#mark;
  }

  get index(): number {
    return this.#index;
  }

  /** The book changed. A side that is no price changes nothing: bad books of a recording are played as they are. */
  move({ at, bid, ask, last, fundingDue }: Moment): void {
    if (!(bid > 0 && ask > 0)) return;
    const middle = (bid + ask) / 2;
    const passed = Math.max(0, at - this.#at);
    this.#at = at;
    this.#index += (middle - this.#index) * followed(passed, INDEX_MS);
    this.#basis += (middle - this.#index - this.#basis) * followed(passed, BASIS_MS);
    this.#mark = median(this.#index * (1 + fundingDue), this.#index + this.#basis, last ?? middle);
    this.marks.add(at, this.#mark, 0);
    this.indices.add(at, this.#index, 0);
    this.premiums.add(at, (Math.max(0, bid - this.#index) - Math.max(0, this.#index - ask)) / this.#index, 0);
  }
}

/** The share of a difference that is made up for in this time. */
const followed = (passedMs: number, withinMs: number): number => 1 - Math.exp(-passedMs / withinMs);

const median = (a: number, b: number, c: number): number => Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
