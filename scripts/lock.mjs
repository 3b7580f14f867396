/** One set-up at a time in one tree: a lock directory that holds its owner's process id, so that a dead owner's lock is taken over. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 200;
const WAIT_MS_MAX = 20 * 60_000;

/** Runs `work` while holding the lock at `path`. `waiting(pid)` is called once where another process holds it. */
export async function withLock(path, work, waiting = () => {}) {
  await acquire(path, waiting);
  try {
    return await work();
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

async function acquire(path, waiting) {
  const deadline = Date.now() + WAIT_MS_MAX;
  for (let told = false; ;) {
    if (tryAcquire(path)) return;
    const owner = ownerOf(path);
    if (owner !== null && !isAlive(owner)) {
      takeAway(path, owner);
      continue;
    }
    if (Date.now() > deadline)
      throw new Error(`${path} is held by process ${owner} for ${WAIT_MS_MAX / 60_000} minutes; stop it or remove the directory`);
    if (!told) waiting(owner);
    told = true;
    await sleep(POLL_MS);
  }
}

/** The directory is made beside and renamed into place with its owner inside: it never stands there without an owner. */
function tryAcquire(path) {
  mkdirSync(dirname(path), { recursive: true });
  const own = `${path}.${process.pid}`;
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own);
  writeFileSync(join(own, 'owner'), String(process.pid));
  try {
    renameSync(own, path);
    return true;
  } catch {
    rmSync(own, { recursive: true, force: true });
    return false;
  }
}

function ownerOf(path) {
  try {
    const pid = Number(readFileSync(join(path, 'owner'), 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Two waiters may see the same dead owner: the slower one puts back what meanwhile belongs to the faster one. */
function takeAway(path, deadOwner) {
  const aside = `${path}.dead.${process.pid}`;
  try {
    renameSync(path, aside);
    if (ownerOf(aside) !== deadOwner) renameSync(aside, path);
  } catch {
    return;
  }
  rmSync(aside, { recursive: true, force: true });
}
