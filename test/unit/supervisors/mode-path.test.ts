import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { sendGate } from '#actors/send-gate.ts';
import { ModePath } from '#supervisors/mode-path.ts';
import { createSpawner } from '#supervisors/comedy.ts';
import { MODE_SWITCH_FACTS } from '#trading/risk/mode-switch.ts';
import type { LiveVenue } from '#trading/model/messages.ts';
import { bench, supervisor, SILENT, stateOf, toy, until, type Bench } from '../../support/supervision.ts';
import { quoteOf, settings, spot, T0 } from '../trading/trader/fixtures.ts';

const LIVE = 'trader.crypto_spot.live';
const PAPER = 'trader.crypto_spot.paper';
const module = new URL('../../../actors/mode-switch.ts', import.meta.url).href;

async function house(on: Bench, spawner: Parameters<typeof bench>[0]) {
  const root = on.tree(
    supervisor('root', [
      supervisor('safety', [toy('mode-switch', 'in-memory', { module, facts: MODE_SWITCH_FACTS })]),
      supervisor('traders', [
        toy(PAPER, 'in-memory'),
        toy(LIVE, 'in-memory', { dormant: true, facts: ['mode.changed'], listens: ['instrument.listed'] }),
      ]),
    ]),
  );
  // The bench registers every cell; a system registers those that are awake.
  on.router.unregister(LIVE);
  const woken: string[] = [];
  const latchPath = join(mkdtempSync(join(tmpdir(), 'modes-')), 'KILL');
  const made = { wall: T0, venue: { account: 'fake', unavailable: null } as LiveVenue, root, woken, latchPath, spawner };
  const modes = new ModePath({
    assets: ['crypto_spot'],
    latchPath,
    router: on.router,
    root,
    venueOf: () => made.venue,
    wall: () => made.wall,
    log: SILENT,
    onLive: () => {},
    onWoken: (name) => woken.push(name),
  });
  on.journal.onAppended((facts) => facts.forEach((fact) => modes.onFact(fact)));
  await on.journal.append(
    'system',
    null,
    [
      { type: 'system.started', body: { version: '0', market: 'embedded', seed: '1', epoch: 1, configHash: 'c', play: 'p' } },
      { type: 'settings.loaded', body: { settings, source: 'test' } },
    ],
    T0,
  );
  await root.start();
  return Object.assign(made, { modes });
}

describe('the path of a mode switch', () => {
  let on: Bench;
  let rig: Awaited<ReturnType<typeof house>>;
  beforeEach(async () => {
    const spawner = createSpawner({ onUnattributed: (error) => assert.fail(String(error)) });
    on = bench(spawner);
    rig = await house(on, spawner);
  });
  afterEach(async () => {
    await rig.root.stop(true);
    on.router.close();
    await rig.spawner.close();
  });

  const names = (): readonly string[] => rig.root.view(null).map(({ name }) => name);
  const armed = async (): Promise<void> => {
    const { pending } = await rig.modes.set({ asset: 'crypto_spot', mode: 'live', on: true, source: 'page' });
    assert.ok(pending !== null);
    await rig.modes.confirm({ asset: 'crypto_spot', nonce: pending.nonce, typed: pending.type, source: 'page' });
    await until(() => rig.woken.length > 0);
  };

  it('RT-2 a live trader exists only while live is on, hears its quotes, and comes with its facts', async () => {
    assert.equal(names().includes(LIVE), false);
    await until(() => on.activity.busy === 0);
    assert.deepEqual(rig.modes.tradersOf('crypto_spot'), [PAPER]);
    await assert.rejects(on.ask(LIVE, 'state'), /no actor is named/);
    await armed();
    assert.deepEqual(rig.modes.tradersOf('crypto_spot'), [PAPER, LIVE]);
    assert.deepEqual(rig.woken, [LIVE]);
    assert.equal(names().includes(LIVE), true);
    const quote = quoteOf(spot, T0, 100);
    for (const name of rig.modes.tradersOf('crypto_spot')) on.router.deliver(name, { type: 'quote.received', body: { quote } });
    const state = await stateOf(on, LIVE);
    assert.deepEqual(state.received, [`quote:${quote.id}`, 'state']);
    await rig.modes.set({ asset: 'crypto_spot', mode: 'live', on: false, source: 'page' });
    await until(() => !names().includes(LIVE));
    assert.deepEqual(rig.modes.tradersOf('crypto_spot'), [PAPER]);
    await until(() => on.activity.busy === 0);
    await assert.rejects(on.ask(LIVE, 'state'), /no actor is named|stopped/);
  });

  it('RT-2 on, off and on again at once ends with one live trader', async () => {
    for (let round = 0; round < 3; round++) {
      const { pending } = await rig.modes.set({ asset: 'crypto_spot', mode: 'live', on: true, source: 'page' });
      await rig.modes.confirm({ asset: 'crypto_spot', nonce: pending?.nonce ?? '', typed: pending?.type ?? '', source: 'page' });
      if (round < 2) await rig.modes.set({ asset: 'crypto_spot', mode: 'live', on: false, source: 'page' });
    }
    await until(() => rig.woken.length > 0 && rig.modes.tradersOf('crypto_spot').length === 2);
    assert.equal((await stateOf(on, LIVE)).received.at(-1), 'state');
    assert.equal(rig.modes.view()['crypto_spot']?.live, true);
  });

  it('S18 the page sees what waits until its time is over', async () => {
    const { pending } = await rig.modes.set({ asset: 'crypto_spot', mode: 'live', on: true, source: 'page' });
    assert.deepEqual(rig.modes.view(), { crypto_spot: { paper: true, live: false, pending } });
    rig.wall = (pending?.expiresAt ?? 0) + 1;
    assert.deepEqual(rig.modes.view(), { crypto_spot: { paper: true, live: false, pending: null } });
  });

  it('S18 a refusal is an error with its code, and nobody says how long it took but the main process', async () => {
    const { pending } = await rig.modes.set({ asset: 'crypto_spot', mode: 'live', on: true, source: 'page' });
    const confirm = (typed: string) => rig.modes.confirm({ asset: 'crypto_spot', nonce: pending?.nonce ?? '', typed, source: 'page' });
    await assert.rejects(confirm('yes'), /^Error: CONFIRM_WRONG: crypto_spot live: what has to be typed is LIVE crypto_spot/);
    rig.venue = { account: 'fake', unavailable: 'the gateway is down' };
    await assert.rejects(confirm('LIVE crypto_spot'), /LIVE_NOT_AVAILABLE: crypto_spot live: the gateway is down/);
    rig.wall += 30_001;
    await assert.rejects(confirm('LIVE crypto_spot'), /CONFIRM_EXPIRED: .* older than 30 s/);
    await assert.rejects(async () => rig.modes.set({ asset: 'forex', mode: 'paper', on: false, source: 'page' }), /forex is not traded here/);
    await assert.rejects(rig.modes.set({ asset: 'crypto_spot', mode: 'live', on: true, source: 'rehearse' }), /no source of a request/);
    assert.equal(rig.modes.view()['crypto_spot']?.live, false);
  });

  it('KS-1 a send gate that is closed refuses also before the kill is a fact', async () => {
    const { pending } = await rig.modes.set({ asset: 'crypto_spot', mode: 'live', on: true, source: 'page' });
    sendGate(rig.latchPath).trip(['bybit']);
    const confirming = rig.modes.confirm({ asset: 'crypto_spot', nonce: pending?.nonce ?? '', typed: 'LIVE crypto_spot', source: 'page' });
    await assert.rejects(confirming, /LIVE_NOT_AVAILABLE: .*send gate is closed for bybit/);
  });

  it('RT-2 a rehearsal switches on without a word, or says why not', async () => {
    await rig.modes.rehearse(['crypto_spot']);
    assert.deepEqual(rig.woken, [LIVE]);
    await rig.modes.set({ asset: 'crypto_spot', mode: 'live', on: false, source: 'page' });
    rig.venue = { account: 'none', unavailable: 'no gateway' };
    await assert.rejects(rig.modes.rehearse(['crypto_spot']), /--rehearse crypto_spot: LIVE_NOT_AVAILABLE: .*no gateway/);
    await assert.rejects(rig.modes.rehearse(['options']), /--rehearse options: options is not traded here/);
  });
});
