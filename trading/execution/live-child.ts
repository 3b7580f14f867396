/** An order of the house's own for a position: a leg, a rung, a close at market. */
import type { Pricing } from '../model/live.ts';
import { opposite } from '../model/order.ts';
import { isZero, type Qty } from '../money/decimal.ts';
import { childrenOf, orderOf, sellable, type LiveHolding } from './live-book.ts';
import { send, takeToken } from './live-send.ts';
import type { LiveTurn } from './live-turn.ts';
import { childId } from './order-names.ts';

/** Between two orders of the house's own for one position: a venue that rejects them is not flooded. */
const CHILD_RETRY_MS = 500;

/** True where it is on its way; false where there is nothing to place, or it must wait. */
export function placeChild(
  turn: LiveTurn,
  holding: LiveHolding,
  purpose: 'stop_loss' | 'take_profit' | 'flatten',
  qty: Qty,
  pricing: Pricing,
): boolean {
  const { entryOrderId: parentId, asset, symbol, side } = holding;
  const earlier = childrenOf(turn.state, parentId).filter((child) => child.purpose === purpose);
  const { settings } = turn.state;
  // Coins that a fee took are no multiple of a lot; the venue takes nothing else.
  const whole = sellable(turn.state, holding, qty);
  const key = `${parentId} ${purpose}`;
  const isRetry = earlier.at(-1)?.order.at === 'REJECTED' || earlier.at(-1)?.order.at === 'NOT_PLACED';
  if (settings === null || isZero(whole) || (isRetry && (turn.memory.children[key] ?? 0) > turn.now)) return false;
  if (!takeToken(turn, settings)) return false;
  turn.waitsForChild(key, turn.now + CHILD_RETRY_MS);
  const clientOrderId = childId(parentId, purpose, (orderOf(turn.state, parentId)?.placed ?? 0) + 1);
  send(turn, { clientOrderId, asset, symbol, side: opposite(side), purpose, parentId }, { qty: whole, pricing, bracket: null });
  return true;
}
