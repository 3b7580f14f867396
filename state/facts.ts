/** Facts out of stored records. */
import type { EventType, Fact } from '#trading/model/events.ts';
import { EVENT_VERSION } from '#protocol/events.ts';
import { recordTail, type JournalRecord } from './chain.ts';
import { JournalError } from './errors.ts';
import { seqOf, type RawRecord } from './store.ts';
import { upcast } from './upcast.ts';

/** The fact that a record states, with its body as of today's version: the record without its place in the chain. */
export function factOf({ seq, at, actor, cause }: JournalRecord, type: EventType, body: unknown): Fact {
  // The pairing of type and body was checked against the type's schema when the record was written.
  return Object.freeze({ seq, at, actor, type, version: EVENT_VERSION[type], cause, body }) as Fact;
}

/** Facts of the given types (all where undefined) as of today's version. Records of other types are passed over unparsed. */
export async function* readFacts(records: AsyncIterable<RawRecord>, types?: ReadonlySet<string>): AsyncIterable<Fact> {
  for await (const { key, value } of records) {
    const tail = recordTail(value);
    if (tail === null) throw new JournalError('CHAIN_BROKEN', `what is stored under ${key} is not a journal record`, { seq: seqOf(key) ?? 0 });
    if (types !== undefined && !types.has(tail.type)) continue;
    // Sealed by the chain, and the chain was checked when the journal was opened.
    const record = JSON.parse(value) as JournalRecord;
    const body = upcast(record);
    yield factOf(record, tail.type as EventType, body);
  }
}
