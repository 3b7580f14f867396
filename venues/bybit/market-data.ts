/** Bybit as a source of market data: one session over an unmodified ccxt, without keys and without any way to send an order. */
import type { FeedHandlers, MarketData } from '#protocol/venue.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { Bar } from '#trading/model/quote.ts';
import { CorrectedTime, PlayedTime, type VenueTime } from '../shared/clock.ts';
import { Counters } from '../shared/counters.ts';
import { createExchange, type Exchange } from './create.ts';
import { ENDPOINTS, marketDataUrls, type Category, type Endpoints, type Environment } from './endpoints.ts';
import { Feed, type FeedLimits } from './feed.ts';
import { readFunding } from './funding.ts';
import { hasInterval, readBars } from './history.ts';
import { categoryOf, instrumentOf } from './markets.ts';
import { RestGate } from './rest-gate.ts';
import { atMost, briefly, retried, type RetryLimits } from '../shared/retry.ts';
import { createTransport, type Transport } from './transport.ts';

export interface BybitLimits {
  readonly requestMs: number;
  readonly markets: RetryLimits;
  readonly history: RetryLimits;
  /** For one history with all its pages and retries: less than the deadline of an actor's turn. */
  readonly historyMs: number;
  readonly keepAliveMs: number;
  readonly connectMs: number;
  readonly feed: FeedLimits;
  /** Between two readings of the instruments, and of the venue's clock. */
  readonly instrumentsMs: number;
  readonly clockMs: number;
  /** Between two readings of funding rates, in market time. */
  readonly fundingMs: number;
}

/** Opening takes at most 16 s and the first books 10 s: together less than the 30 s in which an actor must start. */
export const LIMITS: BybitLimits = Object.freeze({
  requestMs: 5000,
  markets: { baseMs: 250, capMs: 2000, totalMs: 11_000 },
  history: { baseMs: 250, capMs: 2000, totalMs: 7000 },
  historyMs: 8000,
  keepAliveMs: 5000,
  connectMs: 5000,
  feed: {
    redial: { baseMs: 250, capMs: 15_000 },
    stableMs: 30_000,
    silentMs: 5000,
    lookMs: 500,
    bootMs: 10_000,
    healCapMs: 60_000,
  },
  instrumentsMs: 3_600_000,
  clockMs: 60_000,
  fundingMs: 60_000,
});
/** An embedded venue is restarted within a second: waiting longer would only hold the market up. */
const EMBEDDED_REDIAL_CAP_MS = 1000;
/** A played hour may take a hundredth of a second. */
const EMBEDDED_FUNDING_MS = 3_600_000;
/** Until a rate that could not be read is asked for again, in market time: a venue that has just started may have none yet. */
const FUNDING_RETRY_MS = 5000;

export interface BybitOptions {
  readonly environment: Environment;
  /** Where an embedded venue listens; null elsewhere. */
  readonly endpoints: Endpoints | null;
  /** Unified symbols. */
  readonly symbols: readonly string[];
  /** Share of the venue's limits that may be used, in (0, 1]. */
  readonly rateLimit: number;
  readonly limits?: BybitLimits;
}

/** @throws Error where an embedded environment has no endpoints, another one has, or there is no symbol. */
export function createBybitMarketData(options: BybitOptions): MarketData {
  return new BybitMarketData(options);
}

class BybitMarketData implements MarketData {
  readonly #options: BybitOptions;
  readonly #endpoints: Endpoints;
  readonly #limits: BybitLimits;
  readonly #time: VenueTime;
  readonly #counters = new Counters();
  readonly #gate: RestGate;
  readonly #transport: Transport;
  readonly #timers: NodeJS.Timeout[] = [];
  #exchange: Exchange | null = null;
  #instruments: ReadonlyMap<string, Instrument> = new Map();
  #feed: Feed | null = null;
  #trouble: string | null = null;
  /** Market time of the next reading of funding rates. */
  #fundingDueAt = Infinity;

  constructor(options: BybitOptions) {
    this.#options = options;
    this.#endpoints = endpointsOf(options);
    if (options.symbols.length === 0) throw new Error('the Bybit gateway has no symbol to watch');
    this.#limits = options.limits ?? limitsOf(options.environment);
    this.#time = options.environment === 'embedded' ? new PlayedTime() : new CorrectedTime(() => Date.now());
    this.#gate = new RestGate(options.rateLimit, () => performance.now());
    this.#transport = createTransport(this.#limits.requestMs);
  }

  async open(): Promise<void> {
    const { requestMs, keepAliveMs, connectMs } = this.#limits;
    const { environment, symbols } = this.#options;
    const categories: readonly Category[] = [...new Set(symbols.map(categoryOf))];
    this.#exchange = await createExchange(
      { environment, endpoints: this.#endpoints, categories, fetch: this.#transport.fetch, keepAliveMs, connectMs, requestMs },
      {
        beforeRequest: () => this.#gate.pass(),
        onResponse: (path, status, retCode, headers, time) => {
          this.#counters.count('rest.answers');
          this.#gate.observe(path, status, retCode, headers);
          if (time !== null && status === 200) this.#time.observe(time);
        },
        onMessage: (socket, message) => this.#feed?.onMessage(socket, message) ?? true,
        onConnected: (socket) => this.#feed?.onConnected(socket),
        onLost: (socket, reason) => this.#feed?.onLost(socket, reason),
      },
    );
    [this.#instruments] = await Promise.all([this.#readInstruments(this.#limits.markets), this.#sampleClock()]);
  }

  instruments(): Promise<readonly Instrument[]> {
    return Promise.resolve([...this.#instruments.values()]);
  }

  async subscribe(symbols: readonly string[], handlers: FeedHandlers): Promise<void> {
    if (this.#feed !== null) throw new Error('subscribed already: one object is one session');
    const instruments = symbols.map((symbol) => this.#instrument(symbol));
    const ports = { exchange: this.#opened(), time: this.#time, counters: this.#counters };
    this.#feed = new Feed(
      instruments,
      marketDataUrls(this.#endpoints).api.ws.public,
      ports,
      this.#limits.feed,
      this.#withFunding(handlers, instruments),
    );
    // The first rates are known before the first quote is handed to anyone who could open a position on it.
    await Promise.all([this.#feed.start(), this.#announce(handlers, instruments)]);
    this.#every(this.#limits.instrumentsMs, () => this.#refresh(handlers));
    this.#every(this.#limits.clockMs, () => this.#sampleClock());
  }

  /** A comparison at every quote; rates are read beside them. */
  #withFunding(handlers: FeedHandlers, instruments: readonly Instrument[]): FeedHandlers {
    return {
      ...handlers,
      onQuote: (quote) => {
        handlers.onQuote(quote);
        if (quote.exchangeAt >= this.#fundingDueAt) void this.#announce(handlers, instruments);
      },
    };
  }

  /** Never rejects: where a rate cannot be read the one before stays and it is asked for again; a funding time without one is said where it is missed. */
  async #announce({ onFunding }: FeedHandlers, instruments: readonly Instrument[]): Promise<void> {
    const perpetuals = instruments.filter(({ fundingSchedule }) => fundingSchedule !== null);
    if (onFunding === undefined || perpetuals.length === 0) return;
    const { fundingMs } = this.#limits;
    const now = this.#time.now();
    this.#fundingDueAt = now - (now % fundingMs) + fundingMs;
    for (const perpetual of perpetuals) {
      try {
        onFunding(await readFunding(this.#opened(), perpetual));
      } catch (error) {
        this.#failed('funding', error);
        this.#fundingDueAt = Math.min(this.#fundingDueAt, now + FUNDING_RETRY_MS);
      }
    }
  }

  async history(symbol: string, intervalMinutes: number, bars: number): Promise<readonly Bar[]> {
    const exchange = this.#opened();
    const { venueSymbol } = this.#instrument(symbol);
    if (!hasInterval(intervalMinutes)) {
      this.#failed('history', new RangeError(`Bybit has no candles of ${intervalMinutes} minutes`));
      return [];
    }
    const request = { category: categoryOf(symbol), venueSymbol, intervalMinutes, bars };
    // A retry goes on from the pages that are known already.
    const known: Bar[] = [];
    const read = retried(
      `reading candles of ${symbol}`,
      this.#limits.history,
      () => readBars(exchange, request, () => this.#time.now(), known),
      (error) => this.#failed('history', error),
    ).catch((error: unknown) => this.#failed('history', error));
    await atMost(this.#limits.historyMs, read);
    return known.slice(-bars);
  }

  counters(): Readonly<Record<string, number>> {
    return this.#counters.view();
  }

  health(): Readonly<Record<string, unknown>> {
    return {
      environment: this.#options.environment,
      rest: this.#endpoints.rest,
      ws: this.#endpoints.ws,
      marketNow: this.#time.now(),
      clockOffsetMs: this.#time.offsetMs,
      lastRestTrouble: this.#trouble,
      rates: Object.fromEntries(this.#gate.rates),
      feed: this.#feed?.health() ?? null,
    };
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#feed?.close();
    await this.#transport.close();
  }

  /** Always with `true`: ccxt keeps the rejection of a first load that failed, and answers every later call with it. */
  async #readInstruments(limits: RetryLimits): Promise<ReadonlyMap<string, Instrument>> {
    const exchange = this.#opened();
    const where = `reading the instruments of Bybit (${this.#options.environment}, ${this.#endpoints.rest})`;
    const markets = await retried(
      where,
      limits,
      () => exchange.loadMarkets(true),
      (error) => this.#failed('markets', error),
    );
    return new Map(this.#options.symbols.map((symbol) => [symbol, instrumentOf(symbol, markets)]));
  }

  async #refresh(handlers: FeedHandlers): Promise<void> {
    try {
      const before = this.#instruments;
      const after = await this.#readInstruments(this.#limits.markets);
      this.#instruments = after;
      for (const [symbol, instrument] of after) {
        if (JSON.stringify(instrument) !== JSON.stringify(before.get(symbol))) handlers.onInstrument(instrument);
      }
    } catch (error) {
      // What was read before stays in force; an instrument that stopped trading falls silent, and the watchdog says so.
      this.#failed('refresh', error);
    }
  }

  async #sampleClock(): Promise<void> {
    try {
      const sentAt = Date.now();
      const answer = await this.#opened().publicGetV5MarketTime({});
      const receivedAt = Date.now();
      if (typeof answer === 'object' && answer !== null && 'time' in answer && typeof answer.time === 'number') {
        this.#time.sample(answer.time, sentAt, receivedAt);
      }
    } catch (error) {
      this.#failed('clock', error);
    }
  }

  #every(ms: number, task: () => Promise<void>): void {
    this.#timers.push(setInterval(() => void task(), ms));
  }

  #failed(what: string, thrown: unknown): void {
    this.#counters.count(`failed.${what}`);
    this.#trouble = `${what}: ${briefly(thrown)}`;
  }

  #opened(): Exchange {
    if (this.#exchange === null) throw new Error('the session is not open');
    return this.#exchange;
  }

  #instrument(symbol: string): Instrument {
    const instrument = this.#instruments.get(symbol);
    if (instrument === undefined) throw new Error(`${symbol} is not configured; there are ${[...this.#instruments.keys()].join(', ')}`);
    return instrument;
  }
}

function endpointsOf({ environment, endpoints }: BybitOptions): Endpoints {
  if (environment === 'embedded') {
    if (endpoints === null) throw new Error('an embedded market needs rest and ws: where its venue listens');
    return endpoints;
  }
  if (endpoints !== null) throw new Error(`rest and ws belong to an embedded market; ${environment} has its own`);
  return ENDPOINTS[environment];
}

function limitsOf(environment: Environment): BybitLimits {
  if (environment !== 'embedded') return LIMITS;
  return { ...LIMITS, fundingMs: EMBEDDED_FUNDING_MS, feed: { ...LIMITS.feed, redial: { ...LIMITS.feed.redial, capMs: EMBEDDED_REDIAL_CAP_MS } } };
}
