/** One stored text on its own and against the one before: chain, schema, version, owner, time. Whatever stands there is a problem, never an exception. */
import type { EventType, Fact } from '#trading/model/events.ts';
import { z } from 'zod';
import { EVENT_OWNERS } from '#protocol/events.ts';
import { checkRecord, checkText, recordTail, type JournalRecord, type Link } from '../chain.ts';
import { JournalError } from '../errors.ts';
import { factOf } from '../facts.ts';
import { bodyProblem, mayWrite } from '../pen.ts';
import { seqOf, type RawRecord } from '../store.ts';
import { upcast } from '../upcast.ts';
import type { Problems } from './report.ts';

export interface Checked {
  /** The end of the chain after this record, as far as it can be told. */
  readonly link: Link;
  /** The fact, where the record is well formed, even where its hash is not right. */
  readonly fact: Fact | null;
}

const SHOWN_CHARS = 40;
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const name = z.string().min(1).max(64);
const whole = z.int().nonnegative();
const envelope: z.ZodType<JournalRecord> = z.strictObject({
  seq: z.int().positive(),
  prevHash: hash,
  at: whole,
  actor: name,
  type: name,
  version: z.int().positive(),
  cause: name.nullable(),
  body: z.unknown(),
  hash,
});

/** `prev` is null where the chain was lost before: then the record's own word for what came before is taken, so that one break is one problem. */
export function checkRaw(raw: RawRecord, prev: Link | null, problems: Problems): Checked {
  const seq = seqOf(raw.key) ?? (prev?.seq ?? 0) + 1;
  const tail = recordTail(raw.value);
  const before = prev ?? { seq: seq - 1, hash: tail?.prevHash ?? '' };
  const record = parse(raw.value);
  if (typeof record === 'string') {
    problems.add(seq, 'CHAIN', `record ${seq} is not readable: ${record}`);
    return { link: { seq, hash: '' }, fact: null };
  }
  const checked = checkText(raw.value, before);
  const broken = typeof checked === 'string' ? checked : checkRecord(record, before);
  if (broken !== null) problems.add(seq, 'CHAIN', `record ${seq} is not what was written: ${broken}`);
  return { link: { seq, hash: record.hash }, fact: toFact(record, seq, problems) };
}

function toFact(record: JournalRecord, seq: number, problems: Problems): Fact | null {
  let body: unknown;
  try {
    body = upcast(record);
  } catch (error) {
    problems.add(seq, error instanceof JournalError ? 'VERSION' : 'SCHEMA', error instanceof Error ? error.message : String(error));
    return null;
  }
  // upcast refuses every type that this release does not know.
  const type = record.type as EventType;
  const problem = bodyProblem(type, body);
  if (problem !== null) {
    problems.add(seq, 'SCHEMA', `${type}: ${problem}`);
    return null;
  }
  if (!mayWrite(record.actor, EVENT_OWNERS[type])) problems.add(seq, 'OWNER', `${record.actor} may not write ${type}`);
  return factOf({ ...record, seq }, type, body);
}

/** The record, or why it is none. */
function parse(text: string): JournalRecord | string {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return `${JSON.stringify(text.slice(0, SHOWN_CHARS))}… is not JSON`;
  }
  const { data, error } = envelope.safeParse(raw);
  if (data !== undefined) return data;
  const [issue] = error.issues;
  return `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim();
}
