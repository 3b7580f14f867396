/** RT-3: the conformance clamp, the last step before simulator or venue. The only maker of `OnTick` and `OnStep`. */
import {
  add,
  atLeast,
  atMost,
  isPositive,
  lessThan,
  notional,
  ONE,
  ratio,
  scale,
  smaller,
  subtract,
  toStep,
  ZERO_QTY,
  type OnStep,
  type OnTick,
  type Price,
  type Qty,
} from '../money/decimal.ts';
import type { Refusal } from '../model/events.ts';
import type { Instrument } from '../model/instrument.ts';
import { toTick } from './tick.ts';
import { opposite, type Bracket, type Clamp, type Rung, type Side, type Trailing } from '../model/order.ts';

const ZERO = ratio('0');

/** A value that fits the instrument, and every change that was needed, in order: the body of a CLAMP event. */
export interface Clamped<T> {
  readonly value: T;
  readonly clamps: readonly Clamp[];
}

export interface BracketOnTick extends Bracket {
  readonly takeProfit: OnTick;
  readonly stopLoss: OnTick;
}

/** At most `maxQty`, then down to a multiple of `lotSize`. May be zero: `checkMinimum` refuses that. Doing it twice changes nothing. */
export function clampQty(qty: Qty, instrument: Instrument): Clamped<OnStep> {
  const clamps: Clamp[] = [];
  const capped = instrument.maxQty === null ? qty : smaller(qty, instrument.maxQty);
  if (capped !== qty) clamps.push({ field: 'qty', before: qty, after: capped, filter: 'max_qty' });
  const value = toStep(capped, instrument.lotSize, 'down');
  if (value !== capped) clamps.push({ field: 'qty', before: capped, after: value, filter: 'lot_size' });
  return { value: value as OnStep, clamps }; // the brand is this function's to give
}

/**
 * A price to the tick, never more aggressive: a sell never cheaper than asked (up), a buy never dearer (down).
 */
export function clampPrice(side: Side, price: Price, instrument: Instrument): OnTick {
  return toTick(price, instrument, side === 'sell' ? 'up' : 'down') as OnTick; // the brand is this function's to give
}

/**
 * The bracket of an entry of `side`, to the tick. Its legs are orders of the other side, so "never more aggressive" is one rule: a long's
 * legs sell and round UP, a short's legs buy and round DOWN. Hence the stop is never farther from the entry than asked (the loss at the stop
 * that risk was checked for is an upper bound), and the take-profit and its rungs are never nearer (no profit asked for is given away). A
 * trailing distance goes down to the tick for the first of these reasons; its activation is a price like a rung's.
 *
 * Rungs that come to one price become one. With the quantity of the order, a rung below the venue's smallest order, or that leaves less than
 * that, goes into the next one, and what no rung takes into the take-profit. On a coarse tick the stop may reach the entry; `checkBracket` refuses that.
 */
export function clampBracket(side: Side, bracket: Bracket, instrument: Instrument, quantity: Qty | null = null): Clamped<BracketOnTick> {
  const closing = opposite(side);
  const clamps: Clamp[] = [];
  const changed = <T extends Price>(field: Clamp['field'], before: Price, after: T): T => {
    if (after !== before) clamps.push({ field, before, after, filter: 'tick_size' });
    return after;
  };
  const onTick = (field: Clamp['field'], asked: Price): OnTick => changed(field, asked, clampPrice(closing, asked, instrument));
  const takeProfit = onTick('takeProfit', bracket.takeProfit);
  const stopLoss = onTick('stopLoss', bracket.stopLoss);
  const { trailing, partialTakeProfits = [] } = bracket;
  const forms: { trailing?: Trailing; partialTakeProfits?: readonly Rung[] } = {};
  if (trailing !== undefined) {
    const distance = changed('trailingDistance', trailing.distance, toStep(trailing.distance, instrument.tickSize, 'down'));
    forms.trailing = { distance, activation: trailing.activation === null ? null : onTick('trailingActivation', trailing.activation) };
  }
  const asked = partialTakeProfits.map(({ price, fraction }) => ({ price: onTick('partialTakeProfit', price), fraction }));
  const rungs = onePrice(asked).filter(({ price }) => price !== takeProfit);
  const kept = quantity === null ? rungs : merged(rungs, takeProfit, quantity, instrument, clamps);
  if (kept.length > 0) forms.partialTakeProfits = kept;
  return { value: { takeProfit, stopLoss, ...forms }, clamps };
}

function onePrice(rungs: readonly Rung[]): readonly Rung[] {
  const kept: Rung[] = [];
  for (const rung of rungs) {
    const last = kept.at(-1);
    if (last?.price === rung.price) kept[kept.length - 1] = { price: rung.price, fraction: add(last.fraction, rung.fraction) };
    else kept.push(rung);
  }
  return kept;
}

function merged(rungs: readonly Rung[], takeProfit: Price, quantity: Qty, instrument: Instrument, clamps: Clamp[]): readonly Rung[] {
  const kept: Rung[] = [];
  let [total, carried] = [ZERO, ZERO];
  let sold: Qty = ZERO_QTY;
  for (const [index, { price, fraction }] of rungs.entries()) {
    total = add(total, fraction);
    carried = add(carried, fraction);
    const target = toStep(scale(quantity, total), instrument.lotSize, 'down');
    const isSmall = [subtract(target, sold), subtract(quantity, target)].some((part) => checkMinimum(part, price, instrument) !== null);
    if (isSmall) {
      clamps.push({ field: 'partialTakeProfit', before: price, after: rungs[index + 1]?.price ?? takeProfit, filter: 'minimum' });
      continue;
    }
    kept.push({ price, fraction: carried });
    [sold, carried] = [target, ZERO];
  }
  return kept;
}

/**
 * BR-1: a long has 0 < stop < price < take-profit, a short 0 < take-profit < price < stop. A trailing stop keeps a tick of distance at least and
 * begins between price and take-profit; rungs lie between them too, each beyond the one before, of positive fractions below one together.
 * Anything else is `BRACKET_WRONG_SIDE`.
 */
export function checkBracket(side: Side, bracket: Bracket, at: Price, instrument: Instrument): Refusal | null {
  return checkLegs(side, bracket, at, instrument) ?? checkTrailing(side, bracket, at, instrument) ?? checkRungs(side, bracket, at, instrument);
}

function checkLegs(side: Side, bracket: Bracket, at: Price, instrument: Instrument): Refusal | null {
  const [low, high] = side === 'buy' ? [bracket.stopLoss, bracket.takeProfit] : [bracket.takeProfit, bracket.stopLoss];
  if (atLeast(low, instrument.tickSize) && lessThan(low, at) && lessThan(at, high)) return null;
  return wrongSide(
    { price: at, stopLoss: bracket.stopLoss, takeProfit: bracket.takeProfit, tickSize: instrument.tickSize },
    `${instrument.symbol}: the bracket of a ${side} at ${at} needs ${side === 'buy' ? 'stop < price < take-profit' : 'take-profit < price < stop'}, it is stop ${bracket.stopLoss} and take-profit ${bracket.takeProfit}`,
  );
}

function checkTrailing(side: Side, { trailing, takeProfit }: Bracket, at: Price, { symbol, tickSize }: Instrument): Refusal | null {
  if (trailing === undefined) return null;
  const { distance, activation } = trailing;
  if (lessThan(distance, tickSize)) {
    return wrongSide(
      { price: at, distance, tickSize },
      `${symbol}: a trailing stop ${distance} behind the best price needs a tick of ${tickSize} at least`,
    );
  }
  if (activation === null || (isBeyond(side, activation, at) && isBeyond(side, takeProfit, activation))) return null;
  const sentence = `${symbol}: the trailing stop of a ${side} at ${at} must begin before the take-profit of ${takeProfit}, it begins at ${activation}`;
  return wrongSide({ price: at, activation, takeProfit }, sentence);
}

function checkRungs(side: Side, { partialTakeProfits = [], takeProfit }: Bracket, at: Price, { symbol }: Instrument): Refusal | null {
  let [before, total] = [at, ZERO];
  for (const [index, { price: rung, fraction }] of partialTakeProfits.entries()) {
    total = add(total, fraction);
    if (!isBeyond(side, rung, before) || !isBeyond(side, takeProfit, rung)) {
      const sentence = `${symbol}: rung ${index + 1} of a ${side} at ${at} must lie between ${before} and the take-profit of ${takeProfit}, it is at ${rung}`;
      return wrongSide({ price: at, rung: index + 1, rungPrice: rung, before, takeProfit }, sentence);
    }
    if (!isPositive(fraction) || !lessThan(total, ONE)) {
      const sentence = `${symbol}: rung ${index + 1} of a ${side} at ${at} takes ${fraction}, ${total} with those before it; each must take a part, all together less than 1`;
      return wrongSide({ price: at, rung: index + 1, fraction, total }, sentence);
    }
    before = rung;
  }
  return null;
}

/** Farther on the way to profit of a position of `side`. */
const isBeyond = (side: Side, price: Price, than: Price): boolean => (side === 'buy' ? lessThan(than, price) : lessThan(price, than));

function wrongSide(numbers: Refusal['numbers'], sentence: string): Refusal {
  return { code: 'BRACKET_WRONG_SIDE', rule: 'BR-1', numbers, sentence };
}

/** The venue's smallest order, in quantity and in notional at `at`: `BELOW_MINIMUM` with what is missing, or null. */
export function checkMinimum(qty: Qty, at: Price, instrument: Instrument): Refusal | null {
  const value = notional(at, qty, instrument.multiplier);
  const qtyFits = qty !== '0' && atLeast(qty, instrument.minQty);
  if (qtyFits && atMost(instrument.minNotional, value)) return null;
  const missing = qtyFits
    ? `${subtract(instrument.minNotional, value)} ${instrument.quote} of notional`
    : `${subtract(instrument.minQty, qty)} ${instrument.base} of quantity`;
  return {
    code: 'BELOW_MINIMUM',
    rule: 'RT-3',
    numbers: { qty, minQty: instrument.minQty, notional: value, minNotional: instrument.minNotional, price: at },
    sentence: `${instrument.symbol}: ${qty} at ${at} is below the venue's smallest order, ${missing} is missing`,
  };
}
