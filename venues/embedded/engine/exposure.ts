/** How much a side of a contract is worth with its orders, against what its leverage allows. */
import {
  add,
  greaterThan,
  isNegative,
  isZero,
  notional,
  price,
  smaller,
  subtract,
  ZERO_MONEY,
  ZERO_QTY,
  type Money,
  type Qty,
  type Ratio,
} from '#trading/money/decimal.ts';
import { closable } from './fills.ts';
import { oppositeOf } from './liquidity.ts';
import { openingValue } from './margin.ts';
import { holdingOf, isResting, leverageOf, markOf, type Room } from './state.ts';
import { leverageAt, limitAt } from './tiers.ts';
import type { Order, OrderId, PositionSlot, Side } from './types.ts';

/** What an order would open, of what is left of it: orders that stand already close the position before it does. */
export function opens(room: Room, { id, request, leaves }: Order): Qty {
  if (request.reduceOnly) return ZERO_QTY;
  const { slot, side } = request;
  let closes = closable(holdingOf(room, slot), side);
  for (const live of room.live) {
    const { order } = live;
    const { request: other } = order;
    if (order.id === id || other.side !== side || other.slot !== slot || other.reduceOnly || !isResting(live)) continue;
    closes = subtract(closes, smaller(closes, order.leaves));
  }
  return subtract(leaves, smaller(closes, leaves));
}

/** What a unit of it would cost: its limit, or the best price that it would find. */
export const openingPrice = (room: Room, { price: limit, request: { side } }: Order) =>
  limit ?? room.liquidity.side(oppositeOf(side))[0]?.price ?? markOf(room) ?? price('0');

/** Position and standing orders of a side, without one of them, quote units. */
export function exposureOf(room: Room, side: Side, but: OrderId | null = null): Money {
  const slot: PositionSlot = room.hedge ? (side === 'buy' ? 'long' : 'short') : 'one-way';
  const { size, cost } = holdingOf(room, slot);
  const held = !isZero(size) && isNegative(size) === (side === 'sell') ? cost : ZERO_MONEY;
  return add(held, openingValue(room, side, but));
}

export interface Beyond {
  readonly value: Money;
  readonly limit: Money;
  /** That would allow it; null where none does. */
  readonly leverage: Ratio | null;
}

/** Null where the tiers allow the order beside what there is. */
export function beyondLimit(room: Room, order: Order): Beyond | null {
  const { tiers, multiplier } = room.terms;
  const { side, slot } = order.request;
  const limit = limitAt(tiers, leverageOf(room, slot));
  const size = limit === null ? ZERO_QTY : opens(room, order);
  if (limit === null || isZero(size)) return null;
  const value = add(exposureOf(room, side, order.id), notional(openingPrice(room, order), size, multiplier));
  return greaterThan(value, limit) ? { value, limit, leverage: leverageAt(tiers, value) } : null;
}
