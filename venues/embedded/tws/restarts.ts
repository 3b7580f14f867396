/**
 * When a TWS restarts by itself and when IBKR's servers are reset, on New York's clock. Sources: the broker's "System Status" page (daily reset, North
 * America), ibkrguides "Auto Restart Considerations" (Sunday 01:00, when the tokens end), TWS's own default of 23:45 for the daily restart.
 */
import type { Instant } from '#trading/model/instrument.ts';
import type { Agenda } from './agenda.ts';
import { addDays, newYork, newYorkInstant, weekday } from './hours.ts';

export interface RestartPlan {
  /** Minutes after midnight in New York of the daily restart; null for none. */
  readonly nightlyMinute: number | null;
  readonly nightlyDownMs: number;
  /** Minutes after midnight of Sunday, when a person must log in again; null for none. */
  readonly weeklyMinute: number | null;
  /** How long nobody logs in; null until the fault `login`. */
  readonly weeklyDownMs: number | null;
  /** Minutes after midnight of the servers' reset, Sunday to Friday: 1100 and 1102, several times; null for none. */
  readonly resetMinute: number | null;
  readonly resets: number;
  /** Between the beginnings of two; each lasts half of it. */
  readonly resetEveryMs: number;
}

export const DEFAULT_RESTARTS: RestartPlan = {
  nightlyMinute: 23 * 60 + 45,
  nightlyDownMs: 120_000,
  weeklyMinute: 60,
  weeklyDownMs: 1_800_000,
  resetMinute: 15,
  resets: 3,
  resetEveryMs: 60_000,
};

export interface RestartPorts {
  readonly agenda: Agenda;
  restart(kind: 'nightly' | 'weekly', downMs: number | null): void;
  loseUplink(): void;
  restoreUplink(): void;
}

const SATURDAY = 6;
const SUNDAY = 0;

/** Puts the next of each on the agenda; each puts the one after it. */
export function scheduleRestarts(plan: RestartPlan, ports: RestartPorts, now: Instant): void {
  const { nightlyMinute, weeklyMinute, resetMinute } = plan;
  if (nightlyMinute !== null)
    repeat(
      ports.agenda,
      now,
      nightlyMinute,
      () => true,
      () => ports.restart('nightly', plan.nightlyDownMs),
    );
  if (weeklyMinute !== null)
    repeat(
      ports.agenda,
      now,
      weeklyMinute,
      (day) => day === SUNDAY,
      () => ports.restart('weekly', plan.weeklyDownMs),
    );
  if (resetMinute === null) return;
  repeat(
    ports.agenda,
    now,
    resetMinute,
    (day) => day !== SATURDAY,
    (at) => {
      for (let reset = 0; reset < plan.resets; reset++) {
        const begin = at + reset * plan.resetEveryMs;
        ports.agenda.at(begin, () => ports.loseUplink());
        ports.agenda.at(begin + plan.resetEveryMs / 2, () => ports.restoreUplink());
      }
    },
  );
}

function repeat(agenda: Agenda, after: Instant, minute: number, on: (weekday: number) => boolean, work: (at: Instant) => void): void {
  const due = nextAt(after, minute, on);
  agenda.at(due, () => {
    repeat(agenda, due, minute, on, work);
    work(due);
  });
}

/** The first such time of a day later than `after`. */
function nextAt(after: Instant, minute: number, on: (weekday: number) => boolean): Instant {
  const days = 8;
  const today = newYork(after).date;
  for (let day = 0; day <= days; day++) {
    const date = addDays(today, day);
    const at = newYorkInstant(date, Math.floor(minute / 60), minute % 60);
    if (at > after && on(weekday(date))) return at;
  }
  throw new RangeError(`no such day within ${days}`);
}
