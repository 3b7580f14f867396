/** RT-2: live orders at the embedded TWS, through the unmodified client library. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { price, qty } from '#trading/money/decimal.ts';
import type { Placement } from '#trading/model/live.ts';
import { CALL, IbkrRig, PAIR } from '../support/ibkr-orders-rig.ts';
import { until } from '../support/until.ts';

const refOf = ({ clientOrderId, asset, symbol }: Placement) => ({ clientOrderId, asset, symbol, venueOrderId: null });

describe('RT-2 live orders at the embedded TWS', () => {
  it('BR-2 an entry and its legs leave as one family, are acknowledged three times, and the legs wake with the fill', async () => {
    await IbkrRig.with(async (rig) => {
      const order = rig.entry();
      const placed = await rig.port.place(order);
      assert.equal(placed.kind, 'acknowledged');
      await until('the fill', () => rig.executed.length === 1);
      const [execution] = rig.executed;
      assert.deepEqual(
        [execution?.clientOrderId, execution?.qty, execution?.price, execution?.fee, execution?.leg],
        [order.clientOrderId, '20000', '1.10005', '2', null],
      );
      const open = await rig.port.openOrders();
      assert.deepEqual(
        open.map(({ clientOrderId, parentId, leg, side, status, qty: size }) => [clientOrderId, parentId, leg, side, status, size]),
        [
          [null, order.clientOrderId, 'take_profit', 'sell', 'open', '20000'],
          [null, order.clientOrderId, 'stop_loss', 'sell', 'open', '20000'],
        ],
      );
      const found = await rig.port.lookup(refOf(order));
      assert.ok(found.kind === 'found');
      assert.deepEqual([found.order.status, found.order.cumQty, found.executions], ['filled', '20000', rig.executed]);
      assert.deepEqual(await rig.port.positions(), [{ asset: 'forex', symbol: PAIR, side: 'buy', qty: '20000', averagePrice: '1.10005' }]);
      assert.ok(placed.kind === 'acknowledged' && placed.venueOrderId === found.order.venueOrderId);
    });
  });

  it('BR-2 a leg that fills is an execution of its entry, and its sister is cancelled by TWS', async () => {
    await IbkrRig.with(async (rig) => {
      const order = rig.call();
      await rig.port.place(order);
      await until('the entry', () => rig.executed.length === 1);
      rig.quoteCall('18.05', '18.15');
      await until('the profit', () => rig.executed.length === 2);
      await rig.port.caughtUp();
      const profit = rig.executed[1];
      assert.deepEqual(
        [profit?.clientOrderId, profit?.parentId, profit?.leg, profit?.side, profit?.price, profit?.fee],
        [null, order.clientOrderId, 'take_profit', 'sell', '18', '1.3'],
      );
      assert.deepEqual(
        rig.reported.filter(({ leg }) => leg === 'stop_loss').map(({ status }) => status),
        ['open', 'cancelled'],
        'never rejected',
      );
      assert.deepEqual(await rig.port.positions(), []);
      assert.deepEqual(rig.live(), []);
    });
  });

  it('an exit joins the group of the legs: its fill ends them, and nothing is left that could open a position', async () => {
    await IbkrRig.with(async (rig) => {
      const order = rig.entry();
      await rig.port.place(order);
      await until('the entry', () => rig.executed.length === 1);
      const closing = rig.exit(order);
      assert.equal((await rig.port.place(closing)).kind, 'acknowledged');
      await until('the exit', () => rig.executed.length === 2);
      await rig.port.caughtUp();
      assert.equal(rig.executed[1]?.clientOrderId, closing.clientOrderId);
      assert.deepEqual(rig.live(), []);
      assert.deepEqual(
        rig.reported.filter(({ status }) => status === 'rejected'),
        [],
      );
      assert.deepEqual(await rig.port.positions(), []);
    });
  });

  it('BR-2 an entry that fills in part is over at once, its legs are taken back, and its naked rest is told', async () => {
    await IbkrRig.with(async (rig) => {
      rig.quote('1.1', '1.10005', '8000');
      const order = rig.entry();
      assert.equal((await rig.port.place(order)).kind, 'acknowledged');
      await until('the part', () => rig.executed.length === 1);
      await rig.port.caughtUp();
      assert.equal(rig.executed[0]?.qty, '8000');
      const lost = rig.reported.filter(({ leg, status }) => leg === 'stop_loss' && status === 'rejected');
      assert.equal(lost.length, 1, JSON.stringify(rig.reported));
      assert.match(lost[0]?.reason ?? '', /its position is not/);
      assert.deepEqual(rig.live(), []);
      const found = await rig.port.lookup(refOf(order));
      assert.ok(found.kind === 'found' && found.order.status === 'cancelled' && found.order.cumQty === '8000');
    });
  });

  it('a resting entry is cancelled with its family; a second cancel finds it gone', async () => {
    await IbkrRig.with(async (rig) => {
      const order = rig.resting();
      assert.equal((await rig.port.place(order)).kind, 'acknowledged');
      assert.equal(rig.live().length, 3);
      assert.deepEqual(await rig.port.cancel(refOf(order)), { kind: 'done' });
      await rig.port.caughtUp();
      assert.deepEqual(rig.live(), []);
      assert.deepEqual(await rig.port.cancel(refOf(order)), { kind: 'gone' });
      assert.deepEqual(
        rig.reported.filter(({ status }) => status === 'rejected'),
        [],
        'nothing was held',
      );
    });
  });

  it('amended legs keep their ids, and what TWS refuses of it is said', async () => {
    await IbkrRig.with(async (rig) => {
      const order = rig.entry();
      await rig.port.place(order);
      await until('the entry', () => rig.executed.length === 1);
      assert.deepEqual(await rig.port.amend(refOf(order), { takeProfit: price('1.13'), stopLoss: price('1.09') }), { kind: 'done' });
      const legs = rig.tws.book.live().map(({ limit, stop }) => limit ?? stop);
      assert.deepEqual(legs, ['1.13', '1.09']);
      const refused = await rig.port.amend(refOf(order), { takeProfit: price('1.130001'), stopLoss: price('1.09') });
      assert.ok(refused.kind === 'rejected' && refused.code === '110', JSON.stringify(refused));
      assert.equal(rig.live().length, 2);
    });
  });

  it('what TWS refuses is rejected with its code, and leaves nothing behind', async () => {
    await IbkrRig.with(async (rig) => {
      const answers = [
        await rig.port.place(rig.entry({ pricing: { type: 'limit', price: price('1.100001') } })),
        await rig.port.place(rig.entry({ bracket: { takeProfit: price('1.120001'), stopLoss: price('1.08') } })),
        await rig.port.place(rig.entry({ bracket: { takeProfit: price('1.12'), stopLoss: price('1.080001') } })),
        await rig.port.place(rig.call({ qty: qty('100000') })),
      ];
      const codes = answers.map((answer) => (answer.kind === 'rejected' ? answer.code : answer.kind));
      assert.equal(codes[0], '110');
      assert.equal(codes[2], '110', 'a stop that is refused takes its family with it');
      assert.equal(codes[3], '201');
      await rig.port.caughtUp();
      // The second: the parent was taken with one leg only; whichever came first, no position is left without a stop that nobody knows of.
      assert.deepEqual(rig.live(), []);
      assert.equal((await rig.port.openOrders()).length, 0);
    });
  });

  it('below the minimum of IDEALPRO it works all the same, with a warning', async () => {
    await IbkrRig.with(async (rig) => {
      assert.equal((await rig.port.place(rig.entry({ qty: qty('1000') }))).kind, 'acknowledged');
      await until('the fill', () => rig.executed.length === 1);
    });
  });

  it('an unknown symbol, a closed uplink and a reset window send nothing at all', async () => {
    await IbkrRig.with(async (rig) => {
      const before = rig.tws.counters().orderRequests;
      const unknown = await rig.port.place(rig.entry({ symbol: 'GBP/USD' }));
      assert.deepEqual([unknown.kind, unknown.kind === 'rejected' && unknown.text], ['rejected', 'GBP/USD is not configured for live orders']);
      rig.tws.faults.loseUplink();
      await until('the loss', () => !rig.session.state.usable);
      const away = await rig.port.place(rig.entry());
      assert.ok(away.kind === 'rejected' && /TWS cannot be used now: 1100/.test(away.text), JSON.stringify(away));
      rig.tws.faults.restoreUplink('kept');
      await rig.again('the uplink');
      // 23:45 in New York, 13 hours and three quarters later.
      rig.tws.advance(rig.tws.now + 13.75 * 3_600_000);
      const late = await rig.port.place(rig.entry());
      assert.ok(late.kind === 'rejected' && /nightly restart/.test(late.text), JSON.stringify(late));
      assert.equal(rig.tws.counters().orderRequests, before);
    });
  });

  it('wallet and balances are in USD and by currency', async () => {
    await IbkrRig.with(async (rig) => {
      assert.deepEqual(await rig.port.wallet(), { equity: '1000000', available: '1000000' });
      await rig.port.place(rig.entry());
      await until('the fill', () => rig.executed.length === 1);
      const balances = new Map((await rig.port.balances()).map(({ currency, total }) => [currency, total]));
      assert.equal(balances.get('EUR'), '20000');
      assert.equal(balances.get('USD'), '977997');
      const { available, equity } = await rig.port.wallet();
      assert.ok(Number(available) < Number(equity));
      assert.equal(CALL.symbol.length > 0, true);
    });
  });
});
