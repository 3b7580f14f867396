/** Isolated margin: a position stands for itself, with the margin that was laid down for it, and loses no more than that. */
import {
  absolute,
  add,
  atLeast,
  atMost,
  divide,
  greaterThan,
  isPositive,
  isZero,
  larger,
  negate,
  notional,
  ONE,
  price,
  ratio,
  rounded,
  subtract,
  toStep,
  ZERO_MONEY,
  type Money,
  type Price,
} from '#trading/money/decimal.ts';
import { leverageOf, markOf, type Holding, type Room } from './state.ts';

const DECIMALS = 10;

/** The mark at which margin and loss leave just the maintenance; null where flat, or where nothing is ever liquidated. */
export function liquidationAt(room: Room, holding: Holding): Price | null {
  const { tiers } = room.terms;
  if (isZero(holding.size)) return null;
  let above = ZERO_MONEY;
  for (const tier of tiers) {
    const long = isPositive(holding.size);
    // Margin and loss leave value × maintenance − deduction.
    const left = subtract(leftOf(room, holding), long ? tier.deduction : negate(tier.deduction));
    const value = divide(left, long ? subtract(ONE, tier.maintenance) : add(ONE, tier.maintenance));
    // The value there is of this tier, as maintenance goes on from tier to tier without a jump.
    if (tier !== tiers.at(-1) && greaterThan(value, tier.limit)) {
      above = tier.limit;
      continue;
    }
    return isPositive(value) ? priceAt(room, holding, larger(value, above)) : null;
  }
  return null;
}

/** Where the margin is gone: what a liquidated position is taken over at, on the tick that leaves no more lost than the margin. */
export function bankruptcyOf(room: Room, holding: Holding): Price | null {
  if (isZero(holding.size)) return null;
  const { tick } = room.terms;
  const at = toStep(priceAt(room, holding, leftOf(room, holding)), tick, isPositive(holding.size) ? 'up' : 'down');
  return isPositive(at) ? at : tick;
}

export function isSpent(room: Room, holding: Holding): boolean {
  const [mark, at] = [markOf(room), liquidationAt(room, holding)];
  if (mark === null || at === null) return false;
  return isPositive(holding.size) ? atMost(mark, at) : atLeast(mark, at);
}

/** What a position may still be worth, of a short what it may cost, when its margin is gone: cost − margin, cost + margin. */
function leftOf(room: Room, { size, cost, slot }: Holding): Money {
  const margin = rounded(divide(cost, leverageOf(room, slot)), DECIMALS);
  return isPositive(size) ? subtract(cost, margin) : add(cost, margin);
}

function priceAt({ terms }: Room, { size }: Holding, value: Money): Price {
  const units = ratio(notional(price('1'), absolute(size), terms.multiplier));
  return rounded(price(divide(value, units)), DECIMALS);
}
