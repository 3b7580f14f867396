/** What a run reports: `npm run system -- --json`, and `status` while it runs. */
import type { JournalHead, Log } from '#protocol/ports.ts';
import type { Instant } from '#trading/model/instrument.ts';
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

/** A market that ended before it began has a reason that a person can mend: time goes on from the newest fact of the data directory. */
export function tellEnd(log: Log, quotes: number, from: Instant): void {
  log.info({ actor: 'conductor', quotes }, 'the market ended');
  if (quotes > 0) return;
  const begins = new Date(from).toISOString();
  log.warn(
    { actor: 'conductor' },
    `nothing was played: the facts of this data directory reach ${begins}; to play what lies before, name another --data-dir`,
  );
}
