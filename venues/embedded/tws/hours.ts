/** Times as TWS writes them, and trading hours. New York's clock decides all of them; UTC milliseconds come in. */
import type { Instant } from '#trading/model/instrument.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** The zone that TWS's times carry: an IANA name, because some clients parse no other. */
export const ZONE = 'US/Eastern';
const HOURS_DAYS = 6;
const FRIDAY = 5;
const SATURDAY = 6;
const SUNDAY = 0;
const NEW_YORK = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/New_York',
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** `yyyymmdd` and `hh:mm:ss` in New York. */
export function newYork(at: Instant): { readonly date: string; readonly time: string } {
  const parts: Record<string, string> = {};
  for (const { type, value } of NEW_YORK.formatToParts(at)) parts[type] = value;
  const part = (name: string): string => parts[name] ?? '';
  return { date: `${part('year')}${part('month')}${part('day')}`, time: `${part('hour')}:${part('minute')}:${part('second')}` };
}

/** `20261123 09:30:00 US/Eastern`. */
export function stampOf(at: Instant): string {
  const { date, time } = newYork(at);
  return `${date} ${time} ${ZONE}`;
}

/** `20261123 14:30:00` UTC. */
export function utcStamp(at: Instant): string {
  const text = new Date(at).toISOString();
  return `${text.slice(0, 10).replaceAll('-', '')} ${text.slice(11, 19)}`;
}

/** The instant of a New York wall-clock time. @throws RangeError where `date` is not yyyymmdd. */
export function newYorkInstant(date: string, hour: number, minute: number): Instant {
  const wall = utcMidnight(date) + (hour * 60 + minute) * MINUTE_MS;
  // New York is 4 or 5 hours behind; the offset that the instant itself has is the right one.
  const offsets = [4, 5].map((hours) => wall + hours * 60 * MINUTE_MS);
  const text = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}:00`;
  return offsets.find((at) => newYork(at).date === date && newYork(at).time === text) ?? wall + 5 * 60 * MINUTE_MS;
}

/** The date `days` later, both yyyymmdd. */
export function addDays(date: string, days: number): string {
  return new Date(utcMidnight(date) + days * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '');
}

/** 0 is Sunday. */
export function weekday(date: string): number {
  return new Date(utcMidnight(date)).getUTCDay();
}

/** IDEALPRO: Sunday to Friday, 17:15 to 17:00 of the next day. */
export function forexHours(at: Instant): string {
  const session = (date: string): string | null =>
    weekday(date) === FRIDAY || weekday(date) === SATURDAY ? null : `${date}:1715-${addDays(date, 1)}:1700`;
  // The one that began yesterday evening may still go on.
  return hoursFrom(at - DAY_MS, session, HOURS_DAYS + 1);
}

/** US shares and their options, 9:30 to 16:00; `closed` are the exchange's holidays, yyyymmdd. */
export function equityHours(at: Instant, closed: ReadonlySet<string>): string {
  return hoursFrom(at, (date) => (isWeekend(date) || closed.has(date) ? null : `${date}:0930-${date}:1600`));
}

const isWeekend = (date: string): boolean => weekday(date) === SATURDAY || weekday(date) === SUNDAY;

function hoursFrom(at: Instant, session: (date: string) => string | null, days = HOURS_DAYS): string {
  const today = newYork(at).date;
  return Array.from({ length: days }, (_, day) => addDays(today, day))
    .map((date) => session(date) ?? `${date}:CLOSED`)
    .join(';');
}

function utcMidnight(date: string): Instant {
  const match = /^(\d{4})(\d{2})(\d{2})$/.exec(date);
  const at = match === null ? NaN : Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  if (Number.isNaN(at)) throw new RangeError(`not a date: ${JSON.stringify(date.slice(0, 20))}; right is yyyymmdd`);
  return at;
}
