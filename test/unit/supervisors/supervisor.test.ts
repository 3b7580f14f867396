import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type { Supervised } from '#supervisors/supervised.ts';
import type { Failure } from '#supervisors/supervise.ts';
import { createTree, type Supervisor } from '#supervisors/supervisor.ts';
import type { ActorSpec, SupervisorSpec } from '#supervisors/supervisor-spec.ts';
import { SILENT, supervisor, toy, until } from '../../support/supervision.ts';

/** A child that starts, fails and stops as the test says, and writes down what was asked of it. */
class FakeChild implements Supervised {
  readonly name: string;
  readonly #log: string[];
  onFailure: (failure: Failure) => void = () => {};
  up = false;
  failStarts = 0;
  hangStart = false;
  #abort: (error: Error) => void = () => {};

  constructor(name: string, log: string[]) {
    this.name = name;
    this.#log = log;
  }
  async start(): Promise<void> {
    this.#log.push(`start ${this.name}`);
    assert.equal(this.up, false, `${this.name} was up already`);
    if (this.hangStart) await new Promise<void>((_, reject) => (this.#abort = reject));
    if (this.failStarts-- > 0) throw new Error(`${this.name} cannot start`);
    this.up = true;
  }
  async stop(final: boolean): Promise<void> {
    if (this.up || final) this.#log.push(`${final ? 'end' : 'stop'} ${this.name}`);
    this.up = false;
    this.#abort(new Error('stopped'));
  }
  fail(reason = 'crashed', normal = false): void {
    this.up = false;
    this.#log.push(`fail ${this.name}`);
    this.onFailure({ reason, normal });
  }
  view(): readonly [] {
    return [];
  }
  crash(name: string): boolean {
    return name === this.name;
  }
}

describe('a supervisor', () => {
  let log: string[];
  let escalated: string[];
  let children: Map<string, FakeChild>;
  beforeEach(() => {
    log = [];
    escalated = [];
    children = new Map();
  });

  const child = (name: string): FakeChild => {
    const found = children.get(name);
    assert.ok(found);
    return found;
  };
  const tree = (spec: SupervisorSpec): Supervisor<FakeChild> =>
    createTree(spec, {
      log: SILENT,
      seed: 'test',
      onEscalated: (name) => escalated.push(name),
      createCell: ({ name }) => {
        const made = new FakeChild(name, log);
        children.set(name, made);
        return made;
      },
    });
  const xyz = (more: Partial<SupervisorSpec> = {}, spec: Partial<ActorSpec> = {}): SupervisorSpec =>
    supervisor(
      'S',
      ['x', 'y', 'z'].map((name) => toy(name, 'in-memory', spec)),
      more,
    );
  /** What happened since, once every child is up again. */
  async function settled(root: Supervisor<FakeChild>): Promise<string[]> {
    await until(() => root.running);
    return log.splice(0);
  }

  it('starts left to right and stops right to left', async () => {
    const root = tree(xyz());
    await root.start();
    await root.stop(true);
    assert.deepEqual(log, ['start x', 'start y', 'start z', 'end z', 'end y', 'end x']);
  });

  for (const [strategy, expected] of [
    ['one_for_one', ['fail y', 'start y']],
    ['rest_for_one', ['fail y', 'stop z', 'start y', 'start z']],
    ['one_for_all', ['fail y', 'stop z', 'stop x', 'start x', 'start y', 'start z']],
  ] as const) {
    it(`${strategy} restarts what y's failure affects`, async () => {
      const root = tree(xyz({ strategy }));
      await root.start();
      log.length = 0;
      child('y').fail();
      assert.deepEqual(await settled(root), expected);
    });
  }

  const sleeper = (more: Partial<SupervisorSpec> = {}): SupervisorSpec =>
    supervisor('R', [supervisor('S', [toy('x', 'in-memory'), toy('d', 'in-memory', { dormant: true }), toy('z', 'in-memory')], more)]);

  it('RT-2 a dormant child is in no list and started by nobody until it is woken', async () => {
    const root = tree(sleeper({ strategy: 'one_for_all' }));
    await root.start();
    child('x').fail();
    assert.deepEqual(await settled(root), ['start x', 'start z', 'fail x', 'stop z', 'start x', 'start z']);
    assert.deepEqual(
      root.cells().map(({ name }) => name),
      ['x', 'z'],
    );
    assert.equal(root.isAsleep('d'), true);
    assert.equal(root.wake('d'), child('d'));
    assert.equal(root.wake('d'), null, 'awake already');
    assert.equal(root.wake('x'), null, 'never slept');
    assert.deepEqual(await settled(root), ['start d']);
    assert.deepEqual(
      root.cells().map(({ name }) => name),
      ['x', 'd', 'z'],
    );
    child('d').fail();
    assert.deepEqual(await settled(root), ['fail d', 'stop z', 'stop x', 'start x', 'start d', 'start z']);
    await root.stop(true);
  });

  it('RT-2 a child put to sleep ends for good, also out of a restart, and may be woken again', async () => {
    const root = tree(sleeper({ strategy: 'one_for_all' }));
    await root.start();
    root.wake('d');
    await settled(root);
    assert.equal(await root.sleep('d'), true);
    assert.equal(await root.sleep('d'), false, 'asleep already');
    assert.equal(await root.sleep('x'), false, 'not dormant');
    assert.deepEqual(await settled(root), ['end d']);
    child('d').onFailure({ reason: 'late', normal: false });
    assert.deepEqual(await settled(root), []);
    root.wake('d');
    await settled(root);
    child('d').fail();
    await root.sleep('d');
    await settled(root);
    assert.deepEqual([child('x').up, child('d').up, child('z').up], [true, false, true]);
    assert.deepEqual(
      root.view(null).map(({ name }) => name),
      ['R', 'S'],
      'the fake children show nothing themselves',
    );
    await root.stop(true);
  });

  it('RT-2 a supervisor that is restarted starts its woken children again and leaves the others asleep', async () => {
    const spec = sleeper({ intensity: { max: 0, withinMs: 60_000 } });
    const root = tree(spec);
    await root.start();
    await settled(root);
    child('x').fail();
    await until(() => escalated.length === 1);
    assert.deepEqual(
      (await settled(root)).filter((line) => line.endsWith(' d')),
      [],
    );
    root.wake('d');
    await settled(root);
    child('x').fail();
    await until(() => escalated.length === 2);
    assert.equal((await settled(root)).includes('start d'), true);
    await root.stop(true);
  });

  it('a sleeping back-off does not delay a sibling under one_for_one', async () => {
    const root = tree(xyz({ backoff: { baseMs: 40, capMs: 40, healthyAfterMs: 60_000 } }));
    await root.start();
    log.length = 0;
    child('x').fail();
    await new Promise((resolve) => setTimeout(resolve, 10));
    child('y').fail();
    await settled(root);
    child('z').hangStart = true;
    child('z').fail();
    child('x').fail();
    await until(() => child('x').up);
    assert.equal(child('z').up, false);
    assert.equal(root.running, false);
    await root.stop(true);
  });

  it('failures that overlap become one restart, in order', async () => {
    const root = tree(xyz({ strategy: 'rest_for_one', backoff: { baseMs: 10, capMs: 10, healthyAfterMs: 60_000 } }));
    await root.start();
    log.length = 0;
    child('z').fail();
    child('x').fail();
    assert.deepEqual(await settled(root), ['fail z', 'fail x', 'stop y', 'start x', 'start y', 'start z']);
  });

  it('a failure during a group restart starts over from the child that failed', async () => {
    const root = tree(xyz({ strategy: 'one_for_all' }));
    await root.start();
    log.length = 0;
    child('y').failStarts = 1;
    child('x').fail();
    assert.deepEqual(await settled(root), ['fail x', 'stop z', 'stop y', 'start x', 'start y', 'stop x', 'start x', 'start y', 'start z']);
  });

  it('a child that cannot start at first is tried again, and those after it wait for it', async () => {
    const root = tree(xyz());
    child('y').failStarts = 2;
    await root.start();
    assert.deepEqual(log, ['start x', 'start y', 'start y', 'start y', 'start z']);
  });

  it('a start that never works gives up with the reason', async () => {
    const root = tree(xyz({ intensity: { max: 2, withinMs: 60_000 } }));
    child('y').failStarts = 99;
    await assert.rejects(root.start(), /y failed more than 2 times in 60 s, last: y cannot start/);
    assert.deepEqual([child('x').up, root.view(null)[0]?.state], [false, 'failed']);
  });

  it('more failures than its intensity: stops all, tells its parent, which restarts the whole subtree', async () => {
    const inner = supervisor('brokers', [toy('x', 'in-memory'), toy('y', 'in-memory')], { intensity: { max: 1, withinMs: 60_000 } });
    const root = tree(supervisor('root', [toy('a', 'in-memory'), inner, toy('z', 'in-memory')]));
    await root.start();
    child('y').fail();
    await settled(root);
    child('y').fail();
    assert.deepEqual(await settled(root), ['fail y', 'stop x', 'start x', 'start y']);
    assert.deepEqual(escalated, ['brokers']);
    assert.equal(root.view(null).find(({ name }) => name === 'brokers')?.restarts, 1);
    child('y').fail();
    assert.deepEqual(await settled(root), ['fail y', 'start y'], 'its count of failures began anew');
  });

  it('the root gives up to its owner, with everything stopped', async () => {
    const inner = supervisor('brokers', [toy('x', 'in-memory')], { intensity: { max: 0, withinMs: 60_000 } });
    const root = tree(supervisor('root', [toy('a', 'in-memory'), inner], { intensity: { max: 1, withinMs: 60_000 } }));
    let gaveUp = '';
    root.onFailure = ({ reason }) => (gaveUp = reason);
    await root.start();
    child('x').fail('first');
    await settled(root);
    child('x').fail('last');
    await until(() => gaveUp !== '');
    assert.match(gaveUp, /brokers failed more than 1 times in 60 s, last: x failed more than 0 times in 60 s, last: last/);
    assert.deepEqual([child('a').up, child('x').up], [false, false]);
  });

  it('a transient child that ended normally and a temporary one that failed are not restarted', async () => {
    const root = tree(xyz({}, { restart: 'transient' }));
    await root.start();
    log.length = 0;
    child('x').fail('done', true);
    child('y').fail('crashed');
    assert.deepEqual(await settled(root), ['fail x', 'end x', 'fail y', 'start y']);
    await root.stop(true);
    log.length = 0;
    const temporary = tree(xyz({ strategy: 'one_for_all' }, { restart: 'temporary' }));
    await temporary.start();
    log.length = 0;
    child('y').fail();
    assert.deepEqual(await settled(temporary), ['fail y', 'end y']);
  });

  it('a stop ends a back-off and a start under way', async () => {
    const root = tree(xyz({ backoff: { baseMs: 600_000, capMs: 600_000, healthyAfterMs: 1 } }));
    await root.start();
    child('x').fail();
    child('y').hangStart = true;
    await root.stop(true);
    const again = root.start();
    await until(() => log.filter((line) => line === 'start y').length === 2);
    await Promise.all([root.stop(true), assert.rejects(again, /was stopped while it started/)]);
    assert.equal(root.view(null)[0]?.state, 'stopped');
  });

  it('shows the tree with its states, restarts and last error', async () => {
    const root = tree(xyz({ backoff: { baseMs: 20, capMs: 20, healthyAfterMs: 1 } }));
    assert.equal(root.view(null)[0]?.state, 'stopped');
    await root.start();
    assert.deepEqual([root.running, root.view(null)[0]?.state], [true, 'running']);
    child('x').fail('because');
    assert.deepEqual([root.running, root.view(null)[0]?.state, root.view(null)[0]?.lastError], [false, 'restarting', 'x: because']);
    await settled(root);
    assert.equal(root.crash('x'), true);
    assert.equal(root.crash('nobody'), false);
  });
});
