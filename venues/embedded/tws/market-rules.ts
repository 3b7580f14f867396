/** Price grids by market rule, the sizes of IDEALPRO, and what a fill costs. Sources: venues/ibkr "Contracts, sessions, costs". */
import {
  atLeast,
  compare,
  divide,
  larger,
  money,
  notional,
  price,
  qty,
  quotient,
  ratio,
  scale,
  type Money,
  type Price,
  type Qty,
} from '#trading/money/decimal.ts';
import type { Contract } from './contracts.ts';

export interface Increment {
  readonly lowEdge: Price;
  readonly increment: Price;
}

const flat = (increment: string): readonly Increment[] => [{ lowEdge: price('0'), increment: price(increment) }];
const PENNY_CLASS: readonly Increment[] = [
  { lowEdge: price('0'), increment: price('0.01') },
  { lowEdge: price('3'), increment: price('0.05') },
];

export const MARKET_RULES: Readonly<Record<number, readonly Increment[]>> = {
  26: flat('0.01'),
  109: PENNY_CLASS,
  110: PENNY_CLASS,
  239: flat('0.00005'),
  240: flat('0.005'),
};

/** The smallest and the largest order of a pair, by its base currency. */
const IDEALPRO_SIZES: Readonly<Record<string, readonly [string, string]>> = {
  USD: ['25000', '7000000'],
  EUR: ['20000', '6000000'],
  GBP: ['20000', '5000000'],
  AUD: ['25000', '6000000'],
  NZD: ['35000', '8000000'],
};
const DEFAULT_SIZES: readonly [string, string] = ['25000', '6000000'];

/** 0.2 basis points of the value, at least 2 USD an order. */
const FOREX_RATE = ratio('0.00002');
const FOREX_MINIMUM = money('2');
const SHARE_RATE = money('0.005');
const OPTION_MINIMUM = money('1');
const SHARE_MINIMUM = money('1');
const OPTION_RATES: readonly { readonly from: Price; readonly rate: Money }[] = [
  { from: price('0.1'), rate: money('0.65') },
  { from: price('0.05'), rate: money('0.5') },
  { from: price('0'), rate: money('0.25') },
];

/** Of the contract's routing exchange: the first of its rules. */
export function rulesOf(contract: Contract): readonly Increment[] {
  const rules = MARKET_RULES[Number(contract.marketRuleIds.split(',')[0])];
  return rules ?? [{ lowEdge: price('0'), increment: contract.minTick }];
}

/** The increment of the largest low edge that is not above the price. */
export function incrementAt(contract: Contract, at: Price): Price {
  return [...rulesOf(contract)].reverse().find(({ lowEdge }) => compare(lowEdge, at) <= 0)?.increment ?? contract.minTick;
}

export function onGrid(contract: Contract, at: Price): boolean {
  return !quotient(at, incrementAt(contract, at)).includes('.');
}

/** What IDEALPRO takes as a round order; null for what is no pair. */
export function idealProSizes(contract: Contract): { readonly min: Qty; readonly max: Qty } | null {
  if (contract.secType !== 'CASH') return null;
  const [min, max] = IDEALPRO_SIZES[contract.symbol] ?? DEFAULT_SIZES;
  return { min: qty(min), max: qty(max) };
}

/** In USD. `usdRate` is the price of one unit of the contract's currency in USD; `first` is false for later fills of one order. */
export function commissionOf(contract: Contract, quantity: Qty, at: Price, usdRate: Price, first: boolean): Money {
  if (contract.secType === 'OPT') {
    const rate = OPTION_RATES.find(({ from }) => atLeast(at, from))?.rate ?? money('0.25');
    return atLeastOnce(scale(rate, ratio(quantity)), OPTION_MINIMUM, first);
  }
  if (contract.secType === 'STK') return atLeastOnce(scale(SHARE_RATE, ratio(quantity)), SHARE_MINIMUM, first);
  const value = scale(notional(at, quantity), ratio(usdRate));
  return atLeastOnce(scale(value, FOREX_RATE), FOREX_MINIMUM, first);
}

/** USD that one unit of the currency is worth, by a quoted pair. */
export const inverse = (value: Price): Price => divide(price('1'), ratio(value));

const atLeastOnce = (amount: Money, minimum: Money, first: boolean): Money => (first ? larger(amount, minimum) : amount);
