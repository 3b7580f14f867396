import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ROOT, load, run, temporaryTree, write } from './scripts.ts';

interface Lock {
  withLock<T>(path: string, work: () => Promise<T>, waiting?: (owner: number | null) => void): Promise<T>;
}

const CONTENDERS = 4;

describe('scripts: one set-up at a time', () => {
  let tree: string;
  beforeEach(() => {
    tree = temporaryTree();
  });
  afterEach(() => rmSync(tree, { recursive: true, force: true }));

  it('holds the lock while the work runs, and frees it when the work throws', async () => {
    const { withLock } = await load<Lock>('lock.mjs');
    const path = join(tree, 'lock');
    const broken = withLock(path, () => {
      assert.ok(existsSync(path));
      return Promise.reject(new Error('the work failed'));
    });
    await assert.rejects(broken, /the work failed/);
    assert.ok(!existsSync(path));
  });

  it('never lets two processes in at once', async () => {
    const log = join(tree, 'log');
    const program = `
      import { appendFileSync } from 'node:fs';
      import { setTimeout as sleep } from 'node:timers/promises';
      import { withLock } from ${JSON.stringify(join(ROOT, 'scripts/lock.mjs'))};
      await withLock(${JSON.stringify(join(tree, 'lock'))}, async () => {
        appendFileSync(${JSON.stringify(log)}, 'in ' + process.pid + '\\n');
        await sleep(30);
        appendFileSync(${JSON.stringify(log)}, 'out ' + process.pid + '\\n');
      });`;
    write(tree, 'contend.mjs', program);
    const ended = await Promise.all(Array.from({ length: CONTENDERS }, () => run(process.execPath, [join(tree, 'contend.mjs')])));
    for (const { code, stderr } of ended) assert.equal(code, 0, stderr);
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    assert.equal(lines.length, CONTENDERS * 2);
    for (let turn = 0; turn < lines.length; turn += 2) assert.equal(lines[turn]?.replace('in', 'out'), lines[turn + 1], lines.join(' | '));
  });

  it('takes over the lock of a process that is gone', async () => {
    const { withLock } = await load<Lock>('lock.mjs');
    const gone = await run(process.execPath, ['-p', 'process.pid']);
    write(tree, 'lock/owner', gone.stdout.trim());
    assert.equal(await withLock(join(tree, 'lock'), () => Promise.resolve('in')), 'in');
    assert.ok(!existsSync(join(tree, 'lock')));
  });
});
