/** ST-5: crash points of the main process, each met exactly: it kills itself with -9 where the point is, and the next life must say what is right. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { adminSocketPath } from '#supervisors/admin-path.ts';
import { askSystem } from '#cli/admin-client.ts';
import { paths } from '#state/data-dir.ts';
import { openSnapshots } from '#state/snapshots.ts';
import type { EventBody, EventType, Fact } from '#trading/model/events.ts';
import type { ModesView } from '#protocol/view.ts';
import { add, money } from '#trading/money/decimal.ts';
import { writeCandles } from '#test/support/candles.ts';
import { freshDirectory, json, run, start } from '#test/support/command.ts';
import { died, startToDie, writesSnapshots, type DeathPoint } from '#test/support/die-at.ts';
import { agree, ask, boot, prove, stop, untilAgreed, untilTrading } from '#test/support/rehearsed.ts';
import { factsOf } from '#test/support/venue-account.ts';

const bodies = <T extends EventType>(facts: readonly Fact[], type: T): readonly EventBody<T>[] =>
  facts.flatMap((fact) => (fact.type === type ? [fact.body as EventBody<T>] : []));
const PAPER_FILL = ['"type":"fill.recorded"', '"mode":"paper"'];
const CLOSED = ['"type":"trade.closed"'];
const ARMED = ['"type":"mode.changed"', '"mode":"live"', '"on":true'];
const LIVE_ARGS = ['--speed', 'max', '--seed', '3', '--rehearse', 'crypto_spot,crypto_futures'];

interface Report {
  readonly closedTrades: number;
  readonly byAsset: Readonly<Record<string, { readonly paper: { readonly closedTrades: number; readonly pnl: string } }>>;
}

/** Written candles, played by lives that die at the points and by one that plays to the end. */
async function playedThrough(
  ...points: readonly DeathPoint[]
): Promise<{ facts: readonly Fact[]; report: Report; atDeath: readonly (readonly Fact[])[]; dataDir: string }> {
  const dataDir = freshDirectory();
  const file = writeCandles(freshDirectory(), { bars: 700 });
  const args = ['--play', file, '--speed', 'max', '--until-end', '--seed', '7'];
  const atDeath: (readonly Fact[])[] = [];
  for (const point of points) {
    await died(startToDie(point, dataDir, ...args));
    atDeath.push(await factsOf(dataDir));
  }
  const finished = await start('system', '--no-page', '--json', '--data-dir', dataDir, ...args).done;
  assert.equal(finished.code, 0, finished.stderr.slice(-3000));
  const facts = await factsOf(dataDir);
  // What was durable stands.
  for (const known of atDeath) assert.deepEqual(facts.slice(0, known.length), known);
  return { facts, report: json<Report>(finished), atDeath, dataDir };
}

describe('kill -9 at every point of the main process', function () {
  this.timeout(600_000);

  it('ST-5 KS-1 C15 the latch is written and the kill is not durable: the next life journals it and enters nothing', async () => {
    const dataDir = freshDirectory();
    const system = startToDie({ what: 'rename', when: 'after', with: ['/KILL'] }, dataDir, ...LIVE_ARGS);
    await system.line(/gateway\.bybit\.orders {2}filled buy/);
    await askSystem(
      adminSocketPath(paths(dataDir, 'embedded').adminSocket),
      { command: 'kill', scope: 'all', reason: 'C15', source: 'cli', flatten: false },
      5000,
    ).catch(() => undefined);
    await died(system);
    assert.ok(existsSync(paths(dataDir, 'embedded').latch));
    const before = await factsOf(dataDir);
    assert.deepEqual(bodies(before, 'kill.tripped'), []);
    // A rehearsal does not start under a latch; what an earlier run sent is watched all the same.
    const next = await boot(dataDir, '--speed', 'max', '--seed', '3');
    await next.line(/close-only: the kill latch is set/);
    await untilTrading(dataDir);
    await untilAgreed(dataDir);
    await stop(next);
    const facts = (await factsOf(dataDir)).slice(before.length);
    assert.equal(bodies(facts, 'kill.tripped').length, 1);
    assert.deepEqual(
      bodies(facts, 'order.sending').filter(({ purpose }) => purpose === 'entry'),
      [],
    );
    await agree(dataDir);
  });

  for (const when of ['before', 'after'] as const)
    it(`ST-5 ST-1 C19 while a snapshot is written, ${when} it is in its place: half of one is never used, and swept`, async () => {
      const dir = freshDirectory();
      await writesSnapshots(dir, { what: 'rename', when, with: ['/governor/', '03.json'] });
      const files = (): readonly string[] => readdirSync(join(dir, 'governor')).filter((name) => name.endsWith('.tmp'));
      assert.equal(files().length, when === 'before' ? 1 : 0);
      const newest = when === 'before' ? 2 : 3;
      const saved = await openSnapshots({ dir }).load('governor');
      assert.deepEqual(saved, { seq: newest, journalHash: `hash ${newest}`, state: { seq: newest, text: 'x'.repeat(1000) } });
      assert.deepEqual(files(), []);
    });

  it('ST-5 SZ-6 C21 a trade closes and its budget rolls over: one fact, so before it there is neither, and behind it both, once', async () => {
    const { facts, report, atDeath, dataDir } = await playedThrough(
      { what: 'batch', when: 'before', with: CLOSED },
      { what: 'batch', when: 'after', with: CLOSED },
      { what: 'batch', when: 'before', with: CLOSED },
    );
    const closed = bodies(facts, 'trade.closed').map(({ trade }) => trade);
    assert.ok(closed.length >= 2, `${closed.length} trades`);
    assert.equal(new Set(closed.map(({ tradeId }) => tradeId)).size, closed.length, 'a trade closed twice');
    assert.deepEqual(
      atDeath.map((known) => bodies(known, 'trade.closed').length),
      [0, 1, 1],
    );
    assert.equal(report.byAsset['crypto_spot']?.paper.pnl, add(money('0'), ...closed.map(({ pnl }) => pnl)));
    const lines = readFileSync(join(dataDir, 'embedded', 'state', 'paper', 'trades_crypto_spot.jsonl'), 'utf8')
      .trim()
      .split('\n');
    assert.equal(lines.length, closed.length);
    await prove(dataDir);
  });

  it('ST-5 C23 the simulator in the middle of a fill: what was durable stands, and every fill is derived again', async () => {
    const { facts, atDeath, dataDir } = await playedThrough(
      { what: 'batch', when: 'before', with: PAPER_FILL },
      { what: 'batch', when: 'after', with: PAPER_FILL },
      { what: 'batch', when: 'before', with: [...PAPER_FILL, '"side":"sell"'] },
    );
    const fills = bodies(facts, 'fill.recorded').map(({ fill }) => fill);
    assert.equal(new Set(fills.map(({ fillId }) => fillId)).size, fills.length, 'a fill twice');
    assert.equal(bodies(atDeath[0] ?? [], 'fill.recorded').length, 0);
    assert.ok(bodies(atDeath[1] ?? [], 'fill.recorded').length >= 1);
    const ended = bodies(facts, 'order.ended').map(({ clientOrderId }) => clientOrderId);
    assert.equal(new Set(ended).size, ended.length, 'two ends of one order');
    const proof = (await prove(dataDir)) as unknown as { readonly paperFills: number; readonly rederived: number };
    assert.deepEqual([proof.paperFills, proof.rederived], [fills.length, fills.length]);
  });

  for (const when of ['before', 'after'] as const)
    it(`ST-5 RT-2 C24 live is being switched on, and the process dies ${when} that is durable: the next life is disarmed, and the old confirmation is worth nothing`, async () => {
      const dataDir = freshDirectory();
      const system = startToDie({ what: 'batch', when, with: ARMED }, dataDir, '--speed', '600', '--seed', '3');
      await system.line(/ running /);
      await run('mode', 'crypto_spot', 'live', 'on', '--confirm', 'LIVE crypto_spot', '--data-dir', dataDir);
      await died(system);
      const [asked] = bodies(await factsOf(dataDir), 'mode.requested');
      assert.ok(asked !== undefined);
      assert.equal(bodies(await factsOf(dataDir), 'mode.changed').length, when === 'before' ? 0 : 1);
      const next = await boot(dataDir, '--speed', '600', '--seed', '3');
      await untilTrading(dataDir);
      const confirm = { command: 'mode.confirm', asset: 'crypto_spot', nonce: asked.nonce, typed: 'LIVE crypto_spot', source: 'cli' } as const;
      await assert.rejects(ask(dataDir, confirm), /CONFIRM_EXPIRED/);
      const { modes } = await ask<{ readonly modes: Readonly<Record<string, ModesView>> }>(dataDir, { command: 'status' });
      assert.equal(modes['crypto_spot']?.live, false);
      await stop(next);
      assert.deepEqual(bodies(await factsOf(dataDir), 'order.sending'), []);
      await prove(dataDir);
    });

  it('ST-5 C26 two runs of one directory: the second is refused while the first lives, and takes over when it is killed', async () => {
    const dataDir = freshDirectory();
    const first = await boot(dataDir, ...LIVE_ARGS);
    await first.line(/gateway\.bybit\.orders {2}filled buy/);
    const second = await run('system', '--no-page', '--json', '--data-dir', dataDir, ...LIVE_ARGS);
    assert.equal(second.code, 2);
    assert.match(second.stderr, /is held by another run/);
    await untilTrading(dataDir);
    first.child.kill('SIGKILL');
    await first.done;
    const third = await boot(dataDir, ...LIVE_ARGS);
    await untilTrading(dataDir);
    await untilAgreed(dataDir);
    await stop(third);
    await agree(dataDir);
  });
});
