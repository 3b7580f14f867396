import type { Broker } from './instrument.ts';

/** From and to, minutes after midnight of New York's clock; the end is not in it. A day may end at 1440. */
export type MinuteSpan = readonly [from: number, to: number];

/** When a market trades. All of it on New York's clock; dates are `yyyy-mm-dd`. */
export interface SessionCalendar {
  readonly name: string;
  /** By day of the week, Sunday first. */
  readonly weekly: readonly (readonly MinuteSpan[])[];
  /** Closed all day. */
  readonly holidays: readonly string[];
  /** Days on which it closes earlier, and at which minute. */
  readonly earlyCloses: Readonly<Record<string, number>>;
  /** Days outside of these, both included, are not known: the market counts as closed. */
  readonly knownFrom: string;
  readonly knownTo: string;
}

/** When a broker is known to be away. */
export interface ResetWindow {
  readonly name: string;
  /** Days of the week on which it begins, 0 is Sunday. */
  readonly days: readonly number[];
  /** Minute after midnight in New York. */
  readonly from: number;
  readonly minutes: number;
  /** Nothing is entered this long before it. */
  readonly guardMinutes: number;
}

/** What is known of when markets trade and brokers are there. */
export interface Sessions {
  /** By the name that instruments give (`sessionCalendar`). */
  readonly calendars: Readonly<Record<string, SessionCalendar>>;
  readonly resets: Readonly<Partial<Record<Broker, readonly ResetWindow[]>>>;
}
