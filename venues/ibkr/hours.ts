/** Wall-clock times of an exchange's zone as instants, and TWS's trading hours. Zones come as IANA names or TWS's aliases. */
import type { Instant } from '#trading/model/instrument.ts';

export interface Session {
  readonly from: Instant;
  /** Exclusive. */
  readonly to: Instant;
}

const MINUTE_MS = 60_000;
const ALIASES: Readonly<Record<string, string>> = { EST5EDT: 'America/New_York', CST6CDT: 'America/Chicago', EST: 'America/New_York' };
const DATE = /^(\d{4})(\d{2})(\d{2})$/;
const formats = new Map<string, Intl.DateTimeFormat>();

/** The instant of a wall-clock time. @throws RangeError where the date is not yyyymmdd or the zone is not known. */
export function zonedInstant(date: string, hour: number, minute: number, zone: string): Instant {
  const match = DATE.exec(date);
  if (match === null) throw new RangeError(`not a date: ${JSON.stringify(date.slice(0, 20))}; right is yyyymmdd`);
  const wall = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]), hour, minute);
  // The offset at the first guess may be that of the other side of a clock change: the second guess has the right one.
  const guess = wall - offsetMs(wall, zone);
  return wall - offsetMs(guess, zone);
}

/**
 * `20221205:1715-20221206:1700;20221210:CLOSED` as sessions, in order. What cannot be read is left out, and a text that holds nothing else gives none:
 * then nothing is known, which is not the same as closed.
 */
export function sessionsOf(text: string, zone: string): readonly Session[] {
  return text.split(';').flatMap((part) => {
    const match = /^(\d{8}):(\d{2})(\d{2})-(?:(\d{8}):)?(\d{2})(\d{2})$/.exec(part.trim());
    if (match === null) return [];
    const [, day = '', fromHour, fromMinute, until = day, toHour, toMinute] = match;
    const from = zonedInstant(day, Number(fromHour), Number(fromMinute), zone);
    const to = zonedInstant(until, Number(toHour), Number(toMinute), zone);
    return to > from ? [{ from, to }] : [];
  });
}

/** True within a session, false between or around them, null where none is known. */
export function isOpenAt(sessions: readonly Session[], at: Instant): boolean | null {
  if (sessions.length === 0) return null;
  return sessions.some(({ from, to }) => from <= at && at < to);
}

/** Zone time minus UTC. */
function offsetMs(at: Instant, zone: string): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(at)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(at / MINUTE_MS) * MINUTE_MS;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const numeric = '2-digit';
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: ALIASES[zone] ?? zone, hourCycle: 'h23', year: 'numeric' },
    ...{ month: numeric, day: numeric, hour: numeric, minute: numeric },
  });
  formats.set(zone, format);
  return format;
}
