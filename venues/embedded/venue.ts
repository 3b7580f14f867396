/** The embedded venue: a market, the exchange it moves, and the Bybit façade in front of it. It plays only when told to. */
import type { Instant } from '#trading/model/instrument.ts';
import { Faults } from './bybit/faults.ts';
import { Feed } from './bybit/feed.ts';
import { Hub } from './bybit/hub.ts';
import type { Keys } from './bybit/private/auth.ts';
import { PrivateSide } from './bybit/private/side.ts';
import { Requests } from './bybit/requests.ts';
import { LOOPBACK, Server, type ServerCounters } from './bybit/server.ts';
import { Exchange } from './exchange.ts';
import type { ListingKey } from './listing.ts';
import { BadQuotes } from './market/bad-quotes.ts';
import type { Gaps, MarketProcess } from './market/process.ts';
import { openRecorded } from './market/recorded.ts';
import { SyntheticMarket } from './market/synthetic.ts';
import type { VenueParams } from './params.ts';

export interface VenueInfo {
  readonly rest: string;
  readonly ws: string;
  readonly now: Instant;
  readonly symbols: readonly ListingKey[];
  readonly gaps: readonly Gaps[];
  /** Time of the last step; null where the market has no end. */
  readonly end: Instant | null;
}

export interface VenueStep {
  readonly now: Instant;
  /** `orderbook.1` frames that were sent, over all sockets. */
  readonly books: number;
  /** Nothing is left to play. */
  readonly ended: boolean;
  /** When the next step plays; null at the end. */
  readonly next: Instant | null;
  /** Of the books, the venue's times that are not `now`: frozen and stale ones. */
  readonly oldStamps: readonly Instant[];
}

export interface VenueCounters extends ServerCounters {
  readonly steps: number;
  readonly books: number;
  readonly frames: number;
  readonly sockets: number;
  readonly subscriptions: number;
  readonly slowClosed: number;
  readonly refusedRequests: number;
  readonly faults: number;
  /** By kind; null where every quote is true. */
  readonly badQuotes: Readonly<Record<string, number>> | null;
}

/** Binds the port and prepares the market; nothing is played yet. @throws DataFileError, or Error where the port cannot be bound. */
export async function openVenue(params: VenueParams): Promise<Venue> {
  const market = await openMarket(params);
  const exchange = await Exchange.open(market);
  const venue = new Venue(market, exchange, params);
  try {
    await venue.listen(params.port);
  } catch (error) {
    await market.close();
    throw error;
  }
  return venue;
}

export class Venue {
  /** What its account is opened with. */
  readonly keys: Keys;
  readonly #market: MarketProcess;
  readonly #exchange: Exchange;
  readonly #hub = new Hub();
  readonly #private: PrivateSide;
  readonly #faults: Faults;
  readonly #badQuotes: BadQuotes | null;
  readonly #feed: Feed;
  readonly #requests: Requests;
  readonly #server: Server;
  #steps = 0;
  #books = 0;

  constructor(market: MarketProcess, exchange: Exchange, { seed, account, badQuotes }: Pick<VenueParams, 'seed' | 'account' | 'badQuotes'>) {
    this.#market = market;
    this.#exchange = exchange;
    this.#badQuotes = badQuotes === undefined ? null : new BadQuotes(seed, badQuotes);
    const { apiKey, secret, ...terms } = account;
    this.keys = { apiKey, secret };
    this.#private = new PrivateSide(exchange, { seed, ...terms, keys: this.keys, clock: () => Date.now() });
    this.#faults = new Faults(exchange, this.#hub, this.#private, this.#badQuotes);
    this.#feed = new Feed(exchange, this.#hub, this.#faults);
    this.#requests = new Requests(exchange, this.#hub, this.#feed, this.#faults);
    this.#server = new Server(exchange, this.#hub, this.#requests, this.#private);
  }

  listen(port: number): Promise<void> {
    return this.#server.listen(port);
  }

  info(): VenueInfo {
    const at = `${LOOPBACK}:${this.#server.port}`;
    const { listings, gaps, end } = this.#market;
    return { rest: `http://${at}`, ws: `ws://${at}`, now: this.#exchange.now, symbols: listings.map(({ key }) => key), gaps, end };
  }

  /** Plays one step. After the end it changes nothing. */
  async step(): Promise<VenueStep> {
    const changes = await this.#exchange.step();
    if (changes.length > 0) this.#steps++;
    this.#private.onChanges(changes);
    return this.#after(this.#feed.push(changes));
  }

  /** Moves the clock without new prices, never past the next step; books unchanged for 3 s are pushed again. */
  idle(ms: number): VenueStep {
    const due = this.#exchange.idle(ms);
    this.#private.onIdle();
    return this.#after(this.#feed.pushAgain(due));
  }

  /** @throws RangeError where the fault or its target is not known. */
  fault(name: string, target?: string, value?: string): unknown {
    return this.#faults.inject(name, target, value);
  }

  counters(): VenueCounters {
    const { frames, sockets, subscriptions, slowClosed } = this.#hub;
    return {
      ...this.#server.counters,
      steps: this.#steps,
      books: this.#books,
      frames,
      sockets: sockets + this.#private.sockets,
      subscriptions,
      slowClosed,
      refusedRequests: this.#requests.refused,
      faults: this.#faults.injected,
      badQuotes: this.#badQuotes?.counts ?? null,
    };
  }

  async close(): Promise<void> {
    await this.#server.close();
    this.#private.close();
    await this.#exchange.close();
  }

  #after(books: number): VenueStep {
    this.#books += books;
    const { now, next } = this.#exchange;
    return { now, books, ended: next === null, next, oldStamps: this.#badQuotes?.takeOldStamps() ?? [] };
  }
}

async function openMarket({ seed, play, resumeAt }: VenueParams): Promise<MarketProcess> {
  if (play.kind === 'files') return openRecorded({ files: play.files, from: play.from, to: play.to, resumeAt });
  return new SyntheticMarket({ seed, resumeAt, ...(play.symbols !== undefined && { listings: play.symbols }) });
}
