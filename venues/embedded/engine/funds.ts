/** Whether the account can pay for an order. */
import { add, atMost, divide, isZero, notional, scale, smaller, subtract, ZERO_MONEY, type Money, type Qty } from '#trading/money/decimal.ts';
import { beyondLimit, openingPrice, opens } from './exposure.ts';
import { oppositeOf } from './liquidity.ts';
import { accountOf, lockedOf, lockOf } from './margin.ts';
import { leverageOf, type Room, type State } from './state.ts';
import type { Order } from './types.ts';

/** For an order that is already among the open ones of its room, or about to be. */
export function affordable(state: State, room: Room, order: Order): boolean {
  return shortBy(state, room, order) === null && beyondLimit(room, order) === null;
}

/** What is needed and what there is, where that is not enough. Quote units, or base units of a sell on an exchange contract. */
export function shortBy(state: State, room: Room, order: Order): { readonly needed: Money; readonly available: Money } | null {
  return room.terms.kind === 'exchange' ? shortOfCoins(state, room, order) : shortOfMargin(state, room, order);
}

function shortOfCoins(state: State, room: Room, order: Order): { readonly needed: Money; readonly available: Money } | null {
  const { side, qtyUnit, type } = order.request;
  const currency = side === 'buy' ? room.terms.quote : room.terms.base;
  const held = heldBy(room, order);
  const already = held === undefined ? ZERO_MONEY : lockOf(room, held);
  const free = add(subtract(state.wallet.get(currency) ?? ZERO_MONEY, lockedOf(state, currency)), already);
  const needed = side === 'buy' && type === 'market' && qtyUnit === 'base' ? walkCost(room, order.leaves) : lockOf(room, { ...order, state: 'new' });
  return atMost(needed, free) ? null : { needed, available: free };
}

/** What a market order would pay for this much, as the market stands. */
function walkCost(room: Room, size: Qty): Money {
  let [left, cost] = [size, ZERO_MONEY];
  for (const level of room.liquidity.side(oppositeOf('buy'))) {
    const taken = smaller(left, level.size);
    cost = add(cost, notional(level.price, taken, room.terms.multiplier));
    left = subtract(left, taken);
    if (isZero(left)) break;
  }
  return cost;
}

function shortOfMargin(state: State, room: Room, order: Order): { readonly needed: Money; readonly available: Money } | null {
  const { request } = order;
  const size = opens(room, order);
  if (isZero(size)) return null;
  const value = notional(openingPrice(room, order), size, room.terms.multiplier);
  const fee = room.terms.fees.kind === 'rate' ? scale(value, room.terms.fees.taker) : ZERO_MONEY;
  const needed = add(divide(value, leverageOf(room, request.slot)), fee);
  const held = heldBy(room, order);
  const resting = held !== undefined && (held.state === 'new' || held.state === 'partially-filled') && held.price !== null;
  const already = resting ? divide(notional(held.price, held.leaves, room.terms.multiplier), leverageOf(room, request.slot)) : ZERO_MONEY;
  const free = add(accountOf(state).available, already);
  return atMost(needed, free) ? null : { needed, available: free };
}

/** The order as it is held against already, where it is one of the open ones. */
const heldBy = ({ live }: Room, { id }: Order): Order | undefined => live.find(({ order }) => order.id === id)?.order;
