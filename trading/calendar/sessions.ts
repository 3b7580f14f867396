/** SS-1: whether a market trades, until when or from when; and whether its broker is, or is about to be, away. Pure. */
import type { ResetWindow, SessionCalendar } from '../model/calendar.ts';
import type { Refusal } from '../model/events.ts';
import type { Instant } from '../model/instrument.ts';
import { DAY_MINUTES, dateOf, dayOf, NEW_YORK_KNOWN_FROM, newYorkInstant, newYorkWall, weekdayOf } from './new-york.ts';

export type SessionState =
  | { readonly open: true; readonly closesAt: Instant }
  /** `opensAt` is null where that is not known. */
  | { readonly open: false; readonly why: 'closed' | 'holiday' | 'unknown'; readonly opensAt: Instant | null };

export interface Away {
  readonly window: string;
  /** It has begun; otherwise nothing is entered any more. */
  readonly begun: boolean;
  readonly until: Instant;
}

/** Days that are looked through for the next opening: longer than any closure there was. */
const DAYS_AHEAD_MAX = 14;
const MINUTE_MS = 60_000;
const WEEK_DAYS = 7;

export function sessionAt(calendar: SessionCalendar, at: Instant): SessionState {
  if (at < NEW_YORK_KNOWN_FROM) return { open: false, why: 'unknown', opensAt: null };
  const { day } = newYorkWall(at);
  const now = spansOf(calendar, day).find((span) => at >= span.from && at < span.to);
  if (now !== undefined) return { open: true, closesAt: closing(calendar, day, now.to) };
  const why = isKnown(calendar, day) ? (calendar.holidays.includes(dateOf(day)) ? 'holiday' : 'closed') : 'unknown';
  for (let ahead = 0; ahead <= DAYS_AHEAD_MAX; ahead++) {
    const next = spansOf(calendar, day + ahead).find((span) => span.from > at);
    if (next !== undefined) return { open: false, why, opensAt: next.from };
  }
  return { open: false, why, opensAt: null };
}

/** The window that the broker is in, or whose guard has begun; null where none is. Of several, the one that ends last. */
export function awayAt(windows: readonly ResetWindow[], at: Instant): Away | null {
  const { day } = newYorkWall(at);
  let found: Away | null = null;
  for (const window of windows) {
    // A window may have begun days ago, and a guard may begin the day before its window.
    const daysBack = Math.ceil((window.from + window.minutes) / DAY_MINUTES);
    for (let of = day - daysBack; of <= day + 1; of++) {
      if (!window.days.includes(weekdayOf(of))) continue;
      const from = newYorkInstant(of, window.from);
      const until = from + window.minutes * MINUTE_MS;
      if (at < from - window.guardMinutes * MINUTE_MS || at >= until) continue;
      if (found === null || until > found.until) found = { window: window.name, begun: at >= from, until };
    }
  }
  return found;
}

/** Why nothing may be entered now, or null. What protects a position is not asked. */
export function sessionRefusal(symbol: string, calendar: SessionCalendar, windows: readonly ResetWindow[], at: Instant): Refusal | null {
  return closedRefusal(symbol, calendar, at) ?? awayRefusal(symbol, windows, at);
}

/** Why nothing trades now, entered or closed, or null. */
export function closedRefusal(symbol: string, calendar: SessionCalendar, at: Instant): Refusal | null {
  const session = sessionAt(calendar, at);
  if (session.open) return null;
  const { why, opensAt } = session;
  const when = opensAt === null ? `it is not known when it opens (the calendar ends on ${calendar.knownTo})` : `it opens at ${opensAt}`;
  const numbers = { calendar: calendar.name, why, at, ...(opensAt !== null && { opensAt }) };
  return { code: 'SESSION_CLOSED', rule: 'SS-1', numbers, sentence: `${symbol}: ${calendar.name} is closed (${why}); ${when}` };
}

/** When trading ends for good in what expires at `expiry`: with the last session before it, which may close early. Null where that is not known. */
export function lastClose(calendar: SessionCalendar, expiry: Instant): Instant | null {
  if (expiry < NEW_YORK_KNOWN_FROM) return null;
  const { day } = newYorkWall(expiry);
  for (let of = day; of > day - DAYS_AHEAD_MAX; of--) {
    const last = spansOf(calendar, of).findLast(({ from }) => from < expiry);
    if (last !== undefined) return Math.min(last.to, expiry);
  }
  return null;
}

function awayRefusal(symbol: string, windows: readonly ResetWindow[], at: Instant): Refusal | null {
  const away = awayAt(windows, at);
  if (away === null) return null;
  const sentence = `${symbol}: the broker is ${away.begun ? 'in' : 'about to be in'} its ${away.window}, until ${away.until}`;
  return {
    code: 'SESSION_CLOSED',
    rule: 'SS-1',
    numbers: { window: away.window, begun: away.begun ? 'yes' : 'no', at, until: away.until },
    sentence,
  };
}

/** Whether the calendar can be meant. @throws RangeError naming what is wrong, and what would be right. */
export function checkCalendar({ name, weekly, holidays, earlyCloses, knownFrom, knownTo }: SessionCalendar): void {
  const wrong = (what: string): never => {
    throw new RangeError(`calendar ${name}: ${what}`);
  };
  if (weekly.length !== WEEK_DAYS) wrong(`weekly must have ${WEEK_DAYS} days, Sunday first, got ${weekly.length}`);
  for (const spans of weekly) {
    let before = 0;
    for (const [from, to] of spans) {
      if (!(from >= before && to > from && to <= DAY_MINUTES)) wrong(`hours must follow each other within the day, got ${from} to ${to}`);
      before = to;
    }
  }
  const [first, last] = [dayOf(knownFrom), dayOf(knownTo)];
  if (last < first) wrong(`knownTo must not be before knownFrom (${knownFrom}), got ${knownTo}`);
  for (const date of [...holidays, ...Object.keys(earlyCloses)]) {
    const day = dayOf(date);
    if (day < first || day > last) wrong(`${date} lies outside ${knownFrom} to ${knownTo}`);
  }
}

interface Span {
  readonly from: Instant;
  readonly to: Instant;
}

function spansOf(calendar: SessionCalendar, day: number): readonly Span[] {
  const date = dateOf(day);
  if (!isKnown(calendar, day) || calendar.holidays.includes(date)) return [];
  const early = calendar.earlyCloses[date] ?? DAY_MINUTES;
  return (calendar.weekly[weekdayOf(day)] ?? [])
    .filter(([from]) => from < early)
    .map(([from, to]) => ({ from: newYorkInstant(day, from), to: newYorkInstant(day, Math.min(to, early)) }));
}

/** Over midnight, where the next day goes on with the same session. */
function closing(calendar: SessionCalendar, day: number, to: Instant): Instant {
  let end = to;
  for (let next = day + 1; next <= day + WEEK_DAYS; next++) {
    const first = spansOf(calendar, next)[0];
    if (first?.from !== end) break;
    end = first.to;
  }
  return end;
}

const isKnown = ({ knownFrom, knownTo }: SessionCalendar, day: number): boolean => day >= dayOf(knownFrom) && day <= dayOf(knownTo);
