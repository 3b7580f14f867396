import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { GENERATIONS_KEPT, openSnapshots } from '#state/snapshots.ts';
import { keyOf } from '#state/store.ts';
import { inTempDir } from '../../support/temp-dir.ts';

const HASH = 'a'.repeat(64);
const file = (dir: string, seq: number): string => join(dir, 'governor', `${keyOf(seq)}.json`);

describe('ST-1 snapshots', () => {
  it('give back the newest state that was saved', () =>
    inTempDir(async (dir) => {
      const snapshots = openSnapshots({ dir });
      assert.equal(await snapshots.load('governor'), null);
      await snapshots.save('governor', 5, HASH, { budget: '1000', open: [] });
      await snapshots.save('governor', 9, HASH, { budget: '1001.5', open: [1] });
      assert.deepEqual(await openSnapshots({ dir }).load('governor'), { seq: 9, journalHash: HASH, state: { budget: '1001.5', open: [1] } });
      assert.equal(await snapshots.load('gateway.paper'), null);
      assert.equal(statSync(join(dir, 'governor')).mode & 0o077, 0, 'others may not look');
    }));

  it('keep the last generations, and none of a later past that no longer is', () =>
    inTempDir(async (dir) => {
      const snapshots = openSnapshots({ dir });
      for (const seq of [1, 2, 3, 4, 5]) await snapshots.save('governor', seq, HASH, seq);
      assert.deepEqual(
        readdirSync(join(dir, 'governor')).sort(),
        [3, 4, 5].map((seq) => `${keyOf(seq)}.json`),
      );
      assert.equal(GENERATIONS_KEPT, 3);
      await snapshots.save('governor', 2, HASH, 'restored from a backup');
      assert.deepEqual(readdirSync(join(dir, 'governor')), [`${keyOf(2)}.json`]);
    }));

  it('ST-5 fall back to the generation before where the newest is damaged, and say so', () =>
    inTempDir(async (dir) => {
      const discarded: string[] = [];
      const snapshots = openSnapshots({ dir, onDiscarded: (path, reason) => discarded.push(`${path}: ${reason}`) });
      for (const seq of [1, 2, 3]) await snapshots.save('governor', seq, HASH, { seq });
      writeFileSync(file(dir, 3), readFileSync(file(dir, 3), 'utf8').slice(0, -9));
      writeFileSync(file(dir, 2), readFileSync(file(dir, 2), 'utf8').replace('"seq":2}', '"seq":7}'));
      assert.deepEqual((await snapshots.load('governor'))?.state, { seq: 1 });
      assert.match(discarded[0] ?? '', new RegExp(`${keyOf(3)}.json: .*JSON`));
      assert.match(discarded[1] ?? '', new RegExp(`${keyOf(2)}.json: its content does not match its sha256`));
    }));

  it('are passed over where the journal has another past', () =>
    inTempDir(async (dir) => {
      const hashAt = (seq: number): Promise<string | null> => Promise.resolve(seq === 1 ? HASH : null);
      const snapshots = openSnapshots({ dir, hashAt });
      await snapshots.save('governor', 1, HASH, 'same past');
      await snapshots.save('governor', 2, HASH, 'other past');
      assert.equal((await snapshots.load('governor'))?.state, 'same past');
    }));

  it('of another actor or another format are not used', () =>
    inTempDir(async (dir) => {
      const snapshots = openSnapshots({ dir });
      await snapshots.save('governor', 1, HASH, {});
      await snapshots.save('catalog', 1, HASH, {});
      writeFileSync(file(dir, 1), readFileSync(join(dir, 'catalog', `${keyOf(1)}.json`)));
      assert.equal(await snapshots.load('governor'), null);
    }));

  it('sweep what a crash left half-written, and refuse a name that leads elsewhere', () =>
    inTempDir(async (dir) => {
      await openSnapshots({ dir }).save('governor', 1, HASH, {});
      writeFileSync(join(dir, 'governor', `.${keyOf(2)}.json.4711.tmp`), '{"half');
      const again = openSnapshots({ dir });
      assert.equal((await again.load('governor'))?.seq, 1);
      assert.deepEqual(readdirSync(join(dir, 'governor')), [`${keyOf(1)}.json`]);
      await assert.rejects(again.load('../outside'), /not an actor's name/);
    }));
});
