/** Snapshots of actors' states: caches that shorten a replay. Deleting them all changes nothing but the time a start takes. */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Snapshots } from '#protocol/ports.ts';
import { canonicalJson, sha256 } from './chain.ts';
import { ensureDirectory, isNotFound, sweepTempFiles, syncDirectory, writeFileAtomic } from './files.ts';
import { keyOf, seqOf } from './store.ts';

export const SNAPSHOT_FORMAT = 4;
export const GENERATIONS_KEPT = 3;
export const SNAPSHOT_CHARS_MAX = 32 * 1024 * 1024;

export interface SnapshotOptions {
  readonly dir: string;
  /** The journal's: a snapshot of another past (a restored backup, a new data directory) is then passed over. */
  readonly hashAt?: (seq: number) => Promise<string | null>;
  /** Told which file was not used, and why. */
  readonly onDiscarded?: (file: string, reason: string) => void;
}

interface Saved {
  readonly seq: number;
  readonly journalHash: string;
  readonly state: unknown;
}

const ACTOR_NAME = /^[a-z][a-z0-9_.-]{0,63}$/;
const SUFFIX = '.json';

/** Files `<dir>/<actor>/<seq>.json`. */
export function openSnapshots({ dir, hashAt, onDiscarded = () => undefined }: SnapshotOptions): Snapshots {
  const swept = new Set<string>();
  const directoryOf = async (actor: string): Promise<string> => {
    if (!ACTOR_NAME.test(actor)) throw new RangeError(`not an actor's name: ${JSON.stringify(actor)}`);
    const path = join(dir, actor);
    if (swept.has(actor)) return path;
    ensureDirectory(path);
    await sweepTempFiles(path);
    swept.add(actor);
    return path;
  };
  return {
    async save(actor, seq, journalHash, state) {
      const path = await directoryOf(actor);
      const text = encode({ actor, seq, journalHash, state });
      if (text.length > SNAPSHOT_CHARS_MAX)
        throw new RangeError(`the snapshot of ${actor} has ${text.length} characters, the most is ${SNAPSHOT_CHARS_MAX}`);
      await writeFileAtomic(join(path, keyOf(seq) + SUFFIX), text);
      await prune(path, seq);
    },
    async load(actor) {
      const path = await directoryOf(actor);
      for (const file of (await generations(path)).reverse()) {
        const found = await readSnapshot(join(path, file), actor);
        const reason = typeof found === 'string' ? found : await otherPast(found, hashAt);
        if (typeof found !== 'string' && reason === null) return found;
        onDiscarded(join(path, file), reason ?? '');
      }
      return null;
    },
  };
}

function encode(content: Saved & { readonly actor: string }): string {
  const { actor, seq, journalHash, state } = content;
  const sealed = { version: SNAPSHOT_FORMAT, actor, seq, journalHash, state };
  return canonicalJson({ ...sealed, sha256: sha256(canonicalJson(sealed)) });
}

/** The snapshot, or why it cannot be used. */
async function readSnapshot(file: string, actor: string): Promise<Saved | string> {
  try {
    const { size } = await stat(file);
    if (size > SNAPSHOT_CHARS_MAX * 2) return `it has ${size} bytes`;
    const raw: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof raw !== 'object' || raw === null || !('sha256' in raw)) return 'it is not a snapshot';
    const { sha256: expected, ...sealed } = raw;
    if (sha256(canonicalJson(sealed)) !== expected) return 'its content does not match its sha256';
    const content = sealed as Record<string, unknown>;
    if (content['version'] !== SNAPSHOT_FORMAT) return `it is of format ${String(content['version'])}, this release reads ${SNAPSHOT_FORMAT}`;
    if (content['actor'] !== actor) return `it is of ${String(content['actor'])}`;
    // Written by encode: the checksum holds.
    return { seq: content['seq'] as number, journalHash: content['journalHash'] as string, state: content['state'] };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function otherPast({ seq, journalHash }: Saved, hashAt: SnapshotOptions['hashAt']): Promise<string | null> {
  if (hashAt === undefined || (await hashAt(seq)) === journalHash) return null;
  return `the journal's record ${seq} is not the one it was taken at`;
}

/** Keeps the newest generations up to `seq`; one beyond it is of another journal, for numbers only grow. */
async function prune(path: string, seq: number): Promise<void> {
  const files = await generations(path);
  const current = files.filter((file) => file <= keyOf(seq) + SUFFIX);
  const kept = new Set(current.slice(-GENERATIONS_KEPT));
  const old = files.filter((file) => !kept.has(file));
  for (const file of old) await rm(join(path, file), { force: true });
  if (old.length > 0) await syncDirectory(path);
}

/** File names, oldest first. */
async function generations(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).filter((name) => name.endsWith(SUFFIX) && seqOf(name.slice(0, -SUFFIX.length)) !== null).sort();
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}
