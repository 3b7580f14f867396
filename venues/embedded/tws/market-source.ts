/** What the embedded TWS plays: steps of quotes, made of a seed or read from files. Decimal text keeps its digits. */
import type { Instant } from '#trading/model/instrument.ts';
import type { ListingKey } from '../listing.ts';
import type { BookUpdate } from '../market/process.ts';
import { openRecorded } from '../market/recorded.ts';
import { Draws } from '../market/random.ts';
import { CoinPath, SECONDS } from '../market/synthetic-path.ts';
import { SYNTHETIC_ORIGIN } from '../market/synthetic.ts';
import { isOpen } from './hours.ts';

export interface TwsQuote {
  /** `EUR.USD`, `SPY`. */
  readonly symbol: string;
  readonly bid: string;
  readonly ask: string;
  readonly bidSize: string;
  readonly askSize: string;
}

export interface TwsStep {
  readonly at: Instant;
  readonly quotes: readonly TwsQuote[];
}

export interface TwsMarket {
  readonly symbols: readonly string[];
  readonly start: Instant;
  /** Of the last step; null where it has no end. */
  readonly end: Instant | null;
  peek(): Promise<Instant | null>;
  next(): Promise<TwsStep | null>;
  close(): Promise<void>;
}

interface Model {
  readonly symbol: string;
  readonly startPrice: number;
  readonly annualVolatility: number;
  /** With the common factor of all. */
  readonly correlation: number;
  /** Half the spread, in ticks. */
  readonly halfSpreadTicks: number;
  readonly decimals: number;
  /** The tick in units of the last decimal. */
  readonly tickUnits: number;
  readonly size: number;
}

const MODELS: readonly Model[] = [
  { symbol: 'EUR.USD', startPrice: 1.1, annualVolatility: 0.08, correlation: 0.3, halfSpreadTicks: 1, decimals: 5, tickUnits: 5, size: 1_000_000 },
  { symbol: 'GBP.USD', startPrice: 1.28, annualVolatility: 0.09, correlation: 0.3, halfSpreadTicks: 1, decimals: 5, tickUnits: 5, size: 1_000_000 },
  { symbol: 'USD.JPY', startPrice: 150, annualVolatility: 0.1, correlation: -0.2, halfSpreadTicks: 1, decimals: 3, tickUnits: 5, size: 1_000_000 },
  { symbol: 'SPY', startPrice: 600, annualVolatility: 0.18, correlation: 0.8, halfSpreadTicks: 1, decimals: 2, tickUnits: 1, size: 500 },
  { symbol: 'AAPL', startPrice: 230, annualVolatility: 0.28, correlation: 0.6, halfSpreadTicks: 1, decimals: 2, tickUnits: 1, size: 300 },
];
export const SYNTHETIC_SYMBOLS: readonly string[] = MODELS.map(({ symbol }) => symbol);
const STEP_MS = 1000;
const MINUTE_MS = 60_000;
const PREROLL_MINUTES = 60;
const SIZE_LANE = 2;
const PAIR_SIZE_MIN = 1000;
const PAIR_SIZE = '1000000';

export interface SyntheticTwsOptions {
  readonly seed: string;
  readonly symbols?: readonly string[] | undefined;
  /** Continues the seed's path after this time; null starts at the origin. */
  readonly resumeAt: Instant | null;
  /** Holidays of shares, yyyymmdd. */
  readonly closed: ReadonlySet<string>;
}

/** One step a second, of what trades at that time. @throws RangeError where a symbol is none of its own. */
export class SyntheticTwsMarket implements TwsMarket {
  readonly symbols: readonly string[];
  readonly start: Instant;
  readonly end = null;
  readonly #closed: ReadonlySet<string>;
  readonly #paths: readonly { readonly model: Model; readonly path: CoinPath; readonly sizes: Draws }[];
  #next: Instant;

  constructor({ seed, symbols = SYNTHETIC_SYMBOLS, resumeAt, closed }: SyntheticTwsOptions) {
    this.symbols = symbols;
    this.#closed = closed;
    this.start = Math.max(SYNTHETIC_ORIGIN, resumeAt ?? SYNTHETIC_ORIGIN);
    this.#next = this.start - (this.start % STEP_MS) + STEP_MS;
    this.#paths = symbols.map((symbol) => {
      const model = MODELS.find((known) => known.symbol === symbol);
      if (model === undefined) throw new RangeError(`the synthetic market has no ${symbol.slice(0, 40)}; it has ${SYNTHETIC_SYMBOLS.join(', ')}`);
      const path = new CoinPath(seed, { ...model, coin: symbol }, SYNTHETIC_ORIGIN / MINUTE_MS - PREROLL_MINUTES);
      return { model, path, sizes: new Draws(seed, `size:${symbol}`) };
    });
  }

  peek(): Promise<Instant | null> {
    return Promise.resolve(this.#open());
  }

  next(): Promise<TwsStep | null> {
    const at = this.#open();
    this.#next = at + STEP_MS;
    const minute = Math.floor(at / MINUTE_MS);
    const second = (at % MINUTE_MS) / STEP_MS;
    const quotes: TwsQuote[] = [];
    const open = { CASH: isOpen('CASH', at, this.#closed), STK: isOpen('STK', at, this.#closed) };
    for (const { model, path, sizes } of this.#paths) {
      if (!open[secTypeOf(model.symbol)]) continue;
      const size = Math.round(model.size * (0.5 + sizes.at(minute, SIZE_LANE + second).uniform()));
      quotes.push(quoteAround(model, path.seconds(minute)[second % SECONDS] ?? model.startPrice, size));
    }
    return Promise.resolve({ at, quotes });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The next second in which anything trades: weekends are jumped. */
  #open(): Instant {
    const kinds = [...new Set(this.symbols.map(secTypeOf))];
    while (!kinds.some((kind) => isOpen(kind, this.#next, this.#closed))) {
      this.#next += MINUTE_MS - (this.#next % MINUTE_MS);
    }
    return this.#next;
  }
}

const secTypeOf = (symbol: string): 'CASH' | 'STK' => (symbol.includes('.') ? 'CASH' : 'STK');

function quoteAround(model: Model, middle: number, size: number): TwsQuote {
  const { symbol, decimals, tickUnits, halfSpreadTicks } = model;
  const unit = 10 ** decimals;
  const ticks = Math.round((middle * unit) / tickUnits);
  const text = (at: number): string => ((at * tickUnits) / unit).toFixed(decimals);
  return { symbol, bid: text(ticks - halfSpreadTicks), ask: text(ticks + halfSpreadTicks), bidSize: String(size), askSize: String(size) };
}

export interface RecordedTwsFile {
  /** Absolute; candles or quotes. */
  readonly path: string;
  /** `EUR.USD`, `AAPL`. */
  readonly symbol: string;
}

/** Played as they are, crossed quotes too. @throws DataFileError */
export async function openRecordedTws(files: readonly RecordedTwsFile[], resumeAt: Instant | null): Promise<TwsMarket> {
  const named = new Map<ListingKey, string>(files.map(({ symbol }) => [`spot:${listedAs(symbol)}`, symbol]));
  const market = await openRecorded({
    files: files.map(({ path, symbol }) => ({ path, category: 'spot', venueSymbol: listedAs(symbol) })),
    resumeAt,
  });
  const quoteOf = ({ key, bid, ask, bidSize, askSize }: BookUpdate): TwsQuote => {
    const symbol = named.get(key) ?? key;
    return { symbol, bid, ask, bidSize: sizeOf(symbol, bidSize), askSize: sizeOf(symbol, askSize) };
  };
  return {
    symbols: files.map(({ symbol }) => symbol),
    start: market.start,
    end: market.end,
    peek: () => market.peek(),
    next: async () => {
      const step = await market.next();
      return step === null ? null : { at: step.at, quotes: step.books.map(quoteOf) };
    },
    close: () => market.close(),
  };
}

/** Where a file has no sizes the market makes up small ones, in units of a coin: a pair shows what IDEALPRO usually does. */
const sizeOf = (symbol: string, recorded: string): string => (symbol.includes('.') && Number(recorded) < PAIR_SIZE_MIN ? PAIR_SIZE : recorded);

/** Recorded markets know pairs only: a share is one against the dollar. */
const listedAs = (symbol: string): string => (symbol.includes('.') ? symbol.replace('.', '') : `${symbol}USD`);
