/** Live of IBKR, rehearsed at the embedded TWS: paper beside it, the gateways killed on the way, and the venue's account is ours at the end. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { adminSocketPath } from '#supervisors/admin-path.ts';
import { askSystem } from '#cli/admin-client.ts';
import { paths } from '#state/data-dir.ts';
import type { ActorView } from '#protocol/view.ts';
import { freshDirectory, json, run, start, type Running } from '#test/support/command.ts';
import { ourTwsAccount, ourTwsRows, twsAccount, twsRows } from '#test/support/tws-account.ts';
import { factsOf, liveFills } from '#test/support/venue-account.ts';

const ASK_MS_MAX = 10_000;
const LOOKS_MAX = 6000;
const LOOK_MS = 100;
const SEED = '3';

/** What the venue answers while it runs. */
interface Told {
  readonly executions: readonly { readonly execId: string }[];
  readonly positions: readonly unknown[];
  readonly open: readonly { readonly orderRef: string }[];
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const ask = <T>(dataDir: string, request: Parameters<typeof askSystem>[1]): Promise<T> =>
  askSystem(adminSocketPath(paths(dataDir, 'embedded').adminSocket), request, ASK_MS_MAX) as Promise<T>;
const askActor = <T>(dataDir: string, actor: string, query: string): Promise<T> => ask(dataDir, { command: 'ask', actor, query, args: [] });

async function until<T>(what: string, look: () => Promise<T>, good: (value: T) => boolean): Promise<T> {
  let last: T | undefined;
  for (let times = 0; times < LOOKS_MAX; times++) {
    last = await look();
    if (good(last)) return last;
    await sleep(LOOK_MS);
  }
  throw new Error(`never came: ${what}; last ${JSON.stringify(last)?.slice(0, 600) ?? ''}`);
}

async function kill(dataDir: string, actor: string): Promise<void> {
  const { pid } = (await ask<readonly ActorView[]>(dataDir, { command: 'tree' })).find(({ name }) => name === actor) ?? {};
  assert.ok(typeof pid === 'number', `${actor} has a process`);
  process.kill(pid, 'SIGKILL');
  await until(
    `${actor} again`,
    () => ask<readonly ActorView[]>(dataDir, { command: 'tree' }),
    (tree) => tree.every(({ name, state, pid: now }) => state === 'running' && (name !== actor || now !== pid)),
  );
}

async function agreed(dataDir: string): Promise<void> {
  await until(
    'agreement',
    () => askActor<readonly unknown[]>(dataDir, 'reconciler', 'differences'),
    (differences) => Array.isArray(differences) && differences.length === 0,
  );
}

const toldBy = (dataDir: string): Promise<Told> => askActor<Told>(dataDir, 'venue.embedded', 'tws-account');

/** What TWS had, it has: executions by id. What came since is beside it. */
function assertKept(before: Told, after: Told): void {
  const ids = new Set(after.executions.map(({ execId }) => execId));
  assert.deepEqual(
    before.executions.filter(({ execId }) => !ids.has(execId)),
    [],
    'executions that are gone',
  );
}

async function traded(system: Running, assets: readonly string[]): Promise<void> {
  if (assets.includes('forex')) await system.line(/gateway\.ibkr\.orders {2}filled \w+ \S+ \w+\/USD at .*reason=(exit|stop_loss|take_profit)/);
  if (assets.includes('options')) await system.line(/gateway\.ibkr\.orders {2}filled \w+ \S+ \w+ \S+ \S+ [CP] at .*reason=entry/);
}

describe('live of IBKR, rehearsed', function () {
  this.timeout(900_000);

  it('RT-2 ST-3 ST-5 forex and options trade beside paper; gateways, venue and main are killed, and TWS has what the journal says: to the cent', async () => {
    const dataDir = freshDirectory();
    const assets = 'forex,options';
    const args = ['--speed', 'max', '--seed', SEED, '--assets', assets, '--rehearse', assets];
    const boot = async (): Promise<Running> => {
      const booted = start('system', '--no-page', '--json', '--data-dir', dataDir, ...args);
      await booted.line(/ running /);
      return booted;
    };
    let system = await boot();
    await traded(system, ['forex', 'options']);
    for (const victim of ['gateway.ibkr.port', 'gateway.ibkr', 'venue.embedded', 'main']) {
      const before = await toldBy(dataDir);
      if (victim === 'main') {
        system.child.kill('SIGKILL');
        await system.done;
        system = await boot();
      } else await kill(dataDir, victim);
      assertKept(before, await toldBy(dataDir));
      await agreed(dataDir);
    }
    const before = await toldBy(dataDir);
    await until(
      'trades after the restarts',
      () => toldBy(dataDir),
      ({ executions }) => executions.length > before.executions.length + 1,
    );
    await agreed(dataDir);
    assert.equal((await run('kill', '--data-dir', dataDir, '--flatten', '--reason', 'the end')).code, 0);
    await until(
      'flat',
      () => askActor<{ holdings: object; orders: object }>(dataDir, 'gateway.ibkr.orders', 'state'),
      ({ holdings, orders }) => Object.keys(holdings).length + Object.keys(orders).length === 0,
    );
    system.child.kill('SIGTERM');
    const finished = await system.done;
    assert.equal(finished.code, 0, finished.stderr.slice(-3000));
    const proof = json<{ ok: boolean; problems: unknown[] }>(await run('verify', '--data-dir', dataDir, '--json'));
    assert.deepEqual([proof.ok, proof.problems], [true, []]);
    const facts = await factsOf(dataDir);
    const fills = liveFills(facts);
    const account = twsAccount(dataDir);
    assert.deepEqual(ourTwsRows(facts, fills), twsRows(account), 'executions');
    assert.deepEqual(ourTwsAccount(facts, fills), { positions: account.positions, cash: account.cash });
    assert.deepEqual([account.positions, account.open], [{}, []]);
    const assetsTraded = new Set(fills.map(({ asset }) => asset));
    assert.deepEqual([...assetsTraded].sort(), ['forex', 'options']);
    assert.deepEqual(
      facts.filter(({ type }) => type === 'reconcile.differed'),
      [],
    );
  });
});
