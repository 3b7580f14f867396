/** The Bybit gateway over unmodified ccxt and real loopback sockets, against a venue that misbehaves on demand. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import type { DroppedFrame, FeedHandlers, MarketData } from '#protocol/venue.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { createBybitMarketData, LIMITS, type BybitLimits } from '#venues/bybit/market-data.ts';
import { FakeBybit } from '#test/support/fake-bybit.ts';
import { until } from '#test/support/until.ts';

const QUICK: BybitLimits = {
  ...LIMITS,
  requestMs: 400,
  markets: { baseMs: 5, capMs: 20, totalMs: 3000 },
  history: { baseMs: 5, capMs: 20, totalMs: 3000 },
  historyMs: 5000,
  feed: { ...LIMITS.feed, redial: { baseMs: 5, capMs: 40 }, silentMs: 300, lookMs: 20, bootMs: 10_000, healCapMs: 300 },
};
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

class Listener implements FeedHandlers {
  readonly quotes: QuoteSnapshot[] = [];
  readonly drops: DroppedFrame[] = [];
  readonly states: { readonly up: boolean; readonly reason: string }[] = [];
  readonly changed: Instrument[] = [];
  readonly onQuote = (quote: QuoteSnapshot): void => void this.quotes.push(quote);
  readonly onDropped = (drop: DroppedFrame): void => void this.drops.push(drop);
  readonly onState = (up: boolean, reason: string): void => void this.states.push({ up, reason });
  readonly onInstrument = (instrument: Instrument): void => void this.changed.push(instrument);

  get up(): boolean | undefined {
    return this.states.at(-1)?.up;
  }
  of(symbol: string): QuoteSnapshot[] {
    return this.quotes.filter((quote) => quote.symbol === symbol);
  }
}

interface Rig {
  readonly fake: FakeBybit;
  readonly data: MarketData;
  readonly heard: Listener;
}

describe('Bybit gateway, on the wire', () => {
  const open: { close(): Promise<void> }[] = [];
  const unhandled: unknown[] = [];
  const collect = (reason: unknown): void => void unhandled.push(reason);

  before(() => process.on('unhandledRejection', collect));
  afterEach(async () => {
    for (const closable of open.splice(0).reverse()) await closable.close();
  });
  after(() => {
    process.off('unhandledRejection', collect);
    assert.deepEqual(unhandled, []);
  });

  async function venue(spot: readonly string[] = ['BTC', 'ETH'], linear: readonly string[] = ['ADA'], port = 0): Promise<FakeBybit> {
    const fake = await FakeBybit.open({ spot, linear }, port);
    open.push(fake);
    return fake;
  }

  function session(fake: FakeBybit, symbols: readonly string[], limits: BybitLimits = QUICK): MarketData {
    const data = createBybitMarketData({ environment: 'embedded', endpoints: fake.endpoints, symbols, rateLimit: 0.9, limits });
    open.push(data);
    return data;
  }

  async function watching(symbols: readonly string[] = ['BTC/USDT', 'ETH/USDT'], limits = QUICK): Promise<Rig> {
    const fake = await venue();
    const data = session(fake, symbols, limits);
    const heard = new Listener();
    await data.open();
    await data.subscribe(symbols, heard);
    return { fake, data, heard };
  }

  describe('opening', () => {
    it('markets load after failures that ccxt would keep for ever', async () => {
      const fake = await venue();
      const path = '/v5/market/instruments-info';
      fake.faults.push({ path, action: '502' }, { path, action: 'reset' }, { path, action: 'hang-body' });
      const data = session(fake, ['BTC/USDT', 'ADA/USDT:USDT']);
      await data.open();
      assert.deepEqual(
        (await data.instruments()).map(({ id }) => id),
        ['bybit:spot:BTCUSDT', 'bybit:linear:ADAUSDT'],
      );
      assert.ok((data.counters()['failed.markets'] ?? 0) >= 1);
    });

    it('a venue that is down gives one clear error', async () => {
      const fake = await FakeBybit.open({ spot: ['BTC'], linear: [] });
      await fake.close();
      const data = session(fake, ['BTC/USDT'], { ...QUICK, markets: { baseMs: 1, capMs: 1, totalMs: 5 } });
      await assert.rejects(
        data.open(),
        /reading the instruments of Bybit \(embedded, http:\/\/127\.0\.0\.1:\d+\) failed \d+ times, last with: .*ECONNREFUSED/,
      );
    });

    it('a symbol that the venue does not list is named', async () => {
      const data = session(await venue(), ['DOGE/USDT']);
      await assert.rejects(data.open(), /DOGE\/USDT: Bybit does not list it; it lists BTC\/USDT, ETH\/USDT/);
    });

    it('a book that does not come in time is named, with what the trouble was', async () => {
      const fake = await venue();
      fake.muted.add('spot orderbook.1.ETHUSDT');
      const data = session(fake, ['BTC/USDT', 'ETH/USDT'], { ...QUICK, feed: { ...QUICK.feed, bootMs: 200 } });
      await data.open();
      await assert.rejects(data.subscribe(['BTC/USDT', 'ETH/USDT'], new Listener()), /no book of ETH\/USDT within 200 ms/);
    });

    it('spot subscriptions go out ten topics at a time', async () => {
      const bases = Array.from({ length: 12 }, (_, index) => `C${index}`);
      const fake = await venue(bases, []);
      const symbols = bases.map((base) => `${base}/USDT`);
      const data = session(fake, symbols);
      const heard = new Listener();
      await data.open();
      await data.subscribe(symbols, heard);
      assert.deepEqual(
        fake.requests.map(({ args }) => args.length),
        [10, 10, 4],
      );
      assert.equal(new Set(heard.quotes.map(({ symbol }) => symbol)).size, 12);
    });
  });

  describe('frames', () => {
    it('QS-1 a book becomes a quote, with the last price and what traded since the quote before', async () => {
      const { fake, heard } = await watching();
      fake.trade('spot', 'BTC', '100.50', '0.1');
      fake.trade('spot', 'BTC', '100.7', '0.2');
      fake.now += 1000;
      fake.book('spot', 'BTC', { bid: '100.60', ask: '100.8', u: 2 });
      fake.book('spot', 'BTC', { bid: '100.60', ask: '100.9', u: 3 });
      await until('both quotes', () => heard.of('BTC/USDT').length === 3);
      const [, second, third] = heard.of('BTC/USDT');
      assert.deepEqual(
        [second?.bid, second?.ask, second?.last, second?.volume, second?.exchangeAt, second?.receivedAt],
        ['100.6', '100.8', '100.7', '0.3', fake.now, fake.now],
      );
      assert.deepEqual([third?.last, third?.volume, third?.id], ['100.7', '0', 'BTCUSDT-3-30']);
    });

    it('spot and perpetual of one coin are two feeds', async () => {
      const fake = await venue(['BTC'], ['BTC']);
      const symbols = ['BTC/USDT', 'BTC/USDT:USDT'];
      const data = session(fake, symbols);
      const heard = new Listener();
      await data.open();
      await data.subscribe(symbols, heard);
      fake.book('linear', 'BTC', { bid: '7', ask: '8', u: 2 });
      await until('the perpetual quote', () => heard.of('BTC/USDT:USDT').length === 2);
      assert.deepEqual([heard.of('BTC/USDT:USDT')[1]?.bid, heard.of('BTC/USDT').length], ['7', 1]);
    });

    it('LC-6 a funding rate that the venue does not have yet is asked for again within seconds, not within the hour', async () => {
      const announced: unknown[] = [];
      const fake = await venue();
      const data = session(fake, ['ADA/USDT:USDT'], { ...QUICK, fundingMs: HOUR_MS });
      await data.open();
      const heard = Object.assign(new Listener(), { onFunding: (rate: unknown) => void announced.push(rate) });
      await data.subscribe(['ADA/USDT:USDT'], heard);
      assert.deepEqual(announced, []);
      const nextAt = fake.now + MINUTE_MS;
      fake.funding.set('ADAUSDT', { rate: '-0.0012', nextAt });
      fake.now += 6000;
      fake.book('linear', 'ADA', { bid: '0.4', ask: '0.5', u: 2 });
      await until('the rate', () => announced.length > 0);
      assert.deepEqual(announced, [{ symbol: 'ADA/USDT:USDT', rate: '-0.0012', nextAt }]);
    });

    it('QS-2 nonsense is dropped and counted by reason, crossed books pass, and the next good frame is a quote', async () => {
      const { fake, data, heard } = await watching();
      const topic = 'orderbook.1.BTCUSDT';
      const at = { type: 'snapshot', ts: fake.now, cts: fake.now };
      fake.raw('spot', '{"topic":"orderbook.1.');
      fake.raw('spot', 'not even close');
      fake.raw('spot', '[1,2]');
      fake.raw('spot', '{}');
      fake.raw('spot', JSON.stringify({ topic: 'orderbook.1.XRPUSDT', ...at, data: {} }));
      fake.frame('spot', topic, { ...at });
      fake.frame('spot', topic, { ...at, data: { s: 'BTCUSDT', b: [['NaN', '1']], a: [['101', '1']], u: 2, seq: 2 } });
      fake.frame('spot', topic, { ...at, data: { s: 'BTCUSDT', b: [['-100', '1']], a: [['101', '1']], u: 2, seq: 2 } });
      fake.frame('spot', topic, { ...at, data: { s: 'BTCUSDT', b: [], a: [['101', '1']], u: 2, seq: 2 } });
      fake.frame('spot', topic, { ...at, data: { s: 'ETHUSDT', b: [['100', '1']], a: [['101', '1']], u: 2, seq: 2 } });
      fake.frame('spot', 'publicTrade.BTCUSDT', { ...at, data: [{ s: 'BTCUSDT', p: 'NaN', v: '1' }] });
      fake.book('spot', 'BTC', { bid: '102', ask: '101', u: 3 });
      fake.book('spot', 'BTC', { bid: '100', ask: '101', u: 2 });
      fake.book('spot', 'BTC', { bid: '100', ask: '101', u: 4 });
      await until('the good quote', () => heard.of('BTC/USDT').length === 3);
      assert.deepEqual(
        heard
          .of('BTC/USDT')
          .slice(1)
          .map(({ bid, ask, id }) => [bid, ask, id]),
        [
          ['102', '101', 'BTCUSDT-3-30'],
          ['100', '101', 'BTCUSDT-4-40'],
        ],
      );
      assert.deepEqual(
        heard.drops.map(({ symbol, reason, exchangeAt }) => [symbol, reason, exchangeAt]),
        [
          [null, 'not_json', null],
          [null, 'not_json', null],
          [null, 'not_json', null],
          [null, 'no_topic', null],
          [null, 'unknown_topic', fake.now],
          ['BTC/USDT', 'malformed data', fake.now],
          ['BTC/USDT', 'not_a_number', fake.now],
          ['BTC/USDT', 'negative', fake.now],
          ['BTC/USDT', 'missing_side', fake.now],
          ['BTC/USDT', 'wrong_symbol', fake.now],
          ['BTC/USDT', 'out_of_order', fake.now],
        ],
      );
      assert.equal(data.counters()['dropped.trades.not_a_number'], 1);
      assert.equal(heard.up, true, 'nonsense does not take the feed down');
      assert.equal(fake.opened, 1);
    });
  });

  describe('failures of the connection', () => {
    it('a cut socket is dialled again and subscribed again, and volume starts unknown', async () => {
      const { fake, heard } = await watching();
      fake.cut('spot');
      await until('down', () => heard.up === false);
      assert.match(heard.states.at(-1)?.reason ?? '', /^spot: /);
      await until('up again', () => heard.up === true);
      assert.equal(fake.opened, 2);
      assert.equal(fake.subscribers('spot', 'orderbook.1.BTCUSDT'), 1);
      assert.equal(heard.of('BTC/USDT').at(-1)?.volume, null);
      fake.book('spot', 'BTC', { bid: '1', ask: '2', u: 9 });
      await until('a quote of the new socket', () => heard.of('BTC/USDT').at(-1)?.bid === '1');
    });

    it('a venue that restarts on its port is found again, whatever its numbers start with', async () => {
      const { fake, heard } = await watching();
      fake.book('spot', 'BTC', { bid: '50', ask: '51', u: 500 });
      await until('the quote', () => heard.of('BTC/USDT').length === 2);
      await fake.close();
      await until('down', () => heard.up === false);
      const again = await venue(['BTC', 'ETH'], ['ADA'], fake.port);
      await until('up again', () => heard.up === true);
      again.book('spot', 'BTC', { bid: '60', ask: '61', u: 2 });
      await until('a quote', () => heard.of('BTC/USDT').at(-1)?.bid === '60');
    });

    it('a socket whose pings get no answer is given up', async () => {
      const { fake, heard } = await watching(['BTC/USDT'], { ...QUICK, keepAliveMs: 40 });
      fake.deaf = true;
      await until('down', () => heard.up === false);
      fake.deaf = false;
      await until('up again', () => heard.up === true);
      assert.ok(fake.pings > 0 && fake.opened >= 2);
    });

    it('a topic that falls silent beside a live one takes the feed down and is subscribed again on the same socket', async () => {
      const { fake, heard, data } = await watching();
      const pump = keepMoving(fake, 'spot', 'BTC');
      fake.muted.add('spot orderbook.1.ETHUSDT');
      await until('down', () => heard.up === false);
      assert.match(heard.states.at(-1)?.reason ?? '', /orderbook\.1\.ETHUSDT \(crypto_spot\) is silent/);
      fake.muted.clear();
      await until('up again', () => heard.up === true);
      pump.stop();
      assert.equal(fake.opened, 1);
      assert.ok((data.counters()['topics.resubscribed'] ?? 0) >= 1);
      assert.ok(fake.requests.some(({ op, args }) => op === 'unsubscribe' && args.includes('orderbook.1.ETHUSDT')));
      assert.ok(fake.requests.every(({ op, args }) => op !== 'unsubscribe' || !args.includes('orderbook.1.BTCUSDT')));
    });

    it('a connection that falls silent as a whole is dialled again', async () => {
      const { fake, heard } = await watching(['BTC/USDT', 'ADA/USDT:USDT']);
      const pump = keepMoving(fake, 'linear', 'ADA');
      fake.muted.add('spot orderbook.1.BTCUSDT');
      await until('down', () => heard.up === false);
      await until('a new socket', () => fake.opened >= 3);
      fake.muted.clear();
      await until('up again', () => heard.up === true);
      pump.stop();
    });

    it('a market that stands still is not silent', async () => {
      const { heard } = await watching();
      await new Promise((resolve) => setTimeout(resolve, 3 * QUICK.feed.silentMs));
      assert.deepEqual(
        heard.states.map(({ up }) => up),
        [true],
      );
    });
  });

  describe('reads', () => {
    it('history is closed bars only, oldest first, over as many pages as it takes', async () => {
      const { fake, data } = await watching();
      const bars = await data.history('BTC/USDT', 1, 2500);
      const newest = Math.floor(fake.now / MINUTE_MS) - 1;
      assert.equal(bars.length, 2500);
      assert.deepEqual(bars.at(-1), { at: newest * MINUTE_MS, open: newest, high: newest + 1, low: newest - 1, close: newest + 0.5, volume: 10 });
      assert.ok(bars.every(({ at }, index) => index === 0 || at - (bars[index - 1]?.at ?? 0) === MINUTE_MS));
      assert.equal(fake.calls.filter(({ path }) => path === '/v5/market/kline').length, 3);
    });

    it('a body that never ends is given up at the deadline, and the read is tried again', async () => {
      const { fake, data } = await watching();
      fake.faults.push({ path: '/v5/market/kline', action: 'hang-body' });
      assert.equal((await data.history('BTC/USDT', 1, 5)).length, 5);
      assert.match(String(data.health().lastRestTrouble), /history: .*no whole answer within 400 ms/);
    });

    it('a venue that does not answer gives what is known, which may be nothing', async () => {
      const { fake, data } = await watching(['BTC/USDT'], { ...QUICK, history: { baseMs: 1, capMs: 1, totalMs: 20 } });
      for (let index = 0; index < 200; index++) fake.faults.push({ path: '/v5/market/kline', action: '502' });
      assert.deepEqual(await data.history('BTC/USDT', 1, 5), []);
      assert.deepEqual(await data.history('BTC/USDT', 7, 5), []);
    });

    it('RT-1 only public market endpoints are read: no order, no key, no signature', async () => {
      const { fake, data } = await watching(['BTC/USDT', 'ADA/USDT:USDT']);
      await data.history('ADA/USDT:USDT', 5, 10);
      assert.deepEqual([...new Set(fake.calls.map(({ method, path }) => `${method} ${path}`))].sort(), [
        'GET /v5/market/instruments-info',
        'GET /v5/market/kline',
        'GET /v5/market/time',
      ]);
      assert.ok(fake.calls.every(({ headers }) => !Object.keys(headers).some((name) => name.startsWith('x-bapi'))));
      assert.ok(fake.requests.every(({ op }) => op === 'subscribe'));
    });
  });
});

/** New books of one symbol, and market time with them. */
function keepMoving(fake: FakeBybit, category: 'spot' | 'linear', base: string): { stop(): void } {
  let update = 100;
  const timer = setInterval(() => {
    fake.now += 50;
    fake.book(category, base, { bid: '100', ask: '101', u: ++update });
  }, 10);
  return { stop: () => clearInterval(timer) };
}
