/** One loopback port for REST and WebSocket, in Bybit's envelopes and headers. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { Exchange } from '../exchange.ts';
import type { Category } from '../listing.ts';
import { SOCKETS_MAX, type Client, type Hub } from './hub.ts';
import { REQUEST_BYTES_MAX, type Requests } from './requests.ts';
import { accessOf, answer, type Answer } from './rest.ts';

export const LOOPBACK = '127.0.0.1';
const CONNECTIONS_MAX = 256;
const BODY_BYTES_MAX = 65_536;
/** What the rate-limit headers say: Bybit allows 600 requests in 5 s; this venue counts and does not limit. */
const LIMIT = '600';

const STREAMS: Readonly<Record<string, Category>> = { '/v5/public/spot': 'spot', '/v5/public/linear': 'linear' };
const TRADE_STREAM = '/v5/trade';

export interface ServerCounters {
  readonly requests: number;
  /** Requests that wanted to trade: POST /v5/order/…, /v5/position/…, and the trade stream. */
  readonly orderEndpointHits: number;
  /** Requests for an account. */
  readonly privateHits: number;
  readonly refusedSockets: number;
}

export class Server {
  readonly #exchange: Exchange;
  readonly #hub: Hub;
  readonly #requests: Requests;
  readonly #http: HttpServer;
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: REQUEST_BYTES_MAX, clientTracking: false });
  #counters = { requests: 0, orderEndpointHits: 0, privateHits: 0, refusedSockets: 0 };

  constructor(exchange: Exchange, hub: Hub, requests: Requests) {
    this.#exchange = exchange;
    this.#hub = hub;
    this.#requests = requests;
    this.#http = createServer({ noDelay: true }, (request, response) => this.#onRequest(request, response));
    this.#http.maxConnections = CONNECTIONS_MAX;
    this.#http.on('upgrade', (request, wire, head) => this.#onUpgrade(request, wire, head));
  }

  get counters(): ServerCounters {
    return { ...this.#counters };
  }

  get port(): number {
    // Bound to a host and port, the address is never a pipe's name.
    return (this.#http.address() as AddressInfo).port;
  }

  /** @throws Error where the port cannot be bound. */
  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#http.once('error', (error: NodeJS.ErrnoException) => {
        const what =
          error.code === 'EADDRINUSE' ? 'is in use by another program; stop it or choose another port (0 takes a free one)' : error.message;
        reject(new Error(`embedded venue: port ${port} on ${LOOPBACK} ${what}`));
      });
      this.#http.listen(port, LOOPBACK, resolve);
    });
  }

  async close(): Promise<void> {
    this.#hub.dropAll();
    await new Promise<void>((resolve) => {
      this.#http.close(() => resolve());
      this.#http.closeAllConnections();
    });
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    this.#counters.requests++;
    const { method = 'GET' } = request;
    const url = parseUrl(request.url);
    const access = accessOf(method, url?.pathname ?? '');
    if (access === 'order') this.#counters.orderEndpointHits++;
    if (access === 'private') this.#counters.privateHits++;
    // A body says nothing here, but an answer before its end would look like a broken connection to the client.
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) request.destroy();
    });
    request.on('end', () => {
      const found = url === null ? BAD_REQUEST : answer(this.#exchange, method, url.pathname, url.searchParams);
      this.#respond(response, found);
    });
  }

  #respond(response: ServerResponse, { status, retCode, retMsg, result }: Answer): void {
    const { now } = this.#exchange;
    const body = Buffer.from(JSON.stringify({ retCode, retMsg, result, retExtInfo: {}, time: now }));
    response.writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': body.length,
      'X-Bapi-Limit': LIMIT,
      'X-Bapi-Limit-Status': LIMIT,
      'X-Bapi-Limit-Reset-Timestamp': String(now),
      Traceid: randomUUID().replaceAll('-', ''),
      Timenow: String(now),
    });
    response.end(body);
  }

  #onUpgrade(request: IncomingMessage, wire: Duplex, head: Buffer): void {
    wire.on('error', () => wire.destroy());
    const path = parseUrl(request.url)?.pathname ?? '';
    const category = STREAMS[path];
    if (category === undefined || this.#hub.sockets >= SOCKETS_MAX) {
      this.#counters.refusedSockets++;
      if (path === TRADE_STREAM) this.#counters.orderEndpointHits++;
      wire.end(`HTTP/1.1 ${category === undefined ? '404 Not Found' : '503 Service Unavailable'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.#sockets.handleUpgrade(request, wire, head, (socket) => this.#onSocket(socket, wire, category));
  }

  #onSocket(socket: WebSocket, wire: Duplex, category: Category): void {
    const client: Client = { id: randomUUID(), category, socket, wire, topics: new Set() };
    this.#hub.add(client);
    socket.on('close', () => this.#hub.remove(client));
    // A frame too large or broken closes the socket; `close` follows.
    socket.on('error', () => undefined);
    socket.on('message', (data: RawData) => this.#requests.handle(client, textOf(data)));
  }
}

const BAD_REQUEST: Answer = { status: 400, retCode: 10001, retMsg: 'Bad request.', result: {} };

function parseUrl(target: string | undefined): URL | null {
  try {
    return new URL(target ?? '', `http://${LOOPBACK}`);
  } catch {
    return null;
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return Buffer.isBuffer(data) ? data.toString() : Buffer.from(data).toString();
}
