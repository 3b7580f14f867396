import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Venue } from '#venues/embedded/venue.ts';
import { call, openStream, rowsOf } from './bybit-account.ts';
import { withVenue, type Frame } from './embedded-support.ts';

const LINEAR = { category: 'linear', symbol: 'BTCUSDT' };
const BID = { ...LINEAR, side: 'Buy', orderType: 'Limit', qty: '0.01', price: '1000' };
const MARKET = { ...LINEAR, side: 'Buy', orderType: 'Market', qty: '0.01' };

const create = async (venue: Venue, body: object, recvWindow = 5000): Promise<number> =>
  (await call(venue, '/v5/order/create', body, { recvWindow })).body.retCode;
const placed = async (venue: Venue, link: string): Promise<boolean> =>
  rowsOf(await call(venue, '/v5/order/realtime', `category=linear&symbol=BTCUSDT&orderLinkId=${link}`)).length > 0;
const played = (work: (venue: Venue) => Promise<void>): Promise<void> =>
  withVenue({}, async (venue) => {
    await venue.step();
    await work(venue);
  });
const dataOf = (frames: readonly Frame[], topic: string) =>
  frames.filter((frame) => frame.topic === topic).flatMap((frame) => frame.data as readonly Readonly<Record<string, unknown>>[]);

describe('embedded venue: what may go wrong with an order', () => {
  it('a request that never arrives leaves nothing; a lost answer leaves an order', () =>
    played(async (venue) => {
      venue.fault('drop-before', 'order/create');
      await assert.rejects(create(venue, { ...BID, orderLinkId: 'before' }));
      assert.equal(await placed(venue, 'before'), false);
      venue.fault('drop-reply', 'order/create');
      await assert.rejects(create(venue, { ...BID, orderLinkId: 'after' }));
      assert.equal(await placed(venue, 'after'), true);
      assert.equal(venue.counters().faults, 2);
    }));

  it('an answer may stop in its middle: the order stands', () =>
    played(async (venue) => {
      venue.fault('hang-body', 'order/create');
      const stopped = new AbortController();
      const body = JSON.stringify({ ...BID, orderLinkId: 'half' });
      const { createHmac } = await import('node:crypto');
      const { apiKey, secret } = venue.keys;
      const at = String(Date.now());
      const response = await fetch(`${venue.info().rest}/v5/order/create`, {
        method: 'POST',
        body,
        signal: stopped.signal,
        headers: {
          'X-BAPI-API-KEY': apiKey,
          'X-BAPI-TIMESTAMP': at,
          'X-BAPI-RECV-WINDOW': '5000',
          'X-BAPI-SIGN': createHmac('sha256', secret).update(`${at}${apiKey}5000${body}`).digest('hex'),
        },
      });
      assert.equal(response.status, 200);
      const rest = response.text();
      stopped.abort();
      await assert.rejects(rest);
      assert.equal(await placed(venue, 'half'), true);
    }));

  it('an answer may be cut in its middle: the order stands', () =>
    played(async (venue) => {
      venue.fault('cut-body', 'order/create');
      await assert.rejects(create(venue, { ...BID, orderLinkId: 'cut' }));
      assert.equal(await placed(venue, 'cut'), true);
    }));

  it('a late answer comes after the order; a late delivery comes after nothing, or not at all beyond the window', () =>
    played(async (venue) => {
      venue.fault('late-reply', 'order/create', '50');
      const answered = create(venue, { ...BID, orderLinkId: 'slow' });
      while (!(await placed(venue, 'slow'))) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(await answered, 0);
      venue.fault('late-delivery', 'order/create', '120');
      const late = create(venue, { ...BID, orderLinkId: 'late' }, 60_000);
      assert.equal(await late, 0);
      venue.fault('late-delivery', 'order/create', '300');
      assert.equal(await create(venue, { ...BID, orderLinkId: 'too-late' }, 200), 10002);
      assert.equal(await placed(venue, 'too-late'), false);
    }));

  it('an ambiguous code may hide an order, or none', () =>
    played(async (venue) => {
      for (const code of [10000, 10016, 10006]) {
        venue.fault('code', 'order/create', String(code));
        assert.equal(await create(venue, { ...BID, orderLinkId: `not-${code}` }), code);
        assert.equal(await placed(venue, `not-${code}`), false);
        venue.fault('code-after', 'order/create', String(code));
        assert.equal(await create(venue, { ...BID, orderLinkId: `yet-${code}` }), code);
        assert.equal(await placed(venue, `yet-${code}`), true);
      }
      venue.fault('http', 'order/create', '502');
      await assert.rejects(create(venue, BID), SyntaxError);
    }));

  it('a client id may come again once its order has ended, where the venue is told so', () =>
    played(async (venue) => {
      const again = async (): Promise<number> => {
        const code = await create(venue, { ...BID, orderLinkId: 'again' });
        await call(venue, '/v5/order/cancel', { ...LINEAR, orderLinkId: 'again' });
        return code;
      };
      assert.deepEqual([await again(), await again()], [0, 110072]);
      venue.fault('link-reuse', 'on');
      assert.equal(await again(), 0);
    }));

  it('the real-time list and the histories may lag behind', () =>
    played(async (venue) => {
      venue.fault('realtime-lag', '500');
      venue.fault('history-lag', '1500');
      await create(venue, { ...MARKET, orderLinkId: 'seen' });
      const executions = async (): Promise<number> => rowsOf(await call(venue, '/v5/execution/list', 'category=linear&symbol=BTCUSDT')).length;
      assert.deepEqual([await placed(venue, 'seen'), await executions()], [false, 0]);
      await venue.step();
      assert.deepEqual([await placed(venue, 'seen'), await executions()], [true, 0]);
      await venue.step();
      assert.ok((await executions()) > 0);
    }));

  it('its clock may be wrong', () =>
    played(async (venue) => {
      venue.fault('skew', '10000');
      const { time } = (await (await fetch(`${venue.info().rest}/v5/market/time`)).json()) as { time: number };
      assert.equal(time, venue.info().now + 10_000, 'whoever samples it can see it');
      assert.equal(await create(venue, BID), 10002);
      venue.fault('skew', '-2000');
      assert.equal(await create(venue, BID), 10002, 'a client two seconds ahead');
      venue.fault('skew', '0');
      assert.equal(await create(venue, BID), 0);
    }));

  it('under maintenance it says so and takes nothing', () =>
    played(async (venue) => {
      const state = async (): Promise<unknown> =>
        rowsOf({ body: (await (await fetch(`${venue.info().rest}/v5/system/status`)).json()) as never })[0]?.state;
      assert.equal(await state(), undefined);
      venue.fault('maintenance', 'on');
      assert.equal(await state(), 'ongoing');
      assert.equal(await create(venue, BID), 10016);
      venue.fault('maintenance', 'off');
      assert.equal(await create(venue, BID), 0);
    }));

  it('filters may change, trading may halt', () =>
    played(async (venue) => {
      venue.fault('filter', 'linear/BTCUSDT', 'minQty=0.02');
      assert.equal(await create(venue, BID), 10001);
      const info = (await (await fetch(`${venue.info().rest}/v5/market/instruments-info?category=linear&symbol=BTCUSDT`)).json()) as never;
      assert.equal((rowsOf({ body: info })[0]?.lotSizeFilter as { minOrderQty: string }).minOrderQty, '0.02');
      venue.fault('halt', 'linear/BTCUSDT');
      assert.equal(await create(venue, { ...BID, qty: '0.02' }), 110074);
      venue.fault('resume', 'linear/BTCUSDT');
      assert.equal(await create(venue, { ...BID, qty: '0.02' }), 0);
      assert.throws(() => venue.fault('filter', 'linear/BTCUSDT', 'colour=red'), RangeError);
      assert.throws(() => venue.fault('halt', 'linear/NONE'), RangeError);
    }));

  it('the private stream may fall silent, double its fills, or tell a filled order again as cancelled too late', () =>
    played(async (venue) => {
      const reader = await openStream(venue, '/v5/private');
      venue.fault('silent-private', 'on');
      const before = reader.frames.length;
      await create(venue, MARKET);
      assert.equal((await reader.ask({ op: 'ping' })).op, 'pong', 'pongs go on');
      assert.equal(reader.frames.length, before + 1);
      venue.fault('silent-private', 'off');
      venue.fault('duplicate-fills', 'on');
      venue.fault('stream-lag', '20');
      await create(venue, { ...MARKET, orderLinkId: 'full' });
      await reader.until(({ frames }) => frames.some(({ topic }) => topic === 'wallet'));
      const ids = dataOf(reader.frames, 'execution').map(({ execId }) => execId);
      assert.equal(ids.length, 2 * new Set(ids).size);
      venue.fault('cancel-race', 'on');
      await call(venue, '/v5/order/cancel', { ...LINEAR, orderLinkId: 'full' });
      const races = () => dataOf(reader.frames, 'order').filter(({ rejectReason }) => rejectReason === 'EC_OrigClOrdIDDoesNotExist');
      await reader.until(() => races().length === 1);
      assert.equal(races()[0]?.orderStatus, 'Filled');
      reader.close();
    }));

  it('a field may be missing; every connection may be cut; cancelling on a lost connection is for the few', () =>
    played(async (venue) => {
      const positions = () => call(venue, '/v5/position/list', 'category=linear&symbol=BTCUSDT');
      assert.ok('isReduceOnly' in (rowsOf(await positions())[0] ?? {}));
      venue.fault('missing-field', 'on');
      assert.ok(!('isReduceOnly' in (rowsOf(await positions())[0] ?? {})));
      const dcp = async (): Promise<number> =>
        (await call(venue, '/v5/order/disconnected-cancel-all', { timeWindow: 3, product: 'DERIVATIVES' })).body.retCode;
      const info = async () => (await call(venue, '/v5/account/query-dcp-info', '')).body.result.dcpInfos;
      assert.equal(await dcp(), 10005);
      assert.deepEqual(await info(), []);
      venue.fault('dcp', 'on');
      assert.equal(await dcp(), 0);
      assert.deepEqual(await info(), [{ product: 'DERIVATIVES', dcpStatus: 'ON', timeWindow: '3' }]);
      const reader = await openStream(venue, '/v5/private');
      await reader.ask({ op: 'subscribe', args: ['dcp.future'] });
      await create(venue, { ...BID, orderLinkId: 'guarded' });
      await call(venue, '/v5/order/create', { ...BID, category: 'spot', orderLinkId: 'spot-stays' });
      venue.fault('drop');
      await reader.until(({ closed }) => closed);
      while (venue.counters().sockets > 0) await new Promise((resolve) => setImmediate(resolve));
      for (let step = 0; step < 4; step++) await venue.step();
      const [row] = rowsOf(await call(venue, '/v5/order/realtime', 'category=linear&symbol=BTCUSDT&orderLinkId=guarded'));
      assert.deepEqual([row?.orderStatus, row?.cancelType], ['Cancelled', 'CancelByDCP']);
      const [spot] = rowsOf(await call(venue, '/v5/order/realtime', 'category=spot&orderLinkId=spot-stays'));
      assert.equal(spot?.orderStatus, 'New', 'the other product was not asked for');
    }));
});
