/** One hash for a run's trades: equal runs have equal hashes, whatever the order in which assets happened to close. */
import type { ClosedTrade } from '#trading/model/position.ts';
import { canonicalJson, sha256 } from './chain.ts';

/** Hex sha256 over the canonical lines of the trades, sorted by asset, mode, closing time and id. */
export function tradesSha256(trades: Iterable<ClosedTrade>): string {
  const sorted = [...trades].sort(inOrder);
  return sha256(sorted.map((trade) => `${canonicalJson(trade)}\n`).join(''));
}

function inOrder(left: ClosedTrade, right: ClosedTrade): number {
  return text(left.asset, right.asset) || text(left.mode, right.mode) || left.closedAt - right.closedAt || text(left.tradeId, right.tradeId);
}

const text = (left: string, right: string): number => (left < right ? -1 : Number(left > right));
