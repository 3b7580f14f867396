/**
 * ST-5: a journal that cannot be read to its end. What is damaged is set aside whole, as it lies, and named; the journal goes on from a copy of
 * the records before the damage, each proven by the chain. Nothing is repaired: what was lost is in quarantine, and the caller must have seen to
 * it that nothing is entered on what is left.
 */
import { constants } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { anchorFile } from './anchor.ts';
import { checkText, GENESIS, type Link } from './chain.ts';
import type { DataPaths } from './data-dir.ts';
import { JournalError, type JournalErrorCode } from './errors.ts';
import { isNotFound, writeFileAtomic } from './files.ts';
import { keyOf, levelStore, type RawRecord, type RecordStore } from './store.ts';

export interface Quarantine {
  /** Where the damaged journal lies now. */
  readonly dir: string;
  /** The newest record that was kept. */
  readonly kept: number;
}

type Places = Pick<DataPaths, 'stateDir' | 'leveldb' | 'anchor'>;

/** Damage of what was written. A lock, a newer release or a full disk is none. */
const DAMAGE: ReadonlySet<JournalErrorCode> = new Set<JournalErrorCode>(['STORE_BROKEN', 'CHAIN_BROKEN', 'BEHIND_ANCHOR', 'ANCHOR_BROKEN']);

export const isDamage = (error: unknown): error is JournalError => error instanceof JournalError && DAMAGE.has(error.code);

const copyOf = ({ stateDir }: Places): string => join(stateDir, 'leveldb.kept');
/** There once the copy is whole: what is left then are renames, which a crash may cut short and the next start finishes. */
const planOf = ({ stateDir }: Places): string => join(stateDir, 'quarantine.json');

interface Plan extends Quarantine {
  readonly head: Link;
}

/** @throws Error of node:fs, or JournalError of the copy, where the disk does not take it. Then everything is as it was. */
export async function quarantineJournal(places: Places, now: number): Promise<Quarantine> {
  await rm(copyOf(places), { recursive: true, force: true });
  const copy = levelStore(copyOf(places));
  await copy.open();
  let head = GENESIS;
  try {
    head = await copyProven(levelStore(places.leveldb, false), copy);
  } finally {
    await copy.close();
  }
  const dir = join(places.stateDir, 'quarantine', new Date(now).toISOString().replaceAll(':', '-'));
  const plan: Plan = { dir, kept: head.seq, head };
  await writeFileAtomic(planOf(places), JSON.stringify(plan));
  return (await finishQuarantine(places)) ?? plan;
}

/** What a crash left half-done is done; null where nothing was. Before the journal is opened. */
export async function finishQuarantine(places: Places): Promise<Quarantine | null> {
  const plan = await readPlan(planOf(places));
  if (plan === null) return null;
  const { dir, kept, head } = plan;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await copyFile(places.anchor, join(dir, 'anchor.json'), constants.COPYFILE_EXCL).catch(unless('ENOENT', 'EEXIST'));
  // Once: where it lies there already, what is in its place is the copy, or the empty directory that a start makes.
  await rename(places.leveldb, join(dir, 'leveldb')).catch(unless('ENOENT', 'ENOTEMPTY', 'EEXIST'));
  await rename(copyOf(places), places.leveldb).catch(unless('ENOENT'));
  // Nothing was written since: the journal is opened only when there is no plan any more.
  await anchorFile(places.anchor).write(head);
  await rm(planOf(places));
  return { dir, kept };
}

/** Done before, or nothing there to do it with. */
const unless =
  (...codes: readonly string[]) =>
  (error: NodeJS.ErrnoException): void => {
    if (!codes.includes(error.code ?? '')) throw error;
  };

async function readPlan(path: string): Promise<Plan | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Plan; // written atomically by this module
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** Up to the first record that is missing, out of place or not what was written, or that the store does not give. */
async function copyProven(from: RecordStore, to: RecordStore): Promise<Link> {
  let head: Link = GENESIS;
  try {
    await from.open();
  } catch (error) {
    if (isDamage(error)) return head;
    throw error;
  }
  try {
    for await (const page of readable(from)) {
      const proven: RawRecord[] = [];
      for (const record of page) {
        const tail = record.key === keyOf(head.seq + 1) ? checkText(record.value, head) : 'out of place';
        if (typeof tail === 'string') break;
        proven.push(record);
        head = { seq: head.seq + 1, hash: tail.hash };
      }
      if (proven.length > 0) await to.write(proven);
      if (proven.length < page.length) return head;
    }
    return head;
  } finally {
    await from.close();
  }
}

async function* readable(store: RecordStore): AsyncIterable<readonly RawRecord[]> {
  const pages = store.pages('')[Symbol.asyncIterator]();
  for (;;) {
    let next: IteratorResult<readonly RawRecord[]>;
    try {
      next = await pages.next();
    } catch {
      // The store gives no more: what lies behind is in quarantine.
      return;
    }
    if (next.done === true) return;
    yield next.value;
  }
}
