import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Placement, VenueExecution, VenueFunding, VenueOrder } from '#trading/model/live.ts';
import { notional, price, qty, ratio, type Price, type Qty } from '#trading/money/decimal.ts';
import { venueParams } from '#venues/embedded/params.ts';
import { openVenue, type Venue } from '#venues/embedded/venue.ts';
import { Keys } from '#venues/bybit/trading/exchange.ts';
import { BybitOrders } from '#venues/bybit/trading/order-entry.ts';
import { BybitSession } from '#venues/bybit/trading/session.ts';
import { BYBIT_TERMS } from '#venues/bybit/trading/terms.ts';
import { until } from '../support/supervision.ts';

const SPOT = 'BTC/USDT';
const PERP = 'BTC/USDT:USDT';

describe('RT-2 live orders at the embedded Bybit, through an unmodified ccxt', () => {
  let venue: Venue;
  let session: BybitSession;
  let orders: BybitOrders;
  const reported: VenueOrder[] = [];
  const executed: VenueExecution[] = [];
  const funded: VenueFunding[] = [];
  let ids = 0;
  let resumed = 0;

  async function openSession(): Promise<void> {
    const { rest, ws } = venue.info();
    session = new BybitSession({
      environment: 'embedded',
      endpoints: { rest, ws },
      keys: new Keys(venue.keys.apiKey, venue.keys.secret),
      symbols: [SPOT, PERP],
      rateLimit: 0.9,
      leverage: 3,
      requestMs: BYBIT_TERMS.deadlineMs,
      receiveWindowMs: BYBIT_TERMS.receiveWindowMs,
    });
    orders = new BybitOrders(session, BYBIT_TERMS);
    await orders.subscribe({
      onOrder: (order) => reported.push(order),
      onExecution: (execution) => executed.push(execution),
      onResumed: () => resumed++,
      onFunding: (row) => funded.push(row),
    });
  }

  beforeEach(async () => {
    reported.length = 0;
    executed.length = 0;
    funded.length = 0;
    venue = await openVenue(venueParams.parse({ seed: 'orders', play: { kind: 'synthetic' } }));
    await venue.step();
    await openSession();
  });
  afterEach(async () => {
    await orders.close();
    await venue.close();
  });

  const mid = async (symbol: string): Promise<number> => {
    const category = symbol === SPOT ? 'spot' : 'linear';
    const answer = await fetch(`${venue.info().rest}/v5/market/tickers?category=${category}&symbol=BTCUSDT`);
    const body = (await answer.json()) as { result: { list: { bid1Price: string; ask1Price: string }[] } };
    const [row] = body.result.list;
    return (Number(row?.bid1Price) + Number(row?.ask1Price)) / 2;
  };
  const at = (value: number): Price => price(value.toFixed(1));
  async function entry(symbol: string, quantity: Qty = qty('0.01')): Promise<Placement> {
    const now = await mid(symbol);
    return {
      ...{ clientOrderId: `l${String(++ids).padStart(26, '0')}`, asset: symbol === SPOT ? 'crypto_spot' : 'crypto_futures', symbol, side: 'buy' },
      ...{ purpose: 'entry', qty: quantity, pricing: { type: 'market', worst: at(now * 1.005) } },
      bracket: { takeProfit: at(now * 1.2), stopLoss: at(now * 0.8) },
      ...{ reduceOnly: false, deadlineAt: session.now() + BYBIT_TERMS.deadlineMs },
    };
  }
  const exit = (of: Placement, quantity: Qty): Placement => ({
    ...{ ...of, clientOrderId: `${of.clientOrderId.slice(0, 26)}x`, side: 'sell', purpose: 'exit', qty: quantity, bracket: null, reduceOnly: true },
    ...{ pricing: { type: 'market', worst: null }, deadlineAt: session.now() + BYBIT_TERMS.deadlineMs },
  });

  it('BR-2 a perpetual entry carries both legs in its one request; reports and lookups say the same', async () => {
    const order = await entry(PERP);
    const placed = await orders.place(order);
    assert.equal(placed.kind, 'acknowledged');
    await until(() => executed.length > 0 && reported.some(({ status }) => status === 'filled'));
    const [execution] = executed;
    assert.deepEqual([execution?.clientOrderId, execution?.qty, execution?.feeQty, execution?.leg], [order.clientOrderId, '0.01', null, null]);
    const found = await orders.lookup({ ...order, venueOrderId: null });
    assert.ok(found.kind === 'found');
    assert.deepEqual([found.order.status, found.order.cumQty, found.executions], ['filled', '0.01', executed]);
    const legs = (await orders.openOrders()).filter(({ leg }) => leg !== null);
    assert.deepEqual(
      new Set(legs.map(({ leg, parentId }) => `${leg} of ${parentId}`)),
      new Set(['stop_loss', 'take_profit'].map((leg) => `${leg} of ${order.clientOrderId}`)),
    );
    const [position] = await orders.positions();
    assert.deepEqual([position?.symbol, position?.side, position?.qty, position?.averagePrice], [PERP, 'buy', '0.01', execution?.price]);
    assert.equal((await orders.place(exit(order, qty('0.01')))).kind, 'acknowledged');
    await until(() => executed.length === 2);
    assert.deepEqual(await orders.positions(), []);
    assert.deepEqual(await orders.openOrders(), [], 'the venue clears the legs with the position');
  });

  it('LC-6 funding is reported as cash, never as an execution, and found again in the list; the position stays', async () => {
    const order = await entry(PERP);
    await orders.place(order);
    await until(() => executed.length > 0);
    for (let step = 0; step < 8 * 3600 && funded.length === 0; step++) {
      await venue.step();
      if (step % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => funded.length > 0);
    const [row] = funded;
    assert.deepEqual([row?.symbol, row?.asset, row?.qty, row?.rate], [PERP, 'crypto_futures', '0.01', '0.0001']);
    assert.equal(row?.amount, notional(row?.price ?? price('0'), qty('0.01'), ratio('0.0001')), 'a long pays');
    assert.equal((row?.executedAt ?? 1) % (8 * 3_600_000), 0);
    session.observe(venue.info().now);
    assert.deepEqual(await orders.fundingSince(row?.executedAt ?? 0), [row]);
    assert.deepEqual([executed.length, (await orders.executionsSince(0)).length], [1, 1]);
    assert.equal((await orders.positions())[0]?.qty, '0.01');
  }).timeout(60_000);

  it('BR-1 a spot entry takes its bracket too, and pays its fee in coins: the rest of them is what is held', async () => {
    const order = await entry(SPOT);
    assert.equal((await orders.place(order)).kind, 'acknowledged');
    await until(() => executed.length > 0);
    const [execution] = executed;
    assert.deepEqual([execution?.qty, execution?.feeQty], ['0.01', '0.00001']);
    const [position] = await orders.positions();
    assert.deepEqual([position?.symbol, position?.qty, position?.averagePrice], [SPOT, '0.00999', null]);
    const legs = (await orders.openOrders()).filter(({ leg }) => leg !== null);
    assert.ok(
      legs.some(({ leg, parentId }) => leg === 'stop_loss' && parentId === order.clientOrderId),
      JSON.stringify(await orders.openOrders()),
    );
  });

  it('BR-2 spot legs lock the coins: a close cancels them first, and only those of the house', async () => {
    const order = await entry(SPOT);
    await orders.place(order);
    await until(() => executed.length > 0);
    const closed = await orders.place(exit(order, qty('0.0099')));
    assert.equal(closed.kind, 'acknowledged', JSON.stringify(closed));
    await until(() => executed.length === 2);
    assert.deepEqual(await orders.openOrders(), []);
    assert.deepEqual(
      (await orders.positions()).map(({ qty: held }) => held),
      ['0.00009'],
    );
  });

  it('ST-3 a private stream that comes back says so: what was missed is read', async () => {
    const before = resumed;
    venue.fault('drop');
    await until(() => session.health().up === true && session.health()['private.up'] === 2);
    assert.equal(resumed, before + 1);
  });

  it('ST-4 an answer that never comes is unknown, and a lookup finds what the venue did', async () => {
    await venue.fault('drop-reply', '/v5/order/create');
    const order = await entry(PERP);
    const outcome = await orders.place(order);
    assert.deepEqual([outcome.kind, outcome.kind === 'unknown' && outcome.answered], ['unknown', false]);
    const found = await orders.lookup({ ...order, venueOrderId: null });
    assert.equal(found.kind, 'found');
    assert.deepEqual(await orders.lookup({ ...order, clientOrderId: 'l00000000000000000000000zzz', venueOrderId: null }), { kind: 'absent' });
  });

  it('ST-2 an id that was used is never a rejection: it exists', async () => {
    const order = await entry(PERP);
    await orders.place(order);
    const again = await orders.place({ ...order, deadlineAt: session.now() + BYBIT_TERMS.deadlineMs });
    assert.deepEqual([again.kind, again.kind === 'unknown' && /110072/.test(again.reason)], ['unknown', true]);
  });

  it('what the venue refuses is rejected with its code, and what is too late never leaves', async () => {
    const small = await orders.place(await entry(PERP, qty('0.0001')));
    assert.equal(small.kind, 'rejected');
    const before = venue.counters().orderEndpointHits;
    const late = await orders.place({ ...(await entry(PERP)), deadlineAt: session.now() - 1 });
    assert.deepEqual([late.kind, late.kind === 'rejected' && late.code], ['rejected', 'NOT_SENT']);
    assert.equal(venue.counters().orderEndpointHits, before);
  });

  it('cancels what rests, once and again; a stranger is gone', async () => {
    const order: Placement = { ...(await entry(PERP)), pricing: { type: 'limit', price: at((await mid(PERP)) * 0.9) } };
    assert.equal((await orders.place(order)).kind, 'acknowledged');
    const named = { ...order, venueOrderId: null };
    assert.deepEqual(await orders.cancel(named), { kind: 'done' });
    assert.deepEqual(await orders.cancel(named), { kind: 'gone' });
  });

  it('ST-3 after a restart executions are read with the legs they belong to, page after page', async () => {
    const order = await entry(PERP);
    await orders.place(order);
    await until(() => executed.length > 0);
    await orders.close();
    await openSession();
    const since = await orders.executionsSince(session.now() - 86_400_000);
    assert.deepEqual(
      since.map(({ executionId }) => executionId),
      executed.map(({ executionId }) => executionId),
    );
  });

  it('CF-4 no inspector and no serialiser shows the secret', async () => {
    const secret = venue.keys.secret;
    const keys = new Keys('a-key', secret);
    for (const shown of [inspect(keys, { depth: 9, showHidden: true }), JSON.stringify(keys), inspect(session, { depth: 2 })])
      assert.ok(!shown.includes(secret), shown);
  });
});
