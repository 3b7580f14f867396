/** The port behind the venue's façade: a market as an iterator of steps, the same again for the same seed or files. */
import type { Instant } from '#trading/model/instrument.ts';
import type { Instrument } from '../instruments.ts';
import type { ListingKey } from '../listing.ts';

/** The best bid and ask of one listing, as decimal text. Recorded books are played as they are, crossed ones too. */
export interface BookUpdate {
  readonly key: ListingKey;
  readonly bid: string;
  readonly bidSize: string;
  readonly ask: string;
  readonly askSize: string;
}

export interface TapeTrade {
  readonly key: ListingKey;
  readonly price: string;
  /** Base units. */
  readonly size: string;
  /** The aggressor's side. */
  readonly side: 'Buy' | 'Sell';
}

export interface Step {
  readonly at: Instant;
  /** At most one a listing. */
  readonly books: readonly BookUpdate[];
  /** At most one a listing, and only of listings in `books`. */
  readonly trades: readonly TapeTrade[];
}

/** A listing that the process plays. */
export interface Played {
  readonly key: ListingKey;
  readonly instrument: Instrument;
  /** Digits after the point that show every price of it exactly. */
  readonly priceDecimals: number;
  /** A perpetual whose rates were recorded: of the settlement at a time, as decimal text. */
  readonly fundingRate?: (at: Instant) => string;
}

/** A bar of the tape up to now; `at` is its open. Prices in quote, volume in base, turnover in quote units. */
export interface TapeBar {
  readonly at: Instant;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly turnover: number;
}

export interface HistoryQuery {
  readonly intervalMinutes: number;
  /** Bars that open at or after this, UTC milliseconds. */
  readonly from: Instant;
  /** Bars that open before this, UTC milliseconds. */
  readonly before: Instant;
  readonly limit: number;
  /** Which bars to keep where more than `limit` fit. */
  readonly keep: 'oldest' | 'newest';
}

/** Recorded bars that are missing stay missing; they are counted and told. */
export interface Gaps {
  readonly file: string;
  readonly gaps: number;
  readonly missingBars: number;
  readonly largestGapMs: number;
}

/** The book that stands before the first step. */
export interface Opening {
  /** When it was made; never after `start`. */
  readonly at: Instant;
  readonly book: BookUpdate;
}

export interface MarketProcess {
  readonly listings: readonly Played[];
  /** One a listing: what was played last before `start`, or where nothing was, what the listing opens with. */
  readonly opening: readonly Opening[];
  /** The venue's time before the first step. */
  readonly start: Instant;
  /** Time of the last step, where the market ends. */
  readonly end: Instant | null;
  readonly gaps: readonly Gaps[];
  /** The next step, or null at the end. */
  next(): Promise<Step | null>;
  /** When the next step plays, or null at the end. */
  peek(): Promise<Instant | null>;
  /** What was played, and what went before the first step, oldest first; the newest bar may still be forming. */
  history(key: ListingKey, query: HistoryQuery): readonly TapeBar[];
  close(): Promise<void>;
}
