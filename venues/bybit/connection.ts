/**
 * One public stream: dials through ccxt, subscribes in the frames Bybit takes, and dials again when the socket is lost. ccxt's own back-off
 * never engages for Bybit (four redials in milliseconds were measured, against 500 connections in five minutes), so this one has its own.
 */
import type { Exchange, Socket } from './create.ts';
import { delayMs, type RetryLimits } from '../shared/retry.ts';

/** Bybit, spot: at most ten topics in one request. */
export const ARGUMENTS_MAX = 10;

export interface ConnectionEvents {
  /** The socket is open and the subscriptions are on their way. */
  readonly onSubscribed: () => void;
  readonly onLost: (reason: string) => void;
}

export interface ConnectionLimits {
  readonly redial: Pick<RetryLimits, 'baseMs' | 'capMs'>;
  /** A connection that held this long counts as healthy: the next redial is the first again. */
  readonly stableMs: number;
}

export class Connection {
  readonly #exchange: Exchange;
  readonly #url: string;
  readonly #topics: readonly string[];
  readonly #limits: ConnectionLimits;
  readonly #events: ConnectionEvents;
  #socket: Socket | null = null;
  #openedAt: number | null = null;
  #attempts = 0;
  #requests = 0;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  /** Counts opened sockets: what was known of the stream before is void when it rises. */
  epoch = 0;

  constructor(exchange: Exchange, url: string, topics: readonly string[], limits: ConnectionLimits, events: ConnectionEvents) {
    this.#exchange = exchange;
    this.#url = url;
    this.#topics = topics;
    this.#limits = limits;
    this.#events = events;
  }

  get open(): boolean {
    return this.#openedAt !== null;
  }

  /** Frames of a socket that was given up may still come; they are not ours. */
  owns(socket: Socket): boolean {
    return socket === this.#socket;
  }

  dial(): void {
    this.#timer = null;
    this.#attempts++;
    // A lost socket may still be registered under the URL, and would be handed out again.
    delete this.#exchange.clients[this.#url];
    const socket = this.#exchange.client(this.#url);
    this.#socket = socket;
    // It resolves when the socket opens and never otherwise; how that went comes by the hooks.
    void socket.connect(0);
  }

  opened(): void {
    this.epoch++;
    this.#openedAt = performance.now();
    this.#send('subscribe', this.#topics);
    this.#events.onSubscribed();
  }

  /** Gives the socket up and dials again after the back-off. */
  lost(reason: string): void {
    if (this.#closed || this.#socket === null) return;
    this.#drop();
    const wait = delayMs(Math.max(1, this.#attempts), this.#limits.redial);
    this.#timer = setTimeout(() => this.dial(), wait);
    this.#events.onLost(reason);
  }

  /** For a topic that fell silent while others go on. */
  resubscribe(topics: readonly string[]): void {
    this.#send('unsubscribe', topics);
    this.#send('subscribe', topics);
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#drop();
  }

  #drop(): void {
    if (this.#openedAt !== null && performance.now() - this.#openedAt >= this.#limits.stableMs) this.#attempts = 0;
    const socket = this.#socket;
    this.#socket = null;
    this.#openedAt = null;
    // Not a closing handshake: a peer that is gone would hold the socket for another thirty seconds.
    socket?.connection?.terminate();
  }

  #send(op: 'subscribe' | 'unsubscribe', topics: readonly string[]): void {
    const socket = this.#socket;
    if (socket === null) return;
    for (let from = 0; from < topics.length; from += ARGUMENTS_MAX) {
      const frame = { op, req_id: `${this.epoch}.${++this.#requests}`, args: topics.slice(from, from + ARGUMENTS_MAX) };
      socket.send(frame).catch((error: unknown) => {
        if (this.owns(socket)) this.lost(`could not ${op}: ${error instanceof Error ? error.message : String(error)}`);
      });
    }
  }
}
