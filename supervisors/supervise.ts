/** The failure policy as data and pure functions, after OTP's supervisor. The runtime is supervisor.ts. */
export type Strategy = 'one_for_one' | 'rest_for_one' | 'one_for_all';

/** permanent: always restarted; transient: unless it ended normally; temporary: never. */
export type RestartType = 'permanent' | 'transient' | 'temporary';

/** More than `max` failures within `withinMs` are too many: the supervisor gives up and its own supervisor decides. */
export interface Intensity {
  readonly max: number;
  readonly withinMs: number;
}

export interface Failure {
  readonly reason: string;
  /** It ended by itself and in order. */
  readonly normal: boolean;
}

/** The children a failure of child `index` restarts, in start order. */
export function affected(strategy: Strategy, index: number, children: number): readonly number[] {
  if (strategy === 'one_for_one') return [index];
  const first = strategy === 'one_for_all' ? 0 : index;
  return Array.from({ length: children - first }, (_, offset) => first + offset);
}

export function restarts(type: RestartType, failure: Failure): boolean {
  return type === 'permanent' || (type === 'transient' && !failure.normal);
}

/** The failures that still count, this one included, and whether they are too many. Times are monotonic milliseconds. */
export function admit(
  failures: readonly number[],
  now: number,
  { max, withinMs }: Intensity,
): { readonly failures: readonly number[]; readonly tooMany: boolean } {
  const recent = [...failures.filter((at) => now - at < withinMs), now];
  return { failures: recent, tooMany: recent.length > max };
}
