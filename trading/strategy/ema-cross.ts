/** The honest baseline: a cross of two averages of the close, with a bracket in multiples of the average true range. */
import { atr, ema, type AtrState, type EmaState, type Indicator } from '../market/indicators.ts';
import type { Bar } from '../model/quote.ts';
import type { Signal, Strategy } from './port.ts';

/** config/strategies/ema-cross.json. */
export interface EmaCrossParams {
  readonly fastBars: number;
  readonly slowBars: number;
  readonly atrBars: number;
  /** Stop and take-profit, in average true ranges from the entry. */
  readonly stopAtr: number;
  readonly takeProfitAtr: number;
  /** A floor under the stop distance, as a fraction of the price (0.003 is 0.3 %): below it costs eat every trade. */
  readonly minStopPct: number;
}

export interface EmaCrossMemory {
  readonly params: EmaCrossParams;
  readonly fast: Indicator<EmaState, number>;
  readonly slow: Indicator<EmaState, number>;
  readonly range: Indicator<AtrState, Bar>;
  readonly fastState: EmaState;
  readonly slowState: EmaState;
  readonly rangeState: AtrState;
  /** On which side of the slow average the fast one was when they last differed; null until both are warm. */
  readonly above: boolean | null;
}

const BARS_MAX = 500;
const ATR_MULTIPLE_MAX = 100;
/** Seed lengths after which an average has forgotten its seed: (1 − 2/(n+1))^(4n) ≈ e⁻⁸. */
const WARM_UP_PERIODS = 5;
const SHOWN_DIGITS = 8;

export const emaCross: Strategy<EmaCrossParams, EmaCrossMemory> = {
  id: 'ema-cross',
  defaults: { fastBars: 8, slowBars: 21, atrBars: 14, stopAtr: 3, takeProfitAtr: 4, minStopPct: 0.003 },
  parse,
  warmUpBars: (params) => WARM_UP_PERIODS * Math.max(params.slowBars, params.atrBars),
  blank(params) {
    const [fast, slow, range] = [ema(params.fastBars), ema(params.slowBars), atr(params.atrBars)];
    return { params, fast, slow, range, fastState: fast.blank, slowState: slow.blank, rangeState: range.blank, above: null };
  },
  onBar(memory, bar) {
    const fastState = memory.fast.next(memory.fastState, bar.close);
    const slowState = memory.slow.next(memory.slowState, bar.close);
    const rangeState = memory.range.next(memory.rangeState, bar);
    const fast = memory.fast.value(fastState);
    const slow = memory.slow.value(slowState);
    const range = memory.range.value(rangeState);
    const warm = fast !== null && slow !== null && range !== null;
    const above = !warm || fast === slow ? memory.above : fast > slow;
    const crossed = warm && memory.above !== null && above !== memory.above;
    return {
      memory: { ...memory, fastState, slowState, rangeState, above },
      signal: crossed ? signalOf(memory.params, bar, fast, slow, range) : null,
    };
  },
};

/** The floor widens both legs alike, so that the ratio of reward to risk stays what was asked for. */
function signalOf(params: EmaCrossParams, bar: Bar, fast: number, slow: number, range: number): Signal | null {
  const stopDistance = Math.max(params.stopAtr * range, params.minStopPct * bar.close);
  if (!(stopDistance > 0)) return null;
  const up = fast > slow;
  return {
    side: up ? 'buy' : 'sell',
    reason: `EMA ${params.fastBars} (${shown(fast)}) crossed ${up ? 'above' : 'below'} EMA ${params.slowBars} (${shown(slow)}) at ${shown(bar.close)}, ATR ${params.atrBars} ${shown(range)}`,
    entry: { stopDistance, takeProfitDistance: (stopDistance * params.takeProfitAtr) / params.stopAtr },
  };
}

const shown = (value: number): string => String(Number(value.toPrecision(SHOWN_DIGITS)));

const PARAMS: Readonly<Record<keyof EmaCrossParams, { readonly right: string; fits(value: number): boolean }>> = {
  fastBars: { right: `an integer from 1 to ${BARS_MAX}`, fits: isBars },
  slowBars: { right: `an integer from 1 to ${BARS_MAX}`, fits: isBars },
  atrBars: { right: `an integer from 1 to ${BARS_MAX}`, fits: isBars },
  stopAtr: { right: `above 0 and at most ${ATR_MULTIPLE_MAX}`, fits: isMultiple },
  takeProfitAtr: { right: `above 0 and at most ${ATR_MULTIPLE_MAX}`, fits: isMultiple },
  minStopPct: { right: 'at least 0 and below 1 (a fraction: 0.003 is 0.3 %)', fits: (value) => value >= 0 && value < 1 },
};

/** Missing parameters take their defaults; unknown ones are refused (CF-3). */
function parse(raw: unknown): EmaCrossParams {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    throw new RangeError(`ema-cross: parameters must be an object, got ${text(raw)}`);
  const unknown = Object.keys(raw).find((key) => !Object.hasOwn(PARAMS, key));
  if (unknown !== undefined) throw new RangeError(`ema-cross: unknown parameter ${text(unknown)}; it has ${Object.keys(PARAMS).join(', ')}`);
  const params: EmaCrossParams = { ...emaCross.defaults, ...raw };
  for (const [key, { right, fits }] of Object.entries(PARAMS)) {
    const value: unknown = params[key as keyof EmaCrossParams]; // the keys of PARAMS are those of EmaCrossParams
    if (typeof value !== 'number' || !fits(value)) throw new RangeError(`ema-cross: ${key} must be ${right}, got ${text(value)}`);
  }
  if (params.fastBars >= params.slowBars) {
    throw new RangeError(`ema-cross: slowBars must be above fastBars (${params.fastBars}), got ${params.slowBars}`);
  }
  return params;
}

function isBars(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= BARS_MAX;
}

function isMultiple(value: number): boolean {
  return value > 0 && value <= ATR_MULTIPLE_MAX;
}

const text = (value: unknown): string => String(JSON.stringify(value)).slice(0, 64);
