/** Live, rehearsed on the embedded venue: the venue's account, as its own file tells it, is what our journal says. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { WhyAnswer } from '#trading/model/why.ts';
import { writeCandles } from '#test/support/candles.ts';
import { freshDirectory, run, type Running } from '#test/support/command.ts';
import { random } from '#test/support/faults.ts';
import { agree, ask, askActor, boot, prove, REST_LOOKS_MAX, sleep, stop, tree, untilAgreed, untilTrading } from '#test/support/rehearsed.ts';
import { factsOf, ourOpen, strangeOrders, venueAccount } from '#test/support/venue-account.ts';

const VICTIMS = ['gateway.bybit.port', 'main', 'venue.embedded', 'gateway.bybit'] as const;
const KILLS = 8;
const IN_FLIGHT_MS = 120;
const CHAOS_MS = 20_000;
const SEED = Number(process.env['STORM_SEED'] ?? 5);

/** Resolves at the next line that fits and was not there before. */
async function nextSaid(system: Running, pattern: RegExp): Promise<void> {
  const count = (): number =>
    system
      .said()
      .split('\n')
      .filter((line) => pattern.test(line)).length;
  const before = count();
  for (let look = 0; look < 6000; look++) {
    if (count() > before) return;
    await sleep(5);
  }
  throw new Error(`nothing like ${String(pattern)} was said: ${system.said().slice(-1000)}`);
}

describe('live, rehearsed', function () {
  this.timeout(240_000);

  it('RT-2 ST-3 both assets trade beside paper, and the account of the venue is ours: every execution, position and order', async () => {
    const dataDir = freshDirectory();
    const system = await boot(dataDir, '--speed', 'max', '--seed', '3', '--rehearse', 'crypto_spot,crypto_futures');
    await system.line(/gateway\.bybit\.orders {2}filled .*USDT at .*reason=(exit|stop_loss|take_profit)/);
    await system.line(/gateway\.bybit\.orders {2}filled buy \S+ \w+\/USDT at/);
    await system.line(/gateway\.bybit\.orders {2}filled \w+ \S+ \w+\/USDT:USDT at/);
    await untilAgreed(dataDir);
    const { chains } = await ask<WhyAnswer>(dataDir, { command: 'why', asset: 'crypto_spot' });
    for (const mode of ['paper', 'live'])
      assert.ok(
        chains.some((chain) => chain.mode === mode && chain.gates.length > 0),
        `why says nothing of ${mode}`,
      );
    assert.ok(chains.some(({ mode, gates }) => mode === 'live' && gates.some(({ gate, by }) => by === 'execution' && gate === 'sent')));
    await stop(system);
    const counts = await agree(dataDir);
    assert.ok((counts['crypto_spot'] ?? 0) > 0 && (counts['crypto_futures'] ?? 0) > 0, JSON.stringify(counts));
  });

  it('RT-2 VF-1 on written candles, to their end: coins that no order can sell are dust, and nothing of them is lost', async () => {
    const dataDir = freshDirectory();
    const file = writeCandles(freshDirectory(), { bars: 900 });
    const system = await boot(dataDir, '--play', file, '--speed', 'max', '--until-end', '--seed', '7', '--rehearse', 'crypto_spot');
    const finished = await system.done;
    assert.equal(finished.code, 0, finished.stderr.slice(-3000));
    const counts = await agree(dataDir);
    assert.ok((counts['crypto_spot'] ?? 0) >= 4, JSON.stringify(counts));
  });
});

describe('live in a storm', function () {
  this.timeout(400_000);

  it(`ST-2 ST-3 ST-5 ${KILLS} kills of main, gateways and venue at random moments: one truth at the end`, async () => {
    const dataDir = freshDirectory();
    const args = ['--speed', 'max', '--seed', '3', '--rehearse', 'crypto_spot,crypto_futures'];
    const draw = random(SEED);
    let system = await boot(dataDir, ...args);
    for (let kill = 0; kill < KILLS; kill++) {
      await untilTrading(dataDir);
      // While orders are on their way: that is when a crash can hurt.
      await nextSaid(system, / approved /);
      await sleep(draw() * IN_FLIGHT_MS);
      const victim = VICTIMS[kill % VICTIMS.length] ?? 'main';
      if (victim === 'main') {
        system.child.kill('SIGKILL');
        await system.done;
        system = await boot(dataDir, ...args);
      } else {
        const pid = (await tree(dataDir)).find(({ name }) => name === victim)?.pid;
        if (typeof pid === 'number') process.kill(pid, 'SIGKILL');
      }
    }
    await untilTrading(dataDir);
    await sleep(4000);
    await untilAgreed(dataDir);
    await stop(system);
    const counts = await agree(dataDir);
    assert.ok((counts['crypto_futures'] ?? 0) > 4, `the run must have traded for the test to mean anything: ${JSON.stringify(counts)}`);
  });
});

describe('live under --chaos', function () {
  this.timeout(240_000);

  it('ST-5 every actor crashed, killed or stopped every 1.5 s: the run ends well and its journal is proven', async () => {
    const dataDir = freshDirectory();
    const system = await boot(dataDir, '--speed', '300', '--seed', '3', '--chaos', '1500', '--rehearse', 'crypto_spot,crypto_futures');
    await system.line(/gateway\.bybit\.orders {2}filled/);
    await sleep(CHAOS_MS);
    await stop(system);
    await prove(dataDir);
    assert.deepEqual(strangeOrders(venueAccount(dataDir), await factsOf(dataDir)), [], 'orders');
  });
});

describe('npm run kill, with live on', function () {
  this.timeout(240_000);

  it('KS-1 KS-2 OP-3 a kill keeps what protects and enters nothing; --flatten closes every live position at the venue', async () => {
    const dataDir = freshDirectory();
    const system = await boot(dataDir, '--speed', 'max', '--seed', '3', '--rehearse', 'crypto_spot,crypto_futures');
    await system.line(/gateway\.bybit\.orders {2}filled buy \S+ \w+\/USDT at/);
    const killed = await run('kill', '--data-dir', dataDir, '--json', '--reason', 'a rehearsal');
    assert.equal(killed.code, 0, killed.stderr.slice(-2000));
    await sleep(3000);
    const { journalSeq } = await ask<{ journalSeq: number }>(dataDir, { command: 'status' });
    assert.equal((await run('kill', '--data-dir', dataDir, '--flatten', '--reason', 'all of it')).code, 0);
    await system.line(/gateway\.bybit\.orders {2}filled .*reason=flatten/);
    await untilFlat(dataDir);
    await stop(system);
    await agree(dataDir);
    const facts = await factsOf(dataDir);
    const killedAt = facts.find(({ type }) => type === 'kill.tripped')?.seq ?? 0;
    const entries = facts.filter((fact) => fact.type === 'order.sending' && fact.body.purpose === 'entry' && fact.seq > killedAt);
    assert.deepEqual(entries, []);
    const alarms = facts.filter((fact) => fact.type === 'alarm.raised' && fact.seq > killedAt && fact.seq <= journalSeq);
    assert.deepEqual(alarms, [], 'a kill alone leaves no position without its legs');
    assert.deepEqual(ourOpen(facts), []);
  });
});

async function untilFlat(dataDir: string): Promise<void> {
  for (let look = 0; look < REST_LOOKS_MAX; look++) {
    const { holdings } = await askActor<{ holdings: object }>(dataDir, 'gateway.bybit.orders', 'state');
    if (Object.keys(holdings).length === 0) return;
    await sleep(100);
  }
  assert.fail('live positions are open still');
}
