/** What goes out on the sockets: per step and listing first the trade, then the book, so that a reader of both has the last price in time. */
import type { Board, Change, Exchange } from '../exchange.ts';
import { CATEGORIES, type Category } from '../listing.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { DepthFeed } from './depth.ts';
import type { Faults } from './faults.ts';
import {
  bookFrame,
  bookTopic,
  limitFrame,
  limitTopic,
  liquidationFrame,
  liquidationTopic,
  symbolOf,
  tickerFrame,
  tickerTopic,
  tradeFrame,
  tradeTopic,
  type Liquidated,
} from './frames.ts';
import type { Client, Hub } from './hub.ts';
import { KlineFeed } from './klines.ts';
import { wsTickerRow } from './tickers.ts';

type Row = Readonly<Record<string, string>>;
type LimitsOf = (board: Board) => { readonly buy: string; readonly sell: string };

/** A ticker is pushed at most this often, market time. */
export const TICKER_MS = 1000;

export class Feed {
  readonly #exchange: Exchange;
  readonly #hub: Hub;
  readonly #faults: Faults;
  readonly #depth: DepthFeed;
  readonly #klines: KlineFeed;
  readonly #limitsOf: LimitsOf;
  readonly #tickersAt = new Map<Board, Instant>();
  /** What the subscribers of a perpetual's ticker have. */
  readonly #tickers = new Map<Board, Row>();

  constructor(exchange: Exchange, hub: Hub, faults: Faults, depth: DepthFeed, limitsOf: LimitsOf) {
    this.#depth = depth;
    this.#klines = new KlineFeed(exchange, hub);
    this.#limitsOf = limitsOf;
    this.#exchange = exchange;
    this.#hub = hub;
    this.#faults = faults;
  }

  /** Returns how many book frames went out, over all sockets. */
  push(changes: readonly Change[]): number {
    return this.#hub.together(() => {
      let books = 0;
      for (const { board, trade } of changes) {
        const topic = tradeTopic(board.symbol);
        if (trade !== null && this.#open(board.category, topic)) {
          this.#hub.publish(board.category, topic, tradeFrame(board.category, board.symbol, trade, this.#exchange.now));
        }
        books += this.#book(board);
        this.#depth.push(board, this.#exchange.now);
        this.#ticker(board);
        this.#klines.push(board);
        this.#limits(board);
      }
      return books;
    });
  }

  /** Time passed alone: unchanged books with their old update number, and candles that have closed. */
  pushAgain(boards: readonly Board[]): number {
    return this.#hub.together(() => {
      for (const category of CATEGORIES) for (const board of this.#exchange.boards(category)) this.#klines.push(board);
      return boards.reduce((books, board) => books + this.#book(board), 0);
    });
  }

  /** Positions of a perpetual that the venue closed. */
  liquidated(symbol: string, rows: readonly Liquidated[]): void {
    const topic = liquidationTopic(symbol);
    if (this.#hub.wanted('linear', topic)) this.#hub.publish('linear', topic, liquidationFrame(symbol, rows, this.#exchange.now));
  }

  /** What a new subscriber is told first. Bybit's public trades start with the next trade. */
  welcome(client: Client, topic: string): void {
    const board = this.#exchange.board(client.category, symbolOf(topic, client.category) ?? '');
    if (board === undefined) return;
    const { now } = this.#exchange;
    if (topic === bookTopic(board.symbol)) this.#hub.send(client, bookFrame(board, now));
    const deep = this.#depth.welcome(board, topic, now);
    if (deep !== null) this.#hub.send(client, deep);
    if (topic === limitTopic(board.symbol)) this.#hub.send(client, limitFrame(board.symbol, this.#limitsOf(board), now));
    if (topic !== tickerTopic(board.symbol)) return;
    const row = this.#tickers.get(board) ?? wsTickerRow(this.#exchange, board);
    if (row === null) return;
    if (board.category === 'linear') this.#tickers.set(board, row);
    this.#hub.send(client, tickerFrame('snapshot', board.symbol, row, board.sequence, now));
  }

  #book(board: Board): number {
    const { category, symbol } = board;
    const topic = bookTopic(symbol);
    if (!this.#open(category, topic)) return 0;
    return this.#hub.publish(category, topic, this.#faults.spoil(category, topic, board) ?? bookFrame(board, this.#exchange.now));
  }

  #limits(board: Board): void {
    const topic = limitTopic(board.symbol);
    if (!this.#hub.wanted(board.category, topic)) return;
    this.#hub.publish(board.category, topic, limitFrame(board.symbol, this.#limitsOf(board), this.#exchange.now));
  }

  #ticker(board: Board): void {
    const { category, symbol } = board;
    const topic = tickerTopic(symbol);
    const { now } = this.#exchange;
    if (!this.#hub.wanted(category, topic)) this.#tickers.delete(board);
    if (!this.#open(category, topic) || now - (this.#tickersAt.get(board) ?? -Infinity) < TICKER_MS) return;
    const row = wsTickerRow(this.#exchange, board);
    if (row === null) return;
    this.#tickersAt.set(board, now);
    const before = this.#tickers.get(board);
    if (category === 'linear') this.#tickers.set(board, row);
    const changed =
      before === undefined ? row : { symbol, ...Object.fromEntries(Object.entries(row).filter(([key, value]) => before[key] !== value)) };
    this.#hub.publish(category, topic, tickerFrame(before === undefined ? 'snapshot' : 'delta', symbol, changed, board.sequence, now));
  }

  #open(category: Category, topic: string): boolean {
    return this.#hub.wanted(category, topic) && !this.#faults.mutes(category, topic);
  }
}
