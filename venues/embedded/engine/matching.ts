/** Who trades with whom: an order that takes walks the market's levels, one that rests waits in the queue of its price until the market trades through it. */
import {
  add,
  atMost,
  isPositive,
  isZero,
  money,
  price,
  quantityFor,
  ratio,
  scale,
  smaller,
  subtract,
  toStep,
  ZERO_QTY,
  type Price,
  type Qty,
} from '#trading/money/decimal.ts';
import { endGroup, endStateOf, settle } from './exits.ts';
import { closable, fill, type Fill } from './fills.ts';
import { affordable } from './funds.ts';
import { byBest, oppositeOf } from './liquidity.ts';
import { ownWithin, type Own } from './self-match.ts';
import { holdingOf, isEnded, isResting, priceOf, type Live, type Room, type State } from './state.ts';
import type { CancelReason, Order, Quote, Side } from './types.ts';

/** Puts an order into the market: takes what it may, and rests or ends. */
export function activate(state: State, room: Room, live: Live): void {
  const { timeInForce, type, reduceOnly, side } = live.order.request;
  live.held = false;
  if (reduceOnly && isZero(closable(holdingOf(room, live.order.request.slot), side))) return refuse(state, room, live, 'reduce-only');
  state.change(room, live, { state: isZero(live.order.filled) ? 'new' : 'partially-filled' });
  const limit = limitOf(state, room, live.order);
  if (limit === null) return endOpen(state, room, live, 'no-immediate-quantity');
  const offered = room.liquidity.within(oppositeOf(side), limit);
  if (timeInForce === 'post-only') {
    if (offered.length > 0 || ownWithin(room, live.order, limit) !== undefined) return endOpen(state, room, live, 'post-only');
    return rest(room, live);
  }
  const enough =
    timeInForce !== 'fok' ||
    atMost(
      live.order.leaves,
      offered.reduce<Qty>((sum, { size }) => add(sum, size), ZERO_QTY),
    );
  if (enough) take(state, room, live, limit);
  if (isEnded(live.order.state)) return;
  if (type === 'market' || timeInForce !== 'gtc') return endOpen(state, room, live, 'no-immediate-quantity');
  rest(room, live);
}

/** A conditional order that cannot be placed when its time has come. */
export function refuse(state: State, room: Room, live: Live, reason: CancelReason): void {
  state.end(room, live, 'rejected', reason);
  settle(state, room, live, activate);
}

/** The worst price that the order takes; null where there is nothing on the other side to measure from. */
function limitOf(state: State, room: Room, order: Order): Price | null {
  if (order.price !== null) return order.price;
  const { side, slippage } = order.request;
  const best = room.liquidity.side(oppositeOf(side))[0]?.price;
  if (best === undefined) return null;
  const share = Number(slippage ?? state.options.marketSlippage);
  return toStep(scale(best, ratio((side === 'buy' ? 1 + share : 1 - share).toFixed(8))), room.terms.tick, side === 'buy' ? 'down' : 'up');
}

/** Takes the best price first: what the market offers before what an own order does at the same price. */
function take(state: State, room: Room, live: Live, limit: Price): void {
  const { side } = live.order.request;
  const book = oppositeOf(side);
  while (!isEnded(live.order.state)) {
    const [level, own] = [room.liquidity.within(book, limit)[0], ownWithin(room, live.order, limit)];
    const ownFirst = own !== undefined && (level === undefined || byBest(book, own.price, level.price) < 0);
    const size = smaller(
      wanted(room, live, ownFirst ? own.price : (level?.price ?? limit)),
      ownFirst ? wanted(room, own.live, own.price) : (level?.size ?? ZERO_QTY),
    );
    if (!isPositive(size)) return;
    if (ownFirst) meet(state, room, live, own, size);
    else if (level !== undefined) {
      room.liquidity.take(book, level.price, size);
      trade(state, room, live, { price: level.price, qty: size, maker: false, kind: 'trade' });
    }
  }
}

/** How much it still wants at a price: never more than its position where it only reduces. */
function wanted(room: Room, { order }: Live, at: Price): Qty {
  const { request, leaves } = order;
  const size = request.qtyUnit === 'quote' ? toStep(quantityFor(money(leaves), at, room.terms.multiplier), room.terms.step, 'down') : leaves;
  return request.reduceOnly ? smaller(size, closable(holdingOf(room, request.slot), request.side)) : size;
}

/** It comes upon an order of the same account: they trade, or what it says of that is done. */
function meet(state: State, room: Room, live: Live, { live: resting, price: at }: Own, size: Qty): void {
  const { selfMatch } = live.order.request;
  if (selfMatch === undefined) {
    trade(state, room, resting, { price: at, qty: size, maker: true, kind: 'trade' });
    if (!isEnded(live.order.state)) trade(state, room, live, { price: at, qty: size, maker: false, kind: 'trade' });
    return;
  }
  for (const [order, other, ends] of [
    [resting, live, selfMatch !== 'cancel-taker'],
    [live, resting, selfMatch !== 'cancel-maker'],
  ] as const) {
    if (!ends || isEnded(order.order.state)) continue;
    order.order = { ...order.order, met: other.order.id };
    endOpen(state, room, order, 'self-match');
  }
}

export function trade(state: State, room: Room, live: Live, what: Fill): void {
  fill(state, room, live, what);
  settle(state, room, live, activate);
}

/** Ends an open order before it is filled, and what hangs on it. */
export function endOpen(state: State, room: Room, live: Live, reason: CancelReason): void {
  state.end(room, live, endStateOf(room, live.order), reason);
  settle(state, room, live, activate);
}

/** Joins the queue of its price, behind what is displayed there. */
function rest(room: Room, live: Live): void {
  const { side } = live.order.request;
  if (live.order.price !== null) live.ahead = room.liquidity.sizeAt(side === 'buy' ? 'bids' : 'asks', live.order.price);
}

/** The market moved: resting orders that it reached trade at their own price, best price first, then first come. */
export function matchResting(state: State, room: Room, quote: Quote): void {
  const pool = { left: quote.trade?.size ?? ZERO_QTY };
  for (const live of resting(room)) {
    const { order } = live;
    if (!isResting(live) || order.price === null || isFar(order.request.side, order.price, quote)) continue;
    const { side } = order.request;
    const at = order.price;
    const aggressor = quote.trade !== null && quote.trade.aggressor !== side && byBest(oppositeOf(side), quote.trade.price, at) <= 0;
    const offered = room.liquidity.within(oppositeOf(side), at);
    const through = offered.some((level) => level.price !== at) || (aggressor && quote.trade.price !== at);
    if (through) live.ahead = ZERO_QTY;
    if (aggressor) pool.left = subtract(pool.left, reached(state, room, live, pool.left));
    for (const level of offered) {
      if (isEnded(live.order.state)) break;
      const size = smaller(level.size, wanted(room, live, at));
      const filled = reached(state, room, live, size);
      if (isPositive(filled)) room.liquidity.take(oppositeOf(side), level.price, filled);
    }
    if (!isEnded(live.order.state)) requeue(live, quote);
  }
}

/**
 * The market is nowhere near this price: nothing reached it, and others are better on its own side. Almost every quote is far from almost every
 * order, so float64 decides; it orders decimal texts of up to fifteen digits as they are.
 */
function isFar(side: Side, limit: Price, { bid, ask, askSize, bidSize, trade: traded }: Quote): boolean {
  const at = Number(limit);
  if (side === 'buy') return at < Number(bid) && (at < Number(ask) || askSize === '0') && (traded === null || at < Number(traded.price));
  return at > Number(ask) && (at > Number(bid) || bidSize === '0') && (traded === null || at > Number(traded.price));
}

/** `volume` came to the price of this order: the queue before it is served first. Returns how much the order got. */
function reached(state: State, room: Room, live: Live, volume: Qty): Qty {
  const at = live.order.price;
  if (at === null) return ZERO_QTY;
  const queue = smaller(live.ahead, volume);
  live.ahead = subtract(live.ahead, queue);
  const size = toStep(smaller(subtract(volume, queue), wanted(room, live, at)), room.terms.step, 'down');
  if (!isPositive(size)) return ZERO_QTY;
  trade(state, room, live, { price: at, qty: size, maker: true, kind: 'trade' });
  return size;
}

/** The queue shrinks to what is displayed where the price is the best, and is gone where the market has left the price. */
function requeue(live: Live, { bid, bidSize, ask, askSize }: Quote): void {
  const { price: at, request } = live.order;
  if (at === null) return;
  const [best, size] = request.side === 'buy' ? [bid, bidSize] : [ask, askSize];
  const order = byBest(request.side === 'buy' ? 'bids' : 'asks', at, best);
  if (order < 0) live.ahead = ZERO_QTY;
  else if (order === 0) live.ahead = smaller(live.ahead, size);
}

function resting(room: Room): readonly Live[] {
  const placed = room.live.filter(isResting);
  return placed.sort((left, right) => {
    if (left.order.request.side !== right.order.request.side) return left.order.request.side === 'buy' ? -1 : 1;
    return byBest(left.order.request.side === 'buy' ? 'bids' : 'asks', left.order.price ?? price('0'), right.order.price ?? price('0'));
  });
}

/** Conditional orders whose price was reached, each by the price that it looks at. */
export function fireTriggers(state: State, room: Room): void {
  for (const live of [...room.live]) {
    const { trigger } = live.order;
    if (trigger === null || live.held || live.order.state !== 'untriggered') continue;
    const seen = priceOf(room, trigger.by);
    if (seen === null) continue;
    const beyond = Number(seen) - Number(trigger.price);
    if (trigger.direction === 'rise' ? beyond >= 0 : beyond <= 0) fire(state, room, live);
  }
}

function fire(state: State, room: Room, live: Live): void {
  state.change(room, live, { state: 'triggered' });
  const { group } = live.order.request;
  if (group !== null) endGroup(state, group, live);
  if (!affordable(state, room, live.order)) return refuse(state, room, live, 'margin');
  activate(state, room, live);
}
