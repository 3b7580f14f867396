/** The key that signs sessions, in a file that only its owner can read, so that a restart of the page logs nobody out. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export const SECRET_BYTES = 32;
const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

/**
 * The secret of `path`; a new one where there is none, where it is of another length, or where others could have read it.
 * @throws Error of node:fs where the file can be neither read nor written.
 */
export function readOrMakeSecret(path: string, secretBytes: (count: number) => Uint8Array): Uint8Array {
  return readSecret(path) ?? makeSecret(path, secretBytes(SECRET_BYTES));
}

function readSecret(path: string): Uint8Array | null {
  try {
    const { mode, size } = statSync(path);
    return (mode & OTHERS) === 0 && size === SECRET_BYTES ? readFileSync(path) : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null; // what node:fs throws
    throw error;
  }
}

/** Written beside and renamed: a crash leaves the old secret or the new one, never half of one. */
function makeSecret(path: string, secret: Uint8Array): Uint8Array {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  const file = openSync(draft, 'wx', OWNER_ONLY);
  try {
    writeSync(file, secret);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  return secret;
}
