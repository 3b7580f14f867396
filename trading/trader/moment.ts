import type { Instant, Instrument } from '../model/instrument.ts';
import type { Allowance } from '../model/messages.ts';
import type { Bar, QuoteSnapshot } from '../model/quote.ts';
import type { Signal } from '../strategy/port.ts';
import type { TraderConfig } from './config.ts';
import type { TraderState } from './state.ts';

/** Everything one decision rests on. `quote` passed QS-1 and QS-2 at `now`; `bar` is the closed bar that gave the signal. */
export interface Moment {
  readonly config: TraderConfig;
  readonly state: TraderState;
  readonly instrument: Instrument | null;
  readonly allowance: Allowance | null;
  readonly quote: QuoteSnapshot;
  readonly bar: Bar;
  readonly signal: Signal;
  readonly now: Instant;
}
