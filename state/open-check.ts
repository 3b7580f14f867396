/** The check at every start: the whole chain, its numbers, and the anchor. LevelDB itself opens damaged logs without a word. */
import type { Instant } from '#trading/model/instrument.ts';
import { checkAnchor } from './anchor.ts';
import { checkText, GENESIS, type JournalRecord, type Link } from './chain.ts';
import { JournalError } from './errors.ts';
import { keyOf, type RecordStore } from './store.ts';
import { checkVersion } from './upcast.ts';

export interface Stored {
  readonly head: Link;
  /** The time of the newest record. */
  readonly lastAt: Instant | null;
  readonly anchored: Link | null;
}

/** @throws JournalError CHAIN_BROKEN, BEHIND_ANCHOR, ANCHOR_BROKEN, NEWER_VERSION. */
export async function checkStored(store: RecordStore, anchored: Link | null, onProgress?: (records: number) => void): Promise<Stored> {
  let head: Link = GENESIS;
  let newest: string | null = null;
  let anchoredHash: string | null = null;
  for await (const page of store.pages('')) {
    for (const { key, value } of page) {
      const seq = head.seq + 1;
      if (key !== keyOf(seq)) throw missing(seq, key);
      const tail = checkText(value, head);
      if (typeof tail === 'string') throw new JournalError('CHAIN_BROKEN', `record ${seq} is not what was written: ${tail}`, { seq });
      checkVersion(tail);
      head = { seq, hash: tail.hash };
      newest = value;
      if (seq === anchored?.seq) anchoredHash = tail.hash;
    }
    onProgress?.(head.seq);
  }
  const problem = checkAnchor(anchored, head, anchoredHash);
  if (problem !== null) throw problem;
  // Its hash was checked just now, and only sealed records have one.
  const lastAt = newest === null ? null : (JSON.parse(newest) as JournalRecord).at;
  return { head, lastAt, anchored };
}

function missing(seq: number, key: string): JournalError {
  return new JournalError('CHAIN_BROKEN', `record ${seq} is missing: ${JSON.stringify(key)} stands in its place`, { seq });
}
