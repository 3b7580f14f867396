/** SS-1 as the gates ask it: by the calendar that an instrument names, in the settings in force. Pure. */
import type { Refusal } from '../model/events.ts';
import type { Instant, Instrument } from '../model/instrument.ts';
import type { Settings } from '../model/settings.ts';
import { closedRefusal, sessionRefusal } from './sessions.ts';

/** The calendar of what trades around the clock. */
const ALWAYS = 'always';

type Traded = Pick<Instrument, 'symbol' | 'broker' | 'sessionCalendar'>;
type Rules = Pick<Settings, 'sessions'>;

/** Why nothing may be entered now: the market is closed, or its broker is away or about to be. Null where it may. */
export function entrySessionRefusal(instrument: Traded, { sessions }: Rules, now: Instant): Refusal | null {
  if (sessions === undefined || instrument.sessionCalendar === ALWAYS) return null;
  const calendar = sessions.calendars[instrument.sessionCalendar];
  if (calendar === undefined) return unknownCalendar(instrument, now);
  return sessionRefusal(instrument.symbol, calendar, sessions.resets[instrument.broker] ?? [], now);
}

/** Why nothing can be closed now: the venue itself is. A broker that is about to be away keeps nobody in a position. */
export function exitSessionRefusal(instrument: Traded, { sessions }: Rules, now: Instant): Refusal | null {
  if (sessions === undefined || instrument.sessionCalendar === ALWAYS) return null;
  const calendar = sessions.calendars[instrument.sessionCalendar];
  // Of two readings of a calendar that nobody has, the one that lets out.
  return calendar === undefined ? null : closedRefusal(instrument.symbol, calendar, now);
}

function unknownCalendar({ symbol, sessionCalendar }: Traded, at: Instant): Refusal {
  const numbers = { calendar: sessionCalendar, why: 'unknown', at };
  const sentence = `${symbol}: there is no calendar ${sessionCalendar}, so its market counts as closed; config/calendars/sessions.json must have it`;
  return { code: 'SESSION_CLOSED', rule: 'SS-1', numbers, sentence };
}
