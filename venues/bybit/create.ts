/**
 * ccxt's Bybit, unmodified, with our hooks on a subclass. Only this one class is loaded: the whole package takes 0.6 s and 80 MB.
 * The interface names what we use of it and nothing else: in particular no order method.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { assertLoopback, marketDataUrls, type Category, type Endpoints, type Environment } from './endpoints.ts';
import type { FetchImplementation } from './transport.ts';

/** One of ccxt's WebSocket connections. It owns socket, pings and time-outs; when it is lost, so is the object. */
export interface Socket {
  readonly url: string;
  readonly connection?: { terminate(): void };
  connect(backoffMs: number): Promise<unknown>;
  send(message: object): Promise<unknown>;
}

export interface Exchange {
  urls: unknown;
  fetchImplementation: FetchImplementation;
  readonly clients: Record<string, Socket>;
  loadHttpProxyAgent(): Promise<unknown>;
  loadMarkets(reload: boolean): Promise<Readonly<Record<string, { readonly info: unknown }>>>;
  publicGetV5MarketTime(params: object): Promise<unknown>;
  publicGetV5MarketKline(params: object): Promise<unknown>;
  publicGetV5MarketTickers(params: object): Promise<unknown>;
  /** The connection to `url`: a new one where there is none. */
  client(url: string): Socket;
  fetch(url: string, method?: string, headers?: object, body?: string): Promise<unknown>;
  handleErrors(...args: ErrorArguments): unknown;
  handleHttpStatusCode(...args: [status: number, ...rest: unknown[]]): void;
  handleMessage(client: Socket, message: unknown): void;
  onConnected(client: Socket, message?: unknown): void;
  onError(client: Socket, error: Error): void;
  onClose(client: Socket, event: unknown): void;
  log(...parts: unknown[]): void;
}

type ErrorArguments = [
  status: number,
  reason: string,
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  response: { readonly retCode?: unknown; readonly time?: unknown } | undefined,
  requestHeaders: unknown,
  requestBody: unknown,
];

export interface ExchangeHooks {
  /** Before every HTTP request; it goes out when this resolves. */
  readonly beforeRequest: (request: { readonly method: string; readonly body: string | undefined }) => Promise<void>;
  /** Every HTTP answer. `retCode` is NaN and `time` null where it has none; `category` is the request's, null where it named none. */
  readonly onResponse: (
    path: string,
    status: number,
    retCode: number,
    headers: Readonly<Record<string, string>>,
    time: number | null,
    category: Category | null,
  ) => void;
  /** Every frame, in order. True where it was consumed and ccxt shall not see it. */
  readonly onMessage: (socket: Socket, message: unknown) => boolean;
  readonly onConnected: (socket: Socket) => void;
  readonly onLost: (socket: Socket, reason: string) => void;
}

export interface ExchangeOptions {
  readonly environment: Environment;
  readonly endpoints: Endpoints;
  readonly categories: readonly Category[];
  readonly fetch: FetchImplementation;
  readonly keepAliveMs: number;
  readonly connectMs: number;
  readonly requestMs: number;
  /** Where it may reach more than market data. */
  readonly urls?: object;
  readonly receiveWindowMs?: number;
}

const FRAME_BYTES_MAX = 1024 * 1024;
/** From the package's entry, dist/ccxt.cjs. */
const BYBIT_FROM_ENTRY = '../js/src/pro/bybit.js';

/** @throws Error where the environment is embedded and any URL of the instance is not on loopback. */
export async function createExchange(options: ExchangeOptions, hooks: ExchangeHooks): Promise<Exchange> {
  const Hooked = withHooks(await loadBybit(), hooks);
  const exchange = new Hooked(configOf(options));
  exchange.urls = options.urls ?? marketDataUrls(options.endpoints);
  if (options.environment === 'embedded') assertLoopback(exchange.urls);
  exchange.fetchImplementation = options.fetch;
  // Without it ccxt refuses ws:// at the first connection.
  await exchange.loadHttpProxyAgent();
  return exchange;
}

type ExchangeClass = new (config: object) => Exchange;

/** A deep import of the package is not exported, a file URL is. */
async function loadBybit(): Promise<ExchangeClass> {
  const entry = createRequire(import.meta.url).resolve('ccxt');
  const loaded: unknown = await import(pathToFileURL(path.join(path.dirname(entry), BYBIT_FROM_ENTRY)).href);
  if (typeof loaded !== 'object' || loaded === null || !('default' in loaded) || typeof loaded.default !== 'function') {
    throw new TypeError('ccxt has no Bybit class where its pinned version has it');
  }
  // Loaded by path, so the compiler does not know it; `Exchange` is what the pinned version was tested to do.
  return loaded.default as ExchangeClass;
}

function withHooks(Bybit: ExchangeClass, hooks: ExchangeHooks): ExchangeClass {
  return class extends Bybit {
    override async fetch(url: string, method?: string, headers?: object, body?: string): Promise<unknown> {
      await hooks.beforeRequest({ method: method ?? 'GET', body });
      return super.fetch(url, method, headers, body);
    }

    override handleErrors(...args: ErrorArguments): unknown {
      const [status, , url, , headers, , response, , requestBody] = args;
      const retCode = response?.retCode === undefined ? Number.NaN : Number(response.retCode);
      const time = typeof response?.time === 'number' && Number.isSafeInteger(response.time) ? response.time : null;
      const { pathname, searchParams } = new URL(url);
      hooks.onResponse(pathname, status, retCode, headers, time, categoryOf(searchParams.get('category') ?? inBody(requestBody)));
      try {
        return super.handleErrors(...args);
      } catch (error) {
        // ccxt's classes hide what the venue said: only the code decides.
        throw error instanceof Error ? Object.assign(error, { retCode, httpStatus: status }) : error;
      }
    }

    /** Where the body is no JSON, a proxy's page, ccxt throws here. */
    override handleHttpStatusCode(...args: [status: number, ...rest: unknown[]]): void {
      try {
        super.handleHttpStatusCode(...args);
      } catch (error) {
        throw error instanceof Error ? Object.assign(error, { retCode: Number.NaN, httpStatus: args[0] }) : error;
      }
    }

    override handleMessage(client: Socket, message: unknown): void {
      let consumed = true;
      try {
        consumed = hooks.onMessage(client, message);
      } catch (error) {
        // ccxt would swallow it. Ours throw only where an invariant broke, and then the process must end.
        setImmediate(() => {
          throw error;
        });
      }
      if (!consumed) super.handleMessage(client, message);
    }

    override onConnected(client: Socket, message?: unknown): void {
      super.onConnected(client, message);
      hooks.onConnected(client);
    }

    override onError(client: Socket, error: Error): void {
      super.onError(client, error);
      hooks.onLost(client, error.message);
    }

    override onClose(client: Socket, event: unknown): void {
      super.onClose(client, event);
      hooks.onLost(client, 'the venue closed the connection');
    }

    /** ccxt prints frames it cannot parse; they reach `handleMessage` as text and are counted there. */
    override log(): void {}
  };
}

/** ccxt writes it as JSON. */
const inBody = (body: unknown): unknown => (typeof body === 'string' ? /"category":"(\w+)"/.exec(body)?.[1] : undefined);
const categoryOf = (name: unknown): Category | null => (name === 'spot' || name === 'linear' ? name : null);

function configOf({ categories, keepAliveMs, connectMs, requestMs, receiveWindowMs }: ExchangeOptions): object {
  return {
    // Our own buckets: ccxt's limiter made an order wait 3.2 s behind thirty reads.
    enableRateLimit: false,
    timeout: requestMs,
    has: { fetchCurrencies: false },
    streaming: { keepAlive: keepAliveMs, maxPingPongMisses: 2, connectionTimeout: connectMs },
    options: {
      fetchMarkets: { types: [...categories] },
      adjustForTimeDifference: false,
      ...(receiveWindowMs === undefined ? {} : { recvWindow: receiveWindowMs }),
      enableUnifiedMargin: false,
      enableUnifiedAccount: true,
      unifiedMarginStatus: 6,
      ws: { options: { maxPayload: FRAME_BYTES_MAX, perMessageDeflate: false } },
    },
  };
}
