/** The figures of an order's way, in whichever placement: beside raw synced puts before which the disk had rested as long. */
import { spread } from './measure.ts';
import { result, type Result } from './result.ts';
import type { RawPuts } from './tick-fixtures.ts';

/** Orders before the figures count: the compiler is still at work, and averages are warming up. They have a line of their own. */
export const ORDERS_WARMING = 20;

export interface Ticks {
  /** From where to where. */
  readonly name: string;
  /** ms of each order, in turn. */
  readonly ms: readonly number[];
  /** Synced batches of each order. */
  readonly syncs: readonly number[];
  readonly puts: RawPuts;
  readonly p50RatioMax: number;
}

export function tickResults({ name, ms, syncs, puts, p50RatioMax }: Ticks): readonly Result[] {
  const ours = spread(ms.slice(ORDERS_WARMING));
  const raw = spread(puts.rested.slice(ORDERS_WARMING));
  const busy = spread(puts.busy.slice(ORDERS_WARMING));
  const counted = syncs.slice(ORDERS_WARMING);
  const [row] = name.split(':');
  return [
    result({ name: `${name}, p50`, unit: 'ms', ours: ours.p50, baseline: raw.p50, target: { of: 'ratio', is: 'at most', value: p50RatioMax } }),
    result({ name: `${name}, p99`, unit: 'ms', ours: ours.p99, baseline: raw.p99 }),
    result({ name: `${name}, p50 beside a put straight after another`, unit: 'ms', ours: ours.p50, baseline: busy.p50 }),
    result({
      name: `${row}: the first ${ORDERS_WARMING} orders of a process, p50`,
      unit: 'ms',
      ours: spread(ms.slice(0, ORDERS_WARMING)).p50,
      baseline: raw.p50,
    }),
    result({
      name: `${row}: synced batches an order`,
      unit: 'fsyncs',
      ours: counted.reduce((sum, count) => sum + count, 0) / counted.length,
      baseline: 1,
      target: { of: 'ours', is: 'at most', value: 1 },
    }),
  ];
}
