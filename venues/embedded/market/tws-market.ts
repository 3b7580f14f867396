/** The port behind the TWS façade: its market as an iterator of steps, the same again for the same seed or files. */
import type { Instant } from '#trading/model/instrument.ts';
import type { ChainTerms } from '../tws/contracts.ts';
import type { Gaps } from './process.ts';

/** As decimal text; '' where nobody quotes that side. Recorded quotes are played as they are, crossed ones too. */
export interface TwsQuote {
  /** `EUR.USD`, `SPY`, or an option's local symbol. */
  readonly symbol: string;
  readonly bid: string;
  readonly bidSize: string;
  readonly ask: string;
  readonly askSize: string;
  readonly at: Instant;
}

export interface TwsStep {
  readonly at: Instant;
  readonly quotes: readonly TwsQuote[];
}

export interface TwsMarket {
  /** Options as they were recorded; null where they are modelled over what is played. */
  readonly chains: readonly ChainTerms[] | null;
  /** What went before the first step, oldest first: history, and what stands when it begins. */
  readonly before: readonly TwsQuote[];
  readonly start: Instant;
  /** Time of the last step, where the market ends. */
  readonly end: Instant | null;
  readonly gaps: readonly Gaps[];
  next(): Promise<TwsStep | null>;
  peek(): Promise<Instant | null>;
  close(): Promise<void>;
}
