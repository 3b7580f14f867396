/** The history table's order and its sums. Sums over money are shown, never booked: the exact ones come from the server. */
import type { ClosedTrade } from '#trading/model/position.ts';
import type { TotalsView } from '#protocol/view.ts';

export const SORTS = ['symbol', 'strategy', 'date', 'pnl'] as const;
export type SortKey = (typeof SORTS)[number];
export interface Sort {
  readonly by: SortKey;
  readonly descending: boolean;
}

const COMPARE: Readonly<Record<SortKey, (left: ClosedTrade, right: ClosedTrade) => number>> = {
  symbol: (left, right) => left.symbol.localeCompare(right.symbol),
  strategy: (left, right) => left.strategyId.localeCompare(right.strategyId),
  date: (left, right) => left.closedAt - right.closedAt,
  pnl: (left, right) => Number(left.pnl) - Number(right.pnl),
};

/** Equal ones keep the newest first. */
export function sorted(trades: readonly ClosedTrade[], { by, descending }: Sort): readonly ClosedTrade[] {
  const compare = COMPARE[by];
  return trades.toSorted((left, right) => (descending ? compare(right, left) : compare(left, right)) || right.closedAt - left.closedAt);
}

/** A second choice of the same column turns it round; dates and results start with the largest. */
export function nextSort(sort: Sort, by: SortKey): Sort {
  return sort.by === by ? { by, descending: !sort.descending } : { by, descending: by === 'date' || by === 'pnl' };
}

export interface Sums {
  readonly closed: number;
  readonly pnl: number;
  readonly fees: number;
  readonly winRate: number | null;
  /** Mean result of a trade, USD. */
  readonly expectancy: number | null;
}

export function sumsOf(totals: readonly TotalsView[]): Sums {
  const closed = totals.reduce((sum, { closed: count }) => sum + count, 0);
  const won = totals.reduce((sum, { won: count }) => sum + count, 0);
  const pnl = totals.reduce((sum, { pnl: value }) => sum + Number(value), 0);
  const fees = totals.reduce((sum, { fees: value }) => sum + Number(value), 0);
  return { closed, pnl, fees, winRate: closed === 0 ? null : won / closed, expectancy: closed === 0 ? null : pnl / closed };
}
