/** One-minute bars of what was played, and longer ones made of them. */
import { add, greaterThan, lessThan, ratio, scale, type Price } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Quote } from './exchange.ts';
import { newYork, newYorkInstant } from './hours.ts';

export const BAR_KINDS = ['MIDPOINT', 'BID', 'ASK'] as const;
export type BarKind = (typeof BAR_KINDS)[number];

export interface Bar {
  /** Start, UTC milliseconds. */
  readonly at: Instant;
  open: Price;
  high: Price;
  low: Price;
  close: Price;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A fortnight of minutes of each contract. */
const MINUTES_MAX = 20_160;
const HALF = ratio('0.5');

const BAR_SIZES: Readonly<Record<string, number>> = {
  '1 min': 1,
  '2 mins': 2,
  '3 mins': 3,
  '5 mins': 5,
  '10 mins': 10,
  '15 mins': 15,
  '20 mins': 20,
  '30 mins': 30,
  '1 hour': 60,
  '2 hours': 120,
  '3 hours': 180,
  '4 hours': 240,
  '8 hours': 480,
  '1 day': 1440,
};
const DURATION_UNITS: Readonly<Record<string, number>> = { S: 1000, D: DAY_MS, W: 7 * DAY_MS, M: 30 * DAY_MS, Y: 365 * DAY_MS };

/** Of one contract. */
export class BarTape {
  readonly #minutes: Record<BarKind, Bar[]> = { MIDPOINT: [], BID: [], ASK: [] };

  take(quote: Quote): void {
    if (quote.bid === null || quote.ask === null) return;
    this.#add('MIDPOINT', scale(add(quote.bid, quote.ask), HALF), quote.at);
    this.#add('BID', quote.bid, quote.at);
    this.#add('ASK', quote.ask, quote.at);
  }

  /** Bars of `minutes` that begin in [from, to), oldest first. */
  bars(kind: BarKind, minutes: number, from: Instant, to: Instant): readonly Bar[] {
    const made: Bar[] = [];
    const all = this.#minutes[kind];
    let first = all.length;
    while (first > 0 && (all[first - 1]?.at ?? 0) >= from) first--;
    for (const minute of all.slice(first)) {
      if (minute.at >= to) break;
      const start = minutes === 1440 ? newYorkInstant(newYork(minute.at).date, 0, 0) : minute.at - (minute.at % (minutes * MINUTE_MS));
      const last = made.at(-1);
      if (last?.at === start) widen(last, minute);
      else made.push({ ...minute, at: start });
    }
    return made;
  }

  /** When the first bar begins; undefined where there is none. */
  first(): Instant | undefined {
    return this.#minutes.MIDPOINT[0]?.at;
  }

  #add(kind: BarKind, at: Price, when: Instant): void {
    const start = when - (when % MINUTE_MS);
    const bars = this.#minutes[kind];
    const last = bars.at(-1);
    const one = { at: start, open: at, high: at, low: at, close: at };
    if (last?.at === start) return widen(last, one);
    bars.push(one);
    if (bars.length > MINUTES_MAX) bars.shift();
  }
}

/** Minutes of a bar size in TWS's words; undefined where it is none of a minute or more. */
export const barMinutes = (size: string): number | undefined => BAR_SIZES[size];

/** Milliseconds of `1 D`, `3600 S`; undefined where it is no duration. */
export function durationMs(text: string): number | undefined {
  const match = /^(\d{1,5}) ([SDWMY])$/.exec(text);
  const unit = DURATION_UNITS[match?.[2] ?? ''];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}

/** `` is now; `yyyymmdd-hh:mm:ss` is UTC, with a blank New York's. Undefined where it is no time. */
export function endInstant(text: string, now: Instant): Instant | undefined {
  if (text === '') return now;
  const match = /^(\d{4})(\d{2})(\d{2})([- ])(\d{2}):(\d{2}):(\d{2})/.exec(text);
  if (match === null) return undefined;
  const [, year = '', month = '', day = '', mark, hour = '', minute = '', second = ''] = match;
  const utc = mark === '-' || text.endsWith('UTC') || text.endsWith('GMT');
  if (utc) return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return newYorkInstant(year + month + day, Number(hour), Number(minute)) + Number(second) * 1000;
}

function widen(bar: Bar, by: Bar): void {
  if (greaterThan(by.high, bar.high)) bar.high = by.high;
  if (lessThan(by.low, bar.low)) bar.low = by.low;
  bar.close = by.close;
}
