/**
 * The end of an account that can no longer carry its positions: its orders are cancelled and its positions closed at what the market gives. With
 * isolated margin it is the end of one position, which is taken over at the price where its margin is gone.
 */
import { absolute, isZero, isPositive, smaller, subtract, type Price, type Qty } from '#trading/money/decimal.ts';
import { syncPosition } from './exits.ts';
import { bankruptcyOf, isSpent } from './isolated.ts';
import { oppositeOf } from './liquidity.ts';
import { endOpen, trade } from './matching.ts';
import { NO_EXITS, type Holding, type Live, type Room, type State } from './state.ts';
import type { Origin } from './types.ts';

export function liquidate(state: State): void {
  for (const room of state.rooms.values()) {
    if (room.terms.kind !== 'margin') continue;
    for (const holding of room.holdings.values()) dropExits(holding);
    for (const live of [...room.live]) if (room.live.includes(live)) endOpen(state, room, live, 'liquidation');
    for (const holding of room.holdings.values()) if (!isZero(holding.size)) close(state, room, holding);
  }
}

/** Positions of a contract, each by itself. */
export function liquidateIsolated(state: State, room: Room): void {
  for (const holding of room.holdings.values()) {
    const at = bankruptcyOf(room, holding);
    if (at === null || !isSpent(room, holding)) continue;
    dropExits(holding);
    for (const live of [...room.live]) {
      if (live.order.request.slot === holding.slot && room.live.includes(live)) endOpen(state, room, live, 'liquidation');
    }
    const live = closing(state, room, holding, 'takeover');
    trade(state, room, live, { price: at, qty: absolute(holding.size), maker: false, kind: 'liquidation' });
  }
}

/** Deleveraged against another account's liquidation, or because the contract ends: everything of a contract at one price, its orders first. */
export function closeAll(state: State, room: Room, origin: 'deleveraging' | 'settlement', at: Price): void {
  for (const holding of room.holdings.values()) dropExits(holding);
  for (const live of [...room.live]) if (room.live.includes(live)) endOpen(state, room, live, origin);
  for (const holding of room.holdings.values()) {
    if (isZero(holding.size)) continue;
    const live = closing(state, room, holding, origin);
    trade(state, room, live, { price: at, qty: absolute(holding.size), maker: false, kind: origin });
  }
}

/** Or the position would place them anew while they are cancelled. */
function dropExits(holding: Holding): void {
  Object.assign(holding, NO_EXITS);
}

function close(state: State, room: Room, holding: Holding): void {
  const live = closing(state, room, holding, 'liquidation');
  const { side } = live.order.request;
  let left: Qty = live.order.qty;
  for (const level of room.liquidity.side(oppositeOf(side))) {
    const taken = smaller(left, level.size);
    room.liquidity.take(oppositeOf(side), level.price, taken);
    left = subtract(left, taken);
    trade(state, room, live, { price: level.price, qty: taken, maker: false, kind: 'liquidation' });
    if (isZero(left)) break;
  }
  // What the market did not take is tried again with the next quote.
  if (!isZero(left)) endOpen(state, room, live, 'liquidation');
  syncPosition(state, room, holding.slot, null);
}

/** The order of the exchange that closes a whole position. */
function closing(state: State, room: Room, holding: Holding, origin: Origin): Live {
  const live = state.draft(room, {
    contract: room.terms.key,
    linkId: '',
    side: isPositive(holding.size) ? 'sell' : 'buy',
    type: 'market',
    qty: absolute(holding.size),
    qtyUnit: 'base',
    price: null,
    timeInForce: 'ioc',
    slippage: null,
    reduceOnly: true,
    closeOnTrigger: true,
    slot: holding.slot,
    trigger: null,
    stopKind: 'none',
    protection: null,
    parent: null,
    group: null,
    origin,
  });
  state.enlist(room, live);
  state.change(room, live, {});
  return live;
}
