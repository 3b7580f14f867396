import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { money, ratio } from '#trading/money/decimal.ts';
import { ladderMultiplier } from '#trading/sizing/ladder.ts';

const step = (profit: string, multiplier: string) => ({ profit: money(profit), multiplier: ratio(multiplier) });
const scale = { enabled: true, windowDays: 7, ladder: [step('200', '1.2'), step('500', '1.5'), step('1000', '2')] };

describe('sizing/ladder', () => {
  for (const [pnl, multiplier] of [
    ['-500', '1'],
    ['0', '1'],
    ['199.99', '1'],
    ['200', '1.2'],
    ['499.99', '1.2'],
    ['500', '1.5'],
    ['999.99', '1.5'],
    ['1000', '2'],
    ['100000', '2'],
  ] as const) {
    it(`SZ-7 ${pnl} USD in seven days is ×${multiplier}`, () => assert.equal(ladderMultiplier(scale, money(pnl)), multiplier));
  }

  it('SZ-7 is clamped to 0.5–5.0', () => {
    assert.equal(ladderMultiplier({ ...scale, ladder: [step('0', '9')] }, money('1')), '5');
    assert.equal(ladderMultiplier({ ...scale, ladder: [step('0', '0.1')] }, money('1')), '0.5');
  });

  it('SZ-7 off is ×1, and the order of the steps does not matter', () => {
    assert.equal(ladderMultiplier({ ...scale, enabled: false }, money('5000')), '1');
    assert.equal(ladderMultiplier({ ...scale, ladder: [...scale.ladder].reverse() }, money('600')), '1.5');
  });
});
