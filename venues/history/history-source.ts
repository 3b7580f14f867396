/** What a download reads: a venue's rows, window by window, as text. */
import type { Instant } from '#trading/model/instrument.ts';
import { RowProblem } from '../embedded/market/row.ts';
import { HistoryError } from './history-error.ts';

/** A history that is read window by window. */
export interface HistorySource {
  /** The venue's maximum. */
  readonly pageRows: number;
  /** No two rows are closer than this. */
  readonly rowMs: number;
  /** A row of `at` is final this long afterwards: a bar when it is closed. */
  readonly finalAfterMs: number;
  now(): Promise<Instant>;
  /**
   * Rows with their time in [from, to], oldest first, the newest `limit` of them.
   * @throws HistoryError where the venue refuses, answers nothing for too long, or sends what is no such row
   */
  rows(from: Instant, to: Instant, limit: number): Promise<readonly (readonly string[])[]>;
}

interface Window {
  readonly from: Instant;
  readonly to: Instant;
  readonly limit: number;
}

/**
 * Rows of a window, oldest first, each checked. A row that is wrong ends the download: left out, it would be a gap that nobody sees.
 *
 * @throws HistoryError
 */
export function ordered(
  rows: readonly (readonly string[])[],
  { from, to, limit }: Window,
  check: (cells: readonly string[]) => void,
): readonly (readonly string[])[] {
  if (rows.length > limit) throw new HistoryError(`the venue sent ${rows.length} rows where at most ${limit} were asked for`);
  let before = from - 1;
  for (const cells of rows) {
    try {
      check(cells);
    } catch (error) {
      if (error instanceof RowProblem) throw new HistoryError(`the venue sent a wrong row (${cells.join(',').slice(0, 200)}): ${error.message}`);
      throw error;
    }
    const at = Number(cells[0]);
    if (at <= before || at > to) {
      throw new HistoryError(
        `the venue sent a row of ${at} after ${before}, asked for ${from} to ${to}: its rows are not in order or not what was asked`,
      );
    }
    before = at;
  }
  return rows;
}
