/** The streams that hardly anybody listens to: candles, price limits, liquidations, fast executions, the venue's own state. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Venue } from '#venues/embedded/venue.ts';
import { inTempDir } from '../support/temp-dir.ts';
import { CANDLES, MINUTE, START, bar, write } from '../unit/venues/embedded/data-files.ts';
import { call, ccxtFor, openStream, rowsOf, type Ccxt } from './bybit-account.ts';
import { Reader, withVenue, type Frame } from './embedded-support.ts';

type Row = Readonly<Record<string, unknown>>;
const LINEAR = { category: 'linear', symbol: 'BTCUSDT' };
const rows = ({ data }: Frame): readonly Row[] => data as readonly Row[];
const of = (reader: Reader, topic: string): readonly Frame[] => reader.frames.filter((frame) => frame.topic === topic);

async function listening(venue: Venue, path: string, ...args: readonly string[]): Promise<Reader> {
  const reader = await Reader.open(venue.info().ws + path);
  assert.equal((await reader.ask({ op: 'subscribe', args })).success, true);
  return reader;
}

/** Closes as given, a minute each, from a perpetual that is also the spot market. */
function played(closes: readonly number[], work: (venue: Venue) => Promise<void>): Promise<void> {
  return inTempDir((directory) => {
    const minutes = closes.map((close, minute) => {
      const open = closes[minute - 1] ?? close;
      return bar(minute, open, Math.max(open, close) + 5, Math.min(open, close) - 5, close, 10);
    });
    const path = write(directory, 'tape.csv', [CANDLES, ...minutes]);
    const files = (['linear', 'spot'] as const).map((category) => ({ path, category, venueSymbol: 'BTCUSDT' }));
    return withVenue({ play: { kind: 'files', files }, account: { limits: false } }, work);
  });
}

const toEnd = async (venue: Venue): Promise<void> => {
  while (!(await venue.step()).ended);
};

describe('embedded venue: candles on the stream', () => {
  it('an open candle grows, closes once, and is then what REST says of it', () =>
    played([50_000, 50_100, 50_050, 50_200, 50_150], async (venue) => {
      const topic = 'kline.1.BTCUSDT';
      const reader = await listening(venue, '/v5/public/linear', topic);
      await toEnd(venue);
      await reader.ask({ op: 'ping' });
      const candles = of(reader, topic).flatMap(rows);
      const closed = candles.filter(({ confirm }) => confirm === true);
      assert.deepEqual(
        closed.map(({ start }) => start),
        [0, 1, 2, 3].map((minute) => START + minute * MINUTE),
      );
      const rest = (await call(venue, '/v5/market/kline', 'category=linear&symbol=BTCUSDT&interval=1')).body.result
        .list as readonly (readonly string[])[];
      for (const { start, open, high, low, close, volume, turnover } of closed) {
        const row = rest.find(([at]) => at === String(start));
        assert.deepEqual([open, high, low, close, volume, turnover], row?.slice(1));
      }
      for (const [index, { start, end, interval, confirm, high, timestamp }] of candles.entries()) {
        assert.deepEqual([Number(end) - Number(start), interval], [MINUTE - 1, '1']);
        assert.ok(Number(timestamp) >= Number(start) && Number(timestamp) <= Number(end));
        const next = candles[index + 1];
        if (next === undefined) continue;
        if (confirm === true) assert.ok(Number(next.start) > Number(start), 'nothing comes after the close');
        else if (next.start === start) assert.ok(Number(next.high) >= Number(high));
      }
      assert.ok(candles.filter(({ confirm }) => confirm === false).length >= 4);
    }));

  it('a candle whose end passes without a trade closes with the clock', () =>
    played([50_000, 50_100], async (venue) => {
      const reader = await listening(venue, '/v5/public/spot', 'kline.1.BTCUSDT');
      for (let step = 0; step < 4; step++) await venue.step();
      venue.idle(MINUTE);
      await reader.until(() =>
        of(reader, 'kline.1.BTCUSDT')
          .flatMap(rows)
          .some(({ confirm }) => confirm === true),
      );
    }));

  it('through ccxt, and intervals that are none are refused', () =>
    played([50_000, 50_100, 50_050], async (venue) => {
      const ccxt = (await ccxtFor(venue)) as Ccxt & { watchOHLCV(symbol: string, timeframe: string): Promise<readonly (readonly number[])[]> };
      const watched = ccxt.watchOHLCV('BTC/USDT:USDT', '5m');
      while (venue.counters().subscriptions === 0) await new Promise((resolve) => setImmediate(resolve));
      await venue.step();
      const [candle] = await watched;
      assert.equal((candle?.[0] ?? 1) % (5 * MINUTE), 0);
      await ccxt.close();
      const reader = await Reader.open(`${venue.info().ws}/v5/public/linear`);
      for (const topic of ['kline.2.BTCUSDT', 'kline.BTCUSDT', 'kline.M.BTCUSDT'])
        assert.equal((await reader.ask({ op: 'subscribe', args: [topic] })).success, false, topic);
      reader.close();
    }));
});

describe('embedded venue: price limits and liquidations on the stream', () => {
  it('limits are those of REST, on both markets', () =>
    played([50_000, 50_100, 50_050], async (venue) => {
      for (const category of ['linear', 'spot']) {
        const reader = await listening(venue, `/v5/public/${category}`, 'priceLimit.BTCUSDT');
        await venue.step();
        await reader.until(() => of(reader, 'priceLimit.BTCUSDT').length >= 2);
        const { symbol, buyLmt, sellLmt } = (await call(venue, '/v5/market/price-limit', `category=${category}&symbol=BTCUSDT`)).body.result;
        assert.deepEqual(of(reader, 'priceLimit.BTCUSDT').at(-1)?.data, { symbol, buyLmt, sellLmt });
        reader.close();
      }
    }));

  it('an isolated position that is liquidated is told to everybody: its side, its size, the price where its margin was gone', () =>
    played([50_000, 50_000, 47_000, 44_000, 43_000, 43_000, 43_000], async (venue) => {
      const reader = await listening(venue, '/v5/public/linear', 'allLiquidation.BTCUSDT');
      await venue.step();
      await call(venue, '/v5/account/set-margin-mode', { setMarginMode: 'ISOLATED_MARGIN' });
      await call(venue, '/v5/order/create', { ...LINEAR, side: 'Buy', orderType: 'Market', qty: '0.1' });
      await toEnd(venue);
      await reader.until(() => of(reader, 'allLiquidation.BTCUSDT').length > 0);
      const [frame] = of(reader, 'allLiquidation.BTCUSDT');
      const [bust] = rowsOf(await call(venue, '/v5/execution/list', 'category=linear&execType=BustTrade'));
      assert.equal(frame?.type, 'snapshot');
      assert.deepEqual(frame.data, [{ T: Number(bust?.execTime), s: 'BTCUSDT', S: 'Buy', v: '0.1', p: bust?.execPrice }]);
      const spot = await Reader.open(`${venue.info().ws}/v5/public/spot`);
      assert.equal((await spot.ask({ op: 'subscribe', args: ['allLiquidation.BTCUSDT'] })).success, false, 'spot has none');
    }));
});

describe('embedded venue: execution.fast', () => {
  it('perpetuals’ trades alone, ahead of the others, and a maker’s without its client id', () =>
    played([50_000, 50_100, 50_000, 50_100], async (venue) => {
      await venue.step();
      const stream = await openStream(venue, '/v5/private');
      assert.equal((await stream.ask({ op: 'subscribe', args: ['execution.fast'] })).success, true);
      const limit = { ...LINEAR, side: 'Sell', orderType: 'Limit', qty: '0.001', price: '50060', orderLinkId: 'maker' };
      assert.equal((await call(venue, '/v5/order/create', limit)).body.retCode, 0);
      await call(venue, '/v5/order/create', { ...LINEAR, side: 'Buy', orderType: 'Market', qty: '0.1', orderLinkId: 'taker' });
      const spot = { category: 'spot', symbol: 'BTCUSDT', side: 'Buy', orderType: 'Market', marketUnit: 'baseCoin', qty: '0.01' };
      await call(venue, '/v5/order/create', spot);
      await toEnd(venue);
      const executions = () => of(stream, 'execution').flatMap(rows);
      await stream.until(() => executions().some(({ orderLinkId }) => orderLinkId === 'maker'));
      const fast = of(stream, 'execution.fast').flatMap(rows);
      const slow = executions().filter(({ category }) => category === 'linear');
      const keys = ['category', 'symbol', 'execId', 'execPrice', 'execQty', 'orderId', 'isMaker', 'side', 'execTime', 'seq'];
      const pick = (row: Row): Row => Object.fromEntries(keys.map((key) => [key, row[key]]));
      assert.deepEqual(fast.map(pick), slow.map(pick));
      assert.deepEqual(
        new Set(fast.map(({ isMaker, orderLinkId }) => `${String(isMaker)}:${String(orderLinkId)}`)),
        new Set(['false:taker', 'true:']),
      );
      const first = stream.frames.findIndex(({ topic }) => topic === 'execution.fast');
      assert.ok(first < stream.frames.findIndex(({ topic }) => topic === 'execution'));
      stream.close();
    }));
});

describe('embedded venue: system.status', () => {
  it('tells of a maintenance when it begins and when it is over, as REST lists it', () =>
    played([50_000, 50_100], async (venue) => {
      const reader = await Reader.open(`${venue.info().ws}/v5/public/misc/status`);
      assert.equal((await reader.ask({ op: 'ping', req_id: '1' })).ret_msg, 'pong');
      assert.equal((await reader.ask({ op: 'subscribe', args: ['tickers.BTCUSDT'] })).success, false);
      assert.equal((await reader.ask('nonsense')).success, false);
      const { conn_id: _, ...ack } = await reader.ask({ op: 'subscribe', args: ['system.status'] });
      assert.deepEqual(ack, { success: true, ret_msg: '', req_id: '', op: 'subscribe' });
      venue.fault('maintenance', 'on');
      venue.fault('maintenance', 'on');
      const listed = rowsOf(await call(venue, '/v5/system/status', ''));
      await venue.step();
      assert.deepEqual(rowsOf(await call(venue, '/v5/system/status', '')), listed, 'it began when it began');
      venue.fault('maintenance', 'off');
      await reader.until(() => of(reader, 'system.status').length === 2);
      const [begun, over] = of(reader, 'system.status').map((frame) => rows(frame)[0]);
      assert.deepEqual(begun, listed[0]);
      assert.deepEqual([begun?.state, over?.state, over?.id, over?.begin], ['ongoing', 'completed', begun?.id, begun?.begin]);
      assert.deepEqual(rowsOf(await call(venue, '/v5/system/status', '')), []);
      reader.close();
    }));
});
