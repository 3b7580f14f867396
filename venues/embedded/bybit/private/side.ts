/** The private side of the façade: one account with its endpoints, its two streams, and what can go wrong with them. */
import type { ServerResponse } from 'node:http';
import type { WebSocket } from 'ws';
import { isZero } from '#trading/money/decimal.ts';
import type { Change, Exchange } from '../../exchange.ts';
import type { Instrument } from '../../instruments.ts';
import { CATEGORIES, listingKey } from '../../listing.ts';
import type { ExchangeEvent } from '../../engine/types.ts';
import type { Enveloped } from '../envelope.ts';
import type { Liquidated } from '../frames.ts';
import { StatusStream } from '../status-stream.ts';
import { AccountApi } from './account-api.ts';
import type { Keys } from './auth.ts';
import { Desk, type DeskOptions } from './desk.ts';
import { Door, type Request } from './door.ts';
import { HistoryApi } from './history-api.ts';
import { Misdeeds, REQUEST_FAULTS, type SwitchFault } from './misdeeds.ts';
import { BadRequest } from './order-request.ts';
import { OrdersApi } from './orders-api.ts';
import { openRoutes } from './open-routes.ts';
import { Reception } from './reception.ts';
import { GETS, POSTS } from './routes.ts';
import { symbolOfKey } from './rows.ts';
import { PRIVATE_SOCKETS_MAX, PrivateStreams } from './streams.ts';
import { OPERATIONS, TradeStream } from './trade-stream.ts';
import { TradingStop } from './trading-stop.ts';

export const PRIVATE_STREAM = '/v5/private';
export const TRADE_STREAM = '/v5/trade';

/** Of an instrument: `halt linear/BTCUSDT`, `filter linear/BTCUSDT tick=0.5`, `funding linear/BTCUSDT 0.0003`, `settle *`, `fees spot/BTCUSDT maker=-0.0001`, `adl linear/BTCUSDT`, `delist linear/BTCUSDT`. */
const MARKET_FAULTS = ['halt', 'resume', 'filter', 'funding', 'settle', 'fees', 'adl', 'delist'] as const;
/** Fees of a category are paid in MNT at this price of it: `mnt-fees spot 0.8`, `mnt-fees linear off`. */
const MNT_FEES = 'mnt-fees';
/** Of an endpoint: `rate order/create 3` a second. */
const RATE = 'rate';
const FILTERS = ['tick', 'lot', 'minQty', 'minNotional', 'maxQty', 'maxMarketQty'] as const;

export interface SideOptions extends DeskOptions {
  readonly keys: Keys;
  readonly clock: () => number;
  readonly limits: boolean;
  readonly vip: number;
}

export class PrivateSide {
  readonly desk: Desk;
  readonly misdeeds = new Misdeeds();
  readonly status = new StatusStream();
  /** Where everybody may hear of liquidations; set by the public side. */
  onLiquidated: (symbol: string, rows: readonly Liquidated[]) => void = () => undefined;
  readonly #exchange: Exchange;
  readonly #account: AccountApi;
  readonly #streams: PrivateStreams;
  readonly #trade: TradeStream;
  readonly #reception: Reception;
  readonly #door: Door;

  constructor(exchange: Exchange, options: SideOptions) {
    const { keys, clock, limits, vip } = options;
    this.#exchange = exchange;
    this.desk = new Desk(exchange, options);
    const { desk, misdeeds } = this;
    desk.namesEntries = () => !misdeeds.is('nameless-legs');
    const orders = new OrdersApi(desk, misdeeds);
    this.#account = new AccountApi(desk, misdeeds);
    const history = new HistoryApi(desk, exchange, misdeeds);
    const apis = { orders, account: this.#account, stops: new TradingStop(desk), history, desk, keys, vip };
    const door = (this.#door = new Door({ keys, desk, misdeeds, apis, clock, limits, vip }));
    this.#streams = new PrivateStreams({ desk, misdeeds, keys, door, dcp: this.#account.dcp });
    this.#trade = new TradeStream({ desk, misdeeds, keys, door, apis });
    this.#reception = new Reception(door, desk, misdeeds);
    desk.onEvents = (events) => {
      this.#streams.publish(events);
      this.#tellLiquidations(events);
    };
    misdeeds.onSwitch = (fault, on) => this.#turn(fault, on);
    orders.onCancelRace = (order) => setImmediate(() => this.#streams.publishRace(order));
  }

  get sockets(): number {
    return this.#streams.sockets + this.#trade.sockets + this.status.sockets;
  }

  get counters(): { readonly tradeStreamOrders: number; readonly privateFrames: number; readonly privateRefusals: number } {
    return { tradeStreamOrders: this.#trade.orders, privateFrames: this.#streams.frames, privateRefusals: this.#streams.refused };
  }

  /** Before the step's public frames leave: the account knows of its fills first. */
  onChanges(changes: readonly Change[]): void {
    this.desk.onChanges(changes);
    this.#cancelDeserted();
  }

  onIdle(): void {
    this.desk.onTime();
    this.#cancelDeserted();
  }

  receive(request: Request, response: ServerResponse): void {
    this.#reception.receive(request, response);
  }

  /** What needs no key but knows of the engine; null where the path is another. */
  open(path: string, query: URLSearchParams): Enveloped | null {
    const route = Object.hasOwn(openRoutes, path) ? openRoutes[path] : undefined;
    if (route === undefined) return null;
    this.desk.sync();
    try {
      return { status: 200, ...route(this.desk, this.misdeeds, query) };
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      return { status: 200, ...error.code, result: {} };
    }
  }

  /** One more connection of the address, whatever it is for. */
  admitsConnection(): boolean {
    return this.#door.admitsConnection();
  }

  hasRoom(): boolean {
    return this.sockets < PRIVATE_SOCKETS_MAX;
  }

  /** A socket of one of the two streams. Returns what its texts go to. */
  connect(path: typeof PRIVATE_STREAM | typeof TRADE_STREAM, socket: WebSocket): (text: string) => void {
    if (path === PRIVATE_STREAM) {
      const client = this.#streams.add(socket);
      return (text) => this.#streams.handle(client, text);
    }
    const client = this.#trade.add(socket);
    return (text) => this.#trade.handle(client, text);
  }

  close(): void {
    this.dropAll();
    this.desk.close();
  }

  dropAll(): number {
    return this.#streams.dropAll() + this.#trade.dropAll() + this.status.dropAll();
  }

  /** Null where the fault is none of the private side's. @throws RangeError where it is not understood. */
  inject(name: string, target: string, value: string): object | null {
    if (REQUEST_FAULTS.some((known) => known === name)) return this.misdeeds.inject(name, pathOf(name, target), value);
    if (this.misdeeds.knows(name)) return this.misdeeds.inject(name, target, value);
    if (name === 'restart') {
      this.#account.wipe();
      return { fault: name, sockets: this.dropAll() };
    }
    if (name === RATE) {
      const most = Number(decimalOf(value));
      if (!ENDPOINTS.includes(target) && !LIMITED.includes(target))
        throw new RangeError(`rate ${JSON.stringify(target.slice(0, 40))}: must be one of ${[...LIMITED, ...ENDPOINTS].join(', ')}`);
      if (!Number.isInteger(most) || most < 1) throw new RangeError(`rate ${target}: must be at least one whole request a second`);
      this.#door.setLimit(target, most);
      return { fault: name, target, value };
    }
    if (name === MNT_FEES) return this.#payInMnt(target, value);
    if (!MARKET_FAULTS.some((known) => known === name)) return null;
    if (name === 'settle' && target === '*') return this.#settle(this.#perpetuals(), target);
    const instrument = this.#instrument(target);
    const key = listingKey(instrument.category, instrument.symbol);
    if (name === 'settle') return this.#settle([key], target);
    if (name === 'funding') this.desk.setFunding(key, decimalOf(value));
    else if (name === 'fees') this.#fees(key, value);
    else if (name === 'adl') this.desk.closeOut(key, 'deleveraging');
    else if (name === 'delist') this.#delist(instrument);
    else if (name === 'filter') this.#filter(instrument, value);
    else this.desk.setInstrument(instrument, name === 'resume');
    return { fault: name, target, ...(value !== '' && { value }) };
  }

  #settle(contracts: readonly string[], target: string): object {
    const outcomes = contracts.map((contract) => this.desk.after(this.desk.engine.settle(contract, this.desk.now)));
    const refused = outcomes.find((outcome) => !outcome.ok);
    if (refused !== undefined && !refused.ok) throw new RangeError(`settle ${target}: ${refused.refusal.what}`);
    return { fault: 'settle', target };
  }

  #perpetuals(): readonly string[] {
    return this.desk.engine
      .contracts()
      .filter(({ funding }) => funding !== null)
      .map(({ key }) => key);
  }

  #turn(fault: SwitchFault, on: boolean): void {
    const { desk } = this;
    if (fault === 'thin-book') desk.engine.setThin(on);
    if (fault === 'two-way') this.#setTwoWay(on);
    const row = fault === 'maintenance' ? desk.maintenance.turn(on, desk.now) : null;
    if (row !== null) this.status.publish([row], desk.now);
  }

  /** As if the account had been switched elsewhere: every perpetual at once, or none. */
  #setTwoWay(on: boolean): void {
    const { engine, now } = this.desk;
    const contracts = this.#perpetuals();
    const busy = contracts.find(
      (key) => engine.orders({ contract: key, states: 'open' }).length > 0 || engine.positions(key).some(({ size }) => !isZero(size)),
    );
    if (busy !== undefined) throw new RangeError(`two-way: ${busy} has a position or open orders`);
    for (const key of contracts) this.desk.after(engine.setHedge(key, on, now));
  }

  /** The contract ends: everything of it is closed, and it takes no orders any more. */
  #delist(instrument: Instrument): void {
    this.desk.closeOut(listingKey(instrument.category, instrument.symbol), 'settlement');
    this.desk.setInstrument(instrument, false);
  }

  #payInMnt(target: string, value: string): object {
    const category = CATEGORIES.find((known) => known === target);
    if (category === undefined) throw new RangeError(`${MNT_FEES} ${JSON.stringify(target.slice(0, 20))}: must be ${CATEGORIES.join(' or ')}`);
    this.desk.payFeesIn(category, value === 'off' ? null : 'MNT', value === 'off' ? '1' : decimalOf(value));
    return { fault: MNT_FEES, category, value };
  }

  #fees(key: string, text: string): void {
    const [name = '', value = ''] = text.split('=');
    if (name !== 'maker' && name !== 'taker')
      throw new RangeError(`fees ${JSON.stringify(text.slice(0, 40))}: must be maker= or taker= and a number`);
    this.desk.setFee(key, name, decimalOf(value));
  }

  #filter(instrument: Instrument, text: string): void {
    const [name = '', value = ''] = text.split('=');
    const filter = FILTERS.find((known) => known === name);
    if (filter === undefined)
      throw new RangeError(`filter ${JSON.stringify(text.slice(0, 40))}: must be one of ${FILTERS.join(', ')}, then = and a number`);
    const changed: Instrument = { ...instrument, [filter]: decimalOf(value) };
    this.#exchange.relist(changed);
    this.desk.setInstrument(changed);
  }

  #instrument(target: string): Instrument {
    const played = CATEGORIES.flatMap((category) => this.#exchange.boards(category).map((board) => board.played.instrument));
    const found = played.find(({ category, symbol }) => target === `${category}/${symbol}`);
    if (found !== undefined) return found;
    throw new RangeError(
      `no instrument ${JSON.stringify(target.slice(0, 40))}; there are ${played.map((row) => `${row.category}/${row.symbol}`).join(', ')}`,
    );
  }

  #tellLiquidations(events: readonly ExchangeEvent[]): void {
    const bySymbol = new Map<string, Liquidated[]>();
    for (const event of events) {
      if (event.kind !== 'execution' || event.execution.kind !== 'liquidation') continue;
      const { contract, side, qty, price, at } = event.execution;
      const symbol = symbolOfKey(contract);
      const rows = bySymbol.get(symbol) ?? [];
      // The order that closed it is of the other side.
      rows.push({ at, side: side === 'sell' ? 'Buy' : 'Sell', size: qty, price });
      bySymbol.set(symbol, rows);
    }
    for (const [symbol, rows] of bySymbol) this.onLiquidated(symbol, rows);
  }

  /** The protection against lost connections, where the account was given it. */
  #cancelDeserted(): void {
    for (const category of this.#account.dcp.due(this.desk.now)) {
      const outcome = this.desk.engine.cancelAll(({ request }) => this.desk.category(request.contract) === category, this.desk.now, 'disconnect');
      this.desk.after(outcome);
    }
  }
}

const STREAM = 'ws/';
/** Paths of requests, and `ws/` operations of the trade stream. */
const PATHS: readonly string[] = [...Object.keys(GETS), ...Object.keys(POSTS), ...Object.keys(OPERATIONS).map((op) => `${STREAM}${op}`)];
const ENDPOINTS = [...Object.keys(GETS), ...Object.keys(POSTS)].map((path) => path.slice('/v5/'.length));
const LIMITED = ['trade-stream', 'connections'];

/** A fault of what nobody can ask for would wait for ever. */
function pathOf(name: string, target: string): string {
  // HTTP has no ids of requests.
  if (name === 'nameless-reply' && !target.startsWith(STREAM)) {
    if (target !== '*') throw new RangeError(`${name} ${JSON.stringify(target.slice(0, 40))}: must be * or begin with ${STREAM}`);
    return STREAM;
  }
  if (target !== '*' && !PATHS.some((path) => path.includes(target)))
    throw new RangeError(`${name} ${JSON.stringify(target.slice(0, 40))}: must be * or a part of one of ${PATHS.join(', ')}`);
  return target;
}

function decimalOf(text: string): string {
  if (!/^-?\d{1,12}(\.\d{1,12})?$/.test(text)) throw new RangeError(`${JSON.stringify(text.slice(0, 20))}: must be a decimal number`);
  return text;
}
