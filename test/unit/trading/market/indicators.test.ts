import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { atr, ema, trueRange, type Indicator } from '#trading/market/indicators.ts';
import type { Bar } from '#trading/model/quote.ts';

function streamed<State, Input>(indicator: Indicator<State, Input>, inputs: readonly Input[]): (number | null)[] {
  let state = indicator.blank;
  return inputs.map((input) => indicator.value((state = indicator.next(state, input))));
}

/** The textbook form over the whole series at once. */
function batchEma(period: number, series: readonly number[]): (number | null)[] {
  const out: (number | null)[] = [];
  let value = 0;
  for (const [index, input] of series.entries()) {
    if (index < period - 1) out.push(null);
    else if (index === period - 1) out.push((value = series.slice(0, period).reduce((sum, each) => sum + each, 0) / period));
    else out.push((value = value + (2 / (period + 1)) * (input - value)));
  }
  return out;
}

function batchAtr(period: number, bars: readonly Bar[]): (number | null)[] {
  const ranges = bars.map((bar, index) => {
    const close = bars[index - 1]?.close;
    if (close === undefined) return bar.high - bar.low;
    return Math.max(bar.high - bar.low, Math.abs(bar.high - close), Math.abs(bar.low - close));
  });
  const out: (number | null)[] = [];
  let value = 0;
  for (const [index, range] of ranges.entries()) {
    if (index < period - 1) out.push(null);
    else if (index === period - 1) out.push((value = ranges.slice(0, period).reduce((sum, each) => sum + each, 0) / period));
    else out.push((value = (value * (period - 1) + range) / period));
  }
  return out;
}

const price = fc.double({ min: 1e-4, max: 1e6, noNaN: true });
const bar: fc.Arbitrary<Bar> = fc.tuple(price, price, price, price).map(([open, close, one, two]) => ({
  at: 0,
  open,
  close,
  high: Math.max(open, close, one, two),
  low: Math.min(open, close, one, two),
  volume: 0,
}));
const period = fc.integer({ min: 1, max: 30 });
const flat = (high: number, low: number, close: number): Bar => ({ at: 0, open: close, high, low, close, volume: 0 });

describe('market/indicators', () => {
  it('ML-5 the streaming EMA equals the batch EMA bit for bit', () => {
    fc.assert(
      fc.property(period, fc.array(price, { maxLength: 120 }), (of, series) => assert.deepEqual(streamed(ema(of), series), batchEma(of, series))),
    );
  });

  it('ML-5 the streaming ATR equals the batch ATR bit for bit', () => {
    fc.assert(fc.property(period, fc.array(bar, { maxLength: 120 }), (of, bars) => assert.deepEqual(streamed(atr(of), bars), batchAtr(of, bars))));
  });

  it('EMA by hand: period 3 over 1, 2, 3, 4 is 2 and then 3', () => {
    assert.deepEqual(streamed(ema(3), [1, 2, 3, 4]), [null, null, 2, 3]);
  });

  it('ATR by hand: a gap counts from the previous close', () => {
    assert.equal(trueRange(flat(12, 11, 11), 9), 3);
    assert.equal(trueRange(flat(8, 7, 7), 9), 2);
    assert.deepEqual(streamed(atr(2), [flat(10, 8, 9), flat(12, 11, 11), flat(12, 11.5, 12)]), [null, 2.5, 1.75]);
  });

  it('an EMA stays within what it has seen, an ATR is never negative', () => {
    fc.assert(
      fc.property(period, fc.array(bar, { minLength: 30, maxLength: 60 }), (of, bars) => {
        const closes = bars.map(({ close }) => close);
        const slack = 1e-9 * Math.max(...closes);
        for (const value of streamed(ema(of), closes)) {
          assert.ok(value === null || (value >= Math.min(...closes) - slack && value <= Math.max(...closes) + slack));
        }
        for (const value of streamed(atr(of), bars)) assert.ok(value === null || value >= 0);
      }),
    );
  });

  it('next leaves the state it was given as it was', () => {
    const indicator = ema(2);
    const state = Object.freeze(indicator.next(indicator.blank, 1));
    assert.deepEqual(indicator.next(state, 5), indicator.next(state, 5));
  });

  for (const bad of [0, -1, 2.5, NaN, 5000]) {
    it(`names a period of ${bad}`, () => {
      assert.throws(() => ema(bad), /EMA: the period must be an integer from 1 to 1000 bars, got/);
      assert.throws(() => atr(bad), /ATR: the period/);
    });
  }
});
