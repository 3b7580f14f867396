import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it } from 'mocha';
import { adminSocketPath } from '#supervisors/admin-path.ts';
import { askSystem } from '#cli/admin-client.ts';
import { paths } from '#state/data-dir.ts';
import type { ActorView } from '#protocol/view.ts';
import { freshDirectory, json, run, start, type Running } from '#test/support/command.ts';

const KILLS = 10;
const ASK_MS_MAX = 10_000;
const HOUR_MS = 3_600_000;
const VICTIMS = ['main', 'gateway.bybit', 'venue.embedded'] as const;

const boot = async (dataDir: string): Promise<Running> => {
  const system = start('system', '--speed', '600', '--no-page', '--json', '--seed', '3', '--data-dir', dataDir);
  await system.line(/ running /);
  return system;
};
const socketOf = (dataDir: string): string => adminSocketPath(paths(dataDir, 'embedded').adminSocket);
const tree = async (dataDir: string): Promise<readonly ActorView[]> =>
  (await askSystem(socketOf(dataDir), { command: 'tree' }, ASK_MS_MAX)) as readonly ActorView[];
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Status {
  readonly marketMs: number;
  readonly intents: number;
  readonly fills: number;
}
const statusOf = async (dataDir: string): Promise<Status> => (await askSystem(socketOf(dataDir), { command: 'status' }, ASK_MS_MAX)) as Status;

/** How much the market moves in a while of the wall's clock is the machine's affair: what a test needs of it, it waits for. */
async function untilStatus(dataDir: string, is: (status: Status) => boolean): Promise<Status> {
  for (;;) {
    const status = await statusOf(dataDir);
    if (is(status)) return status;
    await sleep(100);
  }
}

/** Waits until every actor runs and market time moves. */
async function untilTrading(dataDir: string): Promise<void> {
  for (let look = 0, from = -1; look < 300; look++) {
    const actors = await tree(dataDir);
    const { marketMs } = await statusOf(dataDir);
    if (from >= 0 && marketMs > from && actors.every(({ state }) => state === 'running')) return;
    from = marketMs;
    await sleep(100);
  }
  throw new Error(`not trading again: ${JSON.stringify(await tree(dataDir))}`);
}

describe('kill -9 at random moments', function () {
  this.timeout(240_000);

  it('ST-5 ST-2 ten kills of the main process, the gateway and the venue: nothing lost, nothing twice, verify is ok', async () => {
    const dataDir = freshDirectory();
    let system = await boot(dataDir);
    for (let kill = 0; kill < KILLS; kill++) {
      await untilTrading(dataDir);
      await sleep(Math.random() * 1500);
      const victim = VICTIMS[kill % VICTIMS.length] ?? 'main';
      if (victim === 'main') {
        system.child.kill('SIGKILL');
        await system.done;
        system = await boot(dataDir);
      } else {
        const pid = (await tree(dataDir)).find(({ name }) => name === victim)?.pid;
        if (typeof pid === 'number') process.kill(pid, 'SIGKILL');
      }
    }
    await untilTrading(dataDir);
    await untilStatus(dataDir, ({ intents }) => intents > 0);
    system.child.kill('SIGTERM');
    const finished = await system.done;
    assert.equal(finished.code, 0, finished.stderr.slice(-3000));
    const proof = await run('verify', '--data-dir', dataDir, '--json');
    const { ok, problems, intents } = json<{ ok: boolean; intents: number; problems: unknown[] }>(proof);
    assert.deepEqual(problems, []);
    assert.equal(ok, true);
    assert.ok(intents > 0, 'the run must have traded for the test to mean anything');
  });
});

describe('a data directory that is taken away', function () {
  this.timeout(120_000);

  it('ST-5 the system ends by itself or on a signal, and never hangs', async () => {
    const dataDir = freshDirectory();
    const system = await boot(dataDir);
    await untilTrading(dataDir);
    rmSync(dataDir, { recursive: true, force: true });
    await sleep(1000);
    system.child.kill('SIGTERM');
    const finished = await system.done;
    assert.equal(finished.signal, null);
  });
});

describe('paper', function () {
  this.timeout(120_000);

  it('RT-1 the wire: while paper trades, not one request reaches an order endpoint of the venue', async () => {
    const dataDir = freshDirectory();
    const system = await boot(dataDir);
    await untilTrading(dataDir);
    const { marketMs: from } = await statusOf(dataDir);
    await untilStatus(dataDir, ({ fills, marketMs }) => fills > 0 && marketMs >= from + HOUR_MS);
    const counters = (await askSystem(socketOf(dataDir), { command: 'ask', actor: 'venue.embedded', query: 'counters', args: [] }, ASK_MS_MAX)) as {
      orderEndpointHits: number;
    };
    system.child.kill('SIGTERM');
    await system.done;
    assert.equal(counters.orderEndpointHits, 0);
  });
});

describe('npm run kill', function () {
  this.timeout(120_000);

  it('OP-3 KS-2 holds while the main process is stopped; once it goes on, nothing new is entered', async () => {
    const dataDir = freshDirectory();
    const system = await boot(dataDir);
    await untilTrading(dataDir);
    system.child.kill('SIGSTOP');
    const killed = await run('kill', '--data-dir', dataDir, '--json', '--reason', 'main is stopped');
    assert.equal(killed.code, 0);
    const answer = json<{ tripped: boolean; latch: boolean; acks: unknown[] }>(killed);
    assert.deepEqual([answer.tripped, answer.latch, answer.acks], [true, true, []]);
    system.child.kill('SIGCONT');
    await sleep(1500);
    const before = await statusOf(dataDir);
    const entered = async (): Promise<number> => {
      const orders = (await askSystem(socketOf(dataDir), { command: 'ask', actor: 'governor', query: 'allowances', args: [] }, ASK_MS_MAX)) as {
        openPositions: number;
        liveEntries: number;
      }[];
      return orders.reduce((sum, { openPositions, liveEntries }) => sum + openPositions + liveEntries, 0);
    };
    const open = await entered();
    await untilStatus(dataDir, ({ marketMs }) => marketMs >= before.marketMs + HOUR_MS / 2);
    assert.ok((await entered()) <= open, 'positions only ever became fewer');
    const status = json<{ tripped: boolean }>(await run('kill', '--status', '--data-dir', dataDir, '--json'));
    assert.equal(status.tripped, true);
    system.child.kill('SIGTERM');
    await system.done;
    const proof = json<{ ok: boolean; problems: unknown[] }>(await run('verify', '--data-dir', dataDir, '--json'));
    assert.deepEqual(proof.problems, []);
  });

  it('KS-1 the latch survives a restart, and re-arming takes the typed word', async () => {
    const dataDir = freshDirectory();
    assert.equal((await run('kill', '--data-dir', dataDir)).code, 0);
    const system = await boot(dataDir);
    await system.line(/close-only: the kill latch is set/);
    assert.equal((await run('kill', '--rearm', '--data-dir', dataDir)).code, 2);
    assert.equal((await run('kill', '--rearm', '--confirm', 'REARM', '--data-dir', dataDir)).code, 0);
    assert.equal(json<{ tripped: boolean }>(await run('kill', '--status', '--data-dir', dataDir, '--json')).tripped, false);
    system.child.kill('SIGTERM');
    assert.equal((await system.done).code, 0);
  });
});
