/**
 * Spot legs lock the coins that they would sell: nothing else can sell them first, so who closes the position cancels them. Only the house's own,
 * as what somebody else put there is theirs.
 */
import type { ChangeOutcome, VenueOrder } from '#trading/model/live.ts';
import { isOwnOrderId } from '#trading/execution/order-names.ts';
import type { Side } from '#trading/model/order.ts';
import { NotSent } from './session.ts';

export interface SpotBook {
  open(orderFilter: string): Promise<readonly VenueOrder[]>;
  cancel(venueOrderId: string, orderFilter: string): Promise<ChangeOutcome>;
}

const FILTERS = ['Order', 'tpslOrder'] as const;

/** @throws NotSent where a leg went between look and cancel: it sold the coins, and the account may hold others that are not the position's. */
export async function freeCoins(book: SpotBook, symbol: string, side: Side): Promise<void> {
  let outcomes: readonly ChangeOutcome[] = [];
  for (const orderFilter of FILTERS) {
    for (const { side: of, status, parentId, clientOrderId, venueOrderId } of await book.open(orderFilter)) {
      if (status !== 'open' || of !== side || !(isOwnOrderId(parentId) || isOwnOrderId(clientOrderId))) continue;
      outcomes = [...outcomes, await book.cancel(venueOrderId, orderFilter)];
    }
  }
  // One leg takes the other with it: gone counts where nothing was cancelled.
  const isSold = outcomes.some(({ kind }) => kind === 'gone') && !outcomes.some(({ kind }) => kind === 'done');
  if (isSold) throw new NotSent(`a leg of ${symbol} is being executed`);
}
