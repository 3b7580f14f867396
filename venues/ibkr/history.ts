/**
 * Closed bars by reqHistoricalData, at TWS's pace (venues/ibkr "Pacing"): 60 in ten minutes, fewer than six of one contract in two seconds, and nothing identical
 * within 15 s, which is answered from what was read.
 */
import type { Contract } from '@stoqey/ib';
import type { Instant } from '#trading/model/instrument.ts';
import type { Bar } from '#trading/model/quote.ts';
import { sleep } from '../shared/retry.ts';
import type { MarketClient } from './client.ts';
import type { Line } from './line.ts';

const MINUTE_MS = 60_000;
/** A second more than TWS asks for: what leaves in time may arrive bunched. */
const IDENTICAL_MS = 16_000;
const KEPT_MAX = 200;
/** Six are too many. */
const OF_CONTRACT_MS = 2000;
const OF_CONTRACT_MAX = 5;
/** Of sixty in ten minutes; a moment later than TWS asks for, too. */
const WINDOW_MS = 601_000;
const WINDOW_MAX = 58;
const DAY_SECONDS = 86_400;
/** Regular hours only: no. */
const ALL_HOURS = 0;
const EPOCH_SECONDS = 2;

/** Bars of a day are stamped with a date and no time: what they hold is not asked for here. */
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
};

export interface HistoryQuery {
  readonly contract: Contract;
  readonly intervalMinutes: number;
  readonly bars: number;
  /** The bars end here; null is now. */
  readonly end: Instant | null;
}

export const HISTORY_MINUTES: readonly number[] = Object.keys(SIZES).map(Number);

export class HistoryReader {
  readonly #wall: () => number;
  readonly #wait: (ms: number) => Promise<void>;
  readonly #kept = new Map<string, { readonly at: number; readonly bars: readonly Bar[] }>();
  /** By request, and by contract: when it was asked, answered or not. */
  readonly #asked = new Map<string, number>();
  readonly #ofContract = new Map<string, readonly number[]>();
  readonly #paced: boolean;
  /** The newest, oldest first. */
  #all: readonly number[] = [];

  /** @param paced false where the market is played faster than the wall's clock @param wall monotonic milliseconds */
  constructor(paced: boolean, wall: () => number, wait: (ms: number) => Promise<void> = sleep) {
    this.#paced = paced;
    this.#wall = () => Math.floor(wall());
    this.#wait = wait;
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
    if (size === undefined) throw new RangeError(`TWS has no bars of ${intervalMinutes} minutes here; there are ${HISTORY_MINUTES.join(', ')}`);
    const of = JSON.stringify(contract.conId ?? contract);
    const key = JSON.stringify([of, intervalMinutes, bars, end]);
    const kept = this.#kept.get(key);
    if (this.#paced && kept !== undefined && this.#wall() - kept.at < IDENTICAL_MS) return kept.bars;
    await this.#pass(key, of, deadlineMs);
    const length = intervalMinutes * MINUTE_MS;
    // One more than asked for: the newest is still open.
    const read = await this.#ask(line, contract, size, durationOf(intervalMinutes * 60 * (bars + 1)), end, deadlineMs);
    const closed = read.filter(({ at }) => at + length <= (end ?? now)).slice(-bars);
    if (this.#kept.size >= KEPT_MAX) this.#kept.clear();
    this.#kept.set(key, { at: this.#wall(), bars: closed });
    return closed;
  }

  /** Resolves when the request may leave, and counts it. @throws Error where that is not before the deadline */
  async #pass(key: string, contract: string, deadlineMs: number): Promise<void> {
    if (!this.#paced) return;
    const begun = this.#wall();
    for (;;) {
      const now = this.#wall();
      const waitMs = this.#waitMs(key, contract, now);
      if (waitMs === 0) return this.#count(key, contract, now);
      if (now - begun + waitMs > deadlineMs) throw new Error(`TWS takes no more than 60 requests for bars in ten minutes: wait ${waitMs} ms`);
      await this.#wait(waitMs);
    }
  }

  #waitMs(key: string, contract: string, now: number): number {
    const identical = (this.#asked.get(key) ?? -Infinity) + IDENTICAL_MS;
    const ofContract = ((this.#ofContract.get(contract) ?? []).at(-OF_CONTRACT_MAX) ?? -Infinity) + OF_CONTRACT_MS;
    const ofAll = (this.#all.at(-WINDOW_MAX) ?? -Infinity) + WINDOW_MS;
    return Math.max(0, Math.max(identical, ofContract, ofAll) - now);
  }

  #count(key: string, contract: string, now: number): void {
    if (this.#asked.size >= KEPT_MAX) for (const [old, at] of this.#asked) if (now - at >= IDENTICAL_MS) this.#asked.delete(old);
    this.#asked.set(key, now);
    this.#all = [...this.#all.slice(1 - WINDOW_MAX), now];
    this.#ofContract.set(contract, [...(this.#ofContract.get(contract) ?? []).slice(1 - OF_CONTRACT_MAX), now]);
  }

  #ask(line: Line<MarketClient>, contract: Contract, size: string, duration: string, end: Instant | null, deadlineMs: number): Promise<Bar[]> {
    const name = contract.localSymbol ?? contract.symbol ?? String(contract.conId);
    return line.ask<Bar[]>(`bars of ${name}`, deadlineMs, ({ client, id, own, needsServers, done }) => {
      needsServers();
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
