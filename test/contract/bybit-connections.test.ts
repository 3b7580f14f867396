/** Connections of the embedded venue: silent ones are cut, too many are refused, and what the trade stream says to whom. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { call, openStream } from './bybit-account.ts';
import { Reader, withVenue } from './embedded-support.ts';

const STREAMS = ['/v5/public/spot', '/v5/public/linear', '/v5/public/misc/status', '/v5/private', '/v5/trade'];
const LIMIT = { category: 'linear', symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '0.001', price: '50000' };

describe('embedded venue: connections', () => {
  it('those on which nothing goes either way are cut, by the wall’s clock, whatever is played', () =>
    withVenue({}, async (venue) => {
      const silent = await Promise.all(STREAMS.map((path) => Reader.open(venue.info().ws + path)));
      const { now } = venue.info();
      venue.fault('idle', '20');
      for (const reader of silent) await reader.until(({ closed }) => closed);
      while (venue.counters().sockets > 0) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(venue.info().now, now, 'no market time had passed');
      for (const wrong of ['', '9', '600001', 'soon', '1.5']) assert.throws(() => venue.fault('idle', wrong), /idle .*: must be 10 to 600000/);
    }));

  it('a private stream may ask for a time of its own, within Bybit’s bounds', () =>
    withVenue({}, async (venue) => {
      const { ws } = venue.info();
      venue.fault('idle', '20');
      const own = await Reader.open(`${ws}/v5/private?max_active_time=10m`);
      const other = await Reader.open(`${ws}/v5/private`);
      await other.until(({ closed }) => closed);
      assert.equal((await own.ask({ op: 'ping' })).op, 'pong');
      for (const wrong of ['29s', '11m', 'long']) await assert.rejects(Reader.open(`${ws}/v5/trade?max_active_time=${wrong}`), /400/);
      own.close();
    }));

  it('an address opens so many in five minutes, of whatever kind', () =>
    withVenue({}, async (venue) => {
      const { ws } = venue.info();
      venue.fault('rate', 'connections', String(STREAMS.length));
      for (const path of STREAMS) (await Reader.open(ws + path)).close();
      await assert.rejects(Reader.open(`${ws}/v5/public/spot`), /403/);
      await withVenue({ account: { limits: false } }, async (played) => {
        played.fault('rate', 'connections', '1');
        for (const path of STREAMS) (await Reader.open(played.info().ws + path)).close();
      });
    }));
});

describe('embedded venue: what the trade stream says', () => {
  it('an address that asks too often is told so with 10403, and HTTP is not banned for it', () =>
    withVenue({}, async (venue) => {
      await venue.step();
      const stream = await openStream(venue, '/v5/trade');
      venue.fault('rate', 'trade-stream', '2');
      const header = { 'X-BAPI-TIMESTAMP': String(Date.now()) };
      const args = [{ category: 'linear', symbol: 'BTCUSDT', orderLinkId: 'none' }];
      // One after the other without waiting: they are of one second.
      for (const reqId of ['1', '2', '3']) stream.say({ reqId, header, op: 'order.cancel', args });
      const answers = () => stream.frames.filter(({ op }) => op === 'order.cancel');
      await stream.until(() => answers().length === 3);
      assert.deepEqual(
        answers().map(({ retCode }) => retCode),
        [110001, 110001, 10403],
      );
      assert.equal((await call(venue, '/v5/order/realtime', 'category=linear&symbol=BTCUSDT')).status, 200);
      stream.close();
    }));

  it('operations and categories that it does not know are 10404; an answer names its request where that named itself', () =>
    withVenue({}, async (venue) => {
      await venue.step();
      const stream = await openStream(venue, '/v5/trade');
      const header = { 'X-BAPI-TIMESTAMP': String(Date.now()) };
      const unknown = await stream.ask({ header, op: 'order.fly', args: [LIMIT] });
      assert.deepEqual([unknown.retCode, 'reqId' in unknown], [10404, false]);
      const inverse = await stream.ask({ reqId: 'a', header, op: 'order.create', args: [{ ...LIMIT, category: 'inverse' }] });
      assert.deepEqual([inverse.retCode, inverse.reqId], [10404, 'a']);
      const again = await stream.ask({ reqId: 'b', op: 'auth', args: [] });
      assert.deepEqual([again.retCode, again.reqId], [20001, 'b']);
      stream.close();
    }));
});
