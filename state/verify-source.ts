/** Where verify reads from: the directory of a stopped system, or the open journal of a running one. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { anchorFile } from './anchor.ts';
import { GENESIS, type Link } from './chain.ts';
import { JournalError } from './errors.ts';
import type { OpenJournal } from './journal.ts';
import { levelStore, type RawRecord, type RecordStore } from './store.ts';
import { verifyJournal, type VerifyOptions } from './verify.ts';
import type { VerifyReport } from './verify/report.ts';

export interface JournalFiles {
  /** The LevelDB directory. */
  readonly leveldb: string;
  readonly anchor: string;
}

/**
 * Verifies a stopped system's journal. A store that does not even open is a problem in the report.
 * @throws JournalError NO_JOURNAL, LOCKED (a system is running: it verifies itself, over its admin socket).
 */
export async function verifyStopped(files: JournalFiles, options: VerifyOptions = {}): Promise<VerifyReport> {
  // LevelDB would make an empty store of any directory without this file.
  if (!(await exists(join(files.leveldb, 'CURRENT'))) && !(await exists(files.anchor))) {
    throw new JournalError('NO_JOURNAL', `there is no journal in ${files.leveldb}: nothing has run with this data directory and market yet`);
  }
  const store = levelStore(files.leveldb, false);
  try {
    await store.open();
  } catch (error) {
    if (error instanceof JournalError && error.code === 'STORE_BROKEN') return unreadable(error);
    throw error;
  }
  try {
    return await verifyJournal({ anchor: await readAnchor(files.anchor), records: allRecords(store) }, options);
  } finally {
    await store.close();
  }
}

/** Verifies the journal of a running system up to its head of now, while it goes on writing. */
export async function verifyRunning(journal: OpenJournal, anchorPath: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  const anchor = await readAnchor(anchorPath);
  return verifyJournal({ anchor, records: journal.raw() }, options);
}

async function readAnchor(path: string): Promise<Link | null | JournalError> {
  try {
    return await anchorFile(path).read();
  } catch (error) {
    if (error instanceof JournalError) return error;
    throw error;
  }
}

async function* allRecords(store: RecordStore): AsyncIterable<RawRecord> {
  for await (const page of store.pages('')) yield* page;
}

function unreadable(error: JournalError): VerifyReport {
  return {
    ok: false,
    records: 0,
    chainHead: GENESIS.hash,
    intents: 0,
    paperFills: 0,
    liveFills: 0,
    rederived: 0,
    problems: [{ seq: 1, rule: 'STORE', what: error.message }],
    problemsTotal: 1,
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
