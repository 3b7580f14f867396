/** Files that survive a power cut whole or not at all: temp → fsync → rename → fsync the directory. */
import { mkdirSync, statSync } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;
/** No file of the system ends so; the process id keeps two writers apart. */
const TEMP_NAME = /\.\d+\.tmp$/;

/**
 * Creates `dir` and its parents, readable by the owner only. Step by step, because the recursion of Node's own mkdir never ends where a file
 * system answers "no such directory" below one that is there, as /proc does.
 * @throws Error of node:fs, at once, where it cannot be made.
 */
export function ensureDirectory(dir: string): void {
  if (isDirectory(dir)) return;
  const parent = dirname(dir);
  if (parent !== dir) ensureDirectory(parent);
  try {
    mkdirSync(dir, OWNER_ONLY_DIRECTORY);
  } catch (error) {
    // Another process may have been first.
    if (!isDirectory(dir)) throw error;
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Replaces `path` atomically and durably. The directory must exist. */
export async function writeFileAtomic(path: string, text: string): Promise<void> {
  const temp = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  const file = await open(temp, 'w', OWNER_ONLY_FILE);
  try {
    await file.writeFile(text, 'utf8');
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temp, path);
  await syncDirectory(dirname(path));
}

/** Removes temp files that a crash left in `dir`. Returns how many. */
export async function sweepTempFiles(dir: string): Promise<number> {
  const orphans = (await readdir(dir)).filter((name) => TEMP_NAME.test(name));
  for (const name of orphans) await rm(join(dir, name), { force: true });
  return orphans.length;
}

/** Makes a rename or a removal in `dir` durable. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export const isNotFound = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

const DISK_REFUSALS: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EMFILE', 'ENFILE']);

/** True where the disk is full, read-only or not ours to use: a person can mend that, and nothing of ours is wrong. */
export const isDiskRefusal = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && DISK_REFUSALS.has(error.code);
