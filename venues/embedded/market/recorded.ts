/** A market of recorded files, merged by time. Nothing is played before every file was read whole and found right. */
import type { Instant } from '#trading/model/instrument.ts';
import { openFundingTape } from './funding-tape.ts';
import { decimalsOf, derivedInstrument, knownInstrument } from '../instruments.ts';
import { listingKey, type Category, type ListingKey } from '../listing.ts';
import { FileSource, type Point } from './file-source.ts';
import { DataFileError, inspectFile, type FileInfo } from './inspect.ts';
import { MinuteBars } from './minute-bars.ts';
import type { Gaps, HistoryQuery, MarketProcess, Opening, Played, Step, TapeBar } from './process.ts';
import type { FileKind } from './row.ts';

export const FILES_MAX = 16;

export interface RecordedFile {
  /** Absolute. */
  readonly path: string;
  readonly category: Category;
  readonly venueSymbol: string;
  /** Where given, a file of another kind is refused. */
  readonly kind?: FileKind | undefined;
}

export interface RecordedOptions {
  readonly files: readonly RecordedFile[];
  /** Recorded rates of perpetuals among the files. */
  readonly funding?: readonly { readonly path: string; readonly venueSymbol: string }[];
  /** Earlier points are history only; UTC milliseconds. */
  readonly from?: Instant | undefined;
  /** Later points are not played. */
  readonly to?: Instant | undefined;
  /** Skips what is at or before it. */
  readonly resumeAt: Instant | null;
}

interface Source {
  readonly listing: Played;
  readonly file: FileSource;
  readonly bars: MinuteBars;
}

/** @throws DataFileError */
export async function openRecorded(options: RecordedOptions): Promise<RecordedMarket> {
  const { files } = options;
  if (files.length === 0 || files.length > FILES_MAX) throw new RangeError(`${files.length} files to play; 1 to ${FILES_MAX} can be`);
  const inspected: { readonly info: FileInfo; readonly listing: Played }[] = [];
  for (const file of files) {
    const info = await inspectFile(file.path);
    if (file.kind !== undefined && file.kind !== info.kind) {
      throw new DataFileError(file.path, 1, `holds ${info.kind}`, `it was given as ${file.kind}`);
    }
    inspected.push({ info, listing: await funded(playedAs(file, info), options.funding ?? []) });
  }
  refuseTwice(inspected.map(({ info, listing }) => ({ path: info.path, key: listing.key })));
  const market = new RecordedMarket(options, inspected);
  try {
    await market.skip();
  } catch (error) {
    await market.close();
    throw error;
  }
  return market;
}

export class RecordedMarket implements MarketProcess {
  readonly listings: readonly Played[];
  opening: readonly Opening[] = [];
  readonly start: Instant;
  readonly end: Instant;
  readonly gaps: readonly Gaps[];
  readonly #sources: readonly Source[];
  readonly #byKey: ReadonlyMap<ListingKey, Source>;
  readonly #from: Instant;
  readonly #after: Instant;

  constructor({ from, to, resumeAt }: RecordedOptions, inspected: readonly { readonly info: FileInfo; readonly listing: Played }[]) {
    const first = Math.min(...inspected.map(({ info }) => info.firstAt));
    const last = Math.max(...inspected.map(({ info }) => info.lastAt + lastPointMs(info)));
    this.#from = Math.max(first, from ?? first);
    this.#after = resumeAt ?? -Infinity;
    this.end = Math.min(last, to ?? last);
    this.start = Math.max(this.#from, resumeAt ?? this.#from);
    this.#sources = inspected.map(({ info, listing }) => ({
      listing,
      file: new FileSource(info, listing.instrument, listing.priceDecimals),
      bars: new MinuteBars(),
    }));
    this.#byKey = new Map(this.#sources.map((source) => [source.listing.key, source]));
    this.listings = inspected.map(({ listing }) => listing);
    this.gaps = inspected
      .filter(({ info }) => info.gaps > 0)
      .map(({ info }) => ({ file: info.path, gaps: info.gaps, missingBars: info.missingBars, largestGapMs: info.largestGapMs }));
  }

  /** Reads what lies before the window, or was played before, into the history. */
  async skip(): Promise<void> {
    const opening: Opening[] = [];
    for (const source of this.#sources) {
      let latest: Point | null = null;
      let point = await head(source);
      for (; point !== null && this.#isPast(point.at); point = await head(source)) {
        take(source, point);
        latest = point;
      }
      const shown = latest ?? point;
      if (shown !== null) opening.push({ at: Math.min(shown.at, this.start), book: shown.book });
    }
    this.opening = opening;
  }

  async next(): Promise<Step | null> {
    const at = await this.peek();
    if (at === null) return null;
    const books = [];
    const trades = [];
    for (const source of this.#sources) {
      const point = source.file.head();
      if (point === undefined || point === null || point.at !== at) continue;
      take(source, point);
      books.push(point.book);
      if (point.trade !== null) trades.push(point.trade);
    }
    return { at, books, trades };
  }

  async peek(): Promise<Instant | null> {
    let earliest = Infinity;
    for (const source of this.#sources) {
      const known = source.file.head();
      const point = known === undefined ? await head(source) : known;
      if (point !== null && point.at < earliest) earliest = point.at;
    }
    return earliest <= this.end ? earliest : null;
  }

  history(key: ListingKey, query: HistoryQuery): readonly TapeBar[] {
    return this.#byKey.get(key)?.bars.select(query) ?? [];
  }

  async close(): Promise<void> {
    for (const { file } of this.#sources) await file.close();
  }

  #isPast(at: Instant): boolean {
    return at < this.#from || at <= this.#after;
  }
}

function take({ file, bars }: Source, point: Point): void {
  bars.add(point.at, point.price, point.volume);
  file.take();
}

async function head({ file }: Source): Promise<Point | null> {
  for (;;) {
    const point = file.head();
    if (point !== undefined) return point;
    await file.fill();
  }
}

/** The last bar is walked until three quarters of its interval. */
const lastPointMs = ({ intervalMs }: FileInfo): number => (intervalMs === null ? 0 : Math.floor((3 * intervalMs) / 4));

function playedAs({ category, venueSymbol, path }: RecordedFile, info: FileInfo): Played {
  if (info.kind === 'option_quotes') throw new DataFileError(path, 1, `holds quotes of options, not of ${venueSymbol}`, 'play it as options');
  const key = listingKey(category, venueSymbol);
  try {
    const instrument = knownInstrument(category, venueSymbol) ?? derivedInstrument(category, venueSymbol, info.priceDecimals, info.firstPrice);
    return { key, instrument, priceDecimals: Math.max(decimalsOf(instrument.tick), info.priceDecimals) };
  } catch (error) {
    throw new DataFileError(path, null, `cannot be played: ${(error as Error).message}`, 'give it a symbol like BTCUSDT');
  }
}

/** With the rates and the schedule that were recorded of it. */
async function funded(listing: Played, files: readonly { readonly path: string; readonly venueSymbol: string }[]): Promise<Played> {
  const file = files.find(({ venueSymbol }) => listingKey('linear', venueSymbol) === listing.key);
  if (file === undefined) return listing;
  const { intervalMs: fundingMs, rateAt } = await openFundingTape(file.path);
  return { ...listing, instrument: { ...listing.instrument, fundingMs }, fundingRate: rateAt };
}

function refuseTwice(played: readonly { readonly path: string; readonly key: ListingKey }[]): void {
  const seen = new Map<ListingKey, string>();
  for (const { path, key } of played) {
    const other = seen.get(key);
    if (other !== undefined) throw new DataFileError(path, null, `and ${other} both hold ${key}`, 'play one file a symbol');
    seen.set(key, path);
  }
}
