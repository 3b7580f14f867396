/** Isolated margin: a position stands for itself, with the margin that was laid down for it, and loses no more than that. */
import {
  absolute,
  add,
  atLeast,
  atMost,
  divide,
  isPositive,
  isZero,
  notional,
  ONE,
  price,
  ratio,
  rounded,
  subtract,
  toStep,
  type Price,
  type Ratio,
} from '#trading/money/decimal.ts';
import { markOf, type Holding, type Room } from './state.ts';

const DECIMALS = 10;

/** The mark at which margin and loss leave just the maintenance; null where flat, or where nothing is ever liquidated. */
export function liquidationAt(room: Room, holding: Holding): Price | null {
  const { maintenance } = room.terms;
  if (isZero(holding.size) || isZero(maintenance)) return null;
  const at = spentAt(room, holding, isPositive(holding.size) ? subtract(ONE, maintenance) : add(ONE, maintenance));
  return isPositive(at) ? at : null;
}

/** Where the margin is gone: what a liquidated position is taken over at, on the tick that leaves no more lost than the margin. */
export function bankruptcyOf(room: Room, holding: Holding): Price | null {
  if (isZero(holding.size)) return null;
  const { tick } = room.terms;
  const at = toStep(spentAt(room, holding, ONE), tick, isPositive(holding.size) ? 'up' : 'down');
  return isPositive(at) ? at : tick;
}

export function isSpent(room: Room, holding: Holding): boolean {
  const [mark, at] = [markOf(room), liquidationAt(room, holding)];
  if (mark === null || at === null) return false;
  return isPositive(holding.size) ? atMost(mark, at) : atLeast(mark, at);
}

/** The price at which cost and margin meet `share` of the value: cost − margin of a long, cost + margin of a short. */
function spentAt({ terms, leverage }: Room, { size, cost }: Holding, share: Ratio): Price {
  const margin = rounded(divide(cost, leverage), DECIMALS);
  const left = isPositive(size) ? subtract(cost, margin) : add(cost, margin);
  const units = ratio(notional(price('1'), absolute(size), terms.multiplier));
  return rounded(price(divide(divide(left, units), share)), DECIMALS);
}
