import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ROOT, lastLine, run, temporaryTree, write } from './scripts.ts';

describe('scripts: what a run of the tests reports', () => {
  let tree: string;
  beforeEach(() => {
    tree = temporaryTree();
  });
  afterEach(() => rmSync(tree, { recursive: true, force: true }));

  it('counts, and names what was skipped', async () => {
    write(
      tree,
      'a.test.ts',
      "describe('a', () => { it('good', () => {}); it('bad', () => { throw new Error('x'); }); it('later', function () { this.skip(); }); });",
    );
    const counts = join(tree, 'counts.json');
    const mocha = ['node_modules/mocha/bin/mocha.js', '--reporter', './scripts/reporter.mjs', join(tree, 'a.test.ts')];
    const ended = await run(process.execPath, mocha, { LEDGERWOOD_TEST_COUNTS: counts });
    assert.equal(ended.code, 1);
    assert.match(ended.stdout, /^ {2}skipped: a later$/m);
    assert.deepEqual(JSON.parse(readFileSync(counts, 'utf8')), { passed: 1, failed: 1, skipped: 1 });
  });

  it('npm test ends with the counts and the exit code that belongs to them', async () => {
    write(tree, 'good.test.ts', "describe('a', () => { it('good', () => {}); it('good too', () => {}); });");
    write(tree, 'bad.test.ts', "describe('a', () => { it('good', () => {}); it('bad', () => { throw new Error('x'); }); });");
    write(tree, 'broken.test.ts', "throw new Error('at load');");
    assert.deepEqual(await npmTest('good.test.ts'), { code: 0, last: '2 passed, 0 failed' });
    assert.deepEqual(await npmTest('bad.test.ts'), { code: 1, last: '1 passed, 1 failed' });
    assert.deepEqual(await npmTest('broken.test.ts'), { code: 1, last: '0 passed, 1 failed' });
    assert.deepEqual(await npmTest('absent.test.ts'), { code: 1, last: '0 passed, 1 failed' });
  });

  it('.ci/run ends with the counts of the tests, failed checks added', async () => {
    assert.deepEqual(await ciRun('7 passed, 0 failed, 1 skipped', 0, 'ok     types (1 s)', 0), { code: 0, last: '7 passed, 0 failed' });
    assert.deepEqual(await ciRun('7 passed, 2 failed', 1, 'ok     types (1 s)', 0), { code: 1, last: '7 passed, 2 failed' });
    assert.deepEqual(await ciRun('7 passed, 0 failed', 0, 'FAILED types (1 s)\nFAILED lint (1 s)', 1), { code: 1, last: '7 passed, 2 failed' });
    assert.deepEqual(await ciRun('out of memory', 134, 'ok     types (1 s)', 0), { code: 1, last: '0 passed, 1 failed' });
    assert.deepEqual(await ciRun('7 passed, 0 failed', 0, 'npm ci failed', 1), { code: 1, last: '7 passed, 1 failed' });
  });

  async function npmTest(file: string): Promise<{ readonly code: number | null; readonly last: string }> {
    const { code, stdout } = await run(process.execPath, ['scripts/test.mjs', join(tree, file)]);
    return { code, last: lastLine(stdout) };
  }

  /** .ci/run with an npm of ours in front of the real one. */
  async function ciRun(
    test: string,
    testCode: number,
    check: string,
    checkCode: number,
  ): Promise<{ readonly code: number | null; readonly last: string }> {
    write(
      tree,
      'npm',
      `#!/bin/sh\nif [ "$1" = test ]; then printf '%s\\n' '${test}'; exit ${testCode}; fi\nprintf '%s\\n' '${check}'; exit ${checkCode}\n`,
    );
    chmodSync(join(tree, 'npm'), 0o755);
    const { code, stdout } = await run('bash', [join(ROOT, '.ci/run')], { PATH: `${tree}:${process.env['PATH'] ?? ''}` });
    return { code, last: lastLine(stdout) };
  }
});
