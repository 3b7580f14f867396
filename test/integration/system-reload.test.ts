import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { askSystem } from '#cli/admin-client.ts';
import type { BudgetsFile } from '#config/budgets.ts';
import { openJournal } from '#state/journal.ts';
import { paths } from '#state/data-dir.ts';
import { adminSocketPath } from '#supervisors/admin-path.ts';
import type { Allowance } from '#trading/model/messages.ts';
import { writeCandles } from '#test/support/candles.ts';
import { freshDirectory, json, ROOT, run, start, type Running } from '#test/support/command.ts';

const ASK_MS_MAX = 10_000;
const LOOKS_MAX = 200;
const LOOK_MS = 100;
const BARS = 1200;

describe('budgets that change while the system trades', function () {
  this.timeout(120_000);
  const configDir = freshDirectory();
  const dataDir = freshDirectory();
  const file = join(configDir, 'budgets.json');
  const places = paths(dataDir, 'embedded');
  const ask = (actor: string, query: string): Promise<unknown> =>
    askSystem(adminSocketPath(places.adminSocket), { command: 'ask', actor, query, args: [] }, ASK_MS_MAX);
  const repl = (line: string) => run('repl', '-e', line, '--json', '--data-dir', dataDir);
  const setBudget = (usd: unknown): void => {
    const budgets = JSON.parse(readFileSync(join(ROOT, 'config', 'budgets.json'), 'utf8')) as BudgetsFile;
    writeFileSync(file, JSON.stringify({ ...budgets, alloc: { ...budgets.alloc, crypto_spot: usd } }));
  };
  const alloc = async (): Promise<string> => {
    const allowances = (await ask('governor', 'allowances')) as readonly Allowance[];
    return allowances.find(({ asset, mode }) => asset === 'crypto_spot' && mode === 'paper')?.budget ?? 'none';
  };
  const untilTrue = async (what: string, is: () => Promise<boolean>): Promise<void> => {
    for (let look = 0; look < LOOKS_MAX; look++) {
      if (await is()) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    throw new Error(`never came: ${what}`);
  };
  let system: Running;

  before(async () => {
    cpSync(join(ROOT, 'config'), configDir, { recursive: true, filter: (path) => !path.endsWith('.ts') });
    system = start('system', '--speed', '600', '--no-page', '--json', '--seed', '5', '--config-dir', configDir, '--data-dir', dataDir);
    await system.line(/ running /);
    await untilTrue('allowances', async () => (await alloc()) !== 'none');
  });

  it('CF-3 a lower budget reaches the governor without a restart', async () => {
    const was = Number(await alloc());
    setBudget(400);
    await system.line(/settings reloaded: alloc\.crypto_spot 1000 → 400/);
    await untilTrue('the lower budget', async () => Number(await alloc()) < was - 500);
  });

  it('CF-3 a wrong file is refused in one line and the budget in force stays', async () => {
    setBudget('much');
    await system.line(/budgets\.json: alloc\.crypto_spot is "much": .*; the settings in force stay/);
    assert.ok(Number(await alloc()) < 700, await alloc());
    const answer = await repl('reload');
    assert.equal(answer.code, 1);
    assert.match(answer.stderr, /alloc\.crypto_spot is "much"/);
  });

  it('CF-3 OP-2 reload on demand says what changed and what is in force', async () => {
    setBudget(300);
    await system.line(/settings reloaded: alloc\.crypto_spot 400 → 300/);
    const answer = json<{ changed: boolean; settings: string }>(await repl('reload'));
    assert.equal(answer.changed, false);
    assert.match(answer.settings, /^[0-9a-f]{64}$/);
  });

  it('CF-3 VF-1 the journal has every change and verify takes the settings in force at the time', async () => {
    system.child.kill('SIGTERM');
    const finished = await system.done;
    assert.equal(finished.code, 0, finished.stderr.slice(-2000));
    const proof = json<{ ok: boolean; problems: unknown }>(await run('verify', '--json', '--data-dir', dataDir));
    assert.equal(proof.ok, true, JSON.stringify(proof.problems));
    const journal = await openJournal({ dir: places.leveldb, anchorPath: places.anchor });
    const loaded: string[] = [];
    for await (const fact of journal.read(0, new Set(['settings.loaded']))) {
      if (fact.type === 'settings.loaded') loaded.push(fact.body.settings.alloc.crypto_spot);
    }
    await journal.close();
    assert.deepEqual(loaded, ['1000', '400', '300']);
  });
});

describe('budgets that change again and again while trades close', function () {
  this.timeout(180_000);

  it('CF-3 VF-1 SZ-8 every trade is booked under the settings that the journal has in force', async () => {
    const configDir = freshDirectory();
    const dataDir = freshDirectory();
    cpSync(join(ROOT, 'config'), configDir, { recursive: true, filter: (path) => !path.endsWith('.ts') });
    const file = join(configDir, 'budgets.json');
    const budgets = JSON.parse(readFileSync(file, 'utf8')) as BudgetsFile;
    const socket = adminSocketPath(paths(dataDir, 'embedded').adminSocket);
    const candles = writeCandles(freshDirectory(), { bars: BARS });
    const args = ['--play', candles, '--speed', 'max', '--until-end', '--no-page', '--json', '--config-dir', configDir, '--data-dir', dataDir];
    const system = start('system', ...args);
    await system.line(/ running /);
    let reloads = 0;
    for (let isOver = false; !isOver; reloads++) {
      writeFileSync(file, JSON.stringify({ ...budgets, alloc: { ...budgets.alloc, crypto_spot: 1000 + (reloads % 7) } }));
      await askSystem(socket, { command: 'reload' }, ASK_MS_MAX).catch(() => (isOver = true));
    }
    const finished = await system.done;
    assert.equal(finished.code, 0, finished.stderr.slice(-2000));
    assert.ok(json<{ closedTrades: number }>(finished).closedTrades >= 5);
    assert.ok(reloads > 20, `${reloads} reloads`);
    const proof = json<{ ok: boolean; problems: unknown }>(await run('verify', '--json', '--data-dir', dataDir));
    assert.equal(proof.ok, true, JSON.stringify(proof.problems));
  });
});
