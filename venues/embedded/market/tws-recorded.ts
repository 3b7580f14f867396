/** Recorded pairs, shares and option chains for the TWS façade, merged by time. Nothing is played before every file was read whole and found right. */
import type { Instant } from '#trading/model/instrument.ts';
import { price } from '#trading/money/decimal.ts';
import type { Instrument } from '../instruments.ts';
import { optionName, type ChainTerms } from '../tws/contracts.ts';
import { FileSource, type Point } from './file-source.ts';
import { DataFileError, inspectFile, readRows, type FileInfo } from './inspect.ts';
import type { Gaps } from './process.ts';
import type { OptionRow } from './row.ts';
import type { TwsMarket, TwsQuote, TwsStep } from './tws-market.ts';

export interface TwsFile {
  /** Absolute. */
  readonly path: string;
  readonly what: 'pair' | 'share' | 'options';
  /** `EUR.USD`, `AAPL`; of options the underlying. */
  readonly symbol: string;
}

export interface TwsRecordedOptions {
  readonly files: readonly TwsFile[];
  /** Earlier points are history only; UTC milliseconds. */
  readonly from?: Instant | undefined;
  /** Later points are not played. */
  readonly to?: Instant | undefined;
  /** Skips what is at or before it. */
  readonly resumeAt: Instant | null;
  /** When a market without files begins, and ends: nothing is shown in it. */
  readonly still: Instant;
}

/** What is read of one file: the next moment it has something at, and what. */
interface Source {
  peek(): Promise<Instant | null>;
  take(): Promise<readonly TwsQuote[]>;
  close(): Promise<void>;
}

/** Quotes before the first step that are kept: the newest, for history. */
const BEFORE_MAX = 20_000;

/** @throws DataFileError */
export async function openTwsRecorded(options: TwsRecordedOptions): Promise<TwsMarket> {
  const inspected = await Promise.all(options.files.map(async (file) => ({ file, info: await inspectFile(file.path) })));
  const chains: ChainTerms[] = [];
  const sources: Source[] = [];
  for (const { file, info } of inspected) {
    if ((file.what === 'options') !== (info.kind === 'option_quotes')) {
      throw new DataFileError(file.path, 1, `holds ${info.kind}`, `it was given as ${file.what}`);
    }
    if (file.what === 'options') {
      chains.push(await chainOf(file));
      sources.push(new OptionSource(file.path));
    } else sources.push(new PointSource(file, info));
  }
  const market = new TwsRecorded(options, inspected, chains.length === 0 ? null : chains, sources);
  await market.skip();
  return market;
}

class TwsRecorded implements TwsMarket {
  readonly chains: readonly ChainTerms[] | null;
  before: readonly TwsQuote[] = [];
  readonly start: Instant;
  readonly end: Instant;
  readonly gaps: readonly Gaps[];
  readonly #from: Instant;
  readonly #after: Instant;
  readonly #sources: readonly Source[];

  constructor(
    { from, to, resumeAt, still }: TwsRecordedOptions,
    inspected: readonly { readonly info: FileInfo }[],
    chains: readonly ChainTerms[] | null,
    sources: readonly Source[],
  ) {
    const isStill = inspected.length === 0;
    const first = isStill ? still : Math.min(...inspected.map(({ info }) => info.firstAt));
    const last = isStill ? still : Math.max(...inspected.map(({ info }) => info.lastAt + Math.floor((3 * (info.intervalMs ?? 0)) / 4)));
    this.chains = chains;
    this.#from = Math.max(first, from ?? first);
    this.#after = resumeAt ?? -Infinity;
    this.#sources = sources;
    this.end = Math.min(last, to ?? last);
    this.start = Math.max(this.#from, resumeAt ?? this.#from);
    this.gaps = inspected
      .filter(({ info }) => info.gaps > 0)
      .map(({ info }) => ({ file: info.path, gaps: info.gaps, missingBars: info.missingBars, largestGapMs: info.largestGapMs }));
  }

  /** What lies before the window, or was played before, is history: and the newest of each symbol stands when it begins. */
  async skip(): Promise<void> {
    const kept: TwsQuote[] = [];
    const newest = new Map<string, TwsQuote>();
    for (let at = await this.#earliest(); at !== null && (at < this.#from || at <= this.#after); at = await this.#earliest()) {
      for (const quote of await this.#takeAt(at)) {
        kept.push(quote);
        newest.set(quote.symbol, quote);
      }
      if (kept.length > 2 * BEFORE_MAX) kept.splice(0, kept.length - BEFORE_MAX);
    }
    const window = kept.slice(-BEFORE_MAX);
    const within = new Set(window);
    this.before = [...[...newest.values()].filter((quote) => !within.has(quote)), ...window].sort((left, right) => left.at - right.at);
  }

  async next(): Promise<TwsStep | null> {
    const at = await this.peek();
    return at === null ? null : { at, quotes: await this.#takeAt(at) };
  }

  async peek(): Promise<Instant | null> {
    const at = await this.#earliest();
    return at !== null && at <= this.end ? at : null;
  }

  async close(): Promise<void> {
    for (const source of this.#sources) await source.close();
  }

  async #takeAt(at: Instant): Promise<readonly TwsQuote[]> {
    const quotes: TwsQuote[] = [];
    for (const source of this.#sources) if ((await source.peek()) === at) quotes.push(...(await source.take()));
    return quotes;
  }

  async #earliest(): Promise<Instant | null> {
    let earliest: Instant | null = null;
    for (const source of this.#sources) {
      const at = await source.peek();
      if (at !== null && (earliest === null || at < earliest)) earliest = at;
    }
    return earliest;
  }
}

/** Quotes of one pair or share, or candles that are walked. */
class PointSource implements Source {
  readonly #symbol: string;
  readonly #file: FileSource;

  constructor({ symbol, what }: TwsFile, info: FileInfo) {
    this.#symbol = symbol;
    this.#file = new FileSource(info, what === 'pair' ? PAIR : SHARE, info.priceDecimals);
  }

  async peek(): Promise<Instant | null> {
    return (await this.#head())?.at ?? null;
  }

  async take(): Promise<readonly TwsQuote[]> {
    const point = await this.#head();
    if (point === null) return [];
    this.#file.take();
    const { bid, bidSize, ask, askSize } = point.book;
    return [{ symbol: this.#symbol, bid, bidSize, ask, askSize, at: point.at }];
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #head(): Promise<Point | null> {
    for (;;) {
      const point = this.#file.head();
      if (point !== undefined) return point;
      await this.#file.fill();
    }
  }
}

/** Every contract that has a row at the time is taken with it. */
class OptionSource implements Source {
  readonly #rows: AsyncGenerator<readonly OptionRow[], void>;
  #batch: readonly OptionRow[] = [];
  #row = 0;
  #ended = false;

  constructor(path: string) {
    this.#rows = optionRows(path);
  }

  async peek(): Promise<Instant | null> {
    return (await this.#head())?.at ?? null;
  }

  async take(): Promise<readonly TwsQuote[]> {
    const at = await this.peek();
    const quotes: TwsQuote[] = [];
    for (let row = await this.#head(); row !== null && row.at === at; row = await this.#head()) {
      const { underlying, expiry, right, strike, bid, ask, bidSize, askSize } = row;
      quotes.push({ symbol: optionName(underlying, expiry, right, strike), bid, bidSize: bidSize || '1', ask, askSize: askSize || '1', at: row.at });
      this.#row++;
    }
    return quotes;
  }

  async close(): Promise<void> {
    this.#ended = true;
    await this.#rows.return(undefined);
  }

  async #head(): Promise<OptionRow | null> {
    while (this.#batch[this.#row] === undefined && !this.#ended) {
      const { value, done } = await this.#rows.next();
      this.#batch = done === true ? [] : value;
      this.#row = 0;
      this.#ended = done === true;
    }
    return this.#batch[this.#row] ?? null;
  }
}

async function* optionRows(path: string): AsyncGenerator<readonly OptionRow[], void> {
  for await (const batch of readRows(path)) yield batch.filter((row) => row.kind === 'option_quotes');
}

async function chainOf({ path, symbol }: TwsFile): Promise<ChainTerms> {
  const only = new Set<string>();
  for await (const batch of optionRows(path)) {
    for (const { underlying, expiry, right, strike, line } of batch) {
      if (underlying !== symbol) throw new DataFileError(path, line, `holds options on ${underlying}`, `it was given as options on ${symbol}`);
      only.add(optionName(underlying, expiry, right, strike));
    }
  }
  return { symbol, lowestStrike: NOTHING, highestStrike: NOTHING, strikeStep: price('1'), only };
}

const NOTHING = price('0');
const unlisted = (tick: string, lot: string): Instrument => ({
  ...{ category: 'spot', symbol: '', base: '', quote: 'USD', tick, lot, minQty: lot, minNotional: '0' },
  ...{ maxQty: lot, maxMarketQty: lot, maxLeverage: '1', fundingCap: '0' },
});
/** Only the grid around walked prices and the size shown where none was recorded are used: a million of a currency, ten thousand shares. */
const PAIR = unlisted('0.00005', '100');
const SHARE = unlisted('0.01', '1');
