import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { before, describe, it } from 'mocha';
import { fileURLToPath } from 'node:url';
import { Reader, withVenue } from './embedded-support.ts';

/** Examples of the venue's documentation; they lie beside the project and are not part of it. */
const FIXTURES = fileURLToPath(new URL('../../../shared/fixtures/bybit-docs/', import.meta.url));

/** The first JSON value of a page's example. */
function fixture(name: string): unknown {
  const text = readFileSync(FIXTURES + name, 'utf8');
  const from = text.indexOf('{');
  for (let to = text.indexOf('}', from); to >= 0; to = text.indexOf('}', to + 1)) {
    try {
      return JSON.parse(text.slice(from, to + 1));
    } catch {
      // Not balanced yet.
    }
  }
  throw new Error(`${name} holds no JSON`);
}

/** What the example has and ours has not, or has as another type. Of lists the first entries are compared. */
function missing(expected: unknown, actual: unknown, path = ''): string[] {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return [`${path} is no list`];
    return expected.length === 0 || actual.length === 0 ? [] : missing(expected[0], actual[0], `${path}[0]`);
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof actual !== 'object' || actual === null) return [`${path} is no object`];
    return Object.entries(expected).flatMap(([key, value]) =>
      Object.hasOwn(actual, key) ? missing(value, (actual as Record<string, unknown>)[key], `${path}.${key}`) : [`${path}.${key} is missing`],
    );
  }
  return typeof expected === typeof actual ? [] : [`${path} is ${typeof actual}, Bybit sends ${typeof expected}`];
}

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
];

describe('embedded venue: shapes of Bybit’s documentation (needs ../shared/fixtures)', () => {
  before(function () {
    if (!existsSync(FIXTURES)) this.skip();
  });

  for (const [name, path] of REST) {
    it(`${path.split('?')[0] ?? ''} has the keys and types of ${name}`, () =>
      withVenue({}, async (venue) => {
        for (let step = 0; step < 3; step++) await venue.step();
        const body: unknown = await (await fetch(venue.info().rest + path)).json();
        assert.deepEqual(missing(fixture(name), body), []);
      }));
  }

  for (const [name, category, topic] of STREAMS) {
    it(`${category} ${topic} has the keys and types of ${name}`, () =>
      withVenue({}, async (venue) => {
        const reader = await Reader.open(`${venue.info().ws}/v5/public/${category}`);
        await reader.ask({ op: 'subscribe', args: [topic] });
        for (let step = 0; step < 3; step++) await venue.step();
        await reader.until(({ frames }) => frames.some((frame) => frame.topic === topic));
        const frame = reader.frames.find((found) => found.topic === topic);
        assert.deepEqual(missing({ ...(fixture(name) as object), topic }, frame), []);
      }));
  }
});
