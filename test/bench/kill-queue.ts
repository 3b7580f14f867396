/** Trips in the middle of a full mailbox of approved orders: counts what is accepted, and times the gate. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeLatch } from '#actors/latch.ts';
import { sendGate } from '#actors/send-gate.ts';
import { KillPath } from '#supervisors/kill-path.ts';
import { ACTOR } from '#supervisors/tree.ts';
import { price, qty, ZERO_MONEY } from '#trading/money/decimal.ts';
import type { DomainEvent, Fact } from '#trading/model/events.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { OrderIntent } from '#trading/model/order.ts';
import { FakeJournal, FakeSnapshots } from '#test/support/fake-journal.ts';
import { quoteOf, settings, spot, T0 } from '#test/unit/trading/trader/fixtures.ts';
import { sink } from './measure.ts';
import { startRing } from './ring.ts';

/** Messages in the gateway's mailbox when the switch is tripped, about: every tenth trip meets the deep one, which takes a second to drain. */
export const DEEP = 20_000;
export const SHALLOW = 1000;
const DEEP_EVERY = 10;
/** Room for the kill's own messages: a full mailbox would crash the gateway, which is closed then too. */
const MAILBOX_MAX = 2 * DEEP;
/** Approved orders come in lumps all along the mailbox. Above 1,000 the simulator throttles, and then it would not be the gate that refuses. */
export const LUMPS = 10;
export const LUMP_ORDERS = 8;
/** One entry a symbol may be on its way: as many are accepted between two trips at most. */
const SYMBOLS = 32;
const BEFORE_TRIP = 4;
/** Trips come at any point of a turn: so many steps of the microtask queue after a fact, at most. */
const PHASES = 397;
const KILL_FACT_MS = 20;
const SNAPSHOT_FACTS_NEVER = 1e9;
const ENTRY_QTY = qty('0.2');

export interface QueueFigures {
  readonly tally: QueueTally;
  /** Trips before which nothing was accepted. */
  readonly silent: number;
  readonly leastQueued: number;
  readonly flagMs: readonly number[];
  readonly closedMs: readonly number[];
  readonly seenMs: readonly number[];
  readonly latchMs: readonly number[];
}

export async function killBehindQueue(dir: string, trips: number): Promise<QueueFigures> {
  const scene = await open(join(dir, 'KILL'));
  const { tally } = scene;
  const [flagMs, closedMs, seenMs, latchMs]: [number[], number[], number[], number[]] = [[], [], [], []];
  let silent = 0;
  let leastQueued = Infinity;
  for (let trip = 0; trip < trips; trip++) {
    await scene.fill(trip % DEEP_EVERY === 0 ? DEEP : SHALLOW);
    const before = tally.accepted;
    await tally.answers(BEFORE_TRIP);
    if (tally.accepted === before) silent++;
    for (let phase = trip % PHASES; phase > 0; phase--) await Promise.resolve();
    leastQueued = Math.min(leastQueued, scene.queued());
    const done = scene.trip();
    // A governor that has not heard yet goes on approving.
    await scene.approve();
    await done;
    await scene.drained();
    seenMs.push(tally.seenMs);
    await scene.rearm();
    closedMs.push(closeFlag(join(dir, 'FLAG')));
    flagMs.push(plainFlag());
    latchMs.push(rawLatch(join(dir, 'RAW')));
  }
  await scene.close();
  return { tally, silent, leastQueued, flagMs, closedMs, seenMs, latchMs };
}

/** What became of the approved orders, by the journal, and what the gate answered to the gateway. */
class QueueTally {
  approved = 0;
  /** Entries accepted: while the gate was open; after a trip, decided before it; after a trip, with the gate read since. */
  accepted = 0;
  underWay = 0;
  after = 0;
  refused = 0;
  tripped = false;
  /** From the last trip to the gateway's next reading of the gate. */
  seenMs = NaN;
  #trippedAt = 0;
  readonly #answered = new Set<string>();
  readonly #live = new Set<string>();
  #readSinceTrip = false;
  /** One order at most is between the gate and the journal when the switch is tripped: turns are serial. */
  #wasUnderWay = false;
  #waiting: { readonly reached: () => boolean; readonly resolve: () => void }[] = [];

  constructor(latchPath: string) {
    const gate = sendGate(latchPath);
    const read = gate.closed.bind(gate);
    gate.closed = () => {
      const scopes = read();
      if (this.tripped && !this.#readSinceTrip) {
        this.#readSinceTrip = true;
        this.seenMs = performance.now() - this.#trippedAt;
      }
      return scopes;
    };
  }

  get unanswered(): number {
    return this.approved - this.#answered.size;
  }

  /** Accepted and not over: after a kill there is none. */
  get live(): number {
    return this.#live.size;
  }

  take(fact: Fact): void {
    if (fact.type === 'order.accepted') {
      if (!this.tripped) this.accepted++;
      else if (this.#readSinceTrip || this.#wasUnderWay) this.after++;
      else {
        this.#wasUnderWay = true;
        this.underWay++;
      }
      this.#live.add(fact.body.clientOrderId);
    } else if (fact.type === 'order.ended') {
      if (!this.#live.delete(fact.body.clientOrderId) && this.tripped) this.refused++;
    } else return;
    this.#answered.add(fact.body.clientOrderId);
    this.#waiting = this.#waiting.filter(({ reached, resolve }) => {
      if (!reached()) return true;
      resolve();
      return false;
    });
  }

  trip(): void {
    this.tripped = true;
    this.#trippedAt = performance.now();
  }

  rearmed(): void {
    this.tripped = false;
    this.#readSinceTrip = false;
    this.#wasUnderWay = false;
  }

  answers(more: number): Promise<void> {
    const goal = this.#answered.size + more;
    return this.#until(() => this.#answered.size >= goal);
  }

  #until(reached: () => boolean): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ reached, resolve }));
  }
}

/** A gate of its own, tripped and asked: what stands between the call and the first refusal. */
function closeFlag(path: string): number {
  const gate = sendGate(path);
  const from = performance.now();
  gate.trip(['all']);
  const refusal = gate.closedFor('crypto_spot');
  const ms = performance.now() - from;
  if (refusal === null) throw new Error('a gate that was tripped is open');
  gate.rearm();
  return ms;
}

const plain = { isClosed: false };

function plainFlag(): number {
  const from = performance.now();
  plain.isClosed = true;
  sink.value = plain.isClosed;
  const ms = performance.now() - from;
  plain.isClosed = false;
  return ms;
}

function rawLatch(path: string): number {
  const from = performance.now();
  writeLatch(path, { scopes: ['all'], reason: 'bench', source: 'bench', at: T0, flatten: false });
  const ms = performance.now() - from;
  rmSync(path);
  return ms;
}

interface Scene {
  readonly tally: QueueTally;
  /** So many messages, with approved orders among them. */
  fill(messages: number): Promise<void>;
  approve(): Promise<void>;
  queued(): number;
  trip(): Promise<unknown>;
  rearm(): Promise<void>;
  drained(): Promise<void>;
  close(): Promise<void>;
}

async function open(latchPath: string): Promise<Scene> {
  const journal = new FakeJournal();
  // The kill's own fact comes late, as from a slow disk: until then the gate stands alone.
  journal.beforeDurable = (actor) => (actor === ACTOR.killSwitch ? new Promise((resolve) => setTimeout(resolve, KILL_FACT_MS)) : undefined);
  const limits = { mailbox: { max: MAILBOX_MAX, mergeAbove: 256, remembered: 4096 }, snapshotFacts: SNAPSHOT_FACTS_NEVER };
  const actors = [ACTOR.killSwitch, ACTOR.paper];
  const ring = await startRing({ journal, snapshots: new FakeSnapshots(), latchPath, actors, traders: [], start: T0, limits });
  const kill = new KillPath({ latchPath, router: ring.router, gates: () => [], log: ring.log, now: () => ring.clock.now() });
  const symbols = Array.from({ length: SYMBOLS }, (_, index): Instrument => ({ ...spot, symbol: `S${index}/USDT` }));
  await journal.append('system', null, [{ type: 'settings.loaded', body: { settings, source: 'bench' } }], T0);
  await journal.append(
    'catalog',
    null,
    symbols.map((instrument) => ({ type: 'instrument.changed', body: { instrument } })),
    T0,
  );
  await ring.activity.settled();
  const tally = new QueueTally(latchPath);
  const queued = (): number => ring.mailbox(ACTOR.paper);
  journal.onAppended((facts) => facts.forEach((fact) => tally.take(fact)));
  const approve = async (): Promise<void> => {
    const events = Array.from({ length: LUMP_ORDERS }, () => approval(symbols, tally.approved++));
    await journal.append(ACTOR.governor, null, events, T0);
  };
  return {
    tally,
    async fill(messages) {
      for (let lump = 0; lump < LUMPS; lump++) {
        await approve();
        for (let more = LUMP_ORDERS; more < messages / LUMPS; more++) ring.router.deliver(ACTOR.paper, { type: 'clock.advanced', body: {} });
      }
    },
    approve,
    queued,
    trip() {
      tally.trip();
      return kill.trip({ scope: 'all', reason: 'bench', source: 'bench', flatten: false });
    },
    async rearm() {
      await kill.rearm({ confirm: 'REARM', reason: 'bench', source: 'bench' });
      tally.rearmed();
    },
    drained: () => ring.activity.settled(),
    async close() {
      await ring.close();
      rmSync(latchPath, { force: true });
    },
  };
}

function approval(symbols: readonly Instrument[], index: number): DomainEvent {
  const instrument = symbols[index % symbols.length] ?? spot;
  const { asset, symbol } = instrument;
  const clientOrderId = `p${index}`;
  const intent: OrderIntent = {
    clientOrderId,
    strategyId: 'bench',
    asset,
    mode: 'paper',
    symbol,
    side: 'buy',
    kind: 'entry',
    qty: ENTRY_QTY,
    snapshot: quoteOf(instrument, T0, 100),
    bracket: { takeProfit: price('110'), stopLoss: price('90') },
    sizing: null,
    signal: 'bench',
    nonce: index,
    intendedAt: T0,
  };
  const numbers = { notional: ZERO_MONEY, margin: ZERO_MONEY, maxLoss: ZERO_MONEY };
  return { type: 'order.approved', body: { clientOrderId, asset, mode: 'paper', symbol, intent, ...numbers } };
}
