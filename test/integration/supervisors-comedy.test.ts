import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import type { Cell } from '#supervisors/cell.ts';
import { createSpawner } from '#supervisors/comedy.ts';
import type { Placement, Spawner } from '#supervisors/processes.ts';
import type { Supervisor } from '#supervisors/supervisor.ts';
import type { ChildSpec, SupervisorSpec } from '#supervisors/supervisor-spec.ts';
import { bench, stateOf, supervisor, toy, until, type Bench } from '../support/supervision.ts';

const QUICK = { heartbeatMs: 20, heartbeatLostMs: 100, turnMs: 5000 };

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('actors on comedy', function () {
  let spawner: Spawner;
  let on: Bench;
  let roots: Supervisor<Cell>[];
  /** Of the test runner: it would take a failure that an actor is to blame for as its own. */
  let runners: { readonly event: 'uncaughtException' | 'unhandledRejection'; readonly listener: (...args: unknown[]) => void }[];
  const unattributed: unknown[] = [];

  before(() => {
    runners = (['uncaughtException', 'unhandledRejection'] as const).flatMap((event) =>
      // process.listeners is typed per event; what is taken off is put back unchanged.
      process.listeners(event as 'exit').map((listener) => ({ event, listener: listener as (...args: unknown[]) => void })),
    );
    for (const { event, listener } of runners) process.off(event, listener);
    spawner = createSpawner({ onUnattributed: (error) => unattributed.push(error) });
  });
  after(async () => {
    await spawner.close();
    for (const { event, listener } of runners) process.on(event, listener);
  });
  beforeEach(() => {
    on = bench(spawner);
    roots = [];
  });
  afterEach(async () => {
    for (const root of roots) await root.stop(true);
    on.router.close();
    assert.deepEqual(unattributed.splice(0), [], 'no failure that nobody is to blame for');
    assert.equal(on.activity.busy, 0);
  });

  async function up(children: readonly ChildSpec[], more: Partial<SupervisorSpec> = {}): Promise<Supervisor<Cell>> {
    const root = on.tree(supervisor('root', children, more));
    roots.push(root);
    await root.start();
    return root;
  }
  const rowOf = (root: Supervisor<Cell>, name: string) => {
    const row = root.view(null).find((each) => each.name === name);
    assert.ok(row);
    return row;
  };

  for (const placement of ['in-memory', 'forked'] as const) {
    describe(`in ${placement}`, () => {
      it('answers, one message at a time, and non-ASCII text survives both ways', async () => {
        await up([toy('a', placement)]);
        assert.deepEqual(await on.ask('a', 'echo', 'é€😀', '中文', '\u0000'), ['é€😀', '中文', '\u0000']);
        await Promise.all([1, 2, 3].map(() => on.ask('a', 'slow', '2')));
        const { activeMax, received } = await stateOf(on, 'a');
        assert.deepEqual([activeMax, received], [1, ['echo:é€😀,中文,\u0000', 'slow:2', 'slow:2', 'slow:2', 'state']]);
        assert.equal(await on.ask('a', 'at'), 'c', 'the language is not polyfilled away');
      });

      it('what it emits arrives in order, all of it before the reply that followed it', async () => {
        await up([toy('a', placement), toy('sink', 'in-memory')]);
        const got: string[] = [];
        on.router.intercept('actor.asked', ({ body }) => void ('args' in body && got.push(body.args[0] ?? '')));
        for (let round = 0; round < 3; round++) {
          await on.ask('a', 'emit', '700', 'sink');
          assert.deepEqual(
            got.splice(0),
            Array.from({ length: 700 }, (_, index) => String(index)),
          );
        }
      });

      it('facts it writes are applied and replayed after a crash; a tell of a turn follows its facts', async () => {
        const root = await up([toy('kill-switch', placement), toy('other', 'in-memory', { facts: ['kill.tripped'] })]);
        await on.ask('kill-switch', 'record-and-tell', 'other', 'first');
        await on.activity.settled();
        assert.deepEqual((await stateOf(on, 'other')).received.slice(0, 2), ['fact:1:1', 'note:first']);
        root.crash('kill-switch');
        await on.ask('kill-switch', 'record', 'second', 'third');
        const { applied, replayed, epoch } = await stateOf(on, 'kill-switch');
        assert.deepEqual([applied, replayed, epoch], [[1, 2, 3], 1, 2]);
        assert.deepEqual(rowOf(root, 'kill-switch').lastError, 'crashed on purpose');
      });

      it('every throw restarts it, the thrown message fails, the ones behind it do not', async () => {
        const root = await up([toy('a', placement)]);
        for (const [query, message] of [
          ['throw', /crashed over it: what went wrong/],
          ['throw-empty', /crashed over it: Error/],
        ] as const) {
          const failed = assert.rejects(on.ask('a', query, 'what went wrong'), message);
          const behind = [1, 2].map((index) => on.ask('a', 'echo', String(index)));
          await failed;
          assert.deepEqual(await Promise.all(behind), [['1'], ['2']]);
        }
        assert.equal(rowOf(root, 'a').restarts, 2);
      });

      it('a failure outside any turn is its own, not the main process’s, and names itself', async () => {
        const root = await up([toy('a', placement), toy('b', 'in-memory')]);
        await on.ask('a', 'throw-later');
        await until(() => rowOf(root, 'a').epoch === 2 && rowOf(root, 'a').state === 'running');
        assert.match(rowOf(root, 'a').lastError ?? '', /late failure/);
        assert.equal(rowOf(root, 'b').epoch, 1);
      });

      it('a message that never ends is given up at its deadline', async () => {
        const root = await up([toy('a', placement, { limits: { ...QUICK, turnMs: 60 } })]);
        const hung = assert.rejects(on.ask('a', 'hang'), /crashed over it: TURN_HUNG/);
        const behind = on.ask('a', 'echo', 'behind');
        await hung;
        assert.deepEqual(await behind, ['behind']);
        assert.equal(rowOf(root, 'a').restarts, 2, 'it was handed over once more before');
      });

      it('a start that throws or hangs gives up with the reason', async () => {
        const limits = { heartbeatMs: 20, bootMs: placement === 'forked' ? 3000 : 40 };
        const once = { intensity: { max: 0, withinMs: 60_000 } };
        await assert.rejects(up([toy('a', placement, { limits, params: { failStart: 'throw' } })], once), /failed to start, as told/);
        await assert.rejects(up([toy('b', placement, { limits, module: '/no/such/module.ts' })], once), /no\/such\/module/);
        if (placement === 'in-memory') {
          await assert.rejects(up([toy('c', placement, { limits, params: { failStart: 'hang' } })], once), /BOOT_TIMED_OUT/);
        }
      });
    });
  }

  describe('in a process', () => {
    it('kill -9, process.exit and a loop without end are noticed, and the next incarnation goes on', async () => {
      const root = await up([toy('a', 'forked', { limits: QUICK }), toy('b', 'forked', { limits: QUICK }), toy('c', 'forked', { limits: QUICK })]);
      const pids = ['a', 'b', 'c'].map((name) => rowOf(root, name).pid ?? 0);
      process.kill(pids[0] ?? 0, 'SIGKILL');
      const exits = assert.rejects(on.ask('b', 'exit', '9'), /crashed over it: exit 9/);
      const loops = assert.rejects(on.ask('c', 'loop'), /crashed over it: HEARTBEAT_LOST/);
      await until(() => rowOf(root, 'a').epoch === 2);
      assert.equal(rowOf(root, 'a').lastError, 'exit SIGKILL');
      await Promise.all([exits, loops]);
      for (const name of ['a', 'b', 'c']) assert.deepEqual(await on.ask(name, 'echo', 'again'), ['again']);
      assert.deepEqual(pids.map(isAlive), [false, false, false], 'no incarnation that was given up lives on');
    });

    it('a process that exits while it starts is a failed start', async () => {
      await assert.rejects(
        up([toy('a', 'forked', { params: { failStart: 'exit' } })], { intensity: { max: 0, withinMs: 60_000 } }),
        /last: .*exit 9/,
      );
    });

    it('signals to the group do not end it', async () => {
      const root = await up([toy('a', 'forked')]);
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.kill(rowOf(root, 'a').pid ?? 0, signal);
      assert.equal((await stateOf(on, 'a')).epoch, 1);
    });

    it('what it tells is parsed where it enters the main process', async () => {
      const root = await up([toy('a', 'forked')]);
      await assert.rejects(on.ask('a', 'bad-tell', 'b'), /unknown message type "no.such"/);
      await assert.rejects(on.ask('a', 'bad-outcome'), /BAD_OUTCOME/);
      await until(() => rowOf(root, 'a').restarts === 2);
    });
  });

  it('a thread that fails takes nobody with it', async () => {
    // A thread has no TypeScript loader: its module is plain JavaScript.
    const module = join(tmpdir(), `ledgerwood-thread-${process.pid}.mjs`);
    writeFileSync(
      module,
      `export default class { start() { return { events: [], tells: [] }; } apply() {} snapshot() {}
       receive({ body }) { if (body.query === 'late') setTimeout(() => { throw new Error('late in a thread'); }, 1); if (body.query === 'exit') process.exit(3);
         return { events: [], tells: [], reply: body.args }; } }`,
    );
    const root = await up([toy('a', 'threaded', { module: pathToFileURL(module).href })]);
    assert.deepEqual(await on.ask('a', 'echo', '€'), ['€']);
    await on.ask('a', 'late');
    await until(() => rowOf(root, 'a').epoch === 2 && rowOf(root, 'a').state === 'running');
    assert.match(rowOf(root, 'a').lastError ?? '', /late in a thread/);
    await assert.rejects(on.ask('a', 'exit'), /exit 3/);
    assert.deepEqual(await on.ask('a', 'echo', 'again'), ['again']);
  });

  for (const [strategy, restarted] of [
    ['one_for_one', ['y']],
    ['rest_for_one', ['y', 'z']],
    ['one_for_all', ['x', 'y', 'z']],
  ] as const) {
    it(`${strategy} restarts ${restarted.join(', ')} where y of x, y, z fails`, async () => {
      const root = await up(
        ['x', 'y', 'z'].map((name) => toy(name, 'in-memory')),
        { strategy },
      );
      await assert.rejects(on.ask('y', 'throw', 'boom'));
      await until(() => root.running && rowOf(root, 'y').epoch === 2);
      assert.deepEqual(
        ['x', 'y', 'z'].filter((name) => rowOf(root, name).epoch === 2),
        restarted,
      );
    });
  }

  it('what fails too often escalates, and the subtree comes up again with what waited', async () => {
    const inner = supervisor('inner', [toy('x', 'in-memory'), toy('y', 'in-memory')], { intensity: { max: 1, withinMs: 60_000 } });
    const root = await up([inner]);
    await Promise.allSettled([on.ask('y', 'throw', '1'), on.ask('y', 'throw', '2'), on.ask('x', 'echo', 'x')]);
    assert.deepEqual(await on.ask('y', 'echo', 'waited'), ['waited']);
    assert.deepEqual([rowOf(root, 'inner').restarts, rowOf(root, 'x').restarts, rowOf(root, 'y').restarts], [1, 1, 2]);
  });

  it('50 crashes and restarts leave no listeners, timers or processes behind', async () => {
    const left = (): readonly number[] => [
      process.listenerCount('exit'),
      process.listenerCount('uncaughtException'),
      process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind === 'ProcessWrap' || kind === 'PipeWrap').length,
    ];
    const names: readonly (readonly [string, Placement])[] = [
      ['p', 'in-memory'],
      ['q', 'in-memory'],
      ['r', 'forked'],
      ['s', 'forked'],
    ];
    // The runner sets its own timer once a test has begun to wait.
    await new Promise((resolve) => setImmediate(resolve));
    const calm = left();
    const root = await up(
      names.map(([name, placement]) => toy(name, placement)),
      { intensity: { max: 1000, withinMs: 60_000 } },
    );
    const pids: number[] = [];
    await Promise.all(
      names.map(async ([name, placement]) => {
        for (let count = 0; count < (placement === 'forked' ? 4 : 21); count++) {
          pids.push((await stateOf(on, name)).pid);
          root.crash(name);
        }
        await stateOf(on, name);
      }),
    );
    assert.equal(
      names.reduce((sum, [name]) => sum + rowOf(root, name).restarts, 0),
      50,
    );
    assert.deepEqual(
      pids.filter((pid) => pid !== process.pid && isAlive(pid)),
      [],
    );
    await root.stop(true);
    await until(() => left()[2] === calm[2]);
    assert.deepEqual(left(), calm);
  });
});
