import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { Subject } from '../../support/cell-subject.ts';

describe('a cell, drilled', () => {
  let subject: Subject;
  beforeEach(() => {
    subject = new Subject();
  });

  it('a drill is beside its turns, needs no answer, and fails nobody', async () => {
    subject.cell.drill();
    await subject.cell.start();
    const { requests } = subject.spawner.last;
    let drills = 0;
    Object.assign(subject.ledger, {
      drill: () => {
        drills++;
        throw new Error('not today');
      },
    });
    subject.post('a');
    subject.cell.drill();
    await subject.on.activity.settled();
    assert.equal(drills, 1);
    assert.deepEqual(
      requests.map(({ op }) => op),
      ['start', 'receive', 'drill'],
    );
    assert.deepEqual(subject.failures, []);
    assert.match(subject.on.lines.join('\n'), /a drill failed: not today/);
    await subject.cell.stop(true);
    subject.cell.drill();
    assert.equal(drills, 1);
  });

  it('a drill that its process is no longer there for is no failed drill: the end of the process is told by itself', async () => {
    await subject.cell.start();
    subject.spawner.last.ended = 'write EPIPE';
    subject.cell.drill();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([subject.on.lines, subject.failures], [[], []]);
  });
});
