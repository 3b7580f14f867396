/**
 * Ports of a venue: what a gateway is built on. `MarketData` knows no orders, so a gateway that is built on it alone cannot send one:
 * "paper calls no order endpoint" (RT-1) is a type.
 */
import type { Asset, Instant, Instrument } from '#trading/model/instrument.ts';
import type { VenueTrouble } from '#trading/model/live.ts';
import type { FundingAnnounced } from '#trading/model/messages.ts';
import type { Bar, QuoteSnapshot } from '#trading/model/quote.ts';

/** A frame of the feed that could not become a quote, and why. `symbol` is null where the frame does not say. */
export interface DroppedFrame {
  readonly asset: Asset;
  readonly symbol: string | null;
  readonly reason: string;
  readonly exchangeAt: Instant | null;
}

/** Called in the order of the wire. They must not throw. */
export interface FeedHandlers {
  readonly onQuote: (quote: QuoteSnapshot) => void;
  /** One call for every book frame, or unreadable frame, that did not become a quote. */
  readonly onDropped: (drop: DroppedFrame) => void;
  /** On changes only. Up: every symbol has a live book. */
  readonly onState: (up: boolean, reason: string) => void;
  /** An instrument whose filters are not what `instruments` said. */
  readonly onInstrument: (instrument: Instrument) => void;
  /** Read now and then of every perpetual, first before the first quote. */
  readonly onFunding?: (announced: FundingAnnounced) => void;
  /** For a person: it does not come right by itself. */
  readonly onTrouble?: (trouble: Pick<VenueTrouble, 'code' | 'sentence'>) => void;
}

/** Public quotes, instruments and candles of one venue; needs no keys. One object is one session: opened once, closed once. */
export interface MarketData {
  /** Reads the venue's instruments, with a bounded number of tries. @throws where the venue cannot be reached or refuses. */
  open(): Promise<void>;
  /** The configured instruments. @throws where the venue does not list or does not trade one of them. */
  instruments(): Promise<readonly Instrument[]>;
  /** The newest closed bars, oldest first, at most `bars`; fewer, or none, where the venue does not answer in time. */
  history(symbol: string, intervalMinutes: number, bars: number): Promise<readonly Bar[]>;
  /** Resolves when every symbol's first book has arrived. @throws where one did not in time; the session is then of no more use. */
  subscribe(symbols: readonly string[], handlers: FeedHandlers): Promise<void>;
  /** Of a played market whose wire tells no time: everything that the venue sent before was handed over as of `now` when it resolves. */
  settle?(now: Instant): Promise<void>;
  /** What happened since `open`, by name. */
  counters(): Readonly<Record<string, number>>;
  /** What is true now, for a person: plain JSON. */
  health(): Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}
