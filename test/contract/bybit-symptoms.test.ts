/** What a client sees once a failure mode of venues/bybit.md §9 is turned on by its number: one symptom each, and none that the venue lacks. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { FAILURE_MODES } from '#venues/embedded/bybit/failure-modes.ts';
import type { Venue } from '#venues/embedded/venue.ts';
import { call, openStream, rowsOf } from './bybit-account.ts';
import { Reader, withVenue } from './embedded-support.ts';

type Row = Readonly<Record<string, unknown>>;
const LINEAR = { category: 'linear', symbol: 'BTCUSDT' };
const SPOT = { category: 'spot', symbol: 'BTCUSDT' };
const MARKET = { ...LINEAR, side: 'Buy', orderType: 'Market', qty: '0.01', orderLinkId: 'entry' };
const LIMIT = { ...LINEAR, side: 'Buy', orderType: 'Limit', qty: '0.01', price: '1000', orderLinkId: 'rests' };
const SPOT_MARKET = { ...SPOT, side: 'Buy', orderType: 'Market', marketUnit: 'baseCoin', qty: '0.01', orderLinkId: 'coins' };

const post = async (venue: Venue, path: string, body: object) => (await call(venue, path, body)).body;
const create = (venue: Venue, body: object) => post(venue, '/v5/order/create', body);
const cancel = (venue: Venue, orderLinkId: string) => post(venue, '/v5/order/cancel', { ...LINEAR, orderLinkId });
const found = async (venue: Venue, orderLinkId: string, category = 'linear'): Promise<Row | undefined> =>
  rowsOf(await call(venue, '/v5/order/realtime', `category=${category}&orderLinkId=${orderLinkId}`))[0];
const positions = async (venue: Venue) => rowsOf(await call(venue, '/v5/position/list', 'category=linear&symbol=BTCUSDT'));
const told = (reader: Reader, topic: string): readonly Row[] =>
  reader.frames.filter((frame) => frame.topic === topic).flatMap(({ data }) => data as readonly Row[]);

/** `on` turns the mode on; what comes before it is the market as it should be. */
type Symptom = (venue: Venue, on: () => void) => Promise<void>;

const lostAnswer =
  (act: (venue: Venue) => Promise<unknown>, status: string, link: string): Symptom =>
  async (venue, on) => {
    await create(venue, LIMIT);
    on();
    await assert.rejects(act(venue));
    assert.equal((await found(venue, link))?.orderStatus, status);
  };
const refusal =
  (code: number): Symptom =>
  async (venue, on) => {
    on();
    assert.equal((await create(venue, MARKET)).retCode, code);
    assert.equal(await found(venue, 'entry'), undefined);
  };

const SYMPTOMS: Readonly<Record<number, Symptom>> = {
  1: async (venue, on) => {
    const [books, own] = [await Reader.open(`${venue.info().ws}/v5/public/linear`), await openStream(venue, '/v5/private')];
    await books.ask({ op: 'subscribe', args: ['orderbook.1.BTCUSDT'] });
    await books.until(({ frames }) => frames.length >= 2);
    on();
    const { now } = venue.info();
    await create(venue, MARKET);
    while (books.frames.length < 5) {
      await venue.step();
      await books.ask({ op: 'ping' });
    }
    assert.ok(books.frames.every(({ topic, ts }) => topic === undefined || Number(ts) <= now));
    assert.equal((await own.ask({ op: 'ping' })).op, 'pong');
    assert.deepEqual(told(own, 'order'), []);
  },
  2: async (venue, on) => {
    const own = await openStream(venue, '/v5/private');
    await own.ask({ op: 'unsubscribe', args: ['order'] });
    on();
    own.say({ op: 'subscribe', args: ['order'], req_id: 'late' });
    await create(venue, MARKET);
    await own.until(({ frames }) => frames.some(({ req_id: id }) => id === 'late'));
    assert.deepEqual(told(own, 'order'), []);
  },
  3: async (venue, on) => {
    on();
    assert.equal((await create(venue, MARKET)).retCode, 0);
    assert.equal(await found(venue, 'entry'), undefined);
  },
  4: async (venue, on) => {
    const own = await openStream(venue, '/v5/private');
    await create(venue, MARKET);
    on();
    assert.equal(await found(venue, 'entry'), undefined);
    await own.until(({ closed }) => closed);
    assert.equal(rowsOf(await call(venue, '/v5/order/history', 'category=linear&orderLinkId=entry')).length, 1);
  },
  5: async (venue, on) => {
    on();
    await create(venue, { ...MARKET, stopLoss: '1000', takeProfit: '1000000' });
    const legs = rowsOf(await call(venue, '/v5/order/realtime', 'category=linear&symbol=BTCUSDT&orderFilter=StopOrder'));
    assert.deepEqual(new Set(legs.map(({ parentOrderLinkId: parent }) => parent)), new Set(['']));
  },
  6: async (venue, on) => {
    const own = await openStream(venue, '/v5/private');
    await create(venue, MARKET);
    on();
    assert.equal((await cancel(venue, 'entry')).retCode, 110001);
    const late = () => told(own, 'order').find(({ rejectReason }) => rejectReason === 'EC_OrigClOrdIDDoesNotExist');
    await own.until(() => late() !== undefined);
    assert.equal(late()?.orderStatus, 'Filled');
  },
  7: async (venue, on) => {
    await create(venue, LIMIT);
    on();
    const cancelled = cancel(venue, 'rests');
    assert.equal((await found(venue, 'rests'))?.orderStatus, 'New');
    assert.equal((await cancelled).retCode, 0);
    assert.equal((await found(venue, 'rests'))?.orderStatus, 'Cancelled');
  },
  8: lostAnswer((venue) => cancel(venue, 'rests'), 'Cancelled', 'rests'),
  9: async (venue, on) => {
    await create(venue, MARKET);
    on();
    const [funding] = rowsOf(await call(venue, '/v5/execution/list', 'category=linear&execType=Funding'));
    assert.deepEqual([funding?.execQty, (await positions(venue))[0]?.size], ['0.01', '0.01']);
  },
  10: async (venue, on) => {
    const own = await openStream(venue, '/v5/private');
    on();
    await create(venue, MARKET);
    await own.until((reader) => told(reader, 'execution').length >= 2);
    assert.equal(new Set(told(own, 'execution').map(({ execId }) => execId)).size * 2, told(own, 'execution').length);
  },
  11: async (venue, on) => {
    on();
    assert.equal((await create(venue, MARKET)).retCode, 10000);
    assert.equal((await found(venue, 'entry'))?.orderStatus, 'Filled');
  },
  12: async (venue, on) => {
    const trade = await openStream(venue, '/v5/trade');
    on();
    const header = { 'X-BAPI-TIMESTAMP': String(Date.now()) };
    assert.ok(!('reqId' in (await trade.ask({ reqId: 'mine', header, op: 'order.create', args: [MARKET] }))));
  },
  13: refusal(10006),
  14: async (venue, on) => {
    on();
    assert.equal((await create(venue, MARKET)).retCode, 10002);
    venue.fault('skew', '0');
    assert.equal(await found(venue, 'entry'), undefined);
  },
  15: async (venue, on) => {
    on();
    await create(venue, { ...SPOT_MARKET, qty: '50' });
    assert.equal((await found(venue, 'coins', 'spot'))?.orderStatus, 'PartiallyFilledCanceled');
  },
  16: async (venue) => {
    await create(venue, SPOT_MARKET);
    const [fill] = rowsOf(await call(venue, '/v5/execution/list', 'category=spot'));
    assert.equal(fill?.feeCurrency, 'BTC');
    assert.equal((await create(venue, { ...SPOT_MARKET, side: 'Sell', orderLinkId: 'all' })).retCode, 170131);
  },
  17: async (venue) => {
    assert.equal((await create(venue, { ...SPOT_MARKET, stopLoss: '1000' })).retCode, 170130);
    await create(venue, SPOT_MARKET);
    const stop = { ...SPOT, side: 'Sell', orderType: 'Market', qty: '0.009', orderFilter: 'tpslOrder', triggerPrice: '1000000', orderLinkId: 'stop' };
    assert.equal((await create(venue, stop)).retCode, 0);
    assert.equal((await found(venue, 'stop', 'spot'))?.orderStatus, 'Untriggered', 'a trigger above waits for the rise, whatever it was meant for');
  },
  18: () => Promise.resolve(),
  19: refusal(110017),
  20: refusal(10001),
  21: async (venue, on) => {
    on();
    await create(venue, { ...MARKET, side: 'Sell', positionIdx: 2 });
    assert.deepEqual(
      (await positions(venue)).map(({ side, size }) => [side, size]),
      [
        ['', '0'],
        ['Sell', '0.01'],
      ],
    );
  },
  22: async (venue) => {
    assert.equal((await create(venue, { ...MARKET, orderLinkId: 'x'.repeat(37) })).retCode, 10001);
  },
  23: lostAnswer((venue) => create(venue, MARKET), 'Filled', 'entry'),
  24: async (venue, on) => {
    on();
    const [account] = rowsOf(await call(venue, '/v5/account/wallet-balance', 'accountType=UNIFIED'));
    assert.equal(account?.totalAvailableBalance, '');
  },
  25: async (venue, on) => {
    on();
    assert.ok(!('isReduceOnly' in ((await positions(venue))[0] ?? { isReduceOnly: true })));
  },
  26: async (venue, on) => {
    on();
    await assert.rejects(create(venue, MARKET), SyntaxError, 'a page is no JSON');
    assert.equal(await found(venue, 'entry'), undefined);
  },
  27: async (venue, on) => {
    on();
    const { retCode, retMsg } = await create(venue, { ...MARKET, qty: '20' });
    assert.equal(retCode, 10001);
    assert.match(retMsg, /invalid$/);
  },
  28: async (venue) => {
    const spot = await Reader.open(`${venue.info().ws}/v5/public/spot`);
    const args = Array.from({ length: 11 }, () => 'tickers.BTCUSDT');
    assert.equal((await spot.ask({ op: 'subscribe', args })).ret_msg, 'args size >10');
  },
  29: async (venue) => {
    const leverage = { ...LINEAR, buyLeverage: '5', sellLeverage: '5' };
    assert.equal((await post(venue, '/v5/position/set-leverage', leverage)).retCode, 0);
    assert.equal((await post(venue, '/v5/position/set-leverage', leverage)).retCode, 110043);
    assert.equal((await post(venue, '/v5/position/switch-mode', { ...LINEAR, mode: 0 })).retCode, 110025);
  },
};

describe('embedded venue: the symptom of every reported failure mode', () => {
  it('none is left out', () => {
    assert.deepEqual(Object.keys(SYMPTOMS), Object.keys(FAILURE_MODES));
  });

  for (const [number, symptom] of Object.entries(SYMPTOMS)) {
    it(`FM-${number} ${FAILURE_MODES[Number(number)]?.what ?? ''}`, () =>
      withVenue({ account: { limits: false, wallet: { USDT: '100000000' } } }, async (venue) => {
        await venue.step();
        await symptom(venue, () => void venue.fault(`FM-${number}`));
      }));
  }
});
