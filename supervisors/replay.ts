/** What an actor is started from: its newest valid snapshot and the facts after it that it wrote or subscribes to. */
import type { Start } from '#protocol/actor.ts';
import { EVENT_OWNERS } from '#protocol/events.ts';
import type { Journal, Log, Snapshots } from '#protocol/ports.ts';
import type { EventType, Fact } from '#trading/model/events.ts';

/** The journal, and the hash of any record of it: what a snapshot must agree with. */
export interface ReplayJournal extends Journal {
  hashAt(seq: number): Promise<string | null>;
}

export interface Replay {
  /** Facts up to this one are in; the later ones come by fan-out. */
  readonly head: number;
  readonly snapshot: Start['snapshot'];
  readonly facts: readonly Fact[];
}

export interface ReplaySource {
  readonly journal: ReplayJournal;
  readonly snapshots: Snapshots;
  readonly log: Log;
}

export interface Subscription {
  readonly name: string;
  readonly facts: ReadonlySet<EventType>;
  readonly wants: (fact: Fact) => boolean;
}

/** `head` is the newest fact that was fanned out, on disk or not yet; the later ones come by fan-out. */
export async function replay(head: number, subscription: Subscription, { journal, snapshots, log }: ReplaySource): Promise<Replay> {
  // What is read is what is on disk.
  if (head > journal.head().seq) await journal.flushed();
  const snapshot = await validSnapshot(head, subscription.name, { journal, snapshots, log });
  const facts: Fact[] = [];
  const types = new Set([...subscription.facts, ...typesWrittenBy(subscription.name)]);
  if (types.size === 0) return { head, snapshot, facts };
  for await (const fact of journal.read(snapshot?.seq ?? 0, types)) {
    if (fact.seq > head) break;
    if (fact.actor === subscription.name || isSubscribed(subscription, fact)) facts.push(fact);
  }
  return { head, snapshot, facts };
}

export const isSubscribed = ({ facts, wants }: Pick<Subscription, 'facts' | 'wants'>, fact: Fact): boolean => facts.has(fact.type) && wants(fact);

async function validSnapshot(head: number, actor: string, { journal, snapshots, log }: ReplaySource): Promise<Start['snapshot']> {
  const saved = await snapshots.load(actor);
  if (saved === null) return null;
  if (saved.seq <= head && (await journal.hashAt(saved.seq)) === saved.journalHash) return { seq: saved.seq, state: saved.state };
  log.warn({ actor, snapshotSeq: saved.seq, head }, 'the snapshot does not belong to this journal; replaying from the start');
  return null;
}

function typesWrittenBy(actor: string): readonly EventType[] {
  // The keys of EVENT_OWNERS are the event types, all of them.
  return (Object.keys(EVENT_OWNERS) as EventType[]).filter((type) =>
    EVENT_OWNERS[type].some((owner) => (owner.endsWith('.') ? actor.startsWith(owner) : actor === owner)),
  );
}
