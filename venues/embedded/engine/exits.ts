/** What hangs on an order or a position: take profits and stop losses, orders that wait for a parent, groups of which only one may fill. */
import { absolute, isNegative, isPositive, isZero, money, qty, subtract, toStep, ZERO_MONEY, type Qty } from '#trading/money/decimal.ts';
import { closable } from './fills.ts';
import { holdingOf, isEnded, isPartialExit, NO_EXITS, priceOf, type Exit, type Holding, type Live, type Room, type State } from './state.ts';
import { firesAt, followed, type Trail } from './trailing.ts';
import type { ExitLeg, StopKind } from './triggers.ts';
import type { Order, OrderState, PositionSlot, Side } from './types.ts';

/** Puts an order into the market. Handed in, as it leads back here. */
type Activate = (state: State, room: Room, live: Live) => void;
type Leg = 'takeProfit' | 'stopLoss';

const LEGS: readonly Leg[] = ['takeProfit', 'stopLoss'];
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
  const { takeProfit, stopLoss } = protection;
  holding.takeProfit = takeProfit ?? holding.takeProfit;
  holding.stopLoss = stopLoss ?? holding.stopLoss;
  holding.paired = takeProfit !== null && stopLoss !== null;
}

/** Exits of a whole position have its size; without the position there is nothing to protect and nothing to reduce. */
export function syncPosition(state: State, room: Room, slot: PositionSlot, entry: string | null): void {
  const holding = holdingOf(room, slot);
  for (const live of [...room.live]) {
    const { request, state: now } = live.order;
    if (request.slot !== slot || isEnded(now) || !request.reduceOnly || isPositive(closable(holding, request.side))) continue;
    state.end(room, live, endStateOf(room, live.order), live.follows === null && !isPartialExit(request.stopKind) ? 'reduce-only' : 'exit-cleared');
  }
  if (isZero(holding.size)) Object.assign(holding, NO_EXITS);
  const size = absolute(holding.size);
  for (const { kind, rises, leg, held } of wantedBy(holding)) {
    const own = room.live.find((live) => live.follows === 'position' && live.order.request.slot === slot && live.order.request.stopKind === kind);
    if (leg === null) {
      if (own !== undefined) state.end(room, own, endStateOf(room, own.order), 'exit-cleared');
    } else if (own === undefined)
      place(state, room, { leg, kind, rises, held, side: closing(holding.size), size, slot, exit: { follows: 'position', entry } });
    else {
      own.held = held;
      resize(state, room, own, size, leg);
    }
  }
}

interface Wanted {
  readonly kind: StopKind;
  readonly rises: boolean;
  readonly leg: ExitLeg | null;
  readonly held: boolean;
}

/** Every exit that a position can have, and whether it has it. */
function wantedBy({ size, takeProfit, stopLoss, trailing }: Holding): readonly Wanted[] {
  const long = isPositive(size);
  const at = trailing === null ? null : firesAt(trailing, long ? 'long' : 'short');
  const leg = trailing === null || at === null ? null : { trigger: at, by: trailing.by, limit: null };
  const kind = trailing === null ? null : trailKindOf(trailing);
  const held = trailing !== null && trailing.best === null;
  return [
    { kind: 'take-profit', rises: long, leg: takeProfit, held: false },
    { kind: 'stop-loss', rises: !long, leg: stopLoss, held: false },
    ...TRAILS.map((own) => ({ kind: own, rises: !long, leg: own === kind ? leg : null, held })),
  ];
}

const TRAILS = ['trailing-stop', 'trailing-profit'] as const satisfies readonly StopKind[];
const trailKindOf = ({ activation }: Trail): (typeof TRAILS)[number] => (activation === null ? 'trailing-stop' : 'trailing-profit');

/** The price moved: trailing stops follow it, in favour of their positions alone. */
export function followTrails(state: State, room: Room): void {
  for (const holding of room.holdings.values()) {
    const { trailing, slot } = holding;
    const seen = trailing === null ? null : priceOf(room, trailing.by);
    if (trailing === null || seen === null) continue;
    const way = isPositive(holding.size) ? 'long' : 'short';
    const next = followed(trailing, way, seen);
    if (next === trailing) continue;
    holding.trailing = next;
    const at = firesAt(next, way);
    const own = room.live.find((live) => live.order.request.slot === slot && live.order.request.stopKind === trailKindOf(next));
    if (own === undefined || own.order.trigger === null || own.order.state !== 'untriggered' || at === null) continue;
    own.held = false;
    state.trail(own, { ...own.order.trigger, price: at });
  }
}

/** One of a pair was cancelled by the account: the other goes with it. */
export function endPair(state: State, room: Room, { follows, order }: Live): void {
  const { slot, stopKind, group } = order.request;
  if (room.terms.kind !== 'margin') return;
  const holding = holdingOf(room, slot);
  if (follows === 'position' && holding.paired && (stopKind === 'take-profit' || stopKind === 'stop-loss')) {
    Object.assign(holding, { takeProfit: null, stopLoss: null, paired: false });
  } else if (group !== null && (stopKind === PARTIAL.takeProfit || stopKind === PARTIAL.stopLoss)) {
    for (const live of [...room.live]) {
      if (live.order.request.group !== group) continue;
      if (live.follows === 'entry') state.unprotect(live.order.entry, live.order.request.stopKind);
      if (live.order !== order) state.end(room, live, endStateOf(room, live.order), 'exit-cleared');
    }
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
    else {
      const exit: Exit = { follows: 'entry', entry: entry.id };
      const rises = (side === 'buy') === (name === 'takeProfit');
      place(state, room, { leg, kind: PARTIAL[name], rises, held: false, side: opposite(side), size, slot, exit });
    }
  }
}

interface Placing {
  readonly leg: ExitLeg;
  readonly kind: StopKind;
  /** Which way the price goes to fire it. */
  readonly rises: boolean;
  readonly held: boolean;
  readonly side: Side;
  readonly size: Qty;
  readonly slot: PositionSlot;
  readonly exit: Exit;
}

function place(state: State, room: Room, { leg, kind, rises, held, side, size, slot, exit }: Placing): void {
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
      trigger: { price: leg.trigger, by: leg.by, direction: rises ? 'rise' : 'fall' },
      stopKind: kind,
      protection: null,
      parent: null,
      group: exit.follows === 'entry' ? `exits:${exit.entry ?? ''}` : null,
    },
    exit,
  );
  live.held = held;
  state.enlist(room, live);
  state.change(room, live, {});
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
