/** An order before it is one: taken or refused, and what it would do to the account's margin. */
import {
  absolute,
  add,
  divide,
  isZero,
  notional,
  quotient,
  scale,
  smaller,
  subtract,
  ZERO_MONEY,
  type Money,
  type Qty,
} from '#trading/money/decimal.ts';
import { openingPrice, opens } from './exposure.ts';
import { closable, signed } from './fills.ts';
import { accountOf, rateOf } from './margin.ts';
import { holdingOf, leverageOf, markOf, type Live, type Room, type State } from './state.ts';
import { maintenanceAt } from './tiers.ts';
import type { Order, OrderRequest, Refusal } from './types.ts';
import { refusal, repriced, unaffordable, wrongWith } from './validate.ts';

/** A draft that nobody knows of yet, or why there is none. */
export function admitted(state: State, room: Room, asked: OrderRequest): Live | Refusal {
  const against = asked.slot !== 'one-way' && (asked.slot === 'long') !== (asked.side === 'buy');
  const request = against ? { ...asked, reduceOnly: true } : asked;
  const wrong = wrongWith(state, room, request);
  if (wrong !== null) return wrong;
  const parent = request.parent === null ? null : room.live.find(({ order }) => order.id === request.parent);
  if (parent === undefined) return refusal('ORDER_NOT_FOUND', `parent ${request.parent ?? ''} is not open`);
  const at = request.price === null ? null : repriced(state, room, request.side, request.price);
  const live = state.draft(room, { ...request, price: at });
  return unaffordable(state, room, live.order) ?? live;
}

/** Of the whole account, in account money. */
export interface Margins {
  readonly equity: Money;
  readonly initial: Money;
  readonly maintenance: Money;
}

/** With an order as if all of it were filled at its price; positions stay at their marks. */
export function marginsWith(state: State, room: Room, order: Order): { readonly before: Margins; readonly after: Margins } {
  const { equity, initialMargin: initial, maintenanceMargin: maintenance } = accountOf(state);
  const { tiers, multiplier, quote } = room.terms;
  const { side, slot } = order.request;
  const { size, cost } = holdingOf(room, slot);
  const [opened, closed] = [opens(room, order), smaller(closable(holdingOf(room, slot), side), order.leaves)];
  const entered = notional(openingPrice(room, order), opened, multiplier);
  const released = isZero(closed) ? ZERO_MONEY : scale(cost, quotient(closed, absolute(size)));
  const rate = rateOf(state, quote);
  const value = (held: Qty): Money => notional(markOf(room) ?? openingPrice(room, order), absolute(held), multiplier);
  const held = add(size, signed(side, add(opened, closed)));
  const change = subtract(maintenanceAt(tiers, value(held)), maintenanceAt(tiers, value(size)));
  const after = {
    equity,
    initial: add(initial, scale(divide(subtract(entered, released), leverageOf(room, slot)), rate)),
    maintenance: add(maintenance, scale(change, rate)),
  };
  return { before: { equity, initial, maintenance }, after };
}
