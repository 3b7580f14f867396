import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { createSpawner } from '#supervisors/comedy.ts';
import type { Spawner } from '#supervisors/processes.ts';
import { bench, stateOf, supervisor, toy, until } from '../support/supervision.ts';

describe('actors on comedy', () => {
  let spawner: Spawner;
  before(() => {
    spawner = createSpawner({ onUnattributed: () => {} });
  });
  after(() => spawner.close());

  for (const placement of ['in-memory', 'forked'] as const) {
    it(`a ${placement} actor answers, restarts after a throw and keeps what waited`, async () => {
      const on = bench(spawner);
      const root = on.tree(supervisor('root', [toy('kill-switch', placement)]));
      await root.start();
      assert.deepEqual(await on.ask('kill-switch', 'echo', 'é€😀', '中文'), ['é€😀', '中文']);
      const failed = on.ask('kill-switch', 'throw', 'boom');
      const waiting = [1, 2, 3].map((index) => on.ask('kill-switch', 'echo', String(index)));
      await assert.rejects(failed, /crashed over it: boom/);
      assert.deepEqual(await Promise.all(waiting), [['1'], ['2'], ['3']]);
      const state = await stateOf(on, 'kill-switch');
      assert.equal(state.epoch, 2);
      await on.activity.settled();
      await root.stop(true);
      await until(() => on.activity.busy === 0);
    });
  }
});
