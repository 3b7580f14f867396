import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { FAMILIES_KEPT_MAX, SentFile, type SentFamily } from '#venues/ibkr/trading/sent-file.ts';
import { inTempDir } from '../../../../support/temp-dir.ts';

const family = (n: number): SentFamily => ({ ref: `r${n}`, ids: [n, n + 1, n + 2], conId: 7, sentAt: n, held: '0', session: 'a/1' });

describe('IBKR: the file of what was sent', () => {
  it('ST-2 what was written before it left is known to the next process; a line without its end was never sent', async () => {
    await inTempDir((dir) => {
      const path = join(dir, 'sent.jsonl');
      const file = new SentFile(path);
      file.record(family(1));
      file.record(family(10));
      file.close();
      file.close();
      appendFileSync(path, '{"ref":"torn');
      const next = new SentFile(path);
      assert.deepEqual(next.families(), [family(1), family(10)]);
      assert.deepEqual(next.family('r10'), family(10));
      next.close();
      assert.ok(!readFileSync(path, 'utf8').includes('torn'));
      return Promise.resolve();
    });
  });

  it('a line that is none of ours is refused by its number', async () => {
    await inTempDir((dir) => {
      const path = join(dir, 'sent.jsonl');
      writeFileSync(path, `${JSON.stringify(family(1))}\n{"ref":1}\n`);
      assert.throws(() => new SentFile(path), /sent\.jsonl: line 2 is not one of ours; move the file away/);
      return Promise.resolve();
    });
  });

  it('it keeps the newest, however many there were', async () => {
    await inTempDir((dir) => {
      const path = join(dir, 'sent.jsonl');
      const file = new SentFile(path);
      for (let n = 1; n <= FAMILIES_KEPT_MAX + 5; n++) file.record(family(n));
      file.close();
      const next = new SentFile(path);
      next.close();
      assert.deepEqual(
        [next.families().length, next.families()[0]?.ref, readFileSync(path, 'utf8').split('\n').length - 1],
        [...[FAMILIES_KEPT_MAX, 'r6', FAMILIES_KEPT_MAX]],
      );
      return Promise.resolve();
    });
  });
});
