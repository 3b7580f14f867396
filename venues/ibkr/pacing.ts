/** RT-4 at TWS: 50 messages in a second, of which cancels always have some left. Orders and cancels never wait here; reads do. */
import { fullBucket, takeTokens, type Bucket, type BucketRules } from '#trading/execution/token-bucket.ts';
import { sleep } from '../shared/retry.ts';

/** Beyond it TWS answers 100 and ends the session. */
const TWS_MESSAGES_A_SECOND = 50;
const SECOND_MS = 1000;
/** Shares of what may be used. They are apart, so that no flood of one can hold up another. */
const SHARES = { cancel: 0.2, order: 0.4, read: 0.4 } as const;
const WAITING_MAX = 200;
/** A bracket is three messages or more that must go at once: so much of a second's allowance may. */
const BURST_SHARE = 0.5;

export type Purpose = keyof typeof SHARES;

export class Pacing {
  readonly #buckets: Record<Purpose, { readonly rules: BucketRules; level: Bucket }> | null;
  readonly #wall: () => number;
  #waiting = 0;

  /**
   * @param share of the venue's limit that may be used, in (0, 1]; null paces nothing: a market that is played faster than the wall's clock
   * @param wall monotonic milliseconds
   */
  constructor(share: number | null, wall: () => number) {
    this.#wall = () => Math.floor(wall());
    const bucket = (part: number) => {
      const rules = rulesOf(part * (share ?? 1));
      return { rules, level: fullBucket(rules, this.#wall()) };
    };
    this.#buckets = share === null ? null : { cancel: bucket(SHARES.cancel), order: bucket(SHARES.order), read: bucket(SHARES.read) };
  }

  /**
   * Takes messages that go together: 0, or how many milliseconds there are none, and nothing was taken.
   * @throws RangeError where so many never go at once
   */
  take(purpose: Purpose, messages = 1): number {
    if (this.#buckets === null) return 0;
    const bucket = this.#buckets[purpose];
    const taken = takeTokens(bucket.rules, bucket.level, this.#wall(), messages);
    bucket.level = taken.bucket;
    return taken.waitMs;
  }

  /** Resolves when one more read may go out. @throws Error where too many wait already. */
  async pass(): Promise<void> {
    if (this.#waiting >= WAITING_MAX) throw new Error(`${WAITING_MAX} requests to TWS wait already`);
    this.#waiting++;
    try {
      for (let waitMs = this.take('read'); waitMs > 0; waitMs = this.take('read')) await sleep(waitMs);
    } finally {
      this.#waiting--;
    }
  }
}

/** No window of a second holds more than the share (trading/execution/token-bucket.ts says why). */
function rulesOf(share: number): BucketRules {
  const allowed = Math.max(1, Math.floor(TWS_MESSAGES_A_SECOND * share));
  const burst = Math.max(1, Math.floor(allowed * BURST_SHARE));
  return { capacity: burst * SECOND_MS, windowMs: SECOND_MS, refill: allowed + 1 - burst };
}
