import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { createDataDir, paths, type DataPaths } from '#state/data-dir.ts';
import { openJournal } from '#state/journal.ts';
import { keyOf, levelStore } from '#state/store.ts';
import { verifyDataDir } from '#state/verify.ts';
import { verifyOpenJournal } from '#state/verify/running.ts';
import { story } from '../support/journal-story.ts';
import { inTempDir } from '../support/temp-dir.ts';

async function written(dir: string): Promise<DataPaths> {
  const files = await createDataDir(dir, 'embedded');
  const journal = await openJournal({ dir: files.leveldb, anchorPath: files.anchor });
  for (const { actor, at, event } of story) await journal.append(actor, null, [event], at);
  await journal.close();
  return files;
}

describe('VF-1 verify on LevelDB', () => {
  it('proves a stopped system, and a running one while it writes on', async () => {
    await inTempDir(async (dir) => {
      const files = await written(dir);
      const report = await verifyDataDir(files);
      assert.deepEqual([report.ok, report.records, report.rederived], [true, story.length, 4]);
      const journal = await openJournal({ dir: files.leveldb, anchorPath: files.anchor });
      const running = verifyOpenJournal(journal);
      await journal.append('system', null, [{ type: 'system.stopped', body: { reason: 'meanwhile' } }], story.at(-1)?.at ?? 0);
      assert.equal((await running).ok, true);
      assert.equal((await verifyOpenJournal(journal)).chainHead, journal.head().hash);
      await assert.rejects(verifyDataDir(files), { code: 'LOCKED' });
      await journal.close();
    });
  });

  it('names the record where one byte of a stored value was changed', async () => {
    await inTempDir(async (dir) => {
      const files = await written(dir);
      for (const seq of [1, 7, story.length]) {
        const store = levelStore(files.leveldb, false);
        await store.open();
        const value = (await store.get(keyOf(seq))) ?? '';
        const middle = Math.floor(value.length / 2);
        const changed = value.slice(0, middle) + String.fromCharCode(value.charCodeAt(middle) ^ 1) + value.slice(middle + 1);
        await store.write([{ key: keyOf(seq), value: changed }]);
        await store.close();
        const report = await verifyDataDir(files);
        assert.deepEqual([report.ok, report.problems[0]?.seq], [false, seq]);
        const again = levelStore(files.leveldb, false);
        await again.open();
        await again.write([{ key: keyOf(seq), value }]);
        await again.close();
      }
      assert.equal((await verifyDataDir(files)).ok, true);
    });
  });

  it('is not taken in by LevelDB, which opens a damaged log and leaves out what it cannot read', async () => {
    await inTempDir(async (dir) => {
      const files = await written(dir);
      const log = join(files.leveldb, readdirSync(files.leveldb).find((name) => name.endsWith('.log')) ?? '');
      const bytes = readFileSync(log);
      const place = Math.floor(bytes.length / 2);
      bytes.writeUInt8(bytes.readUInt8(place) ^ 4, place);
      writeFileSync(log, bytes);
      const report = await verifyDataDir(files);
      assert.equal(report.ok, false);
      assert.ok((report.problems[0]?.seq ?? 0) > 1 && report.records < story.length);
      assert.equal((await verifyDataDir(files)).ok, false, 'and nothing was repaired by looking');
    });
  });

  it('reports a store that does not open, and says where there is none', async () => {
    await inTempDir(async (dir) => {
      const files = await written(dir);
      writeFileSync(join(files.leveldb, 'CURRENT'), 'MANIFEST-999999\n');
      const report = await verifyDataDir(files);
      assert.deepEqual([report.ok, report.problems[0]?.rule], [false, 'STORE']);
      await assert.rejects(verifyDataDir(paths(join(dir, 'elsewhere'), 'embedded')), {
        code: 'NO_JOURNAL',
        message: /nothing has run with this data directory/,
      });
    });
  });
});
