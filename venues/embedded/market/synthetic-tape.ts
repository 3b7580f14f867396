/** The book and tape of one listing around its coin's path: which seconds it moves in, spread, sizes, and the aggressor's side. */
import { decimalsOf, type Instrument } from '../instruments.ts';
import { listingKey, type ListingKey } from '../listing.ts';
import { MinuteBars, MINUTE_MS } from './minute-bars.ts';
import type { BookUpdate, TapeTrade } from './process.ts';
import { Draws } from './random.ts';
import { SECONDS, type CoinPath } from './synthetic-path.ts';

export interface TapeModel {
  /** Mean spread in a calm market, basis points of the price. */
  readonly spreadBps: number;
  /** Share of the seconds in which it moves by chance; it moves at least in every second one. */
  readonly activity: number;
  /** Perpetuals stand this far above the spot price, basis points, and swing around it by half of that. */
  readonly basisBps: number;
}

/** Medians, in quote units; sizes are log-normal around them. */
const TRADE_NOTIONAL = 900;
const BOOK_NOTIONAL = 25_000;
const SIZE_DEVIATION = 0.8;
const BASIS_SWING_MINUTES = 480;
const BPS = 10_000;
const SECOND_MS = 1000;

export class SyntheticTape {
  readonly key: ListingKey;
  readonly bars = new MinuteBars();
  readonly #instrument: Instrument;
  readonly #model: TapeModel;
  readonly #path: CoinPath;
  readonly #draws: Draws;
  readonly #tick: number;
  readonly #lot: number;
  readonly #priceDecimals: number;
  readonly #lotDecimals: number;
  readonly #moves = new Uint8Array(SECONDS);
  readonly #buys = new Uint8Array(SECONDS);
  /** In ticks. */
  readonly #bid = new Float64Array(SECONDS);
  readonly #ask = new Float64Array(SECONDS);
  /** In lots. */
  readonly #bidSize = new Float64Array(SECONDS);
  readonly #askSize = new Float64Array(SECONDS);
  readonly #tradeSize = new Float64Array(SECONDS);
  #minute = -1;

  constructor(seed: string, instrument: Instrument, model: TapeModel, path: CoinPath) {
    this.key = listingKey(instrument.category, instrument.symbol);
    this.#instrument = instrument;
    this.#model = model;
    this.#path = path;
    this.#draws = new Draws(seed, `tape:${this.key}`);
    this.#tick = Number(instrument.tick);
    this.#lot = Number(instrument.lot);
    this.#priceDecimals = decimalsOf(instrument.tick);
    this.#lotDecimals = decimalsOf(instrument.lot);
  }

  /** Makes the minute's seconds. */
  enter(minute: number): void {
    if (minute === this.#minute) return;
    this.#minute = minute;
    const mids = this.#path.seconds(minute);
    const draws = this.#draws.at(minute, 0);
    const { spreadBps, activity, basisBps } = this.#model;
    const spread = (spreadBps / BPS) * (0.6 + 0.4 * this.#path.unrest);
    const premium = 1 + (basisBps / BPS) * (1 + 0.5 * Math.sin((2 * Math.PI * minute) / BASIS_SWING_MINUTES));
    let rested = true;
    for (let second = 0; second < SECONDS; second++) {
      const moves: boolean = rested || draws.uniform() < activity;
      rested = !moves;
      if (!moves) {
        this.#moves[second] = 0;
        continue;
      }
      this.#moves[second] = 1;
      this.#quote(second, (mids[second] ?? NaN) * premium, spread * (0.7 + 0.6 * draws.uniform()));
      this.#buys[second] = draws.uniform() < 0.5 ? 1 : 0;
    }
  }

  /** Adds the second to the bars; true where the listing moves in it. */
  play(second: number): boolean {
    if (this.#moves[second] !== 1) return false;
    this.bars.add(this.#minute * MINUTE_MS + second * SECOND_MS, this.#last(second), (this.#tradeSize[second] ?? 0) * this.#lot);
    return true;
  }

  book(second: number): BookUpdate {
    return {
      key: this.key,
      bid: this.#price(this.#bid[second] ?? NaN),
      bidSize: this.#size(this.#bidSize[second] ?? NaN),
      ask: this.#price(this.#ask[second] ?? NaN),
      askSize: this.#size(this.#askSize[second] ?? NaN),
    };
  }

  trade(second: number): TapeTrade {
    const buys = this.#buys[second] === 1;
    return {
      key: this.key,
      price: this.#price((buys ? this.#ask[second] : this.#bid[second]) ?? NaN),
      size: this.#size(this.#tradeSize[second] ?? NaN),
      side: buys ? 'Buy' : 'Sell',
    };
  }

  #quote(second: number, mid: number, spread: number): void {
    const ticks = Math.max(1, Math.round((mid * spread) / this.#tick));
    const bid = Math.max(1, Math.round(mid / this.#tick - ticks / 2));
    this.#bid[second] = bid;
    this.#ask[second] = bid + ticks;
    this.#bidSize[second] = this.#lots(BOOK_NOTIONAL, mid);
    this.#askSize[second] = this.#lots(BOOK_NOTIONAL, mid);
    this.#tradeSize[second] = this.#lots(TRADE_NOTIONAL, mid);
  }

  #lots(median: number, mid: number): number {
    const smallest = Math.ceil(Number(this.#instrument.minQty) / this.#lot);
    return Math.max(smallest, Math.round((median * Math.exp(SIZE_DEVIATION * this.#draws.normal())) / (mid * this.#lot)));
  }

  #last(second: number): number {
    const ticks = (this.#buys[second] === 1 ? this.#ask[second] : this.#bid[second]) ?? NaN;
    return Number(this.#price(ticks));
  }

  #price(ticks: number): string {
    return (ticks * this.#tick).toFixed(this.#priceDecimals);
  }

  #size(lots: number): string {
    return (lots * this.#lot).toFixed(this.#lotDecimals);
  }
}
