/** The journal's head in a second, fsynced file: a journal that lost its tail is still a valid chain, and only this notices. */
import { readFile } from 'node:fs/promises';
import { GENESIS, type Link } from './chain.ts';
import { JournalError } from './errors.ts';
import { isNotFound, writeFileAtomic } from './files.ts';

export interface AnchorFile {
  /** Null where there is none. @throws JournalError ANCHOR_BROKEN where it cannot be understood. */
  read(): Promise<Link | null>;
  write(head: Link): Promise<void>;
}

const HASH = /^[0-9a-f]{64}$/;

export function anchorFile(path: string): AnchorFile {
  return {
    async read() {
      let text: string;
      try {
        text = await readFile(path, 'utf8');
      } catch (error) {
        if (isNotFound(error)) return null;
        throw error;
      }
      const anchor = parse(text);
      if (anchor === null) throw new JournalError('ANCHOR_BROKEN', `${path} is not an anchor: expected {"hash":"64 hex digits","seq":number}`);
      return anchor;
    },
    write: ({ seq, hash }) => writeFileAtomic(path, `${JSON.stringify({ hash, seq })}\n`),
  };
}

/** What is wrong between an anchor and the end of a chain, or null; `hashAt` is the hash of the record the anchor names. */
export function checkAnchor(anchor: Link | null, head: Link, hashAt: string | null): JournalError | null {
  if (anchor === null) {
    return head.seq === 0 ? null : new JournalError('ANCHOR_BROKEN', `the anchor file is missing, but the journal has ${head.seq} records`);
  }
  if (head.seq < anchor.seq) {
    const lost = `the journal ends at record ${head.seq}, but record ${anchor.seq} was written: records are lost`;
    return new JournalError('BEHIND_ANCHOR', lost, { seq: head.seq + 1 });
  }
  if (anchor.seq === GENESIS.seq || hashAt === anchor.hash) return null;
  return new JournalError('CHAIN_BROKEN', `record ${anchor.seq} is not the one the anchor file names`, { seq: anchor.seq });
}

function parse(text: string): Link | null {
  try {
    const raw: unknown = JSON.parse(text);
    if (typeof raw !== 'object' || raw === null || !('seq' in raw) || !('hash' in raw)) return null;
    const { seq, hash } = raw;
    return typeof seq === 'number' && Number.isSafeInteger(seq) && seq >= 0 && typeof hash === 'string' && HASH.test(hash) ? { seq, hash } : null;
  } catch {
    return null;
  }
}
