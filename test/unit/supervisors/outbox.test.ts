import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { Activity } from '#supervisors/activity.ts';
import { Outbox } from '#supervisors/outbox.ts';
import type { DomainEvent } from '#trading/model/events.ts';
import { FakeJournal } from '../../support/fake-journal.ts';

const EVENT: DomainEvent = { type: 'system.stopped', body: { reason: 'test' } };

describe('ST-1 the outbox', () => {
  let journal: FakeJournal;
  let activity: Activity;
  let outbox: Outbox;
  let release: () => void;
  const acted: string[] = [];
  const seal = (): void => void journal.seal('system', null, [EVENT], 1).durable.catch(() => {});

  beforeEach(() => {
    journal = new FakeJournal();
    activity = new Activity();
    outbox = new Outbox(journal, activity);
    acted.length = 0;
    const gate = new Promise<void>((resolve) => (release = resolve));
    journal.beforeDurable = () => gate;
  });

  it('acts at once where everything is on disk', () => {
    outbox.hold(() => acted.push('now'));
    assert.deepEqual(acted, ['now']);
  });

  it('holds what was decided while a fact is in line, until that fact is on disk, in order; the market waits for it', async () => {
    seal();
    outbox.hold(() => acted.push('first'));
    outbox.hold(() => acted.push('second'));
    let isSettled = false;
    const settled = activity.settled().then(() => (isSettled = true));
    await activity.quiet();
    await new Promise(setImmediate);
    assert.deepEqual([acted, isSettled], [[], false]);
    release();
    await settled;
    assert.deepEqual(acted, ['first', 'second']);
  });

  it('holds for the facts in line when it was asked, not for later ones', async () => {
    seal();
    outbox.hold(() => acted.push('first'));
    await new Promise(setImmediate);
    let later = (): void => {};
    const second = new Promise<void>((resolve) => (later = resolve));
    journal.beforeDurable = () => second;
    seal();
    outbox.hold(() => acted.push('second'));
    release();
    await new Promise(setImmediate);
    assert.deepEqual(acted, ['first']);
    later();
    await activity.settled();
    assert.deepEqual(acted, ['first', 'second']);
  });

  it('abandoned, it acts no more and nobody waits', async () => {
    seal();
    outbox.hold(() => acted.push('never'));
    outbox.abandon();
    await activity.settled();
    release();
    await new Promise(setImmediate);
    assert.deepEqual(acted, []);
  });
});
