/** Pairs and shares made of a seed, at the hours of their exchanges: options are modelled over the shares. No end. */
import type { Instant } from '#trading/model/instrument.ts';
import type { Instrument } from '../instruments.ts';
import { newYork, newYorkInstant, weekday } from '../tws/hours.ts';
import { MINUTE_MS } from './minute-bars.ts';
import { secondsOf, stepAfter, SYNTHETIC_ORIGIN, type SyntheticWindow } from './synthetic.ts';
import { CoinPath } from './synthetic-path.ts';
import { SyntheticTape } from './synthetic-tape.ts';
import type { TwsMarket, TwsQuote, TwsStep } from './tws-market.ts';

/** Bars before the first step: over the weekend before it, so that what opens on Monday has Friday's. */
const PREROLL_MINUTES = 4500;
/** Of the minutes before, so many quotes each. */
const PREROLL_SECONDS = [0, 15, 30, 45];
const STEP_MS = 1000;
/** No look at what is closed goes farther than this. */
const CLOSED_STEPS_MAX = 8 * 86_400;

interface Model {
  readonly symbol: string;
  readonly hours: (at: Instant) => boolean;
  readonly startPrice: number;
  readonly annualVolatility: number;
  readonly correlation: number;
  readonly spreadBps: number;
  readonly tick: string;
  readonly lot: string;
}

const PAIR = { hours: isForexOpen, spreadBps: 0.6, tick: '0.00005', lot: '1000' };
const SHARE = { hours: isShareOpen, spreadBps: 0.4, tick: '0.01', lot: '1' };
const MODELS: readonly Model[] = [
  { ...PAIR, symbol: 'EUR.USD', startPrice: 1.1, annualVolatility: 0.08, correlation: 0.2 },
  { ...PAIR, symbol: 'GBP.USD', startPrice: 1.28, annualVolatility: 0.09, correlation: 0.2 },
  { ...PAIR, symbol: 'AUD.USD', startPrice: 0.66, annualVolatility: 0.11, correlation: 0.3 },
  { ...SHARE, symbol: 'SPY', startPrice: 600, annualVolatility: 0.16, correlation: 0.5 },
  { ...SHARE, symbol: 'AAPL', startPrice: 230, annualVolatility: 0.28, correlation: 0.4 },
];
const ACTIVITY = 0.5;

export class TwsSynthetic implements TwsMarket {
  readonly chains = null;
  readonly before: readonly TwsQuote[];
  readonly start: Instant;
  readonly end: Instant | null;
  readonly gaps = [];
  readonly #tapes: readonly { readonly tape: SyntheticTape; readonly model: Model }[];
  readonly #stepMs: number;
  readonly #first: Instant;
  #next: Instant;

  /** @param resumeAt continues the seed's path after this time; null starts at the origin */
  constructor(seed: string, resumeAt: Instant | null, window: SyntheticWindow = {}) {
    this.start = Math.max(SYNTHETIC_ORIGIN, resumeAt ?? SYNTHETIC_ORIGIN);
    this.#stepMs = window.stepMs ?? STEP_MS;
    this.end = window.to ?? null;
    this.#first = stepAfter(this.start, STEP_MS);
    this.#next = stepAfter(this.start, this.#stepMs);
    const firstMinute = SYNTHETIC_ORIGIN / MINUTE_MS - PREROLL_MINUTES;
    this.#tapes = MODELS.map((model) => {
      const path = new CoinPath(seed, { coin: model.symbol, ...model }, firstMinute);
      const instrument = instrumentOf(model);
      return { model, tape: new SyntheticTape(seed, instrument, { spreadBps: model.spreadBps, activity: ACTIVITY, basisBps: 0 }, path) };
    });
    this.before = this.#preroll(Math.floor(this.#first / MINUTE_MS));
  }

  next(): Promise<TwsStep | null> {
    const at = this.#openAt(this.#next);
    if (at === null) return Promise.resolve(null);
    this.#next = at + this.#stepMs;
    const quotes = new Map<Model, TwsQuote>();
    for (const { minute, second } of secondsOf(at, this.#stepMs, this.#first)) {
      for (const { tape, model } of this.#tapes) {
        tape.enter(minute);
        const moment = minute * MINUTE_MS + second * STEP_MS;
        if (tape.play(second) && model.hours(moment)) quotes.set(model, { ...quoteAt(model, tape, moment), at });
      }
    }
    return Promise.resolve({ at, quotes: [...quotes.values()] });
  }

  peek(): Promise<Instant | null> {
    return Promise.resolve(this.#openAt(this.#next));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The first moment from then on at which anything trades. */
  #openAt(from: Instant): Instant | null {
    let at = from;
    for (let looked = 0; looked < CLOSED_STEPS_MAX; looked++) {
      if (this.end !== null && at > this.end) return null;
      if (MODELS.some(({ hours }) => hours(at))) return at;
      // Hours begin on whole minutes.
      at = (Math.floor(at / MINUTE_MS) + 1) * MINUTE_MS;
    }
    return null;
  }

  #preroll(last: number): readonly TwsQuote[] {
    const quotes: TwsQuote[] = [];
    for (let minute = last - PREROLL_MINUTES; minute < last; minute++) {
      for (const { tape, model } of this.#tapes) {
        if (!model.hours(minute * MINUTE_MS)) continue;
        tape.enter(minute);
        for (const second of PREROLL_SECONDS) if (tape.play(second)) quotes.push(quoteAt(model, tape, minute * MINUTE_MS + second * STEP_MS));
      }
    }
    return quotes.sort((left, right) => left.at - right.at);
  }
}

function quoteAt({ symbol }: Model, tape: SyntheticTape, at: Instant): TwsQuote {
  const { bid, bidSize, ask, askSize } = tape.book((at % MINUTE_MS) / STEP_MS);
  return { symbol, bid, bidSize, ask, askSize, at };
}

function instrumentOf({ symbol, tick, lot }: Model): Instrument {
  const common = { category: 'spot', symbol, base: symbol, quote: 'USD', tick, lot, minQty: lot, minNotional: '0' } as const;
  return { ...common, maxQty: lot, maxMarketQty: lot, maxLeverage: '1', fundingCap: '0' };
}

const FRIDAY = 5;
const SATURDAY = 6;
const SUNDAY = 0;

/** IDEALPRO: Sunday to Friday, 17:15 to 17:00 of the next day in New York. */
function isForexOpen(at: Instant): boolean {
  const { day, minute } = dayOf(at);
  if (day === SATURDAY) return false;
  if (day === SUNDAY) return minute >= 17 * 60 + 15;
  if (day === FRIDAY) return minute < 17 * 60;
  return minute < 17 * 60 || minute >= 17 * 60 + 15;
}

/** Weekdays 9:30 to 16:00 in New York. */
function isShareOpen(at: Instant): boolean {
  const { day, minute } = dayOf(at);
  return day !== SATURDAY && day !== SUNDAY && minute >= 9 * 60 + 30 && minute < 16 * 60;
}

let known = { from: Infinity, to: -Infinity, day: 0 };

/** Weekday and minute of the day in New York. A day's midnight is worked out once: this runs every second. */
function dayOf(at: Instant): { readonly day: number; readonly minute: number } {
  if (at < known.from || at >= known.to) {
    const { date } = newYork(at);
    const from = newYorkInstant(date, 0, 0);
    // A day of a clock change has an hour more or less, at night of a Sunday, when everything is closed.
    known = { from, to: from + 24 * 60 * MINUTE_MS, day: weekday(date) };
  }
  return { day: known.day, minute: Math.floor((at - known.from) / MINUTE_MS) };
}
