/** config/calendars/sessions.json: when markets trade, and when brokers are known to be away. New York's clock throughout. */
import { join } from 'node:path';
import { z } from 'zod';
import type { MinuteSpan, ResetWindow, SessionCalendar, Sessions } from '#trading/model/calendar.ts';
import { readJsonFile } from './json-file.ts';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const HOLIDAYS_MAX = 1000;
const WINDOWS_MAX = 20;
const WINDOW_MINUTES_MAX = 2880;
const GUARD_MINUTES_MAX = 120;

const clock = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'must be a time like 17:15, at most 24:00')
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));
const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a date like 2026-12-25');
const spans = z.array(z.tuple([clock, clock])).max(4);
const calendar = z.strictObject({
  source: z.string().min(1),
  known_from: date,
  known_to: date,
  weekly: z.strictObject({ sun: spans, mon: spans, tue: spans, wed: spans, thu: spans, fri: spans, sat: spans }),
  holidays: z.array(date).max(HOLIDAYS_MAX),
  early_closes: z.record(date, clock),
});
const reset = z.strictObject({
  name: z.string().min(1).max(60),
  days: z.array(z.enum(DAYS)).min(1),
  from: clock,
  minutes: z.int().min(1).max(WINDOW_MINUTES_MAX),
  guard_minutes: z.int().min(0).max(GUARD_MINUTES_MAX),
});
const calendarsFile = z.strictObject({
  calendars: z.record(z.string().min(1), calendar),
  /** By broker. */
  resets: z.strictObject({ ibkr: z.array(reset).max(WINDOWS_MAX) }),
});

export interface Calendars extends Sessions {
  readonly resets: { readonly ibkr: readonly ResetWindow[] };
}

/** @throws ConfigError */
export async function loadCalendars(configDir: string): Promise<Calendars> {
  const { calendars, resets } = await readJsonFile(join(configDir, 'calendars', 'sessions.json'), calendarsFile);
  return {
    calendars: Object.fromEntries(Object.entries(calendars).map(([name, read]) => [name, sessionsOf(name, read)])),
    resets: { ibkr: resets.ibkr.map(windowOf) },
  };
}

function sessionsOf(name: string, read: z.infer<typeof calendar>): SessionCalendar {
  const weekly = DAYS.map((day): readonly MinuteSpan[] => read.weekly[day]);
  return { name, weekly, holidays: read.holidays, earlyCloses: read.early_closes, knownFrom: read.known_from, knownTo: read.known_to };
}

function windowOf({ name, days, from, minutes, guard_minutes }: z.infer<typeof reset>): ResetWindow {
  return { name, days: days.map((day) => DAYS.indexOf(day)), from, minutes, guardMinutes: guard_minutes };
}
