/** Books with depth and tickers that tell differences: put together by ccxt and by hand, they are what REST shows. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { exampleOf, hasExamples, missing } from '../support/shapes.ts';
import { ccxtFor, type Body, type Ccxt } from './bybit-account.ts';
import { Reader, withVenue, type Frame } from './embedded-support.ts';

type Rows = readonly (readonly [string, string])[];
interface Book {
  readonly b: Rows;
  readonly a: Rows;
  readonly u: number;
}
interface BookCcxt extends Ccxt {
  watchOrderBook(symbol: string): Promise<{ readonly bids: readonly (readonly number[])[]; readonly asks: readonly (readonly number[])[] }>;
  fetchOrderBook(
    symbol: string,
    limit: number,
  ): Promise<{ readonly bids: readonly (readonly number[])[]; readonly asks: readonly (readonly number[])[] }>;
}

const restOf = async (rest: string, path: string) => ((await (await fetch(`${rest}/v5/market/${path}`)).json()) as Body).result;
const topicOf = (reader: Reader, topic: string): readonly Frame[] => reader.frames.filter((frame) => frame.topic === topic);

function joined(frames: readonly Frame[], side: 'b' | 'a'): Map<string, string> {
  const book = new Map<string, string>();
  for (const { type, data } of frames) {
    if (type === 'snapshot') book.clear();
    for (const [price, size] of (data as Book)[side]) {
      if (size === '0') book.delete(price);
      else book.set(price, size);
    }
  }
  return book;
}

describe('embedded venue: books with depth, tickers in differences', () => {
  for (const category of ['linear', 'spot'] as const) {
    it(`${category}: a snapshot and what changed make the book of REST; update numbers have no gap`, () =>
      withVenue({}, async (venue) => {
        const topic = 'orderbook.50.BTCUSDT';
        const reader = await Reader.open(`${venue.info().ws}/v5/public/${category}`);
        await reader.ask({ op: 'subscribe', args: [topic] });
        for (let step = 0; step < 40; step++) await venue.step();
        const rest = (await restOf(venue.info().rest, `orderbook?category=${category}&symbol=BTCUSDT&limit=50`)) as unknown as Book;
        await reader.until((of) => topicOf(of, topic).some(({ data }) => (data as Book).u === rest.u));
        const frames = topicOf(reader, topic);
        assert.deepEqual([frames[0]?.type, new Set(frames.slice(1).map(({ type }) => type))], ['snapshot', new Set(['delta'])]);
        const updates = frames.map(({ data }) => (data as Book).u);
        assert.ok(
          updates.every((u, index) => index === 0 || u === (updates[index - 1] ?? 0) + 1),
          updates.join(),
        );
        assert.deepEqual(joined(frames, 'b'), new Map(rest.b));
        assert.deepEqual(joined(frames, 'a'), new Map(rest.a));
        assert.deepEqual([rest.b.length, rest.a.length], [50, 50]);
        if (hasExamples())
          assert.deepEqual(missing(exampleOf('websocket_public_orderbook.1.json'), { ...frames[0], topic: 'orderbook.1.BTCUSDT' }), []);
        reader.close();
      }));
  }

  it('who comes later goes on from the same book', () =>
    withVenue({}, async (venue) => {
      const topic = 'orderbook.200.BTCUSDT';
      const open = async (): Promise<Reader> => {
        const reader = await Reader.open(`${venue.info().ws}/v5/public/linear`);
        await reader.ask({ op: 'subscribe', args: [topic] });
        return reader;
      };
      const first = await open();
      for (let step = 0; step < 10; step++) await venue.step();
      const second = await open();
      for (let step = 0; step < 10; step++) await venue.step();
      const rest = (await restOf(venue.info().rest, 'orderbook?category=linear&symbol=BTCUSDT&limit=200')) as unknown as Book;
      for (const reader of [first, second]) {
        await reader.until((of) => topicOf(of, topic).some(({ data }) => (data as Book).u === rest.u));
        assert.deepEqual(joined(topicOf(reader, topic), 'b'), new Map(rest.b));
        reader.close();
      }
    }));

  it('ccxt watches a book of its default depth, and fetches one', () =>
    withVenue({}, async (venue) => {
      await venue.step();
      const ccxt = (await ccxtFor(venue)) as BookCcxt;
      const first = await ccxt.watchOrderBook('BTC/USDT:USDT');
      assert.deepEqual([first.bids.length, first.asks.length], [50, 50]);
      const fetched = await ccxt.fetchOrderBook('BTC/USDT:USDT', 50);
      assert.deepEqual([fetched.bids[0], fetched.asks[0]], [first.bids[0], first.asks[0]]);
      await ccxt.close();
    }));

  it('a perpetual’s ticker is a snapshot, then what changed; put together it is the row of REST', () =>
    withVenue({}, async (venue) => {
      const topic = 'tickers.BTCUSDT';
      const reader = await Reader.open(`${venue.info().ws}/v5/public/linear`);
      await reader.ask({ op: 'subscribe', args: [topic] });
      let wanted: Readonly<Record<string, unknown>> = {};
      const seen = (of: Reader): object => topicOf(of, topic).reduce((row, { data }) => ({ ...row, ...(data as object) }), {});
      for (let step = 0; step < 30; step++) await venue.step();
      [wanted = {}] = (await restOf(venue.info().rest, 'tickers?category=linear&symbol=BTCUSDT')).list as Readonly<Record<string, unknown>>[];
      await reader.until((of) => topicOf(of, topic).length > 3);
      const frames = topicOf(reader, topic);
      assert.deepEqual([frames[0]?.type, new Set(frames.slice(1).map(({ type }) => type))], ['snapshot', new Set(['delta'])]);
      assert.ok(frames.slice(1).every(({ data }) => (data as { symbol?: string }).symbol === 'BTCUSDT' && !('openInterest' in (data as object))));
      assert.deepEqual(Object.keys(seen(reader)).toSorted(), Object.keys(wanted).toSorted());
      reader.close();
    }));
});
