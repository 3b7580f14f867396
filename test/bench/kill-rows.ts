import { spread, type Spread } from './measure.ts';
import { result, type Result } from './result.ts';

/** p50, p99 and max of ours, each beside the same of the baseline; the target is for the p99. */
export function rows(name: string, ours: readonly number[], baseline: readonly number[] | null, p99MsMax?: number): readonly Result[] {
  const left = spread(ours);
  const right = baseline === null ? null : spread(baseline);
  return (['p50', 'p99', 'max'] as const satisfies readonly (keyof Spread)[]).map((of) =>
    result({
      name: `${name}, ${of}`,
      unit: 'ms',
      ours: left[of],
      ...(right !== null && { baseline: right[of] }),
      ...(of === 'p99' && p99MsMax !== undefined ? { target: { of: 'ours', is: 'at most', value: p99MsMax } as const } : {}),
    }),
  );
}
