/** Batches of orders: each order by itself, each counted, over REST and the trade stream, through ccxt and bybit-api. */
import assert from 'node:assert/strict';
import { RestClientV5 } from 'bybit-api';
import { describe, it } from 'mocha';
import { Cancels, type CancelBatch } from '#venues/bybit/trading/cancels.ts';
import { Turns } from '#venues/bybit/trading/turns.ts';
import type { Venue } from '#venues/embedded/venue.ts';
import { exampleOf, hasExamples, missing } from '../support/shapes.ts';
import { call, ccxtFor, openStream, rowsOf, type Ccxt, type CcxtOrder } from './bybit-account.ts';
import { withVenue } from './embedded-support.ts';

const LINEAR = { category: 'linear', symbol: 'BTCUSDT' };
const bid = (name: string, more: object = {}) => ({
  ...{ symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '0.01', price: '1000', orderLinkId: name },
  ...more,
});
const names = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `bid-${index}`);
const played = (work: (venue: Venue) => Promise<void>, params: object = {}): Promise<void> =>
  withVenue(params, async (venue) => {
    await venue.step();
    await work(venue);
  });
const unlimited = { account: { limits: false } };

type Told = readonly { readonly code: number; readonly msg: string }[];
async function batch(venue: Venue, what: string, request: readonly object[], category = 'linear') {
  const { body } = await call(venue, `/v5/order/${what}-batch`, { category, request });
  const { list = [] } = ('retExtInfo' in body ? body.retExtInfo : {}) as { readonly list?: Told };
  return { body, codes: list.map(({ code }) => code), rows: (body.result.list ?? []) as readonly Readonly<Record<string, string>>[] };
}
const open = async (venue: Venue): Promise<readonly unknown[]> =>
  rowsOf(await call(venue, '/v5/order/realtime', 'category=linear&symbol=BTCUSDT&limit=50')).map(({ orderLinkId }) => orderLinkId);

describe('embedded venue: batches', () => {
  it('each order is taken or refused by itself, in the order of the request', () =>
    played(async (venue) => {
      const made = await batch(venue, 'create', [bid('one'), bid('one'), bid('small', { qty: '0.001' }), { symbol: 'BTCUSDT' }, bid('two')]);
      assert.equal(made.body.retCode, 0);
      assert.deepEqual(made.codes, [0, 110072, 110094, 10001, 0]);
      assert.deepEqual(
        made.rows.map(({ orderId = '', createAt }) => [orderId !== '', createAt !== '']),
        [true, false, false, false, true].map((taken) => [taken, taken]),
      );
      assert.deepEqual(await open(venue), ['two', 'one']);
      const amended = await batch(venue, 'amend', [
        { symbol: 'BTCUSDT', orderLinkId: 'one', price: '1100' },
        { symbol: 'BTCUSDT', orderLinkId: 'none' },
      ]);
      assert.deepEqual(amended.codes, [0, 110001]);
      const cancelled = await batch(
        venue,
        'cancel',
        [...names(1), 'one', 'two'].map((orderLinkId) => ({ symbol: 'BTCUSDT', orderLinkId })),
      );
      assert.deepEqual(cancelled.codes, [110001, 0, 0]);
      assert.deepEqual(await open(venue), []);
    }));

  it('twenty orders of perpetuals and ten of spot are a batch; more or none are refused as a whole', () =>
    played(async (venue) => {
      assert.equal(
        (
          await batch(
            venue,
            'create',
            names(20).map((name) => bid(name)),
          )
        ).codes.length,
        20,
      );
      assert.equal(
        (
          await batch(
            venue,
            'create',
            names(21).map((name) => bid(`${name}-more`)),
          )
        ).body.retCode,
        10001,
      );
      assert.equal(
        (
          await batch(
            venue,
            'create',
            names(11).map((name) => bid(name)),
            'spot',
          )
        ).body.retCode,
        10001,
      );
      assert.equal((await batch(venue, 'create', [])).body.retCode, 10001);
      assert.equal((await open(venue)).length, 20);
    }, unlimited));

  it('RT-4 every order counts against a limit of their own: what is beyond it is refused with 10006, the others stand', () =>
    played(async (venue) => {
      const first = await batch(
        venue,
        'create',
        names(12).map((name) => bid(name)),
      );
      assert.deepEqual(first.codes, [...Array.from({ length: 10 }, () => 0), 10006, 10006]);
      assert.equal((await call(venue, '/v5/order/create', { ...LINEAR, ...bid('single') })).body.retCode, 0, 'single orders have another');
      assert.equal((await open(venue)).length, 11);
    }));

  it('the trade stream takes them too, in the shape of the documentation', () =>
    played(async (venue) => {
      const trade = await openStream(venue, '/v5/trade');
      const header = { 'X-BAPI-TIMESTAMP': String(Date.now()) };
      const args = [{ category: 'linear', request: [bid('one'), bid('one')] }];
      const answer = await trade.ask({ op: 'order.create-batch', reqId: 'b', header, args });
      assert.deepEqual(
        (answer.retExtInfo as { readonly list: Told }).list.map(({ code }) => code),
        [0, 110072],
      );
      if (hasExamples()) {
        assert.deepEqual(missing(exampleOf('websocket_trade_guideline.5.json'), answer), []);
        const { body } = await batch(venue, 'create', [bid('two')]);
        assert.deepEqual(missing(exampleOf('order_batch-place.json'), body), []);
      }
      const cancelled = await trade.ask({
        op: 'order.cancel-batch',
        reqId: 'c',
        header,
        args: [{ category: 'linear', request: [{ symbol: 'BTCUSDT', orderLinkId: 'one' }] }],
      });
      assert.equal(cancelled.retCode, 0);
      trade.close();
    }));

  it('through ccxt and through bybit-api: the same orders, placed by one and cancelled by the other', () =>
    played(async (venue) => {
      interface Batching extends Ccxt {
        createOrders(orders: readonly object[]): Promise<readonly CcxtOrder[]>;
        cancelOrders(ids: readonly string[], symbol: string): Promise<readonly CcxtOrder[]>;
      }
      const ccxt = (await ccxtFor(venue)) as Batching;
      const order = { symbol: 'BTC/USDT:USDT', type: 'limit', side: 'buy', amount: 0.01 };
      const placed = await ccxt.createOrders([
        { ...order, price: 1000, params: { clientOrderId: 'ccxt-1' } },
        { ...order, price: 1100, params: { clientOrderId: 'ccxt-2' } },
      ]);
      assert.deepEqual(
        placed.map(({ clientOrderId }) => clientOrderId),
        ['ccxt-1', 'ccxt-2'],
      );
      const api = new RestClientV5({ key: venue.keys.apiKey, secret: venue.keys.secret, baseUrl: venue.info().rest });
      const told = await api.batchCancelOrders('linear', [
        { symbol: 'BTCUSDT', orderLinkId: 'ccxt-1' },
        { symbol: 'BTCUSDT', orderLinkId: 'unknown' },
      ]);
      assert.deepEqual(
        told.retExtInfo.list.map(({ code }) => code),
        [0, 110001],
      );
      const submitted = await api.batchSubmitOrders('linear', [bid('api-1') as never]);
      await ccxt.cancelOrders([placed[1]?.id ?? '', submitted.result.list[0]?.orderId ?? ''], 'BTC/USDT:USDT');
      assert.deepEqual(await open(venue), []);
      await ccxt.close();
    }));

  it('KS-1 thirty resting perpetuals of the gateway are gone in one window and a half, by their own ids', () =>
    played(async (venue) => {
      for (const part of [names(30).slice(0, 15), names(30).slice(15)])
        await batch(
          venue,
          'create',
          part.map((name) => bid(name)),
        );
      await call(venue, '/v5/order/create', { ...LINEAR, ...bid('a-person') });
      let wall = 0;
      let asked = 0;
      const turns = new Turns(0.9, true, () => wall);
      const sent = async (path: string, body: object): Promise<unknown> => {
        asked++;
        return (await call(venue, `/v5/order/${path}`, body)).body;
      };
      const cancels = new Cancels(turns, {
        one: (body) => sent('cancel', body),
        many: (body: CancelBatch) => sent('cancel-batch', body),
        answerOf: (thrown) => ({ retCode: null, httpStatus: null, text: String(thrown) }),
      });
      const outcomes = names(30).map((orderLinkId) => cancels.cancel({ symbol: 'BTCUSDT', orderLinkId }));
      wall = 1200;
      assert.deepEqual(new Set((await Promise.all(outcomes)).map(({ kind }) => kind)), new Set(['done']));
      assert.deepEqual(await open(venue), ['a-person']);
      assert.ok(asked < 30, `${asked} requests`);
      cancels.close();
    }, unlimited));
});
