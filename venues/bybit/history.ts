/** Closed candles of Bybit's kline endpoint: newest first, at most a thousand a page, and the one still open among them. */
import type { Bar } from '#trading/model/quote.ts';
import type { Instant } from '#trading/model/instrument.ts';
import { z } from 'zod';
import type { Exchange } from './create.ts';
import type { Category } from './endpoints.ts';

const PAGE_MAX = 1000;
const PAGES_MAX = 10;
const MINUTE_MS = 60_000;

/** Bybit's names of the intervals it has. */
const INTERVALS: Readonly<Record<number, string>> = Object.freeze({
  1: '1',
  3: '3',
  5: '5',
  15: '15',
  30: '30',
  60: '60',
  120: '120',
  240: '240',
  360: '360',
  720: '720',
  1440: 'D',
  10080: 'W',
});

const klines = z.object({ result: z.object({ list: z.array(z.array(z.string()).min(6)).max(PAGE_MAX) }) });

export interface HistoryRequest {
  readonly category: Category;
  readonly venueSymbol: string;
  readonly intervalMinutes: number;
  readonly bars: number;
}

export const hasInterval = (minutes: number): boolean => Object.hasOwn(INTERVALS, minutes);

/**
 * Reads page after page backwards, each as soon as the one before, until `bars` closed bars are known or the venue has no more.
 * `known` holds them oldest first and without a gap to the newest at any moment, so that a caller out of time can take what there is.
 * @throws as ccxt, RangeError where Bybit has no such interval, z.ZodError where the answer is not candles
 */
export async function readBars(exchange: Exchange, request: HistoryRequest, now: () => Instant, known: Bar[]): Promise<void> {
  const { category, venueSymbol: symbol, intervalMinutes, bars } = request;
  const interval = INTERVALS[intervalMinutes];
  if (interval === undefined) throw new RangeError(`no candles of ${intervalMinutes} minutes; Bybit has ${Object.keys(INTERVALS).join(', ')}`);
  for (let page = 0; page < PAGES_MAX && known.length < bars; page++) {
    const oldest = known[0];
    // One more than wanted: the newest may still be open.
    const limit = Math.min(PAGE_MAX, bars - known.length + (oldest === undefined ? 1 : 0));
    const end = oldest === undefined ? {} : { end: oldest.at - 1 };
    const { result } = klines.parse(await exchange.publicGetV5MarketKline({ category, symbol, interval, limit, ...end }));
    const older = closedBars(result.list, intervalMinutes * MINUTE_MS, now(), oldest?.at ?? Infinity);
    known.unshift(...older);
    if (result.list.length < limit || older.length === 0) break;
  }
  if (known.length > bars) known.splice(0, known.length - bars);
}

/** Rows oldest first; what is not yet closed, not older than what is known, or not made of numbers is left out. */
function closedBars(rows: readonly (readonly string[])[], lengthMs: number, now: Instant, before: Instant): Bar[] {
  const bars: Bar[] = [];
  for (const row of rows.toReversed()) {
    const [at = Number.NaN, open = Number.NaN, high = Number.NaN, low = Number.NaN, close = Number.NaN, volume = Number.NaN] = row.map(Number);
    if (![at, open, high, low, close, volume].every(Number.isFinite)) continue;
    const ordered = at > (bars.at(-1)?.at ?? 0) && at < before;
    if (ordered && at + lengthMs <= now) bars.push({ at, open, high, low, close, volume });
  }
  return bars;
}
