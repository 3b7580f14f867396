import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Activity } from '#supervisors/activity.ts';

describe('activity', () => {
  it('is settled at once where nothing is going on', async () => {
    await new Activity().settled();
  });

  it('settles when the last piece of work is done, for everyone who waits, and again later', async () => {
    const activity = new Activity();
    const order: string[] = [];
    activity.change(2);
    const waits = ['a', 'b'].map((name) => activity.settled().then(() => order.push(name)));
    activity.change(-1);
    await Promise.resolve();
    assert.deepEqual(order, []);
    activity.change(-1);
    await Promise.all(waits);
    assert.deepEqual(order, ['a', 'b']);
    activity.change(1);
    const later = activity.settled();
    activity.change(-1);
    await later;
  });

  it('refuses to fall below nothing', () => {
    assert.throws(() => new Activity().change(-1), /activity fell to -1/);
  });
});
