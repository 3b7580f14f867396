import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { clampBracket } from '#trading/execution/clamp.ts';
import { tickAt, toTick } from '#trading/execution/tick.ts';
import { toStep, price } from '#trading/money/decimal.ts';
import { takerPrice } from '#trading/paper/price.ts';
import { onGrid } from '#venues/ibkr/trading/grid.ts';
import { option } from '../paper/ibkr-instruments.ts';
import { quoteOf } from '../trader/fixtures.ts';

/** A penny class: a cent below 3, five from there. */
const LADDER = [
  { from: price('0'), tick: price('0.01') },
  { from: price('3'), tick: price('0.05') },
];
const CALL = { ...option('SPY', '2026-12-18', '600', 'C'), tickLadder: LADDER };

describe('execution/tick', () => {
  it('RT-3 the step is that of the price, and without a ladder the one there is', () => {
    assert.deepEqual(
      ['0.01', '2.99', '3', '12.3'].map((at) => tickAt(CALL, price(at))),
      ['0.01', '0.01', '0.05', '0.05'],
    );
    const { tickLadder: _none, ...plain } = CALL;
    assert.equal(tickAt(plain, price('12.3')), '0.01');
  });

  it('RT-3 what the core rounds, the port leaves as it is', () => {
    const cents = fc.integer({ min: 1, max: 100_000 }).map((value) => price((value / 1000).toFixed(3)));
    fc.assert(
      fc.property(cents, fc.constantFrom('up' as const, 'down' as const), (at, way) => {
        const rounded = toTick(at, CALL, way);
        if (rounded === '0') return;
        assert.equal(toStep(rounded, tickAt(CALL, rounded), 'down'), rounded, 'on the grid at its own price');
        for (const side of ['buy', 'sell'] as const) assert.equal(onGrid(side, rounded, LADDER), rounded);
      }),
    );
  });

  it('RT-3 PX-1 legs and paper fills lie on the step of their price, on the worse side', () => {
    const { value } = clampBracket('buy', { stopLoss: price('2.911'), takeProfit: price('6.01') }, CALL);
    assert.deepEqual([value.stopLoss, value.takeProfit], ['2.92', '6.05']);
    const quote = { ...quoteOf(CALL, 0, 4), bid: price('4'), ask: price('4.1') };
    const terms = { ...CALL, slippageBps: 8 };
    assert.deepEqual([takerPrice('buy', quote, terms), takerPrice('sell', quote, terms)], ['4.15', '3.95']);
  });
});
