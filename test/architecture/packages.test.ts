import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { listed, read } from './tree.ts';

type Versions = Readonly<Record<string, string>>;
interface Manifest {
  readonly dependencies: Versions;
  readonly devDependencies: Versions;
  readonly overrides: Versions;
  readonly engines: { readonly node: string };
}
interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
}

const manifest = JSON.parse(read('package.json')) as Manifest;
const locked = (JSON.parse(read('package-lock.json')) as { readonly packages: Readonly<Record<string, Locked>> }).packages;
const installed = Object.entries(locked).filter(([path]) => path.startsWith('node_modules/'));

const EXACT = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
const OWN_FOLDER = /^file:\.\/vendor-stubs\/[a-z-]+$/;
const SAME_AS_DEPENDENCY = /^\$[a-z@/.-]+$/;
/** Notices kept in the package's own folder are enough for these. */
const PERMISSIVE = new Set([
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'PSF-2.0',
  'WTFPL',
  'CC0-1.0',
  'Unlicense',
]);
/** They bring scripts; `ignore-scripts` never runs them, and the tests prove that each works without. */
const SCRIPTS_NEVER_RUN = new Set(['bufferutil', 'ccxt', 'classic-level', 'esbuild', 'fsevents', 'protobufjs', 'utf-8-validate']);

const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

describe('architecture: packages', () => {
  it('package.json pins exact versions', () => {
    const problems = notExact({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.overrides });
    assert.ok(problems.length === 0, listed(problems));
  });

  it('the lock file is in step with package.json', () => {
    assert.deepEqual(locked['']?.dependencies, manifest.dependencies);
    assert.deepEqual(locked['']?.devDependencies, manifest.devDependencies);
    const pins = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(([, version]) => EXACT.test(version));
    const problems = pins
      .filter(([name, version]) => locked[`node_modules/${name}`]?.version !== version)
      .map(
        ([name, version]) => `${name} is pinned at ${version}, locked at ${locked[`node_modules/${name}`]?.version ?? 'nothing'}: run npm install`,
      );
    assert.ok(problems.length === 0, listed(problems));
  });

  it('the lock file names no host, and every fetched package has an integrity hash', () => {
    const problems = installed.flatMap(([path, entry]) => [
      ...(entry.resolved !== undefined && entry.link !== true
        ? [`${path}: 'resolved' names a host; .npmrc leaves it out (omit-lockfile-registry-resolved)`]
        : []),
      ...(entry.version !== undefined && entry.integrity === undefined ? [`${path}: no integrity hash`] : []),
    ]);
    assert.ok(problems.length === 0, listed(problems));
  });

  it('a linked folder is linked where npm 10 and 11 both find it', () => {
    const problems = installed
      .filter(([, entry]) => entry.link === true && !(entry.resolved ?? '').startsWith('vendor-stubs/'))
      .map(
        ([path, entry]) =>
          `${path} links to ${entry.resolved ?? 'nothing'}: make it a dependency "file:./vendor-stubs/NAME" and override it by "$NAME"`,
      );
    assert.ok(problems.length === 0, listed(problems));
  });

  it('install scripts never run, and no new package brings one unseen', () => {
    assert.match(read('.npmrc'), /^ignore-scripts=true$/m);
    const problems = installed
      .filter(([path, entry]) => entry.hasInstallScript === true && !SCRIPTS_NEVER_RUN.has(nameOf(path)))
      .map(([path]) => `${path} has an install script: prove that it works without, then list it in this test`);
    assert.ok(problems.length === 0, listed(problems));
  });

  it('licences that ask for more than a notice, and those that are not named, stand in NOTICE', () => {
    const problems = licencesToNote(installed, read('NOTICE'));
    assert.ok(problems.length === 0, listed(problems));
  });

  it('Node is asked for as the set-up asks for it', () => {
    const [, major, minor] = /NODE_MIN = \[(\d+), (\d+)\]/.exec(read('scripts/install.mjs')) ?? [];
    assert.equal(manifest.engines.node, `>=${major ?? '?'}.${minor ?? '?'}`);
  });
});

describe('architecture: the package rules can fail', () => {
  it('a range, a tag and an address are no exact pins', () => {
    assert.equal(notExact({ a: '^1.2.3', b: '~1.2.3', c: 'latest', d: '1.x', e: 'git+ssh://example.org/x.git', f: 'file:../x' }).length, 6);
    assert.deepEqual(notExact({ a: '1.2.3', b: '1.2.3-rc.1', c: 'file:./vendor-stubs/babel-polyfill', d: '$babel-polyfill' }), []);
  });

  it('a copyleft licence that NOTICE does not name is seen', () => {
    const entries: readonly (readonly [string, Locked])[] = [
      ['node_modules/copyleft', { version: '1.0.0', license: 'GPL-3.0' }],
      ['node_modules/plain', { version: '1.0.0', license: 'MIT' }],
      ['node_modules/silent', { version: '1.0.0' }],
    ];
    const problems = licencesToNote(entries, 'silent: public domain');
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', /copyleft is under GPL-3\.0/);
  });
});

function notExact(versions: Versions): readonly string[] {
  return Object.entries(versions)
    .filter(([, version]) => !EXACT.test(version) && !OWN_FOLDER.test(version) && !SAME_AS_DEPENDENCY.test(version))
    .map(([name, version]) => `${name} is '${version}': pin one exact version (save-exact)`);
}

/** lightningcss ships one package a platform: its family is named once. */
function licencesToNote(entries: readonly (readonly [string, Locked])[], notice: string): readonly string[] {
  return entries
    .filter(([, entry]) => entry.version !== undefined && !PERMISSIVE.has(entry.license ?? ''))
    .map(([path, entry]) => ({
      name: nameOf(path),
      family: nameOf(path).replace(/^(lightningcss)-.*/, '$1'),
      license: entry.license ?? 'no named licence',
    }))
    .filter(({ family }) => !notice.includes(family))
    .map(({ name, license }) => `${name} is under ${license}: say in NOTICE what that asks for`);
}
