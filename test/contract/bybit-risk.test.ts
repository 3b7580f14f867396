/** Risk limits, leverage and the margin of an order before it is placed, as ccxt and bybit-api see them. */
import assert from 'node:assert/strict';
import { RestClientV5 } from 'bybit-api';
import { describe, it } from 'mocha';
import type { Venue } from '#venues/embedded/venue.ts';
import { inTempDir } from '../support/temp-dir.ts';
import { bar, CANDLES, write } from '../unit/venues/embedded/data-files.ts';
import { call, ccxtFor, rowsOf, type Ccxt } from './bybit-account.ts';
import { withVenue } from './embedded-support.ts';

const PERP = 'BTC/USDT:USDT';
const linear = { category: 'linear', symbol: 'BTCUSDT' } as const;
interface Tier {
  readonly tier: number;
  readonly maxNotional: number;
  readonly maintenanceMarginRate: number;
  readonly maxLeverage: number;
}
interface RiskCcxt extends Ccxt {
  fetchMarketLeverageTiers(symbol: string): Promise<readonly Tier[]>;
}

const played = (wallet: string, work: (venue: Venue, api: RestClientV5) => Promise<void>): Promise<void> =>
  withVenue({ account: { limits: false, wallet: { USDT: wallet } } }, async (venue) => {
    await venue.step();
    await work(venue, new RestClientV5({ key: venue.keys.apiKey, secret: venue.keys.secret, baseUrl: venue.info().rest }));
  });
const leverages = (buyLeverage: string, sellLeverage = buyLeverage) => ({ ...linear, buyLeverage, sellLeverage });

describe('embedded venue: risk limits', () => {
  it('every perpetual has its tiers, the same to both clients; the tier of a position follows its value', () =>
    played('10000000', async (venue, api) => {
      const ccxt = (await ccxtFor(venue)) as RiskCcxt;
      const tiers = await ccxt.fetchMarketLeverageTiers(PERP);
      await ccxt.close();
      assert.deepEqual([tiers[1]?.maxNotional, tiers[1]?.maintenanceMarginRate, tiers[1]?.maxLeverage], [4_000_000, 0.01, 57.14]);
      const { result } = await api.getRiskLimit({ category: 'linear' });
      const symbols = new Set(result.list.map(({ symbol }) => symbol));
      assert.ok(symbols.has('BTCUSDT') && symbols.has('ADAUSDT'));
      for (const { symbol, maxLeverage, isLowestRisk } of result.list) {
        const [row] = rowsOf(await call(venue, '/v5/market/instruments-info', `category=linear&symbol=${symbol}`));
        if (isLowestRisk === 1) assert.equal(maxLeverage, (row?.leverageFilter as { readonly maxLeverage: string }).maxLeverage, symbol);
      }
      const position = async () => (await api.getPositionInfo(linear)).result.list[0];
      assert.deepEqual([(await position())?.riskId, (await position())?.riskLimitValue], [1, '2000000']);
      const price = Number((await position())?.markPrice);
      const size = (Math.floor(2_500_000 / price / 2) / 1).toFixed(0);
      for (let order = 0; order < 2; order++)
        await api.submitOrder({ ...linear, side: 'Buy', orderType: 'Limit', qty: size, price: String(Math.floor(price * 1.015)) });
      const held = await position();
      assert.deepEqual([held?.riskId, held?.riskLimitValue], [2, '4000000']);
      const value = Number(held?.size) * Number(held?.markPrice);
      assert.ok(Math.abs(Number(held?.positionMM) - (value * 0.01 - 10_000)) < 0.01, held?.positionMM);
    }));

  it('an order beyond what the leverage allows is refused with the leverage that would; leverage that what there is does not allow as well', () =>
    played('10000000', async (_venue, api) => {
      assert.equal((await api.setLeverage(leverages('100'))).retCode, 0);
      const order = { ...linear, side: 'Buy', orderType: 'Limit', price: '30000' } as const;
      assert.equal((await api.submitOrder({ ...order, qty: '60' })).retCode, 0);
      const refused = await api.submitOrder({ ...order, qty: '10' });
      assert.equal(refused.retCode, 110090);
      assert.match(refused.retMsg, /Please adjust your leverage to 57.14 or below/);
      assert.equal((await api.setLeverage(leverages('57'))).retCode, 0);
      assert.equal((await api.submitOrder({ ...order, qty: '10' })).retCode, 0);
      assert.deepEqual(await codeAndText(api.setLeverage(leverages('100'))), [110013, 'Cannot set leverage due to risk limit level.']);
      assert.equal((await api.setLeverage(leverages('101'))).retCode, 110013);
      const far = await api.submitOrder({ ...order, qty: '700' });
      assert.deepEqual([far.retCode, far.retMsg], [110090, 'Order placement failed as your position may exceed the max limit.']);
    }));

  it('set-risk-limit is answered and changes nothing, as the tier follows the position by itself', () =>
    played('10000', async (venue, api) => {
      const set = (riskId: number) => api.setRiskLimit({ ...linear, riskId });
      const { retCode, result } = await set(4);
      assert.deepEqual([retCode, result], [0, { category: 'linear', riskId: 4, riskLimitValue: '8000000' }]);
      assert.equal((await api.getPositionInfo(linear)).result.list[0]?.riskId, 1);
      assert.deepEqual([(await set(1)).retCode, (await set(99)).retCode], [110075, 110031]);
      const wrong = async (body: object) => (await call(venue, '/v5/position/set-risk-limit', body)).body.retCode;
      assert.deepEqual(
        await Promise.all([wrong({ ...linear, riskId: 2, positionIdx: 1 }), wrong({ category: 'spot', symbol: 'BTCUSDT', riskId: 1 })]),
        [10001, 10001],
      );
      for (const query of ['category=spot', 'category=linear&symbol=NOUSDT'])
        assert.equal((await call(venue, '/v5/market/risk-limit', query)).body.retCode, 10001);
    }));

  it('pre-check tells the rates of the account before and after an order, and places nothing', () =>
    played('10000', async (venue, api) => {
      const [ticker] = rowsOf(await call(venue, '/v5/market/tickers', 'category=linear&symbol=BTCUSDT'));
      const price = String(Math.floor(Number(ticker?.markPrice) * 0.99));
      const order = { ...linear, side: 'Buy', orderType: 'Limit', qty: '0.5', price } as const;
      const { retCode, result } = await api.preCheckOrder({ ...order, orderLinkId: 'asks' });
      assert.deepEqual([retCode, result.orderLinkId, result.preImrE4, result.preMmrE4], [0, 'asks', 0, 0]);
      // Half a bitcoin at ten times: 5 % of its price, of an account of 10000.
      assert.equal(result.postImrE4, Math.round(Number(price) * 0.05));
      assert.ok(Math.abs(result.postMmrE4 - Number(ticker?.markPrice) * 0.5 * 0.005) <= 1);
      assert.deepEqual((await api.getActiveOrders(linear)).result.list, []);
      assert.equal((await api.submitOrder({ ...order, orderLinkId: 'asks' })).retCode, 0, 'its id was not taken');
      const [wallet] = rowsOf(await call(venue, '/v5/account/wallet-balance', 'accountType=UNIFIED'));
      assert.equal(Math.round(Number(wallet?.accountIMRate) * 10_000), result.postImrE4);
      const after = (await api.preCheckOrder({ ...order, qty: '0.1' })).result;
      assert.ok(after.preImrE4 === result.postImrE4 && after.postImrE4 > after.preImrE4);
      assert.equal((await api.preCheckOrder({ ...order, qty: '50' })).retCode, 110007);
      assert.equal((await api.preCheckOrder({ ...order, category: 'spot' })).retCode, 10001);
      await api.setMarginMode('ISOLATED_MARGIN');
      assert.equal((await api.preCheckOrder(order)).retCode, 10001);
    }));

  it('two leverages in isolated two-way mode; otherwise they must be one', () =>
    played('100000', async (_venue, api) => {
      assert.equal((await api.setLeverage(leverages('20', '5'))).retCode, 10001);
      await api.setMarginMode('ISOLATED_MARGIN');
      await api.switchPositionMode({ ...linear, mode: 3 });
      assert.deepEqual([(await api.setLeverage(leverages('20', '5'))).retCode, (await api.setLeverage(leverages('20', '5'))).retCode], [0, 110043]);
      const rows = (await api.getPositionInfo(linear)).result.list;
      assert.deepEqual(
        rows.map(({ positionIdx, leverage }) => [positionIdx, leverage]),
        [
          [1, '20'],
          [2, '5'],
        ],
      );
      await api.submitOrder({ ...linear, side: 'Buy', orderType: 'Limit', qty: '0.01', price: '10000', positionIdx: 1 });
      assert.deepEqual(await codeAndText(api.switchPositionMode({ ...linear, mode: 0 })), [
        110028,
        'You have existing open orders, so the position mode cannot be switched.',
      ]);
    }));

  it('a margin mode that would liquidate, or that is not offered, is refused with its reason', () =>
    played('100000', async (_venue, api) => {
      const reply = await api.setMarginMode('PORTFOLIO_MARGIN');
      assert.equal(reply.retCode, 3_400_045);
      assert.equal(reply.result.reasons.length, 1);
    }));

  it('a market order into a thin book is refused in the words that Bybit has for it', () =>
    inTempDir((dir) => {
      // The book of a recorded jump is beyond what the mark, which follows it, allows.
      const minutes = [
        ...Array.from({ length: 5 }, (_, minute) => bar(minute, 50_000, 50_005, 49_995, 50_000, 10)),
        bar(5, 56_000, 56_005, 55_995, 56_000, 10),
      ];
      const file = { path: write(dir, 'jump.csv', [CANDLES, ...minutes]), category: 'linear', venueSymbol: 'BTCUSDT' };
      return withVenue({ play: { kind: 'files', files: [file] }, account: { limits: false } }, async (venue) => {
        let reply = await call(venue, '/v5/order/create', { ...linear, side: 'Buy', orderType: 'Market', qty: '0.01' });
        const at = venue.info().now;
        while (reply.body.retCode === 0 && venue.info().now < at + 330_000) {
          await venue.step();
          reply = await call(venue, '/v5/order/create', { ...linear, side: 'Buy', orderType: 'Market', qty: '0.01' });
        }
        assert.equal(reply.body.retCode, 10001);
        assert.match(reply.body.retMsg, /^buy: \[560\d{6},5\d{8}\] invalid$/);
      });
    }));
});

async function codeAndText(reply: Promise<{ readonly retCode: number; readonly retMsg: string }>): Promise<readonly [number, string]> {
  const { retCode, retMsg } = await reply;
  return [retCode, retMsg];
}
