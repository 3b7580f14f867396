/** The failure modes of TWS that are about orders and fills, acted out: what is done, by the id that the mode has in the table. */
import assert from 'node:assert/strict';
import { CALL, SPY, type Scene } from '../support/tws-scene.ts';

export type Scenarios = Readonly<Record<number, (scene: Scene) => Promise<void> | void>>;

const MARKET = { orderType: 'MKT', lmtPrice: undefined };

export const ORDER_SCENARIOS: Scenarios = {
  1: async (scene) => {
    scene.arm();
    scene.place(101, { lmtPrice: 1.099 });
    await scene.client.until('orderStatus');
    scene.quote('1.0989', 2);
    scene.pass(20);
    await scene.client.settled();
    scene.client.ask('reqExecutions', 9, {});
    await scene.client.until('execDetailsEnd');
  },
  3: async (scene) => {
    scene.place(101, { orderRef: 'ours' });
    await scene.client.settled();
    scene.tws.inject('duplicate-on-modify');
    scene.arm();
    scene.place(101, { orderRef: 'ours', lmtPrice: 1.06 });
    await scene.client.settled();
    scene.tws.inject('restore-uplink', 'kept');
    scene.client.ask('reqOpenOrders');
    await scene.client.until('openOrderEnd');
    const live = scene.tws.book.live();
    assert.deepEqual(
      live.map(({ orderId, placed }) => [orderId, placed.orderRef, placed.limitPrice]),
      [
        [101, 'ours', '1.05'],
        [101, 'ours', '1.06'],
      ],
    );
    assert.notEqual(live[0]?.permId, live[1]?.permId);
  },
  4: async (scene) => {
    scene.place(101);
    await scene.client.settled();
    scene.arm();
    scene.client.ask('reqAllOpenOrders');
    scene.client.ask('reqCompletedOrders', false);
    await scene.client.until('completedOrdersEnd');
    assert.equal(scene.tws.book.live()[0]?.status, 'Submitted');
  },
  5: (scene) => {
    scene.arm();
    scene.place(101, MARKET);
  },
  6: (scene) => {
    scene.arm();
    assert.equal(scene.tws.exchange.position(12087792)?.qty, '20000');
  },
  7: async (scene) => {
    scene.arm();
    scene.place(101, MARKET);
    await scene.client.until('commissionReport');
    scene.tws.inject('no-commission');
    scene.place(102, MARKET);
  },
  8: (scene) => {
    scene.arm();
    scene.place(101);
  },
  15: (scene) => {
    scene.arm();
    scene.place(101, { tif: '' });
  },
  16: async (scene) => {
    scene.place(101);
    scene.client.ask('cancelOrder', 101);
    await scene.client.settled();
    scene.arm();
    scene.place(101);
  },
  17: async (scene) => {
    scene.place(101);
    scene.client.ask('cancelOrder', 101);
    await scene.client.settled();
    scene.arm();
    scene.client.ask('cancelOrder', 150);
    scene.client.ask('cancelOrder', 101);
  },
  20: async (scene) => {
    scene.arm();
    scene.place(101);
    await scene.client.settled();
    assert.deepEqual(scene.tws.book.live(), []);
  },
  23: async (scene) => {
    scene.arm();
    scene.place(101, { totalQuantity: 60_000 });
    scene.place(102, { totalQuantity: 30_000 });
    await scene.client.settled();
    assert.deepEqual(scene.tws.book.live(), []);
  },
  24: async (scene) => {
    scene.arm();
    scene.place(101);
    const status = await scene.client.until('orderStatus');
    assert.equal(status.at(-1), 1.0495);
  },
  25: (scene) => {
    scene.arm();
    scene.place(101, { outsideRth: true });
  },
  26: async (scene) => {
    scene.place(101, { ...MARKET, transmit: false });
    scene.place(102, { action: 'SELL', lmtPrice: 1.2, parentId: 101 });
    await scene.client.until('orderStatus', ([id, status]) => id === 102 && status === 'Submitted');
    scene.arm();
    scene.place(102, { action: 'SELL', lmtPrice: 1.3, parentId: 101 });
    await scene.client.settled();
    scene.place(102, { action: 'SELL', lmtPrice: 1.3, parentId: 0 });
    await scene.client.settled();
    assert.equal(scene.tws.book.live()[0]?.limit, '1.3');
  },
  27: async (scene) => {
    scene.place(101, { totalQuantity: 1, lmtPrice: 1 }, CALL);
    await scene.client.settled();
    scene.arm();
    scene.place(102, { totalQuantity: 1, lmtPrice: 900, action: 'SELL' }, CALL);
  },
  30: (scene) => {
    scene.arm();
    scene.place(101, { eTradeOnly: true });
  },
  31: async (scene) => {
    scene.place(101, MARKET);
    await scene.client.until('commissionReport');
    scene.arm();
    await scene.client.until('execDetails', ([, , execution]) => (execution as { liquidation: unknown }).liquidation === 1);
    assert.deepEqual(scene.tws.exchange.positions(), []);
  },
  33: async (scene) => {
    scene.arm();
    scene.place(101, { ...MARKET, orderRef: 'ours' });
    const [, , execution] = await scene.client.until('execDetails');
    assert.equal((execution as { orderRef: unknown }).orderRef, '');
  },
  34: async (scene) => {
    scene.arm();
    scene.place(101, { totalQuantity: 5000 });
    scene.place(102, { lmtPrice: 1.050001 });
    await scene.client.settled();
    assert.deepEqual(
      scene.tws.book.live().map(({ orderId }) => orderId),
      [101],
    );
  },
  35: async (scene) => {
    scene.arm();
    scene.place(101);
    scene.client.ask('reqAllOpenOrders');
    await scene.client.until('openOrderEnd');
    scene.tws.inject('answer-dialog');
  },
  36: async (scene) => {
    scene.place(101);
    await scene.client.settled();
    scene.arm();
    scene.client.ask('cancelOrder', 101);
    await scene.client.settled();
    assert.deepEqual([(await scene.story()).length, scene.tws.book.live().length], [0, 1]);
    scene.pass(120);
  },
  37: async (scene) => {
    scene.arm();
    scene.place(101, { orderRef: 'ours' });
    await scene.client.until('orderStatus', ([, , , , , , , , clientId]) => clientId === 999);
    const told = scene.client.all('openOrder').map(([, , order]) => order as { clientId: number; orderRef: string; permId: number });
    assert.deepEqual(
      told.map(({ clientId, orderRef }) => [clientId, orderRef]),
      [
        [7, 'ours'],
        [999, 'twin'],
      ],
    );
    assert.notEqual(told[0]?.permId, told[1]?.permId);
  },
  39: async (scene) => {
    scene.arm();
    scene.place(101, { action: 'SELL', totalQuantity: 10, lmtPrice: 700 }, SPY);
    await scene.client.settled();
    scene.tws.inject('locate-shares');
    await scene.client.settled();
    scene.client.ask('cancelOrder', 101);
  },
};
