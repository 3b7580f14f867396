/** The failure modes of TWS that are about sessions, restarts, farms and data, acted out: what is done, by the id that the mode has in the table. */
import assert from 'node:assert/strict';
import { CALL, EUR, type Scene } from '../support/tws-scene.ts';
import type { Scenarios } from './tws-mode-orders.ts';

async function subscribe(scene: Scene, reqId: number): Promise<void> {
  scene.client.ask('reqMktData', reqId, EUR, '', false, false);
  await scene.client.settled();
}

export const SESSION_SCENARIOS: Scenarios = {
  2: async (scene) => {
    for (const id of [101, 102, 103, 104]) scene.place(id, { lmtPrice: 1.05 });
    for (const id of [101, 102, 103, 104]) scene.client.ask('cancelOrder', id);
    await scene.client.settled();
    scene.arm();
    scene.place(105, { orderRef: 'lost' });
    await scene.client.until('disconnected');
    scene.tws.inject('restart', 'nightly');
    await scene.connect();
    scene.client.ask('reqAllOpenOrders');
    scene.client.ask('reqCompletedOrders', false);
    scene.client.ask('reqExecutions', 9, {});
    await scene.client.until('execDetailsEnd');
  },
  9: async (scene) => {
    scene.arm();
    await scene.client.until('disconnected');
    scene.dial();
    await scene.client.until('disconnected');
    scene.pass(31);
    await scene.connect();
  },
  10: async (scene) => {
    await subscribe(scene, 5);
    scene.arm();
    scene.quote('1.2', 2);
    await subscribe(scene, 6);
    scene.quote('1.3', 3);
  },
  11: async (scene) => {
    await subscribe(scene, 5);
    scene.arm();
    scene.quote('1.2', 2);
    await scene.client.settled();
    assert.equal(scene.tws.counters().lines, 0);
  },
  12: async (scene) => {
    await subscribe(scene, 5);
    scene.arm();
    scene.quote('1.2', 2);
    await scene.client.settled();
    scene.tws.inject('competing-login', 'off');
    scene.quote('1.3', 3);
  },
  13: async (scene) => {
    scene.arm();
    await scene.client.until('disconnected');
    scene.pass(86_400);
    scene.dial();
    await scene.client.until('disconnected');
    scene.tws.inject('login');
    await scene.connect();
  },
  14: async (scene) => {
    await subscribe(scene, 5);
    scene.arm();
    for (let half = 0; half < 10; half++) scene.pass(30);
    await scene.client.settled();
    assert.equal(scene.tws.counters().lines, 1);
  },
  18: async (scene) => {
    scene.client.close();
    scene.arm();
    await scene.connectAfter((client) => {
      client.ask('placeOrder', 101, EUR, { action: 'BUY', orderType: 'LMT', totalQuantity: 20_000, tif: 'GTC', lmtPrice: 1.05, transmit: true });
    });
    await scene.client.until('orderStatus');
  },
  19: (scene) => {
    scene.arm();
    scene.place(101);
  },
  21: async (scene) => {
    scene.arm();
    scene.client.ask('reqSecDefOptParams', 1, 'SPY', '', 'STK', 756733);
    await scene.client.settled();
    assert.deepEqual(await scene.story(), []);
    scene.pass(60);
    await scene.client.until('securityDefinitionOptionParameterEnd');
    scene.client.ask('reqContractDetails', 2, { ...CALL, lastTradeDateOrContractMonth: '20261211', strike: 605 });
    await scene.client.settled();
    scene.pass(60);
  },
  22: async (scene) => {
    scene.arm();
    for (let count = 0; count < 3; count++) scene.client.ask('reqMarketDataType', 1);
    await scene.client.until('disconnected');
  },
  28: async (scene) => {
    scene.arm();
    await subscribe(scene, 6);
  },
  29: async (scene) => {
    scene.arm();
    scene.client.close();
    scene.dial();
    await scene.client.until('server');
  },
  32: async (scene) => {
    scene.place(101, { orderRef: 'ours' });
    await scene.client.settled();
    scene.arm();
    await scene.client.until('disconnected');
    await scene.connect();
    scene.client.ask('reqAllOpenOrders');
    await scene.client.until('openOrderEnd');
    const [, , order] = await scene.client.until('openOrder');
    assert.equal((order as { orderRef: unknown }).orderRef, 'ours');
  },
  38: async (scene) => {
    scene.arm();
    scene.client.ask('reqContractDetails', 1, EUR);
    scene.place(101);
    await scene.client.until('orderStatus');
    scene.pass(10);
    await scene.client.until('contractDetailsEnd');
  },
  40: async (scene) => {
    scene.arm();
    await scene.client.until('disconnected');
    await scene.connect();
    await subscribe(scene, 5);
    scene.quote('1.2', 2);
    await scene.client.settled();
    scene.client.close();
    await scene.connect();
    await subscribe(scene, 5);
    scene.quote('1.3', 3);
  },
  41: async (scene) => {
    await subscribe(scene, 5);
    scene.client.ask('reqHistoricalData', 4, EUR, '', '1 D', '1 min', 'MIDPOINT', 0, 2, true);
    await scene.client.settled();
    scene.arm();
    scene.quote('1.2', 2);
    await scene.client.settled();
    scene.client.ask('cancelHistoricalData', 4);
    scene.client.ask('reqHistoricalData', 4, EUR, '', '1 D', '1 min', 'MIDPOINT', 0, 2, true);
    await scene.client.settled();
    scene.quote('1.3', 3);
  },
};
