/** PX-2, BR-3: which part of a bracket a quote touches, and where a trailing stop goes. It follows from facts and one quote, never from a quote remembered. */
import {
  add,
  atLeast,
  atMost,
  isPositive,
  larger,
  lessThan,
  ratio,
  scale,
  smaller,
  subtract,
  toNumber,
  toStep,
  type Price,
  type Qty,
} from '../money/decimal.ts';
import type { Bracket, Fill, FillReason, Side } from '../model/order.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import { isBelowMinimum, touchedLeg, type PaperTerms } from './price.ts';

export type TriggeredReason = Extract<FillReason, 'stop_loss' | 'take_profit' | 'flatten'>;

/** What a quote sells of a position: why, the price that was touched (a flatten has none), and how much of it is to go. */
export interface Leg {
  readonly reason: TriggeredReason;
  readonly triggerPrice: Price | null;
  readonly qty: Qty;
}

/** A position and what facts say of its protection. */
export interface Protection {
  readonly side: Side;
  /** What is held. */
  readonly qty: Qty;
  /** With the stop in force. */
  readonly bracket: Bracket;
  /** The entry's fills: what the fractions of rungs are of. */
  readonly entryQty: Qty;
  /** What rungs sold of it so far. */
  readonly rungsQty: Qty;
  readonly terms: PaperTerms;
}

/** A trailing stop moves by this part of its distance at least, and by a tick: so that the journal holds some moves of it, not every quote. */
const TRAIL_STEP = ratio('0.1');

/** The stop before the rungs, the rungs before the take-profit. */
export function legAt(protection: Protection, quote: QuoteSnapshot): Leg | null {
  const { side, bracket, qty } = protection;
  const touched = touchedLeg(side, bracket, quote);
  if (touched === 'stop_loss') return { reason: touched, triggerPrice: bracket.stopLoss, qty };
  const rung = rungAt(protection, quote);
  if (rung !== null) return rung;
  return touched === 'take_profit' ? { reason: touched, triggerPrice: bracket.takeProfit, qty } : null;
}

/**
 * The open rung nearest to the entry, where the quote touches it. Rungs count from the entry's side: what all up to one are to have sold, less
 * what they sold. So a rung whose part would be below the venue's smallest order, or would leave less than that, is made up for by the next one.
 */
function rungAt({ side, qty, bracket, entryQty, rungsQty, terms }: Protection, quote: QuoteSnapshot): Leg | null {
  const { partialTakeProfits = [] } = bracket;
  const at = side === 'buy' ? quote.bid : quote.ask;
  let total = ratio('0');
  for (const { price, fraction } of partialTakeProfits) {
    if (!isReached(side, at, price)) return null;
    total = add(total, fraction);
    const part = smaller(qty, subtract(toStep(scale(entryQty, total), terms.lotSize, 'down'), rungsQty));
    if (!isPositive(part) || isBelowMinimum(part, price, terms) || isBelowMinimum(subtract(qty, part), price, terms)) continue;
    return { reason: 'take_profit', triggerPrice: price, qty: part };
  }
  return null;
}

/** True for a fill of a rung of this bracket. */
export function isRungFill({ reason, paper }: Fill, { takeProfit }: Bracket): boolean {
  return reason === 'take_profit' && paper !== null && paper.triggerPrice !== takeProfit;
}

/**
 * Where the quote takes the trailing stop of a position of `side`, or null where it stays: the distance behind what the quote would pay, on the
 * tick, once the activation was reached, where that is a step towards profit at least. What was the best price before needs no memory: a quote
 * that is not better than the one which placed the stop places none a step farther.
 */
export function trailedStop(side: Side, { trailing, stopLoss }: Bracket, quote: QuoteSnapshot, tickSize: Price): Price | null {
  if (trailing === undefined) return null;
  const { distance, activation } = trailing;
  const at = side === 'buy' ? quote.bid : quote.ask;
  // Numbers first, since this runs at every quote: a stop on the tick gains less than a tick, and half a tick is more than floats are wrong by.
  const gain = (toNumber(at) - toNumber(stopLoss)) * (side === 'buy' ? 1 : -1) - toNumber(distance);
  const tick = toNumber(tickSize);
  if (gain < Math.max(tick, toNumber(distance) * toNumber(TRAIL_STEP)) - 1.5 * tick) return null;
  if (activation !== null && !isReached(side, at, activation)) return null;
  const step = larger(tickSize, scale(distance, TRAIL_STEP));
  if (side === 'buy') {
    const stop = toStep(subtract(at, distance), tickSize, 'up');
    return lessThan(stop, add(stopLoss, step)) ? null : stop;
  }
  const stop = toStep(add(at, distance), tickSize, 'down');
  return lessThan(subtract(stopLoss, step), stop) ? null : stop;
}

/** Numbers first: where they differ, so do the prices. */
function isReached(side: Side, at: Price, target: Price): boolean {
  const ahead = side === 'buy' ? toNumber(at) - toNumber(target) : toNumber(target) - toNumber(at);
  if (ahead !== 0) return ahead > 0;
  return side === 'buy' ? atLeast(at, target) : atMost(at, target);
}
