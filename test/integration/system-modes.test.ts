import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, it } from 'mocha';
import { factsOf } from '#test/support/venue-account.ts';
import type { ModeAnswer } from '#protocol/admin.ts';
import type { ActorView, ModesView } from '#protocol/view.ts';
import { repl } from '#cli/repl.ts';
import { mode } from '#cli/mode.ts';
import { loadEnvironment } from '#config/environment.ts';
import type { Allowance } from '#trading/model/messages.ts';
import { freshDirectory, ROOT } from '../support/command.ts';

const LIVE = 'trader.crypto_spot.live';
const LOOK_MS = 50;
const SCRIPT = fileURLToPath(new URL('../support/live-system.ts', import.meta.url));

interface Booted {
  stop(): Promise<void>;
}

/** @throws Error `CODE: what it said` where it does not come up. */
async function boot(dataDir: string, venue: 'open' | 'shut', ...rehearse: readonly string[]): Promise<Booted> {
  const child: ChildProcess = spawn(process.execPath, [...process.execArgv, SCRIPT, dataDir, venue, ...rehearse], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  const ended = once(child, 'close') as Promise<[number | null]>;
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  const failed = ended.then(([code]) => {
    throw new Error(`${code}: ${said}`);
  });
  failed.catch(() => undefined);
  await Promise.race([once(child.stdout ?? child, 'data'), failed]);
  return { stop };
}

/** The command line's own functions on a running system, with what they say kept. */
function desk(dataDir: string) {
  const said: string[] = [];
  let answer: unknown = null;
  const keep = (line: string): void => void said.push(line);
  const output = {
    json: true,
    say: keep,
    complain: keep,
    answer: (value: unknown, lines: readonly string[]) => {
      answer = value;
      said.push(...lines);
    },
    stream: process.stderr,
  };
  const context = { output, environment: loadEnvironment(), market: 'embedded' as const, dataDir };
  const type = async (execute: string): Promise<unknown> => {
    answer = null;
    const code = await repl(context, { execute });
    if (code !== 0) throw new Error(`${code}: ${said.at(-1)}`);
    return answer;
  };
  return {
    said,
    type,
    mode: (...words: readonly string[]) => mode(context, {}, words),
    confirmed: (confirm: string, ...words: readonly string[]) => mode(context, { confirm }, words),
    actors: async () => ((await type('tree')) as readonly ActorView[]).filter(({ kind }) => kind === 'actor'),
    modes: async () => ((await type('status')) as { modes: Record<string, ModesView> }).modes,
    quotes: async () => ((await type('status')) as { quotes: number }).quotes,
    closeOnly: async () =>
      ((await type('ask governor allowances')) as readonly Allowance[]).find((one) => one.asset === 'crypto_spot' && one.mode === 'paper')?.closeOnly
        ?.code ?? null,
  };
}

async function untilTrue(is: () => Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}

describe('modes of a running system', function () {
  this.timeout(120_000);
  let system: Booted | null = null;
  afterEach(() => system?.stop().then(() => (system = null)));

  it('RT-2 S18 paper off and live on through the socket; a restart keeps paper off and disarms live', async () => {
    const dataDir = freshDirectory();
    system = await boot(dataDir, 'open');
    const at = desk(dataDir);
    await untilTrue(async () => (await at.quotes()) > 20);
    assert.equal(
      (await at.actors()).some(({ name }) => name === LIVE),
      false,
    );
    assert.deepEqual(await at.modes(), {
      crypto_spot: { paper: true, live: false, pending: null },
      crypto_futures: { paper: true, live: false, pending: null },
    });

    assert.deepEqual(await at.type('mode crypto_spot paper off'), { asset: 'crypto_spot', mode: 'paper', on: false, changed: true, pending: null });
    assert.equal(at.said.at(-1), 'paper of crypto_spot is off');
    await untilTrue(async () => (await at.closeOnly()) === 'MODE_OFF');

    const { pending } = (await at.type('mode crypto_spot live on')) as ModeAnswer;
    assert.ok(pending !== null);
    assert.match(at.said.at(-1) ?? '', /account +rehearsal 1[\s\S]*type within (30|29) s: LIVE crypto_spot/);
    await assert.rejects(at.type(`mode confirm crypto_spot ${pending.nonce} live`), /1: CONFIRM_WRONG/);
    await assert.rejects(at.type(`mode confirm crypto_futures ${pending.nonce} LIVE crypto_futures`), /1: CONFIRM_EXPIRED/);
    await assert.rejects(at.type(`tell mode-switch mode.set {}`), /mode.set is not told by hand/);
    await at.type(`mode confirm crypto_spot ${pending.nonce} LIVE crypto_spot`);
    await untilTrue(async () => (await at.actors()).some(({ name, state }) => name === LIVE && state === 'running'));
    await assert.rejects(at.type(`mode confirm crypto_spot ${pending.nonce} LIVE crypto_spot`), /1: CONFIRM_EXPIRED/);
    const live = (await at.type(`ask ${LIVE} state`)) as object;
    assert.ok(Object.hasOwn(live, 'nonce'), JSON.stringify(live));

    const played = await at.quotes();
    await untilTrue(async () => (await at.quotes()) > played + 20);

    await at.type('crash trader.crypto_spot.live');
    await untilTrue(async () => (await at.actors()).some(({ name, state, restarts }) => name === LIVE && state === 'running' && restarts === 1));
    await system.stop();

    system = await boot(dataDir, 'open');
    assert.equal(
      (await at.actors()).some(({ name }) => name === LIVE),
      false,
    );
    assert.deepEqual((await at.modes())['crypto_spot'], { paper: false, live: false, pending: null });
    await untilTrue(async () => (await at.closeOnly()) === 'MODE_OFF');
    await assert.rejects(at.type(`mode confirm crypto_spot ${pending.nonce} LIVE crypto_spot`), /1: CONFIRM_EXPIRED/);
    assert.equal(((await at.type('verify')) as { ok: boolean }).ok, true);
    await system.stop();
    system = null;
    const facts = await factsOf(dataDir);
    const off = facts.find(({ type }) => type === 'mode.changed')?.seq ?? Infinity;
    const entered = facts.filter(
      (fact) => fact.type === 'order.approved' && fact.seq > off && fact.body.asset === 'crypto_spot' && fact.body.intent.kind === 'entry',
    );
    assert.deepEqual(entered, []);
  });

  it('RT-2 the verb confirms in one go; live off ends the trader; a kill refuses the next', async () => {
    const dataDir = freshDirectory();
    system = await boot(dataDir, 'open');
    const at = desk(dataDir);
    assert.equal(await at.mode('crypto_spot', 'live', 'on'), 1, 'nobody confirmed');
    assert.equal(await at.confirmed('LIVE forex', 'crypto_spot', 'live', 'on'), 1);
    assert.match(at.said.at(-1) ?? '', /CONFIRM_WRONG/);
    assert.equal(await at.confirmed('LIVE crypto_spot', 'crypto_spot', 'live', 'on'), 0);
    assert.equal(at.said.at(-1), 'live of crypto_spot is on');
    await untilTrue(async () => (await at.actors()).some(({ name }) => name === LIVE));
    assert.equal(await at.mode('crypto_spot', 'live', 'off'), 0);
    await untilTrue(async () => !(await at.actors()).some(({ name }) => name === LIVE));
    await at.type('kill bybit test');
    assert.equal(await at.confirmed('LIVE crypto_spot', 'crypto_spot', 'live', 'on'), 1);
    assert.match(at.said.at(-1) ?? '', /LIVE_NOT_AVAILABLE: .*bybit/);
    await assert.rejects(at.mode('stocks', 'live', 'on'), /mode stocks: must be/);
  });

  it('RT-2 without a live gateway the request says so and the confirmation is refused', async () => {
    const dataDir = freshDirectory();
    system = await boot(dataDir, 'shut');
    const at = desk(dataDir);
    assert.equal(await at.confirmed('LIVE crypto_spot', 'crypto_spot', 'live', 'on'), 1);
    assert.match(at.said.at(-1) ?? '', /LIVE_NOT_AVAILABLE: crypto_spot live: no gateway of bybit/);
    await at.type('mode crypto_spot live on');
    assert.match(at.said.at(-1) ?? '', /NOT AVAILABLE +no gateway of bybit/);
  });

  it('RT-2 --rehearse has live on from the start where it is available, and does not start where it is not', async () => {
    const dataDir = freshDirectory();
    system = await boot(dataDir, 'open', 'crypto_spot');
    const at = desk(dataDir);
    assert.equal((await at.modes())['crypto_spot']?.live, true);
    await untilTrue(async () => (await at.actors()).some(({ name, state }) => name === LIVE && state === 'running'));
    await system.stop();
    system = null;
    const changed = (await factsOf(dataDir)).flatMap((fact) => (fact.type === 'mode.changed' ? [fact.body.source] : []));
    assert.deepEqual(changed, ['rehearse']);
    await assert.rejects(boot(freshDirectory(), 'shut', 'crypto_spot'), /2: SystemError: --rehearse crypto_spot: LIVE_NOT_AVAILABLE/);
  });
});
