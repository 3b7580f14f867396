/**
 * VF-1: walks the journal and proves that nothing in it was invented. Every record is whole, in its place and written by its
 * owner; every order follows from an intent and an approval; every paper fill follows again from its snapshot and seed; every
 * result and budget follows from fills. What it finds is reported by record, never thrown.
 */
import type { Fact } from '#trading/model/events.ts';
import { checkAnchor } from './anchor.ts';
import { GENESIS, recordTail, type Link } from './chain.ts';
import { JournalError } from './errors.ts';
import { keyOf, seqOf, type RawRecord } from './store.ts';
import { FillRules } from './verify/fills.ts';
import { instrumentKey, OrderBook } from './verify/order-book.ts';
import { OrderRules } from './verify/orders.ts';
import { checkRaw } from './verify/record-check.ts';
import { Problems, type Report, type VerifyReport } from './verify/report.ts';
import { TradeRules } from './verify/trades.ts';

export interface VerifySource {
  /** Every record from the first on, as stored. A store that stops reading may throw a JournalError. */
  readonly records: AsyncIterable<RawRecord>;
  /** Read before the records, or it may be ahead of them. An error where the file cannot be understood. */
  readonly anchor: Link | null | JournalError;
}

export interface VerifyOptions {
  /** Records before it have been verified: they are walked, because what follows builds on them, but not reported on. */
  readonly from?: number;
  readonly onProgress?: (records: number) => void;
}

const PROGRESS_EVERY_RECORDS = 1000;

export async function verifyJournal(source: VerifySource, { from = 1, onProgress }: VerifyOptions = {}): Promise<VerifyReport> {
  const problems = new Problems(from);
  const walk = new Walk(problems, from, source.anchor instanceof JournalError ? null : source.anchor);
  try {
    for await (const raw of source.records) {
      walk.take(raw);
      if (walk.records % PROGRESS_EVERY_RECORDS === 0) onProgress?.(walk.records);
    }
  } catch (error) {
    problems.add(
      walk.end.seq + 1,
      'STORE',
      `the store stops reading after record ${walk.end.seq}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  onProgress?.(walk.records);
  const anchorProblem = source.anchor instanceof JournalError ? source.anchor : checkAnchor(source.anchor, walk.end, walk.anchoredHash);
  // The anchor may name a record before `from`, and is a problem of the whole journal all the same.
  if (anchorProblem !== null) problems.add(Math.max(anchorProblem.seq ?? walk.end.seq, from), 'ANCHOR', anchorProblem.message);
  return walk.report();
}

class Walk {
  records = 0;
  /** The number of the newest record and its hash. */
  end: Link = GENESIS;
  /** The hash of the record the anchor names, once it came by. */
  anchoredHash: string | null = null;
  readonly #problems: Problems;
  readonly #from: number;
  readonly #anchor: Link | null;
  readonly #book = new OrderBook();
  readonly #orders = new OrderRules(this.#book);
  readonly #trades = new TradeRules(this.#book);
  readonly #fills = new FillRules(this.#book, (fill, trip, report) => this.#trades.closed(fill, trip, report));
  /** Null after a break. */
  #prev: Link | null = GENESIS;
  #lastAt = 0;
  #intents = 0;

  constructor(problems: Problems, from: number, anchor: Link | null) {
    this.#problems = problems;
    this.#from = from;
    this.#anchor = anchor;
  }

  take(raw: RawRecord): void {
    this.records += 1;
    const expected = this.end.seq + 1;
    if (raw.key !== keyOf(expected)) {
      this.#problems.add(expected, 'CHAIN', `record ${expected} is missing: ${JSON.stringify(raw.key)} stands in its place`);
      this.#prev = null;
    }
    const seq = seqOf(raw.key) ?? expected;
    const before = this.#problems.total;
    const { link, fact } = checkRaw(raw, this.#prev, this.#problems);
    // A record whose own word cannot be trusted is not what the next one is measured by.
    this.#prev = link.hash === '' || this.#problems.total > before ? null : link;
    this.end = { seq, hash: link.hash };
    if (seq === this.#anchor?.seq) this.anchoredHash = recordTail(raw.value)?.hash ?? null;
    if (fact === null) return;
    try {
      this.#check(fact);
    } catch (error) {
      // Numbers that fit the schema and that no arithmetic takes: still only one more thing that is wrong with this record.
      this.#problems.add(seq, 'SCHEMA', `${fact.type} cannot be checked: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  report(): VerifyReport {
    const { paper, live, rederived } = this.#fills.counts;
    return {
      ok: this.#problems.total === 0,
      records: this.records,
      chainHead: this.end.hash,
      intents: this.#intents,
      paperFills: paper,
      liveFills: live,
      rederived,
      problems: this.#problems.kept,
      problemsTotal: this.#problems.total,
    };
  }

  #check(fact: Fact): void {
    const report: Report = (rule, what) => this.#problems.add(fact.seq, rule, what);
    // Only the start of a run may set market time back: recorded data can be played again.
    if (fact.at < this.#lastAt && fact.type !== 'system.started')
      report('TIME', `${fact.type} is of ${fact.at}, before the record before it (${this.#lastAt})`);
    this.#lastAt = fact.at;
    if (fact.type === 'system.started') this.#book.seed = fact.body.seed;
    if (fact.type === 'settings.loaded') this.#book.settings = fact.body.settings;
    if (fact.type === 'instrument.changed') this.#book.instruments.set(instrumentKey(fact.body.instrument), fact.body.instrument);
    if (fact.type === 'order.intended') this.#intents += 1;
    this.#orders.check(fact, report);
    this.#fills.check(fact, fact.seq >= this.#from, report);
    this.#trades.check(fact, report);
  }
}
