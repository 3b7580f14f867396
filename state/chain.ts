/**
 * One record of the journal and the hash that ties it to the record before.
 *
 * Stored text: the canonical JSON (keys sorted) of everything but the hash, with `,"hash":"…"` put in front of its last brace.
 * So the hash is that of the very bytes on disk, and a reader needs no second serialisation to check it.
 */
import { hash as digest } from 'node:crypto';
import stringify from 'safe-stable-stringify';

export interface JournalRecord {
  readonly seq: number;
  readonly prevHash: string;
  readonly at: number;
  readonly actor: string;
  readonly type: string;
  readonly version: number;
  readonly cause: string | null;
  readonly body: unknown;
  readonly hash: string;
}
export type UnsealedRecord = Omit<JournalRecord, 'hash'>;

/** The end of a chain so far. */
export interface Link {
  readonly seq: number;
  readonly hash: string;
}

/** What stands at the end of every stored text, readable without parsing its body. */
export interface RecordTail extends Link {
  readonly prevHash: string;
  readonly type: string;
  readonly version: number;
}

/** The prevHash of record 1. */
export const GENESIS_HASH = '0'.repeat(64);
export const GENESIS: Link = Object.freeze({ seq: 0, hash: GENESIS_HASH });

/** Longer than any tail: two hashes, the longest type and the numbers. */
const TAIL_CHARS = 320;
const HASH_SUFFIX_CHARS = ',"hash":""}'.length + 64;
const TAIL = /"prevHash":"([0-9a-f]{64})","seq":(\d{1,16}),"type":"([a-z_]+\.[a-z_]+)","version":(\d{1,6}),"hash":"([0-9a-f]{64})"\}$/;

/** JSON with sorted keys: equal values have equal text. */
export function canonicalJson(value: unknown): string {
  const text = stringify(value);
  if (text === undefined) throw new TypeError('only JSON values have canonical text');
  return text;
}

export const sha256 = (text: string): string => digest('sha256', text, 'hex');

/** Adds the hash. Keys beyond those of a record would be sealed too, so the record is built here, key by key. */
export function sealRecord(record: UnsealedRecord): JournalRecord {
  return seal(record).record;
}

/** As sealRecord, with the text to store. */
export function seal({ seq, prevHash, at, actor, type, version, cause, body }: UnsealedRecord): {
  readonly record: JournalRecord;
  readonly text: string;
} {
  const unsealed = { seq, prevHash, at, actor, type, version, cause, body };
  const text = canonicalJson(unsealed);
  const hash = sha256(text);
  return { record: { ...unsealed, hash }, text: `${text.slice(0, -1)},"hash":"${hash}"}` };
}

/** What is wrong with `record` as the successor of `prev`, or null. */
export function checkRecord(record: JournalRecord, prev: Link): string | null {
  const { hash, ...unsealed } = record;
  return checkLink(record, prev) ?? (sha256(canonicalJson(unsealed)) === hash ? null : 'its content does not match its hash');
}

/** As checkRecord, over the stored text and without parsing the body. Returns the tail, or what is wrong. */
export function checkText(text: string, prev: Link): RecordTail | string {
  const tail = recordTail(text);
  if (tail === null) return 'not a journal record';
  const problem = checkLink(tail, prev);
  if (problem !== null) return problem;
  return sha256(`${text.slice(0, -HASH_SUFFIX_CHARS)}}`) === tail.hash ? tail : 'its content does not match its hash';
}

export function recordTail(text: string): RecordTail | null {
  const match = TAIL.exec(text.slice(-TAIL_CHARS));
  const [, prevHash, seq, type, version, hash] = match ?? [];
  if (prevHash === undefined || seq === undefined || type === undefined || version === undefined || hash === undefined) return null;
  return { prevHash, seq: Number(seq), type, version: Number(version), hash };
}

function checkLink(record: { readonly seq: number; readonly prevHash: string }, prev: Link): string | null {
  if (record.seq !== prev.seq + 1) return `it is numbered ${record.seq} and stands after ${prev.seq}`;
  if (record.prevHash !== prev.hash) return `its prevHash is not the hash of record ${prev.seq}`;
  return null;
}
