/** ST-5: what cannot be read is quarantined and named, and the system comes up close-only rather than not at all. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { adminSocketPath } from '#supervisors/admin-path.ts';
import { askSystem } from '#cli/admin-client.ts';
import { paths } from '#state/data-dir.ts';
import { openJournal } from '#state/journal.ts';
import { finishQuarantine, isDamage, quarantineJournal } from '#state/quarantine.ts';
import { keyOf, levelStore } from '#state/store.ts';
import { readLatch } from '#supervisors/latch.ts';
import { writeCandles } from '../support/candles.ts';
import { freshDirectory, json, run, start } from '../support/command.ts';
import { journalRecords } from '../support/journal-records.ts';
import { inTempDir } from '../support/temp-dir.ts';

const RECORDS = 20;
const NOW = Date.UTC(2026, 2, 2, 13);

const placesIn = (dir: string) => ({ stateDir: dir, leveldb: join(dir, 'leveldb'), anchor: join(dir, 'anchor.json') });
const open = (dir: string) => openJournal({ dir: join(dir, 'leveldb'), anchorPath: join(dir, 'anchor.json') });

async function written(dir: string): Promise<void> {
  const journal = await open(dir);
  for (let index = 1; index <= RECORDS; index += 1) {
    await journal.append('system', null, [{ type: 'system.stopped', body: { reason: `record ${index}` } }], index);
  }
  await journal.close();
}

async function altered(leveldb: string, seq: number): Promise<void> {
  const store = levelStore(leveldb);
  await store.open();
  await store.write([{ key: keyOf(seq), value: ((await store.get(keyOf(seq))) ?? '').replace('"type"', '"tyqe"') }]);
  await store.close();
}

/** How many records there are, each proven by the open itself, and that it takes another. */
async function readable(dir: string): Promise<number> {
  const journal = await open(dir);
  const { seq } = journal.head();
  await journal.append('system', null, [{ type: 'system.stopped', body: { reason: 'goes on' } }], NOW);
  assert.equal(journal.head().seq, seq + 1);
  await journal.close();
  return seq;
}

describe('a damaged journal', () => {
  const damages: readonly (readonly [what: string, kept: number, spoil: (dir: string) => Promise<void> | void])[] = [
    ['an altered record: what is before it goes on', 6, (dir) => altered(join(dir, 'leveldb'), 7)],
    [
      'a tail that the anchor says was written: all that is there goes on',
      RECORDS,
      (dir) => {
        const hash = 'ab'.repeat(32);
        writeFileSync(join(dir, 'anchor.json'), JSON.stringify({ hash, seq: RECORDS + 5 }));
      },
    ],
    ['an anchor that is no anchor: every record goes on', RECORDS, (dir) => writeFileSync(join(dir, 'anchor.json'), 'x')],
    ['a store that does not open: nothing of it can be read, and it is kept', 0, (dir) => writeFileSync(join(dir, 'leveldb', 'CURRENT'), '')],
  ];
  for (const [what, kept, spoil] of damages) {
    it(`ST-5 ${what}`, async () => {
      await inTempDir(async (dir) => {
        await written(dir);
        await spoil(dir);
        const before = readFileSync(join(dir, 'anchor.json'), 'utf8');
        await assert.rejects(open(dir), isDamage);
        const quarantine = await quarantineJournal(placesIn(dir), NOW);
        assert.equal(quarantine.kept, kept);
        assert.ok(readdirSync(join(quarantine.dir, 'leveldb')).length > 0);
        assert.equal(readFileSync(join(quarantine.dir, 'anchor.json'), 'utf8'), before);
        assert.equal(await readable(dir), kept);
        assert.equal(await finishQuarantine(placesIn(dir)), null);
      });
    });
  }

  it('ST-5 a crash between any two renames is finished by the next start; a copy that was not whole is made again', async () => {
    for (const renames of [0, 1, 2, 3]) {
      await inTempDir(async (dir) => {
        const places = placesIn(dir);
        await written(dir);
        await altered(places.leveldb, 7);
        // What the crash left: a plan, and some of it done.
        const probe = join(dir, 'probe');
        mkdirSync(probe);
        const dead = { ...places, stateDir: probe };
        await quarantineJournal(dead, NOW);
        const aside = join(dir, 'quarantine', 'then');
        const damaged = join(probe, 'quarantine', readdirSync(join(probe, 'quarantine'))[0] ?? '', 'leveldb');
        const head = JSON.parse(readFileSync(places.anchor, 'utf8')) as unknown;
        renameSync(places.leveldb, join(dir, 'leveldb.kept'));
        renameSync(damaged, places.leveldb);
        writeFileSync(join(dir, 'quarantine.json'), JSON.stringify({ dir: aside, kept: 6, head }));
        mkdirSync(aside, { recursive: true });
        if (renames >= 1) renameSync(places.leveldb, join(aside, 'leveldb'));
        // A start makes the directories that are missing.
        if (renames === 2) mkdirSync(places.leveldb);
        if (renames === 3) renameSync(join(dir, 'leveldb.kept'), places.leveldb);
        assert.deepEqual(await finishQuarantine(places), { dir: aside, kept: 6 });
        assert.equal(await readable(dir), 6);
        assert.ok(existsSync(join(aside, 'leveldb', 'CURRENT')));
      });
    }
  });

  it('a lock, a newer release and a full disk are no damage', async () => {
    await inTempDir(async (dir) => {
      await written(dir);
      const holder = await open(dir);
      await assert.rejects(open(dir), (error) => !isDamage(error));
      await holder.close();
      assert.equal(isDamage(new Error('ENOSPC')), false);
    });
  });
});

describe('a system on a damaged journal', function () {
  this.timeout(120_000);

  it('ST-5 KS-1 comes up close-only, says what and where, enters nothing until it is re-armed, and its journal is proven', async () => {
    const dataDir = freshDirectory();
    const file = writeCandles(freshDirectory(), { bars: 300 });
    const play = ['system', '--play', file, '--speed', 'max', '--no-page', '--json', '--seed', '7', '--data-dir', dataDir] as const;
    assert.equal((await run(...play, '--until-end')).code, 0);
    const places = paths(dataDir, 'embedded');
    const before = await journalRecords(dataDir);
    const spoiled = before.find(({ type }) => type === 'fill.recorded')?.seq ?? 0;
    assert.ok(spoiled > 1);
    await altered(places.leveldb, spoiled);
    assert.equal((await run('verify', '--data-dir', dataDir, '--json')).code, 1);
    const system = start(...play);
    await system.line(/close-only: the journal is damaged \(CHAIN_BROKEN\): record \d+ is not what was written.*quarantine/);
    await system.line(/ running /);
    const status = await askSystem(adminSocketPath(places.adminSocket), { command: 'ask', actor: 'governor', query: 'kill', args: [] }, 10_000);
    assert.deepEqual((status as { readonly killed: unknown }).killed, ['all']);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    system.child.kill('SIGTERM');
    assert.equal((await system.done).code, 0);
    assert.match(readLatch(places.latch)?.reason ?? '', /damaged.*quarantine.*records 1 to \d+ go on/);
    const after = await journalRecords(dataDir);
    assert.deepEqual(after.slice(0, spoiled - 1), before.slice(0, spoiled - 1), 'what was proven stays as it was');
    const killed = after.find(({ seq, type }) => seq >= spoiled && type === 'kill.tripped');
    assert.match(String(killed?.body['reason']), /the journal is damaged/);
    assert.deepEqual(
      after.filter(({ seq, type }) => seq >= (killed?.seq ?? 0) && type === 'order.accepted'),
      [],
    );
    assert.equal(json<{ ok: boolean }>(await run('verify', '--data-dir', dataDir, '--json')).ok, true);
    assert.equal(readdirSync(join(places.stateDir, 'quarantine')).length, 1);
  });
});
