/** An embedded TWS for contract tests, and a plain client that writes and reads frames itself. */
import { connect, type Socket } from 'node:net';
import { REQUESTS, type RequestName, type RequestRow } from '#venues/embedded/tws/codec/client-messages.ts';
import { encodeFrame, FrameReader } from '#venues/embedded/tws/codec/frame.ts';
import { blank, decode, encode, type Layout } from '#venues/embedded/tws/codec/layout.ts';
import { MESSAGES, messageName, type MessageName, type MessageRow } from '#venues/embedded/tws/codec/server-messages.ts';
import { openTws, type EmbeddedTws, type TwsParams } from '#venues/embedded/tws/tws.ts';
import { until } from '../support/until.ts';

/** A Tuesday, 10:00 in New York. */
export const START = Date.UTC(2026, 10, 24, 15, 0, 0);
export const EUR = { conId: 12087792, symbol: 'EUR', secType: 'CASH', exchange: 'IDEALPRO', currency: 'USD' } as const;

export async function withTws<T>(params: Partial<TwsParams>, work: (tws: EmbeddedTws) => Promise<T>): Promise<T> {
  const tws = await openTws({ port: 0, start: START, firstOrderId: 101, ...params });
  try {
    return await work(tws);
  } finally {
    await tws.close();
  }
}

export interface Heard {
  readonly name: MessageName | 'unknown';
  readonly row: Readonly<Record<string, unknown>>;
}

export class RawClient {
  readonly heard: Heard[] = [];
  readonly #socket: Socket;
  readonly #reader = new FrameReader('with-frames');
  version = 0;
  closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      for (const frame of this.#reader.push(chunk)) if (Array.isArray(frame)) this.#take(frame as readonly string[]);
    });
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('error', () => undefined);
  }

  /** Connected and past the handshake; not yet started. */
  static async open(tws: EmbeddedTws, versions = 'v100..193'): Promise<RawClient> {
    const socket = connect(tws.port, '127.0.0.1');
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const client = new RawClient(socket);
    const length = Buffer.alloc(4);
    length.writeInt32BE(versions.length);
    socket.write(Buffer.concat([Buffer.from('API\0'), length, Buffer.from(versions)]));
    await until('the handshake', () => client.version > 0 || client.closed);
    return client;
  }

  /** Ready for requests. */
  static async start(tws: EmbeddedTws, clientId = 7): Promise<RawClient> {
    const client = await RawClient.open(tws);
    client.ask('startApi', { clientId });
    await client.until('error', (row) => row['code'] === 2158);
    return client;
  }

  ask<N extends RequestName>(name: N, row: Partial<RequestRow<N>>): void {
    const message: Layout = REQUESTS[name];
    this.raw(encode(message, { ...blank(message), ...row }, this.version));
  }

  raw(fields: readonly string[]): void {
    this.#socket.write(encodeFrame(fields));
  }

  place(orderId: number, row: Partial<RequestRow<'placeOrder'>>): void {
    const order = { action: 'BUY', totalQuantity: '20000', orderType: 'LMT', timeInForce: 'GTC', transmit: true } as const;
    this.ask('placeOrder', { ...EUR, orderId, ...order, ...row });
  }

  /** Everything of the name so far. */
  all<N extends MessageName>(name: N): readonly MessageRow<N>[] {
    return this.heard.filter((heard) => heard.name === name).map(({ row }) => row as MessageRow<N>);
  }

  /** The first of the name that is so, now or later. */
  async until<N extends MessageName>(name: N, so: (row: Readonly<Record<string, unknown>>) => boolean = () => true): Promise<MessageRow<N>> {
    const find = (): Heard | undefined => this.heard.find((heard) => heard.name === name && so(heard.row));
    await until(name, () => find() !== undefined);
    return find()?.row as MessageRow<N>;
  }

  /** Asks the time: what was said before it has arrived, too. */
  async settled(): Promise<void> {
    const before = this.all('currentTime').length;
    this.ask('reqCurrentTime', {});
    await until('the time', () => this.all('currentTime').length > before);
  }

  codes(): readonly number[] {
    return this.all('error').map(({ code }) => code);
  }

  forget(): void {
    this.heard.length = 0;
  }

  close(): void {
    this.#socket.destroy();
  }

  async ended(): Promise<void> {
    await until('the end', () => this.closed);
  }

  #take(fields: readonly string[]): void {
    if (this.version === 0) {
      this.version = Number(fields[0]);
      return;
    }
    const name = messageName(fields);
    if (name === undefined) {
      this.heard.push({ name: 'unknown', row: { fields } });
      return;
    }
    const message: Layout = MESSAGES[name];
    this.heard.push({ name, row: decode(message, fields, this.version) });
  }
}

/** What was said of orders, shortly: `openOrder 101 Submitted`. */
export function story(client: RawClient): readonly string[] {
  return client.heard.flatMap(({ name, row }) => {
    if (name === 'openOrder' || name === 'orderStatus') return [`${name} ${String(row['orderId'])} ${String(row['status'])}`];
    if (name === 'execDetails') return [`execDetails ${String(row['orderId'])}`];
    if (name === 'commissionReport') return ['commissionReport'];
    return name === 'error' ? [`error ${String(row['id'])} ${String(row['code'])}`] : [];
  });
}
