/** What an account sets as the exits of a whole position: whether it is taken, and what they become. */
import { atLeast, greaterThan, isPositive, isZero, lessThan, toStep } from '#trading/money/decimal.ts';
import { positionOf } from './margin.ts';
import { priceOf, type Holding, type Room, type State } from './state.ts';
import { followed, type Trail } from './trailing.ts';
import type { ExitLeg, Exits, TrailingExit } from './triggers.ts';
import type { Refusal } from './types.ts';
import { refusal, wrongExits } from './validate.ts';

type Kept = Pick<Holding, 'takeProfit' | 'stopLoss' | 'paired' | 'trailing'>;

export function changedExits(state: State, room: Room, holding: Holding, exits: Exits): Kept | Refusal {
  if (isZero(holding.size)) return refusal('NO_POSITION', 'can not set tp/sl/ts for zero position');
  const { takeProfit = holding.takeProfit, stopLoss = holding.stopLoss, trailing } = exits;
  const trails = trailing !== undefined && !sameTrail(trailing, holding.trailing);
  if (same(takeProfit, holding.takeProfit) && same(stopLoss, holding.stopLoss) && !trails) return refusal('NOT_MODIFIED', 'not modified');
  const given = { mode: 'full', takeProfit: exits.takeProfit ?? null, stopLoss: exits.stopLoss ?? null } as const;
  const wrong =
    wrongExits(room, isPositive(holding.size) ? 'buy' : 'sell', null, given) ?? (trails ? wrongTrailing(state, room, holding, trailing) : null);
  if (wrong !== null) return wrong;
  return { takeProfit, stopLoss, paired: pairedBy(holding, exits), trailing: trails ? trailOf(room, holding, trailing) : holding.trailing };
}

/** Both in one call are a pair; a change of one leaves the other alone. */
function pairedBy({ paired }: Holding, { takeProfit, stopLoss }: Exits): boolean {
  if (takeProfit === undefined && stopLoss === undefined) return paired;
  return takeProfit !== undefined && takeProfit !== null && stopLoss !== undefined && stopLoss !== null;
}

/** The same request again leaves what was reached. */
function trailOf(room: Room, { size }: Holding, exit: TrailingExit | null): Trail | null {
  if (exit === null) return null;
  const seen = priceOf(room, exit.by);
  const trail: Trail = { ...exit, best: null };
  return seen === null || exit.activation !== null ? trail : followed(trail, isPositive(size) ? 'long' : 'short', seen);
}

/** Bybit: an activation price lies on the winning side of the entry and of what the stop looks at. */
function wrongTrailing(state: State, room: Room, holding: Holding, exit: TrailingExit | null): Refusal | null {
  const { tick } = room.terms;
  const seen = exit === null ? null : priceOf(room, exit.by);
  if (exit === null || seen === null) return null;
  const { distance, activation } = exit;
  if (!isPositive(distance) || toStep(distance, tick, 'down') !== distance)
    return refusal('OFF_TICK', `TrailingStop ${distance} must be a multiple of ${tick} above zero`);
  if (atLeast(distance, activation ?? seen)) return refusal('EXIT_SIDE', `TrailingStop:${distance} should be lower than base_price:${seen}`);
  if (activation === null) return null;
  if (toStep(activation, tick, 'down') !== activation) return refusal('OFF_TICK', `TrailingProfit ${activation} is no multiple of ${tick}`);
  const { averagePrice } = positionOf(state, room, holding);
  const long = isPositive(holding.size);
  const right = [averagePrice, seen].every((from) => (long ? greaterThan(activation, from) : lessThan(activation, from)));
  const side = long ? 'set for Buy position should be higher' : 'set for Sell position should be less';
  return right ? null : refusal('EXIT_SIDE', `TrailingProfit:${activation} ${side} than entry_price:${averagePrice} and last_price:${seen}`);
}

const sameTrail = (exit: TrailingExit | null, trail: Trail | null): boolean =>
  exit === null || trail === null ? exit === trail : exit.distance === trail.distance && exit.activation === trail.activation && exit.by === trail.by;

const same = (left: ExitLeg | null, right: ExitLeg | null): boolean =>
  left === right || (left !== null && right !== null && left.trigger === right.trigger && left.by === right.by && left.limit === right.limit);
