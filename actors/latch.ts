/**
 * KS-1, KS-2: the latch file. While it exists nothing is entered, whoever wrote it and whatever else is dead. Synchronous, because a kill may not
 * wait for a turn of the event loop; atomic, then fsynced, because it must survive a power cut. Whatever cannot be read counts as a kill of all.
 */
import { closeSync, fsyncSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { killScope } from '#protocol/values.ts';
import type { KillScope } from '#trading/model/events.ts';
import { z } from 'zod';

export interface Latch {
  readonly scopes: readonly KillScope[];
  readonly reason: string;
  readonly source: string;
  /** UTC milliseconds. */
  readonly at: number;
  readonly flatten: boolean;
  /** For which of the scopes it was asked for; absent: for all of them where `flatten` says so. */
  readonly flattened?: readonly KillScope[];
}

/** KS-1: flatten is a choice of its own, of the kill that asked for it and of no other. */
export const flattenedBy = ({ flatten, scopes, flattened = scopes }: Latch): readonly KillScope[] => (flatten ? flattened : []);

/** A latch is a line; what is larger was not written by us. */
export const LATCH_BYTES_MAX = 4096;
const REASON_LENGTH_MAX = 500;
const SOURCE_LENGTH_MAX = 64;
const OWNER_ONLY = 0o600;

const latchFile = z.object({
  scopes: z.array(killScope).min(1),
  reason: z.string().max(REASON_LENGTH_MAX),
  source: z.string().min(1).max(SOURCE_LENGTH_MAX),
  at: z.number().nonnegative(),
  flatten: z.boolean(),
  flattened: z.array(killScope).exactOptional(),
});

/** Null where there is none; a kill of all where there is one that cannot be read. */
export function readLatch(path: string): Latch | null {
  let text: string;
  try {
    if (statSync(path).size > LATCH_BYTES_MAX) return unreadable(`it has more than ${LATCH_BYTES_MAX} bytes`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // what node:fs throws
    return code === 'ENOENT' ? null : unreadable(code ?? 'it cannot be read');
  }
  try {
    const parsed = latchFile.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : unreadable('it is not what a kill writes');
  } catch {
    return unreadable('it is not JSON');
  }
}

/**
 * Writes the latch; scopes and flatten of one that is there already stay in force. Where the disk has no room for its words, an empty file takes
 * its place, which reads as a kill of all.
 * @throws Error of node:fs where not even that can be made. The memory flag of the send gate holds without it.
 */
export function writeLatch(path: string, latch: Latch): void {
  try {
    writeWhole(path, latch);
  } catch (error) {
    leaveEmpty(path, error);
  }
}

function leaveEmpty(path: string, why: unknown): void {
  try {
    closeSync(openSync(path, 'w', OWNER_ONLY));
    fsyncDir(dirname(path));
  } catch {
    throw why;
  }
}

function writeWhole(path: string, latch: Latch): void {
  const before = readLatch(path);
  const merged: Latch = {
    ...latch,
    reason: latch.reason.slice(0, REASON_LENGTH_MAX),
    source: latch.source.slice(0, SOURCE_LENGTH_MAX),
    scopes: [...new Set([...(before?.scopes ?? []), ...latch.scopes])],
    flatten: latch.flatten || (before?.flatten ?? false),
    ...(before !== null && { flattened: [...new Set([...flattenedBy(before), ...flattenedBy(latch)])] }),
  };
  // A directory of its own: two processes that pull the switch at once never write into one file.
  const draftDir = mkdtempSync(`${path}.`);
  try {
    const draft = join(draftDir, 'latch');
    const file = openSync(draft, 'wx', OWNER_ONLY);
    try {
      writeSync(file, JSON.stringify(merged));
      // In its place first: gates close now, not after the disk. What a power cut leaves of it in between reads as a kill of all.
      renameSync(draft, path);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    fsyncDir(dirname(path));
  } finally {
    rmSync(draftDir, { recursive: true, force: true });
  }
}

/** After a re-arm. Nothing happens where there is none. */
export function removeLatch(path: string): void {
  rmSync(path, { force: true });
  fsyncDir(dirname(path));
}

function unreadable(why: string): Latch {
  return { scopes: ['all'], reason: `a latch file is there, but ${why}`, source: 'latch', at: 0, flatten: false };
}

function fsyncDir(path: string): void {
  const dir = openSync(path, 'r');
  try {
    fsyncSync(dir);
  } finally {
    closeSync(dir);
  }
}
