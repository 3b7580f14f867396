/** The private stream: signs in, subscribes to orders and executions, and hands their rows on in the order of the wire. */
import { createHmac } from 'node:crypto';
import type { Instant } from '#trading/model/instrument.ts';
import { Connection, type ConnectionLimits } from '../connection.ts';
import type { Counters } from '../../shared/counters.ts';
import type { Exchange, Socket } from '../create.ts';
import type { Keys } from './exchange.ts';

/** How far ahead of the venue's time the signature of a sign-in ends. */
const SIGN_IN_MS = 10_000;
/** Refused sign-ins in a row before the key is taken for wrong: more would only get it banned. */
const SIGN_INS_REFUSED_MAX = 2;
/** For the answer to a ping; a socket that is slower is found dead by its keep-alive. */
const PONG_MS_MAX = 1000;
const TOPICS = ['order', 'execution'] as const;

export interface PrivateEvents {
  readonly onRows: (topic: (typeof TOPICS)[number], rows: readonly unknown[]) => void;
  /** Reports flow: what was missed before must be read. */
  readonly onUp: () => void;
  readonly onDown: (reason: string) => void;
  /** The key was refused for good: no sign-in is tried again. */
  readonly onRefused: (reason: string) => void;
}

export class PrivateStream {
  readonly #keys: Keys;
  readonly #now: () => Instant;
  readonly #counters: Counters;
  readonly #events: PrivateEvents;
  readonly #connection: Connection;
  #refused = 0;
  #socket: Socket | null = null;
  #pings = 0;
  readonly #pongs = new Map<string, () => void>();
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
    if (op === 'pong') return this.#ponged(message);
    if (op === 'auth') return this.#signedIn(success === true, String(said));
    if (op === 'subscribe') return this.#subscribed(success === true, String(said));
    if (typeof topic !== 'string' || !Array.isArray(data)) return false;
    this.#counters.count(`private.${topic}`);
    const known = TOPICS.find((name) => name === topic);
    if (known !== undefined) this.#events.onRows(known, data);
    return true;
  }

  /** Frames are in order: behind the answer to a ping there is nothing that was sent before it. Resolves without an answer after a while. */
  async caughtUp(): Promise<void> {
    if (!this.up) return;
    const id = `caught-up.${++this.#pings}`;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, PONG_MS_MAX)));
    const answered = new Promise<void>((resolve) => this.#pongs.set(id, resolve));
    this.#send({ op: 'ping', req_id: id });
    await Promise.race([answered, late]);
    clearTimeout(timer);
    this.#pongs.delete(id);
  }

  /** Gives up a socket that looks well and tells too little. */
  suspect(reason: string): void {
    if (this.up) this.#connection.lost(reason);
  }

  close(): void {
    this.up = false;
    this.#connection.close();
  }

  /** Pings of ccxt's own keep-alive are ccxt's. */
  #ponged(message: object): boolean {
    const id = 'req_id' in message && typeof message.req_id === 'string' ? message.req_id : '';
    const resolve = this.#pongs.get(id);
    resolve?.();
    return resolve !== undefined;
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
      this.#events.onRefused(`${reason}; not tried again`);
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
