/** The private stream: signs in, subscribes to orders and executions, and hands their rows on in the order of the wire. */
import { createHmac } from 'node:crypto';
import type { Instant } from '#trading/model/instrument.ts';
import { Connection, type ConnectionLimits } from '../connection.ts';
import type { Counters } from '../counters.ts';
import type { Exchange, Socket } from '../create.ts';
import type { Keys } from './exchange.ts';

/** How far ahead of the venue's time the signature of a sign-in ends. */
const SIGN_IN_MS = 10_000;
/** Refused sign-ins in a row before the key is taken for wrong: more would only get it banned. */
const SIGN_INS_REFUSED_MAX = 2;
const TOPICS = ['order', 'execution'] as const;

export interface PrivateEvents {
  readonly onRows: (topic: (typeof TOPICS)[number], rows: readonly unknown[]) => void;
  /** Reports flow: what was missed before must be read. */
  readonly onUp: () => void;
  readonly onDown: (reason: string) => void;
}

export class PrivateStream {
  readonly #keys: Keys;
  readonly #now: () => Instant;
  readonly #counters: Counters;
  readonly #events: PrivateEvents;
  readonly #connection: Connection;
  #refused = 0;
  #socket: Socket | null = null;
  up = false;

  constructor(
    exchange: Exchange,
    url: string,
    keys: Keys,
    ports: { readonly now: () => Instant; readonly counters: Counters },
    limits: ConnectionLimits,
    events: PrivateEvents,
  ) {
    this.#keys = keys;
    this.#now = ports.now;
    this.#counters = ports.counters;
    this.#events = events;
    this.#connection = new Connection(exchange, url, [], limits, {
      onSubscribed: () => undefined,
      onLost: (reason) => this.#lost(reason),
    });
  }

  dial(): void {
    this.#connection.dial();
  }

  onConnected(socket: Socket): void {
    if (!this.#connection.owns(socket)) return;
    this.#socket = socket;
    this.#connection.opened();
    this.#send({ op: 'auth', args: this.#signature() });
  }

  onLost(socket: Socket, reason: string): void {
    if (this.#connection.owns(socket)) this.#connection.lost(reason);
  }

  /** True where the frame was ours. */
  onMessage(socket: Socket, message: unknown): boolean {
    if (!this.#connection.owns(socket)) return true;
    if (typeof message !== 'object' || message === null) return false;
    const { op, success, topic, data, ret_msg: said } = message as Readonly<Record<string, unknown>>; // any JSON object; each part is looked at below
    if (op === 'auth') return this.#signedIn(success === true, String(said));
    if (op === 'subscribe') return this.#subscribed(success === true, String(said));
    if (typeof topic !== 'string' || !Array.isArray(data)) return false;
    this.#counters.count(`private.${topic}`);
    const known = TOPICS.find((name) => name === topic);
    if (known !== undefined) this.#events.onRows(known, data);
    return true;
  }

  close(): void {
    this.up = false;
    this.#connection.close();
  }

  #signedIn(accepted: boolean, said: string): true {
    if (accepted) {
      this.#refused = 0;
      this.#send({ op: 'subscribe', args: [...TOPICS] });
      return true;
    }
    this.#refused++;
    this.#counters.count('private.sign_in_refused');
    const reason = `Bybit refused the sign-in: ${said.slice(0, 200)}`;
    if (this.#refused >= SIGN_INS_REFUSED_MAX) {
      this.close();
      this.#events.onDown(`${reason}; not tried again`);
    } else this.#connection.lost(reason);
    return true;
  }

  #subscribed(accepted: boolean, said: string): true {
    if (!accepted) this.#connection.lost(`refused to subscribe: ${said.slice(0, 200)}`);
    else if (!this.up) {
      this.up = true;
      this.#events.onUp();
    }
    return true;
  }

  #signature(): readonly unknown[] {
    const expires = this.#now() + SIGN_IN_MS;
    return [this.#keys.key, expires, createHmac('sha256', this.#keys.secret).update(`GET/realtime${expires}`).digest('hex')];
  }

  #send(frame: object): void {
    const socket = this.#socket;
    socket?.send(frame).catch((error: unknown) => this.onLost(socket, `could not send: ${error instanceof Error ? error.message : String(error)}`));
  }

  #lost(reason: string): void {
    this.#socket = null;
    this.#counters.count('private.lost');
    if (!this.up) return;
    this.up = false;
    this.#events.onDown(reason);
  }
}
