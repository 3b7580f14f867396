/** What may be changed of an open order, and what it becomes. */
import { atMost, isPositive, subtract, type Price, type Qty } from '#trading/money/decimal.ts';
import type { Live, Room, State } from './state.ts';
import type { Protection, Trigger } from './triggers.ts';
import type { Amendment, Order, Refusal } from './types.ts';
import { refusal, repriced, wrongExits, wrongPrice, wrongSize, wrongTrigger } from './validate.ts';

export interface Patch {
  readonly price: Price | null;
  readonly qty: Qty;
  readonly leaves: Qty;
  readonly trigger: Trigger | null;
  readonly protection: Protection | null;
}

export function amendmentOf(state: State, room: Room, order: Order, { price, qty, trigger, protection }: Amendment): Patch {
  const size = qty ?? order.qty;
  return {
    price: price === undefined ? order.price : repriced(state, room, order.request.side, price),
    qty: size,
    leaves: subtract(size, order.filled),
    trigger: trigger === undefined || order.trigger === null ? order.trigger : { ...order.trigger, price: trigger },
    protection: protection === undefined ? order.protection : protection,
  };
}

export function wrongAmendment(state: State, room: Room, { order, follows }: Live, amendment: Amendment): Refusal | null {
  const { price, qty, trigger, protection } = amendment;
  const { side } = order.request;
  if (price !== undefined && order.price === null) return refusal('BAD_REQUEST', 'a market order has no price to change');
  if (trigger !== undefined && order.state !== 'untriggered') return refusal('BAD_REQUEST', 'the order was triggered, or never waited for a trigger');
  if (order.request.stopKind.startsWith('trailing-')) return refusal('BAD_REQUEST', 'a trailing stop is changed at its position');
  if (qty !== undefined && follows === 'position') return refusal('BAD_REQUEST', 'the exit of a whole position has its size');
  if (qty !== undefined && isPositive(qty) && atMost(qty, order.filled))
    return refusal('QTY_BELOW_FILLED', `quantity ${qty}: ${order.filled} is filled already`);
  const wrong =
    (qty === undefined ? null : wrongSize(room, qty, order.request, price ?? order.price)) ??
    (price === undefined ? null : wrongPrice(state, room, side, price)) ??
    (trigger === undefined || order.trigger === null ? null : wrongTrigger(room, { trigger: { ...order.trigger, price: trigger }, parent: null })) ??
    (protection === undefined || protection === null ? null : wrongExits(room, side, price ?? order.price, protection));
  if (wrong !== null) return wrong;
  const changed =
    (price !== undefined && price !== order.price) ||
    (qty !== undefined && qty !== order.qty) ||
    (trigger !== undefined && trigger !== order.trigger?.price) ||
    (protection !== undefined && JSON.stringify(protection) !== JSON.stringify(order.protection));
  return changed ? null : refusal('NOT_MODIFIED', 'The order remains unchanged as the parameters entered match the existing ones');
}
