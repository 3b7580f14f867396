/** Every failure mode of venues/bybit.md §9 has a switch of its number, every switch says what is wrong with what it was given, and what the newer ones do. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { FAILURE_MODES } from '#venues/embedded/bybit/failure-modes.ts';
import { FAULT_NAMES } from '#venues/embedded/bybit/fault-words.ts';
import { runStandaloneVenue } from '#supervisors/standalone-venue.ts';
import type { Venue } from '#venues/embedded/venue.ts';
import { call, openStream, rowsOf } from './bybit-account.ts';
import { Reader, withVenue } from './embedded-support.ts';

interface Mode {
  readonly mode: string;
  readonly always?: true;
  readonly faults?: readonly object[];
}
const MODES = Array.from({ length: 29 }, (_, index) => index + 1);
/** The venue does so without being asked, or (18) it is no matter of the venue's. */
const ALWAYS = [16, 17, 18, 22, 28, 29];
const LINEAR = { category: 'linear', symbol: 'BTCUSDT' };
const SPOT = { category: 'spot', symbol: 'BTCUSDT' };
const UNLIMITED = { account: { limits: false } };

const create = async (venue: Venue, body: object) => (await call(venue, '/v5/order/create', body)).body;
const marketBuy = (qty: string) => ({ ...LINEAR, side: 'Buy', orderType: 'Market', qty });

describe('embedded venue: switches of the reported failure modes', () => {
  it('FM-1 to FM-29 are turned on by name, and off again where they last', () =>
    withVenue({}, async (venue) => {
      await venue.step();
      assert.deepEqual(Object.keys(FAILURE_MODES).map(Number), MODES);
      for (const number of MODES) {
        const name = `FM-${number}`;
        const { mode, always, faults = [] } = venue.fault(name) as Mode;
        assert.deepEqual([mode, always === true, faults.length > 0], [name, ALWAYS.includes(number), !ALWAYS.includes(number)]);
        if (FAILURE_MODES[number]?.off.length === 0) {
          if (always !== true) assert.throws(() => venue.fault(name, 'off'), /over by itself/);
        } else assert.equal((venue.fault(name, 'off') as Mode).faults?.length, faults.length, name);
      }
    }));

  it('whatever is asked for wrongly is refused in one sentence, and changes nothing', () =>
    withVenue({}, async (venue) => {
      await venue.step();
      const before = venue.counters().faults;
      const wrong: readonly (readonly string[])[] = [
        ...FAULT_NAMES.map((name) => [name, 'such', 'a', 'thing']),
        ...FAULT_NAMES.filter((name) => !['drop', 'restart'].includes(name)).map((name) => [name, 'nonsense']),
        ...['idle', 'skew', 'late-reply', 'code', 'http', 'silent-private', 'halt', 'filter', 'funding', 'settle', 'rate'].map((name) => [name]),
        ...[['flood'], [''], ['FM-0'], ['FM-30'], ['FM-1', 'maybe'], ['FM-1', 'on', 'now'], ['FM-8', 'off'], ['fm-1']],
        ...[
          ['drop-reply', 'order/craete'],
          ['code', 'order/create', 'x'],
          ['code', 'order/create', '-1'],
          ['http', 'order/create', '200'],
        ],
        ...[
          ['late-reply', 'order/create', '1.5'],
          ['nameless-reply', 'order/create'],
          ['idle', '0'],
          ['skew', '1e3'],
          ['silent-private', 'ON'],
        ],
        ...[
          ['rate', 'order/craete', '3'],
          ['rate', 'order/create', '0'],
          ['filter', 'linear/BTCUSDT', 'tick'],
          ['settle', 'spot/BTCUSDT'],
        ],
        ...[
          ['funding', 'linear/BTCUSDT', 'much'],
          ['funding', 'spot/BTCUSDT', '0.1'],
          ['halt', 'BTCUSDT'],
          ['mute', 'linear/tickers.BTCUSDT'],
        ],
      ];
      for (const [name = '', ...takes] of wrong) {
        assert.throws(
          () => venue.fault(name, ...takes),
          (error: unknown) => error instanceof RangeError && !error.message.includes('\n') && error.message.length > 10,
          [name, ...takes].join(' '),
        );
      }
      assert.equal(venue.counters().faults, before);
      assert.equal((await create(venue, { ...marketBuy('0.01'), orderLinkId: 'all-is-well' })).retCode, 0);
    }));
});

describe('the embedded venue by itself: switches as lines of standard input', () => {
  it('every failure mode by its number, and one clear error for what is none', async () => {
    const running = await runStandaloneVenue({ play: { kind: 'synthetic' }, tws: {}, seed: '1', port: 0, speed: 1 });
    try {
      for (const number of MODES) assert.equal((running.command(`bybit FM-${number}`) as Mode).mode, `FM-${number}`);
      assert.deepEqual(running.command('bybit FM-30'), { error: 'no failure mode FM-30; there are FM-1 to FM-29' });
      assert.deepEqual(running.command('bybit skew soon'), { error: '"soon": must be a whole number up to 86400000' });
    } finally {
      await running.stop();
    }
  });
});

describe('embedded venue: what the switches do', () => {
  it('freeze repeats a book as it was, with its time, until it is thawed or asked for anew', () =>
    withVenue({ play: { kind: 'synthetic', symbols: [SPOT] } }, async (venue) => {
      const reader = await Reader.open(`${venue.info().ws}/v5/public/spot`);
      await reader.ask({ op: 'subscribe', args: ['orderbook.1.BTCUSDT'] });
      const books = () => reader.frames.filter(({ topic }) => topic === 'orderbook.1.BTCUSDT');
      const more = async (): Promise<void> => {
        const count = books().length;
        while (books().length < count + 3) {
          await venue.step();
          await reader.ask({ op: 'ping' });
        }
      };
      await more();
      venue.fault('freeze', 'spot/orderbook.1.BTCUSDT');
      const frozen = venue.info().now;
      await more();
      const last = books().slice(-3);
      assert.deepEqual(new Set(last.map(({ ts }) => ts)), new Set([frozen]));
      assert.deepEqual(last[0]?.data, last[2]?.data);
      venue.fault('thaw');
      await more();
      assert.ok(Number(books().at(-1)?.ts) > frozen);
      venue.fault('freeze');
      assert.equal((await reader.ask({ op: 'subscribe', args: ['orderbook.1.BTCUSDT'] })).success, true);
      await more();
      assert.equal(books().at(-1)?.ts, venue.info().now);
      reader.close();
    }));

  it('subscribe-lag: what happens before the acknowledgement is not heard of', () =>
    withVenue(UNLIMITED, async (venue) => {
      await venue.step();
      const stream = await openStream(venue, '/v5/private');
      await stream.ask({ op: 'unsubscribe', args: ['order', 'execution', 'position', 'wallet'] });
      venue.fault('subscribe-lag', '30');
      stream.say({ op: 'subscribe', args: ['order'], req_id: 'late' });
      assert.equal((await create(venue, { ...marketBuy('0.01'), orderLinkId: 'missed' })).retCode, 0);
      await stream.until(({ frames }) => frames.some(({ req_id: id }) => id === 'late'));
      await create(venue, { ...marketBuy('0.01'), orderLinkId: 'heard' });
      await stream.until(({ texts }) => texts.some((text) => text.includes('"heard"')));
      assert.ok(!stream.texts.some((text) => text.includes('"missed"')));
      stream.close();
    }));

  it('two-way: the account keeps long and short apart, where it has neither', () =>
    withVenue(UNLIMITED, async (venue) => {
      await venue.step();
      venue.fault('two-way', 'on');
      const refused = await create(venue, { ...marketBuy('0.01'), positionIdx: 0 });
      assert.deepEqual([refused.retCode, refused.retMsg], [10001, 'position idx not match position mode']);
      assert.equal((await create(venue, { ...marketBuy('0.01'), positionIdx: 1 })).retCode, 0);
      const rows = rowsOf(await call(venue, '/v5/position/list', 'category=linear&symbol=BTCUSDT'));
      assert.deepEqual(
        rows.map(({ positionIdx, size }) => [positionIdx, size]),
        [
          [1, '0.01'],
          [2, '0'],
        ],
      );
      assert.throws(() => venue.fault('two-way', 'off'), /two-way: linear:BTCUSDT has a position or open orders/);
    }));

  it('thin-book: a perpetual’s market order that outgrows it is refused, a spot one ends with what there was', () =>
    withVenue({ account: { limits: false, wallet: { USDT: '100000000' } } }, async (venue) => {
      await venue.step();
      venue.fault('thin-book', 'on');
      const book = (await call(venue, '/v5/market/orderbook', 'category=linear&symbol=BTCUSDT&limit=50')).body.result;
      const [best] = book.a as readonly (readonly [string, string])[];
      assert.equal((book.a as readonly unknown[]).length, 1);
      const size = String(Math.ceil(Number(best?.[1]) + 1));
      const refused = await create(venue, marketBuy(size));
      assert.equal(refused.retCode, 10001);
      assert.match(refused.retMsg, /^buy: \[.*\] invalid$/);
      const { retCode } = await create(venue, { ...SPOT, side: 'Buy', orderType: 'Market', marketUnit: 'baseCoin', qty: '50', orderLinkId: 'part' });
      assert.equal(retCode, 0);
      const [order] = rowsOf(await call(venue, '/v5/order/realtime', 'category=spot&orderLinkId=part'));
      assert.equal(order?.orderStatus, 'PartiallyFilledCanceled');
      venue.fault('thin-book', 'off');
      assert.equal((await create(venue, marketBuy(size))).retCode, 0);
    }));

  it('settle: funding now, as an execution of the whole position', () =>
    withVenue(UNLIMITED, async (venue) => {
      await venue.step();
      await create(venue, marketBuy('0.01'));
      venue.fault('settle', 'linear/BTCUSDT');
      const [funding] = rowsOf(await call(venue, '/v5/execution/list', 'category=linear&execType=Funding'));
      assert.deepEqual([funding?.execQty, funding?.orderType], ['0.01', 'UNKNOWN']);
    }));

  it('nameless-reply: one order on the trade stream is answered without the id of its request', () =>
    withVenue(UNLIMITED, async (venue) => {
      await venue.step();
      const stream = await openStream(venue, '/v5/trade');
      venue.fault('nameless-reply');
      const ask = (reqId: string) =>
        stream.ask({ reqId, header: { 'X-BAPI-TIMESTAMP': String(Date.now()) }, op: 'order.create', args: [marketBuy('0.01')] });
      const [first, second] = [await ask('a'), await ask('b')];
      assert.deepEqual([first.retCode, 'reqId' in first, second.retCode, second.reqId], [0, false, 0, 'b']);
      stream.close();
    }));
});
