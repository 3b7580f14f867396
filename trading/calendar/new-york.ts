/**
 * New York's clock, worked out: behind UTC by five hours, by four from the second Sunday of March to the first Sunday of November, at 2:00 of the clock
 * that ends (Energy Policy Act of 2005, in force since 2007). Days are counted from 1970-01-01, a Thursday. Decision 29 says why no library does it.
 */
import type { Instant } from '../model/instrument.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
export const DAY_MINUTES = 1440;
const STANDARD_HOURS = 5;
const SUMMER_HOURS = 4;
const THURSDAY = 4;
const SINCE_YEAR = 2007;
/** Midnight of it in New York: 2007-01-01T05:00Z. */
export const NEW_YORK_KNOWN_FROM: Instant = 1_167_627_600_000;

export interface WallTime {
  /** Days since 1970-01-01 of New York's date. */
  readonly day: number;
  /** Minutes after its midnight. */
  readonly minute: number;
}

/** @throws RangeError before 2007, when the clocks went otherwise. */
export function newYorkWall(at: Instant): WallTime {
  const local = at - offsetHours(at) * HOUR_MS;
  const day = Math.floor(local / DAY_MS);
  return { day, minute: Math.floor((local - day * DAY_MS) / MINUTE_MS) };
}

/** The instant that the clock shows so; of an hour that comes twice the first, of one that never comes the hour after. */
export function newYorkInstant(day: number, minute: number): Instant {
  const wall = day * DAY_MS + minute * MINUTE_MS;
  const summer = wall + SUMMER_HOURS * HOUR_MS;
  return offsetHours(summer) === SUMMER_HOURS ? summer : wall + STANDARD_HOURS * HOUR_MS;
}

/** 0 is Sunday. */
export const weekdayOf = (day: number): number => (((day + THURSDAY) % 7) + 7) % 7;

/** @throws RangeError where it is no date, yyyy-mm-dd. */
export function dayOf(date: string): number {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date);
  const [year, month, dayOfMonth] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3])];
  const day = match === null ? NaN : daysOf(year, month, dayOfMonth);
  if (Number.isNaN(day) || dateOf(day) !== date) throw new RangeError(`not a date: ${JSON.stringify(date.slice(0, 20))}; right is yyyy-mm-dd`);
  return day;
}

/** `yyyy-mm-dd`. H. Hinnant, "chrono-compatible low-level date algorithms". */
export function dateOf(day: number): string {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor((ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365);
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153);
  const dayOfMonth = ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${padded(year, 4)}-${padded(month, 2)}-${padded(dayOfMonth, 2)}`;
}

function daysOf(year: number, month: number, dayOfMonth: number): number {
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + dayOfMonth - 1;
  const ofEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + ofYear;
  return era * 146_097 + ofEra - 719_468;
}

function offsetHours(at: Instant): number {
  const year = Number(dateOf(Math.floor(at / DAY_MS)).slice(0, 4));
  if (year < SINCE_YEAR) throw new RangeError(`New York's clock is known from ${SINCE_YEAR} on, not in ${year}`);
  const begins = sunday(year, 3, 2) * DAY_MS + (2 + STANDARD_HOURS) * HOUR_MS;
  const ends = sunday(year, 11, 1) * DAY_MS + (2 + SUMMER_HOURS) * HOUR_MS;
  return at >= begins && at < ends ? SUMMER_HOURS : STANDARD_HOURS;
}

/** The month's first, second … Sunday. */
function sunday(year: number, month: number, nth: number): number {
  const first = daysOf(year, month, 1);
  return first + ((7 - weekdayOf(first)) % 7) + (nth - 1) * 7;
}

const padded = (value: number, digits: number): string => String(value).padStart(digits, '0');
