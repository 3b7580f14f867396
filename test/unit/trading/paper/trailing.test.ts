import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { fineSpot, finePerp, enter, exitsOf, mids, stops } from './forms.ts';
import { exitOn } from '../risk/house.ts';

describe('paper/legs: trailing stops', () => {
  it('BR-3 follows the best bid at the distance, in steps of a tenth of it, and never goes back', () => {
    const house = enter({ stopLoss: '99', takeProfit: '110', trailing: ['1', null] });
    // Bids 100.08, 100.09 (the step of 0.1 is reached), 100.5, 100.4, 100.58, 100.59, 99.6.
    mids(house, fineSpot, 100.09, 100.11, 100.5, 100.4, 100.58, 100.6, 99.62);
    assert.deepEqual(stops(house), ['99.1', '99.49', '99.59']);
    assert.equal(house.paper.state.holdings['crypto_spot|BTC/USDT']?.bracket?.stopLoss, '99.59');
    assert.deepEqual(exitsOf(house), [], 'a bid of 99.61 is above it');
    mids(house, fineSpot, 99.6);
    // 99.59 × 0.9992 = 99.510328, down to the tick.
    assert.deepEqual(exitsOf(house), ['stop_loss 0.15 at 99.51']);
    assert.equal(house.fills[1]?.paper?.triggerPrice, '99.59');
    assert.deepEqual(house.problems(), []);
  });

  it('PX-2 a trailing stop that gaps fills at the gap', () => {
    const house = enter({ stopLoss: '99', takeProfit: '110', trailing: ['1', null] });
    mids(house, fineSpot, 103, 95);
    assert.deepEqual([stops(house), exitsOf(house)], [['101.99'], ['stop_loss 0.15 at 94.91']]);
    assert.deepEqual(house.problems(), []);
  });

  it('BR-3 a short trails the best ask from above', () => {
    const house = enter({ side: 'sell', stopLoss: '101', takeProfit: '90', trailing: ['1', null] });
    mids(house, finePerp, 99.5, 99.8, 98, 98.99);
    assert.deepEqual(stops(house), ['100.51', '99.01']);
    // An ask of 99.01 touches the stop: 99.01 × 1.0008 = 99.089208, up to the tick.
    mids(house, finePerp, 99);
    assert.deepEqual(exitsOf(house), ['stop_loss 0.15 at 99.09']);
    assert.deepEqual(house.problems(), []);
  });

  it('BR-3 waits for its activation, and is in force below it from then on', () => {
    const house = enter({ stopLoss: '99', takeProfit: '110', trailing: ['0.5', '102'] });
    mids(house, fineSpot, 101.9, 102);
    assert.deepEqual(stops(house), [], 'bids of 101.89 and 101.99');
    mids(house, fineSpot, 102.01, 101.9);
    assert.deepEqual(stops(house), ['101.5']);
    mids(house, fineSpot, 101.51);
    assert.equal(house.fills[1]?.reason, 'stop_loss');
    assert.deepEqual(house.problems(), []);
  });

  it('BR-3 a distance wider than the stop leaves it where it is until it has caught up', () => {
    const house = enter({ stopLoss: '99', takeProfit: '120', trailing: ['5', null] });
    mids(house, fineSpot, 103, 104.4);
    assert.deepEqual(stops(house), [], '104.39 − 5 is less than a step of 0.5 above 99');
    mids(house, fineSpot, 104.51);
    assert.deepEqual(stops(house), ['99.5']);
    assert.deepEqual(house.problems(), []);
  });

  it('BR-3 survives a crash: the stop is where it was, and moves on from there', () => {
    const house = enter({ stopLoss: '99', takeProfit: '110', trailing: ['1', null] });
    mids(house, fineSpot, 103);
    house.crash();
    assert.equal(house.paper.state.holdings['crypto_spot|BTC/USDT']?.bracket?.stopLoss, '101.99');
    mids(house, fineSpot, 102.5, 104, 102.9);
    assert.deepEqual([stops(house), house.fills[1]?.reason], [['101.99', '102.99'], 'stop_loss']);
    assert.deepEqual(house.problems(), []);
  });

  it('RK-1 the loss that risk is checked for is that of the first stop', () => {
    const house = enter({ stopLoss: '99', takeProfit: '110', trailing: ['0.2', null] });
    // (100.01 − 99) × 0.15, whatever the distance says.
    assert.equal(house.of('order.approved')[0]?.maxLoss, '0.1515');
  });

  it('a stop without the form never moves, and a position that is closed has none to move', () => {
    const plain = enter({ stopLoss: '99', takeProfit: '110' });
    mids(plain, fineSpot, 103, 109);
    assert.deepEqual(stops(plain), []);
    const closed = enter({ stopLoss: '99', takeProfit: '110', trailing: ['1', null] });
    closed.intend(exitOn(closed.quoteAt(closed.now + 1000, 100), '0.15', fineSpot));
    closed.clock(closed.now + 300);
    mids(closed, fineSpot, 105);
    assert.deepEqual([stops(closed), closed.fills.length], [[], 2]);
  });
});
