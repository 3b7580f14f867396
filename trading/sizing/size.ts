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
import type { Side, SizingBasis } from '../model/order.ts';
import type { Settings } from '../model/settings.ts';
import { rulesInForce } from '../paper/draws.ts';
import { boughtAt, ODD_LOT_SLIPPAGE } from '../paper/price.ts';

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
  /** A buy costs more than P by its slippage, and what is usable must pay for that too; a sale brings less, and holds less. Absent: no room is left. */
  readonly side?: Side;
  readonly instrument: Instrument;
}

export type Sizing = { readonly ok: true; readonly qty: Qty; readonly basis: SizingBasis } | { readonly ok: false; readonly refusal: Refusal };

const CENT = money('0.01');
const NUMBER_PLACES_MAX = 8;

/**
 * The quantity of an order: NotionalCap by the price of one unit, at most what is usable by what one may cost, rounded down to the lot. Refuses with
 * `BUDGET_EXHAUSTED` or `BELOW_MINIMUM`, which names what is missing and the budget that would be enough.
 */
export function sizeOrder(request: SizingRequest): Sizing {
  const { settings, budget, multiplier, usable, price, instrument } = request;
  if (!isPositive(price)) throw new RangeError(`no size at a price of ${price}`);
  if (!isPositive(budget) || !isPositive(usable)) return refused(exhausted(request));
  const { baseCap, notionalCap } = notionalCapOf(request);
  const dear = dearest(request, notionalCap);
  const qty = smallest(request, notionalCap, dear);
  const least = leastOrder(instrument, price, settings);
  if (lessThan(qty, least.qty)) return refused(belowMinimum(request, notionalCap, dear, least));
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

interface LeastOrder {
  readonly qty: Qty;
  readonly notional: Money;
}

/** The smallest order on the lot grid that the venue takes at `price`: of its round size where odd lots are not allowed. */
export function leastOrder(instrument: Instrument, price: Price, { allowOddLots = true }: Pick<Settings, 'allowOddLots'> = {}): LeastOrder {
  const { minNotional, multiplier, lotSize, oddLotBelow } = instrument;
  const minQty = allowOddLots || oddLotBelow === undefined ? instrument.minQty : larger(instrument.minQty, oddLotBelow);
  const wanted = larger(larger(minQty, lotSize), quantityFor(minNotional, price, multiplier));
  // A quotient cut at its last digit may round up to one step too few.
  let qty = toStep(wanted, lotSize, 'up');
  if (lessThan(notional(price, qty, multiplier), minNotional)) qty = add(qty, lotSize);
  return { qty, notional: notional(price, qty, multiplier) };
}

/** The whole lots that `value` buys at `price`. */
export const lotsFor = (value: Money, price: Price, { multiplier, lotSize }: Instrument): Qty =>
  toStep(quantityFor(value, price, multiplier), lotSize, 'down');

/** By the cap at P, and by what is usable where a unit costs `dear`. */
const smallest = ({ usable, price, instrument }: SizingRequest, notionalCap: Money, dear: Price): Qty =>
  smaller(lotsFor(notionalCap, price, instrument), lotsFor(usable, dear, instrument));

/**
 * What a unit may cost: P, worse by the slippage that paper charges (twice that for an odd lot), on the tick. Live orders leave the same room, as
 * paper is never kinder than live (PX-3).
 */
function dearest(request: SizingRequest, notionalCap: Money): Price {
  const { settings, side, price, instrument } = request;
  if (side !== 'buy') return price;
  const { slippageBps } = rulesInForce(settings.paper);
  const { tickSize, tickLadder, oddLotBelow } = instrument;
  const grid = { tickSize, ...(tickLadder !== undefined && { tickLadder }) };
  const dear = boughtAt(price, { ...grid, slippageBps });
  const isOdd = oddLotBelow !== undefined && lessThan(smallest(request, notionalCap, dear), oddLotBelow);
  return isOdd ? boughtAt(price, { ...grid, slippageBps: slippageBps * ODD_LOT_SLIPPAGE }) : dear;
}

function exhausted({ asset, budget, usable }: SizingRequest): Refusal {
  return {
    code: 'BUDGET_EXHAUSTED',
    rule: 'SZ-5',
    numbers: { budget, usable },
    sentence: `${asset}: nothing of the budget of ${budget} USD is usable now`,
  };
}

function belowMinimum(request: SizingRequest, notionalCap: Money, dear: Price, { qty, notional: least }: LeastOrder): Refusal {
  const { instrument, asset, budget, usable, price, walletAvailable } = request;
  const { multiplier } = instrument;
  const cap = smaller(notionalCap, dear === price ? usable : notional(price, quantityFor(usable, dear, multiplier), multiplier));
  const cost = notional(dear, qty, multiplier);
  const missing = up(subtract(least, cap));
  const enough = up(budgetFor(request, notionalCap, least, cost));
  const isShort = isWalletShort(request, cost);
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
    sentence: `${sentence}${walletAvailable !== undefined && isShort ? `, with ${shown(cost)} USD free in the wallet, which has ${shown(walletAvailable)}` : ''}`,
  };
}

/** The smallest budget whose cap reaches `least`, and whose usable part its `cost`: the caps of SZ-1…SZ-3 solved for B. */
function budgetFor(request: SizingRequest, notionalCap: Money, least: Money, cost: Money): Money {
  const { settings, asset, budget, multiplier, usable, remaining = usable } = request;
  const threshold = settings.percentSizingThreshold;
  const byRisk = (cap: Money): Money => divide(cap, scale(settings.perTradeRisk[asset], multiplier));
  const forCap = atMost(least, threshold)
    ? byRisk(least)
    : larger(add(byRisk(threshold), CENT), divide(least, scale(settings.percentSizingAboveThreshold[asset], multiplier)));
  const needsCap = lessThan(notionalCap, least);
  const forUsable = lessThan(remaining, cost) ? add(budget, subtract(cost, remaining)) : budget;
  return needsCap ? larger(forCap, forUsable) : forUsable;
}

/** No budget helps where the wallet has too little. */
function isWalletShort({ usable, remaining = usable, walletAvailable = usable }: SizingRequest, cost: Money): boolean {
  return lessThan(walletAvailable, remaining) && usable === walletAvailable && lessThan(walletAvailable, cost);
}

const refused = (refusal: Refusal): Sizing => ({ ok: false, refusal });
const up = (value: Money): Money => toStep(value, CENT, 'up');
const shown = (value: Money): Money => rounded(value, NUMBER_PLACES_MAX);
