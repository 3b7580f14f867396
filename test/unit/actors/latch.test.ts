import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { flattenedBy, LATCH_BYTES_MAX, readLatch, removeLatch, writeLatch, type Latch } from '#actors/latch.ts';
import { inTempDir } from '#test/support/temp-dir.ts';

const NAME_LENGTH_MAX = 255;

const latch = (more: Partial<Latch> = {}): Latch => ({
  scopes: ['all'],
  reason: 'fire',
  source: 'cli',
  at: 1_700_000_000_000,
  flatten: false,
  ...more,
});

describe('actors/latch', () => {
  it('KS-2 what was written is read back, and nothing else is left in the directory', () =>
    inTempDir(async (dir) => {
      const path = join(dir, 'KILL');
      assert.equal(readLatch(path), null);
      writeLatch(path, latch({ scopes: ['bybit'], flatten: true }));
      assert.deepEqual(readLatch(path), latch({ scopes: ['bybit'], flatten: true }));
      assert.deepEqual(readdirSync(dir), ['KILL']);
    }));

  it('KS-1 a second kill adds its scopes; flatten stays asked for, the newest reason is shown', () =>
    inTempDir(async (dir) => {
      const path = join(dir, 'KILL');
      writeLatch(path, latch({ scopes: ['forex'], flatten: true }));
      writeLatch(path, latch({ scopes: ['bybit', 'forex'], reason: 'more', source: 'page', at: 5 }));
      const merged = { scopes: ['forex', 'bybit'], reason: 'more', source: 'page', at: 5, flatten: true, flattened: ['forex'] } as const;
      assert.deepEqual(readLatch(path), merged);
      assert.deepEqual(flattenedBy(merged), ['forex'], 'of the kill that asked for it, and of no other');
      assert.deepEqual([flattenedBy(latch()), flattenedBy(latch({ flatten: true }))], [[], ['all']]);
    }));

  for (const [what, text] of [
    ['nothing', ''],
    ['half a line', '{"scopes":["byb'],
    ['another JSON', '[]'],
    ['no scope', JSON.stringify({ ...latch(), scopes: [] })],
    ['an unknown scope', JSON.stringify({ ...latch(), scopes: ['nasdaq'] })],
    ['too much', JSON.stringify(latch({ reason: 'x'.repeat(LATCH_BYTES_MAX) }))],
  ] as const) {
    it(`KS-2 a latch with ${what} in it is a kill of all: fails closed`, () =>
      inTempDir(async (dir) => {
        const path = join(dir, 'KILL');
        writeFileSync(path, text);
        assert.deepEqual(readLatch(path)?.scopes, ['all']);
        writeLatch(path, latch({ scopes: ['forex'] }));
        assert.deepEqual(readLatch(path)?.scopes, ['all', 'forex'], 'and stays one when the next kill comes');
      }));
  }

  it('KS-2 a latch that cannot be read at all is a kill of all', () =>
    inTempDir(async (dir) => {
      const path = join(dir, 'KILL');
      mkdirSync(path);
      assert.deepEqual(readLatch(path)?.scopes, ['all']);
    }));

  it('KS-2 where its words cannot be written, an empty latch is left: a kill of all; where nothing can be, it says so', () =>
    inTempDir(async (dir) => {
      // Room for the name itself, and none for the draft beside it.
      const path = join(dir, 'K'.repeat(NAME_LENGTH_MAX));
      writeLatch(path, latch({ scopes: ['forex'] }));
      assert.deepEqual(readLatch(path)?.scopes, ['all']);
      assert.equal(statSync(path).size, 0);
      assert.deepEqual(readdirSync(dir).length, 1);
      removeLatch(path);
      assert.equal(readLatch(path), null);
      assert.throws(() => writeLatch(join(dir, 'nowhere', 'KILL'), latch()), { code: 'ENOENT' });
    }));

  it('KS-2 a hand-written latch with more in it counts as what it says', () =>
    inTempDir(async (dir) => {
      const path = join(dir, 'KILL');
      writeFileSync(path, JSON.stringify({ ...latch({ scopes: ['ibkr'] }), note: 'by hand' }));
      assert.deepEqual(readLatch(path)?.scopes, ['ibkr']);
    }));

  it('KS-1 only its owner may read or write it', () =>
    inTempDir(async (dir) => {
      const path = join(dir, 'KILL');
      writeLatch(path, latch());
      assert.equal(statSync(path).mode & 0o777, 0o600);
    }));

  it('KS-1 re-armed it is gone; removing it twice is no error', () =>
    inTempDir(async (dir) => {
      const path = join(dir, 'KILL');
      writeLatch(path, latch());
      removeLatch(path);
      removeLatch(path);
      assert.equal(existsSync(path), false);
    }));

  it('KS-2 where it cannot be written it says so', () =>
    inTempDir(async (dir) => assert.throws(() => writeLatch(join(dir, 'nowhere', 'KILL'), latch()), /ENOENT/)));
});
