import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { bookDust, bookFill, bookFunding, type BookedPosition } from '#trading/ledger/positions.ts';
import { isUnsellable } from '#trading/lifecycle/dust.ts';
import { fundingAmount, fundingIdOf, fundingTimeOf, markOf } from '#trading/lifecycle/funding.ts';
import type { Fill, FillReason, Side } from '#trading/model/order.ts';
import { money, ONE, price, qty, ratio } from '#trading/money/decimal.ts';
import { perp, quoteOf, spot, T0 } from '../trader/fixtures.ts';

const HOUR_MS = 3_600_000;
const fill = (side: Side, quantity: string, at: string, fee: string, reason: FillReason, filledAt: number): Fill => ({
  ...{ fillId: `${reason}-${filledAt}`, clientOrderId: 'entry', asset: perp.asset, mode: 'live', symbol: perp.symbol, strategyId: 's' },
  ...{ side, reason, price: price(at), qty: qty(quantity), fee: money(fee), filledAt, paper: null, venueExecutionId: 'x' },
});
const opened = (quantity: string, at: string, fee: string): BookedPosition => {
  const { position } = bookFill(null, fill('buy', quantity, at, fee, 'entry', T0), ONE);
  return position ?? assert.fail('not open');
};

describe('trading/lifecycle: funding', () => {
  it('LC-6 longs pay a positive rate and shorts receive it; a negative one is the other way round', () => {
    const amount = (side: Side, rate: string) => fundingAmount({ side, qty: qty('5000'), multiplier: ONE }, price('0.38205'), ratio(rate));
    // 5000 × 0.38205 × 0.0001
    assert.deepEqual([amount('buy', '0.0001'), amount('sell', '0.0001')], ['0.191025', '-0.191025']);
    assert.deepEqual([amount('buy', '-0.0001'), amount('sell', '-0.0001')], ['-0.191025', '0.191025']);
  });

  it('LC-6 funding times are multiples of the interval since the epoch, and one time has one id', () => {
    const eight = 8 * HOUR_MS;
    const time = fundingTimeOf(eight, T0);
    assert.equal(time % eight, 0);
    assert.ok(time <= T0 && T0 < time + eight);
    assert.equal(fundingTimeOf(eight, time), time);
    assert.equal(fundingIdOf({ mode: 'paper', symbol: perp.symbol }, time), `paper-ADA/USDT:USDT-${time}`);
  });

  it('the mark is the mid, exactly', () => {
    assert.equal(markOf(quoteOf(perp, T0, 1, { bid: price('0.3820'), ask: price('0.3821') })), '0.38205');
  });

  it('SZ-8 the trade pays its funding: 1 USD of profit less 0.02 of fees less 0.191025 of funding', () => {
    const before = opened('100', '1', '0.01');
    const funded = bookFunding(before, { amount: money('0.191025'), at: T0 + 1 });
    assert.deepEqual([funded?.funding, funded?.qty], ['0.191025', '100']);
    const { closed } = bookFill(funded, fill('sell', '100', '1.01', '0.01', 'exit', T0 + 2), ONE);
    assert.deepEqual([closed?.pnl, closed?.fees, closed?.funding], ['0.788975', '0.02', '0.191025']);
  });

  it('LC-6 a position that was not open at the funding time pays nothing for it', () => {
    assert.equal(bookFunding(opened('100', '1', '0'), { amount: money('1'), at: T0 - 1 }), null);
    assert.equal(bookFunding(null, { amount: money('1'), at: T0 }), null);
  });
});

describe('trading/lifecycle: dust', () => {
  it('is what the lot grid, the smallest quantity or the smallest value leaves', () => {
    const instrument = { ...spot, lotSize: qty('0.000001'), minQty: qty('0.000048'), minNotional: money('5') };
    const is = (quantity: string, at = '60000') => isUnsellable(qty(quantity), price(at), instrument);
    assert.deepEqual([is('0.0000009'), is('0.000047'), is('0.00008')], [true, true, true]);
    // 0.0000840009 is 0.000084 on the grid: 5.04 USD at 60,000, 4.2 at 50,000.
    assert.deepEqual([is('0.0000840009'), is('0.0000840009', '50000')], [false, true]);
  });

  it('a trade of which the rest is dust loses its value at the exit price', () => {
    // Bought 0.01 less a fee of 0.00001 coins: 0.00999, of which 0.0099 was sold; 0.00009 at 61,000 is 5.49 USD.
    const { position } = bookFill(opened('0.00999', '60000', '0.6'), fill('sell', '0.0099', '61000', '0.6039', 'exit', T0 + 5), ONE);
    assert.equal(position?.qty, '0.00009');
    assert.ok(position !== null);
    const part = bookDust(position, {
      ...{ asset: perp.asset, mode: 'live', symbol: perp.symbol, entryOrderId: 'entry', qty: qty('0.00009'), price: price('61000') },
      ...{ value: money('5.49'), exitReason: 'exit', exitedAt: T0 + 5 },
    });
    // 0.0099 × 61,000 − 0.00999 × 60,000 − 1.2039 = 603.9 − 599.4 − 1.2039; with the dust sold it would be 5.49 more.
    assert.deepEqual([part.pnl, part.dust, part.qty, part.exitPrice, part.closedAt], ['3.2961', '5.49', '0.00999', '61000', T0 + 5]);
  });
});
