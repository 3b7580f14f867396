/** A perpetual whose last price falls by a fifth for a quarter of a minute: what looks at the mark stays calm, and clients see both prices. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Venue } from '#venues/embedded/venue.ts';
import { inTempDir } from '../support/temp-dir.ts';
import { CANDLES, bar, write } from '../unit/venues/embedded/data-files.ts';
import { call, ccxtFor, rowsOf, type Ccxt } from './bybit-account.ts';
import { Reader, withVenue, type Frame } from './embedded-support.ts';

const LINEAR = { category: 'linear', symbol: 'BTCUSDT' };
const SPOT = { category: 'spot', symbol: 'BTCUSDT' };
const NEEDLE = 'needle.csv';

/** Ten calm minutes, one with a needle, ten calm ones; the same market as spot and as a perpetual. */
function played(work: (venue: Venue) => Promise<void>): Promise<void> {
  return inTempDir((directory) => {
    const calm = (minute: number): string => bar(minute, 50_000, 50_005, 49_995, 50_000, 10);
    const minutes = Array.from({ length: 21 }, (_, minute) => (minute === 10 ? bar(minute, 50_000, 50_005, 40_000, 50_000, 10) : calm(minute)));
    const path = write(directory, NEEDLE, [CANDLES, ...minutes]);
    const files = [
      { path, category: 'linear', venueSymbol: 'BTCUSDT' },
      { path, category: 'spot', venueSymbol: 'BTCUSDT' },
    ];
    return withVenue({ play: { kind: 'files', files } }, work);
  });
}

const toEnd = async (venue: Venue): Promise<void> => {
  while (!(await venue.step()).ended);
};
const buy = (venue: Venue, more: object) =>
  call(venue, '/v5/order/create', { ...LINEAR, side: 'Buy', orderType: 'Market', qty: '0.1', tpslMode: 'Full', ...more });
const sizeOf = async (venue: Venue) => rowsOf(await call(venue, '/v5/position/list', 'category=linear&symbol=BTCUSDT'))[0]?.size;

interface MarkCcxt extends Ccxt {
  fetchMarkOHLCV(symbol: string, timeframe: string): Promise<readonly (readonly number[])[]>;
  fetchIndexOHLCV(symbol: string, timeframe: string): Promise<readonly (readonly number[])[]>;
  fetchTicker(symbol: string): Promise<{ readonly last: number; readonly markPrice?: number; readonly indexPrice?: number }>;
}

describe('embedded venue: mark and last price', () => {
  it('a stop of 10 % by the last price is hit by the needle', () =>
    played(async (venue) => {
      await venue.step();
      assert.equal((await buy(venue, { stopLoss: '45000', slTriggerBy: 'LastPrice' })).body.retCode, 0);
      await toEnd(venue);
      assert.equal(await sizeOf(venue), '0');
    }));

  it('the same stop by the mark outlives it', () =>
    played(async (venue) => {
      await venue.step();
      assert.equal((await buy(venue, { stopLoss: '45000', slTriggerBy: 'MarkPrice' })).body.retCode, 0);
      await toEnd(venue);
      assert.equal(await sizeOf(venue), '0.1');
    }));

  it('ticker, position and bars show a mark of their own, through ccxt; spot has none', () =>
    played(async (venue) => {
      await venue.step();
      await buy(venue, {});
      for (let quarter = 0; quarter < 41; quarter++) await venue.step();
      const ccxt = (await ccxtFor(venue)) as MarkCcxt;
      const { last, markPrice = 0, indexPrice = 0 } = await ccxt.fetchTicker('BTC/USDT:USDT');
      assert.deepEqual([last, markPrice > 45_000, indexPrice > 45_000], [40_000, true, true]);
      const [position] = rowsOf(await call(venue, '/v5/position/list', 'category=linear&symbol=BTCUSDT'));
      assert.equal(Number(position?.markPrice), markPrice);
      const size = 0.1;
      assert.ok(Math.abs(Number(position?.unrealisedPnl) - (markPrice - Number(position?.avgPrice)) * size) < 1e-6);
      const [marks, indices] = [await ccxt.fetchMarkOHLCV('BTC/USDT:USDT', '1m'), await ccxt.fetchIndexOHLCV('BTC/USDT:USDT', '1m')];
      assert.deepEqual([marks.at(-1)?.[4], indices.at(-1)?.[4]], [markPrice, indexPrice]);
      assert.equal(marks.length, 11, 'bars begin with the venue');
      await ccxt.close();
      const { body } = await call(venue, '/v5/market/mark-price-kline', 'category=spot&symbol=BTCUSDT&interval=1');
      assert.equal(body.retCode, 10001);
      const spot = rowsOf(await call(venue, '/v5/market/tickers', 'category=spot&symbol=BTCUSDT'))[0];
      assert.deepEqual([Number(spot?.lastPrice), spot !== undefined && 'markPrice' in spot], [40_000, false]);
    }));

  it('spot triggers look at the last price, whatever the mark of the perpetual is', () =>
    played(async (venue) => {
      await venue.step();
      await call(venue, '/v5/order/create', { ...SPOT, side: 'Buy', orderType: 'Market', marketUnit: 'baseCoin', qty: '0.1' });
      const stop = { ...SPOT, side: 'Sell', orderType: 'Market', qty: '0.09', triggerPrice: '45000', orderFilter: 'tpslOrder', orderLinkId: 'stop' };
      assert.equal((await call(venue, '/v5/order/create', stop)).body.retCode, 0);
      await toEnd(venue);
      assert.equal(rowsOf(await call(venue, '/v5/order/realtime', 'category=spot&orderLinkId=stop'))[0]?.orderStatus, 'Filled');
    }));

  it('the ticker of the stream shows mark and index', () =>
    played(async (venue) => {
      const reader = await Reader.open(`${venue.info().ws}/v5/public/linear`);
      await reader.ask({ op: 'subscribe', args: ['tickers.BTCUSDT'] });
      for (let quarter = 0; quarter < 42; quarter++) await venue.step();
      const isNeedle = ({ data }: Frame): boolean => Number((data as { readonly lastPrice?: string } | undefined)?.lastPrice) === 40_000;
      await reader.until(({ frames }) => frames.some(isNeedle));
      const row = reader.frames.find(isNeedle)?.data as Readonly<Record<string, string>> | undefined;
      assert.ok(Number(row?.markPrice) > 45_000 && Number(row?.indexPrice) > 45_000, JSON.stringify(row));
      reader.close();
    }));
});
