/** Market data that follows from the account and from the mark: open interest and the premium of the book, as ccxt and bybit-api read them. */
import assert from 'node:assert/strict';
import { RestClientV5 } from 'bybit-api';
import { describe, it } from 'mocha';
import type { Venue } from '#venues/embedded/venue.ts';
import { call, ccxtFor, rowsOf, type Ccxt } from './bybit-account.ts';
import { withVenue } from './embedded-support.ts';

const PERP = 'BTC/USDT:USDT';
const LINEAR = { category: 'linear', symbol: 'BTCUSDT' } as const;
/** 2026-01-06 00:00 UTC. */
const FROM = 1_767_657_600_000;
interface MarketCcxt extends Ccxt {
  fetchOpenInterest(symbol: string, params?: object): Promise<{ readonly openInterestAmount: number }>;
  fetchOpenInterestHistory(
    symbol: string,
    timeframe: string,
  ): Promise<readonly { readonly openInterestAmount: number; readonly timestamp: number }[]>;
  fetchPremiumIndexOHLCV(symbol: string, timeframe: string): Promise<readonly (readonly number[])[]>;
}

const played = (work: (venue: Venue, api: RestClientV5) => Promise<void>): Promise<void> =>
  withVenue({ play: { kind: 'synthetic', from: FROM, stepMs: 60_000 }, account: { limits: false } }, async (venue) => {
    await venue.step();
    await work(venue, new RestClientV5({ key: venue.keys.apiKey, secret: venue.keys.secret, baseUrl: venue.info().rest }));
  });
const until = async (venue: Venue, minutes: number): Promise<void> => {
  while (venue.info().now < FROM + minutes * 60_000) await venue.step();
};

describe('embedded venue: open interest and premium', () => {
  it('open interest is the contracts of the account, now and as they were, newest first, a page at a time', () =>
    played(async (venue, api) => {
      const order = { ...LINEAR, orderType: 'Market' } as const;
      await until(venue, 6);
      await api.submitOrder({ ...order, side: 'Buy', qty: '0.3' });
      await until(venue, 11);
      await api.submitOrder({ ...order, side: 'Sell', qty: '0.5' });
      await until(venue, 16);
      const [ticker] = rowsOf(await call(venue, '/v5/market/tickers', 'category=linear&symbol=BTCUSDT'));
      assert.equal(ticker?.openInterest, '0.2');
      assert.equal(Number(ticker?.openInterestValue).toFixed(4), (0.2 * Number(ticker?.markPrice)).toFixed(4));
      const { result } = await api.getOpenInterest({ ...LINEAR, intervalTime: '5min' });
      assert.deepEqual(
        result.list.map(({ openInterest, timestamp }) => [openInterest, (Number(timestamp) - FROM) / 60_000]),
        [
          ['0.2', 15],
          ['0.3', 10],
          ['0', 5],
          ['0', 0],
        ],
      );
      const first = (await api.getOpenInterest({ ...LINEAR, intervalTime: '5min', limit: 1 })).result;
      const rest = (await api.getOpenInterest({ ...LINEAR, intervalTime: '5min', limit: 5, cursor: first.nextPageCursor ?? '' })).result;
      assert.deepEqual([...first.list, ...rest.list], result.list);
      const ccxt = (await ccxtFor(venue)) as MarketCcxt;
      const history = await ccxt.fetchOpenInterestHistory(PERP, '5m');
      assert.deepEqual(
        history.map(({ openInterestAmount }) => openInterestAmount),
        [0, 0, 0.3, 0.2],
      );
      await ccxt.close();
      for (const query of [
        'category=spot&symbol=BTCUSDT&intervalTime=5min',
        'category=linear&symbol=BTCUSDT',
        'category=linear&symbol=NOUSDT&intervalTime=1h',
      ])
        assert.equal((await call(venue, '/v5/market/open-interest', query)).body.retCode, 10001, query);
    }));

  it('instruments of perpetuals come a page at a time where they are asked for so; of spot all at once', () =>
    played(async (venue, api) => {
      const all = (await api.getInstrumentsInfo({ category: 'linear' })).result;
      assert.ok(all.list.length > 2 && all.nextPageCursor === '');
      const seen: string[] = [];
      let cursor = '';
      do {
        const { list, nextPageCursor } = (await api.getInstrumentsInfo({ category: 'linear', limit: 2, ...(cursor !== '' && { cursor }) })).result;
        assert.ok(list.length <= 2);
        seen.push(...list.map(({ symbol }) => symbol));
        cursor = nextPageCursor ?? '';
      } while (cursor !== '');
      assert.deepEqual(
        seen,
        all.list.map(({ symbol }) => symbol),
      );
      const code = async (query: string) => (await call(venue, '/v5/market/instruments-info', query)).body.retCode;
      assert.deepEqual([await code('category=linear&cursor=first%3DNOUSDT'), await code('category=linear&limit=0')], [10001, 10001]);
      const spot = rowsOf(await call(venue, '/v5/market/instruments-info', 'category=spot&limit=1'));
      assert.ok(spot.length > 1);
    }));

  it('bars of the premium are a fraction of the index with six decimals; a category is not needed for bars of perpetuals', () =>
    played(async (venue, api) => {
      await until(venue, 10);
      const bars = (await api.getPremiumIndexPriceKline({ ...LINEAR, interval: '5' })).result.list;
      assert.ok(bars.length >= 2);
      for (const [at, ...prices] of bars) {
        assert.equal(Number(at) % 300_000, 0);
        for (const price of prices) assert.match(price, /^-?0\.0\d{5}$/);
      }
      const ccxt = (await ccxtFor(venue)) as MarketCcxt;
      const [oldest] = await ccxt.fetchPremiumIndexOHLCV(PERP, '5m');
      await ccxt.close();
      assert.deepEqual(oldest?.slice(0, 5), bars.at(-1)?.slice(0, 5).map(Number));
      for (const name of ['premium-index-price-kline', 'mark-price-kline', 'index-price-kline', 'kline']) {
        const { body } = await call(venue, `/v5/market/${name}`, 'symbol=BTCUSDT&interval=1');
        assert.deepEqual([body.retCode, body.result.category], [0, 'linear'], name);
      }
      const { body } = await call(venue, '/v5/market/premium-index-price-kline', 'category=spot&symbol=BTCUSDT&interval=1');
      assert.equal(body.retCode, 10001);
    }));
});
