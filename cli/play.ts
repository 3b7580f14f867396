/** What `--play` names: recorded files, each with the symbol it stands for. The symbol comes from the manifest, `--symbol`, or the file's name. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { UsageError } from './output.ts';

export interface PlayFile {
  readonly path: string;
  /** Bybit's two, and IBKR's three: a pair, a share, the options on one. */
  readonly category: 'spot' | 'linear' | 'pair' | 'share' | 'options';
  /** As the venue writes it: BTCUSDT, EUR.USD, AAPL. */
  readonly venueSymbol: string;
  /** Unified: BTC/USDT, ADA/USDT:USDT or EUR/USD; of shares and options the share's. */
  readonly symbol: string;
  /** Funding rates of the perpetual, not its prices. */
  readonly isFunding?: boolean;
}

export const isBybit = ({ category }: Pick<PlayFile, 'category'>): boolean => category === 'spot' || category === 'linear';

const MANIFEST_DEPTH_MAX = 6;
const QUOTES = ['USDT', 'USDC', 'USD'] as const;

const manifestSchema = z.object({
  sets: z.array(z.object({ file: z.string(), asset_class: z.string(), kind: z.string(), symbol: z.string(), venue: z.string().optional() })),
});
type ManifestEntry = z.infer<typeof manifestSchema>['sets'][number];

/** @throws UsageError where a file's symbol cannot be told, or it is not one that a wired venue can play. */
export async function resolvePlayFiles(paths: readonly string[], symbol: string | undefined): Promise<readonly PlayFile[]> {
  if (symbol !== undefined && paths.length > 1) throw new UsageError('--symbol names one symbol; give one --play file with it');
  const files: PlayFile[] = [];
  for (const path of paths) {
    const absolute = resolve(path);
    const found = symbol === undefined ? ((await fromManifest(absolute)) ?? fromName(absolute)) : fromSymbol(symbol, absolute);
    if (found === null)
      throw new UsageError(
        `--play ${path}: its symbol is not known; add --symbol BTC/USDT (spot), --symbol ADA/USDT:USDT (perpetual) or --symbol EUR/USD (a pair)`,
      );
    files.push(isFundingName(absolute) && found.category === 'linear' ? { path: absolute, ...found, isFunding: true } : { path: absolute, ...found });
  }
  files.push(...(await sharesOf(files)));
  const seen = new Set<string>();
  for (const { symbol: name, category, isFunding } of files) {
    const key = category === 'options' ? `the options on ${name}` : isFunding === true ? `the funding of ${name}` : name;
    if (seen.has(key)) throw new UsageError(`--play: ${key} stands in two files; one file a symbol`);
    seen.add(key);
  }
  const bare = files.find(
    ({ isFunding, symbol: name }) => isFunding === true && !files.some((other) => other.symbol === name && other.isFunding !== true),
  );
  if (bare !== undefined)
    throw new UsageError(`--play ${bare.path}: funding of ${bare.symbol} without its prices; name a file of its candles or quotes too`);
  if (files.some(isBybit) && !files.every(isBybit)) {
    throw new UsageError("--play: recordings of Bybit's and of IBKR's contracts are played one broker at a time");
  }
  return files;
}

type Found = Omit<PlayFile, 'path'>;

/** @throws UsageError where it is no symbol. A plain BTCUSDT is spot. */
export const parseSymbol = (symbol: string): NamedSymbol => fromSymbol(symbol, '');

/** The symbol that a file's name and directory tell, or null. */
export const fileSymbol = (path: string): NamedSymbol | null => fromName(path);

/** What a name alone can tell. */
export type NamedSymbol = Found & { readonly category: 'spot' | 'linear' | 'pair' };

function fromSymbol(symbol: string, path: string): NamedSymbol {
  const currencies = /^([A-Z]{3})[/.]?([A-Z]{3})$/.exec(symbol);
  if (currencies !== null && isCurrencies(currencies[1] ?? '', currencies[2] ?? '')) return pairOf(currencies[1] ?? '', currencies[2] ?? '');
  const unified = /^([A-Z0-9]{1,20})\/([A-Z]{2,10})(:[A-Z]{2,10})?$/.exec(symbol);
  if (unified !== null) return found(unified[1] ?? '', unified[2] ?? '', unified[3] !== undefined);
  const plain = split(symbol);
  if (plain === null) throw new UsageError(`--symbol ${symbol}: must look like BTC/USDT, ADA/USDT:USDT or BTCUSDT`);
  return found(plain.base, plain.quote, isLinearName(path));
}

async function fromManifest(path: string): Promise<Found | null> {
  const found = await manifestOf(path);
  const entry = found?.sets.find(({ file }) => file === nameIn(found.directory, path));
  return entry === undefined ? null : fromEntry(entry, path);
}

interface Manifest {
  readonly directory: string;
  readonly sets: readonly ManifestEntry[];
}

/** The nearest manifest above the file that names it, or null. */
async function manifestOf(path: string): Promise<Manifest | null> {
  let directory = dirname(path);
  for (let depth = 0; depth < MANIFEST_DEPTH_MAX; depth++) {
    const sets = await readManifest(directory);
    if (sets.some(({ file }) => file === nameIn(directory, path))) return { directory, sets };
    const parent = dirname(directory);
    if (parent === directory) return null;
    directory = parent;
  }
  return null;
}

const nameIn = (directory: string, path: string): string => relative(directory, path).split(sep).join('/');

async function readManifest(directory: string): Promise<readonly ManifestEntry[]> {
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8'));
  } catch {
    return [];
  }
  return manifestSchema.safeParse(raw).data?.sets ?? [];
}

function fromEntry(entry: ManifestEntry, path: string): Found {
  if (entry.asset_class === 'forex') return pair(entry.symbol.split('.')[0] ?? '', path);
  if (entry.asset_class === 'options') return ofShare(entry, path);
  if (entry.asset_class !== 'crypto_spot' && entry.asset_class !== 'crypto_perp') {
    throw new UsageError(`--play ${path}: ${entry.asset_class} needs a wire that is not built yet; play crypto, forex or option files`);
  }
  const parts = split(entry.symbol.split('.')[0] ?? '');
  if (parts === null) throw new UsageError(`--play ${path}: the manifest's symbol ${entry.symbol} is not a pair; add --symbol`);
  return found(parts.base, parts.quote, entry.asset_class === 'crypto_perp');
}

/** EURUSD of a manifest. */
function pair(plain: string, path: string): Found {
  const match = /^([A-Z]{3})([A-Z]{3})$/.exec(plain);
  if (match === null) throw new UsageError(`--play ${path}: the manifest's symbol ${plain} is no pair of currencies`);
  return pairOf(match[1] ?? '', match[2] ?? '');
}

/** Options are chosen by the price of their share: its candles that the same manifest has are played with them. */
async function sharesOf(files: readonly PlayFile[]): Promise<readonly PlayFile[]> {
  const shares: PlayFile[] = [];
  for (const { path, category, symbol } of files) {
    if (category !== 'options' || files.some((file) => file.category === 'share' && file.symbol === symbol)) continue;
    const found = await manifestOf(path);
    const entry = found?.sets.find(({ kind, asset_class: asset, symbol: of }) => kind === 'candles' && asset === 'options' && of === symbol);
    if (found !== null && entry !== undefined)
      shares.push({ path: join(found.directory, entry.file), category: 'share', venueSymbol: symbol, symbol });
  }
  return shares;
}

/** Currencies of states: what else is quoted in USD is a coin's. */
const CURRENCIES = new Set(['USD', 'EUR', 'GBP', 'AUD', 'NZD', 'CAD', 'CHF', 'JPY', 'SGD', 'HKD', 'SEK', 'NOK', 'MXN']);
const isCurrencies = (base: string, quote: string): boolean => base !== quote && CURRENCIES.has(base) && CURRENCIES.has(quote);
const pairOf = (base: string, quote: string): NamedSymbol => ({ category: 'pair', venueSymbol: `${base}.${quote}`, symbol: `${base}/${quote}` });

/** Candles are the share's, option quotes those of its options. */
function ofShare({ kind, symbol }: ManifestEntry, path: string): Found {
  if (kind === 'candles') return { category: 'share', venueSymbol: symbol, symbol };
  if (kind === 'option_quotes') return { category: 'options', venueSymbol: symbol, symbol };
  throw new UsageError(`--play ${path}: ${kind} cannot be played; play option_quotes, or candles of the share`);
}

/** A manifest keeps them in a directory of that name, and `data download --funding` says it in the file's. */
const isFundingName = (path: string): boolean => /[\\/]funding[\\/][^\\/]+$|-funding\.csv(\.gz)?$/.test(path);

function fromName(path: string): NamedSymbol | null {
  const name = basename(path).split(/[-_]/)[0] ?? '';
  const currencies = /^([A-Z]{3})[.]?([A-Z]{3})$/.exec(name);
  if (currencies !== null && isCurrencies(currencies[1] ?? '', currencies[2] ?? '')) return pairOf(currencies[1] ?? '', currencies[2] ?? '');
  const parts = split(name.split('.')[0] ?? '');
  return parts === null ? null : found(parts.base, parts.quote, isLinearName(path));
}

/** Below history/ the directory is the asset; elsewhere a word in the path has to do. */
function isLinearName(path: string): boolean {
  const asset = /[\\/]history[\\/](crypto_spot|crypto_futures)[\\/][^\\/]+$/.exec(path)?.[1];
  return asset === undefined ? /linear|perp|usdm/i.test(path) : asset === 'crypto_futures';
}

function split(symbol: string): { base: string; quote: string } | null {
  const quote = QUOTES.find((end) => symbol.endsWith(end) && symbol.length > end.length);
  return quote === undefined || !/^[A-Z0-9]+$/.test(symbol) ? null : { base: symbol.slice(0, -quote.length), quote };
}

function found(base: string, quote: string, linear: boolean): NamedSymbol {
  return {
    category: linear ? 'linear' : 'spot',
    venueSymbol: `${base}${quote}`,
    symbol: linear ? `${base}/${quote}:${quote}` : `${base}/${quote}`,
  };
}
