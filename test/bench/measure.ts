/** Samples, percentiles, and CPU time of two pieces of work in turn. */

export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * The nearest-rank percentile: the smallest sample that at least `percent` of all are not above.
 * @throws RangeError where there is no sample, or `percent` is not in (0, 100].
 */
export function percentile(samples: readonly number[], percent: number): number {
  if (!(percent > 0 && percent <= 100)) throw new RangeError(`a percentile is above 0 and at most 100, got ${percent}`);
  const sorted = samples.toSorted((left, right) => left - right);
  const value = sorted[Math.ceil((percent / 100) * sorted.length) - 1];
  if (value === undefined) throw new RangeError('a percentile of no samples');
  return value;
}

export const spread = (samples: readonly number[]): Spread => ({
  p50: percentile(samples, 50),
  p99: percentile(samples, 99),
  max: percentile(samples, 100),
});

/** What the loop kept from being optimised away. */
export const sink: { value: unknown } = { value: null };

export interface CpuOptions {
  readonly rounds: number;
  /** Calls of one round; enough for CPU time to be told in microseconds. */
  readonly calls: number;
}

/** CPU nanoseconds a call of each piece of work: the median over rounds that take turns, so that a busy machine slows both alike. */
export function cpuNs(work: readonly ((index: number) => unknown)[], { rounds, calls }: CpuOptions): readonly number[] {
  const samples = work.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, call] of work.entries()) {
      const ns = cpuOf(call, calls);
      // The first round warms up.
      if (round >= 0) samples[index]?.push(ns);
    }
  }
  return samples.map((of) => percentile(of, 50));
}

function cpuOf(call: (index: number) => unknown, calls: number): number {
  const before = process.cpuUsage();
  for (let index = 0; index < calls; index++) sink.value = call(index);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / calls;
}
