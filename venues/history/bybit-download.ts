/** Fills a file with a venue's history, forward in time, so that at any moment it holds whole rows from its beginning and can be gone on with. */
import type { Instant } from '#trading/model/instrument.ts';
import { CANDLE_HEADER, FUNDING_HEADER, openRowFile, type RowFile } from './candle-file.ts';
import { inspectDataFile, type DataFileInfo } from './data-file.ts';
import { HistoryError } from './history-error.ts';
import type { HistorySource } from './history-source.ts';

/** 20 years of minutes. */
const PAGES_MAX = 11_000;

export interface Progress {
  /** Market time that is done, and that was asked for, in milliseconds. */
  readonly doneMs: number;
  readonly totalMs: number;
  readonly added: number;
  readonly pages: number;
}

export interface DownloadOptions {
  readonly path: string;
  readonly kind: 'candles' | 'funding';
  readonly from: Instant;
  /** Rows that are final by then; null: by now. */
  readonly to: Instant | null;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** A torn line was cut, or rows that are there are gone on from. */
  readonly onNote?: (line: string) => void;
}

export interface Downloaded {
  /** What the file holds now; null where it holds no row. */
  readonly info: DataFileInfo | null;
  readonly added: number;
  readonly pages: number;
  readonly cutBytes: number;
  /** The first row that is not from this run and with which the file was gone on; null for a new file. */
  readonly resumedAt: Instant | null;
  /** False where it was stopped before the end. */
  readonly complete: boolean;
}

/** @throws HistoryError, DataFileError where the file that is there is wrong. */
export async function downloadRows(source: HistorySource, options: DownloadOptions): Promise<Downloaded> {
  const now = await source.now();
  const until = Math.min(options.to ?? now, now) - source.finalAfterMs;
  if (options.from > until) {
    throw new HistoryError(
      `--from ${iso(options.from)}: no row is final between it and ${iso(Math.min(options.to ?? now, now))} (the venue has ${iso(now)})`,
    );
  }
  const file = await openRowFile(options.path, options.kind === 'candles' ? CANDLE_HEADER : FUNDING_HEADER);
  try {
    if (file.cutBytes > 0) options.onNote?.(`${file.path}: cut a torn last line of ${file.cutBytes} bytes`);
    const from = await resumeFrom(source, file, options);
    const pages = await fill(source, file, from, until, options);
    const rows = file.lastLine !== null || pages.added > 0;
    return {
      ...pages,
      info: rows ? await inspectDataFile(file.path) : null,
      cutBytes: file.cutBytes,
      resumedAt: timeOf(file.lastLine),
    };
  } finally {
    await file.close();
  }
}

const iso = (at: Instant): string => new Date(at).toISOString();
const timeOf = (line: string | null): Instant | null => (line === null ? null : Number(line.split(',')[0]));

/** Where to go on. What is in the file is proven to be this history before anything is added to it. */
async function resumeFrom(source: HistorySource, file: RowFile, { from, onNote }: DownloadOptions): Promise<Instant> {
  const { path, firstLine, lastLine } = file;
  const [first, last] = [timeOf(firstLine), timeOf(lastLine)];
  if (first === null || last === null) return from;
  const info = await inspectDataFile(path);
  if (info.kind === 'candles' && info.rows > 1 && (info.intervalMs ?? 0) % source.rowMs !== 0) {
    throw new HistoryError(`${path}: its bars last ${info.intervalMs} ms, asked for ${source.rowMs} ms; name another --out`);
  }
  if (from > last + source.rowMs) {
    throw new HistoryError(`${path}: ends at ${iso(last)}, so --from ${iso(from)} would leave a hole; give --from ${iso(last)} or another --out`);
  }
  if (from < first && (await source.rows(from, first - 1, 1)).length > 0) {
    throw new HistoryError(
      `${path}: begins at ${iso(first)}, and the venue has earlier rows since --from; rows are only added at the end, name another --out`,
    );
  }
  const there = (await source.rows(last, last, 1))[0]?.join(',');
  if (there !== lastLine) {
    throw new HistoryError(
      `${path}: its last row is ${lastLine}, the venue has ${there ?? 'none of that time'}; it is another history, name another --out or remove the file`,
    );
  }
  onNote?.(`${path}: goes on after ${info.rows} rows, from ${iso(last)}`);
  return last + 1;
}

/** Windows of a page each: whatever order and end the venue prefers, a window that fits a page is whole. */
async function fill(
  source: HistorySource,
  file: RowFile,
  from: Instant,
  until: Instant,
  { signal, onProgress, from: asked }: DownloadOptions,
): Promise<Pick<Downloaded, 'added' | 'pages' | 'complete'>> {
  const totalMs = Math.max(1, until - asked);
  let [added, pages] = [0, 0];
  for (let start = from; start <= until; pages++) {
    if (signal?.aborted === true) return { added, pages, complete: false };
    if (pages >= PAGES_MAX) throw new HistoryError(`${file.path}: more than ${PAGES_MAX} pages in one run; run it again to go on`);
    const end = Math.min(until, start + source.pageRows * source.rowMs - 1);
    const rows = await source.rows(start, end, source.pageRows);
    refuseCrowded(rows, source);
    await file.append(rows.map((cells) => cells.join(',')));
    added += rows.length;
    start = end + 1;
    onProgress?.({ doneMs: Math.min(totalMs, start - asked), totalMs, added, pages: pages + 1 });
  }
  return { added, pages, complete: true };
}

/** Rows closer than they can be would make a window hold more than a page, and the venue would leave the oldest out without a word. */
function refuseCrowded(rows: readonly (readonly string[])[], { rowMs }: HistorySource): void {
  for (const [index, cells] of rows.entries()) {
    const before = rows[index - 1];
    if (before === undefined || Number(cells[0]) - Number(before[0]) >= rowMs) continue;
    throw new HistoryError(`the venue sent rows of ${before[0]} and ${cells[0]}, nearer than the ${rowMs} ms that they last`);
  }
}
