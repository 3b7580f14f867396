/**
 * The failure modes of TWS (test/support/tws-modes.ts) through the gateway itself: the same faults by the same names, and what the live port makes of
 * them. Others are in ibkr-order-faults, ibkr-market-data and ibkr-session. What the table wants of the gateway may be more than is asserted here.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { price } from '#trading/money/decimal.ts';
import type { Placement } from '#trading/model/live.ts';
import { IbkrRig } from '../support/ibkr-orders-rig.ts';
import { MODES } from '../support/tws-modes.ts';
import { until } from '../support/until.ts';

const single: Partial<Placement> = { bracket: null };
const MARKET: Partial<Placement> = { ...single, pricing: { type: 'market', worst: null } };
const refOf = ({ clientOrderId, asset, symbol }: Placement) => ({ clientOrderId, asset, symbol, venueOrderId: null });

type Act = (rig: IbkrRig, arm: () => void) => Promise<void>;

const codeOf = async (rig: IbkrRig, order: Placement): Promise<string> => {
  const outcome = await rig.port.place(order);
  return outcome.kind === 'rejected' ? outcome.code : outcome.kind;
};
const heard = (rig: IbkrRig, what: string): number => rig.session.counters.view()[what] ?? 0;
const pass = (rig: IbkrRig, ms: number): void => rig.tws.advance(rig.tws.now + ms);

const ACTS: Readonly<Record<number, Act>> = {
  1: async (rig, arm) => {
    arm();
    const order = rig.entry(MARKET);
    await rig.port.place(order);
    await until('the loss', () => heard(rig, 'info.1100') === 1);
    assert.deepEqual(rig.executed, []);
    pass(rig, 20_000);
    await until('the fill', () => rig.executed.length > 0);
    assert.deepEqual(
      rig.executed.map(({ clientOrderId }) => clientOrderId),
      [order.clientOrderId],
    );
  },
  2: async (rig, arm) => {
    await rig.port.place(rig.resting(single));
    const used = rig.tws.book.live()[0]?.orderId ?? 0;
    arm();
    const lost = rig.resting(single);
    assert.equal((await rig.port.place(lost)).kind, 'unknown');
    rig.tws.inject('restart', 'nightly');
    await rig.again('after the restart');
    assert.equal(await codeOf(rig, rig.resting(single)), 'acknowledged');
    const ids = rig.tws.book.live().map(({ orderId }) => orderId);
    // The lost one's id is not used again, and it was not sent again.
    assert.deepEqual(ids, [used, used + 2]);
    assert.equal(
      rig.live().some((order) => order.startsWith(lost.clientOrderId)),
      false,
    );
  },
  5: async (rig, arm) => {
    arm();
    assert.equal(await codeOf(rig, rig.entry(MARKET)), 'acknowledged');
    await until('the fill', () => rig.executed.length === 1);
  },
  13: async (rig, arm) => {
    arm();
    await until('the end', () => !rig.session.state.usable);
    pass(rig, 3_600_000);
    assert.equal(await codeOf(rig, rig.entry()), 'NOT_SENT');
    rig.tws.inject('login');
    await rig.again('the login');
  },
  14: async (rig, arm) => {
    arm();
    const before = rig.session.health()['connections'];
    for (let reset = 0; reset < 3; reset++) {
      rig.tws.inject('lose-uplink');
      rig.tws.inject('restore-uplink', 'kept');
    }
    await until('the last', () => heard(rig, 'info.1102') === 3 && rig.session.state.usable);
    assert.equal(rig.session.health()['connections'], before);
  },
  15: async (rig, arm) => {
    arm();
    assert.equal(await codeOf(rig, rig.resting()), 'acknowledged');
    assert.equal(heard(rig, 'error.10349'), 0);
  },
  16: async (rig, arm) => {
    arm();
    const order = rig.resting(single);
    await rig.port.place(order);
    await rig.port.cancel(refOf(order));
    assert.equal(await codeOf(rig, rig.resting(single)), 'acknowledged');
    assert.equal(heard(rig, 'error.103'), 0);
  },
  17: async (rig, arm) => {
    arm();
    assert.deepEqual(await rig.port.cancel(refOf(rig.resting())), { kind: 'gone' });
  },
  18: async (rig, arm) => {
    arm();
    rig.tws.inject('drop-sessions');
    await until('the end', () => !rig.session.state.usable);
    assert.equal(await codeOf(rig, rig.resting()), 'NOT_SENT');
    await rig.again('the next session');
    assert.equal(rig.tws.counters().orderRequests, 0);
  },
  19: async (rig, arm) => {
    arm();
    await rig.port.place(rig.resting(single));
    await until('505', () => heard(rig, 'error.505') > 0);
    rig.tws.inject('extra-field', 'off');
    await rig.replace();
  },
  20: async (rig, arm) => {
    arm();
    assert.equal(await codeOf(rig, rig.resting()), '321');
    assert.deepEqual(rig.live(), []);
  },
  23: async (rig, arm) => {
    arm();
    assert.equal(await codeOf(rig, rig.resting({ ...single, qty: rig.entry().qty })), 'acknowledged');
    rig.tws.inject('precautionary-value', '1000');
    assert.equal(await codeOf(rig, rig.resting(single)), '451');
    rig.tws.inject('precautionary-size', '1000');
    assert.equal(await codeOf(rig, rig.resting(single)), '383');
  },
  24: async (rig, arm) => {
    arm();
    assert.equal(await codeOf(rig, rig.resting(single)), 'acknowledged');
    assert.equal(rig.port.health()['capped'], 1);
  },
  27: async (rig, arm) => {
    arm();
    const buy = rig.call({ ...single, pricing: { type: 'limit', price: price('5') } });
    assert.equal(await codeOf(rig, buy), 'acknowledged');
    assert.equal(await codeOf(rig, rig.call({ ...single, side: 'sell', pricing: { type: 'limit', price: price('50') } })), '201');
  },
  30: async (rig, arm) => {
    arm();
    await rig.port.place(rig.resting());
    assert.ok(rig.tws.book.live().every(({ placed }) => ['', '0', 'false'].includes(placed.eTradeOnly)));
  },
  32: async (rig, arm) => {
    const order = rig.resting(single);
    await rig.port.place(order);
    arm();
    await rig.again('after the restart');
    assert.deepEqual(
      (await rig.port.openOrders()).map(({ clientOrderId }) => clientOrderId),
      [order.clientOrderId],
    );
  },
  34: async (rig, arm) => {
    arm();
    // What would be refused with 110 is put on the step first; a refusal that has no status is another's.
    const offGrid = rig.resting({ ...single, pricing: { type: 'limit', price: price('1.050001') } });
    assert.equal(await codeOf(rig, offGrid), 'acknowledged');
    assert.deepEqual(
      rig.tws.book.live().map(({ limit }) => limit),
      ['1.05'],
    );
    rig.tws.switches.readOnly = true;
    assert.equal(await codeOf(rig, rig.resting(single)), '321');
    assert.equal(rig.live().length, 1);
  },
  35: async (rig, arm) => {
    arm();
    const order = rig.resting({ ...single, deadlineAt: rig.tws.now + 100 });
    assert.equal((await rig.port.place(order)).kind, 'unknown');
    rig.tws.inject('answer-dialog');
    await until('the report', () => rig.reported.some(({ clientOrderId, status }) => clientOrderId === order.clientOrderId && status === 'open'));
    assert.equal(rig.tws.counters().orderRequests, 1);
  },
  36: async (rig, arm) => {
    const order = rig.resting(single);
    await rig.port.place(order);
    arm();
    assert.equal((await rig.port.cancel(refOf(order))).kind, 'unknown');
    assert.equal(rig.live().length, 1);
    pass(rig, 120_000);
    await until('the cancel', () => rig.reported.some(({ status }) => status === 'cancelled'));
  },
  39: async (rig, arm) => {
    const order = rig.resting(single);
    await rig.port.place(order);
    arm();
    assert.deepEqual(await rig.port.cancel(refOf(order)), { kind: 'done' });
  },
};

describe('the reported failure modes of TWS, through the gateway', () => {
  for (const mode of MODES) {
    const act = ACTS[mode.id];
    if (act === undefined) continue;
    it(`${mode.id}. ${mode.title}`, () =>
      IbkrRig.with((rig) =>
        act(rig, () => {
          for (const [name, target, value] of mode.faults) rig.tws.inject(name, target, value);
        }),
      ));
  }
});
