/** What the order port answers of rows. Pure. */
import type { ChangeOutcome, VenueExecution, VenueOrder } from '#trading/model/live.ts';
import { add, ZERO_QTY } from '#trading/money/decimal.ts';
import type { Mirrored } from './mirror.ts';

/** Only the client that placed an order may change it. */
export const notOurs = (orders: readonly Mirrored[]): ChangeOutcome => ({
  kind: 'rejected',
  code: 'OTHER_CLIENT',
  text: `placed by client ${orders.map(({ clientId, orderId }) => `${clientId ?? '?'} as ${orderId ?? '?'}`).join(', ')}, and only it can change that`,
});

/** An order that only its executions tell of: whether it is over, the completed row says. */
export function fromExecutions(first: VenueExecution, executions: readonly VenueExecution[]): VenueOrder {
  const { clientOrderId, parentId, venueOrderId, asset, symbol, side, leg } = first;
  const cumQty = add(ZERO_QTY, ...executions.map(({ qty }) => qty));
  const who = { clientOrderId, parentId, venueOrderId, asset, symbol, side, leg };
  return { ...who, status: 'open', qty: cumQty, cumQty, reason: 'known by its executions' };
}
