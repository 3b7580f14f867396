/**
 * What leaves an actor (tells, replies) waits here until every fact in line when it was decided is on disk: others may decide on a fact
 * before that, but no venue, page or person ever hears of one that a power cut could take back.
 */
import type { Journal } from '#protocol/ports.ts';
import type { Activity } from './activity.ts';
import { Deque } from './deque.ts';

/** Waiting acts; each belongs to a turn, so mailboxes bound them long before. */
export const OUTBOX_MAX = 100_000;

interface Held {
  readonly seq: number;
  readonly act: () => void;
}

export class Outbox {
  readonly #journal: Pick<Journal, 'sealedSeq' | 'head'>;
  readonly #activity: Activity;
  readonly #held = new Deque<Held>();
  readonly #unsubscribe: readonly (() => void)[];
  #undurable = 0;

  constructor(journal: Pick<Journal, 'sealedSeq' | 'head' | 'onSealed' | 'onAppended'>, activity: Activity) {
    this.#journal = journal;
    this.#activity = activity;
    this.#unsubscribe = [
      journal.onSealed((facts) => this.#count(facts.length)),
      journal.onAppended((facts) => {
        this.#release();
        this.#count(-facts.length);
      }),
    ];
  }

  /** Acts at once where nothing waits for the disk. Acts are in order. @throws RangeError beyond OUTBOX_MAX. */
  hold(act: () => void): void {
    const seq = this.#journal.sealedSeq();
    if (seq <= this.#journal.head().seq && this.#held.length === 0) {
      act();
      return;
    }
    if (this.#held.length >= OUTBOX_MAX) throw new RangeError(`${this.#held.length} acts wait for the disk, at most ${OUTBOX_MAX}`);
    this.#held.push({ seq, act });
    this.#activity.hold(1);
  }

  /** The journal failed: what waits never happens, and nobody waits for it. */
  abandon(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    const waiting = this.#held.remove(() => true);
    this.#activity.hold(-waiting.length);
    this.#count(-this.#undurable);
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  #release(): void {
    const { seq } = this.#journal.head();
    for (let next = this.#held.peek(); next !== undefined && next.seq <= seq; next = this.#held.peek()) {
      this.#held.shift();
      try {
        next.act();
      } finally {
        this.#activity.hold(-1);
      }
    }
  }

  #count(facts: number): void {
    this.#undurable += facts;
    this.#activity.hold(facts);
  }
}
