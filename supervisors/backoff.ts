/** How long a failed child waits before it is started again. Pure: the jitter comes from a seed, so a run can be repeated. */
export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
  /** A child that ran this long counts as healthy: its next failure is its first again. */
  readonly healthyAfterMs: number;
}

export const BACKOFF: Backoff = Object.freeze({ baseMs: 50, capMs: 10_000, healthyAfterMs: 60_000 });

const DOUBLINGS_MAX = 30;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Exponential with "equal jitter": between half and all of `baseMs * 2^(attempt - 1)`, which is cut at `capMs`.
 * @param attempt consecutive failures, from 1
 * @param fraction from 0 to 1
 */
export function backoffMs(attempt: number, { baseMs, capMs }: Backoff, fraction: number): number {
  const full = Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, DOUBLINGS_MAX));
  return full / 2 + (full / 2) * fraction;
}

/** A number from 0 to 1, the same for the same seed, name and attempt (FNV-1a with a final mix). */
export function jitter(seed: string, name: string, attempt: number): number {
  let hash = FNV_OFFSET;
  for (const char of `${seed}/${name}/${attempt}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), FNV_PRIME);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
