import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isDamage } from '#state/quarantine.ts';
import { openError } from '#state/store.ts';

/** As `level` throws it: the reason is the cause. */
const thrown = (message: string, code?: string): Error =>
  new Error('Database failed to open', { cause: Object.assign(new Error(message), code !== undefined && { code }) });

describe('a store that does not open', () => {
  it('ST-5 a full, read-only or forbidden disk is no damage: nothing is set aside for it', () => {
    for (const reason of ['No space left on device', 'Read-only file system', 'Permission denied', 'Too many open files', 'Disk quota exceeded']) {
      const error = openError('/data/leveldb', thrown(`IO error: /data/leveldb/MANIFEST-000004: ${reason}`));
      assert.equal(error.code, 'DISK_REFUSED', reason);
      assert.match(error.message, new RegExp(`/data/leveldb cannot be used: .*${reason}`));
      assert.equal(isDamage(error), false);
    }
  });

  it('ST-5 what is held is held, and what cannot be read is damage', () => {
    assert.equal(openError('/data/leveldb', thrown('IO error: lock LOCK: Resource temporarily unavailable', 'LEVEL_LOCKED')).code, 'LOCKED');
    for (const reason of ['Corruption: CURRENT file does not end with newline', 'IO error: /data/leveldb/000005.ldb: Input/output error']) {
      const error = openError('/data/leveldb', thrown(reason));
      assert.equal(error.code, 'STORE_BROKEN');
      assert.equal(isDamage(error), true);
    }
  });
});
