/** ST-2, ST-3: connections of TWS that break over an order (venues/ibkr "Failure modes"), and what the port makes of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CLIENT_ID } from '../support/ibkr-rig.ts';
import { held, IbkrRig, MARKET, refOf, single } from '../support/ibkr-orders-rig.ts';
import { until } from '../support/until.ts';

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

  it('RT-5 a port that starts while TWS is in its restart sends nothing, says why, and is there when TWS is', async () => {
    await IbkrRig.with(
      async (rig) => {
        rig.tws.faults.restart(null, 'nightly', null);
        const open = rig.open();
        const away = await rig.port.place(rig.resting(single));
        assert.ok(away.kind === 'rejected' && away.code === 'NOT_SENT' && /TWS cannot be used now/.test(away.text), JSON.stringify(away));
        await assert.rejects(rig.port.openOrders(), /TWS cannot be used now/);
        assert.equal(rig.resumed, 0);
        rig.tws.faults.login();
        await rig.port.caughtUp(true);
        assert.deepEqual([rig.resumed, rig.session.state.usable], [1, true]);
        await open;
        assert.equal((await rig.port.place(rig.resting(single))).kind, 'acknowledged');
        assert.equal(rig.tws.book.live().length, 1);
      },
      {},
      false,
    );
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
