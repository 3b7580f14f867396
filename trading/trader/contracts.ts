/** What a trader of options may choose from: contracts that the catalog lists, each with its newest good quote. */
import { judgeQuote, type QuoteLimits, type Suspect } from '../market/freshness.ts';
import type { Instant, Instrument } from '../model/instrument.ts';
import type { QuoteSnapshot } from '../model/quote.ts';

/** An option that may be bought, and its newest good quote. */
export interface ContractSlot {
  readonly instrument: Instrument;
  readonly lastGood: QuoteSnapshot | null;
  readonly suspect: Suspect | null;
}

export type Contracts = Readonly<Record<string, ContractSlot>>;

/** The slot with a quote of its contract: what is stale, crossed or far off leaves what was good (QS-1, QS-2). */
export function withContractQuote(contracts: Contracts, quote: QuoteSnapshot, limits: QuoteLimits, now: Instant): Contracts {
  const slot = contracts[quote.symbol];
  if (slot === undefined) return contracts;
  const { refusal: wrong, suspect } = judgeQuote(quote, slot, limits, now);
  return { ...contracts, [quote.symbol]: { ...slot, suspect, lastGood: wrong === null ? quote : slot.lastGood } };
}
