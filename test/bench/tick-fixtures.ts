/** What both forms of tick-to-order share: a market that makes an order every few bars, and a store that counts its batches. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenJournal } from '#state/journal.ts';
import { keyOf, levelStore, type RecordStore } from '#state/store.ts';
import type { HandOutPorts } from '#supervisors/hand-out.ts';
import { drillOf } from '#supervisors/player.ts';
import { ACTOR } from '#supervisors/tree.ts';
import { money, ratio } from '#trading/money/decimal.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import type { Settings } from '#trading/model/settings.ts';
import { MINUTE_MS, quoteOf, settings as base, spot, spotTrader, T0 } from '#test/unit/trading/trader/fixtures.ts';
import type { Ring } from './ring.ts';

/** A slow wave: an entry as it turns up, an exit as it turns down; the bracket is too far to be touched. */
const WAVE = { mid: 100, amplitude: 1, barsAPeriod: 16 };
export const BARS_AN_ORDER_MAX = 64;
/** Orders come half a period apart. Midway the disk has rested as long as it will have before the next, which makes its next write half as slow again. */
const MIDWAY_BARS = WAVE.barsAPeriod / 4;
export const RICH_WALLET = { broker: 'bybit', mode: 'live', equity: money('1000000'), available: money('1000000') } as const;
export const settings: Settings = {
  ...base,
  cooldownSeconds: 0,
  risk: { ...base.risk, dailyLossCap: ratio('1'), maxDrawdown: ratio('1') },
  paper: { ...base.paper, partialProbability: 0 },
};
export const trader = { ...spotTrader, strategyParams: { fastBars: 2, slowBars: 4, atrBars: 3, stopAtr: 20, takeProfitAtr: 20 } };

export function quoteAt(bar: number): QuoteSnapshot {
  const { mid, amplitude, barsAPeriod } = WAVE;
  return quoteOf(spot, T0 + (bar + 1) * MINUTE_MS, mid + amplitude * Math.sin((2 * Math.PI * bar) / barsAPeriod));
}

/** As the house hands quotes on where an order's latency counts. */
export const handOutPorts = ({ router, activity }: Pick<Ring, 'router' | 'activity'>, journal: OpenJournal): HandOutPorts => ({
  deliver: (to, message) => router.deliver(to, message, ACTOR.bybit),
  settled: () => activity.settled(),
  drill: drillOf({ router, activity, journal }),
});

/** The baseline: raw synced puts of an order's bytes, one midway between two orders and one straight after it. */
export class RawPuts {
  readonly #store: RecordStore;
  #bars = 0;
  #seq = 0;
  /** ms each, the disk as rested as before an order. */
  readonly rested: number[] = [];
  /** ms each, straight after another write. */
  readonly busy: number[] = [];

  constructor(dir: string) {
    this.#store = levelStore(join(dir, 'raw'));
  }

  open = (): Promise<void> => this.#store.open();
  close = (): Promise<void> => this.#store.close();

  /** After each bar: whether it made an order, and what the last one wrote. */
  async afterBar(isOrder: boolean, text: string): Promise<void> {
    this.#bars = isOrder ? 0 : this.#bars + 1;
    if (this.#bars !== MIDWAY_BARS || text === '') return;
    this.rested.push(await this.#put(text));
    this.busy.push(await this.#put(text));
  }

  async #put(value: string): Promise<number> {
    const key = keyOf(++this.#seq);
    const from = performance.now();
    await this.#store.write([{ key, value }]);
    return performance.now() - from;
  }
}

export interface CountingStore extends RecordStore {
  /** Synced batches so far. */
  writes: number;
  /** All records of the newest batch, as one text. */
  last: string;
}

export function counting(dir: string): CountingStore {
  mkdirSync(join(dir, 'journal'));
  const store = levelStore(join(dir, 'journal'));
  const counted: CountingStore = {
    ...store,
    writes: 0,
    last: '',
    write(records) {
      counted.writes++;
      counted.last = records.map(({ value }) => value).join('');
      return store.write(records);
    },
  };
  return counted;
}
