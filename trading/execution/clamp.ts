/** RT-3: the conformance clamp, the last step before simulator or venue. The only maker of `OnTick` and `OnStep`. */
import { atLeast, atMost, lessThan, notional, smaller, subtract, toStep, type OnStep, type OnTick, type Price, type Qty } from '../money/decimal.ts';
import type { Refusal } from '../model/events.ts';
import type { Instrument } from '../model/instrument.ts';
import type { Bracket, Clamp, Side } from '../model/order.ts';

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
  return toStep(price, instrument.tickSize, side === 'sell' ? 'up' : 'down') as OnTick; // the brand is this function's to give
}

/**
 * Both legs of the bracket of an entry of `side`, to the tick. The legs are orders of the other side, so "never more aggressive" is one
 * rule: a long's legs sell and round UP, a short's legs buy and round DOWN. Hence the stop is never farther from the entry than asked (the
 * loss at the stop that risk was checked for is an upper bound), and the take-profit is never nearer (no profit asked for is given away).
 * On a coarse tick the stop may reach the entry; `checkBracket` refuses that.
 */
export function clampBracket(side: Side, bracket: Bracket, instrument: Instrument): Clamped<BracketOnTick> {
  const closing = side === 'buy' ? 'sell' : 'buy';
  const takeProfit = clampPrice(closing, bracket.takeProfit, instrument);
  const stopLoss = clampPrice(closing, bracket.stopLoss, instrument);
  const clamps: Clamp[] = [];
  if (takeProfit !== bracket.takeProfit) clamps.push({ field: 'takeProfit', before: bracket.takeProfit, after: takeProfit, filter: 'tick_size' });
  if (stopLoss !== bracket.stopLoss) clamps.push({ field: 'stopLoss', before: bracket.stopLoss, after: stopLoss, filter: 'tick_size' });
  return { value: { takeProfit, stopLoss }, clamps };
}

/** BR-1: a long has 0 < stop < price < take-profit, a short 0 < take-profit < price < stop; anything else is `BRACKET_WRONG_SIDE`. */
export function checkBracket(side: Side, bracket: Bracket, at: Price, instrument: Instrument): Refusal | null {
  const [low, high] = side === 'buy' ? [bracket.stopLoss, bracket.takeProfit] : [bracket.takeProfit, bracket.stopLoss];
  if (atLeast(low, instrument.tickSize) && lessThan(low, at) && lessThan(at, high)) return null;
  return {
    code: 'BRACKET_WRONG_SIDE',
    rule: 'BR-1',
    numbers: { price: at, stopLoss: bracket.stopLoss, takeProfit: bracket.takeProfit, tickSize: instrument.tickSize },
    sentence: `${instrument.symbol}: the bracket of a ${side} at ${at} needs ${side === 'buy' ? 'stop < price < take-profit' : 'take-profit < price < stop'}, it is stop ${bracket.stopLoss} and take-profit ${bracket.takeProfit}`,
  };
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
