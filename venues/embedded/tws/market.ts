/** What the market stands at: the played quotes, options modelled over their underlying, the day's figures, and bars. */
import { add, greaterThan, lessThan, ratio, scale, type Price } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import { BarTape } from './bars.ts';
import type { Contract, Contracts } from './contracts.ts';
import type { ExchangeEvent, Quote, TwsExchange } from './exchange.ts';
import { newYork } from './hours.ts';
import { modelOption, type ModelledOption, type VolatilityModel } from './option-model.ts';
import type { DayFigures } from './ticks.ts';

const HALF = ratio('0.5');

interface Day {
  readonly date: string;
  high: Price;
  low: Price;
  close: Price;
  last: Price;
}

export class Market {
  readonly #contracts: Contracts;
  readonly #exchange: TwsExchange;
  readonly #model: (symbol: string) => VolatilityModel;
  readonly #days = new Map<number, Day>();
  readonly #tapes = new Map<number, BarTape>();
  /** Options that somebody watches: they are modelled with every quote of their underlying. */
  readonly #watched = new Map<number, Map<number, Contract>>();
  readonly #recorded = new Set<number>();
  #dayDate = '';
  #dayEnds: Instant = 0;

  constructor(contracts: Contracts, exchange: TwsExchange, model: (symbol: string) => VolatilityModel) {
    this.#contracts = contracts;
    this.#exchange = exchange;
    this.#model = model;
  }

  /** A played quote. What traded on it; options that follow it are in `followers`. */
  take(contract: Contract, quote: Quote): { readonly events: readonly ExchangeEvent[]; readonly followers: readonly Contract[] } {
    if (contract.secType === 'OPT') this.#recorded.add(contract.conId);
    const events = [...this.#enter(contract, quote)];
    const followers = [...(this.#watched.get(contract.conId)?.values() ?? [])].filter((option) => this.#isModelled(option));
    for (const option of followers) {
      const modelled = this.modelled(option, quote.at);
      if (modelled !== null) events.push(...this.#enter(option, modelled.quote));
    }
    return { events, followers };
  }

  /** Keeps an option modelled from now on, and models it now. */
  watch(contract: Contract, now: Instant): readonly ExchangeEvent[] {
    if (contract.secType !== 'OPT') return [];
    const of = this.#watched.get(contract.underlyingConId) ?? new Map<number, Contract>();
    this.#watched.set(contract.underlyingConId, of);
    if (of.has(contract.conId)) return [];
    of.set(contract.conId, contract);
    const modelled = this.#isModelled(contract) ? this.modelled(contract, now) : null;
    return modelled === null ? [] : this.#enter(contract, modelled.quote);
  }

  /** What was recorded is not made up where the recording is silent. */
  #isModelled({ conId, symbol }: Contract): boolean {
    return !this.#recorded.has(conId) && this.#contracts.chain(symbol)?.only === undefined;
  }

  unwatch(contract: Contract): void {
    this.#watched.get(contract.underlyingConId)?.delete(contract.conId);
  }

  quote(contract: Contract): Quote | undefined {
    return this.#exchange.quote(contract.conId);
  }

  /** Greeks of an option over its underlying as it stands; null where that has no market or the option is over. */
  modelled(contract: Contract, now: Instant): ModelledOption | null {
    const share = this.#contracts.byId(contract.underlyingConId);
    const spot = share === undefined ? null : this.mark(share);
    return spot === null ? null : modelOption(contract, Number(spot), now, this.#model(contract.symbol));
  }

  /** Middle of the quote; of a side where there is only one. */
  mark(contract: Contract): Price | null {
    const quote = this.#exchange.quote(contract.conId);
    if (quote === undefined) return null;
    if (quote.bid === null || quote.ask === null) return quote.bid ?? quote.ask;
    return scale(add(quote.bid, quote.ask), HALF);
  }

  day(contract: Contract): DayFigures | undefined {
    return this.#days.get(contract.conId);
  }

  tape(contract: Contract): BarTape | undefined {
    return this.#tapes.get(contract.conId);
  }

  #enter(contract: Contract, quote: Quote): readonly ExchangeEvent[] {
    const events = this.#exchange.onQuote(contract, quote, quote.at);
    const tape = this.#tapes.get(contract.conId) ?? new BarTape();
    this.#tapes.set(contract.conId, tape);
    tape.take(quote);
    const middle = this.mark(contract);
    if (middle !== null) this.#figure(contract.conId, middle, this.#dateOf(quote.at));
    return events;
  }

  #figure(conId: number, at: Price, date: string): void {
    const day = this.#days.get(conId);
    if (day?.date !== date) {
      this.#days.set(conId, { date, high: at, low: at, close: day?.last ?? at, last: at });
      return;
    }
    if (greaterThan(at, day.high)) day.high = at;
    if (lessThan(at, day.low)) day.low = at;
    day.last = at;
  }

  /** New York's date, worked out once an hour. */
  #dateOf(at: Instant): string {
    if (at >= this.#dayEnds || this.#dayDate === '') {
      this.#dayDate = newYork(at).date;
      this.#dayEnds = at - (at % 3_600_000) + 3_600_000;
    }
    return this.#dayDate;
  }
}
