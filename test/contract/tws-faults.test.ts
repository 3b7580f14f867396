/** The failure modes of TWS that users have met, as switches and events of the embedded one. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { price } from '#trading/money/decimal.ts';
import { EUR, RawClient, START, story, withTws } from './tws-support.ts';
import type { EmbeddedTws } from '#venues/embedded/tws/tws.ts';

function quote(tws: EmbeddedTws, bid: string, ask: string, seconds: number): void {
  tws.quote('EUR.USD', bid, ask, '1000000', '1000000', START + seconds * 1000);
}

async function ready(tws: EmbeddedTws, clientId = 7): Promise<RawClient> {
  quote(tws, '1.1', '1.10005', 1);
  const client = await RawClient.start(tws, clientId);
  client.forget();
  return client;
}

describe('embedded TWS: faults', () => {
  it('1100 holds back what fills meanwhile and delivers it before 1102; with data lost 1101 leaves no subscription', async () => {
    await withTws({}, async (tws) => {
      const client = await ready(tws);
      client.place(101, { limitPrice: '1.099' });
      client.ask('reqMktData', { reqId: 5, ...EUR });
      await client.until('tickPrice');
      client.forget();
      tws.faults.loseUplink();
      quote(tws, '1.0989', '1.09895', 2);
      await client.settled();
      assert.deepEqual(story(client), ['error -1 1100']);
      assert.deepEqual(client.all('tickPrice'), []);
      client.forget();
      tws.faults.restoreUplink('kept');
      await client.until('error', (row) => row['code'] === 1102);
      assert.deepEqual(
        story(client).filter((line) => !line.startsWith('o')),
        ['execDetails 101', 'commissionReport', 'error -1 1102'],
      );
      tws.faults.loseUplink();
      tws.faults.restoreUplink('lost');
      await client.until('error', (row) => row['code'] === 1101);
      assert.equal(tws.counters().lines, 0);
      client.forget();
      quote(tws, '1.2', '1.20005', 3);
      await client.settled();
      assert.deepEqual(client.all('tickPrice'), []);
    });
  });

  it('fills in an uplink that loses them are found only by asking', async () => {
    await withTws({}, async (tws) => {
      const client = await ready(tws);
      client.place(101, { limitPrice: '1.099' });
      await client.until('orderStatus');
      client.forget();
      tws.switches.uplinkLoses = true;
      tws.faults.loseUplink();
      quote(tws, '1.0989', '1.09895', 2);
      tws.faults.restoreUplink('kept');
      client.ask('reqExecutions', { reqId: 9 });
      await client.until('executionsEnd');
      assert.deepEqual(
        client.all('execDetails').map(({ reqId, orderId }) => [reqId, orderId]),
        [[9, 101]],
      );
      assert.deepEqual(client.all('orderStatus'), []);
    });
  });

  it('a modification without uplink makes a second order with a permId of its own', async () => {
    await withTws({}, async (tws) => {
      const client = await ready(tws);
      client.place(101, { limitPrice: '1.05', orderRef: 'cid' });
      await client.until('orderStatus');
      tws.switches.duplicateOnModify = true;
      tws.faults.loseUplink();
      client.place(101, { limitPrice: '1.06', orderRef: 'cid' });
      await client.settled();
      tws.faults.restoreUplink('kept');
      await client.settled();
      client.forget();
      client.ask('reqOpenOrders', {});
      await client.until('openOrderEnd');
      const shown = client.all('openOrder');
      assert.deepEqual(
        shown.map(({ orderId, orderRef, limitPrice }) => [orderId, orderRef, limitPrice]),
        [
          [101, 'cid', '1.05'],
          [101, 'cid', '1.06'],
        ],
      );
      assert.notEqual(shown[0]?.permId, shown[1]?.permId);
    });
  });

  it('a restart ends sessions, forgets the day and rolls ids back; what works, works on', async () => {
    await withTws({}, async (tws) => {
      const client = await ready(tws);
      client.place(101, { orderType: 'MKT' });
      client.place(102, { limitPrice: '1.05', orderRef: 'kept' });
      await client.until('orderStatus', (row) => row['orderId'] === 102);
      tws.faults.restart({ clientId: 7, to: 101 });
      await client.ended();
      const again = await RawClient.start(tws);
      assert.deepEqual(again.all('nextValidId'), [{ orderId: 101 }]);
      again.ask('reqExecutions', { reqId: 1 });
      again.ask('reqCompletedOrders', {});
      again.ask('reqOpenOrders', {});
      await again.until('openOrderEnd');
      assert.deepEqual([again.all('execDetails').length, again.all('completedOrder').length], [0, 0]);
      assert.deepEqual(
        again.all('openOrder').map(({ orderRef }) => orderRef),
        ['kept'],
      );
    });
  });

  it('an acknowledgement or an order is lost with its connection', async () => {
    await withTws({}, async (tws) => {
      const client = await ready(tws);
      tws.switches.dropAfterNextPlace = true;
      client.place(101, { limitPrice: '1.05' });
      await client.ended();
      assert.deepEqual(story(client), []);
      assert.deepEqual(
        tws.book.live().map(({ orderId, status }) => [orderId, status]),
        [[101, 'Submitted']],
      );
      const again = await RawClient.start(tws);
      tws.switches.swallowNextPlace = true;
      again.place(102, { limitPrice: '1.05' });
      await again.ended();
      assert.equal(tws.book.live().length, 1);
    });
  });

  it('read-only refuses with 321; too many messages get 100; a stalled TWS says nothing at all', async () => {
    await withTws({}, async (tws) => {
      const client = await ready(tws);
      tws.switches.readOnly = true;
      client.place(101, { limitPrice: '1.05' });
      await client.until('error', (row) => row['code'] === 321 && row['id'] === 101);
      tws.switches.messagesPerSecondMax = 2;
      tws.advance(START + 5000);
      for (let count = 0; count < 3; count++) client.ask('reqCurrentTime', {});
      await client.until('error', (row) => row['code'] === 100 && row['id'] === -1);
      tws.switches.messagesPerSecondMax = 0;
      await client.settled();
      client.forget();
      tws.switches.stall = true;
      client.ask('reqCurrentTime', {});
      quote(tws, '1.2', '1.20005', 6);
      const other = await RawClient.open(tws, 'nonsense');
      await other.ended();
      assert.deepEqual(client.heard, []);
      assert.equal(client.closed, false);
    });
  });

  it('another login: 10197 to every line, and no ticks until it is over', async () => {
    await withTws({}, async (tws) => {
      const client = await ready(tws);
      client.ask('reqMktData', { reqId: 5, ...EUR });
      await client.until('tickPrice');
      client.forget();
      tws.faults.competingSession(true);
      quote(tws, '1.2', '1.20005', 2);
      client.ask('reqMktData', { reqId: 6, ...EUR });
      await client.settled();
      assert.deepEqual(
        client.all('error').map(({ id, code }) => [id, code]),
        [
          [5, 10197],
          [6, 10197],
        ],
      );
      assert.deepEqual(client.all('tickPrice'), []);
      tws.faults.competingSession(false);
      quote(tws, '1.3', '1.30005', 3);
      await client.until('tickPrice');
    });
  });

  it('orders of others are seen by asking for all, and their fills by executions; the broker itself fills order -1', async () => {
    await withTws({}, async (tws) => {
      const client = await ready(tws);
      const manual = { localSymbol: 'EUR.USD', action: 'BUY', quantity: '25000', orderRef: '' } as const;
      tws.faults.foreignOrder({ ...manual, clientId: 0, orderId: 0, limit: '1.05' });
      tws.faults.foreignOrder({ ...manual, clientId: 0, orderId: -5, limit: null });
      tws.faults.foreignOrder({ ...manual, clientId: 9, orderId: 300, limit: '1.04' });
      await client.settled();
      assert.deepEqual(story(client), []);
      client.ask('reqOpenOrders', {});
      client.ask('reqAllOpenOrders', {});
      await client.settled();
      assert.deepEqual(
        client.all('openOrder').map(({ clientId, orderId }) => [clientId, orderId]),
        [
          [0, 0],
          [9, 300],
        ],
      );
      client.forget();
      tws.faults.liquidate('EUR.USD', 'SELL', '25000', '1.1');
      const execution = await client.until('execDetails');
      assert.deepEqual([execution.orderId, execution.liquidation], [-1, 1]);
      assert.deepEqual(client.codes(), [2148]);
      assert.deepEqual(tws.exchange.positions(), []);
    });
  });

  it('a corrected execution comes under the next revision, and only that is shown later', async () => {
    await withTws({}, async (tws) => {
      const client = await ready(tws);
      client.place(101, { orderType: 'MKT' });
      const { execId } = await client.until('execDetails');
      tws.faults.correctExecution(execId, price('1.09'));
      const corrected = await client.until('execDetails', (row) => row['execId'] !== execId);
      assert.equal(corrected.execId, execId.replace(/\.01$/, '.02'));
      assert.equal(corrected.price, '1.09');
      client.forget();
      client.ask('reqExecutions', { reqId: 1 });
      await client.until('executionsEnd');
      assert.deepEqual(
        client.all('execDetails').map((row) => row.price),
        ['1.09'],
      );
    });
  });

  it('statuses come twice, commissions never or first, fills silently, acknowledgements late', async () => {
    await withTws({}, async (tws) => {
      const client = await ready(tws);
      Object.assign(tws.switches, { duplicateStatus: true, noCommission: true });
      client.place(101, { limitPrice: '1.05' });
      await client.settled();
      assert.deepEqual(story(client), ['openOrder 101 Submitted', 'orderStatus 101 Submitted', 'orderStatus 101 Submitted']);
      Object.assign(tws.switches, { duplicateStatus: false, noCommission: false, commissionFirst: true, noStatusOnFill: true });
      client.forget();
      client.place(102, { orderType: 'MKT' });
      await client.settled();
      assert.deepEqual(story(client).slice(2), ['commissionReport', 'execDetails 102', 'openOrder 102 Filled', 'openOrder 102 Filled']);
      Object.assign(tws.switches, { commissionFirst: false, silentFills: true, acknowledgeAfterMs: 1000 });
      client.forget();
      client.place(103, { orderType: 'MKT' });
      await client.settled();
      assert.deepEqual(story(client), []);
      tws.advance(START + 2000);
      await client.settled();
      assert.deepEqual(story(client), ['openOrder 103 PreSubmitted', 'orderStatus 103 PreSubmitted']);
      assert.equal(tws.exchange.position(EUR.conId)?.qty, '40000');
    });
  });

  it('an assignment turns a short option into shares at once', async () => {
    await withTws({}, async (tws) => {
      tws.quote('SPY', '599.99', '600.01', '100', '100', START + 1000);
      const client = await RawClient.start(tws);
      const put = { conId: 0, symbol: 'SPY', secType: 'OPT', expiry: '20261218', strike: '600', right: 'P', exchange: 'SMART' } as const;
      client.place(101, { ...put, action: 'SELL', orderType: 'MKT', totalQuantity: '3' });
      await client.until('execDetails');
      tws.faults.assign('SPY   261218P00600000', '2');
      assert.deepEqual(
        tws.exchange.positions().map(({ contract, qty }) => [contract.localSymbol, qty]),
        [
          ['SPY   261218P00600000', '-1'],
          ['SPY', '200'],
        ],
      );
      assert.throws(() => tws.faults.assign('SPY   261218P00600000', '2'), /no short position of 2/);
    });
  });

  it('frames cut into single bytes are the same frames', async () => {
    await withTws({}, async (tws) => {
      const client = await ready(tws);
      tws.switches.fragmentBytes = 1;
      client.place(101, { limitPrice: '1.05' });
      assert.equal((await client.until('orderStatus')).status, 'Submitted');
    });
  });
});
