/**
 * RT-4: whose request is next. An order never waits here: its rate is the order protocol's. What changes an order (cancels, amendments) has limits
 * of its own and waits behind no read. Reads go a few at a time, since each takes time of the one thread that signs orders too; those that somebody
 * waits for in earnest (what became of an order, what holds the coins of a close) go before those that look around. A turn is taken before the
 * request is signed: a stamp must not grow old in a queue. Every answer says what the venue's limit is and what is left of it, and that counts.
 */
import type { Category } from '../endpoints.ts';

export type Rank = 'urgent' | 'plain';

/** Bybit, rate limits (2026-05): 600 requests in 5 s an address, and requests in a second by endpoint and category. */
const ADDRESS = { most: 600, ms: 5000 };
const SECOND_MS = 1000;
/** Of the address's limit. Market data have an instance and 0.3 of their own (rest-gate.ts); orders come to less than the rest. */
const READ_SHARE = 0.3;
const CHANGE_SHARE = 0.25;
/** A reset that lies further ahead is no second's window: whoever says so is not believed for longer. */
const RESET_MS_MAX = 5000;
const CREATES = 'OrderCreate';
/** Of linear, for a default account: what the order protocol keeps to (terms.ts). */
const CREATES_KNOWN = 10;
/** In which an order protocol that follows a told limit may send as many: more than the window here, since on their way orders bunch. */
const CREATES_MS = 1500;
const CANCELS: Readonly<Record<Category, number>> = { linear: 10, spot: 20 };
const CHANGES = 10;
const READS = 50;
const KEY_READS = 10;
/** What left evenly may arrive bunched: windows here are longer than the venue's. */
const BUNCHED = 1.2;
const READS_AT_ONCE = 4;
const CHANGES_AT_ONCE = 32;
export const WAITING_MAX = 2000;

/** At most so many in any stretch of time that long; all of them may come at once. */
export class Window {
  readonly #ms: number;
  readonly #taken: number[] = [];
  #most: number;
  #closedUntil = 0;

  constructor(most: number, ms: number) {
    this.#most = Math.max(1, Math.floor(most));
    this.#ms = ms;
  }

  /** Milliseconds until one more may go; 0 now. */
  waitMs(now: number): number {
    const oldest = this.#taken[0];
    const fullMs = this.#taken.length < this.#most || oldest === undefined ? 0 : oldest + this.#ms - now;
    return Math.max(0, fullMs, this.#closedUntil - now);
  }

  /** The venue's limit is another one than was known. */
  follow(most: number): void {
    this.#most = Math.max(1, Math.floor(most));
    while (this.#taken.length > this.#most) this.#taken.shift();
  }

  /** The venue takes none before. */
  close(until: number): void {
    this.#closedUntil = Math.max(this.#closedUntil, until);
  }

  take(now: number): void {
    this.#taken.push(now);
    while (this.#taken.length > this.#most) this.#taken.shift();
  }
}

/** What an answer says of the limit of its endpoint. */
export interface Told {
  /** Requests a second. */
  readonly limit: number;
  readonly left: number;
  /** Until there is room again, by the venue's clock. */
  readonly resetMs: number;
}

/** Null where the headers do not say it. `time` is the venue's, of the same answer. */
export function toldOf(headers: Readonly<Record<string, string>>, time: number | null): Told | null {
  const [limit, left, resetAt] = ['X-Bapi-Limit', 'X-Bapi-Limit-Status', 'X-Bapi-Limit-Reset-Timestamp'].map((name) => Number(headers[name] ?? NaN));
  if (limit === undefined || left === undefined || !(limit > 0) || !(left >= 0)) return null;
  const resetMs = resetAt === undefined || time === null || !Number.isFinite(resetAt) ? 0 : Math.min(Math.max(0, resetAt - time), RESET_MS_MAX);
  return { limit, left, resetMs };
}

interface Waiting {
  readonly windows: readonly Window[];
  readonly go: () => void;
  readonly stop: (error: Error) => void;
}

/** One queue a rank, the first before the second. */
class Lane {
  readonly #atOnce: number;
  readonly #wall: () => number;
  readonly #queues: readonly [Waiting[], Waiting[]] = [[], []];
  #running = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(atOnce: number, wall: () => number) {
    this.#atOnce = atOnce;
    this.#wall = wall;
  }

  get waiting(): number {
    return this.#queues[0].length + this.#queues[1].length;
  }

  /** @throws Error where too many wait, or while it waits and the session is closed. */
  async run<T>(rank: Rank, windows: readonly Window[], work: () => Promise<T>): Promise<T> {
    if (this.waiting >= WAITING_MAX) throw new Error(`${WAITING_MAX} requests to Bybit wait already`);
    await new Promise<void>((go, stop) => {
      this.#queues[rank === 'urgent' ? 0 : 1].push({ windows, go, stop });
      this.#next();
    });
    try {
      return await work();
    } finally {
      this.#running--;
      this.#next();
    }
  }

  close(reason: string): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const queue of this.#queues) for (const { stop } of queue.splice(0)) stop(new Error(reason));
  }

  #next(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (;;) {
      const queue = this.#queues.find(({ length }) => length > 0);
      const [first] = queue ?? [];
      if (queue === undefined || first === undefined || this.#running >= this.#atOnce) return;
      const now = this.#wall();
      const waitMs = Math.max(0, ...first.windows.map((window) => window.waitMs(now)));
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#next(), Math.ceil(waitMs));
        return;
      }
      for (const window of first.windows) window.take(now);
      queue.shift();
      this.#running++;
      first.go();
    }
  }
}

export class Turns {
  readonly #wall: () => number;
  readonly #share: number;
  readonly #isLimited: boolean;
  readonly #reads: Lane;
  readonly #changes: Lane;
  readonly #windows = new Map<string, Window>();
  /** Of orders, by endpoint and category: what the venue told last. */
  readonly #told = new Map<string, number>();
  /** The least of them, once one of them stood in the way of orders. */
  #tightest: number | null = null;
  /** Who keeps the rate of orders hears of it: when it changes, and whenever an order found no room. */
  onOrderLimit: (limit: number, windowMs: number) => void = () => undefined;

  /** @param rateLimit share of the venue's limits that may be used, in (0, 1] @param isLimited false at a played market, which has no wall clock to be limited by @param wall monotonic milliseconds */
  constructor(rateLimit: number, isLimited: boolean, wall: () => number) {
    this.#wall = wall;
    this.#share = rateLimit;
    this.#isLimited = isLimited;
    this.#reads = new Lane(READS_AT_ONCE, wall);
    this.#changes = new Lane(CHANGES_AT_ONCE, wall);
  }

  /** `endpoint` as ccxt names the call. @throws Error where too many wait, or the session is closed; otherwise as `work`. */
  read<T>(rank: Rank, endpoint: string, category: Category, work: () => Promise<T>): Promise<T> {
    const most = endpoint.endsWith('QueryApi') ? KEY_READS : READS;
    return this.#reads.run(rank, this.#limits('reads', READ_SHARE, keyOf(endpoint, category), most), work);
  }

  change<T>(endpoint: string, category: Category, work: () => Promise<T>): Promise<T> {
    const isCancel = endpoint.endsWith('OrderCancel');
    const most = isCancel ? CANCELS[category] : CHANGES;
    return this.#changes.run(isCancel ? 'urgent' : 'plain', this.#limits('changes', CHANGE_SHARE, keyOf(endpoint, category), most), work);
  }

  /**
   * Null where an order may be sent now; else why the venue would refuse it. Nothing stands in its way until the venue says that its limit is lower than
   * the rate of the order protocol, or used up.
   */
  order(category: Category): string | null {
    const window = this.#windows.get(keyOf(CREATES, category));
    if (!this.#isLimited || window === undefined) return null;
    const now = this.#wall();
    const waitMs = window.waitMs(now);
    if (waitMs > 0) {
      this.#tellOrderLimit();
      return `THROTTLED: the limit that Bybit tells for orders leaves none for another ${Math.ceil(waitMs)} ms`;
    }
    window.take(now);
    return null;
  }

  /** What the venue's answer says of its limit: `path` is the request's. */
  observe(path: string, category: Category, told: Told | null): void {
    if (told === null || !this.#isLimited) return;
    const key = keyOf(callOf(path), category);
    const isOrders = key.startsWith(CREATES + ' ');
    if (isOrders) this.#told.set(key, told.limit);
    const known = this.#windows.get(key);
    // The rate of orders is kept by who sends them, up to the limit that it knows.
    if (known === undefined && (!isOrders || (told.limit >= CREATES_KNOWN && told.left > 0))) return;
    const window = known ?? this.#window(key, told.limit, SECOND_MS);
    const was = this.#tightest;
    window.follow(told.limit * this.#share);
    if (told.left === 0) window.close(this.#wall() + told.resetMs);
    this.#tightest = Math.min(...this.#told.values());
    if (isOrders && this.#tightest !== was) this.#tellOrderLimit();
  }

  #tellOrderLimit(): void {
    if (this.#tightest !== null) this.onOrderLimit(this.#tightest, CREATES_MS);
  }

  /** Takes as many of the turns as there are now, without a queue: who asks keeps its own. Each counts as a request of the address. Returns how many. */
  take(endpoint: string, category: Category, most: number): number {
    const windows = this.#limits('changes', CHANGE_SHARE, keyOf(endpoint, category), CANCELS[category]);
    const now = this.#wall();
    let taken = 0;
    for (; taken < most && windows.every((window) => window.waitMs(now) === 0); taken++) for (const window of windows) window.take(now);
    return taken;
  }

  /** Milliseconds until `take` may take one; 0 now. */
  waitMs(endpoint: string, category: Category): number {
    const now = this.#wall();
    const windows = this.#limits('changes', CHANGE_SHARE, keyOf(endpoint, category), CANCELS[category]);
    return Math.max(0, ...windows.map((window) => window.waitMs(now)));
  }

  view(): { readonly reads: number; readonly changes: number } {
    return { reads: this.#reads.waiting, changes: this.#changes.waiting };
  }

  close(): void {
    for (const lane of [this.#reads, this.#changes]) lane.close('the session was closed');
  }

  #limits(kind: string, share: number, endpoint: string, most: number): readonly Window[] {
    if (!this.#isLimited) return [];
    return [this.#window(kind, ADDRESS.most * share, ADDRESS.ms), this.#window(endpoint, most, SECOND_MS)];
  }

  #window(name: string, most: number, ms: number): Window {
    const known = this.#windows.get(name);
    if (known !== undefined) return known;
    const made = new Window(most * this.#share, ms * BUNCHED);
    this.#windows.set(name, made);
    return made;
  }
}

/** Without the verb in front: `OrderCancel linear`. */
const keyOf = (call: string, category: Category): string => `${call.replace(/^private(Get|Post)V5/, '')} ${category}`;

/** As ccxt names it: /v5/position/trading-stop is PositionTradingStop. */
const callOf = (path: string): string =>
  path
    .replace('/v5/', '')
    .split(/[/-]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
