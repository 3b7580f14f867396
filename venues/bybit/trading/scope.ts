/** What of the account is asked for: the instruments that are traded, and what follows from them for questions and rows. */
import type { Asset, Instant, Instrument } from '#trading/model/instrument.ts';
import { categoryOf } from '../markets.ts';
import type { Category } from '../endpoints.ts';
import { isLinearRow } from './answers.ts';
import type { Body } from './request.ts';

/** Bybit, execution/list: one question covers at most seven days. */
const WINDOW_MS = 7 * 86_400_000;
/** What is older is read by nobody: each window is a request a category. */
const EXECUTIONS_AGE_MS_MAX = 90 * 86_400_000;

export class Scope {
  readonly #instruments: () => readonly Instrument[];

  /** @param instruments known once the session is open */
  constructor(instruments: () => readonly Instrument[]) {
    this.#instruments = instruments;
  }

  /** Of a row of the venue; undefined where its symbol is not traded here. */
  instrumentOf(venueSymbol: string, raw: unknown): Instrument | undefined {
    const category = typeof raw === 'object' && raw !== null && 'category' in raw ? raw.category : undefined;
    // Rows of a list have no category, but linear rows always name their TP/SL mode or close quantity, and spot rows never do.
    const isLinear = category === 'linear' || (category === undefined && typeof raw === 'object' && raw !== null && isLinearRow(raw));
    return this.ofCategory(venueSymbol, isLinear ? 'linear' : 'spot');
  }

  ofCategory(venueSymbol: string, category: Category): Instrument | undefined {
    return this.#instruments().find((known) => known.venueSymbol === venueSymbol && categoryOf(known.symbol) === category);
  }

  /** Questions for executions from `since` on: each of the longest span that the venue takes. */
  windows(since: Instant, now: Instant, categories: readonly Category[] = this.#categories()): readonly Body[] {
    const queries: Body[] = [];
    for (let from = Math.max(0, now - EXECUTIONS_AGE_MS_MAX, Math.min(since, now)); from <= now; from += WINDOW_MS) {
      for (const category of categories) queries.push({ category, startTime: from, endTime: Math.min(now + 1, from + WINDOW_MS - 1) });
    }
    return queries;
  }

  trades(asset: Asset): boolean {
    return this.#instruments().some((known) => known.asset === asset);
  }

  /** Of perpetuals: what stands behind the colon of a unified symbol. */
  settleCoins(): ReadonlySet<string> {
    return new Set(this.#instruments().flatMap(({ symbol }) => symbol.split(':').slice(1)));
  }

  #categories(): readonly Category[] {
    return [...new Set(this.#instruments().map(({ symbol }) => categoryOf(symbol)))];
  }
}
