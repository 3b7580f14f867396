/** One loopback port for REST and WebSocket, in Bybit's envelopes and headers. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { Exchange } from '../exchange.ts';
import type { Category } from '../listing.ts';
import { activeTimeOf, type Connections } from './connections.ts';
import { SOCKETS_MAX, type Client, type Hub } from './hub.ts';
import { REQUEST_BYTES_MAX, type Requests } from './requests.ts';
import { respond, type Enveloped } from './envelope.ts';
import type { Request } from './private/door.ts';
import { PRIVATE_STREAM, TRADE_STREAM, type PrivateSide } from './private/side.ts';
import { accessOf, answer } from './rest.ts';
import { STATUS_SOCKETS_MAX, STATUS_STREAM } from './status-stream.ts';

export const LOOPBACK = '127.0.0.1';
const CONNECTIONS_MAX = 256;
const BODY_BYTES_MAX = 65_536;
/** Paths counted apart: far more than there are; what is beyond counts as one. */
const ASKED_MAX = 500;
const ASKED_LENGTH_MAX = 120;

const STREAMS: Readonly<Record<string, Category>> = { '/v5/public/spot': 'spot', '/v5/public/linear': 'linear' };

export interface ServerCounters {
  readonly requests: number;
  /** Requests that wanted to trade: POST /v5/order/…, /v5/position/…, connections to the trade stream and orders on it. */
  readonly orderEndpointHits: number;
  /** Requests for an account. */
  readonly privateHits: number;
  readonly refusedSockets: number;
  readonly privateFrames: number;
  readonly privateRefusals: number;
  /** How often each was asked for, by `METHOD /path`: sockets are asked for by `GET`. */
  readonly asked: Readonly<Record<string, number>>;
}

export class Server {
  readonly #exchange: Exchange;
  readonly #hub: Hub;
  readonly #requests: Requests;
  readonly #private: PrivateSide;
  readonly #connections: Connections;
  readonly #http: HttpServer;
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: REQUEST_BYTES_MAX, clientTracking: false });
  #counters = { requests: 0, orderEndpointHits: 0, privateHits: 0, refusedSockets: 0 };

  readonly #asked = new Map<string, number>();

  constructor(exchange: Exchange, hub: Hub, requests: Requests, side: PrivateSide, connections: Connections) {
    this.#connections = connections;
    this.#private = side;
    this.#exchange = exchange;
    this.#hub = hub;
    this.#requests = requests;
    this.#http = createServer({ noDelay: true }, (request, response) => this.#onRequest(request, response));
    this.#http.maxConnections = CONNECTIONS_MAX;
    this.#http.on('upgrade', (request, wire, head) => this.#onUpgrade(request, wire, head));
  }

  get counters(): ServerCounters {
    const { tradeStreamOrders, ...streams } = this.#private.counters;
    return {
      ...this.#counters,
      ...streams,
      orderEndpointHits: this.#counters.orderEndpointHits + tradeStreamOrders,
      asked: Object.fromEntries(this.#asked),
    };
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
      this.#connections.start();
      this.#http.listen(port, LOOPBACK, resolve);
    });
  }

  async close(): Promise<void> {
    this.#connections.stop();
    this.#hub.dropAll();
    this.#private.dropAll();
    await new Promise<void>((resolve) => {
      this.#http.close(() => resolve());
      this.#http.closeAllConnections();
    });
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    this.#counters.requests++;
    const { method = 'GET' } = request;
    const url = parseUrl(request.url);
    this.#note(method, url?.pathname);
    const access = accessOf(method, url?.pathname ?? '');
    if (access === 'order') this.#counters.orderEndpointHits++;
    if (access === 'private') this.#counters.privateHits++;
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) request.destroy();
      else if (access !== 'public') chunks.push(chunk);
    });
    // An answer before the end of a body would look like a broken connection to the client.
    request.on('end', () => {
      if (access !== 'public' && url !== null) this.#private.receive(signedRequest(request, url, Buffer.concat(chunks)), response);
      else respond(response, this.#public(method, url), this.#exchange.now + this.#private.misdeeds.ms('skew'));
    });
  }

  #note(method: string, path = 'what is no address'): void {
    const said = `${method} ${path}`.slice(0, ASKED_LENGTH_MAX);
    const name = this.#asked.has(said) || this.#asked.size < ASKED_MAX ? said : 'others';
    this.#asked.set(name, (this.#asked.get(name) ?? 0) + 1);
  }

  #public(method: string, url: URL | null): Enveloped {
    if (url === null) return BAD_REQUEST;
    const own = method === 'GET' ? this.#private.open(url.pathname, url.searchParams) : null;
    return own ?? answer(this.#exchange, method, url.pathname, url.searchParams);
  }

  #onUpgrade(request: IncomingMessage, wire: Duplex, head: Buffer): void {
    wire.on('error', () => wire.destroy());
    const url = parseUrl(request.url);
    const path = url?.pathname ?? '';
    this.#note('GET', path);
    if (path === TRADE_STREAM) this.#counters.orderEndpointHits++;
    if (path === PRIVATE_STREAM) this.#counters.privateHits++;
    if (!this.#private.admitsConnection()) return this.#refuseSocket(wire, '403 Forbidden');
    const category = STREAMS[path];
    if (category !== undefined) {
      if (this.#hub.sockets >= SOCKETS_MAX) return this.#refuseSocket(wire, FULL);
      return this.#accept(request, wire, head, (socket) => this.#listener(socket, wire, category));
    }
    if (path === STATUS_STREAM) {
      const { status } = this.#private;
      return status.sockets >= STATUS_SOCKETS_MAX
        ? this.#refuseSocket(wire, FULL)
        : this.#accept(request, wire, head, (socket) => status.add(socket));
    }
    if (path !== PRIVATE_STREAM && path !== TRADE_STREAM) return this.#refuseSocket(wire, '404 Not Found');
    const activeMs = activeTimeOf(url?.searchParams ?? new URLSearchParams());
    if (activeMs === undefined) return this.#refuseSocket(wire, '400 Bad Request');
    if (!this.#private.hasRoom()) return this.#refuseSocket(wire, FULL);
    this.#accept(request, wire, head, (socket) => this.#private.connect(path, socket), activeMs);
  }

  /** `listen`: what the texts of the socket go to. */
  #accept(
    request: IncomingMessage,
    wire: Duplex,
    head: Buffer,
    listen: (socket: WebSocket) => (text: string) => void,
    activeMs: number | null = null,
  ): void {
    this.#sockets.handleUpgrade(request, wire, head, (socket) => {
      const hear = listen(socket);
      // A frame too large or broken closes the socket; `close` follows.
      socket.on('error', () => undefined);
      socket.on('message', (data: RawData) => hear(textOf(data)));
      if (wire instanceof Socket) this.#connections.watch(wire, activeMs);
    });
  }

  #refuseSocket(wire: Duplex, status: string): void {
    this.#counters.refusedSockets++;
    wire.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }

  #listener(socket: WebSocket, wire: Duplex, category: Category): (text: string) => void {
    const client: Client = { id: randomUUID(), category, socket, wire, topics: new Set() };
    this.#hub.add(client);
    socket.on('close', () => this.#hub.remove(client));
    return (text) => this.#requests.handle(client, text);
  }
}

const FULL = '503 Service Unavailable';
const BAD_REQUEST: Enveloped = { status: 400, retCode: 10001, retMsg: 'Bad request.', result: {} };

function signedRequest({ method = 'GET', headers, url = '' }: IncomingMessage, { pathname }: URL, body: Buffer): Request {
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const mark = url.indexOf('?');
  return {
    method,
    path: pathname,
    rawQuery: mark < 0 ? '' : url.slice(mark + 1),
    body: body.toString(),
    apiKey: header('x-bapi-api-key'),
    timestamp: header('x-bapi-timestamp'),
    recvWindow: header('x-bapi-recv-window'),
    signature: header('x-bapi-sign'),
  };
}

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
