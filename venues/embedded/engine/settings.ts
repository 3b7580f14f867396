/** What the account sets beside its orders: leverage, margin mode, position mode. Whatever is refused changes nothing. */
import { greaterThan, isZero, lessThan, ONE, smaller } from '#trading/money/decimal.ts';
import { exposureOf } from './exposure.ts';
import { isSpent } from './isolated.ts';
import { isBankrupt, needsMoreThanThereIs } from './margin.ts';
import { holdingOf, type Room, type State } from './state.ts';
import { limitAt } from './tiers.ts';
import type { Leverage, MarginMode, PositionSlot, Refusal } from './types.ts';
import { refusal } from './validate.ts';

export const slotsOf = ({ hedge }: Room): readonly PositionSlot[] => (hedge ? ['long', 'short'] : ['one-way']);

export function changeLeverage(state: State, room: Room, leverage: Leverage): Refusal | null {
  const wrong = wrongLeverage(state, room, leverage);
  if (wrong !== null) return wrong;
  const before = room.leverage;
  room.leverage = leverage;
  const refused = unbearable(state, [room]);
  if (refused !== null) {
    room.leverage = before;
    return refused;
  }
  touchAll(state, room);
  return null;
}

function wrongLeverage(state: State, room: Room, { long, short }: Leverage): Refusal | null {
  const { maxLeverage, kind, key, tiers } = room.terms;
  if (kind !== 'margin') return refusal('BAD_REQUEST', `${key} is not traded on margin`);
  for (const leverage of [long, short]) {
    if (lessThan(leverage, ONE) || greaterThan(leverage, maxLeverage))
      return refusal('LEVERAGE_RANGE', `leverage ${leverage}: must be 1 to ${maxLeverage}`);
  }
  if (long !== short && !(room.hedge && state.marginMode === 'isolated'))
    return refusal('BAD_REQUEST', 'buyLeverage must equal sellLeverage: two of them take two-way positions and isolated margin');
  if (long === room.leverage.long && short === room.leverage.short) return refusal('NOT_MODIFIED', 'leverage not modified');
  for (const [side, leverage] of [
    ['buy', long],
    ['sell', short],
  ] as const) {
    const [limit, value] = [limitAt(tiers, leverage), exposureOf(room, side)];
    if (limit !== null && greaterThan(value, limit))
      return refusal('LEVERAGE_TIER', `leverage ${leverage} allows ${limit}, position and orders are worth ${value}`);
  }
  return null;
}

/** Positions and orders stay. Cross margin has one leverage: of two the lower one. */
export function changeMarginMode(state: State, mode: MarginMode): Refusal | null {
  if (state.marginMode === mode) return refusal('NOT_MODIFIED', 'margin mode not modified');
  const rooms = [...state.rooms.values()].filter(({ terms }) => terms.kind === 'margin');
  const before = rooms.map(({ leverage }) => leverage);
  const was = state.marginMode;
  state.marginMode = mode;
  if (mode === 'cross') for (const room of rooms) room.leverage = oneOf(room.leverage);
  const refused = unbearable(state, rooms);
  if (refused !== null) {
    state.marginMode = was;
    for (const [index, room] of rooms.entries()) room.leverage = before[index] ?? room.leverage;
    return refused;
  }
  for (const room of rooms) touchAll(state, room);
  return null;
}

const oneOf = ({ long, short }: Leverage): Leverage => ({ long: smaller(long, short), short: smaller(long, short) });

export function changeHedge(state: State, room: Room, hedge: boolean): Refusal | null {
  if (room.hedge === hedge) return refusal('NOT_MODIFIED', 'Position mode is not modified');
  if ([...room.holdings.values()].some(({ size }) => !isZero(size))) return refusal('HAS_POSITION_OR_ORDERS', `${room.terms.key} has a position`);
  if (room.live.length > 0) return refusal('HAS_POSITION_OR_ORDERS', `${room.terms.key} has open orders`);
  room.hedge = hedge;
  room.leverage = oneOf(room.leverage);
  room.holdings.clear();
  touchAll(state, room);
  return null;
}

/** As things are set now: margin that is not there, or a position that would be liquidated with the next quote. */
function unbearable(state: State, rooms: readonly Room[]): Refusal | null {
  if (needsMoreThanThereIs(state)) return refusal('MARGIN_SHORT', 'positions and orders need more margin than there is');
  const spent =
    state.marginMode === 'cross' ? isBankrupt(state) : rooms.some((room) => [...room.holdings.values()].some((holding) => isSpent(room, holding)));
  return spent ? refusal('WOULD_LIQUIDATE', 'a position would be liquidated at once') : null;
}

function touchAll(state: State, room: Room): void {
  for (const slot of slotsOf(room)) state.touch(room, holdingOf(room, slot));
}
