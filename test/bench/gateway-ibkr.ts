/**
 * The gateway of IBKR at the embedded TWS: a bracket until its third acknowledgement, against the same frames on a bare socket; and a flood of ticks,
 * decoded and told as quotes, against the client library that only decodes.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EventName, IBApi, IBApiTickType, SecType } from '@stoqey/ib';
import type { Placement } from '#trading/model/live.ts';
import { price, qty } from '#trading/money/decimal.ts';
import { REQUESTS } from '#venues/embedded/tws/codec/client-messages.ts';
import { encodeFrame, FrameReader } from '#venues/embedded/tws/codec/frame.ts';
import { blank, encode, type Layout } from '#venues/embedded/tws/codec/layout.ts';
import { Catalog } from '#venues/ibkr/catalog.ts';
import { createClient } from '#venues/ibkr/client.ts';
import { createIbkrMarketData } from '#venues/ibkr/market-data.ts';
import { OrderIds } from '#venues/ibkr/order-ids.ts';
import { IbkrSession } from '#venues/ibkr/session.ts';
import { TradedContracts } from '#venues/ibkr/trading/contracts.ts';
import type { OrderClient } from '#venues/ibkr/trading/order-client.ts';
import { IbkrOrders } from '#venues/ibkr/trading/order-entry.ts';
import { SentFile } from '#venues/ibkr/trading/sent-file.ts';
import { IBKR_TERMS } from '#venues/ibkr/trading/terms.ts';
import { until } from '#test/support/until.ts';
import { FLOODED, TICKS_A_QUOTE, type FromVenue } from './gateway-ibkr-venue.ts';
import { percentile, spread } from './measure.ts';
import { result, type Benchmark, type Outcome } from './result.ts';

const VENUE = fileURLToPath(new URL('./gateway-ibkr-venue.ts', import.meta.url));
const HOST = '127.0.0.1';
const BRACKETS = 1000;
const BRACKETS_QUICK = 200;
const WARM_UP = 50;
const QUOTES = 100_000;
const QUOTES_QUICK = 25_000;
const ROUNDS = 3;
const RATIO_MAX = 3;
const TICKS_PER_S_MIN = 100_000;
const DECODE_ERROR = 'error.505';
const PAIR = 'EUR/USD';
const EUR_CON_ID = 12087792;
const [ORDERS_CLIENT, RAW_CLIENT, MARKET_CLIENT, LIBRARY_CLIENT] = [31, 32, 33, 34];
const MICROSECONDS = 1e6;
const WAIT_MS = 5000;
/** A Tuesday, pairs open. */
const NOW = Date.UTC(2024, 0, 9, 15);
const NO_OPTIONS = { dteMin: 0, dteMax: 0, expiries: 0, strikes: 0, reach: 0 };

export const gatewayIbkr: Benchmark = async ({ quick, dir }) => {
  const venue = fork(VENUE, { execArgv: ['--import', 'tsx'] });
  try {
    // What the venue's process says first.
    const [{ port }] = (await once(venue, 'message')) as [Extract<FromVenue, { port: number }>];
    const orders = await brackets(port, dir, quick ? BRACKETS_QUICK : BRACKETS);
    const ticks = await floods(venue, port, quick ? QUOTES_QUICK : QUOTES);
    return { results: [...orders.results, ...ticks.results], broken: [...orders.broken, ...ticks.broken], notes: [...orders.notes, ...ticks.notes] };
  } finally {
    venue.kill();
  }
};

async function brackets(port: number, dir: string, times: number): Promise<Outcome> {
  const { session, orders } = portOf(port, dir);
  await orders.subscribe({ onOrder: () => undefined, onExecution: () => undefined, onResumed: () => undefined });
  const raw = await RawTws.open(port);
  const ours: number[] = [];
  const bare: number[] = [];
  let refused = 0;
  for (let time = -WARM_UP; time < times; time++) {
    const order = bracketOf(time + WARM_UP);
    const from = performance.now();
    const { kind } = await orders.place(order);
    const ms = performance.now() - from;
    if (kind !== 'acknowledged') refused++;
    await orders.cancel({ ...order, venueOrderId: null });
    const bareMs = await raw.bracket();
    if (time < 0) continue;
    ours.push(ms);
    bare.push(bareMs);
  }
  raw.close();
  const undecoded = session.counters.view()[DECODE_ERROR] ?? 0;
  await orders.close();
  const { p50, p99 } = spread(ours);
  const base = spread(bare);
  const name = 'gateway IBKR: bracket placed until its third acknowledgement';
  return {
    results: [
      result({ name: `${name}, p50`, unit: 'ms', ours: p50, baseline: base.p50, target: { of: 'ratio', is: 'at most', value: RATIO_MAX } }),
      result({ name: `${name}, p99`, unit: 'ms', ours: p99, baseline: base.p99 }),
    ],
    broken: [
      ...(refused === 0 ? [] : [`${refused} of ${times + WARM_UP} brackets were not acknowledged`]),
      ...(undecoded === 0 ? [] : [`${undecoded} messages of TWS were not decoded whole`]),
    ],
    notes: [
      `**gateway IBKR, brackets**: ${times} brackets, one after the other, each an entry that rests and its two legs: through the order port over the client library (order ids, the file of what was sent, three frames, three acknowledgements), and in turn the same three frames in one write on a bare socket until the third orderStatus. The embedded TWS is a process of its own.`,
    ],
  };
}

function portOf(port: number, dir: string): { session: IbkrSession<OrderClient>; orders: IbkrOrders } {
  const ids = new OrderIds(join(dir, 'ids.json'), ORDERS_CLIENT);
  const session = new IbkrSession<OrderClient>({
    ...{ address: { host: HOST, port }, clientId: ORDERS_CLIENT, account: null, rateLimit: null },
    ...{ create: (address) => createClient<OrderClient>(address), onGreeting: ({ nextValidId }) => ids.observe(nextValidId) },
  });
  const contracts = new TradedContracts(new Catalog(session.pacing, WAIT_MS), { pairs: [PAIR], underlyings: [] });
  const orders = new IbkrOrders({
    ...{ session, clientId: ORDERS_CLIENT, contracts, ids, sent: new SentFile(join(dir, 'sent.jsonl')), terms: IBKR_TERMS, resets: [] },
    ...{ clock: { now: () => NOW, observe: () => undefined }, boot: 'bench' },
  });
  return { session, orders };
}

const bracketOf = (n: number): Placement => ({
  ...{ clientOrderId: `l${String(n).padStart(26, '0')}`, asset: 'forex', symbol: PAIR, side: 'buy', purpose: 'entry', qty: qty('20000') },
  ...{ pricing: { type: 'limit', price: price('0.5') }, bracket: { takeProfit: price('0.6'), stopLoss: price('0.4') } },
  ...{ reduceOnly: false, deadlineAt: NOW + WAIT_MS },
});

/** Frames on a socket, and nothing else. */
class RawTws {
  readonly #socket: Socket;
  readonly #reader = new FrameReader('with-frames');
  #version = '';
  #statuses = 0;
  #nextId = 1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      for (const frame of this.#reader.push(chunk)) {
        if (!Array.isArray(frame)) continue;
        const [type, second] = frame as readonly string[];
        if (this.#version === '') this.#version = type ?? '';
        else if (type === '3') this.#statuses++;
        else if (type === '9') this.#nextId = Number((frame as readonly string[])[2]);
        this.#heard(`${type ?? ''} ${second ?? ''}`);
      }
    });
  }

  #heard: (what: string) => void = () => undefined;

  static async open(port: number): Promise<RawTws> {
    const socket = connect(port, HOST);
    await once(socket, 'connect');
    const raw = new RawTws(socket);
    const versions = 'v100..193';
    const length = Buffer.alloc(4);
    length.writeInt32BE(versions.length);
    socket.write(Buffer.concat([Buffer.from('API\0'), length, Buffer.from(versions)]));
    await until('the handshake', () => raw.#version !== '');
    socket.write(raw.#frame('startApi', { clientId: RAW_CLIENT }));
    await until('the next id', () => raw.#nextId > 0 && raw.#version !== '');
    return raw;
  }

  /** Milliseconds from the write of three orders to the third orderStatus; they are cancelled afterwards. */
  async bracket(): Promise<number> {
    const first = this.#nextId;
    this.#nextId += 3;
    const common = { conId: EUR_CON_ID, exchange: 'IDEALPRO', totalQuantity: '20000', timeInForce: 'GTC' };
    const frames = Buffer.concat([
      this.#frame('placeOrder', { ...common, orderId: first, action: 'BUY', orderType: 'LMT', limitPrice: '0.5' }),
      this.#frame('placeOrder', { ...common, orderId: first + 1, action: 'SELL', orderType: 'LMT', limitPrice: '0.6', parentId: first }),
      this.#frame('placeOrder', {
        ...common,
        orderId: first + 2,
        action: 'SELL',
        orderType: 'STP',
        auxPrice: '0.4',
        parentId: first,
        transmit: true,
      }),
    ]);
    const from = performance.now();
    await this.#statusesAfter(frames, 3);
    const ms = performance.now() - from;
    await this.#statusesAfter(this.#frame('cancelOrder', { orderId: first }), 3);
    return ms;
  }

  close(): void {
    this.#socket.destroy();
  }

  #statusesAfter(bytes: Buffer, count: number): Promise<void> {
    return new Promise((resolve) => {
      const due = this.#statuses + count;
      this.#heard = () => {
        if (this.#statuses < due) return;
        this.#heard = () => undefined;
        resolve();
      };
      this.#socket.write(bytes);
    });
  }

  #frame(name: keyof typeof REQUESTS, row: Readonly<Record<string, unknown>>): Buffer {
    const message: Layout = REQUESTS[name];
    return encodeFrame(encode(message, { ...blank(message), ...row }, Number(this.#version)));
  }
}

/** Ticks of one CPU second. */
async function floods(venue: ChildProcess, port: number, quotes: number): Promise<Outcome> {
  const gateway = gatewayOf(port);
  const library = libraryOf(port);
  const rates: number[] = [];
  const bare: number[] = [];
  const broken: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    library.pause();
    await gateway.begin();
    rates.push(await flooded(venue, quotes, (last) => gateway.has(last)));
    await gateway.end();
    await library.resume();
    bare.push(await flooded(venue, quotes, (last) => library.has(last)));
  }
  library.pause();
  const { told, undecoded } = await gateway.close();
  if (undecoded > 0) broken.push(`${undecoded} messages of TWS were not decoded whole`);
  if (told > quotes * ROUNDS + FLOODED.length * ROUNDS * 2) broken.push(`${told} quotes were told of ${quotes * ROUNDS} that were played`);
  return {
    results: [
      result({
        name: 'gateway IBKR: ticks decoded and coalesced into quotes',
        unit: 'ticks/CPU s',
        ours: percentile(rates, 50),
        baseline: percentile(bare, 50),
        target: { of: 'ours', is: 'at least', value: TICKS_PER_S_MIN },
      }),
      result({ name: 'gateway IBKR: quotes told of 100 played', unit: 'quotes', ours: (told * 100) / (quotes * ROUNDS) }),
    ],
    broken,
    notes: [
      `**gateway IBKR, ticks**: ${quotes} quotes of ${FLOODED.length} pairs, ${TICKS_A_QUOTE} messages each, as fast as the embedded TWS writes them; messages by CPU seconds of the gateway's process until the newest quote of every pair is the venue's. Baseline: the client library alone, with a listener that keeps the newest bid. Medians of ${ROUNDS} rounds that take turns.`,
    ],
  };
}

async function flooded(venue: ChildProcess, quotes: number, hasAll: (last: Readonly<Record<string, string>>) => boolean): Promise<number> {
  const told = once(venue, 'message');
  const before = process.cpuUsage();
  venue.send({ quotes });
  // What the venue's process says when it has played them.
  const [{ last }] = (await told) as [Extract<FromVenue, { last: object }>];
  await until('the newest quotes', () => hasAll(last));
  const { user, system } = process.cpuUsage(before);
  return (quotes * TICKS_A_QUOTE * MICROSECONDS) / (user + system);
}

interface Flooding {
  readonly has: (last: Readonly<Record<string, string>>) => boolean;
}

interface Gateway extends Flooding {
  begin(): Promise<void>;
  end(): Promise<void>;
  close(): Promise<{ readonly told: number; readonly undecoded: number }>;
}

function gatewayOf(port: number): Gateway {
  const newest = new Map<string, string>();
  let told = 0;
  let undecoded = 0;
  let market: ReturnType<typeof createIbkrMarketData> | null = null;
  const close = async (): Promise<void> => {
    undecoded += market?.counters()[DECODE_ERROR] ?? 0;
    await market?.close();
    market = null;
  };
  return {
    begin: async () => {
      newest.clear();
      market = createIbkrMarketData({
        ...{ environment: 'testnet', address: { host: HOST, port }, clientId: MARKET_CLIENT, rateLimit: 1 },
        ...{ pairs: FLOODED.map((name) => name.replace('.', '/')), underlyings: [], options: NO_OPTIONS },
      });
      await market.open();
      await market.subscribe([], {
        onQuote: ({ symbol, bid }) => {
          told++;
          newest.set(symbol.replace('/', '.'), bid);
        },
        onInstrument: () => undefined,
        onState: () => undefined,
        onDropped: () => undefined,
      });
    },
    has: (last) => Object.entries(last).every(([symbol, bid]) => newest.get(symbol) === bid),
    end: close,
    close: async () => {
      await close();
      return { told, undecoded };
    },
  };
}

function libraryOf(port: number): Flooding & { pause(): void; resume(): Promise<void> } {
  const newest = new Map<number, string>();
  let client: IBApi | null = null;
  const resume = async (): Promise<void> => {
    newest.clear();
    const api = new IBApi({ host: HOST, port, maxReqPerSec: TICKS_PER_S_MIN });
    client = api;
    const ready = new Promise<void>((resolve) => api.once(EventName.nextValidId, () => resolve()));
    api.on(EventName.tickPrice, (id, type, value) => {
      if (type === IBApiTickType.BID) newest.set(id, String(value));
    });
    api.connect(LIBRARY_CLIENT);
    await ready;
    for (const [index, name] of FLOODED.entries()) {
      const [symbol = '', currency = ''] = name.split('.');
      api.reqMktData(index + 1, { symbol, currency, secType: SecType.CASH, exchange: 'IDEALPRO' }, '', false, false);
    }
    await until('the first quotes', () => newest.size === FLOODED.length);
  };
  const pause = (): void => {
    client?.removeAllListeners();
    client?.disconnect();
    client = null;
  };
  return { resume, pause, has: (last) => Object.entries(last).every(([symbol, bid]) => newest.get(FLOODED.indexOf(symbol) + 1) === bid) };
}
