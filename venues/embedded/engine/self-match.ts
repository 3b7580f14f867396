/** Orders of the account that another order of it would trade with: the played book is without them. */
import type { Price } from '#trading/money/decimal.ts';
import { byBest, oppositeOf } from './liquidity.ts';
import { isResting, type Live, type Room } from './state.ts';
import type { Order } from './types.ts';

export interface Own {
  readonly live: Live;
  readonly price: Price;
}

/** The best of them at a price as good as `limit` or better, of equals the oldest; undefined where there is none. */
export function ownWithin(room: Room, { request: { side } }: Order, limit: Price): Own | undefined {
  const book = oppositeOf(side);
  let best: Own | undefined;
  for (const live of room.live) {
    const { price, request } = live.order;
    if (price === null || request.side === side || !isResting(live) || byBest(book, price, limit) > 0) continue;
    if (best === undefined || byBest(book, price, best.price) < 0) best = { live, price };
  }
  return best;
}
