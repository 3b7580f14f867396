/** Dependencies from the lock file: installed once, and again only where the lock file or Node's major version changed. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';

const NODE_MIN = [20, 19];
const STAMP = 'node_modules/.ledgerwood.json';

/** @throws Error where this Node is older than package.json asks for. */
export function assertNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return;
  throw new Error(`Node ${version} is too old: Ledgerwood needs Node ${NODE_MIN.join('.')} or newer (see https://nodejs.org)`);
}

/** True where node_modules holds what the lock file asks for; `tests` asks for the development packages too. */
export function isInstalled(root, tests) {
  const stamp = readJson(join(root, STAMP));
  return stamp !== null && stamp.key === stampKey(root) && (!tests || stamp.dev === true);
}

/** An installation somebody made by hand is taken over where it is complete; else `npm ci`. */
export async function install(root, tests, say) {
  const adopted = installedAs(root);
  if (adopted !== 'no' && (!tests || adopted === 'all')) {
    writeStamp(root, adopted === 'all');
    return;
  }
  rmSync(join(root, STAMP), { force: true });
  const [command, ...lead] = npmCommand();
  await say('installing the dependencies of package-lock.json (npm ci)', () =>
    run(root, command, [...lead, 'ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=warn'], 'npm ci failed'),
  );
  if (installedAs(root) === 'no') throw new Error('npm ci ended without an error, yet packages of package-lock.json are missing in node_modules');
  writeStamp(root, true);
}

/** Which part of the lock file stands in node_modules at the same versions: `all`, `production` (no development packages) or `no`. */
export function installedAs(root) {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages;
  const present = readJson(join(root, 'node_modules/.package-lock.json'))?.packages;
  if (!wanted || !present) return 'no';
  let part = 'all';
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || !path.startsWith('node_modules/') || isNowhereNeeded(entry) || isInPlace(root, path, entry, present[path])) continue;
    if (entry.dev !== true) return 'no';
    part = 'production';
  }
  return part;
}

/** Optional packages are for other machines, and an entry without a version is an unused shadow of a linked folder. */
const isNowhereNeeded = (entry) => entry.optional === true || entry.devOptional === true || (entry.version === undefined && entry.link !== true);

function isInPlace(root, path, entry, present) {
  if (present === undefined || !existsSync(join(root, path, 'package.json'))) return false;
  return present.version === entry.version && present.integrity === entry.integrity && present.link === entry.link;
}

/** npm itself where npm runs us (its own path, so that no second npm is needed in PATH), else the one in PATH. */
function npmCommand() {
  const path = process.env['npm_execpath'] ?? '';
  return /npm-cli\.c?js$/.test(path) ? [process.execPath, path] : [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
}

function stampKey(root) {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  return `${lock} node ${process.versions.node.split('.')[0]} ${process.platform}-${process.arch}`;
}

function writeStamp(root, dev) {
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(join(root, STAMP), `${JSON.stringify({ key: stampKey(root), dev })}\n`);
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}
