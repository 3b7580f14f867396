import type { Money } from '../money/decimal.ts';
import type { Refusal } from '../model/events.ts';
import type { Instant, Instrument } from '../model/instrument.ts';
import type { Allowance } from '../model/messages.ts';
import type { OrderIntent } from '../model/order.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import type { Settings } from '../model/settings.ts';
import type { GovernorState } from './state.ts';

/** Everything one verdict on an entry rests on. */
export interface EntryCase {
  readonly state: GovernorState;
  readonly settings: Settings;
  readonly instrument: Instrument;
  readonly allowance: Allowance;
  readonly lastGood: QuoteSnapshot | null;
  readonly intent: OrderIntent;
  /** What the open positions of this asset and mode have lost so far, USD, 0 or above (`openLossOf`). */
  readonly openLoss: Money;
  /** USD at the touch of the snapshot. */
  readonly notional: Money;
  readonly now: Instant;
}

/** One rule: null, or the refusal with its numbers. */
export type Check = (entry: EntryCase) => Refusal | null;
