/** RT-4: a token bucket as a value. Reads and trades have one each, at a share of the venue's limit; who waits is the caller's affair. */
import type { Instant } from '../model/instrument.ts';

/** Levels count 1/windowMs of a token, so that every sum is an exact integer however long the bucket runs. */
export interface BucketRules {
  readonly capacity: number;
  readonly windowMs: number;
  /** Level gained per millisecond. */
  readonly refill: number;
}

export interface Bucket {
  readonly level: number;
  readonly at: Instant;
}

const WINDOW_MS_MAX = 86_400_000;
const LIMIT_MAX = 1_000_000;
const BURST_SHARE = 0.1;

/**
 * Rules that never let more than ⌊limit·share⌋ requests into any half-open window of `windowMs`, wherever it begins. A bucket of capacity c
 * refilled at rate r passes at most ⌊c + r·w⌋ in a time w, so c + r·windowMs may be allowed + 1 and no more. A tenth of the allowance (at
 * least one request) may come at once; the rest is the steady rate.
 *
 * @throws RangeError where the share leaves no request at all, or an argument is out of range.
 */
export function bucketRules(limit: number, windowMs: number, share: number): BucketRules {
  if (!Number.isInteger(windowMs) || windowMs < 1 || windowMs > WINDOW_MS_MAX) {
    throw new RangeError(`token bucket: windowMs must be an integer from 1 to ${WINDOW_MS_MAX}, got ${windowMs}`);
  }
  if (!(share > 0 && share <= 1)) throw new RangeError(`token bucket: share must be above 0 and at most 1, got ${share}`);
  const allowed = Math.floor(limit * share);
  if (!(allowed >= 1 && limit <= LIMIT_MAX)) {
    throw new RangeError(`token bucket: limit × share must be at least 1 and limit at most ${LIMIT_MAX}, got ${limit} × ${share}`);
  }
  const burst = Math.max(1, Math.floor(allowed * BURST_SHARE));
  return { capacity: burst * windowMs, windowMs, refill: allowed + 1 - burst };
}

export const fullBucket = (rules: BucketRules, now: Instant): Bucket => ({ level: rules.capacity, at: now });

/**
 * Takes `tokens` at `now`: `waitMs` is 0 and the bucket is lower, or `waitMs` is how long to wait before asking again and nothing was
 * taken. A clock that steps back refills nothing.
 *
 * @throws RangeError where `tokens` is not an integer from 1 to the capacity: it could never be granted.
 */
export function takeTokens(rules: BucketRules, bucket: Bucket, now: Instant, tokens = 1): { readonly bucket: Bucket; readonly waitMs: number } {
  const cost = tokens * rules.windowMs;
  if (!Number.isInteger(tokens) || tokens < 1 || cost > rules.capacity) {
    throw new RangeError(`token bucket: tokens must be an integer from 1 to ${rules.capacity / rules.windowMs}, got ${tokens}`);
  }
  const elapsedMs = Math.max(0, now - bucket.at);
  const level = Math.min(rules.capacity, bucket.level + elapsedMs * rules.refill);
  const at = Math.max(now, bucket.at);
  if (level >= cost) return { bucket: { level: level - cost, at }, waitMs: 0 };
  return { bucket: { level, at }, waitMs: at - now + Math.ceil((cost - level) / rules.refill) };
}
