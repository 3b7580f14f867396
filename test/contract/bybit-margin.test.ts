/** Margin modes, leverage and position modes of the account, as ccxt and bybit-api set them. */
import assert from 'node:assert/strict';
import { RestClientV5 } from 'bybit-api';
import { describe, it } from 'mocha';
import type { Venue } from '#venues/embedded/venue.ts';
import { call, ccxtFor, rowsOf, type Ccxt } from './bybit-account.ts';
import { withVenue } from './embedded-support.ts';

const PERP = 'BTC/USDT:USDT';
interface MarginCcxt extends Ccxt {
  setMarginMode(mode: string): Promise<unknown>;
}

const played = (work: (venue: Venue, ccxt: MarginCcxt) => Promise<void>): Promise<void> =>
  withVenue({ account: { limits: false } }, async (venue) => {
    await venue.step();
    const ccxt = (await ccxtFor(venue)) as MarginCcxt;
    try {
      await work(venue, ccxt);
    } finally {
      await ccxt.close();
    }
  });
const position = async (venue: Venue) => rowsOf(await call(venue, '/v5/position/list', 'category=linear&symbol=BTCUSDT'))[0];
const mode = async (venue: Venue) => (await call(venue, '/v5/account/info', '')).body.result.marginMode;

describe('embedded venue: margin modes', () => {
  it('is cross until ccxt says otherwise; an isolated position has a liquidation price of its own, and the account no totals', () =>
    played(async (venue, ccxt) => {
      assert.equal(await mode(venue), 'REGULAR_MARGIN');
      await ccxt.setMarginMode('isolated');
      assert.equal(await mode(venue), 'ISOLATED_MARGIN');
      await ccxt.setLeverage(20, PERP);
      await ccxt.createOrder(PERP, 'market', 'buy', 0.1);
      const row = await position(venue);
      const [entry, liquidation, bankruptcy] = [Number(row?.avgPrice), Number(row?.liqPrice), Number(row?.bustPrice)];
      assert.ok(Math.abs(bankruptcy / entry - 0.95) < 0.0001, `${bankruptcy} of ${entry}`);
      assert.ok(liquidation > bankruptcy && liquidation < entry);
      const [wallet] = rowsOf(await call(venue, '/v5/account/wallet-balance', 'accountType=UNIFIED'));
      assert.deepEqual([wallet?.totalEquity, wallet?.totalAvailableBalance, wallet?.accountType], ['', '', 'UNIFIED']);
      await ccxt.setMarginMode('cross');
      assert.deepEqual([await mode(venue), (await position(venue))?.bustPrice], ['REGULAR_MARGIN', ''], 'with its position');
    }));

  it('the same through bybit-api: mode, leverage, two-way positions, and what is so already', () =>
    played(async (venue) => {
      const api = new RestClientV5({ key: venue.keys.apiKey, secret: venue.keys.secret, baseUrl: venue.info().rest });
      assert.equal((await api.setMarginMode('ISOLATED_MARGIN')).retCode, 0);
      assert.equal((await api.setMarginMode('ISOLATED_MARGIN')).retCode, 0);
      const leverage = { category: 'linear', symbol: 'BTCUSDT', buyLeverage: '5', sellLeverage: '5' } as const;
      assert.deepEqual([(await api.setLeverage(leverage)).retCode, (await api.setLeverage(leverage)).retCode], [0, 110043]);
      const two = { category: 'linear', symbol: 'BTCUSDT', mode: 3 } as const;
      assert.deepEqual([(await api.switchPositionMode(two)).retCode, (await api.switchPositionMode(two)).retCode], [0, 110025]);
      const order = { category: 'linear', symbol: 'BTCUSDT', orderType: 'Market', qty: '0.01' } as const;
      assert.equal((await api.submitOrder({ ...order, side: 'Buy', positionIdx: 1 })).retCode, 0);
      assert.equal((await api.submitOrder({ ...order, side: 'Sell', positionIdx: 2 })).retCode, 0);
      const rows = (await api.getPositionInfo({ category: 'linear', symbol: 'BTCUSDT' })).result.list;
      assert.deepEqual(
        rows.map(({ positionIdx, side, size, leverage: own }) => [positionIdx, side, size, own]),
        [
          [1, 'Buy', '0.01', '5'],
          [2, 'Sell', '0.01', '5'],
        ],
      );
      assert.ok(rows.every(({ liqPrice }) => Number(liqPrice) > 0));
      assert.equal((await api.submitOrder({ ...order, side: 'Buy', positionIdx: 0 })).retCode, 10001);
    }));
});
