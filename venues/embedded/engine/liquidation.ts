/** The end of an account that can no longer carry its positions: its orders are cancelled and its positions closed at what the market gives. */
import { absolute, isZero, isPositive, smaller, subtract, type Qty } from '#trading/money/decimal.ts';
import { syncPosition } from './exits.ts';
import { oppositeOf } from './liquidity.ts';
import { endOpen, trade } from './matching.ts';
import type { Holding, Room, State } from './state.ts';

export function liquidate(state: State): void {
  for (const room of state.rooms.values()) {
    if (room.terms.kind !== 'margin') continue;
    for (const live of [...room.live]) if (room.live.includes(live)) endOpen(state, room, live, 'liquidation');
    for (const holding of room.holdings.values()) if (!isZero(holding.size)) close(state, room, holding);
  }
}

function close(state: State, room: Room, holding: Holding): void {
  const side = isPositive(holding.size) ? 'sell' : 'buy';
  const size = absolute(holding.size);
  const live = state.draft(room, {
    contract: room.terms.key,
    linkId: '',
    side,
    type: 'market',
    qty: size,
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
  });
  state.enlist(room, live);
  state.change(room, live, {});
  let left: Qty = size;
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
