/** Verify inside a running system, which holds the store. */
import type { OpenJournal } from '../journal.ts';
import { readAnchor, verifyJournal, type VerifyOptions, type VerifyReport } from '../verify.ts';

/** Proves the journal up to its head of now, while it goes on writing. */
export async function verifyOpenJournal(journal: Pick<OpenJournal, 'raw' | 'readAnchor'>, options: VerifyOptions = {}): Promise<VerifyReport> {
  const anchor = await readAnchor({ read: () => journal.readAnchor() });
  return verifyJournal({ anchor, records: journal.raw() }, options);
}
