/**
 * The failure modes that users of Bybit reported, each as one scenario through the real port (and the live gateway where its behaviour is what
 * matters) over unmodified ccxt, at the embedded venue. A mode that cannot occur is asserted by what makes it so.
 */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { qty } from '#trading/money/decimal.ts';
import { createBybitMarketData } from '#venues/bybit/market-data.ts';
import { executionOf } from '#venues/bybit/trading/rows.ts';
import { at, PERP, SPOT } from '../support/bybit-rig.ts';
import { FakeBybit } from '../support/fake-bybit.ts';
import { perp } from '../unit/trading/trader/fixtures.ts';
import { until } from '../support/supervision.ts';
import { call } from './bybit-account.ts';
import { closeAll, house, list, open, port, ref, UNPLAYED } from './bybit-modes.ts';

describe('the reported failure modes of Bybit: streams', () => {
  afterEach(closeAll);

  it('FM-1 streams stop silently (ccxt#23214, #20412, hummingbot#6585): a silent one is dialled again, an old quote is not traded on', async () => {
    const rig = await port();
    rig.venue.fault('silent-private', 'on');
    rig.session.observe((await rig.venue.step()).now);
    const order = await rig.entry(PERP);
    assert.equal((await rig.port.place(order)).kind, 'acknowledged');
    for (let step = 0; step < 5; step++) {
      await rig.port.lookup(ref(order));
      rig.session.observe((await rig.venue.step()).now);
    }
    const { 'private.suspect': suspected } = rig.port.health();
    assert.deepEqual([rig.executed.length, suspected], [0, 1]);
    rig.venue.fault('silent-private', 'off');
    await until(() => rig.port.health()['private.up'] === 2 && rig.port.health().up === true);
    assert.equal((await rig.port.place(await rig.exit(PERP, qty('0.01')))).kind, 'acknowledged');
    await until(() => rig.executed.length > 0);

    const live = await house();
    const { world } = live;
    const old = await live.intent(SPOT);
    world.approve({ ...old, snapshot: { ...old.snapshot, exchangeAt: world.now - 60_000, receivedAt: world.now } });
    await world.quiet();
    assert.match(world.of('order.ended')[0]?.reason ?? '', /STALE/);
  });

  it('FM-2 orders right after connecting are missed (ccxt#14121): the port opens when the subscription is acknowledged', async () => {
    const rig = await port();
    const order = await rig.entry(PERP);
    await rig.port.place(order);
    await until(() => rig.reported.some((row) => row.clientOrderId === order.clientOrderId && row.status === 'filled') && rig.executed.length > 0);
  });

  it('FM-12 an order over WebSocket hangs (bybit-api#407, ccxt#29361): orders go by HTTP with one deadline over the whole answer', async () => {
    const rig = await port({ requestMs: 300 });
    rig.venue.fault('hang-body', 'order/create');
    const order = await rig.entry(PERP);
    const outcome = await rig.port.place(order);
    assert.deepEqual(outcome, { kind: 'unknown', reason: outcome.kind === 'unknown' ? outcome.reason : '', answered: false });
    const found = await rig.port.lookup(ref(order));
    assert.equal(found.kind, 'found', JSON.stringify(found));
  });

  it('FM-28 more than ten spot topics in one request (bybit-api#174, rust-bybit#24): they are asked for in tens', async () => {
    const coins = Array.from({ length: 12 }, (_, index) => `C${String.fromCharCode(65 + index)}`);
    const fake = await FakeBybit.open({ spot: coins, linear: [] });
    open.push(fake);
    const symbols = coins.map((coin) => `${coin}/USDT`);
    const data = createBybitMarketData({ environment: 'embedded', endpoints: fake.endpoints, symbols, rateLimit: 0.9 });
    open.push(data);
    const seen = new Set<string>();
    await data.open();
    const nothing = (): void => undefined;
    await data.subscribe(symbols, { onQuote: ({ symbol }) => void seen.add(symbol), onDropped: nothing, onState: nothing, onInstrument: nothing });
    await until(() => seen.size === symbols.length);
  });
});

describe('the reported failure modes of Bybit: orders that cannot be seen', () => {
  afterEach(closeAll);

  it('FM-3 an order is not found right after it was placed (ccxt#15648, #21167, freqtrade#9857): it waits behind the fence, and is sent once', async () => {
    const live = await house();
    const { world, rig } = live;
    rig.venue.fault('silent-private', 'on');
    rig.venue.fault('drop-reply', 'order/create');
    rig.venue.fault('realtime-lag', '2500');
    rig.venue.fault('history-lag', '2500');
    const id = await live.approve(PERP);
    await live.play(1);
    assert.equal(world.at(id), 'UNKNOWN');
    await live.until(() => world.at(id) === 'FILLED');
    assert.equal(world.of('order.sending').length, 1);
    assert.equal((await list(rig, '/v5/execution/list', 'category=linear')).length, world.of('fill.recorded').length);
  });

  it('FM-4 fetchOrder refuses on unified accounts, "last 500 orders" (freqtrade#10708): the history knows what the list forgot', async () => {
    const rig = await port();
    const order = await rig.entry(PERP);
    await rig.port.place(order);
    await until(() => rig.executed.length > 0);
    rig.venue.fault('restart');
    const found = await rig.port.lookup(ref(order));
    assert.deepEqual(found.kind === 'found' && [found.order.status, found.executions.length], ['filled', rig.executed.length]);
  });

  it('FM-5 a stop lives in another filter (freqtrade#9815, #9587, #8429): listed, found and cancelled there', async () => {
    const rig = await port();
    const { mid } = await rig.book(SPOT);
    await rig.port.place(await rig.entry(SPOT, { bracket: null }));
    await until(() => rig.executed.length > 0);
    const stop = await rig.exit(SPOT, qty('0.00999'), { purpose: 'stop_loss', pricing: { type: 'stop', trigger: at(mid * 0.8) } });
    assert.equal((await rig.port.place(stop)).kind, 'acknowledged');
    assert.deepEqual(
      (await rig.port.openOrders()).map(({ clientOrderId: id, status }) => [id, status]),
      [[stop.clientOrderId, 'open']],
    );
    assert.equal((await rig.port.lookup(ref(stop))).kind, 'found');
    assert.deepEqual(await rig.port.cancel(ref(stop)), { kind: 'done' });
    assert.deepEqual(await rig.port.openOrders(), []);
  });

  for (const naming of ['off', 'on'] as const) {
    it(`FM-5b a spot leg that the venue executed is booked on its entry, after a restart too${naming === 'on' ? ', where no row names that entry' : ''}`, async () => {
      const live = await house();
      const { world, rig } = live;
      rig.venue.fault('nameless-legs', naming);
      const { mid } = await rig.book(SPOT);
      const id = await live.approve(SPOT, { bracket: { takeProfit: at(mid * 1.00002), stopLoss: at(mid * 0.9) } });
      assert.equal(world.at(id), 'FILLED');
      await rig.port.close();
      for (let step = 0; step < 60 && (await list(rig, '/v5/execution/list', 'category=spot')).length < 2; step++) await rig.venue.step();
      await live.restart();
      await live.play(6);
      assert.deepEqual(
        world.of('fill.recorded').map(({ fill }) => [fill.clientOrderId, fill.reason]),
        [
          [id, 'entry'],
          [id, 'take_profit'],
        ],
      );
      assert.deepEqual(
        world.of('alarm.raised').map(({ code }) => code),
        [],
      );
    });
  }

  it('FM-5c legs of somebody else’s entry are never taken for those of ours, where no row names an entry', async () => {
    const rig = await port();
    rig.venue.fault('nameless-legs', 'on');
    const { mid } = await rig.book(SPOT);
    const own = await rig.entry(SPOT);
    await rig.port.place(own);
    const of = { category: 'spot', symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', timeInForce: 'IOC', qty: '0.01', price: at(mid * 1.005) };
    const theirs = { takeProfit: at(mid * 1.3), stopLoss: at(mid * 0.7), tpOrderType: 'Market', slOrderType: 'Market' };
    assert.equal((await call(rig.venue, '/v5/order/create', { ...of, ...theirs })).body.retCode, 0);
    const parents = (await rig.port.openOrders()).map(({ leg, parentId }) => `${leg ?? '?'} ${parentId ?? 'nobody'}`);
    const expected = ['stop_loss', 'take_profit'].flatMap((leg) => [`${leg} ${own.clientOrderId}`, `${leg} nobody`]);
    assert.deepEqual(parents.toSorted(), expected.toSorted());
  });

  it('FM-5d a spot position is closed after a restart, though no row names the entry whose legs hold its coins', async () => {
    const live = await house();
    const { world, rig } = live;
    rig.venue.fault('nameless-legs', 'on');
    await live.approve(SPOT);
    await live.restart();
    const held = world.state.holdings[`crypto_spot|${SPOT}`];
    assert.ok(held);
    const exit = await live.approve(SPOT, { side: 'sell', kind: 'exit', qty: held.qty, bracket: null });
    await live.until(() => world.at(exit) !== 'ACKED');
    assert.equal(world.at(exit), 'FILLED');
  });

  it('FM-5e a leg that executes right after a restart is reported on its entry: its order is read first', async () => {
    const rig = await port();
    rig.venue.fault('nameless-legs', 'on');
    const { mid } = await rig.book(SPOT);
    const bracket = { takeProfit: at(mid * 1.0003), stopLoss: at(mid * 0.9997) };
    const order = await rig.entry(SPOT, { bracket, pricing: { type: 'market', worst: at(mid * 1.0002) } });
    assert.equal((await rig.port.place(order)).kind, 'acknowledged');
    await rig.restart();
    rig.executed.length = 0;
    await rig.subscribe();
    for (let step = 0; step < 300 && (await list(rig, '/v5/execution/list', 'category=spot')).length < 2; step++) await rig.venue.step();
    await until(() => rig.executed.length > 0);
    assert.ok(
      rig.executed.every(({ leg, parentId }) => leg !== null && parentId === order.clientOrderId),
      JSON.stringify(rig.executed),
    );
  });

  it('FM-8 a lost answer to a cancel never heals (nautilus#4730): asked by its id, the order is over', async () => {
    const rig = await port();
    const order = await rig.resting(PERP);
    await rig.port.place(order);
    rig.venue.fault('drop-reply', 'order/cancel');
    assert.equal((await rig.port.cancel(ref(order))).kind, 'unknown');
    const found = await rig.port.lookup(ref(order));
    assert.equal(found.kind === 'found' && found.order.status, 'cancelled');
    assert.deepEqual(await rig.port.cancel(ref(order)), { kind: 'gone' });
  });

  it('FM-11 10000 "Server Timeout" on an order (pybit#234): unknown, with or without an order behind it', async () => {
    const live = await house();
    const { world, rig } = live;
    rig.venue.fault('code-after', 'order/create', '10000');
    const there = await live.approve(PERP);
    await live.until(() => world.at(there) === 'FILLED');
    rig.venue.fault('code', 'order/create', '10000');
    const not = await live.approve(SPOT);
    assert.equal(world.at(not), 'UNKNOWN');
    await live.until(() => world.at(not) !== 'UNKNOWN');
    assert.deepEqual(
      world.of('order.ended').map(({ clientOrderId: id, status }) => [id, status]),
      [
        [there, 'filled'],
        [not, 'not_sent'],
      ],
    );
    assert.equal(world.of('order.sending').length, 2);
  });

  it('FM-23 a retry places twice (trading-gpt#94, ccxt PR#1880): an id is sent once, over crashes too, and a used id is no rejection', async () => {
    const live = await house();
    const { world, rig } = live;
    rig.venue.fault('drop-reply', 'order/create');
    const id = await live.approve(PERP);
    await live.restart();
    await live.until(() => world.at(id) === 'FILLED');
    assert.equal((await list(rig, '/v5/execution/list', 'category=linear')).length, world.of('fill.recorded').length);
    const [sent] = world.of('order.sending');
    assert.ok(sent);
    const again = await rig.port.place({ ...(await rig.entry(PERP)), clientOrderId: id });
    assert.match(JSON.stringify(again), /"unknown".*110072/);
  });
});

describe('the reported failure modes of Bybit: states and fills', () => {
  afterEach(closeAll);

  it('FM-6 a cancel that came too late confuses (freqtrade#9273): fills decide, and the end stands once', async () => {
    const live = await house();
    const { world, rig } = live;
    const id = await live.approve(PERP);
    rig.venue.fault('cancel-race', 'on');
    assert.deepEqual(await rig.port.cancel({ clientOrderId: id, asset: 'crypto_futures', symbol: PERP, venueOrderId: null }), { kind: 'gone' });
    await live.play(2);
    assert.equal(world.at(id), 'FILLED');
    assert.deepEqual(
      world.of('order.ended').map(({ status }) => status),
      ['filled'],
    );
  });

  it('FM-7 replacing an order leaves a ghost position (freqtrade#9128): nothing is replaced, legs are amended in place', async () => {
    const rig = await port();
    const order = await rig.entry(PERP);
    await rig.port.place(order);
    await until(() => rig.executed.length > 0);
    const { mid } = await rig.book(PERP);
    assert.deepEqual(await rig.port.amend(ref(order), { takeProfit: at(mid * 1.3), stopLoss: at(mid * 0.7) }), { kind: 'done' });
    const [position] = await list(rig, '/v5/position/list', 'category=linear&symbol=BTCUSDT');
    assert.deepEqual([position?.size, Number(position?.stopLoss) < mid * 0.71], ['0.01', true]);
    assert.ok(!('replace' in rig.port) && !('edit' in rig.port));
    assert.equal((await list(rig, '/v5/execution/list', 'category=linear')).length, rig.executed.length);
  });

  it('FM-9 funding is booked as a fill (nautilus#4937): it changes no quantity', async () => {
    const live = await house({ venue: { ...UNPLAYED, resumeAt: Date.UTC(2026, 0, 5, 15, 59, 50) } });
    const { world, rig } = live;
    const id = await live.approve(PERP);
    await live.play(15);
    const funding = (await list(rig, '/v5/execution/list', 'category=linear')).filter(({ execType }) => execType === 'Funding');
    assert.deepEqual(
      funding.map(({ execQty }) => execQty),
      ['0.01'],
      'as the venue says it: the whole position',
    );
    assert.equal(
      executionOf(
        funding[0],
        () => perp,
        () => undefined,
      ),
      null,
    );
    assert.deepEqual([world.at(id), world.state.holdings[`crypto_futures|${PERP}`]?.qty], ['FILLED', '0.01']);
    assert.ok(world.of('fill.recorded').every(({ fill }) => fill.clientOrderId === id && fill.reason === 'entry'));
  });

  it('FM-10 one trade comes twice, and again after a restart (nautilus#3046): one execution is one fill', async () => {
    const live = await house();
    const { world, rig } = live;
    rig.venue.fault('duplicate-fills', 'on');
    const id = await live.approve(PERP);
    await live.restart();
    await live.play(6);
    const executions = await list(rig, '/v5/execution/list', 'category=linear');
    assert.deepEqual([world.at(id), world.of('fill.recorded').length], ['FILLED', executions.length]);
  });

  it('FM-15 a spot buy ends PartiallyFilledCanceled (ccxt#18685, #22085): what it executed is held, and it is over', async () => {
    const live = await house({ venue: { account: { limits: false, wallet: { USDT: '99999999' } } } });
    const { world, rig } = live;
    const id = await live.approve(SPOT, { qty: qty('80') });
    await live.play(2);
    const [row] = await list(rig, '/v5/order/realtime', `category=spot&orderLinkId=${id}`);
    assert.equal(row?.orderStatus, 'PartiallyFilledCanceled');
    const [end] = world.of('order.ended');
    assert.deepEqual([end?.status, end?.filledQty], ['partially_filled', row.cumExecQty]);
  });

  it('FM-25 a field is missing (nautilus#3836): what is not needed is not asked for', async () => {
    const rig = await port();
    await rig.port.place(await rig.entry(PERP));
    await until(() => rig.executed.length > 0);
    rig.venue.fault('missing-field', 'on');
    assert.deepEqual(
      (await rig.port.positions()).map(({ symbol, qty: held }) => [symbol, held]),
      [[PERP, '0.01']],
    );
  });
});
