import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Placement } from '#trading/model/live.ts';
import { price, qty } from '#trading/money/decimal.ts';
import { familyOf } from '#venues/ibkr/trading/family.ts';
import { groupOf, legRef, namedBy } from '#venues/ibkr/trading/names.ts';
import { isOwnOrderId } from '#trading/execution/order-names.ts';

const ID = `l${'0'.repeat(25)}1`;
const entry: Placement = {
  ...{ clientOrderId: ID, asset: 'forex', symbol: 'EUR/USD', side: 'buy', purpose: 'entry', qty: qty('20000') },
  ...{ pricing: { type: 'market', worst: price('1.1005') }, bracket: { takeProfit: price('1.12'), stopLoss: price('1.08') } },
  ...{ reduceOnly: false, deadlineAt: 0 },
};

function sent(placement: Placement, group: string | null = null) {
  let next = 100;
  return familyOf(placement, { account: 'DU1', group, nextId: () => next++ });
}

describe('IBKR: a placement as TWS takes it', () => {
  it('BR-2 an entry is a family: only the last order transmits, both legs hang on it and on each other', () => {
    const family = sent(entry);
    assert.deepEqual(
      family.map(({ orderId, order }) => [
        orderId,
        order.action,
        order.orderType,
        order.lmtPrice ?? order.auxPrice,
        order.tif,
        order.parentId,
        order.transmit,
      ]),
      [
        [100, 'BUY', 'LMT', 1.1005, 'IOC', 0, false],
        [101, 'SELL', 'LMT', 1.12, 'GTC', 100, false],
        [102, 'SELL', 'STP', 1.08, 'GTC', 100, true],
      ],
    );
    assert.deepEqual(
      family.map(({ order }) => order.orderRef),
      [ID, `${ID}.tp`, `${ID}.sl`],
    );
    assert.deepEqual(
      family.map(({ order }) => order.ocaGroup),
      [undefined, groupOf(ID), groupOf(ID)],
    );
  });

  it('an exit is one order at market that joins the group of the legs', () => {
    const exit: Placement = { ...entry, side: 'sell', purpose: 'exit', bracket: null, reduceOnly: true, pricing: { type: 'market', worst: null } };
    const [{ order } = assert.fail(), ...others] = sent(exit, groupOf(ID));
    assert.deepEqual([others.length, order.orderType, order.ocaGroup, order.transmit], [0, 'MKT', groupOf(ID), true]);
    assert.equal(sent(exit)[0]?.order.ocaGroup, undefined);
  });

  it('a stop or a limit of the house never joins a group: it covers a part of the position only', () => {
    for (const purpose of ['stop_loss', 'take_profit'] as const) {
      assert.equal(sent({ ...entry, purpose, bracket: null }, groupOf(ID))[0]?.order.ocaGroup, undefined);
    }
  });

  it('whatever the placement: one order transmits, the last; all say account, time in force and whose they are', () => {
    const pricings: Placement['pricing'][] = [
      { type: 'market', worst: null },
      { type: 'market', worst: price('1.1') },
      { type: 'limit', price: price('1.1') },
      { type: 'stop', trigger: price('1.1') },
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...pricings),
        fc.constantFrom('buy', 'sell'),
        fc.constantFrom('entry', 'exit', 'stop_loss', 'take_profit', 'flatten'),
        fc.boolean(),
        (pricing, side, purpose, bracketed) => {
          const family = sent({ ...entry, pricing, side, purpose, bracket: bracketed ? entry.bracket : null }, groupOf(ID));
          assert.deepEqual(
            family.map(({ order }) => order.transmit),
            family.map((_, index) => index === family.length - 1),
          );
          assert.equal(new Set(family.map(({ orderId }) => orderId)).size, bracketed ? 3 : 1);
          for (const { order } of family) {
            assert.equal(order.account, 'DU1');
            assert.ok(['DAY', 'GTC', 'IOC'].includes(order.tif));
            const { clientOrderId, parentId } = namedBy(order.orderRef);
            assert.equal(clientOrderId ?? parentId, ID);
          }
        },
      ),
    );
  });
});

describe('IBKR: the names of orders', () => {
  it('a leg is never taken for an order, nor an order for a leg', () => {
    assert.deepEqual(namedBy(legRef(ID, 'stop_loss')), { clientOrderId: null, parentId: ID, leg: 'stop_loss' });
    assert.deepEqual(namedBy(`${ID}-s1`), { clientOrderId: `${ID}-s1`, parentId: null, leg: null });
    assert.equal(isOwnOrderId(legRef(ID, 'stop_loss')), false);
    assert.deepEqual(namedBy(''), { clientOrderId: null, parentId: null, leg: null });
    assert.deepEqual(namedBy('somebody.sl'), { clientOrderId: 'somebody.sl', parentId: null, leg: null });
  });
});
