/** The records of a stopped system's journal, read past all our own reading code but the store. */
import { join } from 'node:path';
import { levelStore } from '#state/store.ts';

export interface JournalRecord {
  readonly seq: number;
  readonly at: number;
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export async function journalRecords(dataDir: string): Promise<readonly JournalRecord[]> {
  const store = levelStore(join(dataDir, 'embedded', 'state', 'leveldb'), false);
  await store.open();
  const records: JournalRecord[] = [];
  try {
    // Sealed records: verify proved their form before.
    for await (const page of store.pages('')) records.push(...page.map(({ value }) => JSON.parse(value) as JournalRecord));
  } finally {
    await store.close();
  }
  return records;
}
