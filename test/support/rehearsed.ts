/** A running system of tests that trades live on the embedded venue: asked over its admin socket, waited for, and proven when it is over. */
import assert from 'node:assert/strict';
import { adminSocketPath } from '#supervisors/admin-path.ts';
import { askSystem } from '#cli/admin-client.ts';
import { paths } from '#state/data-dir.ts';
import type { ActorView } from '#protocol/view.ts';
import { json, run, start, type Running } from './command.ts';
import { factsOf, liveFills, naked, ourHeld, ourRows, strangeOrders, venueAccount, venueRows } from './venue-account.ts';

const ASK_MS_MAX = 10_000;
const LOOK_MS = 100;
const LOOKS_MAX = 400;
export const REST_LOOKS_MAX = 200;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const ask = <T>(dataDir: string, request: Parameters<typeof askSystem>[1]): Promise<T> =>
  askSystem(adminSocketPath(paths(dataDir, 'embedded').adminSocket), request, ASK_MS_MAX) as Promise<T>;
export const askActor = <T>(dataDir: string, actor: string, query: string): Promise<T> => ask(dataDir, { command: 'ask', actor, query, args: [] });
export const tree = (dataDir: string): Promise<readonly ActorView[]> => ask(dataDir, { command: 'tree' });

export async function boot(dataDir: string, ...args: readonly string[]): Promise<Running> {
  const system = start('system', '--no-page', '--json', '--data-dir', dataDir, ...args);
  await system.line(/ running /);
  return system;
}

export async function stop(system: Running): Promise<void> {
  system.child.kill('SIGTERM');
  const finished = await system.done;
  assert.equal(finished.code, 0, finished.stderr.slice(-3000));
}

/** The market goes on, so rest is a moment: what differs only while an order is on its way is not there at the next look. */
export async function untilAgreed(dataDir: string): Promise<void> {
  let last: unknown = null;
  for (let look = 0; look < REST_LOOKS_MAX; look++) {
    last = await askActor<readonly unknown[]>(dataDir, 'reconciler', 'differences');
    if (Array.isArray(last) && last.length === 0) return;
    await sleep(LOOK_MS);
  }
  assert.fail(`differences stand: ${JSON.stringify(last)}`);
}

/** Every actor runs, and market time moves. */
export async function untilTrading(dataDir: string): Promise<void> {
  for (let look = 0, from = -1; look < LOOKS_MAX; look++) {
    const actors = await tree(dataDir);
    const { marketMs } = await ask<{ marketMs: number }>(dataDir, { command: 'status' });
    if (from >= 0 && marketMs > from && actors.every(({ state }) => state === 'running')) return;
    from = marketMs;
    await sleep(LOOK_MS);
  }
  throw new Error(`not trading again: ${JSON.stringify(await tree(dataDir))}`);
}

export interface Proof {
  readonly ok: boolean;
  readonly problems: readonly unknown[];
}

/** What `verify` answers. */
export async function prove(dataDir: string): Promise<Proof> {
  const proof = json<Proof>(await run('verify', '--data-dir', dataDir, '--json'));
  assert.deepEqual(proof.problems, []);
  assert.equal(proof.ok, true);
  return proof;
}

/** The venue's account and the journal say the same, and verify is content. Returns how many live fills there were, by asset. */
export async function agree(dataDir: string): Promise<Readonly<Record<string, number>>> {
  await prove(dataDir);
  const facts = await factsOf(dataDir);
  const fills = liveFills(facts);
  const account = venueAccount(dataDir);
  assert.deepEqual(ourRows(fills), venueRows(account), 'executions');
  assert.deepEqual(ourHeld(fills), account.held, 'positions');
  assert.deepEqual(strangeOrders(account, facts), [], 'orders');
  assert.deepEqual(naked(account, facts), [], 'naked');
  const counts: Record<string, number> = {};
  for (const { asset } of fills) counts[asset] = (counts[asset] ?? 0) + 1;
  return counts;
}
