/** One-minute bars from quotes, streaming: one small object a quote. A minute without a quote has no bar. */
import { toNumber } from '../money/decimal.ts';
import type { Instant } from '../model/instrument.ts';
import type { Bar, QuoteSnapshot } from '../model/quote.ts';

export const BAR_MS = 60_000;

/** The open of the minute that `at` lies in, UTC milliseconds. */
export const barOpen = (at: Instant): Instant => at - (at % BAR_MS);

/** What a quote says the price is: what last traded, or the middle of bid and ask where that is unknown. Float64. */
export function markOf(quote: QuoteSnapshot): number {
  return quote.last === null ? (toNumber(quote.bid) + toNumber(quote.ask)) / 2 : toNumber(quote.last);
}

/**
 * The open bar after one more quote; `open` is the one before, or null. A quote of a later minute opens the next bar (then `closedBy` names
 * the one that closed); a quote of an earlier minute changes nothing, because that bar was closed and acted upon.
 */
export function nextBar(open: Bar | null, quote: QuoteSnapshot): Bar {
  const at = barOpen(quote.exchangeAt);
  if (open !== null && at < open.at) return open;
  const price = markOf(quote);
  const volume = quote.volume === null ? 0 : toNumber(quote.volume);
  if (open === null || at > open.at) return { at, open: price, high: price, low: price, close: price, volume };
  return {
    at,
    open: open.open,
    high: Math.max(open.high, price),
    low: Math.min(open.low, price),
    close: price,
    volume: open.volume + volume,
  };
}

/** The bar that the step from `open` to `next` closed, or null. */
export function closedBy(open: Bar | null, next: Bar): Bar | null {
  return open !== null && next.at > open.at ? open : null;
}
