/** CF-1, SZ-5: what brokers said of live wallets, how long it holds, and what shares of them are taken of. */
import { add, subtract, ZERO_MONEY } from '../money/decimal.ts';
import { baseKey } from '../ledger/wallet.ts';
import type { EventOf, Refusal } from '../model/events.ts';
import { ASSETS, brokerOf, BROKERS, type Asset, type Broker, type Instant, type Mode } from '../model/instrument.ts';
import type { WalletReport } from '../model/messages.ts';
import { refuse } from './refuse.ts';
import { walletOf, type GovernorState } from './state.ts';

/** Live wallets by broker, as reported last. */
export type WalletReports = Readonly<Partial<Record<Broker, WalletReport>>>;

/** SZ-5: no live entry rests on a wallet reported longer ago than this. A gateway reports several times as often. */
export const WALLET_REPORT_AGE_MS_MAX = 60_000;

/** The reports with a newer one, or null where it says nothing new. Of paper there are none: its wallet follows from the journal. */
export function withReport(reports: WalletReports, report: WalletReport, now: Instant): WalletReports | null {
  if (report.mode !== 'live') return null;
  // A report of a clock that runs ahead would never be old.
  const at = Math.min(report.at, now);
  const before = reports[report.broker];
  return before !== undefined && before.at > at ? null : { ...reports, [report.broker]: { ...report, at } };
}

/** SZ-5: a live entry needs to know what is in the wallet: `WALLET_UNKNOWN` where nobody said, or not lately; else null. */
export function walletRefusal({ asset, mode }: { readonly asset: Asset; readonly mode: Mode }, reports: WalletReports, now: Instant): Refusal | null {
  if (mode !== 'live') return null;
  const broker = brokerOf(asset);
  const report = reports[broker];
  if (report === undefined) {
    return refuse('WALLET_UNKNOWN', 'SZ-5', { broker }, `${asset} live: ${broker} has not reported its wallet; entries wait for it`);
  }
  const ageMs = now - report.at;
  if (ageMs <= WALLET_REPORT_AGE_MS_MAX) return null;
  const sentence = `${asset} live: ${broker} reported its wallet ${ageMs} ms ago, at most ${WALLET_REPORT_AGE_MS_MAX} ms; entries wait for the next report`;
  return refuse('WALLET_UNKNOWN', 'SZ-5', { broker, ageMs, maxMs: WALLET_REPORT_AGE_MS_MAX }, sentence);
}

/**
 * CF-1 in percent mode: the first equity a broker reports, less what its live accounts realised until then, is what their shares are taken
 * of from now on. It is a fact, so that every budget follows from the journal.
 */
export function basesDue(state: GovernorState, reports: WalletReports): readonly EventOf<'wallet.based'>[] {
  if (state.settings?.allocMode !== 'percent') return [];
  return BROKERS.flatMap((broker) => {
    const report = reports[broker];
    if (report === undefined || Object.hasOwn(state.bases, baseKey(broker, 'live'))) return [];
    const { mode, equity, at: reportedAt } = report;
    const realised = ASSETS.filter((asset) => brokerOf(asset) === broker).map((asset) => walletOf(state, { asset, mode }).realised);
    const base = subtract(equity, add(ZERO_MONEY, ...realised));
    return [{ type: 'wallet.based', body: { broker, mode, equity, base, reportedAt } }];
  });
}
