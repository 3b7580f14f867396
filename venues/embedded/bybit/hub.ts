/** The public WebSocket sockets: who subscribed to what, and how much each has not read yet. */
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Category } from '../listing.ts';

export const SOCKETS_MAX = 64;
/** Unread bytes after which a reader counts as too slow and is cut off. */
export const UNREAD_BYTES_MAX = 4 * 1024 * 1024;
/** Bybit: topics in one request on the spot stream. */
export const SPOT_ARGUMENTS_MAX = 10;
export const TOPICS_PER_SOCKET_MAX = 200;

export interface Client {
  readonly id: string;
  readonly category: Category;
  readonly socket: WebSocket;
  /** What the frames are written to: corked during a step, so that its frames leave in one write. */
  readonly wire: Duplex;
  readonly topics: Set<string>;
}

export class Hub {
  readonly #clients = new Set<Client>();
  readonly #subscribers: Readonly<Record<Category, Map<string, Set<Client>>>> = { spot: new Map(), linear: new Map() };
  frames = 0;
  slowClosed = 0;

  get sockets(): number {
    return this.#clients.size;
  }

  get subscriptions(): number {
    let count = 0;
    for (const { topics } of this.#clients) count += topics.size;
    return count;
  }

  add(client: Client): void {
    this.#clients.add(client);
  }

  remove(client: Client): void {
    this.#clients.delete(client);
    for (const topic of client.topics) this.unsubscribe(client, topic);
  }

  subscribe(client: Client, topic: string): void {
    client.topics.add(topic);
    const topics = this.#subscribers[client.category];
    const subscribers = topics.get(topic);
    if (subscribers === undefined) topics.set(topic, new Set([client]));
    else subscribers.add(client);
  }

  unsubscribe(client: Client, topic: string): void {
    client.topics.delete(topic);
    const topics = this.#subscribers[client.category];
    const subscribers = topics.get(topic);
    subscribers?.delete(client);
    if (subscribers?.size === 0) topics.delete(topic);
  }

  wanted(category: Category, topic: string): boolean {
    return this.#subscribers[category].has(topic);
  }

  /** How many sockets it was sent to. */
  publish(category: Category, topic: string, text: string): number {
    let sent = 0;
    for (const client of this.#subscribers[category].get(topic) ?? []) if (this.send(client, text)) sent++;
    return sent;
  }

  /** False where the socket is not open or its reader is too slow: then it is cut off. */
  send(client: Client, text: string): boolean {
    const { socket } = client;
    if (socket.readyState !== WebSocket.OPEN) return false;
    if (socket.bufferedAmount > UNREAD_BYTES_MAX) {
      this.slowClosed++;
      socket.terminate();
      return false;
    }
    socket.send(text);
    this.frames++;
    return true;
  }

  /** Everything that `frames` sends leaves each socket in one write. */
  together<T>(frames: () => T): T {
    for (const { wire } of this.#clients) wire.cork();
    try {
      return frames();
    } finally {
      for (const { wire } of this.#clients) wire.uncork();
    }
  }

  dropAll(): number {
    const { size } = this.#clients;
    for (const { socket } of this.#clients) socket.terminate();
    return size;
  }
}
