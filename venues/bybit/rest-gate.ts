/** RT-4 for reads over HTTP: one bucket for the venue's limit per address, and a full stop where the venue says that we asked too often. */
import { bucketRules, fullBucket, takeTokens, type Bucket, type BucketRules } from '#trading/execution/token-bucket.ts';
import { sleep } from '../shared/retry.ts';

/** Bybit, rate limits: 600 requests in 5 s per IP; beyond it 403 and a ban of ten minutes or more. */
const IP_LIMIT = { requests: 600, windowMs: 5000 };
/** Of the address's limit: trading has a session of its own with the rest (trading/turns.ts). */
const READ_SHARE = 0.3;
const BAN_MS = 10 * 60_000;
/** 10006 "Too many visits!": its windows are one second. */
const TOO_MANY_VISITS = 10006;
const TOO_MANY_VISITS_MS = 1000;
const FORBIDDEN = 403;
const WAITING_MAX = 100;
const PATHS_MAX = 64;

export interface RateHeaders {
  readonly limit: number;
  readonly left: number;
}

export class RestGate {
  readonly #rules: BucketRules;
  readonly #wall: () => number;
  #bucket: Bucket;
  #closedUntil = 0;
  #why = '';
  #waiting = 0;
  /** What the venue last said about its own limits, by path. */
  readonly rates = new Map<string, RateHeaders>();

  /** @param rateLimit share of the venue's limits that may be used, in (0, 1] @param wall monotonic milliseconds */
  constructor(rateLimit: number, wall: () => number) {
    this.#rules = bucketRules(IP_LIMIT.requests, IP_LIMIT.windowMs, rateLimit * READ_SHARE);
    this.#wall = () => Math.floor(wall());
    this.#bucket = fullBucket(this.#rules, this.#wall());
  }

  /** Resolves when one more request may go out. @throws Error while the venue wants none, or too many wait. */
  async pass(): Promise<void> {
    if (this.#waiting >= WAITING_MAX) throw new Error(`${WAITING_MAX} requests to Bybit wait already`);
    this.#waiting++;
    try {
      for (;;) {
        this.#refuseWhileClosed();
        const { bucket, waitMs } = takeTokens(this.#rules, this.#bucket, this.#wall());
        this.#bucket = bucket;
        if (waitMs === 0) return;
        await sleep(waitMs);
      }
    } finally {
      this.#waiting--;
    }
  }

  observe(path: string, status: number, retCode: number, headers: Readonly<Record<string, string>>): void {
    const limit = Number(headers['X-Bapi-Limit'] ?? Number.NaN);
    if (Number.isFinite(limit) && (this.rates.has(path) || this.rates.size < PATHS_MAX)) {
      this.rates.set(path, { limit, left: Number(headers['X-Bapi-Limit-Status'] ?? Number.NaN) });
    }
    if (status === FORBIDDEN) this.#close(BAN_MS, 'HTTP 403');
    else if (retCode === TOO_MANY_VISITS) this.#close(TOO_MANY_VISITS_MS, `retCode ${TOO_MANY_VISITS}`);
  }

  #close(ms: number, why: string): void {
    this.#closedUntil = Math.max(this.#closedUntil, this.#wall() + ms);
    this.#why = why;
  }

  /** Why nothing may be sent now, or null: for an order, which never waits here. */
  closedFor(): string | null {
    const left = this.#closedUntil - this.#wall();
    return left > 0 ? `Bybit answered ${this.#why}: no request for another ${Math.ceil(left / 1000)} s` : null;
  }

  #refuseWhileClosed(): void {
    const closed = this.closedFor();
    if (closed !== null) throw new Error(closed);
  }
}
