import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ROOT, load, run, temporaryTree, write, type Ended } from './scripts.ts';

const GOOD = "describe('good', () => { it('one', () => {}); it('two', () => {}); });";
const BAD = "describe('bad', () => { it('fails', () => { throw new Error('x'); }); it('later', function () { this.skip(); }); });";

describe('scripts: lists of tests that run at once', () => {
  let tree: string;
  beforeEach(() => {
    tree = temporaryTree();
  });
  afterEach(() => rmSync(tree, { recursive: true, force: true }));

  it('every test is in one of the lists, and in no other', async () => {
    const { suite } = await load<{ suite(root: string): Readonly<Record<string, readonly string[]>> }>('lanes.mjs');
    const files = [
      'unit/a',
      'contract/b',
      'contract/deep/b',
      'integration/system-c',
      'integration/system-ibkr',
      'integration/other',
      'e2e/d',
      'new/e',
    ];
    for (const file of files) write(tree, `test/${file}.test.ts`, '');
    write(tree, 'test/support/system.ts', '');
    assert.deepEqual(suite(tree), {
      systems: ['test/e2e/d.test.ts', 'test/integration/system-c.test.ts'],
      parts: ['contract/b', 'contract/deep/b', 'integration/other', 'integration/system-ibkr', 'new/e', 'unit/a'].map(
        (file) => `test/${file}.test.ts`,
      ),
    });
  });

  it('adds up what they count, and gives each report whole, the first one first', async () => {
    write(tree, 'a.test.ts', GOOD);
    write(tree, 'b.test.ts', BAD);
    const { stdout, stderr, counts } = await lanes({ a: ['a.test.ts'], b: ['b.test.ts'] });
    assert.deepEqual(counts, { passed: 2, failed: 1, skipped: 1 });
    assert.match(
      stripVTControlCharacters(stdout),
      /good\n {4}✔ one\n {4}✔ two[\s\S]*2 passing[\s\S]*bad\n {4}1\) fails[\s\S]*1 failing[\s\S]*skipped: bad later/,
    );
    assert.match(stderr, /b: 0 passed, 1 failed, 1 skipped; its report follows/);
  });

  it('one that broke off is a failure, whatever the other one says', async () => {
    write(tree, 'a.test.ts', GOOD);
    write(tree, 'broken.test.ts', "throw new Error('at load');");
    write(tree, 'killed.test.ts', "it('dies', () => { process.kill(process.pid, 'SIGKILL'); return new Promise(() => {}); });");
    const counts = { passed: 2, failed: 1, skipped: 0 };
    assert.deepEqual((await lanes({ a: ['a.test.ts'], b: ['broken.test.ts'] })).counts, counts);
    assert.deepEqual((await lanes({ b: ['killed.test.ts'], a: ['a.test.ts'] })).counts, counts);
  });

  async function lanes(of: Readonly<Record<string, readonly string[]>>): Promise<Ended & { readonly counts: unknown }> {
    const absolute = Object.fromEntries(Object.entries(of).map(([name, files]) => [name, files.map((file) => join(tree, file))]));
    write(
      tree,
      'main.mjs',
      `import { runLanes } from ${JSON.stringify(pathToFileURL(join(ROOT, 'scripts/lanes.mjs')).href)};
process.stdout.write('\\n' + JSON.stringify(await runLanes(${JSON.stringify(ROOT)}, ${JSON.stringify(absolute)})));`,
    );
    const ended = await run(process.execPath, [join(tree, 'main.mjs')]);
    return { ...ended, counts: JSON.parse(ended.stdout.split('\n').at(-1) ?? '') };
  }
});
