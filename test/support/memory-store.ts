/** A journal's store and anchor in memory, and what a disk can do to them. */
import type { AnchorFile } from '#state/anchor.ts';
import type { Link } from '#state/chain.ts';
import type { RawRecord, RecordStore } from '#state/store.ts';

const PAGE_RECORDS = 7;

export interface MemoryStore extends RecordStore {
  /** What lies on the disk: tests damage it between two openings. */
  readonly entries: Map<string, string>;
  /** Sizes of the batches written. */
  readonly batches: number[];
  /** While set, every write fails with it. */
  failure: Error | null;
  /** Writes wait for it. */
  gate: Promise<void>;
}

export function memoryStore(entries = new Map<string, string>()): MemoryStore {
  const store: MemoryStore = {
    entries,
    batches: [],
    failure: null,
    gate: Promise.resolve(),
    open: () => Promise.resolve(),
    close: () => Promise.resolve(),
    async write(records) {
      await store.gate;
      if (store.failure !== null) throw store.failure;
      store.batches.push(records.length);
      for (const { key, value } of records) entries.set(key, value);
    },
    get: (key) => Promise.resolve(entries.get(key)),
    async *pages(after) {
      const all = sorted(entries).filter(({ key }) => key > after);
      for (let start = 0; start < all.length; start += PAGE_RECORDS) {
        await Promise.resolve();
        yield all.slice(start, start + PAGE_RECORDS);
      }
    },
  };
  return store;
}

export interface MemoryAnchor extends AnchorFile {
  link: Link | null;
  writes: number;
  failure: Error | null;
}

export function memoryAnchor(link: Link | null = null): MemoryAnchor {
  const anchor: MemoryAnchor = {
    link,
    writes: 0,
    failure: null,
    read: () => Promise.resolve(anchor.link),
    write: (head) => {
      if (anchor.failure !== null) return Promise.reject(anchor.failure);
      anchor.link = head;
      anchor.writes += 1;
      return Promise.resolve();
    },
  };
  return anchor;
}

export const sorted = (entries: ReadonlyMap<string, string>): RawRecord[] =>
  [...entries].map(([key, value]) => ({ key, value })).sort((left, right) => (left.key < right.key ? -1 : 1));
