import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { atLeast, atMost, money, price, qty, ratio, toStep } from '#trading/money/decimal.ts';
import { feeOf, filledQty, isWorse, takeProfitPrice, takerPrice, touchedLeg, type PaperTerms } from '#trading/paper/price.ts';
import type { Side } from '#trading/model/order.ts';
import { quoteOf, spot, T0 } from '../trader/fixtures.ts';

const terms: PaperTerms = {
  slippageBps: 8,
  commission: null,
  oddLotBelow: null,
  fillDepth: 'touch',
  takerFee: ratio('0.001'),
  tickSize: price('0.01'),
  lotSize: qty('0.001'),
  multiplier: ratio('1'),
  minQty: qty('0.001'),
  minNotional: money('5'),
};
const quote = (bid: string, ask: string) => quoteOf(spot, T0, 100, { bid: price(bid), ask: price(ask) });
const cents = (min: number, max: number) => fc.integer({ min, max }).map((value) => (value / 100).toFixed(2));

describe('paper/price', () => {
  it('PX-1 buys at the ask and sells at the bid, 8 bps worse, on the worse tick', () => {
    assert.equal(takerPrice('buy', quote('100', '100.02'), terms), '100.11', '100.100016 goes up');
    assert.equal(takerPrice('sell', quote('100', '100.02'), terms), '99.92');
    assert.equal(takerPrice('sell', quote('99.99', '100.02'), terms), '99.91', '99.910008 goes down');
  });

  it('PX-1 a sale never goes below one tick', () => assert.equal(takerPrice('sell', quote('0.01', '0.02'), terms), '0.01'));

  it('PX-1 never better than the touch, on the tick, and at most one tick more than the slippage', () => {
    fc.assert(
      fc.property(fc.constantFrom<Side>('buy', 'sell'), cents(100, 10_000_000), fc.integer({ min: 0, max: 300 }), (side, at, slippageBps) => {
        const filled = takerPrice(side, quote(at, at), { ...terms, slippageBps });
        assert.ok(side === 'buy' ? atLeast(filled, price(at)) : atMost(filled, price(at)));
        assert.equal(toStep(filled, terms.tickSize, 'down'), filled);
        const slip = Math.abs(Number(filled) - Number(at));
        assert.ok(slip <= (Number(at) * slippageBps) / 10_000 + 0.01 + 1e-9, `${at} → ${filled}`);
      }),
    );
  });

  it('PX-2 a touched take-profit never fills better than its price', () => {
    assert.equal(takeProfitPrice('sell', quote('110', '110.1'), price('105'), terms), '105', 'a gap through it');
    assert.equal(takeProfitPrice('sell', quote('105', '105.1'), price('105'), terms), '104.91', 'touched, taken at the market');
    assert.equal(takeProfitPrice('buy', quote('90', '90.1'), price('95'), terms), '95');
    assert.equal(takeProfitPrice('buy', quote('94.9', '95'), price('95'), terms), '95.08');
  });

  const long = { stopLoss: price('98'), takeProfit: price('104') };
  const short = { stopLoss: price('104'), takeProfit: price('98') };
  for (const [side, bracket, bid, ask, leg] of [
    ['buy', long, '98.01', '98.02', null],
    ['buy', long, '98', '98.02', 'stop_loss'],
    ['buy', long, '90', '90.01', 'stop_loss'],
    ['buy', long, '103.99', '104', null],
    ['buy', long, '104', '104.01', 'take_profit'],
    ['sell', short, '103.98', '103.99', null],
    ['sell', short, '103.99', '104', 'stop_loss'],
    ['sell', short, '97.99', '98', 'take_profit'],
    ['sell', short, '98', '98.01', null],
  ] as const) {
    it(`PX-2 a position of ${side} at ${bid}/${ask} touches ${String(leg)}`, () => assert.equal(touchedLeg(side, bracket, quote(bid, ask)), leg));
  }

  it('PX-2 where a quote touches both legs it is the stop', () => {
    assert.equal(touchedLeg('buy', { stopLoss: price('100'), takeProfit: price('100') }, quote('100', '100.1')), 'stop_loss');
  });

  it('PX-2 numbers too close for a float are compared exactly', () => {
    const bracket = { stopLoss: price('0.1'), takeProfit: price('9') };
    assert.equal(touchedLeg('buy', bracket, quote('0.10000000000000000001', '0.2')), null);
  });

  it('PX-1 worse for a buyer is a higher ask, for a seller a lower bid', () => {
    assert.ok(isWorse('buy', quote('99', '101'), quote('99', '100')) && !isWorse('buy', quote('90', '100'), quote('99', '100')));
    assert.ok(isWorse('sell', quote('98', '100'), quote('99', '100')) && !isWorse('sell', quote('99', '120'), quote('99', '100')));
  });

  it('PX-1 a part goes down to the lot; one below the smallest order fills whole', () => {
    const at = price('100');
    assert.equal(filledQty(qty('1'), ratio('0.3333'), at, 'entry', { ...terms, lotSize: qty('0.01') }), '0.33');
    assert.equal(filledQty(qty('0.15'), ratio('0.3'), at, 'entry', terms), '0.15', '4.5 USD is below the minimum of 5');
    assert.equal(filledQty(qty('0.15'), ratio('0.7'), at, 'entry', terms), '0.105', 'the rest of an entry is cancelled');
    assert.equal(filledQty(qty('0.15'), ratio('0.7'), at, 'exit', terms), '0.15', 'the rest of an exit could never be sold');
    assert.equal(filledQty(qty('0.0005'), ratio('1'), at, 'exit', terms), '0.0005', 'a whole exit closes what there is');
  });

  it('PX-1 the fee is the taker rate of the notional, the multiplier included', () => {
    assert.equal(feeOf(price('100.11'), qty('0.15'), terms), '0.0150165');
    assert.equal(feeOf(price('2'), qty('3'), { commission: null, takerFee: ratio('0.01'), multiplier: ratio('100') }), '6');
  });
});
