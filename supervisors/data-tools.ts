/** The history of a data directory for the command line, which may not import venues: download, import, list, check. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ensureDirectory, isNotFound, syncDirectory } from '#state/files.ts';
import type { Market } from '#trading/model/market.ts';
import { assertLoopback } from '#venues/bybit/endpoints.ts';
import { DataFileError } from '#venues/embedded/market/inspect.ts';
import { downloadRows, type DownloadOptions, type Downloaded, type Progress } from '#venues/history/bybit-download.ts';
import { openBybitSource } from '#venues/history/bybit-source.ts';
import { inspectDataFile, type DataFileInfo } from '#venues/history/data-file.ts';
import { HistoryError } from '#venues/history/history-error.ts';
import type { HistorySource } from '#venues/history/history-source.ts';
import { openIbkrSource } from '#venues/history/ibkr-source.ts';
import { INTERVAL_NAMES, intervalName, intervalOf } from '#venues/history/intervals.ts';
import { SystemError } from './system-error.ts';

export { INTERVAL_NAMES, intervalName };
export type { DataFileInfo, Progress };

export interface DataSymbol {
  readonly category: 'spot' | 'linear' | 'pair';
  /** As the venue writes it: BTCUSDT, EUR.USD. */
  readonly venueSymbol: string;
}

export interface DownloadRequest extends Pick<DownloadOptions, 'from' | 'to' | 'signal' | 'onProgress' | 'onNote'> {
  readonly market: Market;
  /** Where a running embedded venue listens; null elsewhere. */
  readonly endpoints: { readonly rest: string; readonly ws: string } | null;
  /** Where TWS listens, for pairs; its client id is of no other session of the house. */
  readonly tws: { readonly host: string; readonly port: number; readonly clientId: number } | null;
  readonly symbol: DataSymbol;
  /** Name of an interval; null for funding rates. */
  readonly interval: string | null;
  /** Null: where `--play` and `data list` find it. */
  readonly out: string | null;
  readonly dataDir: string;
}

/** What is wrong, for a person: a file's error has its line and what would be right. */
export interface DataProblem {
  readonly message: string;
  readonly line: number | null;
  readonly what: string;
  readonly right: string | null;
}

export type Checked = { readonly info: DataFileInfo; readonly problem: null } | { readonly info: null; readonly problem: DataProblem };

const ASSET_OF = { spot: 'crypto_spot', linear: 'crypto_futures', pair: 'forex' } as const;
const ASSETS = Object.values(ASSET_OF);
const DATA_FILE = /\.csv(\.gz)?$/;
const FILES_MAX = 1000;
const OWNER_ONLY_FILE = 0o600;

const historyDir = (dataDir: string, { category }: Pick<DataSymbol, 'category'>): string => join(resolve(dataDir), 'history', ASSET_OF[category]);

/** Where a download goes without `out`. */
export function downloadPath({ out, dataDir, symbol, interval }: Pick<DownloadRequest, 'out' | 'dataDir' | 'symbol' | 'interval'>): string {
  return out === null
    ? join(historyDir(dataDir, symbol), `${symbol.venueSymbol}-${symbol.category === 'pair' ? 'ibkr' : 'bybit'}-${interval ?? 'funding'}.csv`)
    : resolve(out);
}

/** @throws SystemError for what a person asked wrongly. A venue's or a file's refusal is a value. */
export async function downloadHistory(request: DownloadRequest): Promise<Downloaded | DataProblem> {
  const path = downloadPath(request);
  if (path.endsWith('.gz')) throw new SystemError(`--out ${path}: a gzip file cannot be gone on with after an interruption; name a .csv file`);
  let source: (HistorySource & { close(): Promise<void> }) | null = null;
  try {
    source = await openSource(request);
    if (request.out === null) ensureDirectory(dirname(path));
    return await downloadRows(source, { ...request, path, kind: request.interval === null ? 'funding' : 'candles' });
  } catch (error) {
    return problemOf(error);
  } finally {
    await source?.close();
  }
}

function openSource({ market, endpoints, tws, symbol, interval, onNote }: DownloadRequest): Promise<HistorySource & { close(): Promise<void> }> {
  const { category, venueSymbol } = symbol;
  const trouble = onNote !== undefined && { onTrouble: onNote };
  if (category === 'pair') {
    if (tws === null || interval === null) throw new SystemError(`${venueSymbol}: bars of a pair are TWS's; say where it listens`);
    const { clientId, ...address } = tws;
    const paced = market !== 'embedded';
    return openIbkrSource({ address, clientId, symbol: venueSymbol.replace('.', '/'), intervalMs: intervalOf(interval).ms, paced, ...trouble });
  }
  if (endpoints !== null) refuseNotLoopback(endpoints);
  const of = { environment: market, endpoints, category, venueSymbol };
  return openBybitSource({ ...of, interval: interval === null ? null : intervalOf(interval), ...trouble });
}

function refuseNotLoopback({ rest, ws }: { readonly rest: string; readonly ws: string }): void {
  try {
    assertLoopback({ rest, ws }, 'the venue');
  } catch (error) {
    throw new SystemError(`--rest/--ws: ${(error as Error).message}`);
  }
}

/** Reads one file whole. */
export async function checkFile(path: string): Promise<Checked> {
  try {
    return { info: await inspectDataFile(path), problem: null };
  } catch (error) {
    return { info: null, problem: problemOf(error) };
  }
}

function problemOf(error: unknown): DataProblem {
  if (error instanceof DataFileError) return { message: error.message, line: error.line, what: error.what, right: error.right };
  if (error instanceof HistoryError) return { message: error.message, line: null, what: error.message, right: null };
  throw error;
}

export type Imported = { readonly path: string; readonly sha256: string; readonly info: DataFileInfo } | DataProblem;

/** What is checked is the copy, which is then given its name: no later change of the original, no half copy. */
export async function importFile(source: string, symbol: DataSymbol, dataDir: string, force: boolean): Promise<Imported> {
  const first = await checkFile(source);
  if (first.problem !== null) return first.problem;
  const directory = historyDir(dataDir, symbol);
  ensureDirectory(directory);
  const path = join(directory, nameFor(source, symbol));
  const temp = join(directory, `.${basename(path)}.${process.pid}.tmp`);
  try {
    const sha256 = await copyDurably(source, temp);
    const refusal = force ? null : await duplicate(path, temp, sha256, directory);
    if (refusal !== null) return refused(refusal);
    const copied = await checkFile(temp);
    if (copied.problem !== null) return refused(`${source}: changed while it was copied (${copied.problem.what}); import it when nobody writes it`);
    await rename(temp, path);
    await syncDirectory(directory);
    return { path, sha256, info: { ...copied.info, path } };
  } finally {
    await rm(temp, { force: true });
  }
}

const refused = (message: string): DataProblem => ({ message, line: null, what: message, right: null });

/** The name of a file under history/ begins with its symbol, so that `--play` needs no `--symbol`. */
function nameFor(source: string, { venueSymbol }: DataSymbol): string {
  const plain = basename(source).replaceAll(/[^A-Za-z0-9._-]/g, '-');
  const named = plain.split(/[-_.]/)[0] === venueSymbol ? plain : `${venueSymbol}-${plain}`;
  return DATA_FILE.test(named) ? named : `${named}.csv`;
}

async function duplicate(path: string, temp: string, sha256: string, directory: string): Promise<string | null> {
  if ((await sizeOf(path)) !== null) return `${path}: is there already; --force replaces it`;
  const size = await sizeOf(temp);
  for (const name of await dataFiles(directory)) {
    const other = join(directory, name);
    if ((await sizeOf(other)) === size && (await hashOf(other)) === sha256)
      return `${other}: holds the same bytes already; --force keeps a second copy`;
  }
  return null;
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function copyDurably(source: string, temp: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(temp, 'w', OWNER_ONLY_FILE);
  try {
    for await (const chunk of createReadStream(source)) {
      // Without an encoding a stream of a file yields buffers.
      hash.update(chunk as Buffer);
      await file.writeFile(chunk as Buffer);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

export interface Listed {
  readonly file: string;
  readonly asset: string;
  readonly checked: Checked;
}

/** Every file of the history, each read whole. @throws SystemError where there are more than `FILES_MAX`. */
export async function listHistory(dataDir: string): Promise<readonly Listed[]> {
  const listed: Listed[] = [];
  for (const asset of ASSETS) {
    const directory = join(resolve(dataDir), 'history', asset);
    for (const name of await dataFiles(directory)) {
      if (listed.length >= FILES_MAX) throw new SystemError(`${directory}: more than ${FILES_MAX} files; move some of them away`);
      const file = join(directory, name);
      listed.push({ file, asset, checked: await checkFile(file) });
    }
  }
  return listed;
}

async function dataFiles(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).filter((name) => DATA_FILE.test(name) && !name.startsWith('.')).sort();
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}
