/** Closed bars by reqHistoricalData, at TWS's pace: 60 in ten minutes, and nothing identical within 15 s, which is answered from what was read. */
import type { Contract } from '@stoqey/ib';
import { fullBucket, takeTokens, type Bucket } from '#trading/execution/token-bucket.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Bar } from '#trading/model/quote.ts';
import { sleep } from '../bybit/retry.ts';
import type { MarketClient } from './client.ts';
import type { Line } from './line.ts';

const MINUTE_MS = 60_000;
const IDENTICAL_MS = 15_000;
const KEPT_MAX = 200;
/** Half of the sixty may come at once, and no window of ten minutes has more than sixty. */
const WINDOW_MS = 600_000;
const BURST = 30;
const RULES = { capacity: BURST * WINDOW_MS, windowMs: WINDOW_MS, refill: 60 + 1 - BURST };
const DAY_SECONDS = 86_400;
/** Regular hours only: no. */
const ALL_HOURS = 0;
const EPOCH_SECONDS = 2;

const SIZES: Readonly<Record<number, string>> = {
  1: '1 min',
  2: '2 mins',
  3: '3 mins',
  5: '5 mins',
  15: '15 mins',
  30: '30 mins',
  60: '1 hour',
  120: '2 hours',
  240: '4 hours',
  1440: '1 day',
};

export interface HistoryQuery {
  readonly contract: Contract;
  readonly intervalMinutes: number;
  readonly bars: number;
  /** The bars end here; null is now. */
  readonly end: Instant | null;
}

export class HistoryReader {
  readonly #wall: () => number;
  readonly #kept = new Map<string, { readonly at: number; readonly bars: readonly Bar[] }>();
  readonly #paced: boolean;
  #bucket: Bucket;

  /** @param paced false where the market is played faster than the wall's clock @param wall monotonic milliseconds */
  constructor(paced: boolean, wall: () => number) {
    this.#paced = paced;
    this.#wall = () => Math.floor(wall());
    this.#bucket = fullBucket(RULES, this.#wall());
  }

  /**
   * Middles of bid and ask, oldest first, those that are closed at `now`: what trades is not told for pairs (162).
   * @throws RangeError for an interval that TWS has not; IbkrError where it refuses; Error where there is no answer in time
   */
  async read(
    line: Line<MarketClient>,
    { contract, intervalMinutes, bars, end }: HistoryQuery,
    now: Instant,
    deadlineMs: number,
  ): Promise<readonly Bar[]> {
    const size = SIZES[intervalMinutes];
    if (size === undefined) throw new RangeError(`TWS has no bars of ${intervalMinutes} minutes`);
    const key = JSON.stringify([contract.conId ?? contract, intervalMinutes, bars, end]);
    const kept = this.#kept.get(key);
    if (this.#paced && kept !== undefined && this.#wall() - kept.at < IDENTICAL_MS) return kept.bars;
    await this.#pass(deadlineMs);
    const length = intervalMinutes * MINUTE_MS;
    // One more than asked for: the newest is still open.
    const read = await this.#ask(line, contract, size, durationOf(intervalMinutes * 60 * (bars + 1)), end, deadlineMs);
    const closed = read.filter(({ at }) => at + length <= (end ?? now)).slice(-bars);
    if (this.#kept.size >= KEPT_MAX) this.#kept.clear();
    this.#kept.set(key, { at: this.#wall(), bars: closed });
    return closed;
  }

  async #pass(deadlineMs: number): Promise<void> {
    if (!this.#paced) return;
    const begun = this.#wall();
    for (;;) {
      const { bucket, waitMs } = takeTokens(RULES, this.#bucket, this.#wall());
      this.#bucket = bucket;
      if (waitMs === 0) return;
      if (this.#wall() - begun + waitMs > deadlineMs)
        throw new Error(`TWS takes no more than 60 requests for bars in ten minutes: wait ${waitMs} ms`);
      await sleep(waitMs);
    }
  }

  #ask(line: Line<MarketClient>, contract: Contract, size: string, duration: string, end: Instant | null, deadlineMs: number): Promise<Bar[]> {
    const name = contract.localSymbol ?? contract.symbol ?? String(contract.conId);
    return line.ask<Bar[]>(`bars of ${name}`, deadlineMs, ({ client, id, own, done }) => {
      const bars: Bar[] = [];
      own('historicalData', (time, open, high, low, close, volume) => {
        if (time.startsWith('finished')) return done(bars);
        const at = Number(time) * 1000;
        // -1 is TWS's word for none: currencies have no volume.
        if (Number.isSafeInteger(at)) bars.push({ at, open, high, low, close, volume: Math.max(volume, 0) });
      });
      client.reqHistoricalData(id, contract, end === null ? '' : stampOf(end), duration, size, 'MIDPOINT', ALL_HOURS, EPOCH_SECONDS, false);
    });
  }
}

/** TWS takes seconds up to a day, then days. */
const durationOf = (seconds: number): string => (seconds <= DAY_SECONDS ? `${seconds} S` : `${Math.ceil(seconds / DAY_SECONDS)} D`);

/** `20261123-14:30:00`, which is UTC. */
function stampOf(at: Instant): string {
  const text = new Date(at).toISOString();
  return `${text.slice(0, 10).replaceAll('-', '')}-${text.slice(11, 19)}`;
}
