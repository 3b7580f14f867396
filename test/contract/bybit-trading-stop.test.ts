/** Trailing stops and exits of parts of a position at the embedded venue: through ccxt, through bybit-api, and as rows and events. */
import assert from 'node:assert/strict';
import { RestClientV5 } from 'bybit-api';
import { describe, it } from 'mocha';
import type { Venue } from '#venues/embedded/venue.ts';
import { inTempDir } from '../support/temp-dir.ts';
import { CANDLES, bar, write } from '../unit/venues/embedded/data-files.ts';
import { call, ccxtFor, openStream, rowsOf } from './bybit-account.ts';
import { withVenue, type Frame } from './embedded-support.ts';

const LINEAR = { category: 'linear', symbol: 'BTCUSDT' };

/** Three calm minutes, one that climbs from 50,000 to 51,000, one that falls to 50,500, three calm ones. */
function played(work: (venue: Venue) => Promise<void>): Promise<void> {
  return inTempDir((directory) => {
    const calm = (minute: number, at: number): string => bar(minute, at, at + 5, at - 5, at, 10);
    const minutes = [0, 1, 2].map((minute) => calm(minute, 50_000));
    minutes.push(bar(3, 50_000, 51_000, 49_995, 51_000, 10), bar(4, 51_000, 51_000, 50_500, 50_500, 10));
    minutes.push(...[5, 6, 7].map((minute) => calm(minute, 50_500)));
    const path = write(directory, 'climb.csv', [CANDLES, ...minutes]);
    return withVenue({ play: { kind: 'files', files: [{ path, category: 'linear', venueSymbol: 'BTCUSDT' }] }, account: { limits: false } }, work);
  });
}

const toEnd = async (venue: Venue): Promise<void> => {
  while (!(await venue.step()).ended);
};
const buy = (venue: Venue, qty = '0.1', more: object = {}) =>
  call(venue, '/v5/order/create', { ...LINEAR, side: 'Buy', orderType: 'Market', qty, positionIdx: 0, ...more });
const set = async (venue: Venue, fields: object) => {
  const { body } = await call(venue, '/v5/position/trading-stop', { ...LINEAR, tpslMode: 'Full', positionIdx: 0, ...fields });
  return body.retCode;
};
const positionOf = async (venue: Venue) => rowsOf(await call(venue, '/v5/position/list', 'category=linear&symbol=BTCUSDT'))[0];
const openOrders = async (venue: Venue) => rowsOf(await call(venue, '/v5/order/realtime', 'category=linear&symbol=BTCUSDT'));
const keys = [
  'stopOrderType',
  'createType',
  'orderStatus',
  'triggerPrice',
  'triggerBy',
  'triggerDirection',
  'qty',
  'reduceOnly',
  'orderType',
  'side',
];
const pick = (row: Readonly<Record<string, unknown>> | undefined) => Object.fromEntries(keys.map((key) => [key, row?.[key]]));
const TRAILING = { stopOrderType: 'TrailingStop', createType: 'CreateByTrailingStop', orderStatus: 'Untriggered', triggerBy: 'LastPrice' };
const SELLS_ALL = { triggerDirection: 2, qty: '0.1', reduceOnly: true, orderType: 'Market', side: 'Sell' };

describe('embedded venue: position/trading-stop', () => {
  it('a trailing stop through ccxt shows in the rows, follows the price and closes the position', () =>
    played(async (venue) => {
      await venue.step();
      await buy(venue);
      const ccxt = await ccxtFor(venue);
      await ccxt.createOrder('BTC/USDT:USDT', 'market', 'sell', 0.1, undefined, { trailingAmount: '200' });
      assert.equal((await positionOf(venue))?.trailingStop, '200');
      assert.deepEqual(pick((await openOrders(venue))[0]), { ...TRAILING, ...SELLS_ALL, triggerPrice: '49800' });
      const [unified] = await ccxt.fetchOpenOrders('BTC/USDT:USDT');
      assert.deepEqual([unified?.symbol, unified?.status], ['BTC/USDT:USDT', 'open']);
      await toEnd(venue);
      const trades = await ccxt.fetchMyTrades('BTC/USDT:USDT');
      assert.deepEqual(
        trades.map(({ side, amount }) => [side, amount]),
        [
          ['buy', 0.1],
          ['sell', 0.1],
        ],
      );
      const [fired] = rowsOf(await call(venue, '/v5/order/history', 'category=linear&symbol=BTCUSDT'));
      assert.deepEqual(pick(fired), { ...TRAILING, ...SELLS_ALL, orderStatus: 'Filled', triggerPrice: '50800' }, 'behind the best price, 51,000');
      const row = await positionOf(venue);
      assert.deepEqual([row?.size, row?.trailingStop], ['0', '0']);
      await ccxt.close();
    }));

  it('through bybit-api, with an activation price: it waits, and the row says where it will begin', () =>
    played(async (venue) => {
      await venue.step();
      await buy(venue);
      const { apiKey: key, secret } = venue.keys;
      const client = new RestClientV5({ key, secret, baseUrl: venue.info().rest });
      const asked = { category: 'linear', symbol: 'BTCUSDT', tpslMode: 'Full', positionIdx: 0, trailingStop: '200', activePrice: '50900' } as const;
      assert.equal((await client.setTradingStop(asked)).retCode, 0);
      assert.equal((await client.setTradingStop(asked)).retCode, 34040);
      const { result } = await client.getActiveOrders({ category: 'linear', symbol: 'BTCUSDT' });
      assert.deepEqual([result.list[0]?.createType, result.list[0]?.triggerPrice], ['CreateByTrailingProfit', '50700']);
      await toEnd(venue);
      assert.equal((await positionOf(venue))?.size, '0');
    }));

  it('events tell that it was made and how it ended', () =>
    played(async (venue) => {
      await venue.step();
      await buy(venue);
      const stream = await openStream(venue, '/v5/private');
      assert.equal(await set(venue, { trailingStop: '200' }), 0);
      await toEnd(venue);
      const told = ({ frames }: { readonly frames: readonly Frame[] }) =>
        frames
          .filter(({ topic }) => topic === 'order')
          .flatMap(({ data }) => data as readonly Readonly<Record<string, unknown>>[])
          .filter(({ stopOrderType }) => stopOrderType === 'TrailingStop');
      await stream.until((reader) => told(reader).some(({ orderStatus }) => orderStatus === 'Filled'));
      assert.deepEqual(
        told(stream).map(({ orderStatus }) => orderStatus),
        ['Untriggered', 'Triggered', 'New', 'Filled'],
      );
      assert.ok(Number(told(stream).at(-1)?.triggerPrice) > 50_000, 'it moved with the price');
      stream.close();
    }));

  it('"0" takes it away, and what makes no sense is refused with Bybit’s codes', () =>
    played(async (venue) => {
      await venue.step();
      assert.equal(await set(venue, { trailingStop: '200' }), 10001, 'no position');
      await buy(venue);
      const refused: readonly (readonly [object, number])[] = [
        [{ trailingStop: '-1' }, 10001],
        [{ trailingStop: '200.05' }, 10001],
        [{ trailingStop: '60000' }, 10001],
        [{ trailingStop: '200', activePrice: '49000' }, 10001],
        [{ activePrice: '51000' }, 10001],
        [{ trailingStop: 200 }, 10001],
        [{ trailingStop: '200', tpslMode: 'Whole' }, 10001],
        [{ stopLoss: '49000', slOrderType: 'Limit', slLimitPrice: '48000' }, 10001],
        [{}, 34040],
        [{ trailingStop: '0' }, 34040],
      ];
      for (const [fields, code] of refused) assert.equal(await set(venue, fields), code, JSON.stringify(fields));
      assert.deepEqual(await openOrders(venue), []);
      assert.equal(await set(venue, { trailingStop: '200' }), 0);
      assert.equal(await set(venue, { activePrice: '51000' }), 0, 'the distance stays');
      assert.equal((await openOrders(venue))[0]?.triggerPrice, '50800');
      assert.equal(await set(venue, { trailingStop: '0' }), 0);
      assert.deepEqual([(await openOrders(venue)).length, (await positionOf(venue))?.trailingStop], [0, '0']);
    }));

  it('exits of parts: of one size, no more than the position, twenty at most, both or none', () =>
    played(async (venue) => {
      await venue.step();
      await buy(venue, '0.1');
      const partial = (size: string, more: object = {}) =>
        set(venue, { tpslMode: 'Partial', takeProfit: '60000', stopLoss: '40000', tpSize: size, slSize: size, ...more });
      assert.equal(await partial('0.01', { slSize: '0.02' }), 10001);
      assert.equal(await partial('0.11'), 110058);
      assert.equal(await partial('0.01', { stopLoss: '55000' }), 10001, 'the stop is wrong');
      assert.deepEqual(await openOrders(venue), [], 'and the take profit did not stay without it');
      for (let pair = 0; pair < 10; pair++) assert.equal(await partial('0.004'), 0);
      assert.equal(await partial('0.004'), 110060);
      assert.equal((await openOrders(venue)).length, 20);
      const conditional = { ...LINEAR, side: 'Buy', orderType: 'Market', qty: '0.01', triggerPrice: '60000', triggerDirection: 1 };
      assert.equal((await call(venue, '/v5/order/create', conditional)).body.retCode, 0, 'conditional orders are counted by themselves');
      const attached = { orderType: 'Limit', price: '45000', tpslMode: 'Partial', stopLoss: '40000', slOrderType: 'Market' };
      assert.equal((await buy(venue, '0.01', attached)).body.retCode, 110060);
    }));

  it('what was set together is a pair: cancelling one ends both, until one was changed by itself', () =>
    played(async (venue) => {
      await venue.step();
      await buy(venue);
      const cancel = async (type: string) => {
        const found = (await openOrders(venue)).find(({ stopOrderType }) => stopOrderType === type);
        return (await call(venue, '/v5/order/cancel', { ...LINEAR, orderId: String(found?.orderId) })).body.retCode;
      };
      const open = async () =>
        (await openOrders(venue)).map(({ stopOrderType }) => String(stopOrderType)).sort((left, right) => left.localeCompare(right));
      assert.equal(await set(venue, { takeProfit: '60000', stopLoss: '40000' }), 0);
      assert.equal(await cancel('TakeProfit'), 0);
      assert.deepEqual(await open(), []);
      assert.equal(await set(venue, { takeProfit: '60000', stopLoss: '40000' }), 0);
      assert.equal(await set(venue, { stopLoss: '41000' }), 0);
      assert.equal(await cancel('TakeProfit'), 0);
      assert.deepEqual(await open(), ['StopLoss']);
      assert.equal(await set(venue, { tpslMode: 'Partial', takeProfit: '60000', stopLoss: '40000', tpSize: '0.05', slSize: '0.05' }), 0);
      assert.equal(await cancel('PartialStopLoss'), 0);
      assert.deepEqual(await open(), ['StopLoss']);
    }));

  it('a reduce-only order takes no exits', () =>
    played(async (venue) => {
      await venue.step();
      await buy(venue);
      const close = { ...LINEAR, side: 'Sell', orderType: 'Limit', price: '51000', qty: '0.1', reduceOnly: true };
      assert.equal((await call(venue, '/v5/order/create', { ...close, stopLoss: '52000' })).body.retCode, 10001);
      assert.equal((await call(venue, '/v5/order/create', close)).body.retCode, 0);
    }));
});
