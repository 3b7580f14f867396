/** What the state room throws, by code. Actors and supervisors test `code`; a person reads `message`. */

export const JOURNAL_ERROR_CODES = [
  /** The actor may not write an event of this type. */
  'NOT_OWNER',
  /** A body that does not fit its schema, a turn or a record beyond its limit. Nothing was written. */
  'INVALID_EVENT',
  /** More turns wait than the queue may hold. Nothing was written. */
  'QUEUE_FULL',
  /** The store refused a write; sticky, because LevelDB refuses every later one too until it is reopened. */
  'WRITE_FAILED',
  'CLOSED',
  /** Another process holds the data directory. */
  'LOCKED',
  /** There is nothing to read where a journal was expected. */
  'NO_JOURNAL',
  /** The disk is full, read-only or not ours to use: nothing is known to be wrong with what was written. */
  'DISK_REFUSED',
  /** The store itself does not open or read. */
  'STORE_BROKEN',
  /** A record is missing, out of order, or is not what was written. */
  'CHAIN_BROKEN',
  /** The journal ends before the record the anchor names: its tail was lost. */
  'BEHIND_ANCHOR',
  /** The anchor file of a journal with records is missing or unreadable, so a lost tail could not be noticed. */
  'ANCHOR_BROKEN',
  /** A record of a newer release: this one cannot read it. */
  'NEWER_VERSION',
] as const;
export type JournalErrorCode = (typeof JOURNAL_ERROR_CODES)[number];

export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code: JournalErrorCode;
  /** The record concerned; null where there is none. */
  readonly seq: number | null;

  constructor(code: JournalErrorCode, message: string, details: { readonly seq?: number; readonly cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.seq = details.seq ?? null;
  }
}
