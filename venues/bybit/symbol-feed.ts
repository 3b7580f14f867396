/** One symbol of the feed: makes quotes of book tops and trades, and knows how long the book has been silent. */
import { add, ZERO_QTY, type Price, type Qty } from '#trading/money/decimal.ts';
import type { Instant, Instrument } from '#trading/model/instrument.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import type { BookTop, Trade } from './frames.ts';

/** Bybit numbers a book from 1 again after its service restarted. */
const RESTARTED = 1;

export class SymbolFeed {
  readonly instrument: Instrument;
  /** It has a book since its topic was last subscribed, and the book is not silent. */
  live = false;
  /** When the newest good book came, or else the topic was subscribed: on the wall, monotonic, and in market time. */
  heardWall = 0;
  heardMarket: Instant = 0;
  /** Resubscriptions since it was last live, and the earliest wall time of the next one. */
  heals = 0;
  healAt = 0;
  #update: number | null = null;
  #repeats = 0;
  #last: Price | null = null;
  /** Null where trades may have been missed: the sum is then unknown and not zero. */
  #traded: Qty | null = null;

  constructor(instrument: Instrument) {
    this.instrument = instrument;
  }

  /** The topic is being subscribed (again): what was before is no part of what comes. */
  subscribed(wall: number, market: Instant): void {
    this.live = false;
    this.heardWall = wall;
    this.heardMarket = market;
    this.#update = null;
    this.#repeats = 0;
    this.#traded = null;
  }

  onTrades(trades: readonly Trade[]): void {
    for (const trade of trades) {
      this.#last = trade.price;
      if (this.#traded !== null) this.#traded = add(this.#traded, trade.qty);
    }
  }

  /** Null where the frame is older than the one before: its book is no longer true. */
  onBook(top: BookTop, receivedAt: Instant): QuoteSnapshot | null {
    const before = this.#update;
    if (before !== null && top.update < before && top.update !== RESTARTED) return null;
    const repeated = top.update === before;
    this.#repeats = repeated ? this.#repeats + 1 : 0;
    this.#update = top.update;
    const volume = this.#traded;
    this.#traded = ZERO_QTY;
    const { asset, symbol, venueSymbol } = this.instrument;
    return {
      id: `${venueSymbol}-${top.update}-${top.sequence}${repeated ? `.${this.#repeats}` : ''}`,
      broker: 'bybit',
      asset,
      symbol,
      bid: top.bid,
      ask: top.ask,
      bidQty: top.bidQty,
      askQty: top.askQty,
      last: this.#last,
      volume,
      // Pushed again unchanged, the book is still true when it was sent; the engine's time is that of its last change.
      exchangeAt: repeated ? top.sentAt : (top.matchedAt ?? top.sentAt),
      receivedAt,
    };
  }
}
