/** One recorded file as a stream of points: what the book, the tape and the price were at a time. */
import type { Instant } from '#trading/model/instrument.ts';
import { decimalsOf, type Instrument } from '../instruments.ts';
import { listingKey } from '../listing.ts';
import { readRows, type FileInfo } from './inspect.ts';
import type { BookUpdate, TapeTrade } from './process.ts';
import type { CandleRow, QuoteRow, Row } from './row.ts';

export interface Point {
  readonly at: Instant;
  readonly book: BookUpdate;
  readonly trade: TapeTrade | null;
  /** For the bars: what traded, or the middle where no trade was recorded. */
  readonly price: number;
  readonly volume: number;
}

/** Spread around a walked price; at least one tick on each side. */
const SPREAD_BPS = 1;
const BPS = 10_000;
/** A bar is walked in so many quotes. */
const WALK_POINTS = 4;
/** The size shown where none was recorded: so many lots. */
const NOMINAL_LOTS = 10_000;

/** Reads ahead one batch of rows, never more. */
export class FileSource {
  readonly #rows: AsyncGenerator<readonly Row[], void>;
  readonly #walk: Walk;
  #batch: readonly Row[] = [];
  #row = 0;
  #points: readonly Point[] = [];
  #point = 0;
  #ended = false;

  constructor(info: FileInfo, instrument: Instrument, priceDecimals: number) {
    this.#rows = readRows(info.path);
    this.#walk = new Walk(instrument, priceDecimals, info.intervalMs ?? 0);
  }

  /** The next point without taking it: undefined where more must be read first (`fill`), null at the end. */
  head(): Point | null | undefined {
    const point = this.#points[this.#point];
    if (point !== undefined) return point;
    const row = this.#batch[this.#row];
    if (row === undefined) return this.#ended ? null : undefined;
    this.#row++;
    this.#points = this.#walk.points(row);
    this.#point = 0;
    return this.#points[0];
  }

  take(): void {
    this.#point++;
  }

  /** @throws DataFileError where the file changed since it was inspected and is wrong now. */
  async fill(): Promise<void> {
    const { value, done } = await this.#rows.next();
    this.#batch = done === true ? [] : value;
    this.#row = 0;
    this.#ended = done === true;
  }

  async close(): Promise<void> {
    this.#ended = true;
    await this.#rows.return(undefined);
  }
}

/** What floats make of a whole number of lots. */
const LOT_NOISE = 1e-9;

/** Turns rows into points. */
class Walk {
  readonly #key;
  readonly #tick: number;
  readonly #decimals: number;
  readonly #nominalSize: string;
  readonly #lot: number;
  readonly #lotDecimals: number;
  readonly #intervalMs: number;
  #before = 0;

  constructor(instrument: Instrument, priceDecimals: number, intervalMs: number) {
    this.#key = listingKey(instrument.category, instrument.symbol);
    this.#tick = Number(instrument.tick);
    this.#decimals = Math.max(decimalsOf(instrument.tick), priceDecimals);
    this.#lot = Number(instrument.lot);
    this.#lotDecimals = decimalsOf(instrument.lot);
    this.#nominalSize = (NOMINAL_LOTS * this.#lot).toFixed(this.#lotDecimals);
    this.#intervalMs = intervalMs;
  }

  points(row: Row): readonly Point[] {
    if (row.kind === 'option_quotes') throw new Error(`line ${row.line}: a quote of an option is none of one listing`);
    return row.kind === 'quotes' ? [this.#quoted(row)] : this.#walked(row);
  }

  #quoted(row: QuoteRow): Point {
    const { bid, ask } = row;
    const book = { key: this.#key, bid, bidSize: this.#shown(row.bidSize), ask, askSize: this.#shown(row.askSize) };
    return { at: row.at, book, trade: null, price: row.mark, volume: 0 };
  }

  /** The bar's own extremes in the order its direction makes likelier: O→L→H→C where it closed at or above its open, else O→H→L→C. */
  #walked(row: CandleRow): readonly Point[] {
    const rises = Number(row.close) >= Number(row.open);
    const path = rises ? [row.open, row.low, row.high, row.close] : [row.open, row.high, row.low, row.close];
    // A quarter of a decimal with d digits has at most d + 2.
    const size = (Number(row.volume) / WALK_POINTS).toFixed(decimalsOf(row.volume) + 2);
    return path.map((price, index) => this.#walkedTo(row.at + Math.floor((index * this.#intervalMs) / WALK_POINTS), price, size));
  }

  #walkedTo(at: Instant, text: string, size: string): Point {
    const price = Number(text);
    const volume = Number(size);
    const reach = Math.max(this.#tick, (price * SPREAD_BPS) / BPS / 2);
    // Outwards to the tick grid, so that bid ≤ last ≤ ask whatever grid the recording is on.
    const bid = Math.floor((price - reach) / this.#tick + 1e-9) * this.#tick;
    const ask = Math.ceil((price + reach) / this.#tick - 1e-9) * this.#tick;
    const shown = volume > 0 ? this.#shown(size) : this.#nominalSize;
    const book = {
      key: this.#key,
      bid: bid > 0 ? bid.toFixed(this.#decimals) : text,
      bidSize: shown,
      ask: ask.toFixed(this.#decimals),
      askSize: shown,
    };
    const side = price >= this.#before ? 'Buy' : 'Sell';
    this.#before = price;
    // A bar without volume had no trade: none is made up.
    const trade = volume > 0 ? ({ key: this.#key, price: text, size, side } as const) : null;
    return { at, book, trade, price, volume };
  }

  /** Whole lots, one at least: a size of zero would delete the level, and a part of a lot would be filled as one. */
  #shown(size: string): string {
    const lots = Number(size) / this.#lot;
    if (size === '' || lots === 0) return this.#nominalSize;
    const whole = Math.max(1, Math.floor(lots + LOT_NOISE));
    return Math.abs(lots - whole) <= LOT_NOISE * whole ? size : (whole * this.#lot).toFixed(this.#lotDecimals);
  }
}
