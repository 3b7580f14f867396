/** The trade stream: orders over a WebSocket, with the limits and the answers of REST. */
import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { CATEGORIES } from '../../listing.ts';
import { wrongLogin, wrongTime, type Keys } from './auth.ts';
import type { Desk } from './desk.ts';
import { costOf, parseBody, type Answered, type Door } from './door.ts';
import type { Misdeeds } from './misdeeds.ts';
import type { Body } from './order-request.ts';
import { failed, type Reply } from './orders-api.ts';
import type { Apis } from './routes.ts';

const RECV_WINDOW_MS = 5000;
/** Request ids of a connection that may not come again. */
const REQUEST_IDS_MAX = 10_000;
const FLOODED = 10_403;
const NOT_LOGGED_IN = 10_004;
const PARAMETERS_WRONG = 10_001;
const REPEATED_LOGIN = 20_001;
const REPEATED_REQUEST = 20_006;
const NO_SUCH_OPERATION = 10_404;

export const OPERATIONS: Readonly<Record<string, (apis: Apis, body: Body, granted: number) => Reply>> = {
  'order.create': ({ orders }, body) => orders.create(body),
  'order.amend': ({ orders }, body) => orders.amend(body),
  'order.cancel': ({ orders }, body) => orders.cancel(body),
  'order.create-batch': ({ orders }, body, granted) => orders.batch('create', body, granted),
  'order.amend-batch': ({ orders }, body, granted) => orders.batch('amend', body, granted),
  'order.cancel-batch': ({ orders }, body, granted) => orders.batch('cancel', body, granted),
};

interface TradeClient {
  readonly id: string;
  readonly socket: WebSocket;
  readonly requests: Set<string>;
  authenticated: boolean;
}

export interface TradeStreamOptions {
  readonly desk: Desk;
  readonly misdeeds: Misdeeds;
  readonly keys: Keys;
  readonly door: Door;
  readonly apis: Apis;
}

export class TradeStream {
  readonly #options: TradeStreamOptions;
  readonly #clients = new Set<TradeClient>();
  /** Requests that wanted to trade. */
  orders = 0;

  constructor(options: TradeStreamOptions) {
    this.#options = options;
  }

  get sockets(): number {
    return this.#clients.size;
  }

  add(socket: WebSocket): TradeClient {
    const client: TradeClient = { id: randomUUID(), socket, requests: new Set(), authenticated: false };
    this.#clients.add(client);
    socket.on('close', () => this.#clients.delete(client));
    return client;
  }

  handle(client: TradeClient, text: string): void {
    const request = parseBody(text) ?? {};
    const { op } = request;
    const reqId = typeof request.reqId === 'string' ? request.reqId : null;
    const list: readonly unknown[] = Array.isArray(request.args) ? request.args : [];
    if (op === 'ping')
      return this.#say(client, { retCode: 0, retMsg: 'OK', op: 'pong', data: [String(this.#options.desk.now)], connId: client.id, ...named(reqId) });
    if (op === 'auth') return this.#login(client, reqId, list);
    if (typeof op === 'string' && op.startsWith('order.')) this.orders++;
    this.#order(client, String(op), reqId, request, list);
  }

  dropAll(): number {
    const { size } = this.#clients;
    for (const { socket } of this.#clients) socket.terminate();
    return size;
  }

  #order(client: TradeClient, op: string, reqId: string | null, request: Body, list: readonly unknown[]): void {
    const spoil = this.#options.misdeeds.next(`ws/${op}`);
    if (spoil?.fault === 'drop-before') return;
    const carry = (): void => {
      const answered = spoil?.fault === 'code' ? coded(spoil.value) : this.#carryOut(client, op, reqId, request, list);
      if (spoil?.fault === 'drop-reply' || spoil?.fault === 'hang-body') return;
      const told = spoil?.fault === 'code-after' ? coded(spoil.value) : answered;
      if (spoil?.fault === 'late-reply') setTimeout(() => this.#answer(client, op, reqId, told), spoil.value).unref();
      else this.#answer(client, op, spoil?.fault === 'nameless-reply' ? null : reqId, told);
    };
    if (spoil?.fault === 'late-delivery') setTimeout(carry, spoil.value).unref();
    else carry();
  }

  #carryOut(client: TradeClient, op: string, reqId: string | null, request: Body, list: readonly unknown[]): Answered {
    const operation = Object.hasOwn(OPERATIONS, op) ? OPERATIONS[op] : undefined;
    if (!client.authenticated) return refused(NOT_LOGGED_IN, 'Not authenticated.');
    if (operation === undefined) return refused(NO_SUCH_OPERATION, `op type is not found: ${op.slice(0, 40)}`);
    if (reqId !== null && client.requests.has(reqId)) return refused(REPEATED_REQUEST, 'Duplicate reqId.');
    if (reqId !== null) client.requests.add(reqId);
    if (client.requests.size > REQUEST_IDS_MAX) client.requests.clear();
    const [body] = list;
    if (list.length !== 1 || typeof body !== 'object' || body === null) return refused(PARAMETERS_WRONG, 'params error: one order a request');
    const { door, apis } = this.#options;
    if (door.isFlooded()) return refused(FLOODED, 'Exceed IP rate limit. 3000 requests per second per IP.');
    const header = headerOf(request);
    const late = wrongTime(header.timestamp, header.window, door.clocks());
    if (late !== null) return refused(late.retCode, late.retMsg);
    // An object of unknown fields is all that is claimed.
    const order = body as Body;
    if (!CATEGORIES.some((known) => known === order.category)) return refused(NO_SUCH_OPERATION, 'category is not correct.');
    return door.carryOut(`order/${op.slice('order.'.length)}`, order.category, (granted) => operation(apis, order, granted), costOf(order));
  }

  #login(client: TradeClient, reqId: string | null, args: readonly unknown[]): void {
    const { keys, door } = this.#options;
    const wrong = client.authenticated ? { retCode: REPEATED_LOGIN, retMsg: 'Repeat auth.' } : wrongLogin(keys, args, door.clocks());
    if (wrong === null) client.authenticated = true;
    const { retCode, retMsg } = wrong ?? { retCode: 0, retMsg: 'OK' };
    this.#say(client, { ...named(reqId), retCode, retMsg, op: 'auth', connId: client.id });
    if (wrong !== null && !client.authenticated) client.socket.close();
  }

  #answer(client: TradeClient, op: string, reqId: string | null, { retCode, retMsg, result, retExtInfo = {}, allowance }: Answered): void {
    const now = this.#options.desk.now;
    const header = {
      'X-Bapi-Limit': String(allowance?.limit ?? 0),
      'X-Bapi-Limit-Status': String(allowance?.left ?? 0),
      'X-Bapi-Limit-Reset-Timestamp': String(now + (allowance?.waitMs ?? 0)),
      Traceid: randomUUID().replaceAll('-', ''),
      Timenow: String(now),
    };
    this.#say(client, { ...named(reqId), retCode, retMsg, op, data: result, retExtInfo, header, connId: client.id });
  }

  #say({ socket }: TradeClient, body: object): void {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(body));
  }
}

/** Answers name a request that named itself. */
const named = (reqId: string | null): { readonly reqId?: string } => (reqId === null ? {} : { reqId });
const refused = (retCode: number, retMsg: string): Answered => ({ ...failed({ retCode, retMsg }), status: 200, allowance: null });
export const coded = (retCode: number): Answered => refused(retCode, `fault ${retCode}`);

function headerOf({ header }: Body): { readonly timestamp: string; readonly window: number } {
  const fields = typeof header === 'object' && header !== null ? (header as Body) : {};
  const window = fields['X-BAPI-RECV-WINDOW'];
  return { timestamp: String(fields['X-BAPI-TIMESTAMP'] ?? ''), window: window === undefined ? RECV_WINDOW_MS : Number(window) };
}
