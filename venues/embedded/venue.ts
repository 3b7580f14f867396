/** The embedded venue: a market, the exchange it moves, and the Bybit façade in front of it. It plays only when told to. */
import type { Instant } from '#trading/model/instrument.ts';
import { Connections } from './bybit/connections.ts';
import { DepthFeed } from './bybit/depth.ts';
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
import { emptyMarket } from './market/empty.ts';
import { openRecorded } from './market/recorded.ts';
import { SyntheticMarket } from './market/synthetic.ts';
import type { VenueParams } from './params.ts';
import { openTwsStage, type TwsAccount, type TwsStage } from './tws-stage.ts';
import type { TwsCounters } from './tws/tws.ts';

export interface VenueInfo {
  readonly rest: string;
  readonly ws: string;
  /** Port of the TWS façade; null where there is none. */
  readonly tws: number | null;
  readonly now: Instant;
  /** TWS is in a restart or has lost its servers: no quote of it is to be waited for. */
  readonly twsAway?: true;
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
  /** The TWS façade showed something; absent where it did not. */
  readonly tws?: true;
  /** As in `VenueInfo`. */
  readonly twsAway?: true;
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
  /** Null where there is no TWS façade. */
  readonly tws: TwsCounters | null;
}

/** Binds the port and prepares the market; nothing is played yet. @throws DataFileError, or Error where the port cannot be bound. */
export async function openVenue(params: VenueParams): Promise<Venue> {
  const played = await openPlayed(params);
  const stage = await openTwsStage(params, played?.start ?? 0).catch(async (error: unknown) => {
    await played?.close();
    throw error;
  });
  try {
    const market = played ?? emptyMarket(stage?.market.start ?? 0);
    const venue = new Venue(market, await Exchange.open(market), params, stage);
    await venue.listen(params.port).catch(async (error: unknown) => {
      await market.close();
      throw error;
    });
    return venue;
  } catch (error) {
    await stage?.close();
    throw error;
  }
}

export class Venue {
  /** What its account is opened with. */
  readonly keys: Keys;
  readonly #market: MarketProcess;
  readonly #stage: TwsStage | null;
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

  constructor(
    market: MarketProcess,
    exchange: Exchange,
    { seed, account, badQuotes }: Pick<VenueParams, 'seed' | 'account' | 'badQuotes'>,
    stage: TwsStage | null,
  ) {
    this.#market = market;
    this.#stage = stage;
    this.#exchange = exchange;
    this.#badQuotes = badQuotes === undefined ? null : new BadQuotes(seed, badQuotes);
    const { apiKey, secret, ...terms } = account;
    this.keys = { apiKey, secret };
    this.#private = new PrivateSide(exchange, { seed, ...terms, keys: this.keys, clock: () => Date.now() });
    const connections = new Connections();
    this.#faults = new Faults({ exchange, hub: this.#hub, side: this.#private, connections, badQuotes: this.#badQuotes });
    const { desk } = this.#private;
    const depth = new DepthFeed(this.#hub, (board, levels) => desk.depth(board, levels));
    this.#feed = new Feed(exchange, this.#hub, this.#faults, depth, (board) => desk.limits(board));
    this.#private.onLiquidated = (symbol, rows) => this.#feed.liquidated(symbol, rows);
    this.#requests = new Requests(exchange, this.#hub, this.#feed, this.#faults);
    this.#server = new Server(exchange, this.#hub, this.#requests, this.#private, connections);
  }

  listen(port: number): Promise<void> {
    return this.#server.listen(port);
  }

  info(): VenueInfo {
    const at = `${LOOPBACK}:${this.#server.port}`;
    const { listings, gaps, end } = this.#market;
    const played = this.#stage?.market;
    return {
      ...{ rest: `http://${at}`, ws: `ws://${at}`, tws: this.#stage?.tws.port ?? null, now: this.#exchange.now },
      ...this.#away(),
      symbols: listings.map(({ key }) => key),
      gaps: [...gaps, ...(played?.gaps ?? [])],
      end: played === undefined ? end : later(end, played.end),
    };
  }

  /** Plays one step: whatever of both façades is next. After the end it changes nothing. */
  async step(): Promise<VenueStep> {
    const due = this.#stage?.next ?? null;
    const next = this.#exchange.next;
    if (this.#stage === null || due === null || (next !== null && next < due)) return this.#after(await this.#stepExchange(), false);
    const books = next === due ? await this.#stepExchange() : this.#idleExchange(due - this.#exchange.now);
    return this.#after(books, await this.#stage.step());
  }

  /** Moves the clock without new prices, never past the next step; books unchanged for 3 s are pushed again. */
  idle(ms: number): VenueStep {
    const due = this.#stage?.next ?? null;
    return this.#after(this.#idleExchange(due === null ? ms : Math.max(0, Math.min(ms, due - this.#exchange.now))), false);
  }

  async #stepExchange(): Promise<number> {
    const changes = await this.#exchange.step();
    if (changes.length > 0) this.#steps++;
    this.#private.onChanges(changes);
    return this.#feed.push(changes);
  }

  #idleExchange(ms: number): number {
    const due = this.#exchange.idle(ms);
    this.#private.onIdle();
    return this.#feed.pushAgain(due);
  }

  /** `tws` and a fault of TWS with what it takes, or one of Bybit. @throws RangeError where the fault or its target is not known. */
  fault(name: string, ...takes: readonly string[]): unknown {
    if (name !== 'tws') return this.#faults.inject(name, ...takes);
    if (this.#stage === null) throw new RangeError('this venue has no TWS façade');
    return this.#stage.inject(takes);
  }

  /** Null where there is no TWS façade. */
  twsAccount(): TwsAccount | null {
    return this.#stage?.account() ?? null;
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
      tws: this.#stage?.tws.counters() ?? null,
    };
  }

  async close(): Promise<void> {
    await this.#server.close();
    this.#private.close();
    await this.#stage?.close();
    await this.#exchange.close();
  }

  #away(): { readonly twsAway?: true } {
    return this.#stage?.tws.isAway === true ? { twsAway: true } : {};
  }

  #after(books: number, tws: boolean): VenueStep {
    this.#books += books;
    const { now } = this.#exchange;
    this.#stage?.advance(now);
    const next = sooner(this.#exchange.next, this.#stage?.next ?? null);
    return { now, books, ...(tws && { tws }), ...this.#away(), ended: next === null, next, oldStamps: this.#badQuotes?.takeOldStamps() ?? [] };
  }
}

const sooner = (one: Instant | null, other: Instant | null): Instant | null =>
  one === null || other === null ? (one ?? other) : Math.min(one, other);
const later = (one: Instant | null, other: Instant | null): Instant | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other);

/** Null where only TWS plays. */
async function openPlayed({ seed, play, resumeAt }: VenueParams): Promise<MarketProcess | null> {
  if (play.kind === 'synthetic') {
    const { symbols, from = null } = play;
    return new SyntheticMarket({ seed, resumeAt: resumeAt ?? from, window: play, ...(symbols !== undefined && { listings: symbols }) });
  }
  if (play.files.length === 0) return null;
  return openRecorded({ files: play.files, funding: play.funding, from: play.from, to: play.to, resumeAt });
}
