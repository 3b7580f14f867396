/**
 * The embedded TWS: one loopback port that speaks the TWS API wire, a market that moves when it is told to, and an account. Time comes with every
 * quote; nothing here reads a clock or draws chance.
 */
import { createServer, type AddressInfo, type Server } from 'node:net';
import { isNegative, lessThan, money, price, qty, type Money, type Qty } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import { Account } from './account.ts';
import { Agenda } from './agenda.ts';
import { dispatch, requestName, type Handlers } from './codec/client-messages.ts';
import { VERSION_MAX, VERSION_MIN } from './codec/versions.ts';
import type { Context } from './context.ts';
import { Contracts, DEFAULT_CHAINS, type ChainTerms, type Contract } from './contracts.ts';
import { Desk } from './desk.ts';
import type { ExchangeEvent, Quote, TwsExchange } from './exchange.ts';
import { Faults } from './faults.ts';
import { FARMS, FrontDoor } from './front-door.ts';
import { History } from './history.ts';
import { utcStamp } from './hours.ts';
import { Market } from './market.ts';
import { DEFAULT_VOLATILITY, type VolatilityModel } from './option-model.ts';
import { MemoryKeeper } from './memory.ts';
import { inject } from './misdeeds.ts';
import { OrderBook } from './orders/book.ts';
import { accountNews, accountRequests } from './requests/account.ts';
import { dataRequests } from './requests/data.ts';
import { orderRequests, TWIN_CLIENT } from './requests/orders.ts';
import { scheduleRestarts, type RestartPlan } from './restarts.ts';
import { say, type Said } from './say.ts';
import { Session } from './session.ts';
import { Settlement } from './settlement.ts';
import { Subscriptions } from './subscriptions.ts';
import { behaving, type Switches } from './switches.ts';

export interface TwsParams {
  /** 0 takes a free one. */
  readonly port: number;
  /** Market time at the start, UTC milliseconds. */
  readonly start: Instant;
  readonly account?: string;
  /** USD. */
  readonly cash?: Money;
  /** The highest server version that is offered, 177 to 193. */
  readonly serverVersion?: number;
  readonly firstOrderId?: number;
  readonly chains?: readonly ChainTerms[];
  /** By underlying; the default model elsewhere. */
  readonly volatility?: Readonly<Record<string, VolatilityModel>>;
  /** Holidays of shares and options, yyyymmdd. */
  readonly closed?: readonly string[];
  /** When it restarts by itself; never where it is absent. */
  readonly restarts?: RestartPlan;
  /** In place of the plain desk. */
  readonly exchange?: (contracts: Contracts) => TwsExchange;
}

export interface TwsCounters {
  readonly frames: number;
  readonly orderRequests: number;
  readonly chainRequests: number;
  readonly sessions: number;
  readonly lines: number;
  readonly quotes: number;
  readonly faults: number;
  readonly restarts: Faults['restarts'];
}

export const LOOPBACK = '127.0.0.1';
/** Where no other is given. */
export const TWS_ACCOUNT = 'DU1234567';
const SESSIONS_MAX = 32;
/** Messages that wait for the uplink. */
const DEFERRED_MAX = 100_000;
const CLIENT_ID_IN_USE = 326;
const RATE_EXCEEDED = 100;
const UNKNOWN_MESSAGE = 505;
const SECOND_MS = 1000;
const DEFAULT_CASH = money('1000000');

/** Binds the port. @throws RangeError for a version it does not speak, or Error where the port cannot be bound. */
export async function openTws(params: TwsParams): Promise<EmbeddedTws> {
  const version = params.serverVersion ?? VERSION_MAX;
  if (version < VERSION_MIN || version > VERSION_MAX) throw new RangeError(`server version ${version}; right is ${VERSION_MIN} to ${VERSION_MAX}`);
  const tws = new EmbeddedTws(params, version);
  await tws.listen(params.port);
  return tws;
}

export class EmbeddedTws {
  readonly switches: Switches = behaving();
  readonly faults: Faults;
  readonly memory: MemoryKeeper;
  readonly #params: TwsParams;
  readonly #version: number;
  readonly #server: Server;
  readonly #sessions = new Set<Session>();
  readonly #context: Context;
  readonly #settlement: Settlement;
  readonly #agenda = new Agenda();
  readonly #door: FrontDoor;
  #handlers = new Map<Session, Handlers>();
  #deferred: { readonly clientId: number; readonly said: readonly Said[] }[] | null = null;
  #now: Instant;
  #counters = { frames: 0, orderRequests: 0, chainRequests: 0, quotes: 0 };

  constructor(params: TwsParams, version: number) {
    this.#params = params;
    this.#version = version;
    this.#now = params.start;
    this.#door = new FrontDoor(this.switches);
    this.#context = this.#compose();
    this.#settlement = new Settlement({
      ...this.#context,
      expired: (contract) => {
        this.memory.touched = true;
        this.#context.book.expire(contract);
      },
    });
    this.memory = new MemoryKeeper({ ...this.#context, settlement: this.#settlement });
    this.faults = new Faults({
      context: this.#context,
      uplink: {
        isUp: () => this.#deferred === null,
        cut: () => (this.#deferred ??= []),
        restore: () => this.#restoreUplink(),
        forget: () => (this.#deferred = null),
      },
      door: this.#door,
      dropSessions: () => {
        for (const session of [...this.#sessions]) session.drop();
      },
      assign: (localSymbol, quantity) => this.#assign(localSymbol, quantity),
    });
    if (params.restarts !== undefined) scheduleRestarts(params.restarts, { ...this.faults.byItself(), agenda: this.#agenda }, params.start);
    this.#server = createServer((socket) => {
      if (this.#door.closed || this.#sessions.size >= SESSIONS_MAX) return socket.destroy();
      this.#sessions.add(
        new Session(socket, {
          switches: this.switches,
          version: this.#version,
          clock: () => `${utcStamp(this.#now)} Greenwich Mean Time`,
          received: (session, fields) => this.#received(session, fields),
          closed: (session) => this.#closed(session),
        }),
      );
    });
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, LOOPBACK, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  get port(): number {
    // A listening TCP server has such an address.
    return (this.#server.address() as AddressInfo).port;
  }

  get now(): Instant {
    return this.#now;
  }

  get isAway(): boolean {
    return this.#door.closed || this.#deferred !== null;
  }

  /**
   * Plays one quote: `EUR.USD`, `SPY`, or an option's local symbol. A price of 0 or below is no quote. Decimal text keeps its digits. @throws
   * RangeError where the symbol is not listed or time would run backwards.
   */
  quote(symbol: string, bid: string | number, ask: string | number, bidSize: string | number, askSize: string | number, at: Instant): void {
    const contract = this.#context.contracts.byLocalSymbol(symbol);
    if (contract === undefined) throw new RangeError(`no contract ${JSON.stringify(symbol.slice(0, 40))}`);
    this.advance(at);
    this.#counters.quotes++;
    const side = (value: string | number) => (Number(value) > 0 ? price(value) : null);
    const size = (value: string | number, of: string | number): Qty => (Number(of) > 0 && Number(value) > 0 ? qty(value) : qty('0'));
    const quote: Quote = { bid: side(bid), ask: side(ask), bidSize: size(bidSize, bid), askSize: size(askSize, ask), at };
    this.memory.turn(this.#sessions, () => {
      const { events, followers } = this.#context.market.take(contract, quote);
      this.#push(contract, quote);
      for (const follower of followers) {
        const modelled = this.#context.market.quote(follower);
        if (modelled !== undefined) this.#push(follower, modelled);
      }
      this.#context.take(events);
    });
  }

  /** Time passes without a quote. @throws RangeError where it would run backwards. */
  advance(to: Instant): void {
    if (to < this.#now) throw new RangeError(`time would run backwards: ${to} after ${this.#now}`);
    this.memory.turn(this.#sessions, () => {
      for (let due = this.#agenda.next; due !== null && due <= to; due = this.#agenda.next) {
        this.#tick(Math.max(due, this.#now));
        this.memory.touched = true;
        this.#agenda.take(due)?.();
      }
      this.#tick(to);
    });
  }

  /** The whole of it, for whoever checks our books against the venue's. */
  get account(): Account {
    return this.#context.account;
  }

  get exchange(): TwsExchange {
    return this.#context.exchange;
  }

  get book(): OrderBook {
    return this.#context.book;
  }

  counters(): TwsCounters {
    return {
      ...this.#counters,
      sessions: this.#sessions.size,
      lines: this.#context.subscriptions.count(),
      faults: this.faults.injected,
      restarts: { ...this.faults.restarts },
    };
  }

  async close(): Promise<void> {
    for (const session of [...this.#sessions]) session.drop();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** A fault by its name, with what it takes. Returns what was done. @throws RangeError where it is not understood. */
  inject(name: string, target = '', value = ''): object {
    this.memory.touched = true;
    return this.memory.turn(this.#sessions, () => inject(this.faults, this.switches, name, target, value));
  }

  #tick(to: Instant): void {
    this.#now = to;
    this.#context.book.onTime(to);
    this.#settlement.onTime(to);
  }

  #compose(): Context {
    const params = this.#params;
    const now = (): Instant => this.#now;
    const accountName = params.account ?? TWS_ACCOUNT;
    const contracts = new Contracts(params.chains ?? DEFAULT_CHAINS);
    const exchange = params.exchange?.(contracts) ?? new Desk(params.cash ?? DEFAULT_CASH, contracts.pairs());
    const market = new Market(contracts, exchange, (symbol) => params.volatility?.[symbol] ?? DEFAULT_VOLATILITY);
    const account = new Account(accountName, exchange, market, contracts);
    const { switches } = this;
    const moved = (contract: Contract): void => this.#moved(contract);
    const book = new OrderBook(
      {
        exchange,
        switches,
        account: accountName,
        now,
        tell: (clientId, said) => this.#tell(clientId, said),
        uplink: () => this.#deferred === null,
        contractOf: (placed) => contracts.one(placed, this.#now),
        effectOf: (contract, change, at) => account.effectOf(contract, change, at),
        moved,
      },
      params.firstOrderId ?? 1,
      params.start.toString(16).slice(-8),
    );
    return {
      accountName,
      switches,
      contracts,
      exchange,
      market,
      account,
      book,
      subscriptions: new Subscriptions(market, switches),
      history: new History(market, switches, now),
      closed: new Set(params.closed ?? []),
      now,
      later: (ms, work) => {
        if (ms > 0) this.#agenda.at(this.#now + ms, work);
        else work();
      },
      sessions: () => this.#ready(),
      take: (events: readonly ExchangeEvent[]) => book.take(events),
      moved,
      exercise: (contract, quantity, lapse) => this.#settlement.exercise(contract, quantity, lapse, this.#now),
    };
  }

  #received(session: Session, fields: readonly string[]): void {
    this.#counters.frames++;
    const name = requestName(fields);
    if (name === 'placeOrder') this.#counters.orderRequests++;
    if (name === 'reqSecDefOptParams') this.#counters.chainRequests++;
    if (session.clientId === null && (name !== 'startApi' || this.switches.acceptDialog)) return; // TWS drops whatever comes before
    if (this.#tooFast(session)) return;
    if (name === undefined) return session.refuse(-1, UNKNOWN_MESSAGE, `Fatal Error: Unknown message id. (${(fields[0] ?? '').slice(0, 20)})`);
    this.memory.heard(name);
    this.memory.turn(this.#sessions, () => dispatch(fields, session.version, this.#handlersOf(session)));
  }

  #handlersOf(session: Session): Handlers {
    const known = this.#handlers.get(session);
    if (known !== undefined) return known;
    const handlers: Handlers = {
      startApi: ({ clientId }) => this.#start(session, clientId),
      reqCurrentTime: () => session.send(say('currentTime', { seconds: Math.floor(this.#now / SECOND_MS) })),
      ...dataRequests(this.#context, session),
      ...accountRequests(this.#context, session),
      ...orderRequests(this.#context, session, session.clientId ?? 0),
    };
    // Before startApi nothing but startApi is heard: the client id is known from then on.
    if (session.clientId !== null) this.#handlers.set(session, handlers);
    return handlers;
  }

  #start(session: Session, clientId: number): void {
    const used = [...this.#ready()].some((other) => other !== session && other.clientId === clientId);
    if (used || this.#door.isHeld(clientId, this.#now)) {
      session.refuse(-1, CLIENT_ID_IN_USE, 'Unable to connect as the client id is already in use. Retry with a unique client id.');
      return session.end();
    }
    this.#door.entered(session, clientId);
    session.send(
      say('managedAccounts', { accounts: this.#context.accountName }),
      say('nextValidId', { orderId: this.#context.book.register.nextId(clientId) }),
    );
    for (const [code, text] of FARMS) session.refuse(-1, code, text);
  }

  #closed(session: Session): void {
    this.#sessions.delete(session);
    this.#handlers.delete(session);
    this.#context.subscriptions.forget(session);
    this.#context.history.forget(session);
    this.#door.left(session, this.#now);
  }

  #tooFast(session: Session): boolean {
    const { messagesPerSecondMax: max, pacingDisconnects } = this.switches;
    const sent = this.#door.count(session, this.#now);
    if (sent <= max) return false;
    session.refuse(-1, RATE_EXCEEDED, `Max rate of messages per second has been exceeded:max=${max} rec=${sent} (1)`);
    if (pacingDisconnects) session.end();
    return true;
  }

  *#ready(): Iterable<Session> {
    for (const session of this.#sessions) if (session.clientId !== null) yield session;
  }

  /** Manual orders are client 0's, and only where it binds them. */
  #tell(clientId: number, said: readonly Said[]): void {
    const { fillsIn1100Ms } = this.switches;
    this.memory.touched = true;
    if (fillsIn1100Ms > 0 && this.#deferred === null && said.some(({ name }) => name === 'execDetails')) {
      this.faults.loseUplink();
      this.#context.later(fillsIn1100Ms, () => this.faults.restoreUplink('kept'));
    }
    if (this.#deferred === null) return this.#deliver(clientId, said);
    if (!this.switches.uplinkLoses && this.#deferred.length < DEFERRED_MAX) this.#deferred.push({ clientId, said });
  }

  #deliver(clientId: number, said: readonly Said[]): void {
    const everybody = this.switches.hearsAll || (this.switches.twinOrders && clientId === TWIN_CLIENT);
    for (const session of this.#ready()) if (everybody || session.clientId === clientId) session.send(...said);
  }

  #restoreUplink(): void {
    const waiting = this.#deferred ?? [];
    this.#deferred = null;
    for (const { clientId, said } of waiting) this.#deliver(clientId, said);
  }

  #push(contract: Contract, quote: Quote): void {
    if (this.#deferred !== null) return;
    this.#context.subscriptions.push(contract, quote);
    this.#context.history.push(contract, quote);
  }

  #moved(contract: Contract): void {
    this.memory.touched = true;
    if (this.#deferred !== null) return;
    for (const session of this.#ready()) session.send(...accountNews(this.#context, session, contract.conId));
  }

  #assign(localSymbol: string, quantity: Qty): void {
    const contract = this.#context.contracts.byLocalSymbol(localSymbol);
    const held = contract === undefined ? undefined : this.#context.exchange.position(contract.conId);
    const short = held !== undefined && isNegative(held.qty) && !lessThan(qty(held.qty.slice(1)), quantity);
    if (contract === undefined || !short) throw new RangeError(`no short position of ${quantity} ${localSymbol.slice(0, 40)} to assign`);
    this.#settlement.assign(contract, quantity);
  }
}
