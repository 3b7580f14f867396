import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { ROOT, run, temporaryTree, write } from './scripts.ts';

const COMPILING = /compiling the code \(tsc\)/;
const BUILDING = /building the page \(vite\)/;

/** One story in one tree: each case starts from where the one before left it. */
describe('scripts: compiled once', () => {
  let tree: string;
  before(() => {
    tree = temporaryTree();
    write(tree, 'package.json', '{ "name": "fixture", "type": "module" }');
    write(tree, 'package-lock.json', '{ "packages": { "": {} } }');
    write(tree, 'node_modules/.package-lock.json', '{ "packages": {} }');
    mkdirSync(join(tree, 'node_modules'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules/typescript'), join(tree, 'node_modules/typescript'));
    write(
      tree,
      'tsconfig.json',
      '{ "compilerOptions": { "strict": true, "target": "es2023", "module": "nodenext", "types": [], "skipLibCheck": true } }',
    );
    write(
      tree,
      'tsconfig.build.json',
      '{ "extends": "./tsconfig.json", "compilerOptions": { "rootDir": ".", "outDir": "dist", "incremental": true, "tsBuildInfoFile": "dist/.tsbuildinfo" }, "include": ["trading"] }',
    );
    write(tree, 'trading/kept.ts', 'export const kept: number = 1;\n');
    write(tree, 'trading/gone.ts', 'export const gone: number = 1;\n');
  });
  after(() => rmSync(tree, { recursive: true, force: true }));

  it('the first run compiles, and says so on stderr alone', async () => {
    const { code, stdout, stderr } = await ready();
    assert.equal(code, 0, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, COMPILING);
    assert.match(output('trading/kept.js'), /kept = 1/);
  });

  it('the second run does nothing', async () => {
    assert.deepEqual(await ready(), { code: 0, stdout: '', stderr: '' });
  });

  it('a file that was only touched is not compiled again', async () => {
    utimesSync(join(tree, 'trading/kept.ts'), new Date(1_000_000), new Date(2_000_000));
    assert.equal((await ready()).stderr, '');
  });

  it('a changed file is', async () => {
    write(tree, 'trading/kept.ts', 'export const kept: number = 2;\n');
    assert.match((await ready()).stderr, COMPILING);
    assert.match(output('trading/kept.js'), /kept = 2/);
  });

  it('what was compiled from a deleted file goes with it', async () => {
    rmSync(join(tree, 'trading/gone.ts'));
    assert.match((await ready()).stderr, COMPILING);
    assert.ok(!existsSync(join(tree, 'dist/trading/gone.js')));
    assert.ok(existsSync(join(tree, 'dist/trading/kept.js')));
  });

  it('a type error stops with the place and one clear line, now and at the next run', async () => {
    write(tree, 'trading/kept.ts', "export const kept: number = 'two';\n");
    for (const attempt of [1, 2]) {
      const { code, stderr } = await ready();
      assert.equal(code, 3, `attempt ${attempt}: ${stderr}`);
      assert.match(stderr, /trading\/kept\.ts\(1,14\): error TS2322[\s\S]*tsc found errors, so nothing runs/);
      assert.match(output('trading/kept.js'), /kept = 2/, 'what was compiled before is left alone');
    }
  });

  it('an output that somebody removed is made again', async () => {
    write(tree, 'trading/kept.ts', 'export const kept: number = 3;\n');
    await ready();
    rmSync(join(tree, 'dist'), { recursive: true });
    assert.match((await ready()).stderr, COMPILING);
    assert.match(output('trading/kept.js'), /kept = 3/);
  });

  it('the page is built where there is one, and again only when it or what it shares changed', async () => {
    symlinkSync(join(ROOT, 'node_modules/vite'), join(tree, 'node_modules/vite'));
    write(tree, 'ui/vite.config.ts', "export default { build: { outDir: 'dist', emptyOutDir: true } };\n");
    write(tree, 'ui/index.html', '<!doctype html><title>one</title>\n');
    const first = await ready();
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, BUILDING);
    assert.doesNotMatch(first.stderr, COMPILING);
    assert.equal((await ready()).stderr, '');
    write(tree, 'ui/index.html', '<!doctype html><title>two</title>\n');
    assert.match((await ready()).stderr, BUILDING);
    assert.match(readFileSync(join(tree, 'ui/dist/index.html'), 'utf8'), /<title>two/);
  });

  const output = (path: string): string => readFileSync(join(tree, 'dist', path), 'utf8');

  function ready(): ReturnType<typeof run> {
    const program = `import { ready } from ${JSON.stringify(join(ROOT, 'scripts/ready.mjs'))};
      try { await ready({ root: ${JSON.stringify(tree)} }); }
      catch (error) { process.stderr.write(error.message); process.exitCode = 3; }`;
    return run(process.execPath, ['--input-type=module', '-e', program]);
  }
});
