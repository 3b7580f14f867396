/** Public market data over REST. */
import type { Board, Exchange } from '../exchange.ts';
import { INSTRUMENTS, type Instrument } from '../instruments.ts';
import { CATEGORIES, listingKey, type Category } from '../listing.ts';
import type { HistoryQuery, TapeBar } from '../market/process.ts';
import { RECENT_TRADES_MAX } from '../recent-trades.ts';
import type { Enveloped } from './envelope.ts';
import { instrumentRow } from './instruments-info.ts';
import { tickerRow } from './tickers.ts';
import { tradeId } from './trade-id.ts';

export type Answer = Enveloped;

type Query = URLSearchParams;

const PARAMETERS_WRONG = 10001;
const ROUTE_UNKNOWN = 10017;

const KLINES_DEFAULT = 200;
const KLINES_MAX = 1000;
const INSTRUMENTS_DEFAULT = 500;
const INSTRUMENTS_MAX = 1000;
/** Of a fraction of the index. */
const PREMIUM_DECIMALS = 6;
const TRADES_DEFAULT = { spot: 60, linear: 500 };
/** Minutes of each candle; months have none of their own. */
export const INTERVALS: Readonly<Record<string, number>> = {
  '1': 1,
  '3': 3,
  '5': 5,
  '15': 15,
  '30': 30,
  '60': 60,
  '120': 120,
  '240': 240,
  '360': 360,
  '720': 720,
  D: 1440,
  W: 10_080,
};
/** Categories that Bybit has and this venue does not play: they are empty, not wrong. */
const EMPTY_CATEGORIES = ['inverse', 'option'];
const PRIVATE = /^\/v5\/(order|execution|position|account|asset|user|pre-upgrade|spot-margin-trade|spot-lever-token|ins-loan|broker|earn)\//;
const ORDERING = /^\/v5\/(order|position)\//;

export type Access = 'public' | 'private' | 'order';

/** What a request reaches for; whoever asks for `order` wants to trade. */
export function accessOf(method: string, path: string): Access {
  if (method !== 'GET' && ORDERING.test(path)) return 'order';
  return PRIVATE.test(path) ? 'private' : 'public';
}

export function answer(exchange: Exchange, method: string, path: string, query: Query): Answer {
  const route = method === 'GET' ? ROUTES[path] : undefined;
  return route === undefined ? refused(404, ROUTE_UNKNOWN, 'Route not found.') : route(exchange, query);
}

const ROUTES: Readonly<Record<string, (exchange: Exchange, query: Query) => Answer>> = {
  '/v5/market/instruments-info': (exchange, query) => instrumentsInfo(exchange, query),
  '/v5/market/kline': (exchange, query) => kline(exchange, query, (board, asked) => exchange.history(board, asked), klineRow),
  '/v5/market/mark-price-kline': (exchange, query) => kline(exchange, query, ({ mark }, asked) => mark?.marks.select(asked) ?? null, pricesRow),
  '/v5/market/index-price-kline': (exchange, query) => kline(exchange, query, ({ mark }, asked) => mark?.indices.select(asked) ?? null, pricesRow),
  '/v5/market/premium-index-price-kline': (exchange, query) =>
    kline(
      exchange,
      query,
      ({ mark }, asked) => mark?.premiums.select(asked) ?? null,
      (bar) => cellsOf(bar, PREMIUM_DECIMALS),
    ),
  '/v5/market/tickers': tickers,
  '/v5/market/recent-trade': recentTrade,
};

/** `own`: what one account may do with each. */
export function instrumentsInfo(exchange: Exchange, query: Query, own: object = {}): Answer {
  const name = query.get('category') ?? '';
  const category = CATEGORIES.find((known) => known === name);
  if (category === undefined) return EMPTY_CATEGORIES.includes(name) ? ok({ category: name, list: [], nextPageCursor: '' }) : wrongCategory();
  // ccxt asks for `PreLaunch` in addition and would list everything twice.
  const trading = (query.get('status') ?? 'Trading') === 'Trading';
  const symbol = query.get('symbol');
  const rows = trading ? instrumentsOf(exchange, category).map((instrument, index) => ({ instrument, row: instrumentRow(instrument, index) })) : [];
  const asked = rows.filter(({ instrument }) => symbol === null || instrument.symbol === symbol);
  const page = instrumentsPage(asked, category, query);
  if (page === null) return wrong('params error: limit or cursor invalid');
  return ok({ category, list: page.rows.map(({ row }) => ({ ...row, ...own })), nextPageCursor: page.next });
}

/** Spot knows no pages. The cursor names the first row of the next one. */
function instrumentsPage<Row extends { readonly instrument: Instrument }>(rows: readonly Row[], category: Category, query: Query) {
  if (category === 'spot') return { rows, next: '' };
  const [limit, cursor] = [bounded(query.get('limit'), INSTRUMENTS_DEFAULT, INSTRUMENTS_MAX), query.get('cursor') ?? ''];
  const named = /^first(?:=|%3D)([A-Z0-9]{1,30})$/.exec(cursor)?.[1];
  const from = cursor === '' ? 0 : rows.findIndex(({ instrument }) => instrument.symbol === named);
  if (limit === null || from < 0) return null;
  const after = rows[from + limit];
  return { rows: rows.slice(from, from + limit), next: after === undefined ? '' : `first%3D${after.instrument.symbol}` };
}

/** Those the venue knows, and those it plays. */
function instrumentsOf(exchange: Exchange, category: Category): readonly Instrument[] {
  const rows = new Map([...INSTRUMENTS, ...exchange.boards(category).map(({ played }) => played.instrument)].map((row) => [keyOf(row), row]));
  return [...rows.values()].filter((row) => row.category === category);
}

const keyOf = ({ category, symbol }: Instrument): string => listingKey(category, symbol);

type BarsOf = (board: Board, query: HistoryQuery) => readonly TapeBar[] | null;

/** Bars of mark and index begin with the venue: what went before was not played. */
function kline(exchange: Exchange, query: Query, barsOf: BarsOf, row: (bar: TapeBar, board: Board) => readonly string[]): Answer {
  const intervalMinutes = INTERVALS[query.get('interval') ?? ''];
  if (intervalMinutes === undefined) return wrong('Invalid period!');
  const limit = bounded(query.get('limit'), KLINES_DEFAULT, KLINES_MAX);
  const start = instant(query.get('start'), 0);
  const end = instant(query.get('end'), exchange.now);
  if (limit === null || start === null || end === null) return wrong('params error: start, end and limit must be whole numbers');
  // Bybit takes a perpetual for meant where nothing is said.
  const named = query.has('category') ? query : new URLSearchParams([...query, ['category', 'linear']]);
  return withBoard(exchange, named, (board) => {
    const bars = barsOf(board, {
      intervalMinutes,
      // A bar belongs to the window where its open does.
      from: start,
      before: Math.min(end, exchange.now) + 1,
      limit,
      keep: query.has('start') && !query.has('end') ? 'oldest' : 'newest',
    });
    return bars === null ? null : { symbol: board.symbol, category: board.category, list: bars.toReversed().map((bar) => row(bar, board)) };
  });
}

const klineRow = (bar: TapeBar, board: Board): readonly string[] => [...pricesRow(bar, board), decimal(bar.volume), decimal(bar.turnover)];

export const pricesRow = (bar: TapeBar, { played }: Board): readonly string[] => cellsOf(bar, played.priceDecimals);

function cellsOf({ at, open, high, low, close }: TapeBar, decimals: number): readonly string[] {
  return [String(at), ...[open, high, low, close].map((price) => price.toFixed(decimals))];
}

function tickers(exchange: Exchange, query: Query): Answer {
  const name = query.get('category') ?? '';
  const category = CATEGORIES.find((known) => known === name);
  if (category === undefined) return EMPTY_CATEGORIES.includes(name) ? ok({ category: name, list: [] }) : wrongCategory();
  const symbol = query.get('symbol');
  const boards = exchange.boards(category).filter((board) => symbol === null || board.symbol === symbol);
  if (symbol !== null && boards.length === 0) return wrong('Not supported symbols');
  return ok({ category, list: boards.map((board) => tickerRow(exchange, board)).filter((row) => row !== null) });
}

function recentTrade(exchange: Exchange, query: Query): Answer {
  return withBoard(exchange, query, ({ category, symbol, trades }) => {
    const limit = bounded(query.get('limit'), TRADES_DEFAULT[category], RECENT_TRADES_MAX) ?? TRADES_DEFAULT[category];
    const list = trades.newest(limit).map(({ price, size, side, at, sequence }) => ({
      execId: tradeId(category, sequence),
      symbol,
      price,
      size,
      side,
      time: String(at),
      isBlockTrade: false,
      isRPITrade: false,
      seq: String(sequence),
    }));
    return { category, list };
  });
}

/** `answerOf` is null where the category has no such thing. */
function withBoard(exchange: Exchange, query: Query, answerOf: (board: Board) => object | null): Answer {
  const category = query.get('category') ?? '';
  if (!CATEGORIES.some((known) => known === category)) return wrongCategory();
  const board = exchange.board(category, query.get('symbol') ?? '');
  if (board === undefined) return wrong('Not supported symbols');
  const result = answerOf(board);
  return result === null ? wrongCategory() : ok(result);
}

function bounded(text: string | null, otherwise: number, most: number): number | null {
  const value = text === null ? otherwise : instant(text, 0);
  return value === null || value < 1 ? null : Math.min(value, most);
}

function instant(text: string | null, otherwise: number): number | null {
  if (text === null) return otherwise;
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** Sums of sizes carry float64 noise far behind the last digit that a venue shows. */
export const decimal = (value: number): string => value.toFixed(8).replace(/\.?0+$/, '');

const ok = (result: object): Answer => ({ status: 200, retCode: 0, retMsg: 'OK', result });
const refused = (status: number, retCode: number, retMsg: string): Answer => ({ status, retCode, retMsg, result: {} });
const wrong = (what: string): Answer => refused(200, PARAMETERS_WRONG, what);
const wrongCategory = (): Answer => wrong('params error: Category is invalid');
