import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { Agenda } from '#venues/embedded/tws/agenda.ts';
import { DEFAULT_RESTARTS, scheduleRestarts } from '#venues/embedded/tws/restarts.ts';

const run = (agenda: Agenda, to: number): void => {
  for (let due = agenda.next; due !== null && due <= to; due = agenda.next) agenda.take(due)?.();
};

describe('TWS agenda', () => {
  it('entries are worked off by time, and in the order of asking where the times are the same; none early, none twice', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 60 }), fc.integer({ min: 0, max: 50 }), (times, half) => {
        const agenda = new Agenda();
        const done: (readonly [number, number])[] = [];
        times.forEach((due, index) => agenda.at(due, () => done.push([due, index])));
        run(agenda, half);
        assert.ok(done.every(([due]) => due <= half));
        run(agenda, 50);
        const expected = times.map((due, index) => [due, index] as const).sort(([one, first], [other, second]) => one - other || first - second);
        assert.deepEqual(done, expected);
        assert.equal(agenda.next, null);
      }),
    );
  });

  it('restarts and resets come on New York’s clock, over the end of summer time too', () => {
    const agenda = new Agenda();
    const heard: string[] = [];
    let now = Date.parse('2026-10-30T16:00:00Z');
    const say = (what: string) => heard.push(`${what} ${new Date(now).toISOString().slice(0, 16)}`);
    const ports = {
      agenda,
      restart: (kind: string, downMs: number | null) => say(`${kind} ${String(downMs)}`),
      loseUplink: () => say('lost'),
      restoreUplink: () => undefined,
    };
    scheduleRestarts({ ...DEFAULT_RESTARTS, resets: 1 }, ports, now);
    const end = Date.parse('2026-11-03T12:00:00Z');
    for (let due = agenda.next; due !== null && due <= end; due = agenda.next) {
      now = due;
      agenda.take(due)?.();
    }
    assert.deepEqual(heard, [
      'nightly 120000 2026-10-31T03:45',
      'nightly 120000 2026-11-01T03:45',
      // Sunday 00:15 and 01:00 are summer time still, Sunday 23:45 is not.
      'lost 2026-11-01T04:15',
      'weekly 1800000 2026-11-01T05:00',
      'nightly 120000 2026-11-02T04:45',
      'lost 2026-11-02T05:15',
      'nightly 120000 2026-11-03T04:45',
      'lost 2026-11-03T05:15',
    ]);
  });
});
