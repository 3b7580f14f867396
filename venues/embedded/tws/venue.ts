/** The embedded TWS with a market that moves it. It plays only when told to. */
import type { Instant } from '#trading/model/instrument.ts';
import { money } from '#trading/money/decimal.ts';
import { LOOPBACK, openTws, type EmbeddedTws, type TwsCounters } from './tws.ts';
import { openRecordedTws, SyntheticTwsMarket, type TwsMarket } from './market-source.ts';
import type { TwsVenueParams } from './params.ts';
import { DEFAULT_RESTARTS } from './restarts.ts';

export interface TwsVenueInfo {
  readonly host: string;
  readonly port: number;
  readonly account: string;
  readonly now: Instant;
  readonly symbols: readonly string[];
  /** Time of the last step; null where the market has no end. */
  readonly end: Instant | null;
}

export interface TwsVenueStep {
  readonly now: Instant;
  /** Nothing is left to play. */
  readonly ended: boolean;
  /** When the next step plays; null at the end. */
  readonly next: Instant | null;
}

/** Binds the port and prepares the market; nothing is played yet. @throws DataFileError, RangeError, or Error where the port cannot be bound. */
export async function openTwsVenue(params: TwsVenueParams): Promise<TwsVenue> {
  const { play, seed, resumeAt, restarts, port, serverVersion, account, cash, closed } = params;
  const market =
    play.kind === 'files'
      ? await openRecordedTws(play.files, resumeAt)
      : new SyntheticTwsMarket({ seed, symbols: play.symbols, resumeAt, closed: new Set(closed) });
  let tws: EmbeddedTws | null = null;
  try {
    const common = { port, serverVersion, account, closed, cash: money(cash), start: market.start };
    tws = await openTws({ ...common, ...(restarts && { restarts: DEFAULT_RESTARTS }) });
    const venue = new TwsVenue(tws, market, account, await market.peek());
    for (const fault of params.faults) venue.fault(...splitFault(fault));
    return venue;
  } catch (error) {
    await tws?.close();
    await market.close();
    throw error;
  }
}

export class TwsVenue {
  /** For whoever checks our books against the venue's. */
  readonly tws: EmbeddedTws;
  readonly #market: TwsMarket;
  readonly #account: string;
  #next: Instant | null;

  constructor(tws: EmbeddedTws, market: TwsMarket, account: string, next: Instant | null) {
    this.tws = tws;
    this.#market = market;
    this.#account = account;
    this.#next = next;
  }

  info(): TwsVenueInfo {
    const { symbols, end } = this.#market;
    return { host: LOOPBACK, port: this.tws.port, account: this.#account, now: this.tws.now, symbols, end };
  }

  /** Plays one step. After the end it changes nothing. */
  async step(): Promise<TwsVenueStep> {
    const step = await this.#market.next();
    this.#next = await this.#market.peek();
    if (step === null) return this.#after();
    for (const { symbol, bid, ask, bidSize, askSize } of step.quotes) {
      this.tws.quote(symbol, bid, ask, bidSize, askSize, Math.max(step.at, this.tws.now));
    }
    return this.#after();
  }

  /** Moves the clock without new prices, never past the next step. */
  idle(ms: number): TwsVenueStep {
    this.tws.advance(Math.min(this.tws.now + ms, this.#next ?? Infinity));
    return this.#after();
  }

  /** @throws RangeError where the fault or what it takes is not known. */
  fault(name: string, target?: string, value?: string): object {
    return this.tws.inject(name, target, value);
  }

  counters(): TwsCounters {
    return this.tws.counters();
  }

  async close(): Promise<void> {
    await this.tws.close();
    await this.#market.close();
  }

  #after(): TwsVenueStep {
    return { now: this.tws.now, ended: this.#next === null, next: this.#next };
  }
}

/** `NAME [TARGET] [VALUE]`; a symbol with blanks in it is written without them. */
export function splitFault(text: string): [name: string, target: string, value: string] {
  const [name = '', target = '', value = ''] = text.trim().split(/\s+/);
  return [name, target, value];
}
