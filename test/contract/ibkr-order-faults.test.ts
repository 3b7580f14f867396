/** ST-2, ST-3: what TWS does to orders (venues/ibkr "Failure modes"), and what the port makes of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { price, qty } from '#trading/money/decimal.ts';
import { CLIENT_ID } from '../support/ibkr-rig.ts';
import { held, IbkrRig, MARKET, PAIR, refOf, single } from '../support/ibkr-orders-rig.ts';
import { until } from '../support/until.ts';

const HOUR_MS = 3_600_000;
const ROUND_TRIP_MS_MAX = 4000;

describe('IBKR orders: servers that are away', () => {
  it('ST-3 fills of an 1100 window come with its end, each once', async () => {
    await IbkrRig.with(async (rig) => {
      const order = rig.resting();
      await rig.port.place(order);
      rig.tws.faults.loseUplink();
      await until('the loss', () => !rig.session.state.usable);
      rig.quote('1.0499', '1.04995');
      rig.tws.faults.restoreUplink('kept');
      await rig.again('the uplink');
      assert.deepEqual(
        rig.executed.map(({ clientOrderId, qty: size }) => [clientOrderId, size]),
        [[order.clientOrderId, '20000']],
      );
    });
  });

  it('ST-3 fills of an 1100 window that nobody is told of are read at its end', async () => {
    await IbkrRig.with(async (rig) => {
      const order = rig.resting();
      await rig.port.place(order);
      rig.tws.switches.uplinkLoses = true;
      rig.tws.faults.loseUplink();
      await until('the loss', () => !rig.session.state.usable);
      rig.quote('1.0499', '1.04995');
      rig.quote('1.0701', '1.07015');
      rig.tws.faults.restoreUplink('lost');
      await rig.again('the uplink');
      assert.deepEqual(
        rig.executed.map(({ clientOrderId, parentId, leg }) => [clientOrderId, parentId, leg]),
        [
          [order.clientOrderId, null, null],
          [null, order.clientOrderId, 'take_profit'],
        ],
      );
      assert.deepEqual(await rig.port.positions(), []);
      assert.deepEqual(
        rig.reported.filter(({ status }) => status === 'rejected'),
        [],
      );
    });
  });

  it('nothing is amended while the servers are away; a second order of one name is told as nobody’s', async () => {
    await IbkrRig.with(async (rig) => {
      const order = await held(rig);
      rig.tws.switches.duplicateOnModify = true;
      rig.tws.faults.loseUplink();
      await until('the loss', () => !rig.session.state.usable);
      const amended = await rig.port.amend(refOf(order), { takeProfit: price('1.13'), stopLoss: price('1.09') });
      assert.equal(amended.kind, 'unknown');
      assert.equal(rig.tws.book.live().length, 2);
      // Another program with our client id does what we do not.
      const stop = rig.tws.book.live().find(({ placed }) => placed.orderType === 'STP');
      assert.ok(stop !== undefined);
      rig.tws.book.place(CLIENT_ID, { ...stop.placed, auxPrice: '1.085', parentId: 0 });
      rig.tws.faults.restoreUplink('kept');
      await rig.again('the uplink');
      const open = await rig.port.openOrders();
      assert.deepEqual(
        open.map(({ leg, parentId }) => [leg, parentId]),
        [
          ['take_profit', order.clientOrderId],
          ['stop_loss', order.clientOrderId],
          [null, null],
        ],
      );
      assert.match(open[2]?.reason ?? '', /a second order of .*\.sl/);
      assert.equal(rig.port.health()['twins'], 1);
    });
  });
});

describe('IBKR orders: what TWS says, and does not', () => {
  it('a read-only API refuses every order with 321', async () => {
    await IbkrRig.with(async (rig) => {
      rig.tws.switches.readOnly = true;
      const answer = await rig.port.place(rig.entry());
      assert.ok(answer.kind === 'rejected' && answer.code === '321', JSON.stringify(answer));
    });
  });

  it('no callback at all: unknown at the deadline, and never sent again', async () => {
    await IbkrRig.with(async (rig) => {
      rig.tws.switches.unansweredOrders = true;
      const before = rig.tws.counters().orderRequests;
      const answer = await rig.port.place(rig.entry({ deadlineAt: rig.tws.now + 100 }));
      assert.deepEqual(answer, { kind: 'unknown', reason: 'TWS has said nothing by the deadline', answered: false });
      assert.equal(rig.tws.counters().orderRequests, before + 3);
    });
  });

  it('an acknowledgement after the deadline is a report', async () => {
    await IbkrRig.with(async (rig) => {
      rig.tws.switches.acknowledgeAfterMs = 1000;
      const order = rig.resting({ deadlineAt: rig.tws.now + 100 });
      assert.equal((await rig.port.place(order)).kind, 'unknown');
      rig.tws.advance(rig.tws.now + 2000);
      await until('the report', () => rig.reported.some(({ clientOrderId, status }) => clientOrderId === order.clientOrderId && status === 'open'));
    });
  });

  it('the commission before its execution, twice the status, no status at all: one execution with its fee', async () => {
    await IbkrRig.with(async (rig) => {
      Object.assign(rig.tws.switches, { commissionFirst: true, duplicateStatus: true, noStatusOnFill: true });
      const order = rig.entry();
      await rig.port.place(order);
      await until('the fill', () => rig.executed.length === 1);
      await rig.port.caughtUp();
      assert.deepEqual(
        rig.executed.map(({ fee }) => fee),
        ['2'],
      );
      const told = rig.reported
        .filter(({ clientOrderId }) => clientOrderId === order.clientOrderId)
        .map(({ status, cumQty }) => `${status} ${cumQty}`);
      assert.equal(new Set(told).size, told.length, told.join());
    });
  });

  it('a commission that never comes is reckoned by our own table; one that comes after that changes nothing, and is counted', async () => {
    await IbkrRig.with(async (rig) => {
      rig.tws.switches.noCommission = true;
      await rig.port.place(rig.entry());
      await rig.port.caughtUp();
      assert.deepEqual(
        rig.executed.map(({ fee }) => fee),
        ['2'],
      );
      assert.equal(rig.port.health()['feesEstimated'], 1);
      rig.tws.switches.noCommission = false;
      await rig.port.executionsSince(0);
      assert.equal(rig.executed.length, 1);
      assert.equal(rig.port.health()['feesDiffered'], 0, 'the table was right');
    });
  });

  it('a commission that comes after ours was used, and is another one, is told once', async () => {
    await IbkrRig.with(async (rig) => {
      rig.tws.switches.noCommission = true;
      await rig.port.place(rig.entry());
      await rig.port.caughtUp();
      const { executionId } = rig.executed[0] ?? assert.fail();
      for (let time = 0; time < 2; time++) rig.says('commissionReport', { execId: `${executionId}.01`, commission: 2.4, currency: 'USD' });
      assert.deepEqual(rig.fees, [{ executionId, asset: 'forex', symbol: PAIR, fee: '2.4' }]);
      assert.equal(rig.executed.length, 1);
      assert.deepEqual(
        (await rig.port.executionsSince(0)).map(({ fee }) => fee),
        ['2.4'],
      );
    });
  });

  it('ST-3 silent fills are found by whoever reads the account', async () => {
    await IbkrRig.with(async (rig) => {
      rig.tws.switches.silentFills = true;
      await rig.port.place(rig.entry({ ...single, pricing: MARKET, deadlineAt: rig.tws.now + 200 }));
      assert.equal((await rig.port.executionsSince(0)).length, 1);
      assert.equal(rig.executed.length, 1);
    });
  });

  it('a corrected execution is no second fill: it is told as nobody’s, once, under its own id', async () => {
    await IbkrRig.with(async (rig) => {
      await held(rig);
      const [execution] = rig.tws.book.executions.all();
      rig.tws.faults.correctExecution(execution?.execId ?? '', price('1.1001'));
      await until('the correction', () => rig.executed.length === 2);
      await rig.port.executionsSince(0);
      assert.equal(rig.executed.length, 2);
      const [first, second] = rig.executed;
      assert.equal(second?.executionId, `${first?.executionId}.02`);
      assert.deepEqual([second?.clientOrderId, second?.parentId, second?.price], [null, null, '1.1001']);
      assert.deepEqual(
        (await rig.port.executionsSince(0)).map(({ price: paid }) => paid),
        ['1.10005'],
        'what is booked stays what it was',
      );
    });
  });

  it('orders of a person and of another client are nobody’s here, and only their own client can cancel them', async () => {
    await IbkrRig.with(async (rig) => {
      const common = { localSymbol: 'EUR.USD', action: 'BUY', quantity: '25000', limit: '1.05' } as const;
      rig.tws.faults.foreignOrder({ ...common, clientId: 0, orderId: 0, orderRef: '' });
      rig.tws.faults.foreignOrder({ ...common, clientId: 9, orderId: 300, orderRef: `l${'z'.repeat(26)}` });
      const open = await rig.port.openOrders();
      assert.deepEqual(
        open.map(({ clientOrderId, symbol }) => [clientOrderId, symbol]),
        [
          [null, PAIR],
          [`l${'z'.repeat(26)}`, PAIR],
        ],
      );
      const [byHand, orphan] = open;
      const cancelled = await rig.port.cancel({
        clientOrderId: orphan?.clientOrderId ?? '',
        venueOrderId: orphan?.venueOrderId ?? '',
        asset: 'forex',
        symbol: PAIR,
      });
      assert.ok(
        cancelled.kind === 'rejected' && cancelled.code === 'OTHER_CLIENT' && /client 9 as 300/.test(cancelled.text),
        JSON.stringify(cancelled),
      );
      assert.equal(
        (await rig.port.cancel({ clientOrderId: 'x', venueOrderId: byHand?.venueOrderId ?? '', asset: 'forex', symbol: PAIR })).kind,
        'rejected',
      );
      assert.equal(rig.tws.book.live().length, 2);
    });
  });

  it('a liquidation by the broker is an execution of no order', async () => {
    await IbkrRig.with(async (rig) => {
      await held(rig);
      rig.tws.faults.liquidate('EUR.USD', 'SELL', '20000', '1.0999');
      await until('the liquidation', () => rig.executed.length === 2);
      const liquidation = rig.executed[1];
      assert.deepEqual([liquidation?.clientOrderId, liquidation?.parentId, liquidation?.side, liquidation?.qty], [null, null, 'sell', '20000']);
    });
  });

  it('executions that TWS forgot at its restart are kept by who heard them', async () => {
    await IbkrRig.with(async (rig) => {
      await held(rig);
      rig.tws.faults.restart(null);
      await rig.again('after the restart');
      assert.deepEqual(rig.tws.book.executions.since(rig.tws.book.executions.forgotten), []);
      assert.equal((await rig.port.executionsSince(0)).length, 1);
      assert.equal((await rig.port.positions())[0]?.qty, qty('20000'));
      assert.equal(rig.executed.length, 1);
    });
  });

  it('ST-2 an order sent is unknown as soon as the servers go, long before its deadline, and is found afterwards', async () => {
    await IbkrRig.with(async (rig) => {
      rig.tws.switches.unansweredOrders = true;
      const order = rig.resting({ ...single, deadlineAt: rig.tws.now + HOUR_MS });
      const placed = rig.port.place(order);
      await until('the sending', () => rig.port.health()['waiting'] === 1);
      await rig.session.line?.roundTrip(ROUND_TRIP_MS_MAX);
      rig.tws.faults.loseUplink();
      assert.deepEqual(await placed, { kind: 'unknown', reason: '1100: TWS has lost its servers', answered: false });
      rig.tws.faults.answerDialog();
      rig.tws.faults.restoreUplink('kept');
      await rig.again('the uplink');
      const found = await rig.port.lookup(refOf(order));
      assert.ok(found.kind === 'found' && found.order.status === 'open', JSON.stringify(found));
    });
  });

  it('a cancel under way is unknown as soon as the servers go', async () => {
    await IbkrRig.with(async (rig) => {
      const order = rig.resting(single);
      await rig.port.place(order);
      rig.tws.switches.cancelAfterMs = HOUR_MS;
      const cancelled = rig.port.cancel(refOf(order));
      await rig.session.line?.roundTrip(ROUND_TRIP_MS_MAX);
      rig.tws.faults.loseUplink();
      assert.deepEqual(await cancelled, { kind: 'unknown', reason: '1100: TWS has lost its servers' });
    });
  });

  it('a cancel that TWS does not answer is unknown, and may be asked again', async () => {
    await IbkrRig.with(async (rig) => {
      const order = rig.resting();
      await rig.port.place(order);
      rig.tws.switches.uplinkLoses = true;
      rig.tws.faults.loseUplink();
      await until('the loss', () => !rig.session.state.usable);
      assert.equal((await rig.port.cancel(refOf(order))).kind, 'unknown');
      assert.equal(rig.live().length, 3);
      rig.tws.faults.restoreUplink('kept');
      await rig.again('the uplink');
      assert.equal((await rig.port.cancel(refOf(order))).kind, 'done');
    });
  });
});
