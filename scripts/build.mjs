/** Compiled once: dist/ from the TypeScript rooms, ui/dist from the page. A stamp names the sources that each was built from. */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { contentFingerprint, fastFingerprint, filesOf } from './fingerprint.mjs';
import { run } from './run.mjs';

const ROOMS = ['trading', 'protocol', 'learning', 'config', 'state', 'venues', 'actors', 'supervisors', 'cli'];

const CODE = {
  name: 'code',
  title: 'compiling the code (tsc)',
  sources: [...ROOMS, 'tsconfig.json', 'tsconfig.build.json', 'package.json', 'package-lock.json'],
  proof: 'dist/.tsbuildinfo',
  exists: () => true,
  async build(root) {
    await run(
      root,
      process.execPath,
      ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--noEmitOnError'],
      'tsc found errors, so nothing runs',
    );
    removeOrphans(root, join(root, 'dist'), '');
  },
};

const PAGE = {
  name: 'page',
  title: 'building the page (vite)',
  sources: ['ui', 'protocol', 'trading/money', 'trading/model', 'tsconfig.json', 'package.json', 'package-lock.json'],
  proof: 'ui/dist/index.html',
  exists: (root) => existsSync(join(root, 'ui/vite.config.ts')),
  build: (root) =>
    run(
      root,
      process.execPath,
      ['node_modules/vite/bin/vite.js', 'build', 'ui', '--config', 'ui/vite.config.ts', '--logLevel', 'warn'],
      'vite could not build the page',
    ),
};

/** The builds whose sources changed since they last succeeded. */
export const staleBuilds = (root) => [CODE, PAGE].filter((target) => target.exists(root) && !isFresh(root, target));

/** Builds one target, and writes its stamp only afterwards: an interrupted build is done again. */
export async function build(root, target, say) {
  const files = filesOf(root, target.sources);
  const content = contentFingerprint(root, files);
  const stamp = readStamp(root, target);
  if (stamp?.content !== content || !existsSync(join(root, target.proof))) {
    rmSync(stampPath(root, target), { force: true });
    await say(target.title, () => target.build(root));
  }
  mkdirSync(dirname(stampPath(root, target)), { recursive: true });
  writeFileSync(stampPath(root, target), `${JSON.stringify({ fast: fastFingerprint(files), content })}\n`);
}

const isFresh = (root, target) =>
  readStamp(root, target)?.fast === fastFingerprint(filesOf(root, target.sources)) && existsSync(join(root, target.proof));

const stampPath = (root, target) => join(root, '.cache', `built-${target.name}.json`);

function readStamp(root, target) {
  try {
    return JSON.parse(readFileSync(stampPath(root, target), 'utf8'));
  } catch {
    return null;
  }
}

/** A file whose source is gone would still be found by an import: it goes too. */
function removeOrphans(root, directory, below) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      removeOrphans(root, path, `${below}${entry.name}/`);
      if (readdirSync(path).length === 0) rmdirSync(path);
    } else if (/\.js(\.map)?$/.test(entry.name) && !existsSync(join(root, below + entry.name.replace(/\.js(\.map)?$/, '.ts')))) {
      rmSync(path);
    }
  }
}
