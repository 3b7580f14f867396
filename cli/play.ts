/** What `--play` names: recorded files, each with the symbol it stands for. The symbol comes from the manifest, `--symbol`, or the file's name. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { UsageError } from './output.ts';

export interface PlayFile {
  readonly path: string;
  readonly category: 'spot' | 'linear';
  /** As the venue writes it: BTCUSDT. */
  readonly venueSymbol: string;
  /** Unified: BTC/USDT or ADA/USDT:USDT. */
  readonly symbol: string;
}

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
      throw new UsageError(`--play ${path}: its symbol is not known; add --symbol BTC/USDT (spot) or --symbol ADA/USDT:USDT (perpetual)`);
    files.push({ path: absolute, ...found });
  }
  const seen = new Set<string>();
  for (const { symbol: name } of files) {
    if (seen.has(name)) throw new UsageError(`--play: ${name} stands in two files; one file a symbol`);
    seen.add(name);
  }
  return files;
}

type Found = Omit<PlayFile, 'path'>;

/** @throws UsageError where it is no symbol. A plain BTCUSDT is spot. */
export const parseSymbol = (symbol: string): Found => fromSymbol(symbol, '');

/** The symbol that a file's name and directory tell, or null. */
export const fileSymbol = (path: string): Found | null => fromName(path);

function fromSymbol(symbol: string, path: string): Found {
  const unified = /^([A-Z0-9]{1,20})\/([A-Z]{2,10})(:[A-Z]{2,10})?$/.exec(symbol);
  if (unified !== null) return found(unified[1] ?? '', unified[2] ?? '', unified[3] !== undefined);
  const plain = split(symbol);
  if (plain === null) throw new UsageError(`--symbol ${symbol}: must look like BTC/USDT, ADA/USDT:USDT or BTCUSDT`);
  return found(plain.base, plain.quote, isLinearName(path));
}

async function fromManifest(path: string): Promise<Found | null> {
  const entry = await manifestEntryOf(path);
  return entry === null ? null : fromEntry(entry, path);
}

/** What the manifest beside or above the file says it holds; null where there is none. */
export async function manifestEntryOf(path: string): Promise<ManifestEntry | null> {
  let directory = dirname(path);
  for (let depth = 0; depth < MANIFEST_DEPTH_MAX; depth++) {
    const entry = await manifestEntry(directory, path);
    if (entry !== null) return entry;
    const parent = dirname(directory);
    if (parent === directory) return null;
    directory = parent;
  }
  return null;
}

async function manifestEntry(directory: string, path: string): Promise<ManifestEntry | null> {
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8'));
  } catch {
    return null;
  }
  const manifest = manifestSchema.safeParse(raw);
  if (!manifest.success) return null;
  const name = relative(directory, path).split(sep).join('/');
  return manifest.data.sets.find(({ file }) => file === name) ?? null;
}

function fromEntry(entry: ManifestEntry, path: string): Found {
  if (entry.asset_class !== 'crypto_spot' && entry.asset_class !== 'crypto_perp') {
    throw new UsageError(`--play ${path}: ${entry.asset_class} needs a wire that is not built yet; play crypto spot or perpetual files`);
  }
  const parts = split(entry.symbol.split('.')[0] ?? '');
  if (parts === null) throw new UsageError(`--play ${path}: the manifest's symbol ${entry.symbol} is not a pair; add --symbol`);
  return found(parts.base, parts.quote, entry.asset_class === 'crypto_perp');
}

function fromName(path: string): Found | null {
  const parts = split(basename(path).split(/[-_.]/)[0] ?? '');
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

function found(base: string, quote: string, linear: boolean): Found {
  return {
    category: linear ? 'linear' : 'spot',
    venueSymbol: `${base}${quote}`,
    symbol: linear ? `${base}/${quote}:${quote}` : `${base}/${quote}`,
  };
}
