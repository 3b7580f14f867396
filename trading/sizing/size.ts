/** SZ-1…SZ-5: how much one order may be, from budget, risk fraction, ladder and what is usable now. */
import {
  add,
  atMost,
  divide,
  isPositive,
  larger,
  lessThan,
  money,
  notional,
  quantityFor,
  rounded,
  scale,
  smaller,
  subtract,
  toStep,
  type Money,
  type Price,
  type Qty,
  type Ratio,
} from '../money/decimal.ts';
import type { Refusal } from '../model/events.ts';
import type { Asset, Instrument } from '../model/instrument.ts';
import type { SizingBasis } from '../model/order.ts';
import type { Settings } from '../model/settings.ts';

export interface SizingRequest {
  readonly settings: Settings;
  readonly asset: Asset;
  /** B: the budget of this asset and mode, USD. */
  readonly budget: Money;
  /** m: the ladder's multiplier (SZ-7). */
  readonly multiplier: Ratio;
  /** SZ-5: min(remaining budget, wallet available), USD. The notional is held below it, whatever the leverage. */
  readonly usable: Money;
  /** What `usable` is the smaller of, USD: a refusal then tells a budget that is too small from a wallet that is. */
  readonly remaining?: Money;
  readonly walletAvailable?: Money;
  /** P: the side of the snapshot that a taker pays. */
  readonly price: Price;
  readonly instrument: Instrument;
}

export type Sizing = { readonly ok: true; readonly qty: Qty; readonly basis: SizingBasis } | { readonly ok: false; readonly refusal: Refusal };

const CENT = money('0.01');
const NUMBER_PLACES_MAX = 8;

/**
 * The quantity of an order: NotionalCap, at most what is usable, divided by the price of one unit and rounded down to the lot. Refuses with
 * `BUDGET_EXHAUSTED` or `BELOW_MINIMUM`, which names what is missing and the budget that would be enough.
 */
export function sizeOrder(request: SizingRequest): Sizing {
  const { settings, budget, multiplier, usable, price, instrument } = request;
  if (!isPositive(price)) throw new RangeError(`no size at a price of ${price}`);
  if (!isPositive(budget) || !isPositive(usable)) return refused(exhausted(request));
  const { baseCap, notionalCap } = notionalCapOf(request);
  const cap = smaller(notionalCap, usable);
  const qty = toStep(quantityFor(cap, price, instrument.multiplier), instrument.lotSize, 'down');
  const least = leastOrder(instrument, price, settings);
  if (lessThan(qty, least.qty)) return refused(belowMinimum(request, notionalCap, cap, least.notional));
  return { ok: true, qty, basis: { budget, multiplier, baseCap, notionalCap, usable } };
}

/** SZ-1…SZ-3: BaseCap = B·r·m; up to the threshold T it is the cap, above it the cap is max(T, B·q·m). */
export function notionalCapOf({ settings, asset, budget, multiplier }: Pick<SizingRequest, 'settings' | 'asset' | 'budget' | 'multiplier'>): {
  readonly baseCap: Money;
  readonly notionalCap: Money;
} {
  const threshold = settings.percentSizingThreshold;
  const grown = scale(budget, multiplier);
  const baseCap = scale(grown, settings.perTradeRisk[asset]);
  if (atMost(baseCap, threshold)) return { baseCap, notionalCap: baseCap };
  return { baseCap, notionalCap: larger(threshold, scale(grown, settings.percentSizingAboveThreshold[asset])) };
}

/** The smallest order on the lot grid that the venue takes at `price`: of its round size where odd lots are not allowed. */
export function leastOrder(
  instrument: Instrument,
  price: Price,
  { allowOddLots = true }: Pick<Settings, 'allowOddLots'> = {},
): { readonly qty: Qty; readonly notional: Money } {
  const { minNotional, multiplier, lotSize, oddLotBelow } = instrument;
  const minQty = allowOddLots || oddLotBelow === undefined ? instrument.minQty : larger(instrument.minQty, oddLotBelow);
  const wanted = larger(larger(minQty, lotSize), quantityFor(minNotional, price, multiplier));
  // A quotient cut at its last digit may round up to one step too few.
  let qty = toStep(wanted, lotSize, 'up');
  if (lessThan(notional(price, qty, multiplier), minNotional)) qty = add(qty, lotSize);
  return { qty, notional: notional(price, qty, multiplier) };
}

function exhausted({ asset, budget, usable }: SizingRequest): Refusal {
  return {
    code: 'BUDGET_EXHAUSTED',
    rule: 'SZ-5',
    numbers: { budget, usable },
    sentence: `${asset}: nothing of the budget of ${budget} USD is usable now`,
  };
}

function belowMinimum(request: SizingRequest, notionalCap: Money, cap: Money, least: Money): Refusal {
  const { instrument, asset, budget, usable, price, walletAvailable } = request;
  const missing = up(subtract(least, cap));
  const enough = up(budgetFor(request, notionalCap, least));
  const isShort = isWalletShort(request, least);
  const sentence = `${instrument.symbol}: ${shown(cap)} USD is below the smallest order of ${shown(least)} USD, ${missing} USD is missing; a ${asset} budget of ${enough} USD would be enough`;
  return {
    code: 'BELOW_MINIMUM',
    rule: 'SZ-4',
    numbers: {
      notionalCap: shown(notionalCap),
      usable: shown(usable),
      leastNotional: shown(least),
      missing,
      budget: shown(budget),
      budgetEnough: enough,
      price,
    },
    sentence: `${sentence}${walletAvailable !== undefined && isShort ? `, with ${shown(least)} USD free in the wallet, which has ${shown(walletAvailable)}` : ''}`,
  };
}

/** The smallest budget whose cap, and whose usable part, reach `least`: the caps of SZ-1…SZ-3 solved for B. */
function budgetFor({ settings, asset, budget, multiplier, usable, remaining = usable }: SizingRequest, notionalCap: Money, least: Money): Money {
  const threshold = settings.percentSizingThreshold;
  const byRisk = (cap: Money): Money => divide(cap, scale(settings.perTradeRisk[asset], multiplier));
  const forCap = atMost(least, threshold)
    ? byRisk(least)
    : larger(add(byRisk(threshold), CENT), divide(least, scale(settings.percentSizingAboveThreshold[asset], multiplier)));
  const needsCap = lessThan(notionalCap, least);
  const forUsable = lessThan(remaining, least) ? add(budget, subtract(least, remaining)) : budget;
  return needsCap ? larger(forCap, forUsable) : forUsable;
}

/** No budget helps where the wallet has too little. */
function isWalletShort({ usable, remaining = usable, walletAvailable = usable }: SizingRequest, least: Money): boolean {
  return lessThan(walletAvailable, remaining) && usable === walletAvailable && lessThan(walletAvailable, least);
}

const refused = (refusal: Refusal): Sizing => ({ ok: false, refusal });
const up = (value: Money): Money => toStep(value, CENT, 'up');
const shown = (value: Money): Money => rounded(value, NUMBER_PLACES_MAX);
