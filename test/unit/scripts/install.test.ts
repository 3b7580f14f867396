import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { load, run, ROOT, temporaryTree, write } from './scripts.ts';

interface Install {
  assertNode(version?: string): void;
  installedAs(root: string): 'all' | 'production' | 'no';
  isInstalled(root: string, tests: boolean): boolean;
}

const LOCK = {
  packages: {
    '': {},
    'node_modules/used': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/tool': { version: '2.0.0', integrity: 'sha512-b', dev: true },
    'node_modules/elsewhere': { version: '3.0.0', integrity: 'sha512-c', optional: true },
    'node_modules/shadow/nested': {},
  },
};

describe('scripts: dependencies from the lock file', () => {
  let tree: string;
  let install: Install;
  beforeEach(async () => {
    tree = temporaryTree();
    install = await load<Install>('install.mjs');
    write(tree, 'package-lock.json', JSON.stringify(LOCK));
  });
  afterEach(() => rmSync(tree, { recursive: true, force: true }));

  it('an old Node is refused by name, a new one is not', () => {
    for (const version of ['18.20.4', '20.18.3', '16.0.0']) {
      assert.throws(() => install.assertNode(version), new RegExp(`Node ${version} is too old: Ledgerwood needs Node 20\\.19`));
    }
    for (const version of ['20.19.0', '22.0.0', '24.1.0']) install.assertNode(version);
  });

  it('an installation made by hand is seen for what it is', () => {
    assert.equal(install.installedAs(tree), 'no');
    put('used', '1.0.0', 'sha512-a');
    assert.equal(install.installedAs(tree), 'production');
    put('tool', '2.0.0', 'sha512-b');
    assert.equal(install.installedAs(tree), 'all');
    put('used', '1.0.1', 'sha512-z');
    assert.equal(install.installedAs(tree), 'no', 'another version than the lock file names');
    put('used', '1.0.0', 'sha512-a');
    rmSync(join(tree, 'node_modules/used'), { recursive: true });
    assert.equal(install.installedAs(tree), 'no', 'listed, yet its folder is gone');
  });

  it('runs npm ci once, and again only when the lock file changes', async () => {
    const npm = fakeNpm(0);
    const first = await ready(npm);
    assert.equal(first.code, 0, first.stderr);
    assert.equal(first.stdout, '', 'stdout belongs to the command');
    assert.match(first.stderr, /installing the dependencies .*npm ci\) …\nnpm says: ci --include=dev --ignore-scripts/);
    assert.equal((await ready(npm)).stderr, '');
    write(tree, 'package-lock.json', JSON.stringify({ ...LOCK, changed: true }));
    put('used', '0.9.0', 'sha512-old');
    assert.match((await ready(npm)).stderr, /npm says: ci/);
  });

  it('a failing npm ci is one clear line, and nothing counts as installed', async () => {
    const ended = await ready(fakeNpm(7));
    assert.equal(ended.code, 3);
    assert.match(ended.stderr, /npm ci failed \(exit 7\); what it said stands above/);
    assert.ok(!install.isInstalled(tree, false));
    assert.ok(!existsSync(join(tree, '.cache/ready.lock')));
  });

  const hidden: Record<string, unknown> = {};
  beforeEach(() => {
    for (const key of Object.keys(hidden)) Reflect.deleteProperty(hidden, key);
  });

  function put(name: string, version: string, integrity: string): void {
    hidden[`node_modules/${name}`] = { version, integrity };
    write(tree, `node_modules/${name}/package.json`, '{}');
    write(tree, 'node_modules/.package-lock.json', JSON.stringify({ packages: hidden }));
  }

  /** An npm that says how it was called and, with exit code 0, leaves behind what the lock file asks for. */
  function fakeNpm(exitCode: number): string {
    const packages = Object.fromEntries(Object.entries(LOCK.packages).filter(([path]) => /\/(used|tool)$/.test(path)));
    write(
      tree,
      'fake/npm-cli.js',
      `const fs = require('node:fs');
      console.log('npm says: ' + process.argv.slice(2).join(' '));
      if (${exitCode} !== 0) process.exit(${exitCode});
      for (const path of ${JSON.stringify(Object.keys(packages))}) {
        fs.mkdirSync(path, { recursive: true });
        fs.writeFileSync(path + '/package.json', '{}');
      }
      fs.writeFileSync('node_modules/.package-lock.json', ${JSON.stringify(JSON.stringify({ packages }))});`,
    );
    return join(tree, 'fake/npm-cli.js');
  }

  function ready(npm: string): ReturnType<typeof run> {
    const program = `import { ready } from ${JSON.stringify(join(ROOT, 'scripts/ready.mjs'))};
      try { await ready({ root: ${JSON.stringify(tree)}, tests: true, compiled: false }); }
      catch (error) { process.stderr.write(error.message); process.exitCode = 3; }`;
    return run(process.execPath, ['--input-type=module', '-e', program], { npm_execpath: npm });
  }
});
