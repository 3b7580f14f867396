/** Where records lie: ordered text under zero-padded numbers. LevelDB here; tests bring a map. The only importer of `level`. */
import { Level } from 'level';
import { JournalError } from './errors.ts';

export interface RawRecord {
  readonly key: string;
  readonly value: string;
}

export interface RecordStore {
  /** @throws JournalError LOCKED, STORE_BROKEN. */
  open(): Promise<void>;
  close(): Promise<void>;
  /** All or nothing, and on disk when it resolves. */
  write(records: readonly RawRecord[]): Promise<void>;
  get(key: string): Promise<string | undefined>;
  /** Everything with a key above `after`, in order, as of the call, a page at a time. */
  pages(after: string): AsyncIterable<readonly RawRecord[]>;
}

const KEY_DIGITS = 16;
const PAGE_RECORDS = 1000;

export const keyOf = (seq: number): string => String(seq).padStart(KEY_DIGITS, '0');

/** The number a key stands for, or null where it is no key of ours. */
export const seqOf = (key: string): number | null => (/^\d{16}$/.test(key) ? Number(key) : null);

/**
 * LevelDB in `dir`. Every write is synced: mixing synced and unsynced writes loses acknowledged ones at a power cut. Nothing is
 * ever repaired (repair drops what it cannot read) and the LOCK file is never touched.
 */
export function levelStore(dir: string, createIfMissing = true): RecordStore {
  const db = new Level<string, string>(dir, { keyEncoding: 'utf8', valueEncoding: 'utf8', createIfMissing });
  return {
    async open() {
      try {
        await db.open();
      } catch (error) {
        throw openError(dir, error);
      }
    },
    close: () => db.close(),
    async write(records) {
      const operations = records.map(({ key, value }) => ({ type: 'put' as const, key, value }));
      await db.batch(operations, SYNCED);
    },
    get: (key) => db.get(key),
    async *pages(after) {
      const iterator = db.iterator({ gt: after });
      try {
        for (;;) {
          const entries = await iterator.nextv(PAGE_RECORDS);
          if (entries.length === 0) return;
          yield entries.map(([key, value]) => ({ key, value }));
        }
      } finally {
        await iterator.close();
      }
    },
  };
}

/** `level` types its options for browsers too, where `sync` does not exist; on Node it is fdatasync. */
const SYNCED: object = { sync: true };

/** LevelDB makes new files when it opens, and tells in the words of the operating system why it could not. */
const DISK_REFUSALS =
  /No space left on device|Disk quota exceeded|Read-only file system|Permission denied|Operation not permitted|Too many open files/;

/** What `level` threw at its opening, as an error of ours: held by another, refused by the disk, or broken. */
export function openError(dir: string, error: unknown): JournalError {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'LEVEL_LOCKED') {
    return new JournalError('LOCKED', `the journal ${dir} is held by another run: stop that run first (its LOCK file is not to be deleted)`, {
      cause,
    });
  }
  const reason = cause instanceof Error ? cause.message : String(error);
  if (DISK_REFUSALS.test(reason)) {
    return new JournalError('DISK_REFUSED', `the journal ${dir} cannot be used: ${reason}. It is left as it is: make room, or give permission`, {
      cause,
    });
  }
  return new JournalError('STORE_BROKEN', `the journal ${dir} does not open: ${reason}. Nothing was repaired or removed`, { cause });
}
