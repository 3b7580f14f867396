/**
 * Dust: a spot buy pays its fee in coins, so what is sold on the lot grid may leave less than one lot. Left open such a position would block its
 * symbol for ever, and every attempt to close it be refused.
 */
import { isUnsellable } from '../lifecycle/dust.ts';
import { isPositive, notional } from '../money/decimal.ts';
import { isOpen } from './order-state.ts';
import { liveKey, sellable, type LiveHolding, type LiveState } from './live-book.ts';
import type { LiveTurn } from './live-turn.ts';

/** After the last exit: rows of the same execution may still come. */
const REST_MS = 2000;

/** True where an exit or a leg has left less than the venue's smallest order, at the price that it was sold for. */
export function isDust({ instruments }: LiveState, holding: LiveHolding): boolean {
  const instrument = instruments[liveKey(holding)];
  return holding.reduced !== undefined && instrument !== undefined && isUnsellable(holding.qty, holding.reduced.price, instrument);
}

/** Closes what is dust in every book, once nothing that sells it is on its way. */
export function setDustAside(turn: LiveTurn): void {
  for (const holding of Object.values(turn.state.holdings)) {
    const { reduced, asset, symbol, qty, entryOrderId } = holding;
    if (reduced === undefined || turn.now - reduced.at < REST_MS || !isDust(turn.state, holding) || mayBeSold(turn.state, holding)) continue;
    const { price, reason: exitReason, at: exitedAt } = reduced;
    const value = notional(price, qty, turn.state.instruments[liveKey(holding)]?.multiplier);
    turn.record({ type: 'dust.set_aside', body: { asset, mode: 'live', symbol, entryOrderId, qty, price, value, exitReason, exitedAt } });
  }
}

/** Legs that the venue holds sell whole lots of any value: a book that had closed already would be contradicted by them. */
const mayBeSold = (state: LiveState, holding: LiveHolding): boolean =>
  isBeingSold(state, holding) || (holding.isNative && isPositive(sellable(state, holding, holding.qty)));

function isBeingSold({ orders }: LiveState, holding: LiveHolding): boolean {
  const key = liveKey(holding);
  return Object.values(orders).some(
    (order) => (order.purpose === 'exit' || order.purpose === 'flatten') && isOpen(order.order) && liveKey(order) === key,
  );
}
