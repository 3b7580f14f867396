/**
 * Streaming indicators as values: `next` gives a new state and leaves the old one be. Each does the same float64 operations in the same
 * order as the textbook batch form, so streaming and batch are equal bit for bit (ML-5).
 */
import type { Bar } from '../model/quote.ts';

/** `Input` is a number for a plain series, a bar where high and low matter. */
export interface Indicator<State, Input> {
  readonly blank: State;
  next(state: State, input: Input): State;
  /** Null until enough input was seen. */
  value(state: State): number | null;
}

export interface EmaState {
  readonly count: number;
  /** The sum of the first `period` inputs while there are fewer, then the average. */
  readonly value: number;
}

/**
 * Exponential moving average: α = 2 / (period + 1), seeded with the simple average of the first `period` inputs, then
 * EMA ← EMA + α·(x − EMA). Source: J. J. Murphy, Technical Analysis of the Financial Markets (1999), ch. 9; seed as in TA-Lib's EMA.
 */
export function ema(period: number): Indicator<EmaState, number> {
  checkPeriod('EMA', period);
  const alpha = 2 / (period + 1);
  return {
    blank: { count: 0, value: 0 },
    next(state, input) {
      const count = state.count + 1;
      if (count < period) return { count, value: state.value + input };
      if (count === period) return { count, value: (state.value + input) / period };
      return { count, value: state.value + alpha * (input - state.value) };
    },
    value: (state) => (state.count < period ? null : state.value),
  };
}

export interface AtrState {
  readonly count: number;
  /** The sum of the first `period` true ranges while there are fewer, then the average. */
  readonly value: number;
  readonly previousClose: number;
}

/**
 * Average true range with Wilder's smoothing: true range = max(high − low, |high − previous close|, |low − previous close|), high − low for
 * the very first bar; the first value is the simple average of `period` true ranges, then ATR ← (ATR·(period − 1) + TR) / period.
 * Source: J. W. Wilder, New Concepts in Technical Trading Systems (1978), "Volatility".
 */
export function atr(period: number): Indicator<AtrState, Bar> {
  checkPeriod('ATR', period);
  return {
    blank: { count: 0, value: 0, previousClose: 0 },
    next(state, bar) {
      const count = state.count + 1;
      const range = state.count === 0 ? bar.high - bar.low : trueRange(bar, state.previousClose);
      return { count, value: wilder(state.value, range, count, period), previousClose: bar.close };
    },
    value: (state) => (state.count < period ? null : state.value),
  };
}

export function trueRange(bar: Bar, previousClose: number): number {
  return Math.max(bar.high - bar.low, Math.abs(bar.high - previousClose), Math.abs(bar.low - previousClose));
}

function wilder(value: number, input: number, count: number, period: number): number {
  if (count < period) return value + input;
  if (count === period) return (value + input) / period;
  return (value * (period - 1) + input) / period;
}

const PERIOD_MAX = 1000;

function checkPeriod(name: string, period: number): void {
  if (!Number.isInteger(period) || period < 1 || period > PERIOD_MAX) {
    throw new RangeError(`${name}: the period must be an integer from 1 to ${PERIOD_MAX} bars, got ${period}`);
  }
}
