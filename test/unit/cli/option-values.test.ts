import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { instant } from '#cli/option-values.ts';

const at = fc.date({ min: new Date('2001-09-10T00:00:00Z'), max: new Date('2099-12-31T23:59:59Z'), noInvalidDate: true });

describe('values of options', () => {
  it('a time is ISO 8601 or UTC milliseconds, and UTC where it names no zone', () => {
    fc.assert(
      fc.property(at, (date) => {
        const iso = date.toISOString();
        for (const text of [iso, iso.slice(0, -1), String(date.getTime()), iso.replace('Z', '+00:00')]) assert.equal(instant(text), date.getTime());
        assert.equal(instant(iso.slice(0, 16)), date.getTime() - (date.getTime() % 60_000));
        assert.equal(instant(iso.slice(0, 10)), date.getTime() - (date.getTime() % 86_400_000));
      }),
    );
    assert.equal(instant('2024-08-01T02:00+02:00'), Date.UTC(2024, 7, 1));
  });

  it('seconds, days that are not there and free text are no time', () => {
    const wrong = [
      '1722470400',
      '17224704000000',
      '2024-02-30',
      '2024-02-31T00:00:00Z',
      '2024-13-01',
      '2024-08-01T24:00',
      '2024-8-1',
      'March 7',
      'abc 5',
      '1',
      '',
    ];
    for (const text of wrong) assert.throws(() => instant(text), /must be a time such as/, text);
  });
});
