import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { money, qty } from '#trading/money/decimal.ts';
import { T0 } from '../trader/fixtures.ts';
import { exitOn, entryOn, House } from '../risk/house.ts';
import { approve, kill, latency, partial } from './steps.ts';
import { bracketOf, enter, exitsOf, finePerp, fineSpot, mids, triggers, wide } from './forms.ts';

const RUNGS = { stopLoss: '99', takeProfit: '104', rungs: [['101', '0.4'], ['102', '0.3']] } as const; // prettier-ignore

describe('paper/legs: partial take-profits', () => {
  it('PX-2 each rung sells its part of the entry, never better than its price, and the take-profit the rest', () => {
    const house = enter(RUNGS);
    mids(house, fineSpot, 101, 101.01, 101.5, 102.5, 104.2);
    // At 101.00 × 0.9992 = 100.9192 down to 100.91 and 104.19 × 0.9992 = 104.106…, but not above 104.
    assert.deepEqual(exitsOf(house), ['take_profit 0.06 at 100.91', 'take_profit 0.045 at 102', 'take_profit 0.045 at 104']);
    assert.deepEqual(triggers(house.fills), ['101', '102', '104']);
    assert.deepEqual(house.paper.state.holdings, {});
    const trade = house.of('trade.closed')[0]?.trade;
    // Bought 0.15 at 100.1 (100.01 × 1.0008 up to the tick); sold for 6.0546 + 4.59 + 4.68; fees 0.1 % of each value.
    assert.deepEqual([trade?.pnl, trade?.fees, trade?.exitReason], ['0.2792604', '0.0303396', 'take_profit']);
    assert.deepEqual(house.problems(), []);
  });

  it('PX-2 a quote that jumps over all of them fills each at its own price', () => {
    const house = enter(RUNGS);
    mids(house, fineSpot, 108);
    assert.deepEqual(exitsOf(house), ['take_profit 0.06 at 101', 'take_profit 0.045 at 102', 'take_profit 0.045 at 104']);
    assert.deepEqual(house.problems(), []);
  });

  it('PX-2 the stop takes what rungs left; a gap fills at the gap', () => {
    const house = enter(RUNGS);
    mids(house, fineSpot, 101.5, 95);
    assert.deepEqual(exitsOf(house), ['take_profit 0.06 at 101', 'stop_loss 0.09 at 94.91']);
    assert.deepEqual(house.problems(), []);
  });

  it('PX-2 a short buys back in parts below', () => {
    const house = enter({ side: 'sell', stopLoss: '101', takeProfit: '96', rungs: [['99', '0.5']] });
    mids(house, finePerp, 98, 95);
    assert.deepEqual(exitsOf(house), ['take_profit 0.075 at 99', 'take_profit 0.075 at 96']);
    assert.deepEqual(house.problems(), []);
  });

  it('BR-3 after a crash the rungs that are left are those that facts leave', () => {
    const house = enter(RUNGS);
    mids(house, fineSpot, 101.5);
    house.crash();
    mids(house, fineSpot, 101.6);
    assert.equal(house.fills.length, 2, 'the first is not sold again');
    mids(house, fineSpot, 102.2);
    house.crash();
    mids(house, fineSpot, 102.3, 95);
    assert.deepEqual(exitsOf(house), ['take_profit 0.06 at 101', 'take_profit 0.045 at 102', 'stop_loss 0.045 at 94.91']);
    assert.deepEqual(house.problems(), []);
  });

  it('PX-1 a rung that fills in part goes on at the next quote, before what lies behind it', () => {
    const house = enter(RUNGS, wide({ ...partial, paper: { ...partial.paper, partialProbability: 0 } }), { ...fineSpot, minNotional: money('0.1') });
    // The rules of the entry stay: so a second house whose every triggered fill is partial.
    mids(house, fineSpot, 103);
    assert.equal(house.fills.length, 3);
    const parts = enter(RUNGS, wide(partial), { ...fineSpot, minNotional: money('0.01') });
    const entered = Number(parts.fills[0]?.qty);
    assert.ok(entered < 0.15, 'the entry itself filled in part');
    for (let at = 1; at < 30 && Object.keys(parts.paper.state.holdings).length > 0; at++) {
      const before = parts.fills.length;
      mids(parts, fineSpot, 108);
      const made = parts.fills.slice(before);
      for (const fill of made.slice(0, -1)) assert.ok(fill.paper?.triggerPrice !== '104', 'the take-profit is the last of a quote');
    }
    const sold = (trigger: string): number =>
      parts.fills.filter(({ paper }) => paper?.triggerPrice === trigger).reduce((sum, fill) => sum + Number(fill.qty), 0);
    assert.equal(sold('101').toFixed(6), (Math.floor(entered * 0.4 * 1e6) / 1e6).toFixed(6), 'fractions are of the filled quantity');
    assert.ok(Math.abs(sold('101') + sold('102') - entered * 0.7) <= 1e-6);
    assert.deepEqual(parts.paper.state.holdings, {});
    assert.deepEqual(parts.problems(), []);
  });

  it('RT-3 a rung below the smallest order is merged into the next one, and that is recorded', () => {
    const house = new House([{ ...fineSpot, minNotional: money('5') }], wide(latency(100)));
    const rungs = [['101', '0.2'], ['102', '0.2'], ['103', '0.4']] as const; // prettier-ignore
    approve(house, entryOn(house.quoteAt(T0, 100), fineSpot, { qty: qty('0.15'), bracket: bracketOf({ ...RUNGS, rungs }) }));
    // 0.03 × 101 = 3.03 is below 5; 0.06 × 102 = 6.12 is not; then 0.06 × 103 is not, but it would leave 0.03 × 103 = 3.09.
    assert.deepEqual(house.of('order.clamped')[0]?.clamps, [
      { field: 'partialTakeProfit', before: '101', after: '102', filter: 'minimum' },
      { field: 'partialTakeProfit', before: '103', after: '104', filter: 'minimum' },
    ]);
    house.clock(T0 + 300);
    mids(house, fineSpot, 101.5, 103.5, 104.5);
    assert.deepEqual(exitsOf(house), ['take_profit 0.06 at 102', 'take_profit 0.09 at 104']);
  });

  it('an exit takes what is left, and a rung then no more than that', () => {
    const house = enter(RUNGS);
    mids(house, fineSpot, 101.5);
    house.intend(exitOn(house.quoteAt(house.now + 1000, 101.5), '0.06', fineSpot));
    house.clock(house.now + 300);
    assert.equal(house.fills[2]?.reason, 'exit');
    mids(house, fineSpot, 102.5);
    assert.equal(house.fills.length, 3, 'the second rung would close all of the 0.03: that is for the take-profit');
    mids(house, fineSpot, 104.5);
    assert.equal(exitsOf(house)[2], 'take_profit 0.03 at 104');
    assert.deepEqual(house.problems(), []);
  });

  it('KS-1 a flatten takes what rungs left, at the same quote too', () => {
    const house = enter(RUNGS);
    kill(house, 'all', true);
    mids(house, fineSpot, 101.5);
    assert.deepEqual(exitsOf(house), ['take_profit 0.06 at 101', 'flatten 0.09 at 101.4']);
    assert.deepEqual(house.problems(), []);
  });

  it('BR-3 both forms at once: what a rung left trails', () => {
    const house = enter({ ...RUNGS, trailing: ['0.5', '101'] });
    mids(house, fineSpot, 101.5, 101);
    assert.deepEqual(
      house.facts.slice(-4).map(({ type }) => type),
      ['fill.recorded', 'stop.trailed', 'fill.recorded', 'trade.closed'],
    );
    assert.deepEqual(exitsOf(house), ['take_profit 0.06 at 101', 'stop_loss 0.09 at 100.9']);
    assert.deepEqual(house.problems(), []);
  });
});
