import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { before, describe, it } from 'mocha';
import { loadCalendars, type Calendars } from '#config/calendars.ts';
import type { SessionCalendar } from '#trading/model/calendar.ts';
import { dateOf, dayOf, newYorkInstant, newYorkWall, weekdayOf } from '#trading/calendar/new-york.ts';
import { awayAt, checkCalendar, sessionAt, sessionRefusal } from '#trading/calendar/sessions.ts';

const MINUTE_MS = 60_000;
const FACTS = new URL('../../../../../shared/data/facts/calendars.json', import.meta.url);
const at = (text: string): number => Date.parse(text);
const anyTime = fc.integer({ min: at('2013-01-02T00:00:00Z'), max: at('2028-12-20T00:00:00Z') });
const SHOWN = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'America/New_York',
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
});

describe('calendar/new-york', () => {
  it('SS-1 the clock is New York’s as the zone database has it, and leads back to the instant', () => {
    const changes = [2013, 2026].flatMap((year) => [at(`${year}-03-10T07:00:00Z`), at(`${year}-11-03T06:00:00Z`), at(`${year}-11-01T06:00:00Z`)]);
    const near = fc.tuple(fc.constantFrom(...changes), fc.integer({ min: -180, max: 180 })).map(([change, minutes]) => change + minutes * MINUTE_MS);
    fc.assert(
      fc.property(fc.oneof(anyTime, near), (instant) => {
        const { day, minute } = newYorkWall(instant);
        const clock = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
        assert.equal(`${dateOf(day)}, ${clock}`, SHOWN.format(instant));
        const back = newYorkInstant(day, minute);
        // The hour that comes twice leads to the first of the two.
        assert.ok(instant - back < MINUTE_MS || instant - back - 60 * MINUTE_MS < MINUTE_MS);
        assert.deepEqual(newYorkWall(back), { day, minute });
      }),
      { numRuns: 1000 },
    );
  });

  it('SS-1 dates count and read back; what is no date is refused', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000, max: 100_000 }), (day) => {
        assert.equal(dateOf(day), new Date(day * 86_400_000).toISOString().slice(0, 10));
        assert.equal(dayOf(dateOf(day)), day);
        assert.equal(weekdayOf(day), new Date(day * 86_400_000).getUTCDay());
      }),
    );
    for (const wrong of ['2026-02-29', '2026-13-01', '2026-1-1', '']) assert.throws(() => dayOf(wrong), /not a date/);
    assert.throws(() => newYorkWall(at('2006-06-01T00:00:00Z')), /from 2007 on, not in 2006/);
  });
});

describe('calendar/sessions', () => {
  let calendars: Calendars;
  const named = (name: string): SessionCalendar => {
    const calendar = calendars.calendars[name];
    assert.ok(calendar !== undefined, name);
    return calendar;
  };

  before(async () => {
    calendars = await loadCalendars('config');
  });

  it('SS-1 forex trades from Sunday 17:15 to Friday 17:00, with a quarter of an hour off each day', () => {
    const forex = named('IDEALPRO');
    const state = (text: string) => sessionAt(forex, at(text));
    assert.deepEqual(state('2026-11-22T22:14:59Z'), { open: false, why: 'closed', opensAt: at('2026-11-22T22:15:00Z') });
    assert.deepEqual(state('2026-11-22T22:15:00Z'), { open: true, closesAt: at('2026-11-23T22:00:00Z') });
    assert.deepEqual(state('2026-11-23T22:00:00Z'), { open: false, why: 'closed', opensAt: at('2026-11-23T22:15:00Z') });
    assert.deepEqual(state('2026-11-27T22:00:00Z'), { open: false, why: 'closed', opensAt: at('2026-11-29T22:15:00Z') });
    // In summer an hour earlier of UTC.
    assert.deepEqual(state('2026-07-05T21:15:00Z'), { open: true, closesAt: at('2026-07-06T21:00:00Z') });
  });

  it('SS-1 options keep holidays and early closings', () => {
    const options = named('US_EQUITY_OPTIONS');
    const state = (text: string) => sessionAt(options, at(text));
    assert.deepEqual(state('2026-11-26T15:00:00Z'), { open: false, why: 'holiday', opensAt: at('2026-11-27T14:30:00Z') });
    assert.deepEqual(state('2026-11-27T14:30:00Z'), { open: true, closesAt: at('2026-11-27T18:00:00Z') });
    assert.deepEqual(state('2026-11-27T18:00:00Z'), { open: false, why: 'closed', opensAt: at('2026-11-30T14:30:00Z') });
    assert.deepEqual(state('2029-01-03T15:00:00Z'), { open: false, why: 'unknown', opensAt: null });
    assert.match(sessionRefusal('SPY', options, [], at('2029-01-03T15:00:00Z'))?.sentence ?? '', /the calendar ends on 2028-12-31/);
  });

  it('SS-1 nothing is entered in a known reset of the broker, nor just before it', () => {
    const { ibkr } = calendars.resets;
    const away = (text: string) => awayAt(ibkr, at(text));
    assert.equal(away('2026-11-24T15:00:00Z'), null);
    assert.deepEqual(away('2026-11-25T04:40:00Z'), { window: 'daily restart of TWS', begun: false, until: at('2026-11-25T04:50:00Z') });
    assert.deepEqual(away('2026-11-25T05:15:00Z'), { window: 'daily reset', begun: true, until: at('2026-11-25T06:45:00Z') });
    assert.equal(away('2026-11-25T06:45:00Z'), null);
    // Friday 23:00 to Saturday 03:00, over midnight; Sunday 01:00 the login.
    assert.deepEqual(away('2026-11-28T07:59:00Z'), { window: 'weekend maintenance', begun: true, until: at('2026-11-28T08:00:00Z') });
    assert.equal(away('2026-11-29T06:10:00Z')?.until, at('2026-11-29T06:45:00Z'));
    const refusal = sessionRefusal('EUR/USD', named('IDEALPRO'), ibkr, at('2026-11-25T05:15:00Z'));
    assert.equal(refusal?.code, 'SESSION_CLOSED');
    assert.equal(refusal.numbers['window'], 'daily reset');
    assert.equal(sessionRefusal('EUR/USD', named('IDEALPRO'), ibkr, at('2026-11-24T15:00:00Z')), null);
  });

  it('SS-1 an open session is open until it closes; a closed one is closed until it opens', () => {
    fc.assert(
      fc.property(fc.constantFrom('IDEALPRO', 'US_EQUITY_OPTIONS'), anyTime, fc.double({ min: 0, max: 1, noNaN: true }), (name, instant, part) => {
        const calendar = named(name);
        const state = sessionAt(calendar, instant);
        const end = state.open ? state.closesAt : (state.opensAt ?? instant);
        assert.ok(end > instant);
        const between = instant + Math.floor((end - 1 - instant) * part);
        assert.equal(sessionAt(calendar, between).open, state.open);
        assert.equal(sessionAt(calendar, end).open, !state.open);
        assert.equal(sessionRefusal('X', calendar, [], instant) === null, state.open);
      }),
      { numRuns: 500 },
    );
  });

  it('CF-3 the shipped calendars can be meant; one that cannot is refused with what would be right', () => {
    for (const calendar of Object.values(calendars.calendars)) checkCalendar(calendar);
    const good = named('US_EQUITY_OPTIONS');
    assert.throws(() => checkCalendar({ ...good, weekly: [] }), /weekly must have 7 days/);
    assert.throws(() => checkCalendar({ ...good, weekly: [[[600, 500]], [], [], [], [], [], []] }), /hours must follow each other/);
    assert.throws(() => checkCalendar({ ...good, knownTo: '2012-01-01' }), /knownTo must not be before/);
    assert.throws(() => checkCalendar({ ...good, holidays: ['2031-01-01'] }), /2031-01-01 lies outside/);
    assert.throws(() => checkCalendar({ ...good, holidays: ['2026-02-30'] }), /not a date/);
  });

  it('SS-1 holidays and early closings are those of the recorded facts', function () {
    if (!existsSync(FACTS)) {
      process.stdout.write('skipped: ../shared/data/facts is not there\n');
      this.skip();
    }
    const facts = JSON.parse(readFileSync(FACTS, 'utf8')).calendars.US_EQUITY_OPTIONS;
    const within = (date: string): boolean => date >= '2013-01-01' && date <= '2028-12-31';
    const shipped = named('US_EQUITY_OPTIONS');
    assert.deepEqual(shipped.holidays, (facts.holidays as string[]).filter(within));
    assert.deepEqual(
      Object.keys(shipped.earlyCloses).sort(),
      Object.keys(facts.early_closes as object)
        .filter(within)
        .sort(),
    );
    assert.ok(Object.values(shipped.earlyCloses).every((minute) => minute === 780));
  });
});
