/** The honest baseline: a cross of two averages of the close, with a bracket in multiples of the average true range. */
import { atr, ema, type AtrState, type EmaState, type Indicator } from '../market/indicators.ts';
import { add, lessThan, ONE, ratio } from '../money/decimal.ts';
import { RUNGS_MAX } from '../model/order.ts';
import type { Bar } from '../model/quote.ts';
import type { EntryDistances, Signal, Strategy } from './port.ts';

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
  /** The stop follows the best price at this distance, in average true ranges; absent: it stays where it is. */
  readonly trailAtr?: number;
  /** Where it begins to follow, in average true ranges from the entry; absent: at the entry. */
  readonly trailAfterAtr?: number;
  /** From the nearest outwards: at this distance, in average true ranges, this fraction of the entry is closed; absent: none. */
  readonly partials?: readonly PartialParams[];
}

interface PartialParams {
  readonly atr: number;
  readonly fraction: number;
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
/** Nearer lies within the noise of a single bar; and stopAtr, by which every distance is divided, would widen the others beyond all prices. */
const ATR_MULTIPLE_MIN = 0.1;
const ATR_MULTIPLE_MAX = 100;
/** A tenth of a basis point: a floor below it is none, which 0 says. A stop further away than half of the price is none either. */
const STOP_FRACTION_MIN = 0.00001;
const STOP_FRACTION_MAX = 0.5;
/** What closes less of an entry than this is no rung. */
const RUNG_FRACTION_MIN = 0.01;
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

/** The floor widens all distances alike, so that the ratio of reward to risk stays what was asked for. */
function signalOf(params: EmaCrossParams, bar: Bar, fast: number, slow: number, range: number): Signal | null {
  const stopDistance = Math.max(params.stopAtr * range, params.minStopPct * bar.close);
  if (!(stopDistance > 0)) return null;
  const up = fast > slow;
  return {
    side: up ? 'buy' : 'sell',
    reason: `EMA ${params.fastBars} (${shown(fast)}) crossed ${up ? 'above' : 'below'} EMA ${params.slowBars} (${shown(slow)}) at ${shown(bar.close)}, ATR ${params.atrBars} ${shown(range)}`,
    entry: entryOf(params, stopDistance),
  };
}

function entryOf({ stopAtr, takeProfitAtr, trailAtr, trailAfterAtr, partials }: EmaCrossParams, stopDistance: number): EntryDistances {
  const away = (multiple: number): number => (stopDistance * multiple) / stopAtr;
  const activationDistance = trailAfterAtr === undefined ? null : away(trailAfterAtr);
  return {
    stopDistance,
    takeProfitDistance: away(takeProfitAtr),
    ...(trailAtr === undefined ? {} : { trailing: { distance: away(trailAtr), activationDistance } }),
    ...(partials === undefined
      ? {}
      : { partialTakeProfits: partials.map(({ atr: multiple, fraction }) => ({ distance: away(multiple), fraction })) }),
  };
}

const shown = (value: number): string => String(Number(value.toPrecision(SHOWN_DIGITS)));

interface Range {
  readonly right: string;
  fits(value: number): boolean;
}

const PARAMS: Readonly<Record<Exclude<keyof EmaCrossParams, OptionalParam>, Range>> = {
  fastBars: { right: `an integer from 1 to ${BARS_MAX}`, fits: isBars },
  slowBars: { right: `an integer from 1 to ${BARS_MAX}`, fits: isBars },
  atrBars: { right: `an integer from 1 to ${BARS_MAX}`, fits: isBars },
  stopAtr: { right: `from ${ATR_MULTIPLE_MIN} to ${ATR_MULTIPLE_MAX}`, fits: isMultiple },
  takeProfitAtr: { right: `from ${ATR_MULTIPLE_MIN} to ${ATR_MULTIPLE_MAX}`, fits: isMultiple },
  minStopPct: { right: `0 (no floor) or from ${STOP_FRACTION_MIN} to ${STOP_FRACTION_MAX} (a fraction: 0.003 is 0.3 %)`, fits: isStopFraction },
};

/** Off where they are absent. */
const OPTIONAL = ['trailAtr', 'trailAfterAtr', 'partials'] as const;
type OptionalParam = (typeof OPTIONAL)[number];

/** Missing parameters take their defaults; unknown ones are refused (CF-3). */
function parse(raw: unknown): EmaCrossParams {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    throw new RangeError(`ema-cross: parameters must be an object, got ${text(raw)}`);
  const known: readonly string[] = [...Object.keys(PARAMS), ...OPTIONAL];
  const unknown = Object.keys(raw).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new RangeError(`ema-cross: unknown parameter ${text(unknown)}; it has ${known.join(', ')}`);
  const params: EmaCrossParams = { ...emaCross.defaults, ...raw };
  for (const [key, { right, fits }] of Object.entries(PARAMS)) {
    const value: unknown = params[key as keyof EmaCrossParams]; // the keys of PARAMS are those of EmaCrossParams
    if (typeof value !== 'number' || !fits(value)) throw new RangeError(`ema-cross: ${key} must be ${right}, got ${text(value)}`);
  }
  if (params.fastBars >= params.slowBars) {
    throw new RangeError(`ema-cross: slowBars must be above fastBars (${params.fastBars}), got ${params.slowBars}`);
  }
  checkTrailing(params);
  if (params.partials !== undefined) checkPartials(params.partials, params.takeProfitAtr);
  return params;
}

/** What was read may be of any type: the declared ones are what is checked for here. */
function checkTrailing({ trailAtr, trailAfterAtr, takeProfitAtr }: EmaCrossParams): void {
  if (trailAtr !== undefined && !isMultiple(trailAtr))
    throw new RangeError(`ema-cross: trailAtr must be ${PARAMS.stopAtr.right}, got ${text(trailAtr)}`);
  if (trailAfterAtr === undefined) return;
  if (trailAtr === undefined) throw new RangeError('ema-cross: trailAfterAtr says when trailAtr begins, which is not given');
  if (!isMultiple(trailAfterAtr) || trailAfterAtr >= takeProfitAtr) {
    throw new RangeError(
      `ema-cross: trailAfterAtr must be from ${ATR_MULTIPLE_MIN} to below takeProfitAtr (${takeProfitAtr}), got ${text(trailAfterAtr)}`,
    );
  }
}

function checkPartials(partials: unknown, takeProfitAtr: number): void {
  if (!Array.isArray(partials) || partials.length < 1 || partials.length > RUNGS_MAX) {
    throw new RangeError(`ema-cross: partials must be a list of 1 to ${RUNGS_MAX} like {"atr": 2, "fraction": 0.5}, got ${text(partials)}`);
  }
  let [before, total] = [0, ratio(0)];
  for (const partial of partials as readonly unknown[]) {
    if (!isPartial(partial)) throw new RangeError(`ema-cross: each of partials must be like {"atr": 2, "fraction": 0.5}, got ${text(partial)}`);
    const { atr: multiple, fraction } = partial;
    if (!(isMultiple(multiple) && multiple > before && multiple < takeProfitAtr)) {
      throw new RangeError(
        `ema-cross: atr of partials must rise from ${ATR_MULTIPLE_MIN} to below takeProfitAtr (${takeProfitAtr}), got ${multiple} after ${before}`,
      );
    }
    if (!(fraction >= RUNG_FRACTION_MIN && fraction < 1))
      throw new RangeError(`ema-cross: fraction of partials must be from ${RUNG_FRACTION_MIN} to below 1, got ${fraction}`);
    total = add(total, ratio(fraction));
    before = multiple;
  }
  if (!lessThan(total, ONE)) throw new RangeError(`ema-cross: the fractions of partials must sum to less than 1, they sum to ${total}`);
}

function isPartial(value: unknown): value is PartialParams {
  if (typeof value !== 'object' || value === null || Object.keys(value).sort().join() !== 'atr,fraction') return false;
  return Object.values(value).every((number) => typeof number === 'number' && Number.isFinite(number));
}

function isBars(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= BARS_MAX;
}

function isMultiple(value: unknown): boolean {
  return typeof value === 'number' && value >= ATR_MULTIPLE_MIN && value <= ATR_MULTIPLE_MAX;
}

function isStopFraction(value: number): boolean {
  return value === 0 || (value >= STOP_FRACTION_MIN && value <= STOP_FRACTION_MAX);
}

const text = (value: unknown): string => String(JSON.stringify(value)).slice(0, 64);
