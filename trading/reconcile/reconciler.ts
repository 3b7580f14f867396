/** ST-3: the reconciler. It reads each live account at start and again and again, and says or repairs what the journal does not explain. */
import { NOTHING, type Behavior, type Decision } from '../behavior.ts';
import { LIVE_FACTS } from '../execution/live-gateway.ts';
import { recalled } from '../execution/live-stops.ts';
import type { Adjustment, DomainEvent, EventType } from '../model/events.ts';
import type { Broker, Instant } from '../model/instrument.ts';
import type { Message, MessageBody, Tell } from '../model/messages.ts';
import { diff, differenceId, heldOf, heldText, type Difference } from './diff.ts';
import { explainExpiries } from './expiry.ts';
import { adjustment, differed, repair, type RepairConfig } from './repair.ts';
import { BLANK_RECONCILER, evolveReconciler, journalView, type ReconcilerState } from './state.ts';

/** What it must hear of the journal. */
export const RECONCILER_FACTS: readonly EventType[] = LIVE_FACTS;

export interface ReconcilerConfig {
  readonly name: string;
  readonly brokers: readonly RepairConfig[];
  /** Between two readings of an account, in milliseconds. */
  readonly everyMs: number;
}

/** What a crash may lose: it is read again. */
export interface ReconcilerMemory {
  readonly askedAt: Readonly<Partial<Record<Broker, Instant>>>;
  /** As of the newest reading, for a person to decide on. */
  readonly standing: Readonly<Partial<Record<Broker, readonly Difference[]>>>;
  /** By difference: since when an option that expired is gone from the account. */
  readonly vanishedAt: Readonly<Record<string, Instant>>;
}

type ReconcilerDecision = Decision<ReconcilerMemory>;

/** Fills are read again from this long before the newest known one. */
const OVERLAP_MS = 3_600_000;
const EVIDENCE_LENGTH_MAX = 400;
const BLANK_MEMORY: ReconcilerMemory = { askedAt: {}, standing: {}, vanishedAt: {} };

export function createReconciler(config: ReconcilerConfig): Behavior<ReconcilerState, ReconcilerMemory> {
  return {
    initial: BLANK_RECONCILER,
    blank: BLANK_MEMORY,
    decide: (state, memory, message, now) => decide(config, state, memory, message, now),
    evolve: (state, fact) => evolveReconciler(state, fact),
    resume: (state, now) => readAccounts(config, state, BLANK_MEMORY, now),
  };
}

function decide(config: ReconcilerConfig, state: ReconcilerState, memory: ReconcilerMemory, message: Message, now: Instant): ReconcilerDecision {
  switch (message.type) {
    case 'clock.advanced':
      return readAccounts(config, state, memory, now);
    case 'account.viewed':
      return compare(config, state, memory, message.body);
    case 'actor.asked':
      return answer(config, state, memory, message.body);
    default:
      return NOTHING;
  }
}

function readAccounts(config: ReconcilerConfig, state: ReconcilerState, memory: ReconcilerMemory, now: Instant): ReconcilerDecision {
  const due = config.brokers.filter(({ broker }) => now - (memory.askedAt[broker] ?? -Infinity) >= config.everyMs);
  if (due.length === 0) return NOTHING;
  const effects = due.map(({ broker, port }): Tell => {
    const since = Math.max(0, (state[broker].live.newestFillAt ?? now) - OVERLAP_MS);
    return { to: port, type: 'account.requested', body: { since, askedAt: now, replyTo: config.name, ...recalled(state[broker].live) } };
  });
  const askedAt = { ...memory.askedAt, ...Object.fromEntries(due.map(({ broker }) => [broker, now])) };
  return { events: [], effects, memory: { ...memory, askedAt } };
}

function compare(
  config: ReconcilerConfig,
  state: ReconcilerState,
  memory: ReconcilerMemory,
  { broker, view }: MessageBody<'account.viewed'>,
): ReconcilerDecision {
  const target = config.brokers.find((candidate) => candidate.broker === broker);
  if (target === undefined) return NOTHING;
  const differences = diff(journalView(broker, state[broker]), view);
  // Orders, rows and positions are three answers of a venue that goes on meanwhile: what was only seen once may be between two of them.
  const before = new Set((memory.standing[broker] ?? []).map((difference) => differenceId(broker, difference)));
  const stands = differences.filter((difference) => !isFleeting(difference) || before.has(differenceId(broker, difference)));
  const books = state[broker];
  const expiries = explainExpiries(stands, { broker, books, view, all: differences, vanishedAt: memory.vanishedAt });
  const { events, tells } = repair(expiries.left, target, new Set(books.said), view.askedAt);
  const standing = { ...memory.standing, [broker]: differences };
  // Only IBKR has what expires, so one broker's readings do not forget another's.
  const vanishedAt = broker === 'ibkr' ? expiries.vanishedAt : memory.vanishedAt;
  return { events: [...expiries.events, ...events], effects: tells, memory: { ...memory, standing, vanishedAt } };
}

const isFleeting = ({ kind }: Difference): boolean => kind === 'position_quantity' || kind === 'position_price' || kind === 'leg_missing';

interface Stands {
  readonly broker: Broker;
  readonly id: string;
  readonly difference: Difference;
}

/** `differences` lists what stands; `adjust <id> <evidence>` takes the venue's word for one position. */
function answer(
  { brokers }: ReconcilerConfig,
  state: ReconcilerState,
  { standing }: ReconcilerMemory,
  { query, args }: MessageBody<'actor.asked'>,
): ReconcilerDecision {
  const all: readonly Stands[] = brokers.flatMap(({ broker }) =>
    (standing[broker] ?? []).map((difference) => ({ broker, id: differenceId(broker, difference), difference })),
  );
  if (query === 'differences') return { ...NOTHING, reply: all };
  if (query !== 'adjust') return { ...NOTHING, reply: { error: `the reconciler answers differences and adjust, not ${JSON.stringify(query)}` } };
  const [id, ...evidence] = args;
  const found = all.find((candidate) => candidate.id === id);
  const event = found === undefined ? null : adjustment(found.broker, found.difference, evidence.join(' ').slice(0, EVIDENCE_LENGTH_MAX));
  if (found === undefined || event === null) {
    return { ...NOTHING, reply: { error: `no difference of a position has the id ${JSON.stringify(id ?? '')}` } };
  }
  const held = heldBy(state, found, event.body);
  if (held !== heldText(event.body.from)) {
    const error = `the journal holds ${held} by now, not ${heldText(event.body.from)}: ask for differences again after the next reading`;
    return { ...NOTHING, reply: { error } };
  }
  return { events: [event, ...stillClosed(all, event.body)], effects: [], reply: { adjusted: event.body } };
}

/** A fill, or the same adjustment, may have come since the reading. */
function heldBy(state: ReconcilerState, { broker }: Stands, { asset, symbol }: Adjustment): string {
  const { positions } = journalView(broker, state[broker]);
  return heldText(heldOf(positions.find((position) => position.asset === asset && position.symbol === symbol)));
}

/** The adjustment opens its symbol, and what was said of it is not said again: an order of somebody else that rests there would move the position any time. */
function stillClosed(all: readonly Stands[], { asset, symbol }: Adjustment): readonly DomainEvent[] {
  const orders = all.filter(({ difference: of }) => of.kind === 'foreign_order' && of.asset === asset && of.symbol === symbol);
  return orders.map(({ broker, difference }) => differed(difference, differenceId(broker, difference)));
}
