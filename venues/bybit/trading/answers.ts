/** Bybit's answers to orders and lists, as far as they are looked into before their rows are. */
import type { PlaceOutcome, VenueExecution, VenueOrder } from '#trading/model/live.ts';
import { add, ZERO_QTY } from '#trading/money/decimal.ts';
import { z } from 'zod';

const TEXT_LENGTH_MAX = 400;

export const acknowledgement = z.object({ orderId: z.string().min(1) });
export const listed = z.object({
  list: z.array(z.unknown()),
  nextPageCursor: z
    .string()
    .nullish()
    .transform((cursor) => cursor ?? ''),
});
export const wallet = z.object({
  list: z.array(z.object({ totalEquity: z.string().default(''), totalAvailableBalance: z.string().default(''), coin: z.array(z.unknown()) })),
});
export const legExecution = z.object({ orderId: z.string(), orderLinkId: z.string(), stopOrderType: z.string().regex(/Loss|Profit|tpsl/) });

export const isLinearRow = (row: object): boolean => 'tpslMode' in row || ('closedSize' in row && row.closedSize !== '');

export const notSent = (error: unknown): PlaceOutcome => ({
  ...{ kind: 'rejected', code: 'NOT_SENT' },
  text: (error instanceof Error ? error.message : String(error)).slice(0, TEXT_LENGTH_MAX),
});

/** An order that only its executions tell of yet: lists of orders lag. That it is over, only the history can say: it keeps what executed. */
export function fromExecutions(first: VenueExecution, executions: readonly VenueExecution[]): VenueOrder {
  const { clientOrderId, parentId, venueOrderId, asset, symbol, side, leg } = first;
  const cumQty = executions.reduce((sum, { qty }) => add(sum, qty), ZERO_QTY);
  return {
    clientOrderId,
    parentId,
    venueOrderId,
    asset,
    symbol,
    side,
    leg,
    status: 'open',
    qty: cumQty,
    cumQty,
    reason: 'known by its executions',
  };
}
