/** IBKR as a source of market data: pairs, shares and the options on them, over a session that has no way to send an order (RT-1). */
import type { FeedHandlers, MarketData } from '#protocol/venue.ts';
import type { Instant, Instrument } from '#trading/model/instrument.ts';
import type { VenueTrouble } from '#trading/model/live.ts';
import type { Bar } from '#trading/model/quote.ts';
import { CorrectedTime, PlayedTime, type VenueTime } from '../shared/clock.ts';
import { atMost, briefly } from '../shared/retry.ts';
import { Catalog } from './catalog.ts';
import type { WatchRules } from './chains.ts';
import { createClient, type Address, type MarketClient } from './client.ts';
import { assetOf } from './contracts.ts';
import { HistoryReader } from './history.ts';
import {
  EMBEDDED_SESSION_LIMITS,
  IbkrSession,
  SESSION_LIMITS,
  type SessionLimits,
  type SessionPart,
  type SessionState,
  type SyncReason,
} from './session.ts';
import type { Line } from './line.ts';
import { AWAY_MS, Troubles } from './troubles.ts';
import { Ticker, type TickerLimits } from './ticker.ts';

export const IBKR_ENVIRONMENTS = ['embedded', 'testnet', 'mainnet'] as const;

export interface IbkrMarketOptions {
  readonly environment: (typeof IBKR_ENVIRONMENTS)[number];
  readonly address: Address;
  readonly clientId: number;
  /** Pairs such as EUR/USD. */
  readonly pairs: readonly string[];
  /** Shares whose options are watched. */
  readonly underlyings: readonly string[];
  readonly options: WatchRules;
  /** Share of the venue's limits that may be used, in (0, 1]. */
  readonly rateLimit: number;
  readonly limits?: IbkrMarketLimits;
}

export interface IbkrMarketLimits {
  readonly session: SessionLimits;
  readonly requestMs: number;
  /** For one history: less than the deadline of an actor's turn. */
  readonly historyMs: number;
  readonly ticker: TickerLimits;
  /** Between two looks at the option chains, market time. */
  readonly chooseMs: number;
  /** After so long without quotes from TWS a person is called. Wall milliseconds. */
  readonly awayMs: number;
}

export const MARKET_LIMITS: IbkrMarketLimits = Object.freeze({
  session: SESSION_LIMITS,
  requestMs: 8000,
  historyMs: 8000,
  ticker: { refreshAfterMs: 1000, competingMs: 30_000, vigil: { silentMs: 60_000, answerMs: 10_000 }, optionSilentMs: 600_000, lookMs: 5000 },
  chooseMs: 900_000,
  awayMs: AWAY_MS,
});
const SETTLE_MS = 5000;

/** @throws Error where there is nothing to watch. */
export function createIbkrMarketData(options: IbkrMarketOptions): MarketData & Required<Pick<MarketData, 'settle'>> {
  return new IbkrMarketData(options);
}

class IbkrMarketData implements MarketData, SessionPart<MarketClient> {
  readonly #options: IbkrMarketOptions;
  readonly #limits: IbkrMarketLimits;
  readonly #session: IbkrSession<MarketClient>;
  readonly #time: VenueTime;
  readonly #catalog: Catalog;
  readonly #ticker: Ticker;
  readonly #history: HistoryReader;
  readonly #troubles: Troubles;
  #handlers: FeedHandlers | null = null;
  /** What came before anybody subscribed. */
  #untold: VenueTrouble | null = null;
  #up: boolean | null = null;
  /** Instruments that whoever subscribed knows of. */
  readonly #told = new Set<Instrument>();
  #trouble: string | null = null;
  /** Market time of the next look at the option chains. */
  #choosesAt: Instant = 0;
  #chooser: NodeJS.Timeout | undefined;

  constructor(options: IbkrMarketOptions) {
    const { environment, address, clientId, pairs, underlyings, rateLimit } = options;
    if (pairs.length + underlyings.length === 0) throw new Error('the IBKR gateway has no symbol to watch');
    const played = environment === 'embedded';
    this.#options = options;
    this.#limits = options.limits ?? limitsOf(played);
    this.#time = played ? new PlayedTime() : new CorrectedTime(() => Date.now());
    this.#session = new IbkrSession<MarketClient>({
      ...{ address, clientId, account: null, limits: this.#limits.session },
      create: (to) => createClient<MarketClient>(to),
      rateLimit: played ? null : rateLimit,
    });
    this.#history = new HistoryReader(!played, () => performance.now());
    this.#catalog = new Catalog(this.#session.pacing, this.#limits.requestMs);
    const isOpen = (symbol: string, now: Instant): boolean | null => this.#catalog.isOpen(symbol, now);
    this.#ticker = new Ticker(this.#session, this.#time, this.#limits.ticker, played, isOpen, () => this.#tellState());
    this.#troubles = new Troubles('TWS, which quotes come from,', this.#limits.awayMs, (trouble) => this.#called(trouble));
    this.#session.add(this.#ticker);
    this.#session.add(this);
  }

  open(): Promise<void> {
    return this.#session.open();
  }

  attach(): void {
    // The ticker hears the ticks.
  }

  /** After the ticker has subscribed again what it knew. */
  async sync(line: Line<MarketClient>, why: SyncReason): Promise<void> {
    if (why !== 'connected') return;
    for (const symbol of [...this.#options.pairs, ...this.#options.underlyings]) {
      if (!(await this.#watch(line, symbol, null))) throw new Error(`${symbol}: TWS has no market data line left`);
    }
    // What was sent at the subscription is there: strikes are chosen around it.
    this.#time.observe((await line.roundTrip(this.#limits.requestMs)) * 1000);
    await this.#choose(line);
    this.#tellInstruments();
  }

  onState(state: SessionState): void {
    this.#troubles.state(state, () => this.#session.state.reason);
    this.#tellState();
  }

  instruments(): Promise<readonly Instrument[]> {
    for (const instrument of this.#catalog.instruments()) this.#told.add(instrument);
    return Promise.resolve([...this.#told]);
  }

  subscribe(_symbols: readonly string[], handlers: FeedHandlers): Promise<void> {
    if (this.#handlers !== null) throw new Error('subscribed already: one object is one session');
    this.#handlers = handlers;
    this.#ticker.start(handlers);
    this.#tellState();
    if (this.#untold !== null) handlers.onTrouble?.(this.#untold);
    // A played market has no time of its own: it is looked at with each step.
    if (this.#options.environment !== 'embedded') this.#chooser = setInterval(() => void this.#chooseIfDue(), this.#limits.chooseMs);
    return Promise.resolve();
  }

  async history(symbol: string, intervalMinutes: number, bars: number): Promise<readonly Bar[]> {
    const line = this.#session.usable;
    const contract = this.#catalog.details(symbol)?.contract;
    if (line === null || contract === undefined) return [];
    let known: readonly Bar[] = [];
    const { historyMs } = this.#limits;
    const read = this.#history
      .read(line, { contract, intervalMinutes, bars, end: null }, this.#time.now(), historyMs)
      .then((found) => void (known = found))
      .catch((error: unknown) => this.#failed('history', error));
    await atMost(historyMs, read);
    return known;
  }

  /** A played market says what time it is here: the wire tells none. */
  async settle(now: Instant): Promise<void> {
    this.#time.observe(now);
    await this.#chooseIfDue();
    await this.#ticker.settle(now, SETTLE_MS);
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#session.counters.view(), ...this.#ticker.counters() };
  }

  health(): Readonly<Record<string, unknown>> {
    return {
      environment: this.#options.environment,
      ...this.#session.health(),
      lastFailure: this.#trouble,
      marketNow: this.#time.now(),
      lines: this.#ticker.health(),
      hours: this.#catalog.hours(this.#time.now()),
    };
  }

  close(): Promise<void> {
    clearInterval(this.#chooser);
    this.#ticker.close();
    this.#session.close();
    return Promise.resolve();
  }

  async #watch(line: Line<MarketClient>, symbol: string, underlying: string | null): Promise<boolean> {
    const { contract } = await this.#catalog.qualify(line, symbol);
    const instrument = this.#catalog.instrument(symbol);
    const name = { asset: assetOf(symbol), symbol, venueSymbol: instrument?.venueSymbol ?? symbol };
    return this.#ticker.watch(line, name, contract, underlying);
  }

  /** Again now and then: the money moves, and expiries pass. Options that are watched stay so: one of them may be held. */
  async #choose(line: Line<MarketClient>): Promise<void> {
    this.#choosesAt = this.#time.now() + this.#limits.chooseMs;
    await this.#catalog.renewHours(line, this.#time.now());
    for (const { symbol, expiry } of this.#catalog.instruments()) {
      if (expiry !== null && expiry <= this.#time.now()) this.#ticker.drop(line, symbol);
    }
    for (const underlying of this.#options.underlyings) {
      const spot = this.#ticker.spot(underlying);
      // Without any price, not even a close, there is no money to look around.
      if (spot === null) continue;
      for (const symbol of await this.#catalog.chosen(line, underlying, spot, this.#time.now(), this.#options.options)) {
        if (!(await this.#watch(line, symbol, underlying))) return;
      }
      this.#tellInstruments();
    }
  }

  #tellInstruments(): void {
    const handlers = this.#handlers;
    if (handlers === null) return;
    for (const instrument of this.#catalog.instruments()) {
      if (this.#told.has(instrument)) continue;
      this.#told.add(instrument);
      handlers.onInstrument(instrument);
    }
  }

  /** Never rejects: what was chosen before stays. */
  async #chooseIfDue(): Promise<void> {
    const line = this.#session.usable;
    if (line === null || this.#time.now() < this.#choosesAt) return;
    await this.#choose(line).catch((error: unknown) => this.#failed('choosing options', error));
  }

  #failed(what: string, error: unknown): void {
    this.#session.counters.count(`failed.${what}`);
    this.#trouble = `${what}: ${briefly(error)}`;
  }

  #called(trouble: VenueTrouble): void {
    if (this.#handlers === null) this.#untold = trouble;
    else this.#handlers.onTrouble?.(trouble);
  }

  #tellState(): void {
    const { usable, reason } = this.#session.state;
    const why = this.#ticker.trouble() ?? (this.#session.farmUp('market') ? null : 'a market data farm is broken');
    const up = usable && why === null;
    if (this.#handlers === null || up === this.#up) return;
    this.#up = up;
    this.#handlers.onState(up, up ? 'market data is live' : (why ?? reason));
  }
}

function limitsOf(played: boolean): IbkrMarketLimits {
  return played ? { ...MARKET_LIMITS, session: EMBEDDED_SESSION_LIMITS } : MARKET_LIMITS;
}
