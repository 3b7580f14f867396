/** A market made of a seed: several coins, spot and perpetual, one step a second, without end. */
import type { Instant } from '#trading/model/instrument.ts';
import { decimalsOf, knownInstrument } from '../instruments.ts';
import { listingKey, type Category, type Listing, type ListingKey } from '../listing.ts';
import { MINUTE_MS } from './minute-bars.ts';
import type { BookUpdate, HistoryQuery, MarketProcess, Opening, Played, Step, TapeBar, TapeTrade } from './process.ts';
import { CoinPath, SECONDS, type CoinModel } from './synthetic-path.ts';
import { SyntheticTape, type TapeModel } from './synthetic-tape.ts';

/** Where every synthetic market starts: 2026-01-05T12:00:00Z, a Monday. */
export const SYNTHETIC_ORIGIN: Instant = Date.UTC(2026, 0, 5, 12);

/** Bars that exist before the first step: a day and an hour, for klines and the ticker's 24-hour numbers. */
export const PREROLL_MINUTES = 1500;
const STEP_MS = 1000;

const COINS: readonly (CoinModel & { readonly spreadBps: number })[] = [
  { coin: 'BTC', startPrice: 64_000, annualVolatility: 0.65, correlation: 0.8, spreadBps: 0.4 },
  { coin: 'ETH', startPrice: 3_200, annualVolatility: 0.8, correlation: 0.75, spreadBps: 0.6 },
  { coin: 'ADA', startPrice: 0.78, annualVolatility: 1.05, correlation: 0.6, spreadBps: 2 },
  { coin: 'DOGE', startPrice: 0.21, annualVolatility: 1.1, correlation: 0.6, spreadBps: 1.5 },
  { coin: 'XRP', startPrice: 2.1, annualVolatility: 1, correlation: 0.6, spreadBps: 1.2 },
  { coin: 'WIF', startPrice: 1.9, annualVolatility: 1.4, correlation: 0.5, spreadBps: 3 },
];

const SPOT_TAPE = { activity: 0.6, basisBps: 0 };
const LINEAR_TAPE = { activity: 0.5, basisBps: 4 };

const spot = (symbol: string): Listing => ({ category: 'spot', symbol });
const linear = (symbol: string): Listing => ({ category: 'linear', symbol });

export const SYNTHETIC_LISTINGS: readonly Listing[] = [
  spot('BTCUSDT'),
  spot('ETHUSDT'),
  linear('BTCUSDT'),
  linear('ETHUSDT'),
  linear('ADAUSDT'),
  linear('DOGEUSDT'),
  linear('XRPUSDT'),
  linear('WIFUSDT'),
];

export interface SyntheticOptions {
  readonly seed: string;
  readonly listings?: readonly Listing[];
  /** Continues the seed's path after this time; null starts at the origin. */
  readonly resumeAt: Instant | null;
  readonly window?: SyntheticWindow;
}

/** The same path for every window: fewer steps show less of it. */
export interface SyntheticWindow {
  /** The last step is no later; absent: there is no end. */
  readonly to?: Instant | undefined;
  /** Between two steps; a part of a minute. Each shows the last of its seconds. */
  readonly stepMs?: number | undefined;
}

/** The seconds of a step that ends at `at`, none before `from`. */
export function* secondsOf(at: Instant, stepMs: number, from: Instant): Iterable<{ readonly minute: number; readonly second: number }> {
  for (let each = Math.max(from, at - stepMs + STEP_MS); each <= at; each += STEP_MS) {
    yield { minute: Math.floor(each / MINUTE_MS), second: (each % MINUTE_MS) / STEP_MS };
  }
}

/** The first step after a time. */
export const stepAfter = (time: Instant, stepMs: number): Instant => time - (time % stepMs) + stepMs;

/** @throws RangeError where a listing is not one of `SYNTHETIC_LISTINGS`. */
export class SyntheticMarket implements MarketProcess {
  readonly listings: readonly Played[];
  readonly opening: readonly Opening[];
  readonly start: Instant;
  readonly end: Instant | null;
  readonly gaps = [];
  readonly #tapes: readonly SyntheticTape[];
  readonly #byKey: ReadonlyMap<ListingKey, SyntheticTape>;
  readonly #stepMs: number;
  /** The first second that is not played. */
  readonly #first: Instant;
  #next: Instant;

  constructor({ seed, listings = SYNTHETIC_LISTINGS, resumeAt, window = {} }: SyntheticOptions) {
    this.start = Math.max(SYNTHETIC_ORIGIN, resumeAt ?? SYNTHETIC_ORIGIN);
    this.#stepMs = window.stepMs ?? STEP_MS;
    this.end = window.to ?? null;
    this.#first = stepAfter(this.start, STEP_MS);
    this.#next = stepAfter(this.start, this.#stepMs);
    this.#tapes = createTapes(seed, listings);
    this.#byKey = new Map(this.#tapes.map((tape) => [tape.key, tape]));
    this.listings = listings.map(({ category, symbol }) => played(category, symbol));
    this.opening = this.#preroll();
  }

  next(): Promise<Step | null> {
    const at = this.#next;
    if (this.end !== null && at > this.end) return Promise.resolve(null);
    this.#next += this.#stepMs;
    const books = new Map<SyntheticTape, BookUpdate>();
    const trades = new Map<SyntheticTape, TapeTrade>();
    for (const { minute, second } of secondsOf(at, this.#stepMs, this.#first)) {
      for (const tape of this.#tapes) {
        tape.enter(minute);
        if (!tape.play(second)) continue;
        books.set(tape, tape.book(second));
        trades.set(tape, tape.trade(second));
      }
    }
    return Promise.resolve({ at, books: [...books.values()], trades: [...trades.values()] });
  }

  peek(): Promise<Instant | null> {
    return Promise.resolve(this.end !== null && this.#next > this.end ? null : this.#next);
  }

  history(key: ListingKey, query: HistoryQuery): readonly TapeBar[] {
    return this.#byKey.get(key)?.bars.select(query) ?? [];
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The bars before the first step are those that playing would have made. */
  #preroll(): readonly Opening[] {
    const opening = new Map<ListingKey, Opening>();
    const last = Math.floor(this.#first / MINUTE_MS);
    for (let minute = last - PREROLL_MINUTES; minute <= last; minute++) {
      const seconds = minute < last ? SECONDS : (this.#first % MINUTE_MS) / STEP_MS;
      for (const tape of this.#tapes) {
        tape.enter(minute);
        for (let second = 0; second < seconds; second++) {
          if (!tape.play(second) || minute < last - 1) continue;
          opening.set(tape.key, { at: minute * MINUTE_MS + second * STEP_MS, book: tape.book(second) });
        }
      }
    }
    return [...opening.values()];
  }
}

function createTapes(seed: string, listings: readonly Listing[]): readonly SyntheticTape[] {
  const firstMinute = SYNTHETIC_ORIGIN / MINUTE_MS - PREROLL_MINUTES;
  const paths = new Map<string, CoinPath>();
  return listings.map(({ category, symbol }) => {
    const { instrument } = played(category, symbol);
    const model = COINS.find(({ coin }) => coin === instrument.base);
    if (model === undefined) throw unknown(category, symbol);
    const path = paths.get(model.coin) ?? new CoinPath(seed, model, firstMinute);
    paths.set(model.coin, path);
    const tape: TapeModel = { spreadBps: model.spreadBps, ...(category === 'spot' ? SPOT_TAPE : LINEAR_TAPE) };
    return new SyntheticTape(seed, instrument, tape, path);
  });
}

function played(category: Category, symbol: string): Played {
  const instrument = knownInstrument(category, symbol);
  if (instrument === undefined) throw unknown(category, symbol);
  return { key: listingKey(category, symbol), instrument, priceDecimals: decimalsOf(instrument.tick) };
}

function unknown(category: Category, symbol: string): RangeError {
  const known = SYNTHETIC_LISTINGS.map((listing) => listingKey(listing.category, listing.symbol)).join(', ');
  return new RangeError(`the synthetic market has no ${listingKey(category, symbol)}; it has ${known}`);
}
