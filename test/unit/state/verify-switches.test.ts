import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { DomainEvent } from '#trading/model/events.ts';
import type { RawRecord } from '#state/store.ts';
import { verifyJournal } from '#state/verify.ts';
import { modeChanged, sealedStory, seqWhere, START, story, type Entry } from '../../support/journal-story.ts';

async function* each(records: readonly RawRecord[]): AsyncIterable<RawRecord> {
  await Promise.resolve();
  yield* records;
}

/** What verify says of approvals: acceptances and fills of the same orders have rules of their own. */
async function problems(entries: readonly Entry[]): Promise<string[]> {
  const { records, head } = sealedStory(entries);
  const report = await verifyJournal({ records: each(records), anchor: head }, {});
  return report.problems.filter(({ what }) => /was approved while/.test(what)).map(({ seq, rule, what }) => `${seq} ${rule}: ${what}`);
}

const intended = (id: string): number => seqWhere(({ event }) => event.type === 'order.intended' && event.body.intent.clientOrderId === id);
/** `events` after record `seq`, at its time. */
const after = (seq: number, ...events: readonly Omit<Entry, 'at'>[]): Entry[] => {
  const at = story[seq - 1]?.at ?? START;
  return [...story.slice(0, seq), ...events.map((event) => ({ ...event, at })), ...story.slice(seq)];
};
const of = (actor: string, event: DomainEvent) => ({ actor, event });
const kill = (scope: 'all' | 'bybit' | 'ibkr' | 'crypto_spot' | 'forex') =>
  of('kill-switch', { type: 'kill.tripped', body: { scope, reason: 'x', source: 'cli', flatten: false } });
const rearm = of('kill-switch', { type: 'kill.rearmed', body: { source: 'cli', reason: 'x' } });
const mode = (which: 'paper' | 'live', on: boolean) => modeChanged(which, on, START);
const wire = (until: number | null, account: 'paper' | 'live' = 'paper') =>
  of('governor', {
    type: 'tripwire.tripped',
    body: { asset: 'crypto_spot', mode: account, refusal: { code: 'DAILY_LOSS_CAP', rule: 'RK-1', numbers: {}, sentence: 'lost' }, until },
  });
const run = of('system', {
  type: 'system.started',
  body: { version: '0.1.0', market: 'embedded', seed: '1', epoch: 2, configHash: 'c0ffee', play: 'synthetic' },
});

const FIRST = intended('p-first');
const EXIT = intended('p-exit');
const LIVE = intended('l-first');

describe('VF-1 verify of approvals against the switches', () => {
  it('finds nothing where nothing was switched against', async () => assert.deepEqual(await problems(story), []));

  it('KS-3 names an entry approved while a kill covered it, by its record', async () => {
    for (const scope of ['all', 'bybit', 'crypto_spot'] as const) {
      const [first] = await problems(after(3, kill(scope)));
      assert.match(first ?? '', new RegExp(`^${FIRST + 2} KILL: the entry p-first .* the kill of ${scope} was tripped .*record 4`));
    }
    for (const scope of ['ibkr', 'forex'] as const) assert.deepEqual(await problems(after(3, kill(scope))), []);
    assert.deepEqual(await problems(after(3, kill('all'), rearm)), []);
  });

  it('RT-2 names an entry approved in a mode that was off: paper switched off, live never switched on, or disarmed by a new run', async () => {
    assert.match((await problems(after(3, mode('paper', false))))[0] ?? '', new RegExp(`^${FIRST + 2} MODE: .*paper was off for crypto_spot`));
    assert.deepEqual(await problems(after(3, mode('paper', false), mode('paper', true))), []);
    const never = story.filter(({ event }) => event.type !== 'mode.changed');
    assert.match((await problems(never))[0] ?? '', new RegExp(`^${LIVE} MODE: .*live was off for crypto_spot .*record 1 says`));
    assert.match((await problems(after(LIVE - 1, run)))[0] ?? '', new RegExp(`^${LIVE + 2} MODE: .*record ${LIVE} says`));
    assert.match((await problems(after(LIVE - 1, mode('live', false))))[0] ?? '', new RegExp(`^${LIVE + 2} MODE: `));
    assert.deepEqual(await problems(after(LIVE - 1, mode('paper', false))), []);
  });

  it('RK-1 names an entry approved over a tripped wire, until it ends or is re-armed', async () => {
    assert.match((await problems(after(3, wire(null))))[0] ?? '', new RegExp(`^${FIRST + 2} WIRE: .*DAILY_LOSS_CAP`));
    assert.match((await problems(after(3, wire(START + 1001))))[0] ?? '', /WIRE/);
    assert.deepEqual(await problems(after(3, wire(START + 1000))), []);
    assert.deepEqual(await problems(after(3, wire(null, 'live'), mode('live', true), rearm)), []);
    assert.deepEqual(await problems(after(3, wire(null), rearm)), []);
    // The same wire again is the newer one.
    assert.deepEqual(await problems(after(3, wire(null), wire(START + 500))), []);
  });

  it('KS-1 lets what the governor could not know be: the switch came after the intent', async () => {
    for (const late of [kill('all'), mode('paper', false)]) assert.deepEqual(await problems(after(FIRST, late).slice(0, FIRST + 2)), []);
    // Re-armed in between, and tripped again after the intent.
    assert.deepEqual(
      await problems(
        after(FIRST, kill('all'))
          .toSpliced(3, 0, { ...kill('all'), at: START }, { ...rearm, at: START })
          .slice(0, FIRST + 4),
      ),
      [],
    );
  });

  it('KS-3 never asks exits', async () => {
    const until = EXIT + 2;
    for (const all of [kill('all'), mode('paper', false), wire(null)]) assert.deepEqual(await problems(after(EXIT - 1, all).slice(0, until)), []);
  });

  it('VF-1 a switch anywhere before an intent is found, whatever else was switched and re-switched', async () => {
    const switches = { kill: kill('all'), off: mode('paper', false), wire: wire(null), rearm, on: mode('paper', true) } as const;
    const names = fc.array(fc.constantFrom('kill', 'off', 'wire', 'rearm', 'on'), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(names, async (chosen: readonly (keyof typeof switches)[]) => {
        let [killed, off, wired] = [false, false, false];
        for (const name of chosen) {
          killed = name === 'kill' || (killed && name !== 'rearm');
          wired = name === 'wire' || (wired && name !== 'rearm');
          off = name === 'off' || (off && name !== 'on');
        }
        const found = await problems(after(3, ...chosen.map((name) => switches[name])).slice(0, 3 + chosen.length + 2));
        const rules = found.map((problem) => problem.split(/[ :]/)[1]);
        assert.deepEqual(rules, [...(killed ? ['KILL'] : []), ...(off ? ['MODE'] : []), ...(wired ? ['WIRE'] : [])]);
      }),
      { numRuns: 200 },
    );
  });
});
