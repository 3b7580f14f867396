/**
 * Fills into positions and round trips, exactly. The sums of what was bought and sold are kept, so that the result of a closed trade is a
 * difference of sums and never passes through a rounded average price.
 */
import {
  add,
  atMost,
  divide,
  isZero,
  lessThan,
  notional,
  price,
  quotient,
  ratio,
  rounded,
  scale,
  subtract,
  ZERO_MONEY,
  ZERO_QTY,
  type Money,
  type Price,
  type Qty,
  type Ratio,
} from '../money/decimal.ts';
import type { Asset, Instant, Mode } from '../model/instrument.ts';
import type { Bracket, Fill } from '../model/order.ts';
import type { DustSetAside, FundingBooked, Settled } from '../model/events.ts';
import type { ClosedTrade, ExitReason, Position } from '../model/position.ts';

/** A position with the sums it came from. Values are Σ price × quantity without the multiplier. */
export interface BookedPosition extends Position {
  readonly multiplier: Ratio;
  readonly entryQty: Qty;
  readonly entryValue: Money;
  readonly exitQty: Qty;
  readonly exitValue: Money;
}

/** A round trip before it is booked on a budget. */
export type ClosedPart = Omit<ClosedTrade, 'budgetBefore' | 'budgetAfter'>;

export interface Booked {
  readonly position: BookedPosition | null;
  readonly closed: ClosedPart | null;
}

/** A divided fee is cut here, so that its parts sum to it exactly. */
const FEE_PLACES = 12;
const COST_PLACES = 12;

export const positionKey = (of: { readonly asset: Asset; readonly mode: Mode; readonly symbol: string }): string =>
  `${of.asset}|${of.mode}|${of.symbol}`;

/**
 * Books a fill on the position of its asset, mode and symbol. A fill of the position's side adds to it, one of the other side takes away and
 * realises; one that takes more than there is closes the position and opens the rest on its own side, the fee divided by quantity.
 *
 * @param bracket what protects a position that this fill opens; an open position keeps its own.
 * @throws RangeError where the fill is of another asset, mode or symbol, or of no quantity.
 */
export function bookFill(position: BookedPosition | null, fill: Fill, multiplier: Ratio, bracket: Bracket | null = null): Booked {
  if (!lessThan(ZERO_QTY, fill.qty)) throw new RangeError(`${fill.fillId}: a fill needs a quantity above zero, got ${fill.qty}`);
  if (position === null) return { position: opened(fill, multiplier, bracket), closed: null };
  if (positionKey(position) !== positionKey(fill)) {
    throw new RangeError(`${fill.fillId}: a fill of ${positionKey(fill)} on a position of ${positionKey(position)}`);
  }
  if (fill.side === position.side) return { position: added(position, fill), closed: null };
  if (atMost(fill.qty, position.qty)) return reduced(position, fill);
  const closing = { ...fill, qty: position.qty, fee: rounded(scale(fill.fee, quotient(position.qty, fill.qty)), FEE_PLACES) };
  const rest = { ...fill, qty: subtract(fill.qty, position.qty), fee: subtract(fill.fee, closing.fee) };
  return { position: opened(rest, multiplier, bracket), closed: reduced(position, closing).closed };
}

/** LC-6: funding is cash of the position that was open at its time; null where this one was not, so that it is nobody's trade. */
export function bookFunding(position: BookedPosition | null, { amount, at }: Pick<FundingBooked, 'amount' | 'at'>): BookedPosition | null {
  if (position === null || position.openedAt > at) return null;
  return { ...position, funding: add(position.funding ?? ZERO_MONEY, amount) };
}

/** The trade of a position of which the rest cannot be sold: closed as of its last exit (or entry, where nothing was sold), and the rest brought nothing. */
export function bookDust(position: BookedPosition, { value, exitReason, exitedAt }: DustSetAside): ClosedPart {
  return { ...closedBy(position, exitReason, exitedAt), dust: value };
}

/** LC-4: the trade of a position that was held to its expiry: what is left of it goes at the settlement's price, without a fee. */
export function bookSettlement(position: BookedPosition, { price: at, expiredAt }: Pick<Settled, 'price' | 'expiredAt'>): ClosedPart {
  const exitQty = add(position.exitQty, position.qty);
  const exitValue = add(position.exitValue, notional(at, position.qty));
  return closedBy({ ...position, qty: ZERO_QTY, exitQty, exitValue }, 'settlement', expiredAt);
}

/** Σ price × quantity × multiplier of what is held, at its average price: the notional that commits budget. */
export const heldNotional = (position: BookedPosition): Money => notional(position.averagePrice, position.qty, position.multiplier);

function opened(fill: Fill, multiplier: Ratio, bracket: Bracket | null): BookedPosition {
  return {
    asset: fill.asset,
    mode: fill.mode,
    symbol: fill.symbol,
    strategyId: fill.strategyId,
    side: fill.side,
    qty: fill.qty,
    averagePrice: fill.price,
    fees: fill.fee,
    realised: ZERO_MONEY,
    bracket,
    entryOrderId: fill.clientOrderId,
    openedAt: fill.filledAt,
    multiplier,
    entryQty: fill.qty,
    entryValue: notional(fill.price, fill.qty),
    exitQty: ZERO_QTY,
    exitValue: ZERO_MONEY,
  };
}

function added(position: BookedPosition, fill: Fill): BookedPosition {
  const entryQty = add(position.entryQty, fill.qty);
  const entryValue = add(position.entryValue, notional(fill.price, fill.qty));
  const averagePrice = meanPrice(entryValue, entryQty);
  return { ...position, qty: add(position.qty, fill.qty), averagePrice, fees: add(position.fees, fill.fee), entryQty, entryValue };
}

function reduced(before: BookedPosition, fill: Fill): Booked {
  const position: BookedPosition = {
    ...before,
    qty: subtract(before.qty, fill.qty),
    fees: add(before.fees, fill.fee),
    exitQty: add(before.exitQty, fill.qty),
    exitValue: add(before.exitValue, notional(fill.price, fill.qty)),
  };
  if (isZero(position.qty)) return { position: null, closed: closedBy(position, fill.reason, fill.filledAt) };
  const cost = notional(position.averagePrice, position.exitQty);
  return { position: { ...position, realised: gain(position, position.exitValue, cost) }, closed: null };
}

function closedBy(position: BookedPosition, exitReason: ExitReason, closedAt: Instant): ClosedPart {
  const { asset, mode, symbol, strategyId, side, fees, funding } = position;
  return {
    tradeId: position.entryOrderId,
    asset,
    mode,
    symbol,
    strategyId,
    side,
    qty: position.entryQty,
    entryPrice: position.averagePrice,
    exitPrice: isZero(position.exitQty) ? position.averagePrice : meanPrice(position.exitValue, position.exitQty),
    fees,
    ...(funding === undefined ? {} : { funding }),
    pnl: subtract(gain(position, position.exitValue, position.entryValue), add(fees, funding ?? ZERO_MONEY)),
    exitReason,
    openedAt: position.openedAt,
    closedAt,
  };
}

/** A mean price times a quantity: cut, so that sums of it are exact whoever adds them up. */
export const costAt = (mean: Price, quantity: Qty): Money => rounded(notional(mean, quantity), COST_PLACES);

/** What the fills so far realised and cost, USD: exits at the average price, less fees and funding. */
export function realisedOf(position: BookedPosition): Money {
  return subtract(
    gain(position, position.exitValue, costAt(position.averagePrice, position.exitQty)),
    add(position.fees, position.funding ?? ZERO_MONEY),
  );
}

/** Before fees: what the exits brought more than their cost, times the multiplier; the other way round for a short. */
function gain({ side, multiplier }: BookedPosition, exits: Money, cost: Money): Money {
  return scale(side === 'buy' ? subtract(exits, cost) : subtract(cost, exits), multiplier);
}

/** Σ price·quantity ÷ Σ quantity: the text of the quotient is a price again. */
const meanPrice = (value: Money, quantity: Qty): Price => price(divide(value, ratio(quantity)));
