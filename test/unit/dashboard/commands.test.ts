import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ANSWER_MS_MAX, Commands, PENDING_MAX, VERIFY_MS_MAX } from '#actors/dashboard/commands.ts';
import { adminRequest } from '#protocol/admin.ts';
import { parseTell } from '#protocol/messages.ts';
import { pageCommand, type PageAnswer } from '#protocol/page-command.ts';
import type { Tell } from '#trading/model/messages.ts';

interface Alarm {
  readonly ms: number;
  readonly ring: () => void;
  stopped: boolean;
}

function rig() {
  const told: Tell[] = [];
  const alarms: Alarm[] = [];
  const answers: PageAnswer[] = [];
  const commands = new Commands('3', (tell) => told.push(tell), {
    after: (ms, ring) => {
      const alarm = { ms, ring, stopped: false };
      alarms.push(alarm);
      return () => (alarm.stopped = true);
    },
  });
  const idOf = (tell: Tell | undefined): string => (tell?.type === 'admin.requested' ? tell.body.id : '');
  return { commands, told, alarms, answers, answer: (answer: PageAnswer) => answers.push(answer), idOf };
}

describe('commands of the page', () => {
  it('KS-1 a kill goes to the admin table as the page, in a form that it takes', () => {
    const { commands, told, answer } = rig();
    commands.send({ command: 'kill', scope: 'crypto_spot', reason: 'why', flatten: true }, answer);
    const tell = told[0];
    assert.ok(tell?.type === 'admin.requested');
    assert.equal(tell.to, 'admin');
    assert.deepEqual(parseTell(tell), tell);
    const { id, ...request } = adminRequest.parse(tell.body.request);
    assert.equal(id, tell.body.id);
    assert.deepEqual(request, { command: 'kill', scope: 'crypto_spot', reason: 'why', flatten: true, source: 'page' });
    for (const command of [
      { command: 'rearm', confirm: 'REARM', reason: '' },
      { command: 'verify' },
      { command: 'why.asked', asset: 'forex' },
      { command: 'mode.set', asset: 'forex', mode: 'live', on: true },
      { command: 'mode.confirm', asset: 'forex', nonce: 'n', typed: 'LIVE forex' },
    ] as const) {
      commands.send(command, answer);
      const more = told.at(-1);
      assert.ok(more?.type === 'admin.requested');
      adminRequest.parse(more.body.request);
    }
  });

  it('RT-2 switching a mode and confirming it go to the admin table as the page', () => {
    const { commands, told, answer } = rig();
    for (const command of [
      { command: 'mode.set', asset: 'crypto_spot', mode: 'live', on: true },
      { command: 'mode.confirm', asset: 'crypto_spot', nonce: '0a', typed: 'LIVE crypto_spot' },
    ] as const) {
      assert.deepEqual(pageCommand.parse(command), command);
      commands.send(command, answer);
      const tell = told.at(-1);
      assert.ok(tell?.type === 'admin.requested');
      const { id: _id, ...request } = adminRequest.parse(tell.body.request);
      assert.deepEqual(request, { ...command, source: 'page' });
    }
    assert.equal(pageCommand.safeParse({ command: 'mode.set', asset: 'crypto_spot', mode: 'live', on: true, source: 'rehearse' }).success, false);
  });

  it('UI-3 a command is answered once, by its own answer', () => {
    const { commands, told, alarms, answers, answer, idOf } = rig();
    commands.send({ command: 'verify' }, answer);
    commands.onAnswer({ id: 'page.2.1', ok: true, result: 'of the process before' });
    assert.deepEqual(answers, []);
    commands.onAnswer({ id: idOf(told[0]), ok: true, result: { ok: true } });
    commands.onAnswer({ id: idOf(told[0]), ok: true, result: 'again' });
    assert.deepEqual(answers, [{ ok: true, result: { ok: true } }]);
    assert.equal(alarms[0]?.stopped, true);
    commands.send({ command: 'verify' }, answer);
    commands.onAnswer({ id: idOf(told[1]), ok: false, result: 'no' });
    assert.deepEqual(answers.at(-1), { ok: false, error: 'no' });
  });

  it('UI-3 without an answer the deadline answers, and says that it may still take effect', () => {
    const { commands, told, alarms, answers, answer, idOf } = rig();
    commands.send({ command: 'kill', scope: 'all', reason: '', flatten: false }, answer);
    commands.send({ command: 'verify' }, answer);
    assert.deepEqual(
      alarms.map(({ ms }) => ms),
      [ANSWER_MS_MAX, VERIFY_MS_MAX],
    );
    alarms[0]?.ring();
    assert.match((answers[0] as { error: string }).error, /^no answer within 5 s; it may still take effect/);
    commands.onAnswer({ id: idOf(told[0]), ok: true, result: null });
    assert.equal(answers.length, 1);
    assert.equal(commands.pending, 1);
  });

  it(`S4 at most ${PENDING_MAX} are under way; the next is refused at once`, () => {
    const { commands, told, answers, answer } = rig();
    for (let count = 0; count < PENDING_MAX; count++) assert.equal(commands.send({ command: 'verify' }, answer), true);
    assert.equal(commands.send({ command: 'verify' }, answer), false);
    assert.equal(told.length, PENDING_MAX);
    assert.equal(answers[0]?.ok, false);
    commands.close();
    assert.equal(commands.pending, 0);
  });
});
