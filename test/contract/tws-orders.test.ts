/** Orders over the wire of the embedded TWS: who is told what, and in which order. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { FILLED_AT_ONCE } from '../support/tws-modes.ts';
import { RawClient, START, story, withTws } from './tws-support.ts';
import type { EmbeddedTws } from '#venues/embedded/tws/tws.ts';

const SECOND = 1000;

function quote(tws: EmbeddedTws, bid: string, ask: string, seconds: number, size = '1000000'): void {
  tws.quote('EUR.USD', bid, ask, size, size, START + seconds * SECOND);
}

async function bracket(client: RawClient): Promise<void> {
  client.place(101, { limitPrice: '1.0995', orderRef: 'cid', transmit: false });
  client.place(102, { action: 'SELL', limitPrice: '1.105', orderRef: 'cid-tp', parentId: 101, transmit: false });
  client.place(103, { action: 'SELL', orderType: 'STP', auxPrice: '1.09', orderRef: 'cid-sl', parentId: 101 });
  await client.until('orderStatus', (row) => row['orderId'] === 103);
}

describe('embedded TWS: orders', () => {
  it('a bracket is acknowledged three times, its legs held as children in one group', async () => {
    await withTws({}, async (tws) => {
      quote(tws, '1.1', '1.10005', 1);
      const client = await RawClient.start(tws);
      client.forget();
      await bracket(client);
      const acknowledged = client.all('orderStatus').map(({ orderId, status, whyHeld }) => [orderId, status, whyHeld]);
      assert.deepEqual(acknowledged, [
        [101, 'Submitted', ''],
        [102, 'PreSubmitted', 'child'],
        [103, 'PreSubmitted', 'child,trigger'],
      ]);
      const [parent, profit, stop] = client.all('openOrder');
      assert.equal(profit?.ocaGroup, String(parent?.permId));
      assert.equal(stop?.ocaGroup, profit?.ocaGroup);
      assert.deepEqual([parent?.orderRef, profit?.orderRef, stop?.orderRef], ['cid', 'cid-tp', 'cid-sl']);
      assert.equal(new Set([parent?.permId, profit?.permId, stop?.permId]).size, 3);
    });
  });

  it('the legs wake when the parent fills, and the profit taken cancels the stop with 202', async () => {
    await withTws({}, async (tws) => {
      quote(tws, '1.1', '1.10005', 1);
      const client = await RawClient.start(tws);
      await bracket(client);
      client.forget();
      quote(tws, '1.0994', '1.09945', 2);
      await client.until('orderStatus', (row) => row['orderId'] === 103 && row['whyHeld'] === 'trigger');
      assert.equal((await client.until('execDetails')).price, '1.0995', 'a resting limit trades at its own price');
      client.forget();
      quote(tws, '1.1051', '1.10515', 3);
      await client.until('error', (row) => row['code'] === 202 && row['id'] === 103);
      assert.deepEqual(
        story(client).filter((line) => line.endsWith('103 Cancelled') || line.startsWith('execDetails')),
        ['execDetails 102', 'orderStatus 103 Cancelled'],
      );
      assert.deepEqual(tws.exchange.positions(), []);
    });
  });

  it('a market order is spoken of as TWS was recorded: openOrder, status, execution, twice filled, commission', async () => {
    await withTws({}, async (tws) => {
      quote(tws, '1.1', '1.10005', 1);
      const client = await RawClient.start(tws);
      client.forget();
      client.place(101, { orderType: 'MKT' });
      const report = await client.until('commissionReport');
      assert.deepEqual(story(client), FILLED_AT_ONCE);
      const execution = await client.until('execDetails');
      assert.equal(execution.reqId, -1);
      assert.equal(execution.side, 'BOT');
      assert.equal(execution.price, '1.10005');
      assert.match(execution.time, /^20261124 10:00:01 US\/Eastern$/);
      assert.equal(report.execId, execution.execId);
      assert.equal(report.commission, '2', 'the minimum of IDEALPRO');
      assert.equal(report.realised, null, 'nothing was closed');
    });
  });

  it('a held order is told of to nobody; its cancel is 202 and 161; sent again with transmit it works', async () => {
    await withTws({}, async (tws) => {
      quote(tws, '1.1', '1.10005', 1);
      const client = await RawClient.start(tws);
      client.forget();
      client.place(101, { limitPrice: '1.05', transmit: false });
      client.ask('reqAllOpenOrders', {});
      await client.until('openOrderEnd');
      assert.deepEqual(story(client), []);
      client.ask('cancelOrder', { orderId: 101 });
      await client.until('error', (row) => row['code'] === 161);
      assert.deepEqual(story(client), ['error 101 202', 'error 101 161']);
      client.place(102, { limitPrice: '1.05', transmit: false });
      client.place(102, { limitPrice: '1.051', transmit: true });
      assert.equal((await client.until('openOrder')).limitPrice, '1.051');
      assert.equal(tws.book.live().length, 1);
    });
  });

  it('a group reduces by what one member fills, and what is left of it is cancelled at its full fill', async () => {
    await withTws({}, async (tws) => {
      quote(tws, '1.1', '1.10005', 1);
      const client = await RawClient.start(tws);
      client.place(101, { action: 'SELL', limitPrice: '1.105', totalQuantity: '50000', ocaGroup: 'g', ocaType: 3 });
      client.place(102, { action: 'SELL', orderType: 'STP', auxPrice: '1.09', totalQuantity: '50000', ocaGroup: 'g', ocaType: 3 });
      await client.until('orderStatus', (row) => row['orderId'] === 102);
      client.forget();
      quote(tws, '1.1051', '1.10515', 2, '20000');
      await client.until('openOrder', (row) => row['orderId'] === 102);
      assert.equal(client.all('openOrder').at(-1)?.totalQuantity, '30000');
      quote(tws, '1.1051', '1.10515', 3, '30000');
      await client.until('error', (row) => row['code'] === 202);
      assert.equal(client.all('orderStatus').find(({ orderId }) => orderId === 102 && true)?.status, 'PreSubmitted');
      assert.equal(client.all('orderStatus').at(-1)?.status, 'Cancelled');
      assert.equal(tws.exchange.position(12087792)?.qty, '-50000');
    });
  });

  it('refusals carry the codes of TWS', async () => {
    await withTws({}, async (tws) => {
      quote(tws, '1.1', '1.10005', 1);
      tws.quote('SPY', '599.99', '600.01', '100', '100', START + SECOND);
      const client = await RawClient.start(tws);
      client.forget();
      const option = { conId: 0, symbol: 'SPY', secType: 'OPT', expiry: '20261218', strike: '600', right: 'C', multiplier: '100', exchange: 'SMART' };
      client.place(101, { ...option, strike: '1', limitPrice: '1' });
      client.place(102, { limitPrice: '1.050001' });
      client.place(103, { limitPrice: '1.05', parentId: 99 });
      client.place(104, { ...option, limitPrice: '20', totalQuantity: '100000' });
      client.place(105, { limitPrice: '1.05', totalQuantity: '1000' });
      client.place(50, { limitPrice: '1.05' });
      client.place(106, { orderType: 'MKT' });
      client.place(106, { orderType: 'MKT' });
      client.place(107, { limitPrice: '1.05', totalQuantity: '0' });
      client.ask('cancelOrder', { orderId: 106 });
      client.ask('cancelOrder', { orderId: 9999 });
      client.place(108, { limitPrice: '1.05', outsideRth: true });
      await client.settled();
      assert.deepEqual(
        client.all('error').map(({ id, code }) => [id, code]),
        [
          [101, 200],
          [102, 110],
          [103, 135],
          [104, 201],
          [105, 399],
          [50, 103],
          [106, 104],
          [107, 434],
          [106, 10148],
          [9999, 10147],
          [108, 2109],
        ],
      );
      assert.deepEqual(
        tws.book.live().map(({ orderId }) => orderId),
        [105, 108],
        'a warning does not stop an order',
      );
    });
  });

  it('a what-if shows margin and commission, places nothing and has no status', async () => {
    await withTws({}, async (tws) => {
      quote(tws, '1.1', '1.10005', 1);
      const client = await RawClient.start(tws);
      client.forget();
      client.place(101, { orderType: 'MKT', whatIf: true });
      const shown = await client.until('openOrder');
      await client.settled();
      assert.equal(shown.whatIf, true);
      assert.equal(shown.initMarginBefore, '0');
      assert.equal(shown.initMarginChange, shown.initMarginAfter);
      assert.ok(Number(shown.initMarginAfter) > 600 && Number(shown.initMarginAfter) < 700, shown.initMarginAfter ?? '');
      assert.equal(shown.commission, '2');
      assert.deepEqual(client.all('orderStatus'), []);
      assert.deepEqual(tws.book.live(), []);
    });
  });

  it('what has ended is found by completed orders without its id, and by executions with all of it', async () => {
    await withTws({}, async (tws) => {
      quote(tws, '1.1', '1.10005', 1);
      const client = await RawClient.start(tws);
      client.place(101, { orderType: 'MKT', orderRef: 'one' });
      client.place(102, { limitPrice: '1.05', orderRef: 'two' });
      client.ask('reqGlobalCancel', {});
      client.ask('reqCompletedOrders', { apiOnly: false });
      await client.until('completedOrdersEnd');
      const ended = client.all('completedOrder').map(({ orderRef, status, filledQuantity }) => [orderRef, status, filledQuantity]);
      assert.deepEqual(ended, [
        ['one', 'Filled', '20000'],
        ['two', 'Cancelled', '0'],
      ]);
      client.ask('reqExecutions', { reqId: 9, side: 'BUY' });
      client.ask('reqExecutions', { reqId: 10, side: 'SELL' });
      client.ask('reqExecutions', { reqId: 11, clientId: 8 });
      client.ask('reqExecutions', { reqId: 12, time: '20261124 10:01:00' });
      await client.until('executionsEnd', (row) => row['reqId'] === 12);
      const asked = client.all('execDetails').filter(({ reqId }) => reqId > 0);
      assert.deepEqual(
        asked.map(({ reqId, orderId, orderRef }) => [reqId, orderId, orderRef]),
        [[9, 101, 'one']],
      );
    });
  });

  it('a trailing stop follows the market and never goes back; a day order ends at 17:00 in New York', async () => {
    await withTws({}, async (tws) => {
      quote(tws, '1.1', '1.10005', 1);
      const client = await RawClient.start(tws);
      client.place(101, { action: 'SELL', orderType: 'TRAIL', auxPrice: '0.001', timeInForce: 'DAY' });
      client.place(102, { limitPrice: '1.05', timeInForce: 'DAY' });
      await client.until('orderStatus', (row) => row['orderId'] === 102);
      quote(tws, '1.103', '1.10305', 2);
      quote(tws, '1.1025', '1.10255', 3);
      assert.equal(tws.book.live().length, 2);
      quote(tws, '1.102', '1.10205', 4);
      assert.equal((await client.until('execDetails')).price, '1.102');
      tws.advance(Date.UTC(2026, 10, 24, 21, 59, 59));
      assert.deepEqual(
        tws.book.live().map(({ orderId }) => orderId),
        [102],
      );
      tws.advance(Date.UTC(2026, 10, 24, 22, 0, 0));
      await client.until('error', (row) => row['id'] === 102 && row['code'] === 202);
    });
  });
});
