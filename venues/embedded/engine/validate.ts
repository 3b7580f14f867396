/** Whether the exchange takes an order at all: its filters, its limits and the account's funds. */
import {
  atMost,
  greaterThan,
  isPositive,
  isZero,
  lessThan,
  money,
  notional,
  ratio,
  scale,
  toStep,
  type Money,
  type Price,
  type Qty,
} from '#trading/money/decimal.ts';
import { beyondLimit } from './exposure.ts';
import { closable } from './fills.ts';
import { shortBy } from './funds.ts';
import { oppositeOf } from './liquidity.ts';
import { holdingOf, isPartialExit, markOf, priceOf, type Room, type State } from './state.ts';
import type { ExitLeg, Protection } from './triggers.ts';
import type { Order, OrderRequest, Refusal, RefusalCode, Side } from './types.ts';

export const refusal = (code: RefusalCode, what: string): Refusal => ({ code, what });

/** Null where the order may be placed, as one of so many that are placed together. */
export function wrongWith(state: State, room: Room, request: OrderRequest, together = 1): Refusal | null {
  const { terms } = room;
  if (!terms.trading) return refusal('NOT_TRADING', `${terms.key} takes no orders now`);
  if (markOf(room) === null) return refusal('NO_MARKET', `${terms.key} has no price yet`);
  if (room.hedge !== (request.slot !== 'one-way')) {
    return refusal('POSITION_MODE', `position ${request.slot} does not match the ${room.hedge ? 'two-way' : 'one-way'} mode`);
  }
  if (request.linkId !== '' && state.linkKnown(terms.kind, request.linkId))
    return refusal('DUPLICATE_LINK', `order link id ${request.linkId} was used`);
  return (
    wrongShape(room, request) ??
    wrongSize(room, request.qty, request) ??
    (request.price === null ? null : wrongPrice(state, room, request.side, request.price)) ??
    wrongTrigger(room, request) ??
    wrongExits(room, request.side, request.price, request.protection) ??
    wrongReduce(room, request) ??
    thinBook(room, request) ??
    tooMany(state, room, request, together)
  );
}

function wrongShape({ terms }: Room, { type, price, timeInForce, qtyUnit, side, protection, reduceOnly }: OrderRequest): Refusal | null {
  if ((type === 'limit') !== (price !== null)) return refusal('BAD_REQUEST', 'a limit order has a price, a market order has none');
  if (type === 'market' && timeInForce !== 'ioc' && timeInForce !== 'fok') return refusal('BAD_REQUEST', 'a market order is immediate');
  if (qtyUnit === 'quote' && (terms.kind !== 'exchange' || type !== 'market' || side !== 'buy'))
    return refusal('BAD_REQUEST', 'only a market buy on an exchange contract is sized in quote money');
  if (terms.kind === 'exchange' && reduceOnly) return refusal('BAD_REQUEST', 'there is no position to reduce on an exchange contract');
  if (reduceOnly && protection !== null) return refusal('BAD_REQUEST', 'a reduce-only order takes no exits');
  if (terms.kind === 'exchange' && type === 'market' && protection !== null)
    return refusal('BAD_REQUEST', 'a market order takes no exits on an exchange contract');
  return null;
}

/** Quantity against step, minimum and maximum; value against the minimum. */
export function wrongSize(room: Room, size: Qty, request: OrderRequest, at: Price | null = request.price): Refusal | null {
  const { step, minQty, maxLimitQty, maxMarketQty, minNotional, multiplier } = room.terms;
  if (!isPositive(size)) return refusal('BELOW_MIN_QTY', `quantity ${size}: must be above zero`);
  const floor = (value: Money): Refusal | null =>
    lessThan(value, minNotional) ? refusal('BELOW_MIN_NOTIONAL', `value ${value} is below ${minNotional}`) : null;
  if (request.qtyUnit === 'quote') return floor(money(size));
  if (toStep(size, step, 'down') !== size) return refusal('OFF_STEP', `quantity ${size} is no multiple of ${step}`);
  if (lessThan(size, minQty)) return refusal('BELOW_MIN_QTY', `quantity ${size} is below ${minQty}`);
  const most = request.type === 'market' ? maxMarketQty : maxLimitQty;
  if (greaterThan(size, most)) return refusal('ABOVE_MAX_QTY', `quantity ${size} is above ${most}`);
  const mark = at ?? markOf(room);
  return request.reduceOnly || mark === null ? null : floor(notional(mark, size, multiplier));
}

/** The highest buy and the lowest sell that are taken, on the tick. */
export function priceLimitsOf(room: Room): { readonly buy: Price; readonly sell: Price } | null {
  const { priceLimit, tick } = room.terms;
  const mark = markOf(room);
  if (priceLimit === null || mark === null) return null;
  const share = Number(priceLimit);
  return { buy: toStep(scale(mark, ratio(1 + share)), tick, 'down'), sell: toStep(scale(mark, ratio(1 - share)), tick, 'up') };
}

export function wrongPrice(state: State, room: Room, side: Side, at: Price): Refusal | null {
  const { tick, kind } = room.terms;
  if (!isPositive(at)) return refusal('PRICE_LIMIT', `price ${at}: must be above zero`);
  if (toStep(at, tick, 'down') !== at) return refusal('OFF_TICK', `price ${at} is no multiple of ${tick}`);
  const limits = priceLimitsOf(room);
  if (limits === null || (kind === 'margin' && state.switches.reprice)) return null;
  if (side === 'buy' && greaterThan(at, limits.buy)) return refusal('PRICE_LIMIT', `price ${at} is above ${limits.buy}`);
  return side === 'sell' && lessThan(at, limits.sell) ? refusal('PRICE_LIMIT', `price ${at} is below ${limits.sell}`) : null;
}

/** A margin order beyond the limits is moved to them where the account did not say otherwise. */
export function repriced(state: State, room: Room, side: Side, at: Price): Price {
  const limits = priceLimitsOf(room);
  if (limits === null || room.terms.kind !== 'margin' || !state.switches.reprice) return at;
  if (side === 'buy') return greaterThan(at, limits.buy) ? limits.buy : at;
  return lessThan(at, limits.sell) ? limits.sell : at;
}

export function wrongTrigger(room: Room, { trigger, parent }: Pick<OrderRequest, 'trigger' | 'parent'>): Refusal | null {
  if (trigger === null) return null;
  const seen = priceOf(room, trigger.by);
  if (seen === null) return null;
  if (toStep(trigger.price, room.terms.tick, 'down') !== trigger.price) {
    return refusal('OFF_TICK', `trigger ${trigger.price} is no multiple of ${room.terms.tick}`);
  }
  if (parent !== null) return null;
  if (trigger.direction === 'rise' && atMost(trigger.price, seen))
    return refusal('TRIGGER_SIDE', `expect Rising, but trigger_price[${trigger.price}] <= current[${seen}]`);
  if (trigger.direction === 'fall' && !lessThan(trigger.price, seen))
    return refusal('TRIGGER_SIDE', `expect Falling, but trigger_price[${trigger.price}] >= current[${seen}]`);
  return null;
}

/** A buy takes its profit above its price and stops its loss below; without a price, what the leg looks at counts. */
export function wrongExits(room: Room, side: Side, at: Price | null, protection: Protection | null): Refusal | null {
  if (protection === null) return null;
  const { takeProfit, stopLoss } = protection;
  return wrongLeg(room, 'TakeProfit', takeProfit, side === 'buy', at) ?? wrongLeg(room, 'StopLoss', stopLoss, side !== 'buy', at);
}

function wrongLeg(room: Room, name: string, leg: ExitLeg | null, above: boolean, at: Price | null): Refusal | null {
  const { terms } = room;
  const from = leg === null ? null : (at ?? priceOf(room, leg.by));
  if (leg === null || from === null) return null;
  if (toStep(leg.trigger, terms.tick, 'down') !== leg.trigger) return refusal('OFF_TICK', `${name} ${leg.trigger} is no multiple of ${terms.tick}`);
  const right = above ? greaterThan(leg.trigger, from) : lessThan(leg.trigger, from);
  return right ? null : refusal('EXIT_SIDE', `${name}:${leg.trigger} should be ${above ? 'higher' : 'lower'} than base_price:${from}`);
}

function wrongReduce(room: Room, { reduceOnly, slot, side }: OrderRequest): Refusal | null {
  if (!reduceOnly) return null;
  const holding = holdingOf(room, slot);
  if (isZero(holding.size)) return refusal('REDUCE_ONLY', 'current position is zero, cannot fix reduce-only order qty');
  return isZero(closable(holding, side)) ? refusal('REDUCE_ONLY', 'reduce-only order has same side with current position') : null;
}

/** A market order on margin is a limit order at a price of the exchange's making: beyond the price limits there is none. */
function thinBook(room: Room, { type, side, trigger }: OrderRequest): Refusal | null {
  if (room.terms.kind !== 'margin' || type !== 'market' || trigger !== null) return null;
  const [best, limits] = [room.liquidity.side(oppositeOf(side))[0]?.price, priceLimitsOf(room)];
  if (best === undefined || limits === null) return null;
  const isBeyond = side === 'buy' ? greaterThan(best, limits.buy) : lessThan(best, limits.sell);
  return isBeyond ? refusal('THIN_BOOK', `${side}: [${best},${limits[side]}] invalid`) : null;
}

function tooMany(state: State, room: Room, request: OrderRequest, together: number): Refusal | null {
  const { openOrdersMax, conditionalsMax, partialExitsMax } = state.options;
  const { kind, key } = room.terms;
  const exits = isPartialExit(request.stopKind) ? together : legsOf(room, request);
  if (exits > 0 && partialExits(room) + exits > partialExitsMax[kind])
    return refusal('TOO_MANY_EXITS', `there are ${partialExits(room)} partial exits of ${key}, of ${partialExitsMax[kind]}`);
  const most = conditionalsMax[kind];
  const conditional = ({ trigger, stopKind }: OrderRequest): boolean => trigger !== null && !isPartialExit(stopKind);
  if (conditional(request) && room.live.filter(({ order, follows }) => conditional(order.request) && follows === null).length >= most) {
    return refusal('TOO_MANY_CONDITIONALS', `there are ${most} conditional orders of ${key}`);
  }
  const open = [...state.rooms.values()].filter(({ terms }) => terms.kind === room.terms.kind).reduce((sum, { live }) => sum + live.length, 0);
  return open >= openOrdersMax ? refusal('TOO_MANY_ORDERS', `there are ${openOrdersMax} open orders`) : null;
}

/** Exits that stand, and those that open orders will bring with their fills. */
function partialExits(room: Room): number {
  const entries = new Map(room.live.map(({ order }) => [order.id, legsOf(room, order)]));
  const standing = room.live.filter(({ order }) => isPartialExit(order.request.stopKind) && (entries.get(order.entry ?? '') ?? 0) === 0);
  return [...entries.values()].reduce((sum, legs) => sum + legs, standing.length);
}

/** How many partial exits an order brings: on an exchange contract every exit is one. */
function legsOf({ terms }: Room, { protection }: Pick<Order, 'protection'>): number {
  if (protection === null || (protection.mode === 'full' && terms.kind === 'margin')) return 0;
  return [protection.takeProfit, protection.stopLoss].filter((leg) => leg !== null).length;
}

export function unaffordable(state: State, room: Room, order: Order): Refusal | null {
  // Only exchange contracts hold coins back before a conditional order is triggered, and only those made to protect.
  if (order.trigger !== null && (room.terms.kind === 'margin' || order.request.stopKind === 'stop') && order.state === 'untriggered') return null;
  const beyond = beyondLimit(room, order);
  if (beyond !== null) {
    const { value, limit, leverage } = beyond;
    return refusal('RISK_LIMIT', `worth ${value}, the leverage allows ${limit}${leverage === null ? '' : `; at most ${leverage} would allow it`}`);
  }
  const short = shortBy(state, room, order);
  return short === null ? null : refusal('INSUFFICIENT_FUNDS', `needs ${short.needed}, available ${short.available}`);
}
