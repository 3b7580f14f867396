import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { EVENT_BODIES, EVENT_VERSION, isEventType } from '#protocol/events.ts';
import { upcast, type Upcaster } from '#state/upcast.ts';
import { bodyProblem } from '#state/pen.ts';
import { goldens } from './events.ts';

describe('versions of events', () => {
  it('keeps a golden sample of every version of every event', () => {
    const expected = Object.entries(EVENT_VERSION).flatMap(([type, newest]) =>
      Array.from({ length: newest }, (_, index) => `${type}.v${index + 1}.json`),
    );
    assert.deepEqual(goldens.map(({ file }) => file).sort(), expected.sort());
    assert.deepEqual(Object.keys(EVENT_BODIES).sort(), Object.keys(EVENT_VERSION).sort());
  });

  for (const { file, type, version, body } of goldens) {
    it(`still reads ${file}`, () => {
      assert.ok(isEventType(type));
      assert.equal(bodyProblem(type, upcast({ seq: 1, type, version, body })), null);
    });
  }

  it('goes up one version at a time', () => {
    const steps: Record<number, Upcaster> = {
      1: (body) => ({ ...(body as object), two: true }),
      2: (body) => ({ ...(body as object), three: true }),
    };
    const versions = { ...EVENT_VERSION, 'system.stopped': 3 };
    const record = { seq: 7, type: 'system.stopped', version: 1, body: { reason: 'x' } };
    assert.deepEqual(upcast(record, { 'system.stopped': steps }, versions), { reason: 'x', two: true, three: true });
    assert.deepEqual(upcast({ ...record, version: 3 }, { 'system.stopped': steps }, versions), { reason: 'x' });
    assert.throws(() => upcast(record, {}, versions), /no upcaster for system\.stopped from version 1/);
  });

  it('refuses a type or a version it does not know, saying what would read it', () => {
    const record = { seq: 7, type: 'system.stopped', version: 2, body: {} };
    assert.throws(() => upcast(record), { code: 'NEWER_VERSION', seq: 7 });
    assert.throws(() => upcast({ ...record, type: 'moon.landed' }), /record 7 is of type moon\.landed.*run the release that wrote it/);
  });
});
