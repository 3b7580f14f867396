/** Looks at a stopped system's journal without writing to it: what every start checks, the whole chain against the anchor. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { JournalHead } from '#protocol/ports.ts';
import { anchorFile } from './anchor.ts';
import type { DataPaths } from './data-dir.ts';
import { JournalError } from './errors.ts';
import { checkStored } from './open-check.ts';
import { levelStore } from './store.ts';

/** @throws JournalError NO_JOURNAL, LOCKED, STORE_BROKEN, CHAIN_BROKEN, BEHIND_ANCHOR, ANCHOR_BROKEN, NEWER_VERSION. */
export async function inspectJournal(files: Pick<DataPaths, 'leveldb' | 'anchor'>): Promise<JournalHead> {
  const anchored = await anchorFile(files.anchor).read();
  // LevelDB would leave files of its own in any directory without this one.
  const isStore = await access(join(files.leveldb, 'CURRENT')).then(
    () => true,
    () => false,
  );
  if (!isStore) {
    if (anchored === null) throw new JournalError('NO_JOURNAL', `there is no journal in ${files.leveldb} yet`);
    throw new JournalError('BEHIND_ANCHOR', `the journal ${files.leveldb} is gone, but its anchor names record ${anchored.seq}`);
  }
  const store = levelStore(files.leveldb, false);
  await store.open();
  try {
    return (await checkStored(store, anchored)).head;
  } finally {
    await store.close();
  }
}
