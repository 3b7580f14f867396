/** What a benchmark gives: figures beside those of its baseline from the same run, and counts that must hold whatever the machine. */
export interface Result {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  /** The same work without what is measured, in the same run; null where there is nothing to hold it against. */
  readonly baseline: number | null;
  /** ours / baseline. */
  readonly ratio: number | null;
  readonly target: string | null;
  /** Null where there is no target. */
  readonly pass: boolean | null;
}

export interface Outcome {
  readonly results: readonly Result[];
  /** Sentences: counts that did not hold, such as an order accepted after a kill. No machine is slow enough to excuse one. */
  readonly broken: readonly string[];
  /** What a reader must know to read the figures. */
  readonly notes: readonly string[];
}

export interface BenchOptions {
  readonly quick: boolean;
  /** An empty directory on the disk that the tree lies on: a temporary one may be memory, where fsync costs nothing. */
  readonly dir: string;
}

export type Benchmark = (options: BenchOptions) => Promise<Outcome>;

export interface Target {
  readonly of: 'ours' | 'ratio';
  readonly is: 'at most' | 'at least';
  readonly value: number;
}

export interface Figures {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly baseline?: number;
  readonly target?: Target;
}

/** @throws RangeError where the target is a ratio and there is no baseline: it could never be missed. */
export function result({ name, unit, ours, baseline, target }: Figures): Result {
  const ratio = baseline === undefined || baseline === 0 ? null : ours / baseline;
  const shown = { name, unit, ours, baseline: baseline ?? null, ratio };
  if (target === undefined) return { ...shown, target: null, pass: null };
  const measured = target.of === 'ours' ? ours : ratio;
  if (measured === null) throw new RangeError(`${name}: a target on the ratio needs a baseline above 0`);
  const sign = target.is === 'at most' ? '≤' : '≥';
  return {
    ...shown,
    target: `${target.of === 'ratio' ? 'ratio ' : ''}${sign} ${target.value.toLocaleString('en')}${target.of === 'ours' ? ` ${unit}` : ''}`,
    pass: target.is === 'at most' ? measured <= target.value : measured >= target.value,
  };
}
