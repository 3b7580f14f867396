import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { exampleOf, hasExamples, missing } from '../support/shapes.ts';
import { Reader, withVenue } from './embedded-support.ts';

const REST: readonly (readonly [string, string])[] = [
  ['market_time.json', '/v5/market/time'],
  ['market_kline.json', '/v5/market/kline?category=linear&symbol=BTCUSDT&interval=1'],
  ['market_orderbook.json', '/v5/market/orderbook?category=spot&symbol=BTCUSDT'],
  ['market_recent-trade.json', '/v5/market/recent-trade?category=spot&symbol=BTCUSDT'],
  ['market_tickers.json', '/v5/market/tickers?category=linear&symbol=BTCUSDT'],
  ['market_tickers.2.json', '/v5/market/tickers?category=spot&symbol=BTCUSDT'],
  ['market_instrument.2.json', '/v5/market/instruments-info?category=spot'],
  ['market_instrument.txt', '/v5/market/instruments-info?category=linear'],
];

const STREAMS: readonly (readonly [string, string, string])[] = [
  ['websocket_public_orderbook.1.json', 'spot', 'orderbook.1.BTCUSDT'],
  ['websocket_public_trade.json', 'linear', 'publicTrade.BTCUSDT'],
  ['websocket_public_ticker.2.json', 'spot', 'tickers.BTCUSDT'],
  ['websocket_public_ticker.txt', 'linear', 'tickers.BTCUSDT'],
  ['websocket_public_kline.json', 'linear', 'kline.5.BTCUSDT'],
  ['websocket_public_order-price-limit.1.json', 'linear', 'priceLimit.BTCUSDT'],
  ['websocket_system_system-status.1.json', 'misc/status', 'system.status'],
];

describe('embedded venue: shapes of Bybit’s documentation (needs ../shared/fixtures)', () => {
  before(function () {
    if (!hasExamples()) this.skip();
  });

  for (const [name, path] of REST) {
    it(`${path.split('?')[0] ?? ''} has the keys and types of ${name}`, () =>
      withVenue({}, async (venue) => {
        for (let step = 0; step < 3; step++) await venue.step();
        const body: unknown = await (await fetch(venue.info().rest + path)).json();
        assert.deepEqual(missing(exampleOf(name), body), []);
      }));
  }

  for (const [name, category, topic] of STREAMS) {
    it(`${category} ${topic} has the keys and types of ${name}`, () =>
      withVenue({}, async (venue) => {
        const reader = await Reader.open(`${venue.info().ws}/v5/public/${category}`);
        await reader.ask({ op: 'subscribe', args: [topic] });
        for (let step = 0; step < 3; step++) await venue.step();
        venue.fault('maintenance', 'on');
        await reader.until(({ frames }) => frames.some((frame) => frame.topic === topic));
        const frame = reader.frames.find((found) => found.topic === topic);
        assert.deepEqual(missing({ ...(exampleOf(name) as object), topic }, frame), []);
      }));
  }
});
