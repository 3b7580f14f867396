/** The real, unmodified client library at an embedded TWS: its events as they come, and as short lines that a scenario can be compared with. */
import assert from 'node:assert/strict';
import * as stoqey from '@stoqey/ib';
import type { EmbeddedTws } from '#venues/embedded/tws/tws.ts';
import { until } from './until.ts';

interface Client {
  connect(clientId: number): unknown;
  disconnect(): unknown;
  removeAllListeners(): unknown;
  on(event: string, listener: (...values: readonly unknown[]) => void): unknown;
  readonly [request: string]: unknown;
}
interface Library {
  readonly IBApi: new (options: { readonly host: string; readonly port: number; readonly maxReqPerSec: number }) => Client;
}
export type Event = readonly [name: string, values: readonly unknown[]];

const DECODE_ERROR = 505;
const CLIENT_ID = 7;
// Its own types are loose; what is used of it is named above, and the events are the judge.
const library = stoqey as unknown as Library;

/** One session, as the library has it: a fresh object each. */
export class Driver {
  readonly events: Event[] = [];
  readonly #client: Client;

  constructor({ port }: Pick<EmbeddedTws, 'port'>) {
    this.#client = new library.IBApi({ host: '127.0.0.1', port, maxReqPerSec: 100_000 });
    this.#client.on('all', (name, values) => {
      if (name !== 'received' && name !== 'sent') this.events.push([String(name), Array.isArray(values) ? (values as readonly unknown[]) : [values]]);
    });
    // An `error` that nobody listens to is thrown.
    this.#client.on('error', () => undefined);
  }

  /** As far as the library goes by itself. */
  dial(clientId: number): void {
    this.#client.connect(clientId);
  }

  async connect(clientId = CLIENT_ID): Promise<void> {
    this.dial(clientId);
    await this.until('info', ([, code]) => code === 2158);
  }

  ask(request: string, ...values: readonly unknown[]): void {
    const method = this.#client[request];
    assert.ok(typeof method === 'function', `the library has no ${request}`);
    method.call(this.#client, ...values);
  }

  async until(event: string, so: (values: readonly unknown[]) => boolean = () => true): Promise<readonly unknown[]> {
    const find = (): Event | undefined => this.events.find(([name, values]) => name === event && so(values));
    const last = (): string =>
      this.events
        .map(([name]) => name)
        .slice(-12)
        .join(', ');
    await until(`${event} after ${last()}`, () => find() !== undefined);
    return find()?.[1] ?? [];
  }

  async untilAny(names: readonly string[]): Promise<void> {
    await until(names.join(' or '), () => this.events.some(([name]) => names.includes(name)));
  }

  /** What was said before has arrived, too; or the session is over, and all of it has. */
  async settled(): Promise<void> {
    const count = (): number => this.all('currentTime').length;
    const before = count();
    this.ask('reqCurrentTime');
    await until('the time', () => count() > before || this.names().has('disconnected'));
  }

  all(event: string): readonly (readonly unknown[])[] {
    return this.events.filter(([name]) => name === event).map(([, values]) => values);
  }

  names(): ReadonlySet<string> {
    return new Set(this.events.map(([name]) => name));
  }

  decodeErrors(): readonly string[] {
    return this.all('error')
      .filter(([, code]) => code === DECODE_ERROR)
      .map(([error]) => String(error));
  }

  close(): void {
    this.#client.removeAllListeners();
    this.#client.on('error', () => undefined);
    this.#client.disconnect();
  }
}

type Row = Readonly<Record<string, unknown>>;

const SIDES: Readonly<Record<string, string>> = { 1: 'bid', 2: 'ask', 66: 'delayed bid', 67: 'delayed ask' };

/** One event as a line, or null where it is nothing that a scenario is about. */
export function lineOf([name, values]: Event): string | null {
  const [first, second, third, fourth] = values;
  switch (name) {
    case 'openOrder':
      return `openOrder ${String(first)} ${String((fourth as Row)['status'])}`;
    case 'orderStatus':
      return `orderStatus ${String(first)} ${String(second)}`;
    case 'execDetails':
      return `execDetails ${String((third as Row)['orderId'])}`;
    case 'commissionReport':
      return name;
    case 'completedOrder':
      return `completedOrder ${String((third as Row)['status'])}`;
    case 'error':
      return `error ${String(third)} ${String(second)}`;
    case 'info':
      return `info ${String(second)}`;
    case 'nextValidId':
      return `nextValidId ${String(first)}`;
    case 'tickPrice':
      return SIDES[String(second)] === undefined ? null : `tick ${String(first)} ${SIDES[String(second)]} ${String(third)}`;
    case 'historicalDataUpdate':
      return `bar ${String(first)}`;
    case 'position':
      return `position ${String((second as Row)['localSymbol'])} ${String(third)}`;
    case 'contractDetails':
    case 'securityDefinitionOptionParameter':
      return `${name} ${String(first)}`;
    case 'openOrderEnd':
    case 'execDetailsEnd':
    case 'completedOrdersEnd':
    case 'disconnected':
    case 'connected':
      return name;
    default:
      return null;
  }
}
