import assert from 'node:assert/strict';
import { chmodSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { MARKETS } from '#trading/model/market.ts';
import { createDataDir, paths } from '#state/data-dir.ts';
import { inTempDir } from '../../support/temp-dir.ts';

describe('the data directory', () => {
  it('keeps what each market earned apart', () => {
    const roots = MARKETS.map((market) => paths('var', market));
    for (const key of ['root', 'stateDir', 'leveldb', 'anchor', 'snapshots', 'latch', 'adminSocket', 'pageSecret'] as const) {
      assert.equal(new Set(roots.map((each) => each[key])).size, MARKETS.length, key);
    }
  });

  it('CF-4 is open to its owner only, an old one too', () =>
    inTempDir(async (dir) => {
      const { root, stateDir, leveldb, snapshots, latch } = await createDataDir(dir, 'embedded');
      chmodSync(root, 0o755);
      await createDataDir(dir, 'embedded');
      for (const path of [root, stateDir, leveldb, snapshots]) assert.equal(statSync(path).mode & 0o777, 0o700, path);
      assert.equal(latch, join(dir, 'embedded', 'KILL'));
      assert.equal(existsSync(latch), false);
    }));
});
