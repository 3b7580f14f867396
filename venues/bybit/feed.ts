/**
 * The public feed: raw frames of ccxt's sockets in, quotes out. ccxt's own books are not used: they accept gaps, coalesce, and cannot
 * tell a frozen book from a quiet one. Whatever arrives, a frame becomes a quote, a counted drop, or goes on to ccxt.
 */
import type { DroppedFrame, FeedHandlers } from '#protocol/venue.ts';
import type { Asset, Instant, Instrument } from '#trading/model/instrument.ts';
import type { VenueTime } from '../shared/clock.ts';
import { Connection, type ConnectionLimits } from './connection.ts';
import type { Counters } from '../shared/counters.ts';
import type { Exchange, Socket } from './create.ts';
import type { Category } from './endpoints.ts';
import { bookTopic, parseBook, parseTrades, timeOf, tradesTopic } from './frames.ts';
import { ASSET_OF } from './markets.ts';
import { delayMs } from '../shared/retry.ts';
import { SymbolFeed } from './symbol-feed.ts';

export interface FeedLimits extends ConnectionLimits {
  /** Bybit pushes an unchanged book again after 3 s: silent for longer than this, the topic is broken. */
  readonly silentMs: number;
  readonly lookMs: number;
  /** From the first dial to the first book of every symbol. */
  readonly bootMs: number;
  /** Cap of the back-off between two resubscriptions of one topic. */
  readonly healCapMs: number;
}

export interface FeedPorts {
  readonly exchange: Exchange;
  readonly time: VenueTime;
  readonly counters: Counters;
}

interface Line {
  readonly category: Category;
  readonly asset: Asset;
  readonly connection: Connection;
  readonly symbols: readonly SymbolFeed[];
  readonly books: ReadonlyMap<string, SymbolFeed>;
  readonly trades: ReadonlyMap<string, SymbolFeed>;
}

export class Feed {
  readonly #ports: FeedPorts;
  readonly #limits: FeedLimits;
  readonly #handlers: FeedHandlers;
  readonly #lines: readonly Line[];
  #timer: NodeJS.Timeout | null = null;
  #up = false;
  #trouble = 'not connected';
  #lookedAtMarket: Instant;
  #onFirstUp: () => void = () => undefined;

  constructor(
    instruments: readonly Instrument[],
    urls: Readonly<Record<Category, string>>,
    ports: FeedPorts,
    limits: FeedLimits,
    handlers: FeedHandlers,
  ) {
    this.#ports = ports;
    this.#limits = limits;
    this.#handlers = handlers;
    this.#lookedAtMarket = ports.time.now();
    this.#lines = (['spot', 'linear'] as const).flatMap((category) => {
      const own = instruments.filter(({ asset }) => asset === ASSET_OF[category]);
      return own.length === 0 ? [] : [this.#line(category, urls[category], own)];
    });
  }

  /** Resolves when every symbol has its first book. @throws Error naming what is missing where they did not come in time. */
  async start(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    this.#timer = setInterval(() => this.#look(), this.#limits.lookMs);
    const firstUp = new Promise<void>((resolve, reject) => {
      this.#onFirstUp = resolve;
      timer = setTimeout(() => reject(new Error(this.#missing())), this.#limits.bootMs);
    });
    for (const { connection } of this.#lines) connection.dial();
    try {
      await firstUp;
    } finally {
      clearTimeout(timer);
    }
  }

  /** True where the frame was ours; acknowledgements, pongs and errors are ccxt's. */
  onMessage(socket: Socket, message: unknown): boolean {
    const line = this.#lineOf(socket);
    if (line === null) {
      this.#ports.counters.count('frames.of_lost_sockets');
      return true;
    }
    if (!isRecord(message)) return this.#drop(line, null, 'not_json', null);
    const { topic } = message;
    if (typeof topic !== 'string') return this.#onControl(line, message);
    const book = line.books.get(topic);
    if (book !== undefined) return this.#onBook(line, book, message);
    const trades = line.trades.get(topic);
    if (trades !== undefined) return this.#onTrades(trades, message);
    return this.#drop(line, null, 'unknown_topic', timeOf(message));
  }

  onConnected(socket: Socket): void {
    this.#lineOf(socket)?.connection.opened();
  }

  onLost(socket: Socket, reason: string): void {
    this.#lineOf(socket)?.connection.lost(reason);
  }

  health(): Readonly<Record<string, unknown>> {
    const wall = performance.now();
    return {
      up: this.#up,
      trouble: this.#up ? null : this.#trouble,
      connections: this.#lines.map(({ category, connection }) => ({ category, open: connection.open, epoch: connection.epoch })),
      symbols: this.#lines.flatMap(({ symbols }) =>
        symbols.map(({ instrument, live, heardWall, heardMarket }) => ({
          symbol: instrument.symbol,
          live,
          silentMs: Math.round(wall - heardWall),
          heardAt: heardMarket,
        })),
      ),
    };
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const { connection } of this.#lines) connection.close();
  }

  #line(category: Category, url: string, instruments: readonly Instrument[]): Line {
    const symbols = instruments.map((instrument) => new SymbolFeed(instrument));
    const by = (topic: (venueSymbol: string) => string) => new Map(symbols.map((symbol) => [topic(symbol.instrument.venueSymbol), symbol]));
    // Trades before books, so that the first quote of a connection is not the only one that saw its trades.
    const topics = symbols.flatMap(({ instrument }) => topicsOf(instrument));
    const connection = new Connection(this.#ports.exchange, url, topics, this.#limits, {
      onSubscribed: () => {
        for (const symbol of symbols) symbol.subscribed(performance.now(), this.#ports.time.now());
        this.#ports.counters.count('connections.opened');
      },
      onLost: (reason) => {
        for (const symbol of symbols) symbol.live = false;
        this.#ports.counters.count('connections.lost');
        this.#down(`${category}: ${reason}`);
      },
    });
    return { category, asset: ASSET_OF[category], connection, symbols, books: by(bookTopic), trades: by(tradesTopic) };
  }

  #lineOf(socket: Socket): Line | null {
    for (const line of this.#lines) if (line.connection.owns(socket)) return line;
    return null;
  }

  #onBook(line: Line, symbol: SymbolFeed, frame: unknown): true {
    const { time, counters } = this.#ports;
    const { instrument } = symbol;
    const parsed = parseBook(frame, instrument.venueSymbol);
    if (!('value' in parsed)) return this.#drop(line, instrument.symbol, parsed.reason, parsed.at);
    const { sentAt } = parsed.value;
    time.observe(sentAt);
    const quote = symbol.onBook(parsed.value, time.now());
    if (quote === null) return this.#drop(line, instrument.symbol, 'out_of_order', parsed.value.matchedAt ?? sentAt);
    symbol.heardWall = performance.now();
    symbol.heardMarket = time.now();
    counters.count('quotes');
    this.#handlers.onQuote(quote);
    if (!symbol.live) this.#revive(symbol);
    return true;
  }

  /** A bad trade frame is counted and not told: told drops stand for books, which a played market waits for. */
  #onTrades(symbol: SymbolFeed, frame: unknown): true {
    const parsed = parseTrades(frame, symbol.instrument.venueSymbol);
    if ('value' in parsed) symbol.onTrades(parsed.value);
    else this.#ports.counters.count(`dropped.trades.${parsed.reason}`);
    return true;
  }

  #onControl(line: Line, message: Readonly<Record<string, unknown>>): boolean {
    const { op, success, ret_msg: said } = message;
    if (op === undefined && success === undefined && said === undefined && message.pong === undefined) {
      return this.#drop(line, null, 'no_topic', timeOf(message));
    }
    if (success === false && op === 'subscribe') {
      this.#ports.counters.count('subscriptions.refused');
      line.connection.lost(`refused to subscribe: ${String(said).slice(0, REASON_LENGTH_MAX)}`);
    }
    return false;
  }

  #drop(line: Line, symbol: string | null, reason: string, exchangeAt: Instant | null): true {
    this.#ports.counters.count(`dropped.${reason}`);
    const drop: DroppedFrame = { asset: line.asset, symbol, reason, exchangeAt };
    this.#handlers.onDropped(drop);
    return true;
  }

  #revive(symbol: SymbolFeed): void {
    symbol.live = true;
    symbol.heals = 0;
    if (this.#up || !this.#lines.every(({ symbols }) => symbols.every(({ live }) => live))) return;
    this.#up = true;
    this.#onFirstUp();
    this.#handlers.onState(true, 'every symbol has a live book');
  }

  #down(reason: string): void {
    this.#trouble = reason;
    if (!this.#up) return;
    this.#up = false;
    this.#handlers.onState(false, reason);
  }

  /** The watchdog: finds topics that stay silent while the socket answers pings, and heals them. */
  #look(): void {
    const wall = performance.now();
    // Market time as it stood at the look before: the frame that moved a played market on may have come before its neighbours' frames.
    const market = this.#lookedAtMarket;
    this.#lookedAtMarket = this.#ports.time.now();
    for (const line of this.#lines) {
      if (!line.connection.open) continue;
      for (const symbol of line.symbols) {
        // Both clocks: a played market may stand still, and a fast one goes far between two frames.
        if (symbol.live && Math.min(wall - symbol.heardWall, market - symbol.heardMarket) >= this.#limits.silentMs) this.#silent(symbol);
      }
      this.#heal(line, wall);
    }
  }

  #silent(symbol: SymbolFeed): void {
    symbol.live = false;
    this.#ports.counters.count('topics.silent');
    this.#down(`${bookTopic(symbol.instrument.venueSymbol)} (${symbol.instrument.asset}) is silent for more than ${this.#limits.silentMs} ms`);
  }

  /** A whole silent connection is dialled again; a silent topic beside live ones is subscribed again, ever more rarely. */
  #heal({ connection, symbols }: Line, wall: number): void {
    const dead = symbols.filter(({ live, heardWall }) => !live && wall - heardWall >= this.#limits.silentMs);
    if (dead.length === 0) return;
    if (dead.length === symbols.length) {
      connection.lost(`no book of any symbol for more than ${this.#limits.silentMs} ms`);
      return;
    }
    const due = dead.filter(({ healAt }) => wall >= healAt);
    for (const symbol of due) {
      symbol.heals++;
      symbol.healAt = wall + delayMs(symbol.heals, { baseMs: this.#limits.silentMs, capMs: this.#limits.healCapMs });
      symbol.subscribed(wall, this.#ports.time.now());
      this.#ports.counters.count('topics.resubscribed');
    }
    if (due.length > 0) connection.resubscribe(due.flatMap(({ instrument }) => topicsOf(instrument)));
  }

  #missing(): string {
    const missing = this.#lines.flatMap(({ symbols }) => symbols.filter(({ live }) => !live).map(({ instrument }) => instrument.symbol));
    return `no book of ${missing.join(', ')} within ${this.#limits.bootMs} ms; last trouble: ${this.#trouble}`;
  }
}

const REASON_LENGTH_MAX = 200;

const topicsOf = ({ venueSymbol }: Instrument): readonly string[] => [tradesTopic(venueSymbol), bookTopic(venueSymbol)];

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
