/** A perpetual's recorded funding rates. Checked whole before anything is played. */
import { amount } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import { readFunding } from '../../history/data-file.ts';
import { FUNDING_MS } from '../instruments.ts';
import { DataFileError } from './inspect.ts';

export interface FundingTape {
  readonly intervalMs: number;
  readonly firstAt: Instant;
  readonly lastAt: Instant;
  /** The line after the first settlement that is missing, or null. */
  readonly firstGapLine: number | null;
  /** Decimal text; 0 of a settlement that was not recorded: none is made up. */
  rateAt(at: Instant): string;
}

const HOUR_MS = 3_600_000;
const NOTHING = '0';

/** @throws DataFileError for the first thing that is wrong in it. */
export async function openFundingTape(path: string): Promise<FundingTape> {
  const { info, rows } = await readFunding(path);
  const { firstAt, lastAt, firstGapLine } = info;
  const intervalMs = info.intervalMs ?? FUNDING_MS;
  if (intervalMs % HOUR_MS !== 0) {
    throw new DataFileError(path, null, `settles every ${intervalMs} ms`, 'rows must be whole hours apart, as the venue settles');
  }
  const rates = new Map<Instant, string>();
  for (const [index, { at, rate }] of rows.entries()) {
    // Header, and lines count from one.
    if (at % intervalMs !== 0)
      throw new DataFileError(path, index + 2, `${at} is no settlement of every ${intervalMs / HOUR_MS} h`, 'keep one interval a file');
    rates.set(at, amount(rate));
  }
  return { intervalMs, firstAt, lastAt, firstGapLine, rateAt: (at) => rates.get(at) ?? NOTHING };
}
