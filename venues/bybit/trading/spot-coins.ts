/**
 * Spot legs lock the coins that they would sell: nothing else can sell them first, so who closes the position cancels them. Only the house's own,
 * as what somebody else put there is theirs.
 */
import type { ChangeOutcome, VenueExecution, VenueOrder } from '#trading/model/live.ts';
import { isOwnOrderId } from '#trading/execution/order-names.ts';
import type { Side } from '#trading/model/order.ts';
import { NotSent } from './session.ts';

export interface SpotBook {
  open(orderFilter: string): Promise<readonly VenueOrder[]>;
  cancel(venueOrderId: string, orderFilter: string): Promise<ChangeOutcome>;
  /** Executions of the last while that nobody was told of yet. */
  untold(): Promise<readonly VenueExecution[]>;
}

const FILTERS = ['Order', 'tpslOrder'] as const;

/**
 * @throws NotSent where a leg went between look and cancel, or before the look and nobody heard of it yet: it sold the coins, and the account may
 * hold others that are not the position's.
 */
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
  if (outcomes.length > 0) return;
  const isOurs = (execution: VenueExecution): boolean => isOwnOrderId(execution.parentId) || isOwnOrderId(execution.clientOrderId);
  const news = (await book.untold()).find((execution) => execution.side === side && isOurs(execution));
  if (news !== undefined) throw new NotSent(`execution ${news.executionId} sold ${news.qty} of ${symbol}, and the journal has not heard of it`);
}
