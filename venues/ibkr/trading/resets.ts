/**
 * When TWS is known to go away (venues/ibkr §3.4): it starts anew every night, and on Sunday asks for a person. What is sent into that minute may be lost
 * without a word (mode 2), so no entry is. Legs rest at the venue meanwhile, and exits try.
 */
import type { Instant } from '#trading/model/instrument.ts';

export interface ResetWindow {
  readonly what: string;
  /** 0 is Sunday. */
  readonly days: readonly number[];
  /** `hh:mm` on the clock of the zone, the end not included. */
  readonly from: string;
  readonly to: string;
  readonly zone: string;
}

const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6] as const;
const NEW_YORK = 'America/New_York';
const MINUTES_IN_HOUR = 60;
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** As TWS is delivered: the restart at 23:45, the end of the week's login on Sunday at 1:00. */
export const RESETS: readonly ResetWindow[] = Object.freeze([
  { what: 'the nightly restart of TWS', days: EVERY_DAY, from: '23:43', to: '23:50', zone: NEW_YORK },
  { what: "the end of the week's login", days: [0], from: '00:55', to: '01:15', zone: NEW_YORK },
]);

/** The window that an instant lies in, or null. @throws RangeError for a zone that is none. */
export function resetAt(now: Instant, windows: readonly ResetWindow[]): ResetWindow | null {
  return (
    windows.find(({ days, from, to, zone }) => {
      const { day, minute } = clockOf(now, zone);
      return days.includes(day) && minute >= minuteOf(from) && minute < minuteOf(to);
    }) ?? null
  );
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(now: Instant, timeZone: string): { readonly day: number; readonly minute: number } {
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', weekday: 'short', hour: '2-digit', minute: '2-digit' });
    clocks.set(timeZone, clock);
  }
  const parts = new Map(clock.formatToParts(now).map(({ type, value }) => [type, value]));
  return { day: WEEKDAYS.indexOf(parts.get('weekday') ?? ''), minute: Number(parts.get('hour')) * MINUTES_IN_HOUR + Number(parts.get('minute')) };
}

function minuteOf(text: string): number {
  const [hour, minute] = text.split(':');
  return Number(hour) * MINUTES_IN_HOUR + Number(minute);
}
