/** PX-1, PX-2: at what price and how much a paper order fills. Whatever is rounded is rounded against us. */
import {
  add,
  atLeast,
  atMost,
  divide,
  isZero,
  larger,
  lessThan,
  notional,
  ONE,
  price,
  ratio,
  scale,
  smaller,
  subtract,
  toNumber,
  toStep,
  type Money,
  type Price,
  type Qty,
  type Ratio,
} from '../money/decimal.ts';
import { tickAt, toTick } from '../execution/tick.ts';
import type { Commission, TickStep } from '../model/instrument.ts';
import type { Bracket, Side } from '../model/order.ts';
import type { QuoteSnapshot } from '../model/quote.ts';

/** The rules an order lives under from its acceptance to the end of its position: later settings do not change what was promised. */
export interface PaperTerms {
  readonly slippageBps: number;
  readonly takerFee: Ratio;
  /** In place of the taker fee, or null. */
  readonly commission: Commission | null;
  /** Orders below it are odd lots, or null. */
  readonly oddLotBelow: Qty | null;
  readonly fillDepth: 'touch' | 'book';
  readonly tickSize: Price;
  readonly tickLadder?: readonly TickStep[];
  readonly lotSize: Qty;
  readonly multiplier: Ratio;
  readonly minQty: Qty;
  readonly minNotional: Money;
}

const BPS_OF_ONE = ratio('10000');
/** SZ-4: an odd lot meets a wider market than the quotes show. */
export const ODD_LOT_SLIPPAGE = 2;

/** What a taker of `side` meets: the ask to buy at, the bid to sell at. */
export const touch = (side: Side, quote: QuoteSnapshot): Price => (side === 'buy' ? quote.ask : quote.bid);

/** The touch, worse by the slippage, on the tick of the worse side; a sale never below one tick. */
export function takerPrice(side: Side, quote: QuoteSnapshot, grid: SlippageGrid): Price {
  if (side === 'buy') return boughtAt(quote.ask, grid);
  const slip = divide(ratio(grid.slippageBps), BPS_OF_ONE);
  return larger(grid.tickSize, toTick(scale(quote.bid, subtract(ONE, slip)), grid, 'down'));
}

type SlippageGrid = Pick<PaperTerms, 'slippageBps' | 'tickSize' | 'tickLadder'>;

/** What a taker pays who meets `ask`. */
export function boughtAt(ask: Price, grid: SlippageGrid): Price {
  return toTick(scale(ask, add(ONE, divide(ratio(grid.slippageBps), BPS_OF_ONE))), grid, 'up');
}

/** The terms of an order of `quantity`: below the venue's round size the slippage is double. */
export function termsFor(quantity: Qty, terms: PaperTerms): PaperTerms {
  if (terms.oddLotBelow === null || !lessThan(quantity, terms.oddLotBelow)) return terms;
  return { ...terms, slippageBps: terms.slippageBps * ODD_LOT_SLIPPAGE };
}

/**
 * PX-1 against the recorded book: at most the size that the quote shows fills `at` (what a taker pays at the touch), the rest a slippage step
 * worse, at least a tick. What comes out is the mean price of both parts, on the tick of the worse side. A size nobody told counts as enough.
 */
export function depthPrice(at: Price, side: Side, quote: QuoteSnapshot, quantity: Qty, terms: PaperTerms): Price {
  const size = side === 'buy' ? quote.askQty : quote.bidQty;
  if (terms.fillDepth === 'touch' || size === null || atMost(quantity, size)) return at;
  const tickSize = tickAt(terms, at);
  const slip = divide(ratio(terms.slippageBps), BPS_OF_ONE);
  const worse =
    side === 'buy'
      ? larger(add(at, tickSize), toTick(scale(at, add(ONE, slip)), terms, 'up'))
      : larger(terms.tickSize, smaller(subtract(at, tickSize), toTick(scale(at, subtract(ONE, slip)), terms, 'down')));
  const value = add(notional(at, size), notional(worse, subtract(quantity, size)));
  return toTick(price(divide(value, ratio(quantity))), terms, side === 'buy' ? 'up' : 'down');
}

/** PX-2: a touched take-profit never fills better than its price. `side` is that of the leg. */
export function takeProfitPrice(side: Side, quote: QuoteSnapshot, takeProfit: Price, terms: PaperTerms): Price {
  const taken = takerPrice(side, quote, terms);
  return side === 'sell' ? smaller(taken, takeProfit) : larger(taken, takeProfit);
}

/** True where `quote` is worse than `than` for a taker of `side`. Float64: both are on a venue's grid. */
export function isWorse(side: Side, quote: QuoteSnapshot, than: QuoteSnapshot): boolean {
  return side === 'buy' ? toNumber(quote.ask) > toNumber(than.ask) : toNumber(quote.bid) < toNumber(than.bid);
}

/**
 * Which leg of the bracket of a position of `side` the quote touches, the stop before the take-profit. Numbers are compared first, since
 * this runs at every quote; a leg that seems touched is compared exactly.
 */
export function touchedLeg(side: Side, bracket: Bracket, quote: QuoteSnapshot): 'stop_loss' | 'take_profit' | null {
  const at = side === 'buy' ? quote.bid : quote.ask;
  const number = toNumber(at);
  const stop = toNumber(bracket.stopLoss);
  const profit = toNumber(bracket.takeProfit);
  if (side === 'buy' ? number > stop && number < profit : number < stop && number > profit) return null;
  const [isAtStop, isAtProfit] = side === 'buy' ? [atMost, atLeast] : [atLeast, atMost];
  if (isAtStop(at, bracket.stopLoss)) return 'stop_loss';
  return isAtProfit(at, bracket.takeProfit) ? 'take_profit' : null;
}

/**
 * How much of `wanted` fills: `fraction` of it, down to the lot. All of it where the part would be below the venue's smallest order; of an
 * exit also where the rest would be, since nobody could ever sell that.
 */
export function filledQty(wanted: Qty, fraction: Ratio, at: Price, kind: 'entry' | 'exit', terms: PaperTerms): Qty {
  if (fraction === ONE) return wanted;
  const part = toStep(scale(wanted, fraction), terms.lotSize, 'down');
  if (isBelowMinimum(part, at, terms)) return wanted;
  return kind === 'exit' && isBelowMinimum(subtract(wanted, part), at, terms) ? wanted : part;
}

/** What the venue takes for a fill, USD: its commission by unit or by basis points of the notional, at least its minimum; else its taker fee. */
export function feeOf(
  at: Price,
  quantity: Qty,
  { takerFee, multiplier, commission }: Pick<PaperTerms, 'takerFee' | 'multiplier' | 'commission'>,
): Money {
  const value = notional(at, quantity, multiplier);
  if (commission === null) return scale(value, takerFee);
  const charged = 'bps' in commission ? scale(value, divide(commission.bps, BPS_OF_ONE)) : scale(commission.perUnit, ratio(quantity));
  return larger(charged, commission.min);
}

/** True below the venue's smallest order, in quantity or in notional at `at`. */
export function isBelowMinimum(quantity: Qty, at: Price, { minQty, minNotional, multiplier }: PaperTerms): boolean {
  return isZero(quantity) || lessThan(quantity, minQty) || lessThan(notional(at, quantity, multiplier), minNotional);
}
