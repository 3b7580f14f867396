/** A small Bybit v5 for tests, on real loopback sockets: public market data, faults on demand, and a record of everything it was asked. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

export type FakeCategory = 'spot' | 'linear';
type Fault = '502' | 'hang-body' | 'reset';

interface Client {
  readonly socket: WebSocket;
  readonly category: FakeCategory;
  readonly topics: Set<string>;
}
interface Frame {
  readonly op?: string;
  readonly req_id?: string;
  readonly args?: readonly string[];
}
export interface FakeTop {
  readonly bid: string;
  readonly ask: string;
  readonly u: number;
}

const MINUTE_MS = 60_000;
const SPOT_ARGUMENTS_MAX = 10;

export class FakeBybit {
  /** Venue time; tests move it. */
  now = 1_722_003_300_000;
  readonly calls: { readonly method: string; readonly path: string; readonly headers: IncomingHttpHeaders }[] = [];
  readonly requests: { readonly category: FakeCategory; readonly op: string; readonly args: readonly string[] }[] = [];
  /** By path; each is used as often as it stands there. */
  readonly faults: { readonly path: string; readonly action: Fault }[] = [];
  /** Topics that are acknowledged and then never sent, as `spot orderbook.1.BTCUSDT`. */
  readonly muted = new Set<string>();
  readonly tops = new Map<string, FakeTop>();
  /** Funding of perpetuals by venue symbol; one that is not here is not listed yet. */
  readonly funding = new Map<string, { readonly rate: string; readonly nextAt: number }>();
  /** Pings get no answer. */
  deaf = false;
  opened = 0;
  pings = 0;
  readonly #http: Server;
  readonly #ws = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  readonly #clients = new Set<Client>();
  readonly #symbols: Readonly<Record<FakeCategory, readonly string[]>>;
  #port = 0;

  private constructor(symbols: Readonly<Record<FakeCategory, readonly string[]>>) {
    this.#symbols = symbols;
    this.#http = createServer((request, response) => this.#answer(request, response));
    this.#http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const category = /^\/v5\/public\/(spot|linear)$/.exec(request.url ?? '')?.[1];
      if (category === 'spot' || category === 'linear') this.#ws.handleUpgrade(request, socket, head, (ws) => this.#accept(ws, category));
      else socket.destroy();
    });
  }

  /** @param symbols base coins by category; all are quoted in USDT */
  static async open(symbols: Readonly<Record<FakeCategory, readonly string[]>>, port = 0): Promise<FakeBybit> {
    const fake = new FakeBybit(symbols);
    await new Promise<void>((resolve) => fake.#http.listen(port, '127.0.0.1', resolve));
    fake.#port = (fake.#http.address() as AddressInfo).port;
    return fake;
  }

  get port(): number {
    return this.#port;
  }

  get endpoints(): { readonly rest: string; readonly ws: string } {
    return { rest: `http://127.0.0.1:${this.#port}`, ws: `ws://127.0.0.1:${this.#port}` };
  }

  book(category: FakeCategory, base: string, top: FakeTop, extra: object = {}): void {
    this.tops.set(`${category} ${base}USDT`, top);
    this.frame(category, `orderbook.1.${base}USDT`, { type: 'snapshot', ts: this.now, cts: this.now, data: bookData(`${base}USDT`, top), ...extra });
  }

  trade(category: FakeCategory, base: string, price: string, size: string): void {
    const data = [{ T: this.now, s: `${base}USDT`, S: 'Buy', v: size, p: price, L: 'PlusTick', i: `${this.now}-${price}`, BT: false, seq: 1 }];
    this.frame(category, `publicTrade.${base}USDT`, { type: 'snapshot', ts: this.now, data });
  }

  /** To the subscribers of the topic, unless it is muted. */
  frame(category: FakeCategory, topic: string, rest: object): void {
    if (this.muted.has(`${category} ${topic}`)) return;
    const text = JSON.stringify({ topic, ...rest });
    for (const client of this.#clients) if (client.category === category && client.topics.has(topic)) client.socket.send(text);
  }

  /** Any text, to everybody connected to the category. */
  raw(category: FakeCategory, text: string): void {
    for (const client of this.#clients) if (client.category === category) client.socket.send(text);
  }

  cut(category: FakeCategory): void {
    for (const { socket, category: own } of this.#clients) if (own === category) socket.terminate();
  }

  subscribers(category: FakeCategory, topic: string): number {
    return [...this.#clients].filter((client) => client.category === category && client.topics.has(topic)).length;
  }

  async close(): Promise<void> {
    for (const { socket } of this.#clients) socket.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #accept(socket: WebSocket, category: FakeCategory): void {
    this.opened++;
    const client = { socket, category, topics: new Set<string>() };
    this.#clients.add(client);
    socket.on('close', () => this.#clients.delete(client));
    socket.on('error', () => undefined);
    socket.on('message', (data) => this.#hear(client, JSON.parse(String(data)) as Frame));
  }

  #hear({ socket, category, topics }: Client, { op = '', req_id = '', args = [] }: Frame): void {
    if (op === 'ping') {
      this.pings++;
      if (this.deaf) return;
      socket.send(JSON.stringify({ success: true, ret_msg: 'pong', conn_id: 'c', req_id, op: 'ping' }));
      return;
    }
    this.requests.push({ category, op, args });
    if (category === 'spot' && args.length > SPOT_ARGUMENTS_MAX) {
      socket.send(JSON.stringify({ success: false, ret_msg: 'args size >10', conn_id: 'c', op }));
      return;
    }
    socket.send(JSON.stringify({ success: true, ret_msg: category === 'spot' ? 'subscribe' : '', conn_id: 'c', req_id, op }));
    for (const topic of args) {
      if (op === 'subscribe') topics.add(topic);
      else topics.delete(topic);
      const venueSymbol = /^orderbook\.1\.(.+)$/.exec(topic)?.[1];
      if (op !== 'subscribe' || venueSymbol === undefined || this.muted.has(`${category} ${topic}`)) continue;
      const top = this.tops.get(`${category} ${venueSymbol}`) ?? { bid: '99.9', ask: '100.1', u: 1 };
      socket.send(JSON.stringify({ topic, type: 'snapshot', ts: this.now, cts: this.now, data: bookData(venueSymbol, top) }));
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://fake');
    this.calls.push({ method: request.method ?? '?', path, headers: request.headers });
    const at = this.faults.findIndex((fault) => fault.path === path);
    const action = at === -1 ? null : this.faults.splice(at, 1)[0]?.action;
    if (action === 'reset') {
      request.socket.destroy();
      return;
    }
    if (action === '502') {
      response.writeHead(502, { 'content-type': 'text/html' });
      response.end('<html>bad gateway</html>');
      return;
    }
    const result = this.#result(path, query);
    const text = JSON.stringify({
      retCode: result === null ? 10017 : 0,
      retMsg: result === null ? 'Route not found.' : 'OK',
      result,
      time: this.now,
    });
    response.writeHead(200, { 'content-type': 'application/json', 'X-Bapi-Limit': '120', 'X-Bapi-Limit-Status': '119' });
    if (action === 'hang-body') response.write(text.slice(0, 10));
    else response.end(text);
  }

  #result(path: string, query: URLSearchParams): object | null {
    const category = query.get('category') === 'linear' ? 'linear' : 'spot';
    switch (path) {
      case '/v5/market/time':
        return { timeSecond: String(Math.floor(this.now / 1000)), timeNano: `${this.now}000000` };
      case '/v5/market/instruments-info':
        return {
          category,
          list: query.get('status') === 'PreLaunch' ? [] : this.#symbols[category].map(category === 'spot' ? spotRow : linearRow),
          nextPageCursor: '',
        };
      case '/v5/market/tickers':
        return { category, list: this.#tickers(query.get('symbol') ?? '') };
      case '/v5/market/kline':
        return { category, symbol: query.get('symbol'), list: this.#klines(Number(query.get('limit')), query.get('end')) };
      default:
        return null;
    }
  }

  #tickers(symbol: string): object[] {
    const funding = this.funding.get(symbol);
    return funding === undefined ? [] : [{ symbol, fundingRate: funding.rate, nextFundingTime: String(funding.nextAt) }];
  }

  /** Newest first, the open candle included; the price is the number of the minute. */
  #klines(limit: number, end: string | null): string[][] {
    const newest = Math.floor(Math.min(this.now, end === null ? Infinity : Number(end)) / MINUTE_MS);
    return Array.from({ length: limit }, (_, back) => {
      const minute = newest - back;
      return [minute * MINUTE_MS, minute, minute + 1, minute - 1, minute + 0.5, 10, 15].map(String);
    });
  }
}

const bookData = (venueSymbol: string, { bid, ask, u }: FakeTop): object => ({ s: venueSymbol, b: [[bid, '1.50']], a: [[ask, '2']], u, seq: u * 10 });

export const spotRow = (base: string): object => ({
  symbol: `${base}USDT`,
  baseCoin: base,
  quoteCoin: 'USDT',
  status: 'Trading',
  marginTrading: 'utaOnly',
  lotSizeFilter: {
    basePrecision: '0.000001',
    quotePrecision: '0.0000001',
    minOrderQty: '0.000011',
    maxOrderQty: '83',
    minOrderAmt: '5',
    maxOrderAmt: '8000000',
    maxLimitOrderQty: '83',
    maxMarketOrderQty: '41.50',
  },
  priceFilter: { tickSize: '0.10' },
});

export const linearRow = (base: string): object => ({
  symbol: `${base}USDT`,
  contractType: 'LinearPerpetual',
  status: 'Trading',
  baseCoin: base,
  quoteCoin: 'USDT',
  settleCoin: 'USDT',
  launchTime: '1585526400000',
  deliveryTime: '0',
  deliveryFeeRate: '',
  priceScale: '4',
  leverageFilter: { minLeverage: '1', maxLeverage: '50.00', leverageStep: '0.01' },
  priceFilter: { minPrice: '0.0001', maxPrice: '1999.9998', tickSize: '0.0001' },
  lotSizeFilter: { maxOrderQty: '100000', minOrderQty: '1', qtyStep: '1', maxMktOrderQty: '50000', minNotionalValue: '5' },
  unifiedMarginTrade: true,
  fundingInterval: 480,
  copyTrading: 'both',
  upperFundingRate: '0.00375',
  lowerFundingRate: '-0.00375',
});
