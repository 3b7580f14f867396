/** The failure modes whose symptom is a refusal; the others are in bybit-failure-modes.test.ts. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, describe, it } from 'mocha';
import { childId } from '#trading/execution/order-names.ts';
import { clientOrderId } from '#trading/execution/client-order-id.ts';
import { qty } from '#trading/money/decimal.ts';
import { PURPOSES } from '#trading/model/live.ts';
import { positionOf } from '#venues/bybit/trading/rows.ts';
import { BybitRig, PERP, SPOT } from '../support/bybit-rig.ts';
import { perp } from '../unit/trading/trader/fixtures.ts';
import { until } from '../support/supervision.ts';
import { call } from './bybit-account.ts';
import { closeAll, hits, house, list, open, port, ref, UNPLAYED } from './bybit-modes.ts';

describe('the reported failure modes of Bybit: refusals', () => {
  afterEach(closeAll);

  it('FM-13 10006 storms (hummingbot#6585, #6756): while the venue wants nothing, it gets nothing', async () => {
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

  it('FM-14 10002, the clocks differ (pybit#191, bybit-api#260, Bybit.Net#273): the time is read again, the window is never widened', async () => {
    const rig = await port();
    rig.venue.fault('skew', '10000');
    const refused = await rig.port.place(await rig.entry(PERP));
    assert.deepEqual([refused.kind, refused.kind === 'rejected' && refused.code], ['rejected', '10002']);
    assert.equal((await rig.port.place(await rig.entry(PERP))).kind, 'acknowledged');
    assert.equal((await rig.port.positions()).length, 1);
  });

  it('FM-16 what was bought cannot be sold (SymBot#56, pybit#313): the fee was taken from it', async () => {
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

  it('FM-17 spot at market with TP/SL is refused (pybit#200, ccxt#18640, #19000): the entry is a capped limit, and no stop fires at once', async () => {
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

  it('FM-18 a new ccxt breaks spot stops (ccxt#26378): its version is exact, and these tests are its gate', () => {
    const read = (path: string) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')) as Readonly<Record<string, unknown>>;
    const { ccxt } = read('package.json').dependencies as { readonly ccxt: string };
    assert.match(ccxt, /^\d+\.\d+\.\d+$/);
    assert.equal(read('node_modules/ccxt/package.json').version, ccxt);
  });

  it('FM-19 "current position is zero" (bybit-api#193, ccxt#14385, pybit#168): nothing is closed that is not held, with an explicit quantity', async () => {
    const live = await house();
    const { world, rig } = live;
    const refused = await rig.port.place(await rig.exit(PERP, qty('0.01')));
    assert.deepEqual([refused.kind, refused.kind === 'rejected' && refused.code], ['rejected', '110017']);
    const before = hits(rig);
    await live.approve(PERP, { kind: 'exit', side: 'sell', bracket: null });
    assert.match(world.of('order.ended')[0]?.reason ?? '', /NOTHING_TO_CLOSE/);
    assert.equal(hits(rig), before);
  });

  it('FM-20 "position idx not match position mode" (ccxt#16102, #24848, bybit-api#363): set to one-way before the first order', async () => {
    const hedge = { category: 'linear', symbol: 'BTCUSDT', mode: 3 };
    const rig = await port({ before: (venue) => call(venue, '/v5/position/switch-mode', hedge) });
    assert.equal((await rig.port.place(await rig.entry(PERP))).kind, 'acknowledged');
    const [position] = await list(rig, '/v5/position/list', 'category=linear&symbol=BTCUSDT');
    assert.equal(position?.positionIdx, 0);
  });

  it('FM-21 hedge mode: the first row of a position is an empty side (pybit#367): every row counts, and such an account is not traded', async () => {
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

  it('FM-22 client ids too long (passivbot#436, hummingbot#5113): every id that the house makes fits', async () => {
    const rig = await port();
    const id = clientOrderId('live', 'a-strategy-with-a-very-long-name-indeed', PERP, Number.MAX_SAFE_INTEGER, 2 ** 40);
    const ids = [id, childId(id, 'stop_loss', 9_999_999), childId(id, 'take_profit', 1), childId(id, 'flatten', 9_999_999)];
    for (const made of ids) assert.match(made, /^[A-Za-z0-9_-]{1,36}$/, PURPOSES.join());
    const long = await rig.port.place(await rig.entry(PERP, { clientOrderId: 'l'.repeat(46) }));
    assert.deepEqual([long.kind, long.kind === 'rejected' && long.code], ['rejected', '10001']);
  });

  it('FM-24 free balances are wrong or empty (ccxt#24878, #20948, #26327): computed from the coins', async () => {
    const rig = await port();
    const whole = await rig.port.wallet();
    await rig.port.place(await rig.resting(SPOT));
    const usdt = (await rig.port.balances()).find(({ currency }) => currency === 'USDT');
    assert.ok(usdt && Number(usdt.available) < Number(usdt.total) && usdt.total === '100000');
    rig.venue.fault('isolated-margin', 'on');
    assert.deepEqual(await rig.port.wallet(), { equity: usdt.total, available: usdt.available });
    assert.equal(whole.equity, '100000');
  });

  it('FM-26 403 (bybit-api#380, #268): from a proxy nobody knows what became of the order; no request follows either', async () => {
    const rig = await port();
    rig.venue.fault('http', 'order/create', '403');
    const page = await rig.port.place(await rig.entry(PERP));
    assert.deepEqual([page.kind, page.kind === 'unknown' && page.answered], ['unknown', true]);
    const before = hits(rig);
    assert.match(JSON.stringify(await rig.port.place(await rig.entry(PERP))), /"NOT_SENT".*HTTP 403/);
    assert.equal((await rig.port.lookup(ref(await rig.entry(PERP)))).kind, 'unavailable');
    assert.equal(hits(rig), before);
  });

  it('FM-26b the ban of an address is said with a code: the order is not there', async () => {
    const rig = await port();
    rig.venue.fault('ban', 'on');
    const refused = await rig.port.place(await rig.entry(PERP));
    assert.deepEqual([refused.kind, refused.kind === 'rejected' && refused.code], ['rejected', '403']);
  });

  it('FM-27 market orders fail in a thin book (bybit-api#390, pybit#235): they are limits with a cap of ours, and a refused stop is said', async () => {
    const rig = await port();
    const order = await rig.entry(PERP);
    await rig.port.place(order);
    const [row] = await list(rig, '/v5/order/realtime', `category=linear&orderLinkId=${order.clientOrderId}`);
    assert.deepEqual([row?.orderType, row?.timeInForce, Number(row?.price) > 0], ['Limit', 'IOC', true]);
    const poor = await rig.port.place(await rig.entry(PERP, { qty: qty('99') }));
    assert.ok(poor.kind === 'rejected' && poor.text.length > 0 && poor.text.length <= 500 && poor.code.length <= 64, JSON.stringify(poor));
  });

  it('FM-29 "not modified" (freqtrade#10598): what is set already is no error', async () => {
    const rig = await port();
    await rig.restart();
    await rig.subscribe();
    assert.equal((await rig.port.place(await rig.entry(PERP))).kind, 'acknowledged');
  });
});
