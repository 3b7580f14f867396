/**
 * A CSV file that grows page by page, each page durable before the next is asked for. What a crash can leave is a torn last line:
 * it is cut when the file is opened again, and the rows go on from the last whole one.
 */
import { open, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HistoryError } from './history-error.ts';

/** The headers of the files that can be played. */
export const CANDLE_HEADER = 'ts_ms,open,high,low,close,volume';
export const FUNDING_HEADER = 'ts_ms,rate';

const LINE_BYTES_MAX = 1024;
const OWNER_ONLY_FILE = 0o600;
const NEWLINE = 10;

/** @throws HistoryError where the file is not one of `header`. */
export async function openRowFile(path: string, header: string): Promise<RowFile> {
  const { handle, fresh } = await openOrCreate(path);
  try {
    const { cutBytes, size } = await repair(path, handle, header);
    if (fresh) await syncDirectory(dirname(path));
    const whole = size > header.length + 1;
    const firstLine = whole ? await lineAt(handle, header.length + 1) : null;
    const lastLine = whole ? await lastLineOf(path, handle, size) : null;
    return new RowFile(path, handle, { fresh, size, cutBytes, firstLine, lastLine });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

interface Found {
  readonly fresh: boolean;
  readonly size: number;
  readonly cutBytes: number;
  readonly firstLine: string | null;
  readonly lastLine: string | null;
}

export class RowFile {
  readonly path: string;
  /** Of the torn line that was cut; 0 where there was none. */
  readonly cutBytes: number;
  /** As they were when the file was opened; null where it had no row. */
  readonly firstLine: string | null;
  readonly lastLine: string | null;
  readonly #handle: FileHandle;
  /** Made by this opening, and without a row so far. */
  #empty: boolean;
  #size: number;

  constructor(path: string, handle: FileHandle, { fresh, size, cutBytes, firstLine, lastLine }: Found) {
    this.path = path;
    this.cutBytes = cutBytes;
    this.firstLine = firstLine;
    this.lastLine = lastLine;
    this.#handle = handle;
    this.#empty = fresh;
    this.#size = size;
  }

  /** Durable when it resolves. @throws HistoryError where somebody else wrote to the file meanwhile. */
  async append(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const { size } = await this.#handle.stat();
    if (size !== this.#size) {
      throw new HistoryError(`${this.path}: has ${size} bytes where this download left ${this.#size}; let only one process write it at a time`);
    }
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    try {
      await writeAll(this.#handle, bytes, this.#size);
      await this.#handle.datasync();
    } catch (error) {
      throw new HistoryError(`${this.path}: cannot be written: ${(error as Error).message}; what is whole in it is kept`, { cause: error });
    }
    this.#size += bytes.length;
    this.#empty = false;
  }

  /** A file that this opening made and that got no row leaves no trace. */
  async close(): Promise<void> {
    await this.#handle.close();
    if (this.#empty) await rm(this.path, { force: true });
  }
}

async function openOrCreate(path: string): Promise<{ readonly handle: FileHandle; readonly fresh: boolean }> {
  try {
    return { handle: await open(path, 'wx+', OWNER_ONLY_FILE), fresh: true };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    try {
      if (error.code === 'EEXIST') return { handle: await open(path, 'r+'), fresh: false };
    } catch (again) {
      throw new HistoryError(`${path}: cannot be written: ${(again as Error).message}; name a file that you may write`, { cause: again });
    }
    throw new HistoryError(`${path}: cannot be created: ${error.message}; name a file in a directory that you may write`, { cause: error });
  }
}

/** Leaves a header and whole lines. A file that never was one of ours is refused before a byte of it is changed. */
async function repair(path: string, handle: FileHandle, header: string): Promise<{ readonly cutBytes: number; readonly size: number }> {
  const { size } = await handle.stat();
  const expected = `${header}\n`;
  const begin = await textAt(handle, 0, expected.length);
  if (!expected.startsWith(begin)) {
    throw new HistoryError(`${path} line 1: the header is not ${header}; name another file, or remove this one`);
  }
  if (begin.length < expected.length) {
    await handle.truncate(0);
    await writeAll(handle, Buffer.from(expected), 0);
    await handle.sync();
    return { cutBytes: begin.length, size: expected.length };
  }
  const from = Math.max(0, size - LINE_BYTES_MAX);
  const tail = await bytesAt(handle, from, size - from);
  const newline = tail.lastIndexOf(NEWLINE);
  if (newline < 0) throw new HistoryError(`${path}: its last ${LINE_BYTES_MAX} bytes hold no end of a line; it is no file of rows, name another`);
  const wholeSize = from + newline + 1;
  if (wholeSize < size) {
    await handle.truncate(wholeSize);
    await handle.sync();
  }
  return { cutBytes: size - wholeSize, size: wholeSize };
}

async function lineAt(handle: FileHandle, offset: number): Promise<string> {
  const text = await textAt(handle, offset, LINE_BYTES_MAX);
  return text.slice(0, Math.max(0, text.indexOf('\n')));
}

/** Of a file that ends with a newline. */
async function lastLineOf(path: string, handle: FileHandle, size: number): Promise<string> {
  const from = Math.max(0, size - 1 - LINE_BYTES_MAX);
  const text = await textAt(handle, from, size - 1 - from);
  const newline = text.lastIndexOf('\n');
  if (newline < 0) throw new HistoryError(`${path}: its last line is longer than ${LINE_BYTES_MAX} bytes; it is no file of rows, name another`);
  return text.slice(newline + 1);
}

const textAt = async (handle: FileHandle, offset: number, length: number): Promise<string> =>
  (await bytesAt(handle, offset, length)).toString('latin1');

/** Fewer than `length` only at the end of the file. */
async function bytesAt(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

async function writeAll(handle: FileHandle, bytes: Buffer, offset: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += (await handle.write(bytes, written, bytes.length - written, offset + written)).bytesWritten;
}

/** Makes a new file's name durable. */
async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
