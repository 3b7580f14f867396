/** The private stream: who logged in, what they subscribed to, and the account's events as they come. */
import { parseOp, shown } from '../op.ts';
import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import type { ExchangeEvent, Order } from '../../engine/types.ts';
import type { Category } from '../../listing.ts';
import type { Keys } from './auth.ts';
import { wrongLogin } from './auth.ts';
import type { Code } from './codes.ts';
import type { Dcp } from './dcp.ts';
import type { Desk } from './desk.ts';
import type { Door } from './door.ts';
import type { Misdeeds } from './misdeeds.ts';
import { executionEvent, executionFast, orderEvent, positionEvent, walletRow, type Row } from './rows.ts';

export const PRIVATE_SOCKETS_MAX = 64;
const UNREAD_BYTES_MAX = 4 * 1024 * 1024;
const TOPIC =
  /^(order|execution|position)(\.(spot|linear|inverse|option))?$|^wallet$|^dcp(\.(future|spot))?$|^greeks$|^execution\.fast(\.(spot|linear|inverse))?$/;
/** What an account whose key was taken away is told. */
const REFUSED: Code = { retCode: 10003, retMsg: 'API key is invalid.' };

export interface PrivateClient {
  readonly id: string;
  readonly socket: WebSocket;
  readonly topics: Set<string>;
  authenticated: boolean;
}

type Topic = 'order' | 'execution' | 'execution.fast' | 'position' | 'wallet';

interface Told {
  readonly topic: Topic;
  readonly category: Category | null;
  readonly row: Row;
}

export interface PrivateStreamsOptions {
  readonly desk: Desk;
  readonly misdeeds: Misdeeds;
  readonly keys: Keys;
  readonly door: Door;
  readonly dcp: Dcp;
}

export class PrivateStreams {
  readonly #desk: Desk;
  readonly #misdeeds: Misdeeds;
  readonly #keys: Keys;
  readonly #door: Door;
  readonly #dcp: Dcp;
  readonly #clients = new Set<PrivateClient>();
  #frames = 0;
  refused = 0;

  constructor({ desk, misdeeds, keys, door, dcp }: PrivateStreamsOptions) {
    this.#desk = desk;
    this.#misdeeds = misdeeds;
    this.#keys = keys;
    this.#door = door;
    this.#dcp = dcp;
  }

  get sockets(): number {
    return this.#clients.size;
  }

  get frames(): number {
    return this.#frames;
  }

  add(socket: WebSocket): PrivateClient {
    const client: PrivateClient = { id: randomUUID(), socket, topics: new Set(), authenticated: false };
    this.#clients.add(client);
    socket.on('close', () => this.#leave(client));
    return client;
  }

  handle(client: PrivateClient, text: string): void {
    const request = parseOp(text);
    const { op, req_id: id, args } = request ?? {};
    const requestId = typeof id === 'string' ? { req_id: shown(id) } : {};
    const list: readonly unknown[] = Array.isArray(args) ? args : [];
    if (op === 'ping') return this.#say(client, { ...requestId, op: 'pong', args: [String(this.#desk.now)], conn_id: client.id });
    if (op === 'auth') return this.#login(client, list, requestId);
    if (op !== 'subscribe' && op !== 'unsubscribe') return this.#refuse(client, `error:invalid op,op:${shown(op)}`, requestId, op);
    if (!client.authenticated) return this.#refuse(client, 'error:request not authorized', requestId, op);
    const wrong = list.length === 0 ? 'error:args is empty' : list.map((topic) => wrongTopic(topic)).find((found) => found !== null);
    if (wrong !== undefined && wrong !== null) return this.#refuse(client, wrong, requestId, op);
    const lag = this.#misdeeds.ms('subscribe-lag');
    const carryOut = (): void => this.#subscribe(client, op, list.map(String), requestId);
    if (lag === 0) carryOut();
    else setTimeout(carryOut, lag).unref();
  }

  #subscribe(client: PrivateClient, op: 'subscribe' | 'unsubscribe', topics: readonly string[], requestId: object): void {
    // It may have left while its request was on the way.
    if (!this.#clients.has(client)) return;
    for (const topic of topics) {
      if (op === 'subscribe') client.topics.add(topic);
      else client.topics.delete(topic);
    }
    this.#watch();
    this.#say(client, { success: true, ret_msg: '', op, conn_id: client.id, ...requestId });
  }

  /** Rows of one kind that follow each other share a frame. */
  publish(events: readonly ExchangeEvent[]): void {
    if (this.#misdeeds.is('silent-private') || ![...this.#clients].some(({ topics }) => topics.size > 0)) return;
    let waiting: Told[] = [];
    for (const told of [...this.#fast(events), ...events.map((event) => this.#told(event))]) {
      const [first] = waiting;
      if (first !== undefined && (first.topic !== told.topic || first.category !== told.category)) {
        this.#send(waiting);
        waiting = [];
      }
      waiting.push(told);
    }
    this.#send(waiting);
  }

  /** An order that had filled is told once more, as cancelled too late. */
  publishRace(order: Order): void {
    const category = this.#desk.category(order.request.contract);
    const row = orderEvent(order, category, this.#desk.entryLink(order));
    this.#send([{ topic: 'order', category, row: { ...row, cancelType: 'CancelByUser', rejectReason: 'EC_OrigClOrdIDDoesNotExist' } }]);
  }

  dropAll(): number {
    const { size } = this.#clients;
    for (const { socket } of this.#clients) socket.terminate();
    return size;
  }

  #told(event: ExchangeEvent): Told {
    if (event.kind === 'position') return { topic: 'position', category: 'linear', row: positionEvent(event.position) };
    if (event.kind === 'account') return { topic: 'wallet', category: null, row: walletRow(this.#desk.engine.account(), event.currencies) };
    if (event.kind === 'order') {
      const category = this.#desk.category(event.order.request.contract);
      return { topic: 'order', category, row: orderEvent(event.order, category, this.#desk.entryLink(event.order)) };
    }
    const category = this.#desk.category(event.execution.contract);
    return { topic: 'execution', category, row: executionEvent(event.execution, event.order, category) };
  }

  /** Trades of perpetuals, ahead of everything else. */
  #fast(events: readonly ExchangeEvent[]): readonly Told[] {
    const told: Told[] = [];
    for (const event of events) {
      if (event.kind !== 'execution' || event.execution.kind !== 'trade' || this.#desk.category(event.execution.contract) !== 'linear') continue;
      told.push({ topic: 'execution.fast', category: 'linear', row: executionFast(event.execution) });
    }
    return told;
  }

  #send(told: readonly Told[]): void {
    const [first] = told;
    if (first === undefined) return;
    const { topic, category } = first;
    const times = topic === 'execution' && this.#misdeeds.is('duplicate-fills') ? 2 : 1;
    const lag = this.#misdeeds.ms('stream-lag');
    const frame = { id: randomUUID(), topic, creationTime: this.#desk.now, data: told.map(({ row }) => row) };
    for (const client of this.#clients) {
      const own = client.topics.has(topic) ? topic : category !== null && client.topics.has(`${topic}.${category}`) ? `${topic}.${category}` : null;
      if (own === null) continue;
      const say = (): void => {
        for (let time = 0; time < times; time++) this.#say(client, { ...frame, topic: own });
      };
      if (lag === 0) say();
      else setTimeout(say, lag).unref();
    }
  }

  #login(client: PrivateClient, args: readonly unknown[], requestId: object): void {
    const wrong = this.#misdeeds.is('refuse-login') ? REFUSED : wrongLogin(this.#keys, args, this.#door.clocks());
    if (wrong !== null) {
      this.refused++;
      this.#say(client, { success: false, ret_msg: wrong.retMsg, op: 'auth', conn_id: client.id, ...requestId });
      client.socket.close();
      return;
    }
    client.authenticated = true;
    this.#say(client, { success: true, ret_msg: '', op: 'auth', conn_id: client.id, ...requestId });
  }

  #leave(client: PrivateClient): void {
    this.#clients.delete(client);
    this.#watch();
  }

  #watch(): void {
    this.#dcp.watch(new Set([...this.#clients].flatMap(({ topics }) => [...topics])), this.#desk.now);
  }

  #refuse(client: PrivateClient, what: string, requestId: object, op: unknown): void {
    this.refused++;
    this.#say(client, { success: false, ret_msg: what, op: shown(op), conn_id: client.id, ...requestId });
  }

  #say({ socket }: PrivateClient, body: object): void {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > UNREAD_BYTES_MAX) return socket.terminate();
    this.#frames++;
    socket.send(JSON.stringify(body));
  }
}

function wrongTopic(topic: unknown): string | null {
  return typeof topic === 'string' && TOPIC.test(topic) ? null : `error:handler not found,topic:${shown(topic)}`;
}
