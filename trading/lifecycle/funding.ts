/** LC-6: what a perpetual's holder pays or receives at a funding time. Pure: the same for the simulator that books it and for who proves it. */
import { add, divide, negate, notional, ratio, scale, type Money, type Price, type Qty, type Ratio } from '../money/decimal.ts';
import type { Instant, Instrument, Mode } from '../model/instrument.ts';
import type { Side } from '../model/order.ts';
import type { QuoteSnapshot } from '../model/quote.ts';

const MINUTE_MS = 60_000;

/** One a mode, symbol and funding time ever (RELIABILITY 3.7, rule 9). */
export const fundingIdOf = ({ mode, symbol }: { readonly mode: Mode; readonly symbol: string }, at: Instant): string => `${mode}-${symbol}-${at}`;

/** Milliseconds between two funding times; null where the instrument has none. Times are multiples of it since the epoch. */
export const fundingMs = ({ fundingSchedule }: Instrument): number | null =>
  fundingSchedule === null ? null : fundingSchedule.intervalMinutes * MINUTE_MS;

/** The newest funding time at or before `now`. */
export const fundingTimeOf = (intervalMs: number, now: Instant): Instant => now - (now % intervalMs);

/** The mark of a quote: its mid. */
export const markOf = ({ bid, ask }: QuoteSnapshot): Price => divide(add(bid, ask), TWO);

export interface FundedPosition {
  readonly side: Side;
  readonly qty: Qty;
  readonly multiplier: Ratio;
}

/** Position value at the mark × rate, USD: positive is paid. Longs pay a positive rate, shorts receive it (venues/bybit.md §6.8). */
export function fundingAmount({ side, qty, multiplier }: FundedPosition, mark: Price, rate: Ratio): Money {
  const paid = scale(notional(mark, qty, multiplier), rate);
  return side === 'buy' ? paid : negate(paid);
}

const TWO = ratio('2');
