/** A journal and snapshots in memory, for tests of supervision: the contract of protocol/ports.ts, no disk. */
import { EVENT_VERSION } from '#protocol/events.ts';
import type { Sealed, Snapshots } from '#protocol/ports.ts';
import type { DomainEvent, EventType, Fact } from '#trading/model/events.ts';
import type { Instant } from '#trading/model/instrument.ts';

export class FakeJournal {
  /** On disk, as it were. */
  readonly facts: Fact[] = [];
  #sealed = 0;
  #flushed: Promise<unknown> = Promise.resolve();
  readonly #sealedListeners = new Set<(facts: readonly Fact[]) => void>();
  readonly #listeners = new Set<(facts: readonly Fact[]) => void>();
  /** Called before each append becomes durable: to crash something in the middle, or to refuse. */
  beforeDurable: (actor: string, events: readonly DomainEvent[]) => Promise<void> | void = () => {};

  seal(actor: string, cause: string | null, events: readonly DomainEvent[], at: Instant): Sealed {
    const facts = events.map((event): Fact => ({ ...event, seq: ++this.#sealed, at, actor, version: EVENT_VERSION[event.type], cause }));
    for (const listener of this.#sealedListeners) listener(facts);
    const before = this.#flushed;
    const durable = (async () => {
      await before;
      await this.beforeDurable(actor, events);
      this.facts.push(...facts);
      for (const listener of this.#listeners) listener(facts);
    })();
    this.#flushed = durable.catch(() => {});
    return { facts, durable };
  }

  async append(actor: string, cause: string | null, events: readonly DomainEvent[], at: Instant): Promise<readonly Fact[]> {
    const { facts, durable } = this.seal(actor, cause, events, at);
    await durable;
    return facts;
  }

  head(): { readonly seq: number; readonly hash: string } {
    return { seq: this.facts.length, hash: hashOf(this.facts.length) };
  }

  sealedSeq(): number {
    return this.#sealed;
  }

  async flushed(): Promise<void> {
    await this.#flushed;
  }

  lastAt(): Instant | null {
    return this.facts.at(-1)?.at ?? null;
  }

  async *read(after: number, types?: ReadonlySet<EventType>): AsyncIterable<Fact> {
    for (const fact of this.facts.slice(after)) if (types === undefined || types.has(fact.type)) yield fact;
  }

  async hashAt(seq: number): Promise<string | null> {
    return seq <= this.facts.length ? hashOf(seq) : null;
  }

  onSealed(listener: (facts: readonly Fact[]) => void): () => void {
    this.#sealedListeners.add(listener);
    return () => this.#sealedListeners.delete(listener);
  }

  onAppended(listener: (facts: readonly Fact[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {}
}

const hashOf = (seq: number): string => `hash-${seq}`;

export class FakeSnapshots implements Snapshots {
  readonly saved = new Map<string, { readonly seq: number; readonly journalHash: string; readonly state: unknown }>();

  async save(actor: string, seq: number, journalHash: string, state: unknown): Promise<void> {
    this.saved.set(actor, { seq, journalHash, state: structuredClone(state) });
  }

  async load(actor: string): Promise<{ readonly seq: number; readonly journalHash: string; readonly state: unknown } | null> {
    return this.saved.get(actor) ?? null;
  }
}
