/** What hangs on an order or a position: take profits and stop losses, orders that wait for a parent, groups of which only one may fill. */
import { absolute, isNegative, isPositive, isZero, money, qty, subtract, toStep, ZERO_MONEY, type Qty } from '#trading/money/decimal.ts';
import { closable } from './fills.ts';
import { holdingOf, isEnded, type Exit, type Holding, type Live, type Room, type State } from './state.ts';
import type { ExitLeg, Order, OrderState, PositionSlot, Side, StopKind, Trigger } from './types.ts';

/** Puts an order into the market. Handed in, as it leads back here. */
type Activate = (state: State, room: Room, live: Live) => void;
type Leg = 'takeProfit' | 'stopLoss';

const LEGS: readonly Leg[] = ['takeProfit', 'stopLoss'];
const FULL: Readonly<Record<Leg, StopKind>> = { takeProfit: 'take-profit', stopLoss: 'stop-loss' };
const PARTIAL: Readonly<Record<Leg, StopKind>> = { takeProfit: 'partial-take-profit', stopLoss: 'partial-stop-loss' };

/** After a fill or the end of an order: everything that depends on it follows. */
export function settle(state: State, room: Room, live: Live, activate: Activate): void {
  const { order } = live;
  const { group, slot, side } = order.request;
  if (group !== null && isPositive(order.filled)) endGroup(state, group, live);
  if (room.terms.kind === 'margin') {
    const holding = holdingOf(room, slot);
    if (order.protection?.mode === 'full' && isPositive(order.filled) && isNegative(holding.size) === (side === 'sell')) adopt(holding, order);
    if (order.protection?.mode === 'partial') followEntry(state, room, order);
    syncPosition(state, room, slot, order.entry ?? order.id);
  } else if (order.protection !== null && isEnded(order.state)) followEntry(state, room, order);
  if (isEnded(order.state)) release(state, room, order, activate);
}

function adopt(holding: Holding, { protection }: Order): void {
  if (isZero(holding.size) || protection === null) return;
  holding.takeProfit = protection.takeProfit ?? holding.takeProfit;
  holding.stopLoss = protection.stopLoss ?? holding.stopLoss;
}

/** Exits of a whole position have its size; without the position there is nothing to protect and nothing to reduce. */
export function syncPosition(state: State, room: Room, slot: PositionSlot, entry: string | null): void {
  const holding = holdingOf(room, slot);
  for (const live of [...room.live]) {
    const { request, state: now } = live.order;
    if (request.slot !== slot || isEnded(now) || !request.reduceOnly || isPositive(closable(holding, request.side))) continue;
    state.end(room, live, endStateOf(room, live.order), live.follows === null ? 'reduce-only' : 'exit-cleared');
  }
  if (isZero(holding.size)) Object.assign(holding, { takeProfit: null, stopLoss: null });
  for (const name of LEGS) {
    const leg = holding[name];
    const size = absolute(holding.size);
    const own = room.live.find(
      (live) => live.follows === 'position' && live.order.request.slot === slot && live.order.request.stopKind === FULL[name],
    );
    if (leg === null) {
      if (own !== undefined) state.end(room, own, endStateOf(room, own.order), 'exit-cleared');
    } else if (own === undefined)
      place(state, room, { leg, name, kinds: FULL, side: closing(holding.size), size, slot, exit: { follows: 'position', entry } });
    else resize(state, room, own, size, leg);
  }
}

/** A pair of exits for what one entry has filled; of spot what is left of it after the fee. */
function followEntry(state: State, room: Room, entry: Order): void {
  const { side, slot } = entry.request;
  const { base, step, kind } = room.terms;
  const fee = kind === 'exchange' ? (entry.fees[base] ?? ZERO_MONEY) : ZERO_MONEY;
  const size = toStep(qty(subtract(money(entry.filled), fee)), step, 'down');
  if (!isPositive(size)) return;
  if (kind === 'margin' && !isPositive(closable(holdingOf(room, slot), opposite(side)))) return;
  for (const name of LEGS) {
    const leg = entry.protection?.[name] ?? null;
    if (leg === null) continue;
    const own = room.live.find((live) => live.follows === 'entry' && live.order.entry === entry.id && live.order.request.stopKind === PARTIAL[name]);
    if (own !== undefined) resize(state, room, own, size, leg);
    else place(state, room, { leg, name, kinds: PARTIAL, side: opposite(side), size, slot, exit: { follows: 'entry', entry: entry.id } });
  }
}

interface Placing {
  readonly leg: ExitLeg;
  readonly name: Leg;
  readonly kinds: Readonly<Record<Leg, StopKind>>;
  readonly side: Side;
  readonly size: Qty;
  readonly slot: PositionSlot;
  readonly exit: Exit;
}

function place(state: State, room: Room, { leg, name, kinds, side, size, slot, exit }: Placing): void {
  const margin = room.terms.kind === 'margin';
  const live = state.draft(
    room,
    {
      contract: room.terms.key,
      linkId: '',
      side,
      type: leg.limit === null ? 'market' : 'limit',
      qty: size,
      qtyUnit: 'base',
      price: leg.limit,
      timeInForce: leg.limit === null ? 'ioc' : 'gtc',
      slippage: null,
      reduceOnly: margin,
      closeOnTrigger: margin,
      slot,
      trigger: triggerOf(leg, name, side),
      stopKind: kinds[name],
      protection: null,
      parent: null,
      group: exit.follows === 'entry' ? `exits:${exit.entry ?? ''}` : null,
    },
    exit,
  );
  state.enlist(room, live);
  state.change(room, live, {});
}

/** A sell takes its profit above and stops its loss below. */
function triggerOf({ trigger, by }: ExitLeg, name: Leg, side: Side): Trigger {
  return { price: trigger, by, direction: (side === 'sell') === (name === 'takeProfit') ? 'rise' : 'fall' };
}

function resize(state: State, room: Room, live: Live, size: Qty, leg: ExitLeg): void {
  const { order } = live;
  if (order.state !== 'untriggered' || order.trigger === null) return;
  if (order.qty === size && order.trigger.price === leg.trigger && order.price === leg.limit && order.trigger.by === leg.by) return;
  state.change(room, live, { qty: size, leaves: size, price: leg.limit, trigger: { ...order.trigger, price: leg.trigger, by: leg.by } });
}

/** Orders that waited for this one: placed once it has filled, ended with it where it has not. */
function release(state: State, room: Room, { id, filled }: Order, activate: Activate): void {
  for (const live of [...room.live]) {
    if (live.order.request.parent !== id || !live.held) continue;
    if (!isPositive(filled)) {
      state.end(room, live, endStateOf(room, live.order), 'group');
      release(state, room, live.order, activate);
    } else if (live.order.trigger === null) activate(state, room, live);
    else {
      live.held = false;
      state.change(room, live, {});
    }
  }
}

/** The others of a group in which one filled or fired. */
export function endGroup(state: State, group: string, but: Live): void {
  for (const room of state.rooms.values()) {
    for (const live of [...room.live]) {
      if (live !== but && live.order.request.group === group) state.end(room, live, endStateOf(room, live.order), 'group');
    }
  }
}

/** Exchange contracts have states of their own for orders that end with fills, and for those that end before they were triggered. */
export function endStateOf({ terms }: Room, { filled, state }: Order): OrderState {
  if (terms.kind === 'margin') return 'cancelled';
  if (state === 'untriggered') return 'deactivated';
  return isPositive(filled) ? 'partially-filled-cancelled' : 'cancelled';
}

const opposite = (side: Side): Side => (side === 'buy' ? 'sell' : 'buy');
const closing = (size: Qty): Side => (isPositive(size) ? 'sell' : 'buy');
