/**
 * Bybit's request limits (rate-limit page, 2026-05): requests a second by endpoint and category; of an address 600 in 5 s for all of HTTP, 3000 a second on
 * the trade stream, and 500 new connections in 5 min.
 */
import type { Category } from '../../listing.ts';

const SECOND_MS = 1000;
export const ADDRESS_MAX = 600;
const ADDRESS_MS = 5000;
export const TRADE_STREAM_MAX = 3000;
export const CONNECTIONS_MAX = 500;
const CONNECTIONS_MS = 300_000;
/** What is limited and is no endpoint. */
const STREAM = 'trade-stream';
const CONNECTIONS = 'connections';
/** Endpoints that the table does not name. */
const OTHER = 50;

type PerSecond = Readonly<Record<Category, number>>;
const both = (most: number): PerSecond => ({ linear: most, spot: most });

const TABLE: Readonly<Record<string, PerSecond>> = {
  'order/create': { linear: 10, spot: 20 },
  'order/cancel': { linear: 10, spot: 20 },
  'order/amend': both(10),
  'order/cancel-all': { linear: 10, spot: 20 },
  // Batches have buckets of their own, in which every order counts.
  'order/create-batch': { linear: 10, spot: 20 },
  'order/amend-batch': { linear: 10, spot: 20 },
  'order/cancel-batch': { linear: 10, spot: 20 },
  'position/set-leverage': both(10),
  'position/trading-stop': both(10),
  'position/switch-mode': both(10),
  'account/fee-rate': both(5),
  'account/query-dcp-info': both(5),
  'account/instruments-info': both(10),
  'account/transaction-log': both(25),
  'user/query-api': both(10),
};

/** Orders a second of accounts with a VIP level; level 0 has the table's. */
export const VIP_LEVELS: readonly PerSecond[] = [
  { linear: 10, spot: 20 },
  { linear: 20, spot: 25 },
  { linear: 40, spot: 30 },
  { linear: 60, spot: 40 },
];
/** What a level raises; of spot, amending stays as it is. */
const RAISED = /^order\/(create|cancel|cancel-all|(create|amend|cancel)-batch)$/;

export interface Allowance {
  /** How many of those asked for; 0 refuses them all. */
  readonly granted: number;
  readonly limit: number;
  readonly left: number;
  /** Until the next request is taken; 0 where it is taken now. */
  readonly waitMs: number;
}

export class Limits {
  readonly #clock: () => number;
  readonly #isOn: boolean;
  readonly #level: number;
  readonly #windows = new Map<string, number[]>();
  /** Other than the table's, by endpoint. */
  readonly #set = new Map<string, number>();

  /** `clock`: milliseconds that pass as the clients' do; `level`: the account's VIP level. */
  constructor(clock: () => number, isOn = true, level = 0) {
    this.#clock = clock;
    this.#isOn = isOn;
    this.#level = level;
  }

  /** An account of another level: so many a second; also of `trade-stream`, and of `connections` in 5 min. */
  set(endpoint: string, most: number): void {
    this.#set.set(endpoint, most);
  }

  /** Takes one of the address's requests. */
  address(): boolean {
    return this.#take('address', ADDRESS_MAX, ADDRESS_MS).granted > 0;
  }

  /** Takes one of the address's requests on the trade stream. */
  tradeStream(): boolean {
    return this.#take(STREAM, this.#set.get(STREAM) ?? TRADE_STREAM_MAX, SECOND_MS).granted > 0;
  }

  /** Takes one of the address's new connections. */
  connection(): boolean {
    return this.#take(CONNECTIONS, this.#set.get(CONNECTIONS) ?? CONNECTIONS_MAX, CONNECTIONS_MS).granted > 0;
  }

  /** `endpoint` is the path without `/v5/`, or the operation of the trade stream: both share a bucket. */
  endpoint(endpoint: string, category: Category, cost = 1): Allowance {
    const raised = this.#level > 0 && (RAISED.test(endpoint) || (endpoint === 'order/amend' && category === 'linear'));
    const most = this.#set.get(endpoint) ?? (raised ? VIP_LEVELS[this.#level] : TABLE[endpoint])?.[category] ?? OTHER;
    return this.#take(`${category}:${endpoint}`, most, SECOND_MS, cost);
  }

  #take(name: string, most: number, ms: number, cost = 1): Allowance {
    if (!this.#isOn) return { granted: cost, limit: most, left: most, waitMs: 0 };
    const now = this.#clock();
    const taken = (this.#windows.get(name) ?? []).filter((at) => at > now - ms);
    this.#windows.set(name, taken);
    const granted = Math.min(cost, most - taken.length);
    for (let one = 0; one < granted; one++) taken.push(now);
    const oldest = taken[0] ?? now;
    return { granted, limit: most, left: most - taken.length, waitMs: taken.length < most ? 0 : Math.ceil(oldest + ms - now) };
  }
}
