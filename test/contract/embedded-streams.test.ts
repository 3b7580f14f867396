import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'mocha';
import { inTempDir } from '../support/temp-dir.ts';
import { CANDLES, bar, write } from '../unit/venues/embedded/data-files.ts';
import { Reader, withVenue, type Frame } from './embedded-support.ts';

const SPOT = '/v5/public/spot';
const BTC = ['publicTrade.BTCUSDT', 'orderbook.1.BTCUSDT'];
const data = (frame: Frame | undefined) => (frame?.data ?? {}) as { u: number; b: string[][]; a: string[][] };

describe('embedded venue: public streams', () => {
  it('answers ping, subscribe, unsubscribe and mistakes as Bybit does', () =>
    withVenue({}, async (venue) => {
      const spot = await Reader.open(venue.info().ws + SPOT);
      const { conn_id: id, ...pong } = await spot.ask({ op: 'ping', req_id: '7' });
      assert.deepEqual(pong, { success: true, ret_msg: 'pong', req_id: '7', op: 'ping' });
      const { conn_id: same, ...ack } = await spot.ask({ op: 'subscribe', req_id: 'a', args: ['publicTrade.BTCUSDT'] });
      assert.deepEqual([ack, same], [{ success: true, ret_msg: 'subscribe', req_id: 'a', op: 'subscribe' }, id]);
      const many = Array.from({ length: 11 }, () => 'tickers.BTCUSDT');
      const { conn_id: _, ...refusal } = await spot.ask({ op: 'subscribe', req_id: 'b', args: many });
      assert.deepEqual(refusal, { success: false, ret_msg: 'args size >10', op: 'subscribe' });
      assert.match((await spot.ask({ op: 'subscribe', args: ['orderbook.7.BTCUSDT'] })).ret_msg ?? '', /handler not found,topic:orderbook\.7/);
      assert.match((await spot.ask({ op: 'subscribe', args: ['tickers.NOPEUSDT'] })).ret_msg ?? '', /Invalid symbol :\[tickers\.NOPEUSDT\]/);
      assert.equal((await spot.ask({ op: 'unsubscribe', args: ['publicTrade.BTCUSDT'] })).success, true);
      assert.equal(venue.counters().subscriptions, 0);
      const linear = await Reader.open(`${venue.info().ws}/v5/public/linear`);
      assert.equal((await linear.ask({ op: 'subscribe', args: [...many] })).ret_msg, '');
    }));

  it('garbage gets an error, an oversized frame a closed socket, and the venue goes on', () =>
    withVenue({}, async (venue) => {
      const reader = await Reader.open(venue.info().ws + SPOT);
      for (const garbage of [
        '{',
        'null',
        '[]',
        '"x"',
        '{"op":5}',
        '{"op":"auth"}',
        '{"op":"subscribe"}',
        '{"op":"subscribe","args":[{}]}',
        Buffer.from([0, 255, 1]),
      ]) {
        assert.equal((await reader.ask(garbage)).success, false, String(garbage));
      }
      assert.equal(venue.counters().refusedRequests, 9);
      reader.say('x'.repeat(100_000));
      await reader.until(({ closed }) => closed);
      const again = await Reader.open(venue.info().ws + SPOT);
      assert.equal((await again.ask({ op: 'ping' })).success, true);
      await assert.rejects(Reader.open(`${venue.info().ws}/v5/elsewhere`), /404/);
      (await Reader.open(`${venue.info().ws}/v5/trade`)).close();
      assert.equal(venue.counters().orderEndpointHits, 1, 'RT-1 the trade stream is an order endpoint');
    }));

  it('sends the book on subscribing, then of each step the trade before the book; times are market time', () =>
    withVenue({}, async (venue) => {
      const reader = await Reader.open(venue.info().ws + SPOT);
      reader.say({ op: 'subscribe', args: BTC });
      await reader.until(({ frames }) => frames.length === 2);
      const opening = reader.frames[1];
      assert.deepEqual([opening?.topic, data(opening).u, opening?.ts], ['orderbook.1.BTCUSDT', 1, venue.info().now]);
      let books = 0;
      for (let step = 0; step < 50; step++) {
        const from = reader.frames.length;
        const reply = await venue.step();
        await reader.until(({ frames }) => frames.length === from + 2 * reply.books);
        const topics = reader.frames.slice(from).map(({ topic }) => topic);
        assert.deepEqual(topics, reply.books === 1 ? BTC : []);
        for (const { ts, cts } of reader.frames.slice(from)) assert.deepEqual([ts, cts ?? ts], [reply.now, reply.now]);
        books += reply.books;
        if (reply.books === 1) assert.equal(data(reader.frames.at(-1)).u, 1 + books);
      }
      assert.ok(books > 20);
      assert.equal(venue.counters().frames, 2 + 2 * books);
    }));

  it('counts a book once for every socket that gets it', () =>
    withVenue({ play: { kind: 'synthetic', symbols: [{ category: 'spot', symbol: 'BTCUSDT' }] } }, async (venue) => {
      const readers = await Promise.all([1, 2, 3].map(() => Reader.open(venue.info().ws + SPOT)));
      for (const reader of readers) await reader.ask({ op: 'subscribe', args: ['orderbook.1.BTCUSDT'] });
      let replies = 0;
      for (let step = 0; step < 4; step++) replies += (await venue.step()).books;
      assert.equal(replies % 3, 0);
      assert.ok(replies >= 6);
    }));

  it('an unchanged book is pushed again after 3 s of market time, with its update number and its own time', () =>
    inTempDir((dir) => {
      const path = write(dir, 'a.csv', [CANDLES, bar(0, 100, 120, 90, 110, 4)]);
      return withVenue({ play: { kind: 'files', files: [{ path, category: 'spot', venueSymbol: 'BTCUSDT' }] } }, async (venue) => {
        const reader = await Reader.open(venue.info().ws + SPOT);
        reader.say({ op: 'subscribe', args: ['orderbook.1.BTCUSDT'] });
        await reader.until(({ frames }) => frames.length === 2);
        const { now, next } = await venue.step();
        assert.equal(next, now + 15_000);
        assert.deepEqual(venue.idle(2999), { now: now + 2999, books: 0, oldStamps: [], ended: false, next });
        assert.deepEqual(venue.idle(1), { now: now + 3000, books: 1, oldStamps: [], ended: false, next });
        assert.deepEqual(venue.idle(60_000), { now: now + 15_000, books: 1, oldStamps: [], ended: false, next }, 'never past the next step');
        await reader.until(({ frames }) => frames.length === 5);
        const pushed = reader.frames.slice(-2);
        assert.deepEqual(
          pushed.map((frame) => [data(frame).u, frame.ts, frame.cts]),
          [
            [2, now + 3000, now],
            [2, now + 15_000, now],
          ],
        );
        for (let step = 0; step < 3; step++) await venue.step();
        assert.deepEqual(await venue.step(), { now: now + 45_000, books: 0, oldStamps: [], ended: true, next: null }, 'the end keeps the clock');
      });
    }));

  it('the same seed sends the same frames', async () => {
    const play = (seed: string) =>
      withVenue({ seed }, async (venue) => {
        const reader = await Reader.open(venue.info().ws + SPOT);
        await reader.ask({ op: 'subscribe', args: [...BTC, 'tickers.BTCUSDT'] });
        for (let step = 0; step < 100; step++) await venue.step();
        const sent = venue.counters().frames;
        await reader.until(({ frames }) => frames.length === sent);
        return reader.texts.slice(1);
      });
    assert.deepEqual(await play('5'), await play('5'));
    assert.notDeepEqual(await play('5'), await play('6'));
  });

  it('cuts off a reader that does not read', () =>
    withVenue({}, async (venue) => {
      const { port, host } = new URL(venue.info().ws);
      const lazy = connect(Number(port), '127.0.0.1');
      lazy.on('error', () => undefined);
      lazy.write(
        `GET /v5/public/linear HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`,
      );
      await new Promise((resolve) => lazy.once('data', resolve));
      const request = Buffer.from(
        JSON.stringify({ op: 'subscribe', args: ['BTC', 'ETH', 'ADA', 'DOGE', 'XRP', 'WIF'].map((coin) => `orderbook.1.${coin}USDT`) }),
      );
      // A masked text frame (the mask is zero) of 126 to 65,535 bytes.
      lazy.write(Buffer.concat([Buffer.from([0x81, 0xfe, request.length >> 8, request.length & 255, 0, 0, 0, 0]), request]));
      await new Promise((resolve) => lazy.once('data', resolve));
      lazy.pause();
      for (let step = 0; step < 200_000 && venue.counters().slowClosed === 0; step++) {
        await venue.step();
        if (step % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal(venue.counters().slowClosed, 1);
      while (venue.counters().sockets > 0) await new Promise((resolve) => setImmediate(resolve));
      assert.equal((await venue.step()).books, 0);
      lazy.destroy();
    }));

  it('QS-2 injects faults: garbage, a malformed and a crossed book, a silent topic, dropped connections', () =>
    withVenue({ play: { kind: 'synthetic', symbols: [{ category: 'spot', symbol: 'BTCUSDT' }] } }, async (venue) => {
      const reader = await Reader.open(venue.info().ws + SPOT);
      await reader.ask({ op: 'subscribe', args: ['orderbook.1.BTCUSDT'] });
      const played = async (): Promise<number> => {
        const first = await venue.step();
        return first.books > 0 ? first.books : (await venue.step()).books;
      };
      for (const fault of ['garbage', 'malformed', 'crossed']) {
        venue.fault(fault);
        assert.equal(await played(), 1, `${fault} takes the place of a book and is counted as one`);
      }
      await reader.until(({ frames }) => frames.length >= 5);
      const [garbage, malformed, crossed] = reader.frames.slice(-3);
      assert.deepEqual([garbage, malformed?.data], [{}, { s: 'BTCUSDT' }]);
      assert.ok(Number(data(crossed).b[0]?.[0]) > Number(data(crossed).a[0]?.[0]));
      venue.fault('mute', 'spot/orderbook.1.BTCUSDT');
      assert.equal(await played(), 0);
      assert.equal((await reader.ask({ op: 'subscribe', args: ['orderbook.1.BTCUSDT'] })).success, true);
      assert.equal(await played(), 1, 'subscribing anew heals');
      venue.fault('mute');
      venue.fault('unmute');
      assert.equal(await played(), 1);
      assert.deepEqual(venue.fault('drop'), { fault: 'drop', target: '*', sockets: 1 });
      await reader.until(({ closed }) => closed);
      assert.throws(() => venue.fault('flood'), /no fault "flood"; there are garbage/);
      assert.throws(() => venue.fault('mute', 'spot/nothing'), /no topic "spot\/nothing"/);
      assert.equal(venue.counters().faults, 7);
    }));
});
