/** The market as it is played: market time, and of each listing the book, the last trades and the bars. Orders are the engine's. */
import { ZERO_QTY, type Qty } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import { FUNDING_MS, nextFunding, type Instrument } from './instruments.ts';
import { CATEGORIES, listingKey, type Category, type ListingKey } from './listing.ts';
import { MarkPrice, type Moment } from './market/mark.ts';
import type { BookUpdate, HistoryQuery, MarketProcess, Played, TapeBar, TapeTrade } from './market/process.ts';
import { RecentTrades, type RecentTrade } from './recent-trades.ts';

/** A listing as it stands. */
export interface Board {
  readonly category: Category;
  readonly symbol: string;
  played: Played;
  book: BookUpdate;
  /** Rises by one with every change of the book. */
  update: number;
  /** Rises with every change of book or tape, also over restarts of the venue. */
  sequence: number;
  changedAt: Instant;
  /** When the book was last pushed or changed. */
  pushedAt: Instant;
  readonly trades: RecentTrades;
  /** Of the settlement at a time; 0 where there is none. */
  fundingRate: (at: Instant) => string;
  /** Open contracts of a perpetual: those of whoever has an account here. */
  openInterest: () => Qty;
  /** Perpetuals alone have a mark of their own. */
  readonly mark: MarkPrice | null;
}

export interface Change {
  readonly board: Board;
  readonly trade: RecentTrade | null;
}

/** An unchanged book is pushed again after this much market time, with the same update number. */
export const REPUSH_MS = 3000;

export class Exchange {
  readonly #market: MarketProcess;
  readonly #boards = new Map<ListingKey, Board>();
  #now: Instant;
  #next: Instant | null;

  private constructor(market: MarketProcess, next: Instant | null) {
    this.#market = market;
    this.#now = market.start;
    this.#next = next;
    const played = new Map(market.listings.map((listing) => [listing.key, listing]));
    for (const { at, book } of market.opening) {
      const listing = played.get(book.key);
      if (listing !== undefined) this.#boards.set(book.key, newBoard(listing, book, at));
    }
  }

  static async open(market: MarketProcess): Promise<Exchange> {
    return new Exchange(market, await market.peek());
  }

  /** Market time, UTC milliseconds. */
  get now(): Instant {
    return this.#now;
  }

  /** When the next step plays, or null at the end. */
  get next(): Instant | null {
    return this.#next;
  }

  /** Plays one step; nothing changes at the end. */
  async step(): Promise<readonly Change[]> {
    const step = await this.#market.next();
    this.#next = await this.#market.peek();
    if (step === null) return [];
    this.#now = Math.max(this.#now, step.at);
    return step.books.map((book) => this.#apply(book, step.trades));
  }

  /** Moves the clock alone, never past the next step; returns the boards to push again. */
  idle(ms: number): readonly Board[] {
    this.#now = Math.min(this.#now + ms, this.#next ?? Infinity);
    const due: Board[] = [];
    for (const board of this.#boards.values()) {
      if (this.#now - board.pushedAt < REPUSH_MS) continue;
      board.pushedAt = this.#now;
      due.push(board);
    }
    return due;
  }

  board(category: string, symbol: string): Board | undefined {
    const known = CATEGORIES.find((name) => name === category);
    return known === undefined ? undefined : this.#boards.get(listingKey(known, symbol));
  }

  boards(category: Category): readonly Board[] {
    return [...this.#boards.values()].filter((board) => board.category === category);
  }

  /** The filters of a listing changed. */
  relist(instrument: Instrument): void {
    const board = this.board(instrument.category, instrument.symbol);
    if (board !== undefined) board.played = { ...board.played, instrument };
  }

  history({ played }: Board, query: HistoryQuery): readonly TapeBar[] {
    return this.#market.history(played.key, query);
  }

  async close(): Promise<void> {
    await this.#market.close();
  }

  #apply(book: BookUpdate, trades: readonly TapeTrade[]): Change {
    const board = this.#boards.get(book.key);
    if (board === undefined) throw new Error(`the market played ${book.key}, which it did not list`);
    const traded = trades.find(({ key }) => key === book.key);
    board.sequence = Math.max(board.sequence + 1, this.#now);
    const trade = traded === undefined ? null : board.trades.add(traded, this.#now, board.sequence);
    board.book = book;
    board.update++;
    board.changedAt = this.#now;
    board.pushedAt = this.#now;
    board.mark?.move(momentOf(board, this.#now));
    return { board, trade };
  }
}

function newBoard(played: Played, book: BookUpdate, at: Instant): Board {
  const { category, symbol } = played.instrument;
  const mark = category === 'linear' ? new MarkPrice({ at, bid: Number(book.bid), ask: Number(book.ask) }) : null;
  const common = { category, symbol, played, book, update: 1, sequence: at, changedAt: at, pushedAt: at, mark };
  return { ...common, trades: new RecentTrades(), fundingRate: () => '0', openInterest: () => ZERO_QTY };
}

function momentOf({ book, trades, fundingRate, played }: Board, now: Instant): Moment {
  const fundedAt = nextFunding(played.instrument, now);
  const due = (fundedAt - now) / (played.instrument.fundingMs ?? FUNDING_MS);
  const last = trades.last === null ? null : Number(trades.last.price);
  return { at: now, bid: Number(book.bid), ask: Number(book.ask), last, fundingDue: Number(fundingRate(fundedAt)) * due };
}
