/** The newest one-minute bars of one listing in typed arrays: klines and day statistics come from here. */
import type { Instant } from '#trading/model/instrument.ts';
import type { HistoryQuery, TapeBar } from './process.ts';

export const MINUTE_MS = 60_000;
/** Bars kept a listing: a week of full minutes. */
export const MINUTE_BARS_MAX = 10_080;

const COLUMNS = 7;
const DAYS_MINUTES = 1440;
const WEEK_MINUTES = 7 * DAYS_MINUTES;
/** 1970-01-01 was a Thursday; weeks open on Monday. */
const FIRST_MONDAY_MS = 4 * DAYS_MINUTES * MINUTE_MS;

/** A minute in which nothing happened has no bar. */
export class MinuteBars {
  /** at, open, high, low, close, volume, turnover of each bar, oldest overwritten first. */
  readonly #cells: Float64Array;
  readonly #most: number;
  #count = 0;

  constructor(most = MINUTE_BARS_MAX) {
    this.#most = most;
    this.#cells = new Float64Array(most * COLUMNS);
  }

  /** @throws RangeError where `at` lies in a minute before the newest one. */
  add(at: Instant, price: number, volume: number): void {
    const minute = at - (at % MINUTE_MS);
    const newest = this.#count === 0 ? -1 : this.#cell(this.#count - 1, 0);
    if (minute < newest) throw new RangeError(`the tape went back from ${newest} to ${minute}`);
    if (minute > newest) this.#open(minute, price);
    const base = this.#base(this.#count - 1);
    const cells = this.#cells;
    if (price > (cells[base + 2] ?? 0)) cells[base + 2] = price;
    if (price < (cells[base + 3] ?? 0)) cells[base + 3] = price;
    cells[base + 4] = price;
    cells[base + 5] = (cells[base + 5] ?? 0) + volume;
    cells[base + 6] = (cells[base + 6] ?? 0) + volume * price;
  }

  /** The newest price, or null before the first. */
  last(): number | null {
    return this.#count === 0 ? null : this.#cell(this.#count - 1, 4);
  }

  select(query: HistoryQuery): readonly TapeBar[] {
    const bars: TapeBar[] = [];
    const newest = query.keep === 'newest';
    for (const bar of newest ? this.#backwards(query) : this.#forwards(query)) {
      if (bars.length >= query.limit) break;
      bars.push(bar);
    }
    return newest ? bars.reverse() : bars;
  }

  *#backwards({ intervalMinutes, from, before }: HistoryQuery): Generator<TapeBar> {
    let index = this.#count - 1;
    const oldest = this.#oldest();
    while (index >= oldest) {
      const at = bucketOpen(this.#cell(index, 0), intervalMinutes);
      let first = index;
      while (first > oldest && this.#cell(first - 1, 0) >= at) first--;
      if (at < from) return;
      if (at < before) yield this.#merge(at, first, index);
      index = first - 1;
    }
  }

  *#forwards({ intervalMinutes, from, before }: HistoryQuery): Generator<TapeBar> {
    let index = this.#oldest();
    while (index < this.#count) {
      const at = bucketOpen(this.#cell(index, 0), intervalMinutes);
      let last = index;
      while (last + 1 < this.#count && this.#cell(last + 1, 0) < at + intervalMinutes * MINUTE_MS) last++;
      if (at >= before) return;
      if (at >= from) yield this.#merge(at, index, last);
      index = last + 1;
    }
  }

  #merge(at: Instant, first: number, last: number): TapeBar {
    let [high, low, volume, turnover] = [-Infinity, Infinity, 0, 0];
    for (let index = first; index <= last; index++) {
      high = Math.max(high, this.#cell(index, 2));
      low = Math.min(low, this.#cell(index, 3));
      volume += this.#cell(index, 5);
      turnover += this.#cell(index, 6);
    }
    return { at, open: this.#cell(first, 1), high, low, close: this.#cell(last, 4), volume, turnover };
  }

  #open(minute: Instant, price: number): void {
    this.#count++;
    this.#cells.set([minute, price, price, price, price, 0, 0], this.#base(this.#count - 1));
  }

  #oldest(): number {
    return Math.max(0, this.#count - this.#most);
  }

  #base(index: number): number {
    return (index % this.#most) * COLUMNS;
  }

  #cell(index: number, column: number): number {
    return this.#cells[this.#base(index) + column] ?? NaN;
  }
}

function bucketOpen(at: Instant, intervalMinutes: number): Instant {
  const shift = intervalMinutes === WEEK_MINUTES ? FIRST_MONDAY_MS : 0;
  return at - ((at - shift) % (intervalMinutes * MINUTE_MS));
}
