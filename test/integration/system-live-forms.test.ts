/** BR-1, decision 47: a strategy that asks for a trailing stop and rungs, live on the embedded venue, in a whole system that is killed while it trades. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Fact } from '#trading/model/events.ts';
import { freshDirectory, type Running } from '../support/command.ts';
import { configWith } from '../support/config-with.ts';
import { agree, askActor, boot, sleep, stop, tree, untilAgreed, untilTrading } from '../support/rehearsed.ts';
import { factsOf } from '../support/venue-account.ts';

const MOVED = /moved the stop of/;
const MOVES_MIN = 4;
const LOOK_MS = 100;
const LOOKS_MAX = 900;
const VICTIMS = ['gateway.bybit.port', 'main', 'venue.embedded'] as const;

const count = (facts: readonly Fact[], fits: (fact: Fact) => boolean): number => facts.filter(fits).length;

const moves = (system: Running): number => system.said().split('\n').filter((line) => MOVED.test(line)).length; // prettier-ignore

/** One rests at the venue now. */
async function untilRung(dataDir: string): Promise<void> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const orders = await askActor<readonly { readonly clientOrderId: string }[]>(dataDir, 'gateway.bybit.orders', 'orders');
    if (orders.some(({ clientOrderId }) => /-t\d+$/.test(clientOrderId))) return;
    await sleep(LOOK_MS);
  }
  assert.fail('no rung was placed');
}

describe('forms of a bracket, live in a whole system', function () {
  this.timeout(240_000);

  it('BR-3 ST-5 perpetuals: stops are moved at the venue, rungs are placed, and kills of port, main and venue change nothing of what is true', async () => {
    const dataDir = freshDirectory();
    const config = configWith({ trailAtr: 1.5, partials: [{ atr: 1, fraction: 0.4 }] });
    const args = ['--speed', 'max', '--seed', '3', '--config-dir', config, '--rehearse', 'crypto_futures'];
    let system = await boot(dataDir, ...args);
    let before = 0;
    for (const victim of VICTIMS) {
      await untilTrading(dataDir);
      await system.line(MOVED);
      if (victim === 'main') {
        system.child.kill('SIGKILL');
        await system.done;
        before = moves(system);
        system = await boot(dataDir, ...args);
        continue;
      }
      const pid = (await tree(dataDir)).find(({ name }) => name === victim)?.pid;
      if (typeof pid === 'number') process.kill(pid, 'SIGKILL');
    }
    await untilTrading(dataDir);
    for (let look = 0; look < LOOKS_MAX && before + moves(system) < MOVES_MIN; look++) await sleep(LOOK_MS);
    await untilRung(dataDir);
    await untilAgreed(dataDir);
    await stop(system);
    await agree(dataDir);
    const facts = await factsOf(dataDir);
    assert.ok(count(facts, ({ type, body }) => type === 'stop.trailed' && 'mode' in body && body.mode === 'live') >= MOVES_MIN);
    assert.ok(count(facts, (fact) => fact.type === 'order.sending' && fact.body.purpose === 'take_profit') > 0, 'no rung was placed');
    const alarms = facts.flatMap((fact) => (fact.type === 'alarm.raised' && fact.body.mode === 'live' ? [fact.body.sentence] : []));
    assert.deepEqual(alarms, []);
  });

  it('BR-3 spot: the leg that holds the coins is moved, and the position ends at it', async () => {
    const dataDir = freshDirectory();
    const args = ['--speed', 'max', '--seed', '3', '--config-dir', configWith({ trailAtr: 1 }), '--rehearse', 'crypto_spot'];
    const system = await boot(dataDir, ...args);
    await system.line(MOVED);
    await system.line(/gateway\.bybit\.orders {2}filled sell .*reason=stop_loss/);
    await untilAgreed(dataDir);
    await stop(system);
    await agree(dataDir);
  });
});
