import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'mocha';
import { JournalError } from '#state/errors.ts';
import { openJournal, type OpenJournal } from '#state/journal.ts';
import { levelStore } from '#state/store.ts';
import { inTempDir } from '../support/temp-dir.ts';

const CRASHES = 15;
const WRITER = join(import.meta.dirname, '../support/crash-writer.ts');

const open = (dir: string): Promise<OpenJournal> => openJournal({ dir: join(dir, 'leveldb'), anchorPath: join(dir, 'anchor.json') });

const stopped = (reason: string) => ({ type: 'system.stopped' as const, body: { reason } });

async function write(dir: string, count: number): Promise<void> {
  const journal = await open(dir);
  for (let index = 0; index < count; index += 1) await journal.append('system', null, [stopped(`record ${index}`)], index);
  await journal.close();
}

const WRITER_ARGUMENTS = ['--conditions=source', '--import=tsx', WRITER];

/** Runs a writer and kills it after `acks` acknowledged facts. Returns what it said was acknowledged. */
async function crash(dir: string, acks: number): Promise<Map<number, string>> {
  const child = spawn(process.execPath, [...WRITER_ARGUMENTS, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const acked = new Map<number, string>();
  for await (const line of createInterface({ input: child.stdout })) {
    const [, seq, reason = ''] = /^acked (\d+) (.*)$/.exec(line) ?? [];
    if (seq !== undefined) acked.set(Number(seq), reason);
    if (acked.size >= acks) child.kill('SIGKILL');
  }
  return acked;
}

async function reasons(journal: OpenJournal): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for await (const fact of journal.read(0)) if (fact.type === 'system.stopped') found.set(fact.seq, fact.body.reason);
  return found;
}

describe('the journal on LevelDB', () => {
  it('ST-5 kill -9 at any moment loses nothing acknowledged and leaves no gap', async () => {
    await inTempDir(async (dir) => {
      const acked = new Map<number, string>();
      let betweenCommitAndAnchor = 0;
      for (let round = 0; round < CRASHES; round += 1) {
        for (const [seq, reason] of await crash(dir, 1 + round * 37)) acked.set(seq, reason);
        const anchor = JSON.parse(readFileSync(join(dir, 'anchor.json'), 'utf8')) as { seq: number };
        const journal = await open(dir);
        const found = await reasons(journal);
        assert.equal(found.size, journal.head().seq, 'contiguous from 1');
        assert.ok(anchor.seq <= journal.head().seq, 'the head may be ahead of the anchor, never behind');
        for (const [seq, reason] of acked) assert.equal(found.get(seq), reason, `acknowledged record ${seq} after crash ${round}`);
        if (anchor.seq < journal.head().seq) betweenCommitAndAnchor += 1;
        await journal.close();
      }
      assert.ok(betweenCommitAndAnchor > 0, 'some crash came between a commit and its anchor');
      assert.ok(acked.size > CRASHES, `${acked.size} acknowledged`);
    });
  });

  it('ST-5 a disk that refuses a write ends the writer for good, and keeps what was acknowledged', async () => {
    await inTempDir(async (dir) => {
      // No file may grow beyond 256 blocks, and a write beyond is an error instead of a signal: as on a full disk.
      const script = `trap '' XFSZ; ulimit -f 256; exec "$0" "$@"`;
      const child = spawn('sh', ['-c', script, process.execPath, ...WRITER_ARGUMENTS, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
      const acked = new Map<number, string>();
      const refused: string[] = [];
      for await (const line of createInterface({ input: child.stdout })) {
        const [, seq, reason = ''] = /^acked (\d+) (.*)$/.exec(line) ?? [];
        if (seq !== undefined) acked.set(Number(seq), reason);
        else if (line.startsWith('refused')) refused.push(line);
      }
      assert.deepEqual(refused, ['refused WRITE_FAILED', 'refused again WRITE_FAILED']);
      assert.ok(acked.size > 0);
      const journal = await open(dir);
      const found = await reasons(journal);
      for (const [seq, reason] of acked) assert.equal(found.get(seq), reason, `acknowledged record ${seq}`);
      await journal.append('system', null, [stopped('there is space again')], 1);
      await journal.close();
    });
  });

  it('a second run is told which directory is held and what to do', async () => {
    await inTempDir(async (dir) => {
      const journal = await open(dir);
      const path = join(dir, 'leveldb');
      await assert.rejects(open(dir), (error) => {
        assert.ok(error instanceof JournalError);
        assert.equal(error.code, 'LOCKED');
        assert.match(error.message, new RegExp(`${path} is held by another run: stop that run first`));
        return true;
      });
      assert.ok(readdirSync(path).includes('LOCK'));
      await journal.close();
      await (await open(dir)).close();
    });
  });

  it('notices a lost tail although LevelDB opens without a word', async () => {
    await inTempDir(async (dir) => {
      await write(dir, 100);
      const log = logOf(dir);
      truncateSync(log, Math.floor(readFileSync(log).length / 2));
      await assert.rejects(open(dir), (error) => {
        assert.ok(error instanceof JournalError);
        assert.equal(error.code, 'BEHIND_ANCHOR');
        assert.ok(error.seq !== null && error.seq > 1 && error.seq <= 100);
        return true;
      });
    });
  });

  it('notices a flipped bit in the log although LevelDB opens without a word', async () => {
    await inTempDir(async (dir) => {
      await write(dir, 100);
      const log = logOf(dir);
      const bytes = readFileSync(log);
      const middle = bytes.indexOf('record 50');
      bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
      writeFileSync(log, bytes);
      await assert.rejects(open(dir), (error) => error instanceof JournalError && (error.code === 'CHAIN_BROKEN' || error.code === 'BEHIND_ANCHOR'));
    });
  });

  it('notices one changed byte of a value that was put back through LevelDB', async () => {
    await inTempDir(async (dir) => {
      await write(dir, 20);
      const store = levelStore(join(dir, 'leveldb'));
      await store.open();
      const key = '0000000000000007';
      await store.write([{ key, value: (await store.get(key))?.replace('record 6', 'record 9') ?? '' }]);
      await store.close();
      await assert.rejects(open(dir), { code: 'CHAIN_BROKEN', seq: 7 });
    });
  });

  it('says so where the store does not open, and repairs nothing', async () => {
    await inTempDir(async (dir) => {
      await write(dir, 3);
      writeFileSync(join(dir, 'leveldb', 'CURRENT'), '');
      await assert.rejects(open(dir), { code: 'STORE_BROKEN', message: /does not open: .*Nothing was repaired/ });
      assert.equal(readFileSync(join(dir, 'leveldb', 'CURRENT'), 'utf8'), '');
    });
  });

  it('reads more than a page in order, from the middle, by type', async () => {
    await inTempDir(async (dir) => {
      const journal = await open(dir);
      const turn = Array.from({ length: 250 }, (_, index) => stopped(`${index}`));
      await Promise.all(Array.from({ length: 20 }, () => journal.append('system', null, turn, 1)));
      let expected = 1501;
      for await (const fact of journal.read(1500, new Set(['system.stopped'] as const))) {
        assert.equal(fact.seq, expected);
        expected += 1;
      }
      assert.equal(expected, 5001);
      for await (const _ of journal.read(0, new Set(['kill.tripped'] as const))) assert.fail('no such fact was written');
      await journal.close();
    });
  });
});

function logOf(dir: string): string {
  const [log] = readdirSync(join(dir, 'leveldb')).filter((name) => name.endsWith('.log'));
  assert.ok(log !== undefined);
  return join(dir, 'leveldb', log);
}
