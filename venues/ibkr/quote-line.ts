/**
 * One market data line: ticks in, quotes out. TWS sends what changed and no time, so each side has a stamp of ours, and a quote is as old as its
 * older side (QS-1). Only live data makes quotes. Pure.
 */
import { price, qty, type Price, type Qty } from '#trading/money/decimal.ts';
import type { Asset, Instant } from '#trading/model/instrument.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';

/** Of live data; delayed ones are 66 to 76, and make no quote whatever type was asked for. */
const TICK = { bidSize: 0, bid: 1, ask: 2, askSize: 3, close: 9, model: 13 } as const;
const DELAYED_FIRST = 66;
const DELAYED_LAST = 90;
export const LIVE_DATA = 1;

interface Side {
  price: Price | null;
  size: Qty | null;
  at: Instant;
  touched: boolean;
}

export interface LineName {
  readonly asset: Asset;
  readonly symbol: string;
  readonly venueSymbol: string;
}

export class QuoteLine {
  readonly name: LineName;
  /** As TWS told for this line; until it did, nothing is known to be live. */
  dataType: number | null = null;
  /** Yesterday's, or what trading closed at: where there is no quote, at least what strikes are near. */
  close: number | null = null;
  readonly #bid: Side = { price: null, size: null, at: 0, touched: false };
  readonly #ask: Side = { price: null, size: null, at: 0, touched: false };
  #delta: number | null = null;
  #made = 0;

  constructor(name: LineName) {
    this.name = name;
  }

  /** Ticks since the last `stamp`. */
  get touched(): boolean {
    return this.#bid.touched || this.#ask.touched;
  }

  onPrice(type: number, value: number): void {
    if (type >= DELAYED_FIRST && type <= DELAYED_LAST) this.#delayed();
    else if (type === TICK.bid) this.#take(this.#bid, value);
    else if (type === TICK.ask) this.#take(this.#ask, value);
    else if (type === TICK.close && value > 0) this.close = value;
  }

  /** A size that changed beside a price that did not: TWS tells so only of a price that stands. */
  onSize(type: number, value: number): void {
    const side = type === TICK.bidSize ? this.#bid : type === TICK.askSize ? this.#ask : null;
    if (side === null || side.price === null) return;
    side.size = value >= 0 && Number.isFinite(value) ? qty(value) : null;
    side.touched = true;
  }

  /** TWS's own model's. It is no price, so it makes no quote by itself; delayed ones are of another type. */
  onModel(type: number, delta: number | undefined): void {
    if (type !== TICK.model) return;
    this.#delta = delta !== undefined && Math.abs(delta) <= 1 ? delta : null;
  }

  /** What was touched is of `now`. */
  stamp(now: Instant): void {
    for (const side of [this.#bid, this.#ask]) {
      if (side.touched) side.at = now;
      side.touched = false;
    }
  }

  /** Of the older side; what was touched counts as of now. Null where a side is missing: then nothing can be refreshed either. */
  ageMs(now: Instant): number | null {
    if (this.#bid.price === null || this.#ask.price === null) return null;
    return now - Math.min(...[this.#bid, this.#ask].map(({ at, touched }) => (touched ? now : at)));
  }

  middle(): number | null {
    if (this.#bid.price === null || this.#ask.price === null) return null;
    return (Number(this.#bid.price) + Number(this.#ask.price)) / 2;
  }

  /** As it stands, or why it makes none. Crossed ones too: who prices an order judges them (QS-2). */
  quote(): QuoteSnapshot | string {
    if (this.dataType !== LIVE_DATA) return this.dataType === null ? 'TWS has not said that the data is live' : 'the data is delayed or frozen';
    const [bid, ask] = [this.#bid, this.#ask];
    if (bid.price === null || ask.price === null) return 'a side has no price';
    const { asset, symbol, venueSymbol } = this.name;
    const exchangeAt = Math.min(bid.at, ask.at);
    const receivedAt = Math.max(bid.at, ask.at);
    return {
      id: `${venueSymbol}-${receivedAt}-${++this.#made}`,
      broker: 'ibkr',
      asset,
      symbol,
      bid: bid.price,
      ask: ask.price,
      bidQty: bid.size,
      askQty: ask.size,
      last: null,
      volume: null,
      ...(this.#delta !== null && { delta: this.#delta }),
      exchangeAt,
      receivedAt,
    };
  }

  /** What was before is no part of what comes: the subscription is another one. */
  forget(): void {
    for (const side of [this.#bid, this.#ask]) {
      side.price = null;
      side.size = null;
      side.touched = false;
    }
    this.dataType = null;
    this.#delta = null;
  }

  #take(side: Side, value: number): void {
    // -1 is TWS's word for no quote; 0 is none either.
    side.price = value > 0 && Number.isFinite(value) ? price(value) : null;
    if (side.price === null) side.size = null;
    side.touched = true;
  }

  /** Whatever the type was said to be: these ticks are a quarter of an hour old. */
  #delayed(): void {
    this.dataType = 3;
    this.#bid.price = null;
    this.#ask.price = null;
    this.#bid.touched = true;
  }
}
