/** Live of IBKR, rehearsed at the embedded TWS: paper beside it, the gateways killed on the way, and the venue's account is ours at the end. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { adminSocketPath } from '#supervisors/admin-path.ts';
import { askSystem } from '#cli/admin-client.ts';
import { paths } from '#state/data-dir.ts';
import type { ActorView } from '#protocol/view.ts';
import type { Fact } from '#trading/model/events.ts';
import { money } from '#trading/money/decimal.ts';
import { freshDirectory, json, run, start, type Running } from '#test/support/command.ts';
import { factsOf, liveFills } from '#test/support/venue-account.ts';

const ASK_MS_MAX = 10_000;
const LOOKS_MAX = 600;
const LOOK_MS = 100;
const SEED = '3';

interface TwsAccount {
  readonly executions: readonly {
    readonly execId: string;
    readonly symbol: string;
    readonly side: string;
    readonly qty: string;
    readonly price: string;
    readonly commission: string;
  }[];
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

/** EUR.USD of EUR/USD, SPY   261218C00600000 of its option. */
function venueSymbolOf(facts: readonly Fact[], symbol: string): string {
  for (const fact of facts) if (fact.type === 'instrument.changed' && fact.body.instrument.symbol === symbol) return fact.body.instrument.venueSymbol;
  return symbol;
}

const stemOf = (execId: string): string => execId.slice(0, execId.lastIndexOf('.'));

/** One line an execution: what both sides must say alike. */
function agree(facts: readonly Fact[], account: TwsAccount): void {
  const ours = liveFills(facts).map((fill) =>
    [fill.venueExecutionId, venueSymbolOf(facts, fill.symbol), fill.side === 'buy' ? 'BUY' : 'SELL', fill.qty, fill.price, fill.fee].join(' '),
  );
  const theirs = account.executions.map(({ execId, symbol, side, qty, price, commission }) =>
    [stemOf(execId), symbol, side, qty, price, money(commission)].join(' '),
  );
  assert.deepEqual(ours.sort(), theirs.sort(), 'executions');
  assert.deepEqual(account.positions, [], 'positions');
  assert.deepEqual(account.open, [], 'orders');
}

async function traded(system: Running, assets: readonly string[]): Promise<void> {
  if (assets.includes('forex')) await system.line(/gateway\.ibkr\.orders {2}filled \w+ \S+ \w+\/USD at .*reason=(exit|stop_loss|take_profit)/);
  if (assets.includes('options')) await system.line(/gateway\.ibkr\.orders {2}filled \w+ \S+ \w+ \S+ \S+ [CP] at .*reason=entry/);
}

describe('live of IBKR, rehearsed', function () {
  this.timeout(300_000);

  it('RT-2 ST-3 ST-5 forex and options trade beside paper, their gateways are killed, and TWS has what the journal says', async () => {
    const dataDir = freshDirectory();
    const assets = 'forex,options';
    const args = ['--speed', 'max', '--seed', SEED, '--assets', assets, '--rehearse', assets];
    const system = start('system', '--no-page', '--json', '--data-dir', dataDir, ...args);
    await system.line(/ running /);
    await traded(system, ['forex', 'options']);
    await kill(dataDir, 'gateway.ibkr.port');
    await kill(dataDir, 'gateway.ibkr');
    const before = await askActor<TwsAccount>(dataDir, 'venue.embedded', 'tws-account');
    await until(
      'trades after the restart',
      () => askActor<TwsAccount>(dataDir, 'venue.embedded', 'tws-account'),
      ({ executions }) => executions.length > before.executions.length + 1,
    );
    await until(
      'agreement',
      () => askActor<readonly unknown[]>(dataDir, 'reconciler', 'differences'),
      (differences) => Array.isArray(differences) && differences.length === 0,
    );
    assert.equal((await run('kill', '--data-dir', dataDir, '--flatten', '--reason', 'the end')).code, 0);
    await until(
      'flat',
      () => askActor<{ holdings: object; orders: object }>(dataDir, 'gateway.ibkr.orders', 'state'),
      ({ holdings, orders }) => Object.keys(holdings).length + Object.keys(orders).length === 0,
    );
    const account = await askActor<TwsAccount>(dataDir, 'venue.embedded', 'tws-account');
    system.child.kill('SIGTERM');
    const finished = await system.done;
    assert.equal(finished.code, 0, finished.stderr.slice(-3000));
    const proof = json<{ ok: boolean; problems: unknown[] }>(await run('verify', '--data-dir', dataDir, '--json'));
    assert.deepEqual([proof.ok, proof.problems], [true, []]);
    const facts = await factsOf(dataDir);
    agree(facts, account);
    const assetsTraded = new Set(liveFills(facts).map(({ asset }) => asset));
    assert.deepEqual([...assetsTraded].sort(), ['forex', 'options']);
    assert.deepEqual(
      facts.filter(({ type }) => type === 'reconcile.differed'),
      [],
    );
  });
});
