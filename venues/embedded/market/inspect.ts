/** Recorded files, read with care: every row is checked before any of it is played, and the first wrong one is named with its line. */
import type { Instant } from '#trading/model/instrument.ts';
import { parseRow, RowProblem, type FileKind, type Row } from './row.ts';
import { readCells } from './rows.ts';

const FILE_ROWS_MAX = 50_000_000;
/** Different distances between bars that are looked at to find the commonest one. */
const DISTANCES_MAX = 1000;
const SINGLE_BAR_MS = 60_000;

const HEADERS: Readonly<Record<string, FileKind>> = {
  'ts_ms,open,high,low,close,volume': 'candles',
  'ts_ms,bid,ask,bid_size,ask_size': 'quotes',
  'ts_ms,underlying,expiry,strike,right,bid,ask,bid_size,ask_size': 'option_quotes',
};

/** The one error of a recorded file: which file, which line (null where it is the whole), what is wrong, what would be right. */
export class DataFileError extends Error {
  override readonly name = 'DataFileError';
  readonly path: string;
  readonly line: number | null;
  readonly what: string;
  readonly right: string;

  constructor(path: string, line: number | null, what: string, right: string) {
    super(`${path}${line === null ? '' : ` line ${line}`}: ${what}; ${right}`);
    this.path = path;
    this.line = line;
    this.what = what;
    this.right = right;
  }
}

export interface FileInfo {
  readonly path: string;
  readonly kind: FileKind;
  readonly rows: number;
  /** Of the first and last row, UTC milliseconds. */
  readonly firstAt: Instant;
  readonly lastAt: Instant;
  /** Candles: the commonest distance between bars; null for quotes. */
  readonly intervalMs: number | null;
  /** Candles: places where bars are missing, how many, and the longest silence between two bars. Missing bars stay missing. */
  readonly gaps: number;
  readonly missingBars: number;
  readonly largestGapMs: number;
  /** The line after the first gap, or null. */
  readonly firstGapLine: number | null;
  /** The longest fraction of any price. */
  readonly priceDecimals: number;
  readonly firstPrice: number;
}

/** Reads the file whole. @throws DataFileError for the first thing that is wrong in it. */
export async function inspectFile(path: string): Promise<FileInfo> {
  const distances = new Distances();
  let kind: FileKind = 'candles';
  let [rows, priceDecimals, firstPrice] = [0, 0, 0];
  let first: Row | null = null;
  let last: Row | null = null;
  for await (const batch of readRows(path)) {
    for (const row of batch) {
      if (first === null) {
        first = row;
        ({ kind } = row);
        firstPrice = row.mark;
      } else if (last !== null && kind === 'candles') distances.add(row.at - last.at, row.line);
      last = row;
      rows++;
      if (row.priceDecimals > priceDecimals) priceDecimals = row.priceDecimals;
    }
  }
  if (first === null || last === null) throw new DataFileError(path, null, 'has a header and no rows', 'a recorded file needs at least one row');
  const common = { path, kind, rows, firstAt: first.at, lastAt: last.at, priceDecimals, firstPrice };
  if (kind !== 'candles') return { ...common, intervalMs: null, gaps: 0, missingBars: 0, largestGapMs: 0, firstGapLine: null };
  return { ...common, ...distances.summary(path) };
}

/** The file's rows in order, in batches. @throws DataFileError as soon as a row is wrong. */
export async function* readRows(path: string): AsyncGenerator<readonly Row[], void> {
  let line = 0;
  let kind: FileKind | null = null;
  let before: Instant = -Infinity;
  try {
    for await (const batch of readCells(path)) {
      const rows: Row[] = [];
      for (const cells of batch) {
        line++;
        if (kind === null) {
          kind = kindOf(path, cells);
          continue;
        }
        const row = parseRow(kind, cells, line);
        inOrder(row, before);
        before = row.at;
        rows.push(row);
        if (line > FILE_ROWS_MAX) throw new RowProblem(`is past the ${FILE_ROWS_MAX} rows that a file may have`, 'split the file');
      }
      yield rows;
    }
  } catch (error) {
    if (error instanceof RowProblem) throw new DataFileError(path, line, error.message, error.right);
    if (error instanceof DataFileError) throw error;
    throw unreadable(path, line, error as NodeJS.ErrnoException);
  }
  if (kind === null) throw new DataFileError(path, null, 'is empty', `it must start with the header ${Object.keys(HEADERS).join(' or ')}`);
}

function kindOf(path: string, header: readonly string[]): FileKind {
  const text = header.join(',');
  const kind = HEADERS[text];
  if (kind !== undefined) return kind;
  throw new DataFileError(path, 1, `the header is ${JSON.stringify(text.slice(0, 100))}`, `it must be ${Object.keys(HEADERS).join(' or ')}`);
}

/** Several quotes may share a millisecond; two bars never open together. */
function inOrder(row: Row, before: Instant): void {
  if (row.at < before) throw new RowProblem(`ts_ms ${row.at} is before ${before} of the row above`, 'sort the rows by ts_ms');
  if (row.at === before && row.kind === 'candles') throw new RowProblem(`ts_ms ${row.at} stands twice`, 'keep one row a bar');
}

function unreadable(path: string, line: number, error: NodeJS.ErrnoException): DataFileError {
  const { code } = error;
  if (code === 'ENOENT') return new DataFileError(path, null, 'does not exist', 'name a CSV file, plain or gzip');
  if (code === 'EISDIR') return new DataFileError(path, null, 'is a directory', 'name a CSV file, plain or gzip');
  if (code === 'EACCES' || code === 'EPERM') return new DataFileError(path, null, 'may not be read', 'give yourself permission to read it');
  const where = line === 0 ? null : line + 1;
  return new DataFileError(path, where, `cannot be read here: ${error.message}`, 'it must be CSV text, plain or gzip, and whole');
}

/** Distances between neighbouring bars: the commonest is the interval, longer ones are gaps, shorter ones would overlap. */
class Distances {
  readonly #count = new Map<number, { times: number; readonly line: number }>();
  #shortest = { ms: Infinity, line: 0 };
  #largest = 0;

  add(ms: number, line: number): void {
    if (ms < this.#shortest.ms) this.#shortest = { ms, line };
    if (ms > this.#largest) this.#largest = ms;
    const seen = this.#count.get(ms);
    if (seen !== undefined) seen.times++;
    else if (this.#count.size < DISTANCES_MAX) this.#count.set(ms, { times: 1, line });
  }

  /** @throws DataFileError where bars overlap. */
  summary(path: string): Pick<FileInfo, 'intervalMs' | 'gaps' | 'missingBars' | 'largestGapMs' | 'firstGapLine'> {
    const commonest = [...this.#count].sort(([leftMs, left], [rightMs, right]) => right.times - left.times || leftMs - rightMs)[0];
    const intervalMs = commonest?.[0] ?? SINGLE_BAR_MS;
    if (this.#shortest.ms < intervalMs) {
      const what = `the bar opens ${this.#shortest.ms} ms after the one above, but this file's bars last ${intervalMs} ms`;
      throw new DataFileError(path, this.#shortest.line, what, 'bars must not overlap');
    }
    let [gaps, missingBars, firstLine] = [0, 0, Infinity];
    for (const [ms, { times, line }] of this.#count) {
      if (ms === intervalMs) continue;
      firstLine = Math.min(firstLine, line);
      gaps += times;
      missingBars += times * (Math.ceil(ms / intervalMs) - 1);
    }
    return { intervalMs, gaps, missingBars, largestGapMs: gaps === 0 ? 0 : this.#largest, firstGapLine: gaps === 0 ? null : firstLine };
  }
}
