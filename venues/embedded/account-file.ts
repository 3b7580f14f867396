/** The account on disk, one line a change: an account of the real venue outlives the crash of whoever watches it, and so must this one. */
import { closeSync, existsSync, openSync, readFileSync, statSync, truncateSync, writeSync } from 'node:fs';

const BYTES_MAX = 256 * 1024 * 1024;

/** `Memory` is plain JSON, and what only `append` writes. */
export class AccountFile<Memory> {
  readonly memories: readonly Memory[];
  readonly #descriptor: number;

  /** @throws Error where the file is too large, or holds what is no account. */
  constructor(path: string) {
    this.memories = existsSync(path) ? read<Memory>(path) : [];
    this.#descriptor = openSync(path, 'a');
  }

  /** Written before anybody is told. A lost process loses nothing; a lost machine may lose the last lines. */
  append(memory: Memory): void {
    writeSync(this.#descriptor, `${JSON.stringify(memory)}\n`);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function read<Memory>(path: string): readonly Memory[] {
  const { size } = statSync(path);
  if (size > BYTES_MAX) throw new Error(`account file ${path}: ${size} bytes, more than ${BYTES_MAX}; move it away to start with a new account`);
  const text = readFileSync(path, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  // The process died in the middle of a line: nobody was told of it.
  if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole));
  return whole.split('\n').flatMap((line, index) => (line === '' ? [] : [parsed<Memory>(path, line, index + 1)]));
}

function parsed<Memory>(path: string, line: string, number: number): Memory {
  try {
    // Only `append` writes it.
    return JSON.parse(line) as Memory;
  } catch {
    throw new Error(`account file ${path}: line ${number} is no JSON; move the file away to start with a new account`);
  }
}
