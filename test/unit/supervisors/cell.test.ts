import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type { Outcome } from '#protocol/actor.ts';
import { Subject } from '../../support/cell-subject.ts';
import { note, outcome, trip } from '../../support/actors/ledger.ts';
import { envelope, quoteMessage } from '../../support/envelopes.ts';
import { asked, until } from '../../support/supervision.ts';

describe('a cell', () => {
  let subject: Subject;
  beforeEach(() => {
    subject = new Subject();
  });

  it('a turn is receive, journal, apply, tell, in this order, with market time and the cause', async () => {
    const { cell, on } = subject;
    subject.script = (each, ledger) => {
      if (each.id !== 'm1') return outcome();
      on.journal.beforeDurable = () => void ledger.log.push('journal');
      return outcome({ events: [trip('a'), trip('b')], tells: [note('sink', 'x')] });
    };
    on.router.handle('sink', ({ cause, correlation, from }) => subject.ledger.log.push(`told by ${from} because of ${cause} of ${correlation}`));
    await cell.start();
    on.now = 4242;
    cell.post(envelope('m1', asked('go'), { correlation: 'first' }));
    await on.activity.settled();
    assert.deepEqual(subject.ledger.log, ['receive m1 at 4242', 'journal', 'apply 1', 'apply 2', 'told by ledger because of m1 of first']);
    assert.deepEqual(
      on.journal.facts.map(({ actor, cause, at }) => [actor, cause, at]),
      [
        ['ledger', 'm1', 4242],
        ['ledger', 'm1', 4242],
      ],
    );
  });

  it('handles one message at a time, in order', async () => {
    let active = 0;
    let most = 0;
    subject.script = async () => {
      most = Math.max(most, ++active);
      await new Promise((resolve) => setTimeout(resolve, 1));
      active--;
      return outcome();
    };
    await subject.cell.start();
    for (const id of ['1', '2', '3']) subject.post(id);
    await subject.on.activity.settled();
    assert.equal(most, 1);
    assert.deepEqual(subject.ledger.log, ['receive 1 at 1000', 'receive 2 at 1000', 'receive 3 at 1000']);
  });

  it('drops a second message of the same id', async () => {
    await subject.cell.start();
    for (const id of ['1', '1', '2', '1']) subject.post(id);
    await subject.on.activity.settled();
    assert.deepEqual(subject.ledger.log, ['receive 1 at 1000', 'receive 2 at 1000']);
  });

  it("applies another actor's fact, then receives it; its own facts it does not receive", async () => {
    await subject.cell.start();
    await subject.foreign();
    await subject.on.journal.append('ledger', null, [trip('own')], 1);
    await subject.on.activity.settled();
    assert.deepEqual(subject.ledger.log, ['apply 1', 'receive seq:1 at 1000']);
  });

  it("foreign facts are applied before a later fact of its own, and still received, and a kill's fact overtakes without disorder", async () => {
    const { cell, on } = subject;
    let go = (): void => {};
    subject.script = async (each) => {
      if (each.id !== 'm1') return outcome();
      await new Promise<void>((resolve) => (go = resolve));
      return outcome({ events: [trip('own')] });
    };
    await cell.start();
    subject.post('m1');
    await until(() => subject.ledger.log.length > 0);
    await subject.foreign(2);
    await on.journal.append('kill-switch', null, [trip('foreign')], 1);
    go();
    await on.activity.settled();
    assert.deepEqual(subject.ledger.applied, [1, 2, 3, 4]);
    assert.deepEqual(
      subject.ledger.log.filter((line) => line.startsWith('receive')),
      ['receive m1 at 1000', 'receive seq:3 at 1000', 'receive seq:1 at 1000', 'receive seq:2 at 1000'],
    );
  });

  it('ST-1 its facts are decided on before they are on disk; its tells and replies wait for the disk', async () => {
    const { cell, on } = subject;
    const told: string[] = [];
    on.router.handle('outside', ({ id }) => void told.push(id));
    let flush = (): void => {};
    const disk = new Promise<void>((resolve) => (flush = resolve));
    on.journal.beforeDurable = () => disk;
    subject.script = (each) => outcome(each.id === 'm1' ? { events: [trip('own')], tells: [note('outside', 'told')], reply: 'said' } : {});
    await cell.start();
    let reply: unknown = null;
    const asking = cell.ask(envelope('m1', asked('m1')), 1000).then((value) => (reply = value));
    subject.post('m2');
    await until(() => subject.ledger.log.length === 3);
    assert.deepEqual(subject.ledger.log, ['receive m1 at 1000', 'apply 1', 'receive m2 at 1000']);
    assert.deepEqual([told.length, reply], [0, null]);
    flush();
    await asking;
    assert.deepEqual([told.length, reply], [1, 'said']);
  });

  it('ST-2 restarts from the journal: what it wrote and subscribes to, in order, and nothing is received again', async () => {
    const { cell, on } = subject;
    await cell.start();
    await subject.foreign(2);
    await on.journal.append('ledger', null, [trip('own')], 1);
    await on.journal.append('system', null, [{ type: 'kill.rearmed', body: { source: 'x', reason: 'not subscribed' } }], 1);
    await on.activity.settled();
    subject.spawner.last.die('killed from outside');
    await subject.foreign();
    await cell.start();
    await on.activity.settled();
    assert.deepEqual(subject.ledger.applied, [1, 2, 3, 5]);
    assert.equal(subject.ledger.started?.epoch, 2);
    assert.deepEqual(
      subject.ledger.log.filter((line) => line.startsWith('receive')),
      [],
    );
  });

  it('what resume decides is journaled, applied and told like any turn', async () => {
    const { cell, on } = subject;
    const told: string[] = [];
    on.router.handle('sink', ({ cause }) => told.push(String(cause)));
    await subject.foreign(1);
    subject.resume = (ledger) => outcome(ledger.applied.length === 1 ? { events: [trip('resumed')], tells: [note('sink', 'x')] } : {});
    await cell.start();
    assert.deepEqual(subject.ledger.applied, [1, 2]);
    assert.deepEqual(told, ['null']);
    subject.spawner.last.die('again');
    await cell.start();
    assert.deepEqual([subject.ledger.applied, on.journal.facts.length], [[1, 2], 2]);
  });

  it('ST-5 a crash while it decides loses nothing: the message under way comes again, once', async () => {
    let crashes = 1;
    subject.script = (each) => {
      if (each.id === '1' && crashes-- > 0) subject.spawner.last.die('kill -9');
      return outcome({ reply: `done ${each.id}` });
    };
    await subject.cell.start();
    const replies = ['1', '2', '3'].map((id) => subject.cell.ask(envelope(id, asked(id)), 5000));
    await until(() => subject.failures.length === 1);
    assert.equal(subject.on.activity.busy, 4, 'three messages and the restart itself are still to be done');
    await subject.cell.start();
    assert.deepEqual(await Promise.all(replies), ['done 1', 'done 2', 'done 3']);
    await subject.on.activity.settled();
  });

  it('a message that was under way at two crashes is given up', async () => {
    subject.script = (each) => {
      if (each.id === '1') subject.spawner.last.die('poison');
      return outcome();
    };
    await subject.cell.start();
    const refused = assert.rejects(subject.cell.ask(envelope('1', asked('1')), 5000), /crashed over it: poison/);
    await until(() => subject.failures.length === 1);
    await subject.cell.start();
    await refused;
    assert.equal(subject.failures.length, 2);
    assert.equal(subject.on.router.deadLetters, 1);
  });

  it('a message the actor threw over is not handed over again', async () => {
    subject.script = () => {
      throw new Error('invariant broken');
    };
    await subject.cell.start();
    await assert.rejects(subject.cell.ask(envelope('1', asked('1')), 5000), /crashed over it: invariant broken/);
    assert.deepEqual(subject.failures, [{ reason: 'invariant broken', normal: false }]);
  });

  it('ST-2 a crash while its events are being written decides nothing twice: the facts are replayed, the message does not come again', async () => {
    const { cell, on } = subject;
    subject.script = (each) => outcome(each.id === '1' ? { events: [trip('once')] } : {});
    let durable = (): void => {};
    on.journal.beforeDurable = () => new Promise<void>((resolve) => (durable = resolve));
    await cell.start();
    subject.post('1');
    await until(() => subject.ledger.log.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 2));
    subject.spawner.last.die('kill -9');
    const restarted = cell.start();
    await new Promise((resolve) => setTimeout(resolve, 2));
    durable();
    await restarted;
    await on.activity.settled();
    assert.deepEqual([on.journal.facts.length, subject.ledger.applied], [1, [1]]);
    assert.deepEqual(subject.ledger.log, ['apply 1']);
  });

  it('an event the journal refuses crashes the actor that wrote it', async () => {
    subject.script = () => outcome({ events: [trip('x')], tells: [note('sink', 'x')] });
    subject.on.journal.beforeDurable = () => Promise.reject(new Error('NOT_OWNER'));
    await subject.cell.start();
    await assert.rejects(subject.cell.ask(envelope('1', asked('1')), 5000), /NOT_OWNER/);
    assert.equal(subject.failures[0]?.reason, 'NOT_OWNER');
    assert.equal(subject.on.router.deadLetters, 1, 'the tell was not sent, the message is the only dead letter');
  });

  it('answers that are no outcome, and tells that are no messages, crash the actor and not the house', async () => {
    subject = new Subject({ placement: 'forked' });
    subject.script = (each) => (each.id === '1' ? ('nonsense' as never) : outcome({ tells: [{ to: 'x', type: 'no.such', body: {} } as never] }));
    await subject.cell.start();
    await assert.rejects(subject.cell.ask(envelope('1', asked('1')), 5000), /BAD_OUTCOME/);
    await subject.cell.start();
    await assert.rejects(subject.cell.ask(envelope('2', asked('2')), 5000), /unknown message type/);
    await subject.cell.start();
    subject.spawner.last.emit({ to: 'x', type: 'no.such', body: {} } as never);
    assert.match(subject.failures[2]?.reason ?? '', /BAD_EMISSION.*unknown message type/);
  });

  it('a full mailbox crashes the actor with MAILBOX_FULL and loses no fact', async () => {
    subject = new Subject({ limits: { mailbox: { max: 3, mergeAbove: 100, remembered: 100 } } });
    subject.script = (each) => (each.id === '1' ? new Promise(() => {}) : outcome());
    await subject.cell.start();
    subject.post('1');
    await subject.foreign(4);
    assert.match(subject.failures[0]?.reason ?? '', /MAILBOX_FULL/);
    await subject.cell.start();
    await until(() => subject.failures.length === 1 && subject.ledger.applied.length === 4);
    assert.deepEqual(subject.ledger.applied, [1, 2, 3, 4]);
  });

  it('KS-1 a kill’s fact that finds the mailbox full is heard, and crashes nobody', async () => {
    subject = new Subject({ limits: { mailbox: { max: 3, mergeAbove: 100, remembered: 100 } } });
    let go: (value: Outcome) => void = () => {};
    subject.script = (each) => (each.id === '1' ? new Promise((resolve) => (go = resolve)) : outcome());
    await subject.cell.start();
    for (const id of ['1', '2', '3', '4']) subject.post(id);
    await subject.on.journal.append('kill-switch', null, [trip('full')], 1);
    assert.deepEqual(subject.failures, []);
    go(outcome());
    await until(() => subject.ledger.applied.length === 1);
    assert.deepEqual(subject.failures, []);
  });

  it('a turn that does not settle within its deadline abandons the incarnation; what it still says is dropped', async () => {
    subject = new Subject({ limits: { heartbeatMs: 2, turnMs: 10 } });
    const told: string[] = [];
    subject.on.router.handle('sink', (each) => told.push(each.from));
    let late: (value: Outcome) => void = () => {};
    subject.script = (each) =>
      each.id === '1' && subject.ledgers.length === 1 ? new Promise((resolve) => (late = resolve)) : outcome({ reply: 'ok' });
    await subject.cell.start();
    const reply = subject.cell.ask(envelope('1', asked('1')), 5000);
    // Drills are answered meanwhile: that is no answer to the turn.
    await until(() => {
      subject.cell.drill();
      return subject.failures.length === 1;
    });
    assert.match(subject.failures[0]?.reason ?? '', /TURN_HUNG: no answer for 10 ms/);
    const abandoned = subject.spawner.last;
    assert.equal(abandoned.ended, 'killed');
    await subject.cell.start();
    assert.equal(await reply, 'ok');
    late(outcome({ events: [trip('late')], tells: [note('sink', 'late')] }));
    abandoned.emit(note('sink', 'late'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual([told, subject.on.journal.facts.length], [[], 0]);
  });

  it('a heartbeat that is lost is a failure; an in-memory actor has none', async () => {
    subject = new Subject({ placement: 'forked', limits: { heartbeatMs: 2, heartbeatLostMs: 6 } });
    await subject.cell.start();
    subject.spawner.last.pingAnswered = false;
    await until(() => subject.failures.length === 1);
    assert.match(subject.failures[0]?.reason ?? '', /HEARTBEAT_LOST/);
  });

  it('a start that fails or takes too long rejects with the reason, and can be tried again', async () => {
    subject = new Subject({ limits: { heartbeatMs: 2, bootMs: 10 } });
    subject.resume = () => Promise.reject(new Error('no venue'));
    await assert.rejects(subject.cell.start(), /ledger did not start: no venue/);
    subject.resume = () => new Promise(() => {});
    await assert.rejects(subject.cell.start(), /BOOT_TIMED_OUT/);
    subject.resume = () => outcome();
    await subject.cell.start();
    assert.equal(subject.failures.length, 0, 'a failed start is told by its rejection alone');
    assert.deepEqual([subject.cell.view(null)[0]?.state, subject.cell.view(null)[0]?.restarts], ['running', 2]);
  });

  it('a stop ends a start under way', async () => {
    subject.resume = () => new Promise(() => {});
    const started = assert.rejects(subject.cell.start(), /did not start/);
    await until(() => subject.spawner.spawned.length === 1);
    await subject.cell.stop(true);
    await started;
    assert.equal(subject.spawner.last.ended, 'killed');
  });

  it('stops after the turn under way, and refuses what still waits', async () => {
    let go = (): void => {};
    subject.script = async () => {
      await new Promise<void>((resolve) => (go = resolve));
      return outcome({ reply: 'finished' });
    };
    await subject.cell.start();
    const first = subject.cell.ask(envelope('1', asked('1')), 5000);
    const second = assert.rejects(subject.cell.ask(envelope('2', asked('2')), 5000), /ledger stopped/);
    await until(() => subject.ledger.log.length === 1);
    const stopped = subject.cell.stop(true);
    go();
    assert.equal(await first, 'finished');
    await Promise.all([stopped, second]);
    assert.equal(subject.spawner.last.requests.at(-1)?.op, 'stop');
    assert.equal(subject.on.activity.busy, 0);
  });

  it('snapshots every so many facts, and starts from a snapshot only where the journal has its hash', async () => {
    subject = new Subject({ limits: { snapshotFacts: 3 } });
    const { cell, on } = subject;
    await cell.start();
    await subject.foreign(4);
    await on.activity.settled();
    assert.equal(on.snapshots.saved.get('ledger')?.seq, 4);
    await subject.foreign();
    await on.activity.settled();
    subject.spawner.last.die('restart');
    await cell.start();
    assert.deepEqual([subject.ledger.started?.snapshot?.seq, subject.ledger.started?.facts.length, subject.ledger.applied], [4, 1, [1, 2, 3, 4, 5]]);
    await on.snapshots.save('ledger', 4, 'another journal', [99]);
    subject.spawner.last.die('restart');
    await cell.start();
    assert.deepEqual([subject.ledger.started?.snapshot, subject.ledger.applied], [null, [1, 2, 3, 4, 5]]);
  });

  it('QS-1 while it is down, quotes are dropped but for the newest of each instrument; other messages wait', async () => {
    await subject.cell.start();
    subject.spawner.last.die('down');
    for (const id of ['1', '2', '3']) subject.cell.post(envelope(id, quoteMessage(id)));
    subject.post('4');
    await subject.cell.start();
    await subject.on.activity.settled();
    assert.deepEqual(subject.ledger.log, ['receive 3 at 1000', 'receive 4 at 1000']);
  });

  it('an ask has a deadline', async () => {
    subject.script = () => new Promise(() => {});
    await subject.cell.start();
    await assert.rejects(subject.cell.ask(envelope('1', asked('1')), 5), /ledger did not answer within 5 ms/);
  });

  it('an uncounted actor keeps nobody waiting', async () => {
    subject = new Subject({ counted: false });
    subject.script = () => new Promise(() => {});
    await subject.cell.start();
    subject.post('1');
    assert.equal(subject.on.activity.busy, 0);
  });
});
