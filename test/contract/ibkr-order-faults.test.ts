/** ST-2, ST-3: what TWS does to orders (venues/ibkr "Failure modes"), and what the port makes of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { price, qty } from '#trading/money/decimal.ts';
import type { Placement } from '#trading/model/live.ts';
import { CLIENT_ID } from '../support/ibkr-rig.ts';
import { IbkrRig, PAIR } from '../support/ibkr-orders-rig.ts';
import { until } from '../support/until.ts';

const refOf = ({ clientOrderId, asset, symbol }: Placement) => ({ clientOrderId, asset, symbol, venueOrderId: null });
const single: Partial<Placement> = { bracket: null };
const MARKET = { type: 'market', worst: null } as const;

/** A position of 20,000 with its legs. */
async function held(rig: IbkrRig): Promise<Placement> {
  const order = rig.entry();
  await rig.port.place(order);
  await until('the entry', () => rig.executed.length === 1);
  await rig.port.caughtUp();
  return order;
}

describe('IBKR orders: connections that break', () => {
  it('ST-2 the acknowledgement is lost: unknown, then found, one order at the venue', async () => {
    await IbkrRig.with(async (rig) => {
      rig.tws.switches.dropAfterNextPlace = true;
      const order = rig.resting(single);
      const outcome = await rig.port.place(order);
      assert.ok(outcome.kind === 'unknown' && !outcome.answered, JSON.stringify(outcome));
      await rig.again('a new connection');
      const found = await rig.port.lookup(refOf(order));
      assert.ok(found.kind === 'found' && found.order.status === 'open', JSON.stringify(found));
      assert.equal(rig.tws.book.live().length, 1);
    });
  });

  it('ST-2 the acknowledgement of a market order is lost, and so is its fill: both are found, once', async () => {
    await IbkrRig.with(async (rig) => {
      rig.tws.switches.dropAfterNextPlace = true;
      const order = rig.entry({ ...single, pricing: MARKET });
      assert.equal((await rig.port.place(order)).kind, 'unknown');
      await rig.again('a new connection');
      assert.equal(rig.executed.length, 1, 'the reading of the new connection told of it');
      const found = await rig.port.lookup(refOf(order));
      assert.ok(found.kind === 'found' && found.order.status === 'filled');
      assert.deepEqual(found.executions, rig.executed);
    });
  });

  it('ST-2 the order is lost with the connection: in no list, unknown to its id, and so absent', async () => {
    await IbkrRig.with(async (rig) => {
      rig.tws.switches.swallowNextPlace = true;
      const order = rig.resting(single);
      assert.equal((await rig.port.place(order)).kind, 'unknown');
      await rig.again('a new connection');
      assert.deepEqual(await rig.port.lookup(refOf(order)), { kind: 'absent' });
      assert.deepEqual(rig.live(), []);
    });
  });

  it('ST-2 a family that broke off is held back by TWS, where no list shows it: it is discarded at the next connection', async () => {
    await IbkrRig.with(async (rig) => {
      rig.tws.switches.dropAfterNextPlace = true;
      const order = rig.resting();
      assert.equal((await rig.port.place(order)).kind, 'unknown');
      assert.equal(rig.tws.book.live().filter(({ transmitted }) => !transmitted).length, 1, 'the parent is there, held');
      await rig.again('a new connection');
      await rig.port.caughtUp();
      assert.equal(rig.tws.book.live().length, 0);
      assert.deepEqual(await rig.port.lookup(refOf(order)), { kind: 'absent' });
    });
  });

  it('ST-2 the same, and the process dies with it: the file names the ids', async () => {
    await IbkrRig.with(async (rig) => {
      rig.tws.switches.dropAfterNextPlace = true;
      const order = rig.resting();
      const placing = rig.port.place(order);
      await until('the parent', () => rig.tws.book.live().length === 1);
      await rig.port.close();
      assert.equal((await placing).kind, 'unknown');
      await rig.restart();
      await rig.port.caughtUp();
      assert.equal(rig.tws.book.live().length, 0);
      assert.deepEqual(await rig.port.lookup(refOf(order)), { kind: 'absent' });
    });
  });

  it('ST-2 legs protect the position of an entry that no list has any more: it is not asked away, and is not absent', async () => {
    await IbkrRig.with(async (rig) => {
      const order = await held(rig);
      rig.tws.faults.restart(null);
      await rig.again('after the restart');
      await rig.restart();
      const answer = await rig.port.lookup(refOf(order));
      assert.ok(answer.kind === 'unavailable' && /its legs are at the venue/.test(answer.reason), JSON.stringify(answer));
      assert.equal(rig.live().length, 2);
    });
  });

  it('ST-2 TWS starts anew over a fill that nobody heard of: its lists are empty, the position says more, and it is not absent', async () => {
    await IbkrRig.with(async (rig) => {
      // So that nobody connects between the fill and the restart.
      Object.assign(rig.tws.switches, { dropAfterNextPlace: true, clientIdHeldMs: 1000 });
      const order = rig.entry({ ...single, pricing: MARKET });
      assert.equal((await rig.port.place(order)).kind, 'unknown');
      rig.tws.faults.restart({ clientId: CLIENT_ID, to: 1 });
      rig.tws.advance(rig.tws.now + 2000);
      await rig.again('after the restart');
      assert.deepEqual([rig.executed, await rig.port.openOrders()], [[], []]);
      const answer = await rig.port.lookup(refOf(order));
      assert.ok(answer.kind === 'unavailable' && /20000 is held of contract \d+, where 0 is explained/.test(answer.reason), JSON.stringify(answer));
    });
  });

  it('ids that roll back are not believed: no id is used twice, over restarts of TWS and of the process', async () => {
    await IbkrRig.with(async (rig) => {
      const ids: number[] = [];
      for (let round = 0; round < 3; round++) {
        const order = rig.resting();
        assert.equal((await rig.port.place(order)).kind, 'acknowledged', `round ${round}`);
        ids.push(...rig.tws.book.live().map(({ orderId }) => orderId));
        await rig.port.cancel(refOf(order));
        rig.tws.faults.restart({ clientId: CLIENT_ID, to: 5 });
        await rig.again('after the restart');
        if (round === 1) await rig.restart();
      }
      assert.equal(ids.length, 9);
      assert.equal(new Set(ids).size, 9, ids.join());
    });
  });

  it('ST-3 a list of open orders that is empty ends no order, and asks none away', async () => {
    await IbkrRig.with(async (rig) => {
      const order = rig.resting();
      await rig.port.place(order);
      rig.tws.switches.emptyOpenOrders = true;
      assert.deepEqual(await rig.port.lookup(refOf(order)), { kind: 'absent' }, 'whoever was told of it hears the contradiction');
      assert.equal(rig.live().length, 3);
      assert.deepEqual(
        rig.reported.filter(({ status }) => status !== 'open'),
        [],
      );
    });
  });

  it('the order of another session with our id and our name is not ours, in whatever order TWS tells of them', async () => {
    await IbkrRig.with(async (rig) => {
      rig.tws.switches.twinOrders = true;
      const order = rig.resting(single);
      const placed = await rig.port.place(order);
      assert.equal(placed.kind, 'acknowledged');
      const open = await rig.port.openOrders();
      const ours = open.filter(({ clientOrderId }) => clientOrderId === order.clientOrderId);
      assert.deepEqual(
        ours.map(({ venueOrderId }) => venueOrderId),
        [placed.kind === 'acknowledged' && placed.venueOrderId],
      );
      assert.equal(open.length, 2, 'and the other is nobody’s');
      assert.deepEqual(await rig.port.cancel(refOf(order)), { kind: 'done' });
      assert.equal(rig.tws.book.live().length, 1);
    });
  });

  it('executions without the name of their order find it by permId', async () => {
    await IbkrRig.with(async (rig) => {
      rig.tws.switches.noOrderRef = true;
      const order = await held(rig);
      rig.quote('1.1201', '1.12015');
      await until('the profit', () => rig.executed.length === 2);
      assert.deepEqual(
        rig.executed.map(({ clientOrderId, parentId, leg }) => [clientOrderId, parentId, leg]),
        [
          [order.clientOrderId, null, null],
          [null, order.clientOrderId, 'take_profit'],
        ],
      );
    });
  });

  it('326 over the process restart: the same client id, until TWS lets go of it', async () => {
    await IbkrRig.with(async (rig) => {
      rig.tws.switches.clientIdHeldMs = 1000;
      rig.tws.faults.dropSessions();
      await until('a refusal', () => (rig.session.counters.view()['connections.ended'] ?? 0) > 2);
      const refused = await rig.port.place(rig.entry());
      assert.ok(refused.kind === 'rejected' && refused.code === 'NOT_SENT');
      rig.tws.advance(rig.tws.now + 2000);
      await rig.again('the client id');
      assert.equal((await rig.port.place(rig.resting())).kind, 'acknowledged');
    });
  });
});

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
      assert.equal(rig.tws.book.executions.all().length, 0);
      assert.equal((await rig.port.executionsSince(0)).length, 1);
      assert.equal((await rig.port.positions())[0]?.qty, qty('20000'));
      assert.equal(rig.executed.length, 1);
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
