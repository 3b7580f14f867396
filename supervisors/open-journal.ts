/** ST-5: the journal at a start. One that is damaged is quarantined and named, and the system comes up close-only rather than not at all. */
import { writeLatch } from '#actors/latch.ts';
import type { Log } from '#protocol/ports.ts';
import type { DataPaths } from '#state/data-dir.ts';
import type { JournalError } from '#state/errors.ts';
import { openJournal, type JournalOptions, type OpenJournal } from '#state/journal.ts';
import { finishQuarantine, isDamage, quarantineJournal } from '#state/quarantine.ts';

/** @throws JournalError where it is held by another run, written by a newer release, or cannot be set aside. */
export async function openOrQuarantine(places: DataPaths, log: Log, options: Omit<JournalOptions, 'dir' | 'anchorPath'>): Promise<OpenJournal> {
  const open = (): Promise<OpenJournal> => openJournal({ dir: places.leveldb, anchorPath: places.anchor, ...options });
  const finished = await finishQuarantine(places);
  if (finished !== null)
    log.error({ actor: 'journal', quarantine: finished.dir, kept: finished.kept }, 'a quarantine that was cut short is finished');
  try {
    return await open();
  } catch (error) {
    if (!isDamage(error)) throw error;
    await setAside(places, error, log);
    return open();
  }
}

/** The latch first: whatever happens from here on, nothing is entered until a person has looked and re-arms (KS-1). */
async function setAside(places: DataPaths, error: JournalError, log: Log): Promise<void> {
  const now = Date.now();
  const why = `the journal is damaged (${error.code}): ${error.message}`;
  writeLatch(places.latch, { scopes: ['all'], reason: why, source: 'journal', at: now, flatten: false });
  const { dir, kept } = await quarantineJournal(places, now);
  const where = `${why}. It lies in ${dir}; records 1 to ${kept} go on`;
  writeLatch(places.latch, { scopes: ['all'], reason: where, source: 'journal', at: now, flatten: false });
  log.error({ actor: 'journal', code: error.code, quarantine: dir, kept }, `close-only: ${where}`);
}
