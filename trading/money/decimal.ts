/**
 * The one home of the decimal library. Money, prices and quantities are canonical decimal text behind opaque brands:
 * equal values have equal text, so `===`, JSON and hashing agree, and nothing but the functions below can make one.
 */
import { Decimal } from 'decimal.js';

declare const unit: unique symbol;

/** Canonical decimal text carrying the unit `U`: no exponent, no leading plus, no trailing zeros, never `-0`. */
export type Amount<U extends string> = string & { readonly [unit]: U };

/** Price of one unit of the base, in the quote currency. */
export type Price = Amount<'price'>;
/** A quantity of the instrument, in base units, lots or contracts. */
export type Qty = Amount<'qty'>;
/** Money in the account currency (USD). */
export type Money = Amount<'money'>;
/** A dimensionless factor: a fee rate, a multiplier, a risk fraction. */
export type Ratio = Amount<'ratio'>;

/** A price known to lie on the instrument's tick grid; only the conformance clamp makes one. */
export type OnTick<P extends Price = Price> = P & { readonly onTick: true };
/** A quantity known to lie on the instrument's step grid; only the conformance clamp makes one. */
export type OnStep<Q extends Qty = Qty> = Q & { readonly onStep: true };

const PRECISION_DIGITS = 40;
const TEXT_LENGTH_MAX = 64;
const DECIMAL_TEXT = /^-?\d+(\.\d+)?(e[+-]?\d{1,2})?$/i;

const CANONICAL_TEXT = /^(?:0|-?(?:0\.\d*[1-9]|[1-9]\d*(?:\.\d*[1-9])?))$/;

const Exact = Decimal.clone({ precision: PRECISION_DIGITS, rounding: Decimal.ROUND_HALF_EVEN, toExpNeg: -64, toExpPos: 64 });

/** Amounts read lately: the same prices, caps and budgets are read again by every check of an order. */
const READ_MAX = 4096;
const read = new Map<string, Decimal>();

/** A decimal of the library never changes, so one may be shared. */
function exact(text: string): Decimal {
  const known = read.get(text);
  if (known !== undefined) return known;
  if (read.size >= READ_MAX) read.clear();
  const made = new Exact(text);
  read.set(text, made);
  return made;
}

/** True where `text` is a finite decimal number of at most 64 characters. */
export function isDecimalText(text: string): boolean {
  return text.length <= TEXT_LENGTH_MAX && DECIMAL_TEXT.test(text);
}

/** True where `text` is what `amount` makes of it: read at every edge of a process, so without the library. */
export function isCanonical(text: string): boolean {
  return text.length <= TEXT_LENGTH_MAX && CANONICAL_TEXT.test(text);
}

/** Canonical text of a decimal number. @throws RangeError where `value` is not a finite decimal. */
export function amount<U extends string>(value: string | number): Amount<U> {
  const text = typeof value === 'number' ? String(value) : value;
  if (!isDecimalText(text)) throw new RangeError(`not a decimal number: ${JSON.stringify(text.slice(0, TEXT_LENGTH_MAX))}`);
  return canonical<U>(new Exact(text));
}

export const price = (value: string | number): Price => amount<'price'>(value);
export const qty = (value: string | number): Qty => amount<'qty'>(value);
export const money = (value: string | number): Money => amount<'money'>(value);
export const ratio = (value: string | number): Ratio => amount<'ratio'>(value);

export const ZERO_MONEY: Money = money('0');
export const ZERO_QTY: Qty = qty('0');
export const ONE: Ratio = ratio('1');

/** Sum of like amounts. */
export function add<A extends Amount<string>>(first: A, ...rest: readonly A[]): A {
  return same<A>(rest.reduce((total, next) => (isZero(next) ? total : total.plus(exact(next))), exact(first)));
}

export function subtract<A extends Amount<string>>(left: A, right: A): A {
  return same<A>(exact(left).minus(exact(right)));
}

/** A like amount scaled by a ratio. */
export function scale<A extends Amount<string>>(value: A, by: Ratio): A {
  return same<A>(exact(value).times(exact(by)));
}

/** price × quantity × multiplier, in the quote currency. */
export function notional(at: Price, quantity: Qty, multiplier: Ratio = ONE): Money {
  return canonical<'money'>(exact(at).times(exact(quantity)).times(exact(multiplier)));
}

/** How much of the instrument `value` buys at `at`: value ÷ (price × multiplier). @throws RangeError where the price is zero. */
export function quantityFor(value: Money, at: Price, multiplier: Ratio = ONE): Qty {
  const one = exact(at).times(exact(multiplier));
  if (one.isZero()) throw new RangeError('no quantity at a price of zero');
  return canonical<'qty'>(exact(value).dividedBy(one));
}

/** left ÷ right of like amounts. @throws RangeError where `right` is zero. */
export function quotient<A extends Amount<string>>(left: A, right: A): Ratio {
  if (isZero(right)) throw new RangeError('division by zero');
  return canonical<'ratio'>(exact(left).dividedBy(exact(right)));
}

/** An amount divided by a ratio. @throws RangeError where `by` is zero. */
export function divide<A extends Amount<string>>(value: A, by: Ratio): A {
  if (isZero(by)) throw new RangeError('division by zero');
  return same<A>(exact(value).dividedBy(exact(by)));
}

/** The quantity-weighted mean price. @throws RangeError where the quantities sum to zero. */
export function averagePrice(fills: readonly { readonly price: Price; readonly qty: Qty }[]): Price {
  let value = new Exact(0);
  let total = new Exact(0);
  for (const fill of fills) {
    value = value.plus(exact(fill.price).times(exact(fill.qty)));
    total = total.plus(exact(fill.qty));
  }
  if (total.isZero()) throw new RangeError('no average of nothing');
  return canonical<'price'>(value.dividedBy(total));
}

/** `value` rounded to a multiple of `step`. @throws RangeError where `step` is not positive. */
export function toStep<A extends Amount<string>>(value: A, step: A, direction: 'down' | 'up'): A {
  const size = exact(step);
  if (size.lte(0)) throw new RangeError(`step must be positive: ${step}`);
  const steps = exact(value).dividedBy(size);
  return same<A>((direction === 'down' ? steps.floor() : steps.ceil()).times(size));
}

/** By the text alone, which is canonical: a longer whole part is larger, and digits compare as text does. */
export function compare<A extends Amount<string>>(left: A, right: A): -1 | 0 | 1 {
  if (left === right) return 0;
  if (isNegative(left)) return isNegative(right) ? compareSizes(right.slice(1), left.slice(1)) : -1;
  return isNegative(right) ? 1 : compareSizes(left, right);
}

/** Of two different amounts, neither below zero. */
function compareSizes(left: string, right: string): -1 | 1 {
  const longer = wholeDigits(left) - wholeDigits(right);
  if (longer !== 0) return longer < 0 ? -1 : 1;
  return left < right ? -1 : 1;
}

function wholeDigits(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? text.length : point;
}

export const lessThan = <A extends Amount<string>>(left: A, right: A): boolean => compare(left, right) < 0;
export const greaterThan = <A extends Amount<string>>(left: A, right: A): boolean => compare(left, right) > 0;
export const atMost = <A extends Amount<string>>(left: A, right: A): boolean => compare(left, right) <= 0;
export const atLeast = <A extends Amount<string>>(left: A, right: A): boolean => compare(left, right) >= 0;
export const smaller = <A extends Amount<string>>(left: A, right: A): A => (atMost(left, right) ? left : right);
export const larger = <A extends Amount<string>>(left: A, right: A): A => (atLeast(left, right) ? left : right);
export const isZero = (value: Amount<string>): boolean => value === '0';
export const isNegative = (value: Amount<string>): boolean => value.startsWith('-');
export const isPositive = (value: Amount<string>): boolean => !isZero(value) && !isNegative(value);
export const negate = <A extends Amount<string>>(value: A): A =>
  isZero(value) ? value : isNegative(value) ? withoutSign(value) : (`-${value}` as A);
export const absolute = <A extends Amount<string>>(value: A): A => (isNegative(value) ? withoutSign(value) : value);
/** `value` with at most `places` decimals, half to even: for display and for reported averages, never for an order. */
export const rounded = <A extends Amount<string>>(value: A, places: number): A => same<A>(exact(value).toDecimalPlaces(places));

const withoutSign = <A extends Amount<string>>(value: A): A => value.slice(1) as A;

/** The nearest float64: for indicators, marks and charts only. */
export const toNumber = (value: Amount<string>): number => Number(value);

function canonical<U extends string>(value: Decimal): Amount<U> {
  if (!value.isFinite()) throw new RangeError('not a finite number');
  return (value.isZero() ? '0' : value.toFixed()) as Amount<U>;
}

function same<A extends Amount<string>>(value: Decimal): A {
  return canonical(value) as unknown as A;
}
