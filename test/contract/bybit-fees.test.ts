/** What an account pays, as clients are told: fees in MNT, rebates of makers, and the limits of a VIP level. */
import assert from 'node:assert/strict';
import { RestClientV5 } from 'bybit-api';
import { describe, it } from 'mocha';
import type { Venue } from '#venues/embedded/venue.ts';
import { call, ccxtFor, rowsOf } from './bybit-account.ts';
import { withVenue } from './embedded-support.ts';

const apiOf = (venue: Venue) => new RestClientV5({ key: venue.keys.apiKey, secret: venue.keys.secret, baseUrl: venue.info().rest });

describe('embedded venue: fees and levels', () => {
  it('fees in MNT: executions say so, settings say so, and ccxt calls them something else (a known mistake of its)', () =>
    withVenue({ account: { limits: false, wallet: { USDT: '100000', MNT: '500' } } }, async (venue) => {
      await venue.step();
      const api = apiOf(venue);
      venue.fault('mnt-fees', 'spot', '0.8');
      const settings = (await api.getLimitPriceAction()).result;
      assert.deepEqual([settings.smsef, settings.fmsef], [true, false]);
      const ccxt = await ccxtFor(venue);
      await ccxt.createOrder('BTC/USDT', 'market', 'buy', 0.01, undefined, { marketUnit: 'baseCoin' });
      const [trade] = await ccxt.fetchMyTrades('BTC/USDT');
      await ccxt.close();
      const [row] = (await api.getExecutionList({ category: 'spot', symbol: 'BTCUSDT' })).result.list;
      assert.equal(row?.feeCurrency, 'MNT');
      assert.equal((Number(row?.execFee) * 0.8).toFixed(2), (Number(row?.execValue) * 0.001).toFixed(2));
      assert.deepEqual([trade?.fee.cost, trade?.fee.currency === 'MNT'], [Number(row?.execFee), false]);
      const log = rowsOf(await call(venue, '/v5/account/transaction-log', 'type=TRADE&currency=MNT'));
      assert.deepEqual([log.length, log[0]?.cashFlow, log[0]?.fee, log[0]?.change], [1, '0', row?.execFee, `-${row?.execFee}`]);
      venue.fault('mnt-fees', 'spot', 'off');
      assert.equal((await api.getLimitPriceAction()).result.smsef, false);
      for (const [target, value] of [
        ['option', '1'],
        ['spot', 'much'],
      ] as const)
        assert.throws(() => venue.fault('mnt-fees', target, value), RangeError);
    }));

  it('a listing that pays its makers says so in fee-rate, whatever is changed of its filters', () =>
    withVenue({ account: { limits: false } }, async (venue) => {
      await venue.step();
      venue.fault('fees', 'linear/BTCUSDT', 'maker=-0.00005');
      venue.fault('filter', 'linear/BTCUSDT', 'minNotional=10');
      const [row] = (await apiOf(venue).getFeeRate({ category: 'linear', symbol: 'BTCUSDT' })).result.list;
      assert.deepEqual([row?.makerFeeRate, row?.takerFeeRate], ['-0.00005', '0.00055']);
      for (const value of ['maker', 'other=1', 'taker=x']) assert.throws(() => venue.fault('fees', 'linear/BTCUSDT', value), RangeError);
    }));

  it('a VIP level has more orders a second, and its key says which', () =>
    withVenue({ account: { vip: 2 } }, async (venue) => {
      await venue.step();
      const { headers } = await call(venue, '/v5/order/cancel-all', { category: 'linear', symbol: 'BTCUSDT' });
      assert.equal(headers.get('X-Bapi-Limit'), '40');
      assert.equal((await apiOf(venue).getQueryApiKey()).result.vipLevel, 'VIP-2');
    }));
});
