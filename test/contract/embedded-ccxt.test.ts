import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { venueParams } from '#venues/embedded/params.ts';
import { openVenue, type Venue } from '#venues/embedded/venue.ts';

/** What these tests use of ccxt. */
interface Bybit {
  loadHttpProxyAgent(): Promise<void>;
  loadMarkets(reload: boolean): Promise<Record<string, { precision: { price: number; amount: number }; limits: { cost: { min: number } } }>>;
  fetchTime(): Promise<number>;
  fetchOHLCV(symbol: string, timeframe: string, since?: number, limit?: number): Promise<number[][]>;
  fetchTicker(symbol: string): Promise<{ last: number; bid: number; ask: number }>;
  fetchOrderBook(symbol: string): Promise<{ bids: number[][]; asks: number[][] }>;
  fetchTrades(symbol: string): Promise<{ id: string; price: number; timestamp: number }[]>;
  fetchStatus(): Promise<{ status: string }>;
  watchOrderBook(symbol: string, limit: number): Promise<{ bids: number[][]; asks: number[][]; timestamp: number }>;
  watchTrades(symbol: string): Promise<{ price: number; timestamp: number }[]>;
  watchTicker(symbol: string): Promise<{ last: number }>;
  createOrder(symbol: string, type: string, side: string, amount: number, price?: number): Promise<unknown>;
  close(): Promise<void>;
}

/** ccxt exports only its whole; the one class is loaded by file, as the gateway does. */
async function bybit(rest: string, ws: string, keys: object = {}): Promise<Bybit> {
  const { href } = new URL('../../node_modules/ccxt/js/src/pro/bybit.js', import.meta.url);
  const loaded = (await import(href)) as { default: new (config: object) => Bybit };
  const stream = {
    spot: `${ws}/v5/public/spot`,
    linear: `${ws}/v5/public/linear`,
    inverse: `${ws}/v5/public/inverse`,
    option: `${ws}/v5/public/option`,
  };
  const own = {
    spot: { unified: `${ws}/v5/private`, nonUnified: `${ws}/v5/private` },
    contract: `${ws}/v5/private`,
    usdc: `${ws}/v5/private`,
    trade: `${ws}/v5/trade`,
  };
  const api = { spot: rest, futures: rest, v2: rest, public: rest, private: rest, ws: { public: stream, private: own } };
  const options = { fetchMarkets: { types: ['spot', 'linear'] }, enableUnifiedMargin: false, enableUnifiedAccount: true, unifiedMarginStatus: 6 };
  const exchange = new loaded.default({ enableRateLimit: false, timeout: 5000, urls: { api }, has: { fetchCurrencies: false }, options, ...keys });
  await exchange.loadHttpProxyAgent();
  return exchange;
}

describe('embedded venue: unmodified ccxt in front of the façade', () => {
  let venue: Venue;
  let exchange: Bybit;

  before(async () => {
    venue = await openVenue(venueParams.parse({ seed: 'ccxt', play: { kind: 'synthetic' } }));
    const { rest, ws } = venue.info();
    exchange = await bybit(rest, ws);
  });
  after(async () => {
    await exchange.close();
    await venue.close();
  });

  it('LC-1 loads the markets without keys, each once', async () => {
    const markets = await exchange.loadMarkets(true);
    const names = Object.keys(markets);
    assert.equal(new Set(names).size, names.length);
    for (const name of ['BTC/USDT', 'ETH/USDT', 'ADA/USDT:USDT', 'DOGE/USDT:USDT', 'XRP/USDT:USDT', 'WIF/USDT:USDT', 'BTC/USDT:USDT']) {
      assert.ok(markets[name] !== undefined, `${name} of ${names.join(', ')}`);
    }
    assert.deepEqual(
      [markets['BTC/USDT']?.precision.price, markets['BTC/USDT']?.precision.amount, markets['BTC/USDT']?.limits.cost.min],
      [0.1, 0.000001, 5],
    );
    assert.deepEqual([markets['ADA/USDT:USDT']?.precision.price, markets['ADA/USDT:USDT']?.precision.amount], [0.0001, 1]);
    assert.equal(venue.counters().requests, 3);
  });

  it('tells market time, status and warm klines', async () => {
    const { now } = await venue.step();
    assert.equal(await exchange.fetchTime(), now);
    assert.equal((await exchange.fetchStatus()).status, 'ok');
    const bars = await exchange.fetchOHLCV('BTC/USDT', '1m', undefined, 500);
    assert.equal(bars.length, 500);
    assert.equal(bars.at(-1)?.[0], now - (now % 60_000));
    bars.slice(1).forEach((bar, index) => assert.equal((bar[0] ?? 0) - (bars[index]?.[0] ?? 0), 60_000));
    const since = now - (now % 300_000) - 3_600_000;
    const five = await exchange.fetchOHLCV('ADA/USDT:USDT', '5m', since, 4);
    assert.deepEqual(
      five.map(([at]) => at),
      [0, 1, 2, 3].map((index) => since + index * 300_000),
    );
  });

  it('reads tickers, books and recent trades of spot and perpetual', async () => {
    for (let step = 0; step < 5; step++) await venue.step();
    for (const symbol of ['BTC/USDT', 'ADA/USDT:USDT']) {
      const ticker = await exchange.fetchTicker(symbol);
      const { bids, asks } = await exchange.fetchOrderBook(symbol);
      assert.deepEqual([ticker.bid, ticker.ask], [bids[0]?.[0], asks[0]?.[0]]);
      const trades = await exchange.fetchTrades(symbol);
      assert.equal(trades.at(-1)?.price, ticker.last);
      assert.equal(new Set(trades.map(({ id }) => id)).size, trades.length);
    }
  });

  it('QS-1 watches books, trades and tickers through real sockets; every frame is counted', async () => {
    const first = await exchange.watchOrderBook('ETH/USDT', 1);
    assert.ok(first.timestamp > 0, 'the current book comes on subscribing');
    const perpetual = await exchange.watchOrderBook('DOGE/USDT:USDT', 1);
    assert.ok((perpetual.bids[0]?.[0] ?? 0) < (perpetual.asks[0]?.[0] ?? 0));
    assert.ok((await exchange.watchTicker('ETH/USDT')).last > 0);
    assert.ok((await exchange.watchTicker('DOGE/USDT:USDT')).last > 0);
    const trades = exchange.watchTrades('ETH/USDT');
    let books = 0;
    while (venue.counters().subscriptions < 5) await new Promise((resolve) => setImmediate(resolve));
    for (let step = 0; step < 10; step++) {
      const before = venue.counters().books;
      const reply = await venue.step();
      assert.equal(venue.counters().books - before, reply.books);
      books += reply.books;
    }
    assert.ok(books >= 10 && books <= 20, `${books} frames of two books in ten steps`);
    assert.ok((await trades).length > 0);
    const from = venue.info().now;
    // Frames of the steps above may still be on their way: a newer one must follow them.
    for (let tries = 0, at = 0; at <= from; tries++) {
      assert.ok(tries < 20, 'a book moves within two seconds');
      const book = exchange.watchOrderBook('ETH/USDT', 1);
      await venue.step();
      await venue.step();
      at = (await book).timestamp;
    }
  });

  it('RT-1 whoever tries to trade without the account’s key is refused and counted', async () => {
    assert.equal(venue.counters().orderEndpointHits, 0, 'nothing above asked for an order');
    const { rest, ws } = venue.info();
    const trader = await bybit(rest, ws, { apiKey: 'key', secret: 'secret' });
    await trader.loadMarkets(true);
    await assert.rejects(trader.createOrder('BTC/USDT', 'limit', 'buy', 1, 1000), /10003/);
    assert.equal(venue.counters().orderEndpointHits, 1);
    await trader.close();
  });
});
