import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { add, money, price, qty, ZERO_MONEY, ZERO_QTY } from '#trading/money/decimal.ts';
import type { Fill } from '#trading/model/order.ts';
import { NAKED_MS_MAX } from '#trading/risk/tripwires.ts';
import { spot, T0 } from '../trader/fixtures.ts';
import { House, settings } from '../risk/house.ts';

/** A journal that no honest simulator wrote: a position that came of no order. */
const NAKED: Fill = {
  ...{ fillId: 'naked-1', clientOrderId: 'of-nobody', asset: 'crypto_spot', mode: 'paper', symbol: spot.symbol, strategyId: 'ema-cross' },
  ...{ side: 'buy', reason: 'entry', price: price('100'), qty: qty('0.1'), fee: ZERO_MONEY, filledAt: T0, paper: null, venueExecutionId: null },
};
function forced(rules = settings): House {
  const house = new House([{ ...spot, minNotional: money('0.01') }], rules);
  house.now = T0;
  house.append('gateway.paper', [{ type: 'fill.recorded', body: { fill: NAKED } }]);
  return house;
}
const closes = (house: House) => house.fills.filter(({ side }) => side === 'sell');
const alarms = (house: House) => house.of('alarm.raised').map(({ code, clientOrderId }) => [code, clientOrderId]);

describe('paper: a position without a bracket', () => {
  it('BR-2 is left alone for the limit, then closed at market at the next quote, alarmed, and its wire is tripped', () => {
    const house = forced();
    house.quoteAt(T0 + NAKED_MS_MAX, 100);
    assert.deepEqual([closes(house), alarms(house)], [[], []]);
    house.quoteAt(T0 + NAKED_MS_MAX + 1, 100);
    assert.deepEqual(alarms(house), [['NAKED_POSITION', 'of-nobody']]);
    assert.deepEqual(
      closes(house).map(({ reason, qty: sold, price: at }) => [reason, sold, at]),
      [['flatten', '0.1', '99.91']],
    );
    assert.deepEqual(house.governor.state.positions, {});
    assert.deepEqual(
      house.of('tripwire.tripped').map(({ refusal }) => refusal.code),
      ['NAKED_POSITION'],
    );
    assert.deepEqual(
      house.of('trade.closed').map(({ trade }) => trade.exitReason),
      ['flatten'],
    );
    house.quoteAt(T0 + 2 * NAKED_MS_MAX, 100);
    assert.equal(closes(house).length, 1);
  });

  it('BR-2 BR-3 after a restart as well, and on no bad quote', () => {
    const house = forced();
    house.now = T0 + 60_000;
    house.crash();
    house.quoteAt(house.now, 100, spot, { bid: price('101'), ask: price('99') });
    assert.deepEqual(closes(house), []);
    house.quoteAt(house.now + 1, 100);
    assert.equal(closes(house).length, 1);
  });

  it('BR-2 what fills in part goes on to nothing, with one alarm', () => {
    const house = forced({ ...settings, paper: { ...settings.paper, partialProbability: 1 } });
    for (let step = 1; step <= 40; step++) house.quoteAt(T0 + NAKED_MS_MAX + step * 100, 100);
    assert.ok(closes(house).length > 1);
    assert.equal(add(ZERO_QTY, ...closes(house).map(({ qty: sold }) => sold)), '0.1');
    assert.equal(alarms(house).length, 1);
  });

  it('PX-2 a stop trails nothing where there is none, and a kill with flatten closes it at once', () => {
    const house = forced();
    house.append('gateway.paper', [
      {
        type: 'stop.trailed',
        body: {
          ...{ asset: 'crypto_spot', mode: 'paper', symbol: spot.symbol, entryOrderId: 'of-nobody', stopLoss: price('99.5') },
          ...{ pricedOn: house.quoteAt(T0 + 1, 100), trailedAt: T0 + 1 },
        },
      },
    ]);
    house.append('kill-switch', [{ type: 'kill.tripped', body: { scope: 'all', reason: '', source: 'cli', flatten: true } }]);
    house.quoteAt(T0 + 10, 100);
    assert.deepEqual([closes(house).length, alarms(house)], [1, []]);
  });
});
