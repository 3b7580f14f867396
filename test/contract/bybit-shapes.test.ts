import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { Venue } from '#venues/embedded/venue.ts';
import { call, openStream } from './bybit-account.ts';
import { exampleOf, hasExamples, missing } from '../support/shapes.ts';
import { withVenue } from './embedded-support.ts';

type Json = Readonly<Record<string, unknown>>;
/** Bybit lists regional taxes by name; none are levied here. */
const OPEN = ['cumFeeDetail'];

/** A filled entry with its bracket, closed in part, an order that rests and one that was cancelled. */
async function trade(venue: Venue): Promise<void> {
  const linear = { category: 'linear', symbol: 'BTCUSDT' };
  const create = (body: object) => call(venue, '/v5/order/create', { ...linear, ...body });
  await create({ side: 'Buy', orderType: 'Market', qty: '0.01', takeProfit: '1000000', stopLoss: '1000', tpslMode: 'Full' });
  await create({ side: 'Sell', orderType: 'Market', qty: '0.004', reduceOnly: true });
  await create({ side: 'Buy', orderType: 'Limit', qty: '0.01', price: '1000', orderLinkId: 'gone' });
  await call(venue, '/v5/order/cancel', { ...linear, orderLinkId: 'gone' });
  await create({ side: 'Buy', orderType: 'Limit', qty: '0.01', price: '1000', orderLinkId: 'rests' });
}

const REST: readonly (readonly [string, string, string | object])[] = [
  ['order_open-order.json', '/v5/order/realtime', 'category=linear&symbol=BTCUSDT'],
  ['order_order-list.json', '/v5/order/history', 'category=linear&symbol=BTCUSDT'],
  ['order_execution.json', '/v5/execution/list', 'category=linear&symbol=BTCUSDT'],
  ['position_position.json', '/v5/position/list', 'category=linear&symbol=BTCUSDT'],
  ['position_close-pnl.json', '/v5/position/closed-pnl', 'category=linear&symbol=BTCUSDT'],
  ['account_transaction-log.json', '/v5/account/transaction-log', 'accountType=UNIFIED&category=linear'],
  ['account_instrument.json', '/v5/account/instruments-info', 'category=linear&symbol=BTCUSDT'],
  ['account_instrument.1.json', '/v5/account/instruments-info', 'category=spot&symbol=BTCUSDT'],
  ['account_wallet-balance.json', '/v5/account/wallet-balance', 'accountType=UNIFIED'],
  ['account_account-info.json', '/v5/account/info', ''],
  ['account_fee-rate.json', '/v5/account/fee-rate', 'category=linear&symbol=BTCUSDT'],
  ['user_apikey-info.json', '/v5/user/query-api', ''],
  ['market_order-price-limit.json', '/v5/market/price-limit', 'category=linear&symbol=BTCUSDT'],
  [
    'order_create-order.json',
    '/v5/order/create',
    { category: 'spot', symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '0.01', price: '1000' },
  ],
  ['order_cancel-all.json', '/v5/order/cancel-all', { category: 'linear', symbol: 'BTCUSDT' }],
  ['position_position-mode.json', '/v5/position/switch-mode', { category: 'linear', symbol: 'ADAUSDT', mode: 3 }],
];

const TOPICS: readonly (readonly [string, string])[] = [
  ['websocket_private_order.1.json', 'order'],
  ['websocket_private_execution.1.json', 'execution'],
  ['websocket_private_fast-execution.1.json', 'execution.fast'],
  ['websocket_private_position.1.json', 'position'],
  ['websocket_private_wallet.1.json', 'wallet'],
];

describe('embedded venue: shapes of the account in Bybit’s documentation (needs ../shared/fixtures)', () => {
  before(function () {
    if (!hasExamples()) this.skip();
  });

  it('REST: every endpoint has the keys and types of its example', () =>
    withVenue({}, async (venue) => {
      await venue.step();
      await trade(venue);
      for (const [name, path, what] of REST) {
        const { body } = await call(venue, path, what);
        assert.equal(body.retCode, 0, `${path}: ${body.retMsg}`);
        assert.deepEqual(missing(exampleOf(name), body, OPEN), [], `${path} and ${name}`);
      }
    }));

  it('a spot order has no tpslMode: by that key clients tell spot from contracts', () =>
    withVenue({}, async (venue) => {
      await venue.step();
      await call(venue, '/v5/order/create', { category: 'spot', symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '0.01', price: '1000' });
      const { body } = await call(venue, '/v5/order/realtime', 'category=spot');
      const [row] = body.result.list as readonly Json[];
      assert.ok(row !== undefined && !('tpslMode' in row));
    }));

  it('private stream: every topic has the keys and types of its example', () =>
    withVenue({}, async (venue) => {
      await venue.step();
      const reader = await openStream(venue, '/v5/private');
      await reader.ask({ op: 'subscribe', args: ['execution.fast'] });
      await trade(venue);
      for (const [name, topic] of TOPICS) {
        await reader.until(({ frames }) => frames.some((frame) => frame.topic === topic));
        const frame = reader.frames.find((found) => found.topic === topic);
        assert.deepEqual(missing(exampleOf(name), frame, OPEN), [], name);
      }
      reader.close();
    }));

  it('trade stream: the answer to an order has the keys and types of its example', () =>
    withVenue({}, async (venue) => {
      await venue.step();
      const reader = await openStream(venue, '/v5/trade');
      const args = [{ category: 'linear', symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '0.01', price: '1000' }];
      const reply = await reader.ask({ op: 'order.create', reqId: '1', header: { 'X-BAPI-TIMESTAMP': String(Date.now()) }, args });
      assert.deepEqual(missing(exampleOf('websocket_trade_guideline.3.json'), reply), []);
      reader.close();
    }));
});
