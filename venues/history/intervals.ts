/** Candle intervals by the names people use, and what Bybit calls them. */
const MINUTE_MS = 60_000;

interface BybitInterval {
  readonly venue: string;
  readonly ms: number;
}

const INTERVALS: Readonly<Record<string, BybitInterval>> = Object.freeze({
  '1m': { venue: '1', ms: MINUTE_MS },
  '3m': { venue: '3', ms: 3 * MINUTE_MS },
  '5m': { venue: '5', ms: 5 * MINUTE_MS },
  '15m': { venue: '15', ms: 15 * MINUTE_MS },
  '30m': { venue: '30', ms: 30 * MINUTE_MS },
  '1h': { venue: '60', ms: 60 * MINUTE_MS },
  '2h': { venue: '120', ms: 120 * MINUTE_MS },
  '4h': { venue: '240', ms: 240 * MINUTE_MS },
  '6h': { venue: '360', ms: 360 * MINUTE_MS },
  '12h': { venue: '720', ms: 720 * MINUTE_MS },
  '1d': { venue: 'D', ms: 1440 * MINUTE_MS },
  '1w': { venue: 'W', ms: 10_080 * MINUTE_MS },
});

export const INTERVAL_NAMES: readonly string[] = Object.keys(INTERVALS);

/** @throws RangeError where Bybit has no such interval. */
export function intervalOf(name: string): BybitInterval {
  const interval = Object.hasOwn(INTERVALS, name) ? INTERVALS[name] : undefined;
  if (interval === undefined) throw new RangeError(`no candles of ${name}: there are ${INTERVAL_NAMES.join(', ')}`);
  return interval;
}

/** `5m` of 300000; other lengths as minutes or milliseconds. */
export function intervalName(ms: number): string {
  const known = Object.entries(INTERVALS).find(([, interval]) => interval.ms === ms);
  if (known !== undefined) return known[0];
  return ms % MINUTE_MS === 0 ? `${ms / MINUTE_MS}m` : `${ms}ms`;
}
