/** Clients of the embedded venue's account: unmodified ccxt, and plain signed requests. */
import { createHmac } from 'node:crypto';
import type { Venue } from '#venues/embedded/venue.ts';
import { Reader } from './embedded-support.ts';

export interface CcxtOrder {
  readonly id: string;
  readonly clientOrderId?: string;
  readonly symbol: string;
  readonly status?: string;
  readonly filled?: number;
  readonly remaining?: number;
  readonly info: Readonly<Record<string, unknown>>;
}

export interface CcxtTrade {
  readonly id: string;
  readonly order: string;
  readonly symbol: string;
  readonly side: string;
  readonly price: number;
  readonly amount: number;
  readonly takerOrMaker: string;
  readonly fee: { readonly cost: number; readonly currency: string };
}

export interface CcxtPosition {
  readonly symbol: string;
  readonly side: string | undefined;
  readonly contracts: number | undefined;
  readonly entryPrice: number | undefined;
}

export type CcxtBalance = Readonly<Record<string, { readonly free: number; readonly used: number; readonly total: number }>>;

/** What these tests use of ccxt. */
export interface Ccxt {
  loadHttpProxyAgent(): Promise<void>;
  loadMarkets(reload: boolean): Promise<unknown>;
  createOrder(symbol: string, type: string, side: string, amount: number, price?: number, params?: object): Promise<CcxtOrder>;
  createOrderWs(symbol: string, type: string, side: string, amount: number, price?: number, params?: object): Promise<CcxtOrder>;
  editOrder(id: string, symbol: string, type: string, side: string, amount: number, price?: number, params?: object): Promise<CcxtOrder>;
  cancelOrder(id: string | undefined, symbol: string, params?: object): Promise<CcxtOrder>;
  cancelOrderWs(id: string, symbol: string, params?: object): Promise<CcxtOrder>;
  cancelAllOrders(symbol?: string, params?: object): Promise<CcxtOrder[]>;
  fetchOrder(id: string | undefined, symbol: string, params?: object): Promise<CcxtOrder>;
  fetchOpenOrders(symbol?: string, since?: number, limit?: number, params?: object): Promise<CcxtOrder[]>;
  fetchCanceledAndClosedOrders(symbol: string): Promise<CcxtOrder[]>;
  fetchMyTrades(symbol: string, since?: number, limit?: number, params?: object): Promise<CcxtTrade[]>;
  fetchBalance(): Promise<CcxtBalance>;
  fetchPositions(symbols?: string[]): Promise<CcxtPosition[]>;
  fetchTradingFee(symbol: string): Promise<{ readonly maker: number; readonly taker: number }>;
  fetchFundingRateHistory(symbol: string): Promise<readonly { readonly fundingRate: number }[]>;
  setLeverage(leverage: number, symbol: string): Promise<unknown>;
  setPositionMode(hedged: boolean, symbol: string): Promise<unknown>;
  watchOrders(symbol?: string): Promise<CcxtOrder[]>;
  watchMyTrades(symbol?: string): Promise<CcxtTrade[]>;
  watchBalance(): Promise<CcxtBalance>;
  close(): Promise<void>;
}

/** ccxt exports only its whole; the one class is loaded by file, as the gateway does. */
export async function ccxtFor(venue: Venue, options: object = {}): Promise<Ccxt> {
  const { href } = new URL('../../node_modules/ccxt/js/src/pro/bybit.js', import.meta.url);
  const loaded = (await import(href)) as { default: new (config: object) => Ccxt };
  const { rest, ws } = venue.info();
  const publicStreams = Object.fromEntries(['spot', 'linear', 'inverse', 'option'].map((name) => [name, `${ws}/v5/public/${name}`]));
  const own = `${ws}/v5/private`;
  const privateStreams = { spot: { unified: own, nonUnified: own }, contract: own, usdc: own, trade: `${ws}/v5/trade` };
  const api = { spot: rest, futures: rest, v2: rest, public: rest, private: rest, ws: { public: publicStreams, private: privateStreams } };
  const exchange = new loaded.default({
    ...venue.keys,
    enableRateLimit: false,
    timeout: 5000,
    urls: { api },
    has: { fetchCurrencies: false },
    options: {
      fetchMarkets: { types: ['spot', 'linear'] },
      enableUnifiedMargin: false,
      enableUnifiedAccount: true,
      unifiedMarginStatus: 6,
      ...options,
    },
  });
  await exchange.loadHttpProxyAgent();
  await exchange.loadMarkets(true);
  return exchange;
}

export interface Body {
  readonly retCode: number;
  readonly retMsg: string;
  readonly result: Readonly<Record<string, unknown>>;
  readonly time: number;
}

export interface Signing {
  readonly apiKey?: string;
  readonly secret?: string;
  readonly at?: number;
  readonly recvWindow?: number;
}

const hmac = (secret: string, text: string): string => createHmac('sha256', secret).update(text).digest('hex');

/** GET where `what` is a query, POST where it is an object. */
export async function call(
  venue: Venue,
  path: string,
  what: string | object,
  signing: Signing = {},
): Promise<{ body: Body; headers: Headers; status: number }> {
  const { apiKey = venue.keys.apiKey, secret = venue.keys.secret, at = Date.now(), recvWindow = 5000 } = signing;
  const payload = typeof what === 'string' ? what : JSON.stringify(what);
  const headers = {
    'X-BAPI-API-KEY': apiKey,
    'X-BAPI-TIMESTAMP': String(at),
    'X-BAPI-RECV-WINDOW': String(recvWindow),
    'X-BAPI-SIGN': hmac(secret, `${at}${apiKey}${recvWindow}${payload}`),
  };
  const { rest } = venue.info();
  const response =
    typeof what === 'string'
      ? await fetch(`${rest}${path}?${payload}`, { headers })
      : await fetch(rest + path, { method: 'POST', body: payload, headers: { ...headers, 'content-type': 'application/json' } });
  return { body: (await response.json()) as Body, headers: response.headers, status: response.status };
}

/** The list of a result, as rows. */
export const rowsOf = ({ body }: { readonly body: Body }): readonly Readonly<Record<string, unknown>>[] =>
  body.result.list as readonly Readonly<Record<string, unknown>>[];

/** A private or trade stream, logged in; private ones subscribed to everything. */
export async function openStream(venue: Venue, path: '/v5/private' | '/v5/trade'): Promise<Reader> {
  const reader = await Reader.open(venue.info().ws + path);
  const { apiKey, secret } = venue.keys;
  const expires = Date.now() + 10_000;
  await reader.ask({ op: 'auth', args: [apiKey, expires, hmac(secret, `GET/realtime${expires}`)] });
  if (path === '/v5/private') await reader.ask({ op: 'subscribe', args: ['order', 'execution', 'position', 'wallet'] });
  return reader;
}
