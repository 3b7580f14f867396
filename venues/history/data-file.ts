/** Any file that a history may hold: candles and quotes as the embedded venue reads them, and funding rates. */
import type { Instant } from '#trading/model/instrument.ts';
import { DataFileError, inspectFile } from '../embedded/market/inspect.ts';
import type { FileKind } from '../embedded/market/row.ts';
import { readCells } from '../embedded/market/rows.ts';
import { FUNDING_HEADER } from './candle-file.ts';

export interface DataFileInfo {
  readonly path: string;
  readonly kind: FileKind | 'funding';
  readonly rows: number;
  readonly firstAt: Instant;
  readonly lastAt: Instant;
  /** Candles and funding: the commonest distance between rows; null for quotes and for a single settlement. */
  readonly intervalMs: number | null;
  /** Candles: places where bars are missing. Funding: silences in which a settlement must or may be missing. */
  readonly gaps: number;
  /** Candles only. */
  readonly missingBars: number;
  readonly largestGapMs: number;
  readonly firstGapLine: number | null;
}

export interface Settlement {
  readonly at: Instant;
  readonly rate: string;
}

/** Bybit settles every 1, 2, 4 or 8 hours. */
const SETTLEMENT_LONGEST_MS = 8 * 3_600_000;
const FUNDING_ROWS_MAX = 5_000_000;
const AT = /^\d{13}$/;
/** A fraction of the position's value; the venue's own text. */
const RATE = /^-?\d+(\.\d+)?(e-?\d{1,2})?$/i;
const CELL_LENGTH_MAX = 40;

/** Reads the file whole. @throws DataFileError for the first thing that is wrong in it. */
export async function inspectDataFile(path: string): Promise<DataFileInfo> {
  if (await isFunding(path)) return (await readFunding(path)).info;
  const { kind, rows, firstAt, lastAt, intervalMs, gaps, missingBars, largestGapMs, firstGapLine } = await inspectFile(path);
  return { path, kind, rows, firstAt, lastAt, intervalMs, gaps, missingBars, largestGapMs, firstGapLine };
}

/** What is wrong with a settlement as the venue or a file has it, or null. */
export function fundingProblem([at = '', rate = '', ...rest]: readonly string[]): { readonly what: string; readonly right: string } | null {
  if (rest.length > 0) return { what: `the row has ${rest.length + 2} cells`, right: `it must have 2: ${FUNDING_HEADER}` };
  if (!AT.test(at)) return { what: `ts_ms ${shown(at)} is no time of this century`, right: 'ts_ms is UTC milliseconds' };
  if (rate.length > CELL_LENGTH_MAX || !RATE.test(rate))
    return { what: `rate ${shown(rate)} is not a number`, right: 'rate is a fraction such as 0.0001' };
  return null;
}

const shown = (cell: string): string => JSON.stringify(cell.slice(0, CELL_LENGTH_MAX));

async function isFunding(path: string): Promise<boolean> {
  try {
    for await (const batch of readCells(path)) return batch[0]?.join(',') === FUNDING_HEADER;
  } catch {
    // What cannot be read is named by the reader of candles and quotes, with line and reason.
  }
  return false;
}

/** Reads the file whole; a rate is the venue's own text. @throws DataFileError for the first thing that is wrong in it. */
export async function readFunding(path: string): Promise<{ readonly info: DataFileInfo; readonly rows: readonly Settlement[] }> {
  const rows: Settlement[] = [];
  let line = 0;
  const wrong = (what: string, right: string): DataFileError => new DataFileError(path, line, what, right);
  try {
    for await (const batch of readCells(path)) {
      for (const cells of batch) {
        line++;
        if (line === 1) {
          if (cells.join(',') !== FUNDING_HEADER) throw wrong(`the header is ${shown(cells.join(','))}`, `it must be ${FUNDING_HEADER}`);
          continue;
        }
        const problem = fundingProblem(cells);
        if (problem !== null) throw wrong(problem.what, problem.right);
        const at = Number(cells[0]);
        const before = rows.at(-1)?.at ?? -Infinity;
        if (at <= before) throw wrong(`ts_ms ${at} is not after ${before} of the row above`, 'sort the rows by ts_ms and keep one a settlement');
        if (rows.length >= FUNDING_ROWS_MAX) throw wrong(`is past the ${FUNDING_ROWS_MAX} rows that a file may have`, 'split the file');
        rows.push({ at, rate: cells[1] ?? '' });
      }
    }
  } catch (error) {
    if (error instanceof DataFileError) throw error;
    throw new DataFileError(path, line + 1, `cannot be read here: ${(error as Error).message}`, 'it must be CSV text, plain or gzip, and whole');
  }
  const times = rows.map(({ at }) => at);
  const [firstAt, lastAt] = [times[0], times.at(-1)];
  if (firstAt === undefined || lastAt === undefined) {
    throw new DataFileError(path, null, 'has a header and no rows', 'a recorded file needs at least one row');
  }
  return { rows, info: { path, kind: 'funding', rows: rows.length, firstAt, lastAt, missingBars: 0, ...silences(times) } };
}

/** A settlement interval may change, so a silence is a gap where it is longer than both its neighbours or than Bybit's longest interval. */
function silences(times: readonly Instant[]): Pick<DataFileInfo, 'intervalMs' | 'gaps' | 'largestGapMs' | 'firstGapLine'> {
  const distances = times.slice(1).map((at, index) => at - (times[index] ?? at));
  const counts = new Map<number, number>();
  for (const ms of distances) counts.set(ms, (counts.get(ms) ?? 0) + 1);
  const intervalMs = [...counts].sort(([leftMs, left], [rightMs, right]) => right - left || leftMs - rightMs)[0]?.[0] ?? null;
  let [gaps, largestGapMs] = [0, 0];
  let firstGapLine: number | null = null;
  for (const [index, ms] of distances.entries()) {
    const longerThanNeighbours = distances.length > 2 && ms > (distances[index - 1] ?? 0) && ms > (distances[index + 1] ?? 0);
    if (ms <= SETTLEMENT_LONGEST_MS && !longerThanNeighbours) continue;
    gaps++;
    largestGapMs = Math.max(largestGapMs, ms);
    // Header, and the row before.
    firstGapLine ??= index + 3;
  }
  return { intervalMs, gaps, largestGapMs, firstGapLine };
}
