/**
 * The failure modes that users of Bybit reported, each as one scenario through the real port (and the live gateway where its behaviour is what
 * matters) over unmodified ccxt, at the embedded venue. A mode that cannot occur is asserted by what makes it so.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, describe, it } from 'mocha';
import { childId } from '#trading/execution/order-names.ts';
import { clientOrderId } from '#trading/execution/client-order-id.ts';
import { qty } from '#trading/money/decimal.ts';
import { PURPOSES } from '#trading/model/live.ts';
import { createBybitMarketData } from '#venues/bybit/market-data.ts';
import { executionOf, positionOf } from '#venues/bybit/trading/rows.ts';
import { at, BybitRig, type House, PERP, SPOT, type RigOptions } from '../support/bybit-rig.ts';
import { FakeBybit } from '../support/fake-bybit.ts';
import { perp } from '../unit/trading/trader/fixtures.ts';
import { until } from '../support/supervision.ts';
import { call, rowsOf } from './bybit-account.ts';

const open: { close(): Promise<void> }[] = [];
const UNPLAYED = { account: { limits: false } };

async function port(options: RigOptions = {}): Promise<BybitRig> {
  const rig = await BybitRig.open({ venue: UNPLAYED, ...options });
  open.push(rig);
  return rig;
}

async function house(options: RigOptions = {}): Promise<House> {
  const rig = await BybitRig.made({ venue: UNPLAYED, ...options });
  open.push(rig);
  return rig.world();
}

const ref = (order: {
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly asset: 'crypto_spot' | 'crypto_futures' | 'forex' | 'options';
}) => ({
  ...{ clientOrderId: order.clientOrderId, symbol: order.symbol, asset: order.asset, venueOrderId: null },
});
const hits = ({ venue }: BybitRig): number => venue.counters().orderEndpointHits;
const list = async ({ venue }: BybitRig, path: string, query: string) => rowsOf(await call(venue, path, query));

afterEach(async () => {
  for (const closable of open.splice(0).reverse()) await closable.close();
});

describe('the reported failure modes of Bybit: streams', () => {
  it('1. streams stop silently (ccxt#23214, #20412, hummingbot#6585): a silent one is dialled again, an old quote is not traded on', async () => {
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

  it('2. orders right after connecting are missed (ccxt#14121): the port opens when the subscription is acknowledged', async () => {
    const rig = await port();
    const order = await rig.entry(PERP);
    await rig.port.place(order);
    await until(() => rig.reported.some((row) => row.clientOrderId === order.clientOrderId && row.status === 'filled') && rig.executed.length > 0);
  });

  it('12. an order over WebSocket hangs (bybit-api#407, ccxt#29361): orders go by HTTP with one deadline over the whole answer', async () => {
    const rig = await port({ requestMs: 300 });
    rig.venue.fault('hang-body', 'order/create');
    const order = await rig.entry(PERP);
    const outcome = await rig.port.place(order);
    assert.deepEqual(outcome, { kind: 'unknown', reason: outcome.kind === 'unknown' ? outcome.reason : '', answered: false });
    const found = await rig.port.lookup(ref(order));
    assert.equal(found.kind, 'found', JSON.stringify(found));
  });

  it('28. more than ten spot topics in one request (bybit-api#174, rust-bybit#24): they are asked for in tens', async () => {
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
  it('3. an order is not found right after it was placed (ccxt#15648, #21167, freqtrade#9857): it waits behind the fence, and is sent once', async () => {
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

  it('4. fetchOrder refuses on unified accounts, "last 500 orders" (freqtrade#10708): the history knows what the list forgot', async () => {
    const rig = await port();
    const order = await rig.entry(PERP);
    await rig.port.place(order);
    await until(() => rig.executed.length > 0);
    rig.venue.fault('restart');
    const found = await rig.port.lookup(ref(order));
    assert.deepEqual(found.kind === 'found' && [found.order.status, found.executions.length], ['filled', rig.executed.length]);
  });

  it('5. a stop lives in another filter (freqtrade#9815, #9587, #8429): listed, found and cancelled there', async () => {
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

  it('5b. a spot leg that the venue executed is booked on its entry, after a restart too', async () => {
    const live = await house();
    const { world, rig } = live;
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

  it('8. a lost answer to a cancel never heals (nautilus#4730): asked by its id, the order is over', async () => {
    const rig = await port();
    const order = await rig.resting(PERP);
    await rig.port.place(order);
    rig.venue.fault('drop-reply', 'order/cancel');
    assert.equal((await rig.port.cancel(ref(order))).kind, 'unknown');
    const found = await rig.port.lookup(ref(order));
    assert.equal(found.kind === 'found' && found.order.status, 'cancelled');
    assert.deepEqual(await rig.port.cancel(ref(order)), { kind: 'gone' });
  });

  it('11. 10000 "Server Timeout" on an order (pybit#234): unknown, with or without an order behind it', async () => {
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

  it('23. a retry places twice (trading-gpt#94, ccxt PR#1880): an id is sent once, over crashes too, and a used id is no rejection', async () => {
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
  it('6. a cancel that came too late confuses (freqtrade#9273): fills decide, and the end stands once', async () => {
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

  it('7. replacing an order leaves a ghost position (freqtrade#9128): nothing is replaced, legs are amended in place', async () => {
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

  it('9. funding is booked as a fill (nautilus#4937): it changes no quantity', async () => {
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

  it('10. one trade comes twice, and again after a restart (nautilus#3046): one execution is one fill', async () => {
    const live = await house();
    const { world, rig } = live;
    rig.venue.fault('duplicate-fills', 'on');
    const id = await live.approve(PERP);
    await live.restart();
    await live.play(6);
    const executions = await list(rig, '/v5/execution/list', 'category=linear');
    assert.deepEqual([world.at(id), world.of('fill.recorded').length], ['FILLED', executions.length]);
  });

  it('15. a spot buy ends PartiallyFilledCanceled (ccxt#18685, #22085): what it executed is held, and it is over', async () => {
    const live = await house({ venue: { account: { limits: false, wallet: { USDT: '99999999' } } } });
    const { world, rig } = live;
    const id = await live.approve(SPOT, { qty: qty('80') });
    await live.play(2);
    const [row] = await list(rig, '/v5/order/realtime', `category=spot&orderLinkId=${id}`);
    assert.equal(row?.orderStatus, 'PartiallyFilledCanceled');
    const [end] = world.of('order.ended');
    assert.deepEqual([end?.status, end?.filledQty], ['partially_filled', row.cumExecQty]);
  });

  it('25. a field is missing (nautilus#3836): what is not needed is not asked for', async () => {
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

describe('the reported failure modes of Bybit: refusals', () => {
  it('13. 10006 storms (hummingbot#6585, #6756): while the venue wants nothing, it gets nothing', async () => {
    const rig = await port();
    rig.venue.fault('code', 'order/create', '10006');
    const refused = await rig.port.place(await rig.entry(PERP));
    assert.deepEqual([refused.kind, refused.kind === 'rejected' && refused.code], ['rejected', '10006']);
    const [orders, requests] = [hits(rig), rig.venue.counters().privateHits];
    const withheld = await rig.port.place({ ...(await rig.entry(PERP)), clientOrderId: 'l99999999999999999999999999' });
    assert.match(JSON.stringify(withheld), /"NOT_SENT".*10006/);
    assert.equal((await rig.port.cancel(ref(await rig.entry(PERP)))).kind, 'unknown');
    assert.deepEqual([hits(rig), rig.venue.counters().privateHits], [orders, requests]);
    assert.equal((await rig.port.lookup(ref(await rig.entry(PERP)))).kind, 'absent', 'reads wait until they may');
    assert.equal((await rig.port.place(await rig.entry(PERP))).kind, 'acknowledged');
  });

  it('14. 10002, the clocks differ (pybit#191, bybit-api#260, Bybit.Net#273): the time is read again, the window is never widened', async () => {
    const rig = await port();
    rig.venue.fault('skew', '10000');
    const refused = await rig.port.place(await rig.entry(PERP));
    assert.deepEqual([refused.kind, refused.kind === 'rejected' && refused.code], ['rejected', '10002']);
    assert.equal((await rig.port.place(await rig.entry(PERP))).kind, 'acknowledged');
    assert.equal((await rig.port.positions()).length, 1);
  });

  it('16. what was bought cannot be sold (SymBot#56, pybit#313): the fee was taken from it', async () => {
    const rig = await port();
    await rig.port.place(await rig.entry(SPOT, { bracket: null }));
    await until(() => rig.executed.length > 0);
    const gross = await rig.port.place(await rig.exit(SPOT, qty('0.01')));
    assert.deepEqual([gross.kind, gross.kind === 'rejected' && gross.code], ['rejected', '170131']);
    const [position] = await rig.port.positions();
    assert.ok(position);
    assert.equal((await rig.port.place(await rig.exit(SPOT, position.qty))).kind, 'acknowledged');
    await until(() => rig.executed.length > 1);
    assert.deepEqual(await rig.port.positions(), []);
  });

  it('17. spot at market with TP/SL is refused (pybit#200, ccxt#18640, #19000): the entry is a capped limit, and no stop fires at once', async () => {
    const rig = await port();
    const market = { category: 'spot', symbol: 'BTCUSDT', side: 'Buy', orderType: 'Market', qty: '0.01', takeProfit: '90000', stopLoss: '30000' };
    assert.equal((await call(rig.venue, '/v5/order/create', market)).body.retCode, 170130);
    const order = await rig.entry(SPOT);
    assert.equal((await rig.port.place(order)).kind, 'acknowledged');
    await until(() => rig.executed.length > 0);
    const [row] = await list(rig, '/v5/order/realtime', `category=spot&orderLinkId=${order.clientOrderId}`);
    assert.deepEqual([row?.orderType, row?.timeInForce, row?.triggerDirection], ['Limit', 'IOC', 0]);
    assert.ok((await rig.port.openOrders()).some(({ leg, parentId }) => leg === 'stop_loss' && parentId === order.clientOrderId));
    assert.ok(rig.executed.every(({ leg }) => leg === null));
  });

  it('18. a new ccxt breaks spot stops (ccxt#26378): its version is exact, and these tests are its gate', () => {
    const read = (path: string) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')) as Readonly<Record<string, unknown>>;
    const { ccxt } = read('package.json').dependencies as { readonly ccxt: string };
    assert.match(ccxt, /^\d+\.\d+\.\d+$/);
    assert.equal(read('node_modules/ccxt/package.json').version, ccxt);
  });

  it('19. "current position is zero" (bybit-api#193, ccxt#14385, pybit#168): nothing is closed that is not held, with an explicit quantity', async () => {
    const live = await house();
    const { world, rig } = live;
    const refused = await rig.port.place(await rig.exit(PERP, qty('0.01')));
    assert.deepEqual([refused.kind, refused.kind === 'rejected' && refused.code], ['rejected', '110017']);
    const before = hits(rig);
    await live.approve(PERP, { kind: 'exit', side: 'sell', bracket: null });
    assert.match(world.of('order.ended')[0]?.reason ?? '', /NOTHING_TO_CLOSE/);
    assert.equal(hits(rig), before);
  });

  it('20. "position idx not match position mode" (ccxt#16102, #24848, bybit-api#363): set to one-way before the first order', async () => {
    const hedge = { category: 'linear', symbol: 'BTCUSDT', mode: 3 };
    const rig = await port({ before: (venue) => call(venue, '/v5/position/switch-mode', hedge) });
    assert.equal((await rig.port.place(await rig.entry(PERP))).kind, 'acknowledged');
    const [position] = await list(rig, '/v5/position/list', 'category=linear&symbol=BTCUSDT');
    assert.equal(position?.positionIdx, 0);
  });

  it('21. hedge mode: the first row of a position is an empty side (pybit#367): every row counts, and such an account is not traded', async () => {
    const rows = ['', 'Sell'].map((side) => ({ symbol: 'ADAUSDT', side, size: side === '' ? '0' : '7', avgPrice: '1' }));
    assert.deepEqual(
      rows.map((row) => positionOf(row, () => perp)?.qty),
      [undefined, '7'],
    );
    const linear = { category: 'linear', symbol: 'BTCUSDT' };
    const rig = await BybitRig.made({
      venue: UNPLAYED,
      before: async (venue) => {
        await call(venue, '/v5/position/switch-mode', { ...linear, mode: 3 });
        await call(venue, '/v5/order/create', { ...linear, side: 'Buy', orderType: 'Market', qty: '0.01', positionIdx: 1 });
      },
    });
    open.push(rig);
    await assert.rejects(rig.subscribe(), /privatePostV5PositionSwitchMode of BTCUSDT: .*110024/);
  });

  it('22. client ids too long (passivbot#436, hummingbot#5113): every id that the house makes fits', async () => {
    const rig = await port();
    const id = clientOrderId('live', 'a-strategy-with-a-very-long-name-indeed', PERP, Number.MAX_SAFE_INTEGER, 2 ** 40);
    const ids = [id, childId(id, 'stop_loss', 9_999_999), childId(id, 'take_profit', 1), childId(id, 'flatten', 9_999_999)];
    for (const made of ids) assert.match(made, /^[A-Za-z0-9_-]{1,36}$/, PURPOSES.join());
    const long = await rig.port.place(await rig.entry(PERP, { clientOrderId: 'l'.repeat(46) }));
    assert.deepEqual([long.kind, long.kind === 'rejected' && long.code], ['rejected', '10001']);
  });

  it('24. free balances are wrong or empty (ccxt#24878, #20948, #26327): computed from the coins', async () => {
    const rig = await port();
    const whole = await rig.port.wallet();
    await rig.port.place(await rig.resting(SPOT));
    const usdt = (await rig.port.balances()).find(({ currency }) => currency === 'USDT');
    assert.ok(usdt && Number(usdt.available) < Number(usdt.total) && usdt.total === '100000');
    rig.venue.fault('isolated-margin', 'on');
    assert.deepEqual(await rig.port.wallet(), { equity: usdt.total, available: usdt.available });
    assert.equal(whole.equity, '100000');
  });

  it('26. 403 (bybit-api#380, #268): from a proxy nobody knows what became of the order; no request follows either', async () => {
    const rig = await port();
    rig.venue.fault('http', 'order/create', '403');
    const page = await rig.port.place(await rig.entry(PERP));
    assert.deepEqual([page.kind, page.kind === 'unknown' && page.answered], ['unknown', true]);
    const before = hits(rig);
    assert.match(JSON.stringify(await rig.port.place(await rig.entry(PERP))), /"NOT_SENT".*HTTP 403/);
    assert.equal((await rig.port.lookup(ref(await rig.entry(PERP)))).kind, 'unavailable');
    assert.equal(hits(rig), before);
  });

  it('26b. the ban of an address is said with a code: the order is not there', async () => {
    const rig = await port();
    rig.venue.fault('ban', 'on');
    const refused = await rig.port.place(await rig.entry(PERP));
    assert.deepEqual([refused.kind, refused.kind === 'rejected' && refused.code], ['rejected', '403']);
  });

  it('27. market orders fail in a thin book (bybit-api#390, pybit#235): they are limits with a cap of ours, and a refused stop is said', async () => {
    const rig = await port();
    const order = await rig.entry(PERP);
    await rig.port.place(order);
    const [row] = await list(rig, '/v5/order/realtime', `category=linear&orderLinkId=${order.clientOrderId}`);
    assert.deepEqual([row?.orderType, row?.timeInForce, Number(row?.price) > 0], ['Limit', 'IOC', true]);
    const poor = await rig.port.place(await rig.entry(PERP, { qty: qty('99') }));
    assert.ok(poor.kind === 'rejected' && poor.text.length > 0 && poor.text.length <= 500 && poor.code.length <= 64, JSON.stringify(poor));
  });

  it('29. "not modified" (freqtrade#10598): what is set already is no error', async () => {
    const rig = await port();
    await rig.restart();
    await rig.subscribe();
    assert.equal((await rig.port.place(await rig.entry(PERP))).kind, 'acknowledged');
  });
});
