/** What a run reports: `npm run system -- --json`, and `status` while it runs. */
import type { JournalHead } from '#protocol/ports.ts';
import { tradesSha256 } from '#state/trades-hash.ts';
import type { SystemOptions, SystemReport } from './system-options.ts';
import type { Tally } from './tally.ts';

export interface RunFigures {
  readonly ok: boolean;
  readonly wallMs: number;
  readonly marketMs: number;
  readonly quotes: number;
  readonly head: JournalHead;
  readonly restarts: number;
}

export function reportOf({ market, seed, assets }: SystemOptions, tally: Tally, run: RunFigures): SystemReport {
  const { intents, approvals, refusals, orders, fills, trades } = tally;
  return {
    ok: run.ok,
    market,
    seed,
    uptimeMs: run.wallMs,
    quotes: run.quotes,
    intents,
    approvals,
    refusals,
    orders,
    fills,
    closedTrades: trades.length,
    tradesSha256: tradesSha256(trades),
    marketMs: run.marketMs,
    wallMs: run.wallMs,
    journalSeq: run.head.seq,
    chainHead: run.head.hash,
    restarts: run.restarts,
    byAsset: tally.byAsset(assets.map(({ asset }) => asset)),
  };
}
