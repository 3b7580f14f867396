import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { sentenceOf } from '#protocol/admin.ts';
import { MESSAGE_BODIES } from '#protocol/messages.ts';
import type { VerifyReport } from '#state/verify.ts';
import type { Cell } from '#supervisors/cell.ts';
import { adminTable, parseAndRun, type AdminPowers } from '#supervisors/admin-table.ts';
import { sealedStory, story } from '../../support/journal-story.ts';

const ASKS = ['clock.advanced', 'history.requested', 'account.requested', 'actor.asked'];

/** A house that notes what reaches it. */
function house() {
  const reached: string[] = [];
  const note = (what: string) => (): Promise<never> => {
    reached.push(what);
    return Promise.resolve({} as never);
  };
  const powers: Partial<AdminPowers> = {
    kill: { trip: note('trip'), rearm: note('rearm') } as Partial<AdminPowers['kill']> as AdminPowers['kill'],
    root: { cells: () => [{ name: 'governor' } as Cell] } as Partial<AdminPowers['root']> as AdminPowers['root'],
    router: { deliver: (_to: string, { type }: { readonly type: string }) => void reached.push(type) } as Partial<
      AdminPowers['router']
    > as AdminPowers['router'],
  };
  const tell = (type: string, body: unknown) =>
    parseAndRun({ id: '1', command: 'tell', actor: 'governor', type, body }, (request) => adminTable(request, powers as AdminPowers));
  return { reached, tell };
}

describe('the admin table', () => {
  it('VF-1 OP-2 nobody tells by hand what a venue, a feed or the governor says, nor what sends an order', async () => {
    const { reached, tell } = house();
    const others = Object.keys(MESSAGE_BODIES).filter((type) => !type.startsWith('kill.') && !ASKS.includes(type));
    assert.ok(
      ['placement.requested', 'execution.reported', 'quote.received', 'wallet.reported', 'fact.recorded'].every((type) => others.includes(type)),
    );
    for (const type of others) {
      const { ok, result } = await tell(type, {});
      assert.equal(ok, false);
      assert.match(String(result), /is not told by hand; there are kill\.trip, /, type);
    }
    assert.deepEqual(reached, []);
    assert.equal((await tell('clock.advanced', {})).ok, true);
    assert.deepEqual(reached, ['clock.advanced']);
  });

  it('KS-1 a switch that is tripped or re-armed by hand takes its gate and its latch with it', async () => {
    const { reached, tell } = house();
    await tell('kill.trip', { scope: 'all', reason: 'x', source: 'repl', flatten: false });
    await tell('kill.rearm', { confirm: 'REARM', reason: 'x', source: 'repl' });
    assert.deepEqual(reached, ['trip', 'rearm']);
  });

  it('VF-1 a running system reports from the record on that was asked for, and on all of them where none was', async () => {
    const { records, head } = sealedStory(story);
    const broken = 3;
    const raw = async function* () {
      for (const [index, { key, value }] of records.entries()) yield { key, value: index + 1 === broken ? `${value} ` : value };
    };
    const journal = { raw, readAnchor: () => Promise.resolve(head) } as Partial<AdminPowers['journal']> as AdminPowers['journal'];
    const verify = async (given: object) =>
      (await parseAndRun({ id: '1', command: 'verify', ...given }, (request) => adminTable(request, { journal } as AdminPowers))).result;
    const firstOf = async (given: object) => ((await verify(given)) as VerifyReport).problems[0]?.seq;
    assert.equal(await firstOf({}), broken);
    assert.equal(await firstOf({ from: broken }), broken);
    assert.equal(((await verify({ from: broken + 1 })) as VerifyReport).ok, true);
    for (const from of [0, 1.5, '3']) assert.match(String(await verify({ from })), /^from: /);
  });

  it('OP-2 what does not fit is one line: where, and what would be right', async () => {
    const { tell } = house();
    const { result } = await tell('kill.trip', { scope: 'moon', reason: 'x', source: 'repl' });
    assert.match(String(result), /^scope: .*"all".*"bybit".*; flatten: .*boolean/);
    assert.doesNotMatch(String(result), /\n/);
    assert.equal(sentenceOf(new Error('plain')), 'plain');
  });
});
