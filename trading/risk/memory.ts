import type { Broker, Instant } from '../model/instrument.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import type { Suspect } from '../market/freshness.ts';
import type { WalletReports } from './wallets.ts';
import type { DomainEvent } from '../model/events.ts';
import type { OrderIntent } from '../model/order.ts';
import type { Gate } from '../model/why.ts';
import type { GovernorState } from './state.ts';

/** One verdict and what it was decided on. */
export interface DecidedCase {
  readonly intent: OrderIntent;
  readonly state: GovernorState;
  readonly memory: Omit<GovernorMemory, 'cases'>;
  readonly now: Instant;
  readonly verdict: DomainEvent;
  /** What became of it after an approval. */
  readonly steps: readonly Gate[];
}
/** By `positionKey`, oldest verdict first. */
export type DecidedCases = Readonly<Record<string, DecidedCase>>;

/** What the governor may lose in a crash. */
export interface GovernorMemory {
  /** By `instrumentKey`: the newest quote that passed QS-1 and QS-2. */
  readonly lastGood: Readonly<Record<string, QuoteSnapshot>>;
  /** By `instrumentKey`: where quotes are far from the last good one. */
  readonly suspects: Readonly<Record<string, Suspect | null>>;
  /** Brokers whose feed is down, with the reason. */
  readonly down: Readonly<Partial<Record<Broker, string>>>;
  /** Live wallets as their gateway reported them last. */
  readonly reports: WalletReports;
  /** By `walletKey`: the allowance told last, as text. */
  readonly told: Readonly<Record<string, string>>;
  /** When time alone changes an allowance next. */
  readonly reviewAt: Instant | null;
  /** What the last verdicts were decided on, for `why`. */
  readonly cases: DecidedCases;
}

export const BLANK_GOVERNOR_MEMORY: GovernorMemory = { lastGood: {}, suspects: {}, down: {}, reports: {}, told: {}, reviewAt: null, cases: {} };
