/** An order through the real port (live orders' own, over ccxt) beside the same bytes, signed and sent by hand; alone, and with a thousand reads waiting. */
import { createHmac } from 'node:crypto';
import { Agent, request } from 'undici';
import type { Placement } from '#trading/model/live.ts';
import { price, qty } from '#trading/money/decimal.ts';
import type { Endpoints } from '#venues/bybit/endpoints.ts';
import { sleep } from '#venues/shared/retry.ts';
import { Keys } from '#venues/bybit/trading/exchange.ts';
import { BybitOrders } from '#venues/bybit/trading/order-entry.ts';
import { createBody } from '#venues/bybit/trading/request.ts';
import { BybitSession } from '#venues/bybit/trading/session.ts';
import { BYBIT_TERMS } from '#venues/bybit/trading/terms.ts';
import { SYMBOLS } from './gateway-words.ts';

const KEYS = { key: 'bench-key', secret: 'bench-secret-that-opens-nothing' };
const RECEIVE_WINDOW_MS = 3000;
const WARMING = 200;
const READS = 1000;
const PERP = 'BTC/USDT:USDT';

export interface OrderTimes {
  /** Milliseconds from the call until the answer, in turn. */
  readonly ours: readonly number[];
  readonly raw: readonly number[];
  /** One after a pause; the first one and the next ones behind the reads. */
  readonly idle: readonly number[];
  readonly first: readonly number[];
  readonly next: readonly number[];
  readonly readsMs: readonly number[];
}

export async function orderTimes(endpoints: Endpoints, trips: number, rounds: number): Promise<OrderTimes> {
  const session = new BybitSession({
    ...{ environment: 'embedded', endpoints, keys: new Keys(KEYS.key, KEYS.secret), symbols: SYMBOLS, rateLimit: 0.9, leverage: 3 },
    ...{ requestMs: BYBIT_TERMS.deadlineMs, receiveWindowMs: RECEIVE_WINDOW_MS },
  });
  const port = new BybitOrders(session, BYBIT_TERMS);
  const nothing = (): void => undefined;
  await port.subscribe({ onOrder: nothing, onExecution: nothing, onResumed: nothing });
  const agent = new Agent({ connections: 1, pipelining: 1 });
  try {
    const [ours, raw] = await inTurn(session, port, agent, endpoints, trips + WARMING);
    const behind = { idle: await idleOnes(session, port, rounds), ...(await behindReads(session, port, rounds)) };
    return { ours: ours.slice(WARMING), raw: raw.slice(WARMING), ...behind };
  } finally {
    await Promise.all([port.close(), agent.destroy()]);
  }
}

let ids = 0;
const placement = (session: BybitSession): Placement => ({
  ...{ clientOrderId: `l${String(++ids).padStart(26, '0')}`, asset: 'crypto_futures', symbol: PERP, side: 'buy', purpose: 'entry', qty: qty('3') },
  ...{ pricing: { type: 'market', worst: price('60500.5') }, bracket: { takeProfit: price('66000'), stopLoss: price('57000') } },
  ...{ reduceOnly: false, deadlineAt: session.now() + BYBIT_TERMS.deadlineMs },
});

/** @throws Error where the venue did not take it. */
async function place(session: BybitSession, port: BybitOrders): Promise<number> {
  const order = placement(session);
  const from = performance.now();
  const outcome = await port.place(order);
  const ms = performance.now() - from;
  if (outcome.kind !== 'acknowledged') throw new Error(`the venue of the bench answered ${JSON.stringify(outcome)}`);
  return ms;
}

async function inTurn(session: BybitSession, port: BybitOrders, agent: Agent, { rest }: Endpoints, trips: number): Promise<[number[], number[]]> {
  const [ours, raw]: [number[], number[]] = [[], []];
  for (let trip = 0; trip < trips; trip++) {
    ours.push(await place(session, port));
    raw.push(await byHand(rest, agent, placement(session)));
  }
  return [ours, raw];
}

/** The same body, headers and checks, and nothing else. */
async function byHand(rest: string, agent: Agent, order: Placement): Promise<number> {
  const fields = createBody(order, 'BTCUSDT');
  const from = performance.now();
  const body = JSON.stringify(fields);
  const at = Date.now();
  const signature = createHmac('sha256', KEYS.secret).update(`${at}${KEYS.key}${RECEIVE_WINDOW_MS}${body}`).digest('hex');
  const response = await request(`${rest}/v5/order/create`, {
    method: 'POST',
    body,
    dispatcher: agent,
    headers: {
      ...{ 'content-type': 'application/json', 'X-BAPI-API-KEY': KEYS.key, 'X-BAPI-TIMESTAMP': String(at) },
      ...{ 'X-BAPI-RECV-WINDOW': String(RECEIVE_WINDOW_MS), 'X-BAPI-SIGN': signature },
    },
  });
  const answer = (await response.body.json()) as { readonly retCode: number }; // its own words
  const ms = performance.now() - from;
  if (answer.retCode !== 0) throw new Error(`the venue of the bench answered ${answer.retCode} by hand`);
  return ms;
}

async function idleOnes(session: BybitSession, port: BybitOrders, rounds: number): Promise<readonly number[]> {
  const ms: number[] = [];
  for (let round = 0; round < rounds * ORDERS_A_ROUND; round++) {
    await sleep(IDLE_MS);
    ms.push(await place(session, port));
  }
  return ms;
}

const IDLE_MS = 10;
const ORDERS_A_ROUND = 5;

async function behindReads(session: BybitSession, port: BybitOrders, rounds: number): Promise<Pick<OrderTimes, 'first' | 'next' | 'readsMs'>> {
  const [first, next, readsMs]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    const from = performance.now();
    let left = READS;
    const query = { category: 'linear', settleCoin: 'USDT', openOnly: 0 };
    const reads = Array.from({ length: READS }, () => session.read('privateGetV5OrderRealtime', query).finally(() => (left -= 1)));
    const all = Promise.all(reads);
    for (let order = 0; order < ORDERS_A_ROUND; order++) {
      if (left === 0) throw new Error('the reads were over before the orders');
      (order === 0 ? first : next).push(await place(session, port));
    }
    await all;
    readsMs.push(performance.now() - from);
  }
  return { first, next, readsMs };
}
