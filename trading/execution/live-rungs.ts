/**
 * Partial take-profits, live (decision 47): each rung is a limit order of the house's own that only reduces, beside a stop and a take-profit that the venue
 * holds for the whole position. So no part of it is ever without them, and what the rungs leave goes at the one or the other.
 */
import { coveringScope } from '../model/kill-scope.ts';
import type { Instrument } from '../model/instrument.ts';
import type { Bracket, Side } from '../model/order.ts';
import { add, isPositive, ratio, scale, smaller, subtract, toStep, ZERO_QTY, type Price, type Qty } from '../money/decimal.ts';
import { checkMinimum, clampBracket } from './clamp.ts';
import { childrenOf, isFlattening, liveKey, orderOf, remainingOf, type LiveHolding, type LiveOrder } from './live-book.ts';
import { placeChild } from './live-child.ts';
import type { LiveTurn } from './live-turn.ts';
import { executedOf, isOpen } from './order-state.ts';

/** Before a rung that the venue did not keep is placed again: doubled each time, up to two minutes. */
const RETRY_MS = 500;
const DOUBLINGS_MAX = 8;

export interface RungPart {
  readonly price: Price;
  readonly qty: Qty;
}

/** What each rung sells of an entry that filled `entryQty`: whole lots, too small ones in the next, the rest left to the take-profit. */
export function rungParts(side: Side, bracket: Bracket, instrument: Instrument, entryQty: Qty): readonly RungPart[] {
  const { partialTakeProfits = [] } = clampBracket(side, bracket, instrument, entryQty).value;
  let [total, sold] = [ratio('0'), ZERO_QTY];
  return partialTakeProfits.map(({ price, fraction }) => {
    total = add(total, fraction);
    const target = toStep(scale(entryQty, total), instrument.lotSize, 'down');
    const qty = subtract(target, sold);
    sold = target;
    return { price, qty };
  });
}

/** The rungs that are not at the venue. Idempotent: what is on its way, or whose fate nobody knows, counts as there. */
export function placeRungs(turn: LiveTurn, holding: LiveHolding): void {
  const { state, memory } = turn;
  const { bracket, entryOrderId, side, asset, isNative, nakedSince } = holding;
  if (bracket?.partialTakeProfits === undefined || !isNative || nakedSince !== null) return;
  const entry = orderOf(state, entryOrderId);
  const instrument = state.instruments[liveKey(holding)];
  if (entry === undefined || instrument === undefined || isOpen(entry.order) || isFlattening(state, asset)) return;
  // KS-1: no new orders. The stop and the take-profit of the whole are there.
  if (coveringScope([...memory.gate, ...state.killed], asset) !== undefined) return;
  const children = childrenOf(state, entryOrderId);
  if (children.some(({ purpose, order }) => purpose === 'flatten' && isOpen(order)) || isBeingExited(turn, holding)) return;
  const rungs = children.filter(({ purpose }) => purpose === 'take_profit');
  let free = subtract(holding.qty, add(ZERO_QTY, ...rungs.map(remainingOf)));
  for (const { price, qty } of rungParts(side, bracket, instrument, executedOf(entry.order).filledQty)) {
    const own = rungs.filter(({ pricing }) => pricing?.type === 'limit' && pricing.price === price);
    const missing = smaller(free, subtract(qty, add(ZERO_QTY, ...own.map(usedOf))));
    const key = `${entryOrderId} rung ${price}`;
    if (!isPositive(missing) || (own.length > 0 && (memory.children[key] ?? 0) > turn.now)) continue;
    if (checkMinimum(missing, price, instrument) !== null) continue;
    if (!placeChild(turn, holding, 'take_profit', missing, { type: 'limit', price })) return;
    turn.waitsForChild(key, turn.now + RETRY_MS * 2 ** Math.min(own.length, DOUBLINGS_MAX));
    free = subtract(free, missing);
  }
}

/** What it sold, and what it may still sell. */
const usedOf = (order: LiveOrder): Qty => add(executedOf(order.order).filledQty, remainingOf(order));

const isBeingExited = ({ state: { orders } }: LiveTurn, holding: LiveHolding): boolean =>
  Object.values(orders).some(({ purpose, order, ...other }) => purpose === 'exit' && isOpen(order) && liveKey(other) === liveKey(holding));
