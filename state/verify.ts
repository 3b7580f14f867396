/**
 * VF-1: walks the journal and proves that nothing in it was invented. Every record is whole, in its place and written by its
 * owner; every order follows from an intent and an approval; every paper fill follows again from its snapshot and seed; every
 * result and budget follows from fills. What it finds is reported by record, never thrown.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { anchorFile, checkAnchor, type AnchorFile } from './anchor.ts';
import { GENESIS, type Link } from './chain.ts';
import type { DataPaths } from './data-dir.ts';
import { JournalError } from './errors.ts';
import { levelStore, type RawRecord, type RecordStore } from './store.ts';
import { Problems, type VerifyProblem } from './verify/report.ts';
import { Walk } from './verify/walk.ts';

export interface VerifyReport {
  readonly ok: boolean;
  readonly records: number;
  /** The hash of the newest record. */
  readonly chainHead: string;
  readonly intents: number;
  readonly paperFills: number;
  readonly liveFills: number;
  /** Paper fills that were derived again from their snapshot and seed, with the same result. */
  readonly rederived: number;
  /** The first ones, in order. */
  readonly problems: readonly VerifyProblem[];
  readonly problemsTotal: number;
}

export interface VerifySource {
  /** Every record from the first on, as stored. A store that stops reading may throw a JournalError. */
  readonly records: AsyncIterable<RawRecord>;
  /** Read before the records, or it may be ahead of them. An error where the file cannot be understood. */
  readonly anchor: Link | null | JournalError;
}

export interface VerifyOptions {
  /** Records before it have been verified: they are walked, because what follows builds on them, but not reported on. */
  readonly from?: number;
  readonly onProgress?: (records: number) => void;
}

const PROGRESS_EVERY_RECORDS = 1000;
/** Records between two breaths: a running system verifies itself in its own process and must go on trading. */
const SLICE_RECORDS = 32;

export async function verifyJournal(source: VerifySource, { from = 1, onProgress }: VerifyOptions = {}): Promise<VerifyReport> {
  const problems = new Problems(from);
  const walk = new Walk(problems, from, source.anchor instanceof JournalError ? null : source.anchor);
  try {
    for await (const raw of source.records) {
      walk.take(raw);
      if (walk.records % SLICE_RECORDS === 0) await setImmediate();
      if (walk.records % PROGRESS_EVERY_RECORDS === 0) onProgress?.(walk.records);
    }
  } catch (error) {
    problems.add(
      walk.end.seq + 1,
      'STORE',
      `the store stops reading after record ${walk.end.seq}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  onProgress?.(walk.records);
  const anchorProblem = source.anchor instanceof JournalError ? source.anchor : checkAnchor(source.anchor, walk.end, walk.anchoredHash);
  // The anchor may name a record before `from`, and is a problem of the whole journal all the same.
  if (anchorProblem !== null) problems.add(Math.max(anchorProblem.seq ?? walk.end.seq, from), 'ANCHOR', anchorProblem.message);
  const { paper, live, rederived } = walk.fills;
  return {
    ok: problems.total === 0,
    records: walk.records,
    chainHead: walk.end.hash,
    intents: walk.intents,
    paperFills: paper,
    liveFills: live,
    rederived,
    problems: problems.kept,
    problemsTotal: problems.total,
  };
}

/**
 * Verifies a stopped system's journal. A store that does not even open is a problem in the report.
 * @throws JournalError NO_JOURNAL, LOCKED (a system is running: it verifies itself, over its admin socket).
 */
export async function verifyDataDir(files: Pick<DataPaths, 'leveldb' | 'anchor'>, options: VerifyOptions = {}): Promise<VerifyReport> {
  // LevelDB would make an empty store of any directory without this file.
  if (!(await exists(join(files.leveldb, 'CURRENT'))) && !(await exists(files.anchor))) {
    throw new JournalError('NO_JOURNAL', `there is no journal in ${files.leveldb}: nothing has run with this data directory and market yet`);
  }
  const store = levelStore(files.leveldb, false);
  try {
    await store.open();
  } catch (error) {
    if (error instanceof JournalError && (error.code === 'STORE_BROKEN' || error.code === 'DISK_REFUSED')) return unreadable(error);
    throw error;
  }
  try {
    return await verifyJournal({ anchor: await readAnchor(anchorFile(files.anchor)), records: allRecords(store) }, options);
  } finally {
    await store.close();
  }
}

/** What the anchor file says, or why it says nothing that can be understood. */
export async function readAnchor(file: Pick<AnchorFile, 'read'>): Promise<Link | null | JournalError> {
  try {
    return await file.read();
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
