/**
 * The single writer of the one ordered, hash-chained log.
 *
 * Turns queue; one synced batch is in flight and takes along all that waited (group commit). Before a batch is written the journal lets a
 * chain of decisions end (`calm`, at most COMMIT_WAIT_MS_MAX), so that intent, approval and acceptance of an order share one fsync. A fact
 * exists for the world once its batch is on disk: only then `onAppended` and the turn's promise tell it. A refused write is final for this
 * instance, because LevelDB refuses every later one too, even when there is space again: the owner closes it and opens another.
 */
import { ORDER_PATH, type DomainEvent, type EventType, type Fact } from '#trading/model/events.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Journal, JournalHead, Sealed } from '#protocol/ports.ts';
import { EVENT_OWNERS, EVENT_VERSION } from '#protocol/events.ts';
import { anchorFile, type AnchorFile } from './anchor.ts';
import { GENESIS, GENESIS_HASH, recordTail, seal, type JournalRecord, type Link } from './chain.ts';
import { JournalError } from './errors.ts';
import { factOf, readFacts } from './facts.ts';
import { checkStored } from './open-check.ts';
import { checkEvents, EVENTS_PER_TURN_MAX, RECORD_CHARS_MAX } from './pen.ts';
import { keyOf, levelStore, type RawRecord, type RecordStore } from './store.ts';

/** Turns that may wait for the disk; more means that it is not keeping up, and the caller must stop. */
export const QUEUED_TURNS_MAX = 10_000;
/** Records of one batch. One turn always fits. */
export const BATCH_RECORDS_MAX = 1024;
/** A batch waits at most this long for the decisions that follow from it. */
export const COMMIT_WAIT_MS_MAX = 2;
/** Facts between two writes of the anchor file. */
export const ANCHOR_EVERY_FACTS = 64;

export interface JournalOptions {
  /** The LevelDB directory; its parent must exist. */
  readonly dir: string;
  readonly anchorPath: string;
  readonly owners?: Readonly<Record<EventType, readonly string[]>>;
  readonly createStore?: (dir: string) => RecordStore;
  readonly createAnchor?: (path: string) => AnchorFile;
  /** Called while the chain is checked, with the records checked so far. */
  readonly onProgress?: (records: number) => void;
  /** Resolves when nobody is deciding on what is in line. Without it a batch is written at once. */
  readonly calm?: () => Promise<void>;
  /** Called once when the journal can no longer be written: what was decided on facts in line must not go on. */
  readonly onFailed?: (error: JournalError) => void;
}

/** The port, and what the owner and the verifier need besides. */
export interface OpenJournal extends Journal {
  /** Writes the head to the anchor file where it is newer: the owner calls it when nothing was written for a second. */
  anchor(): Promise<void>;
  /** What the anchor file says now. @throws JournalError ANCHOR_BROKEN. */
  readAnchor(): Promise<Link | null>;
  /** The hash of record `seq` (the genesis hash for 0), or null where there is no such record. */
  hashAt(seq: number): Promise<string | null>;
  /** Checks and seals the last turns of an order once more, for nothing: so that the code is compiled, and at hand, when the next one comes. */
  drill(): void;
  /** Stored text as it lies, up to the head of the call: what verify walks. */
  raw(after?: number): AsyncIterable<RawRecord>;
}

/**
 * Opens the journal and checks the whole chain against the anchor. Nothing is repaired, whatever is found.
 * @throws JournalError LOCKED, STORE_BROKEN, CHAIN_BROKEN, BEHIND_ANCHOR, ANCHOR_BROKEN, NEWER_VERSION.
 */
export async function openJournal(options: JournalOptions): Promise<OpenJournal> {
  const store = (options.createStore ?? levelStore)(options.dir);
  const anchor = (options.createAnchor ?? anchorFile)(options.anchorPath);
  await store.open();
  try {
    const stored = await checkStored(store, await anchor.read(), options.onProgress);
    // Before the first record, so that a journal with records and no anchor has certainly lost it.
    if (stored.anchored === null) await anchor.write(GENESIS);
    return new Writer(store, anchor, options, { ...stored, anchored: stored.anchored ?? GENESIS });
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Events with their places in the log, after the tail. */
interface SealedTurn {
  readonly records: readonly RawRecord[];
  readonly facts: readonly Fact[];
  readonly end: Link;
  readonly endAt: Instant;
}

interface Turn extends SealedTurn {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What `seal` was asked. */
type Asked = Parameters<OpenJournal['seal']>;
type Listener = (facts: readonly Fact[]) => void;
type WriterOptions = Pick<JournalOptions, 'owners' | 'calm' | 'onFailed'>;

class Writer implements OpenJournal {
  readonly #store: RecordStore;
  readonly #anchorFile: AnchorFile;
  readonly #owners: Readonly<Record<EventType, readonly string[]>>;
  readonly #calm: (() => Promise<void>) | null;
  readonly #onFailed: (error: JournalError) => void;
  readonly #sealedListeners = new Set<Listener>();
  readonly #listeners = new Set<Listener>();
  readonly #queue: Turn[] = [];
  /** The last turn of an order by its first event. */
  readonly #drilled = new Map<EventType, Asked>();
  /** The last record on disk. */
  #head: Link;
  #lastAt: Instant | null;
  /** The last record sealed, whether on disk yet or not. */
  #tail: Link;
  #tailAt: Instant;
  #anchored: Link;
  #anchoring: Promise<void> | null = null;
  #writing: Promise<void> | null = null;
  #failure: JournalError | null = null;
  #closing: Promise<void> | null = null;

  constructor(
    store: RecordStore,
    anchor: AnchorFile,
    { owners, calm, onFailed }: WriterOptions,
    stored: { readonly head: Link; readonly lastAt: Instant | null; readonly anchored: Link },
  ) {
    this.#store = store;
    this.#anchorFile = anchor;
    this.#owners = owners ?? EVENT_OWNERS;
    this.#calm = calm ?? null;
    this.#onFailed = onFailed ?? (() => {});
    this.#head = stored.head;
    this.#tail = stored.head;
    this.#lastAt = stored.lastAt;
    this.#tailAt = stored.lastAt ?? 0;
    this.#anchored = stored.anchored;
  }

  /**
   * `at` is raised to the time of the record before where a slower turn began earlier, so that the log's order is time's order too.
   * A `system.started` begins a run and may set market time back: recorded data can be played again.
   */
  seal(actor: string, cause: string | null, events: readonly DomainEvent[], at: Instant): Sealed {
    const refusal = this.#refusal(events) ?? checkEvents(actor, cause, events, at, this.#owners);
    if (refusal !== null) throw refusal;
    if (events.length === 0) return { facts: [], durable: Promise.resolve() };
    const sealed = this.#seal(actor, cause, events, at);
    if (sealed instanceof JournalError) throw sealed;
    this.#tail = sealed.end;
    this.#tailAt = sealed.endAt;
    this.#keepForDrill([actor, cause, events, at]);
    const durable = new Promise<void>((resolve, reject) => this.#queue.push({ ...sealed, resolve, reject }));
    this.#writing ??= this.#drain();
    tell(this.#sealedListeners, sealed.facts);
    return { facts: sealed.facts, durable };
  }

  drill(): void {
    for (const [actor, cause, events, at] of this.#drilled.values()) {
      checkEvents(actor, cause, events, at, this.#owners);
      this.#seal(actor, cause, events, at);
    }
  }

  #keepForDrill(asked: Asked): void {
    const first = asked[2][0];
    if (first !== undefined && ORDER_PATH.has(first.type)) this.#drilled.set(first.type, asked);
  }

  async append(actor: string, cause: string | null, events: readonly DomainEvent[], at: Instant): Promise<readonly Fact[]> {
    const { facts, durable } = this.seal(actor, cause, events, at);
    await durable;
    return facts;
  }

  head(): JournalHead {
    return this.#head;
  }

  sealedSeq(): number {
    return this.#tail.seq;
  }

  async flushed(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    if (this.#failure !== null) throw this.#failure;
  }

  lastAt(): Instant | null {
    return this.#lastAt;
  }

  read(after: number, types?: ReadonlySet<EventType>): AsyncIterable<Fact> {
    return readFacts(this.raw(after), types);
  }

  raw(after = 0): AsyncIterable<RawRecord> {
    return recordsBetween(this.#store, after, this.#head.seq);
  }

  async hashAt(seq: number): Promise<string | null> {
    if (seq === GENESIS.seq) return GENESIS_HASH;
    const text = seq > this.#head.seq ? undefined : await this.#store.get(keyOf(seq));
    return text === undefined ? null : (recordTail(text)?.hash ?? null);
  }

  onSealed(listener: Listener): () => void {
    this.#sealedListeners.add(listener);
    return () => this.#sealedListeners.delete(listener);
  }

  onAppended(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readAnchor(): Promise<Link | null> {
    return this.#anchorFile.read();
  }

  async anchor(): Promise<void> {
    while (this.#anchoring !== null) await this.#anchoring;
    if (this.#head.seq > this.#anchored.seq && this.#failure === null) {
      this.#anchoring = this.#writeAnchor();
      await this.#anchoring;
    }
    if (this.#failure !== null) throw this.#failure;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #refusal(events: readonly DomainEvent[]): JournalError | null {
    if (this.#failure !== null) return this.#failure;
    if (this.#closing !== null) return new JournalError('CLOSED', 'the journal is closed');
    if (events.length > EVENTS_PER_TURN_MAX) {
      return new JournalError('INVALID_EVENT', `one turn wrote ${events.length} events, the most is ${EVENTS_PER_TURN_MAX}`);
    }
    if (this.#queue.length < QUEUED_TURNS_MAX) return null;
    return new JournalError('QUEUE_FULL', `${this.#queue.length} turns wait for the disk, the most is ${QUEUED_TURNS_MAX}`);
  }

  #seal(actor: string, cause: string | null, events: readonly DomainEvent[], at: Instant): SealedTurn | JournalError {
    let end = this.#tail;
    let endAt = this.#tailAt;
    const records: RawRecord[] = [];
    const facts: Fact[] = [];
    for (const { type, body } of events) {
      endAt = type === 'system.started' ? at : Math.max(at, endAt);
      const { record, text } = seal({ seq: end.seq + 1, prevHash: end.hash, at: endAt, actor, type, version: EVENT_VERSION[type], cause, body });
      if (text.length > RECORD_CHARS_MAX) {
        return new JournalError('INVALID_EVENT', `${type} of ${actor} takes ${text.length} characters, the most is ${RECORD_CHARS_MAX}`);
      }
      end = record;
      records.push({ key: keyOf(record.seq), value: text });
      facts.push(factOf(record, type, body));
    }
    return { records, facts: Object.freeze(facts), end: link(end), endAt };
  }

  async #drain(): Promise<void> {
    // One tick later, so that turns which end together share one fsync.
    await Promise.resolve();
    while (this.#queue.length > 0 && this.#failure === null) {
      if (this.#calm !== null) await atMost(this.#calm(), COMMIT_WAIT_MS_MAX);
      const turns = this.#nextTurns();
      try {
        await this.#store.write(turns.flatMap((turn) => turn.records));
      } catch (error) {
        this.#fail('the store refused a write', error);
        for (const turn of turns) turn.reject(this.#failure ?? asError(error));
        break;
      }
      for (const turn of turns) this.#publish(turn);
      if (this.#head.seq - this.#anchored.seq >= ANCHOR_EVERY_FACTS) this.#anchoring ??= this.#writeAnchor();
    }
    this.#writing = null;
    if (this.#failure !== null) for (const turn of this.#queue.splice(0)) turn.reject(this.#failure);
  }

  #nextTurns(): readonly Turn[] {
    let records = 0;
    let count = 0;
    for (const turn of this.#queue) {
      records += turn.records.length;
      if (count > 0 && records > BATCH_RECORDS_MAX) break;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  #publish(turn: Turn): void {
    this.#head = turn.end;
    this.#lastAt = turn.facts.at(-1)?.at ?? this.#lastAt;
    tell(this.#listeners, turn.facts);
    turn.resolve();
  }

  /** Runs beside the next batch: it names a record that is on disk already, so the anchor is never ahead of the journal. */
  async #writeAnchor(): Promise<void> {
    const head = this.#head;
    try {
      await this.#anchorFile.write(head);
      this.#anchored = head;
    } catch (error) {
      this.#fail('the anchor file cannot be written', error);
    } finally {
      this.#anchoring = null;
    }
  }

  #fail(what: string, error: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = new JournalError('WRITE_FAILED', `${what} after record ${this.#head.seq}: ${asError(error).message}. Reopen the journal`, {
      cause: error,
    });
    this.#onFailed(this.#failure);
  }

  async #close(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    try {
      if (this.#failure === null) await this.anchor();
    } finally {
      await this.#anchoring;
      await this.#store.close();
    }
  }
}

/** A batch may be on disk before its turns are told; nobody reads past the head. */
async function* recordsBetween(store: RecordStore, after: number, last: number): AsyncIterable<RawRecord> {
  const end = keyOf(last);
  for await (const page of store.pages(keyOf(after))) {
    for (const record of page) {
      if (record.key > end) return;
      yield record;
    }
  }
}

/** The facts are what they are whatever a listener does; its own failure must still not pass unseen. */
function tell(listeners: ReadonlySet<Listener>, facts: readonly Fact[]): void {
  for (const listener of listeners) {
    try {
      listener(facts);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

async function atMost(wanted: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([wanted, late]);
  clearTimeout(timer);
}

const link = ({ seq, hash }: JournalRecord | Link): Link => ({ seq, hash });
const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
