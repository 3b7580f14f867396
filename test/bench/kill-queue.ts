/** The switch is tripped in the middle of a full mailbox of approved orders: counts what is accepted, and times the gate. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeLatch } from '#actors/latch.ts';
import { sendGate } from '#actors/send-gate.ts';
import { ACTOR } from '#supervisors/tree.ts';
import { price, qty, ZERO_MONEY } from '#trading/money/decimal.ts';
import type { DomainEvent } from '#trading/model/events.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { OrderIntent } from '#trading/model/order.ts';
import { FakeJournal, FakeSnapshots } from '#test/support/fake-journal.ts';
import { quoteOf, settings, spot, T0 } from '#test/unit/trading/trader/fixtures.ts';
import { startFlood } from './kill-flood.ts';
import type { HandSource } from './kill-hand.ts';
import { openSwitchboard, type Pressed } from './kill-sources.ts';
import { judge, NS_PER_MS, stampNs } from './kill-stamps.ts';
import { QueueTally } from './kill-tally.ts';
import { percentile, sink } from './measure.ts';
import { startRing } from './ring.ts';

/** Messages in the gateway's mailbox when the switch is tripped, about: every tenth trip meets the deep one, which takes a second to drain. */
export const DEEP = 20_000;
export const SHALLOW = 1000;
const DEEP_EVERY = 10;
/** Room for what is approved after the trip and for the flood: a full mailbox would crash the gateway, which is closed then too. */
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
export const QUOTES_PER_SECOND = 50_000;
const ENTRY_QTY = qty('0.2');

export interface QueueFigures {
  readonly tally: QueueTally;
  /** Entries accepted: before the presses, between press and closing, and after it. */
  readonly before: number;
  readonly underWay: number;
  readonly after: number;
  /** Trips before which nothing was accepted. */
  readonly silent: number;
  readonly leastQueued: number;
  readonly quotesPerSecond: number;
  readonly flagMs: readonly number[];
  readonly closedMs: readonly number[];
  readonly seenMs: readonly number[];
  readonly latchMs: readonly number[];
}

/** `call`: the kill path is called in this process, at any point of a turn. The others come from the hand of another process. */
export async function killBehindQueue(dir: string, trips: number, source: 'call' | HandSource): Promise<QueueFigures> {
  const scene = await open(dir);
  const { tally } = scene;
  const [flagMs, closedMs, seenMs, latchMs]: [number[], number[], number[], number[]] = [[], [], [], []];
  const sum = { before: 0, underWay: 0, after: 0 };
  let silent = 0;
  let leastQueued = Infinity;
  for (let trip = 0; trip < trips; trip++) {
    tally.begin();
    await scene.fill(trip % DEEP_EVERY === 0 ? DEEP : SHALLOW);
    await tally.answers(BEFORE_TRIP);
    if (tally.acceptedReads.length === 0) silent++;
    for (let phase = trip % PHASES; phase > 0; phase--) await Promise.resolve();
    leastQueued = Math.min(leastQueued, scene.queued());
    tally.press();
    const done = scene.press(source);
    // A governor that has not heard yet goes on approving.
    await scene.approve();
    const pressed = await done;
    await scene.drained();
    const { before, underWay, after } = judge(tally.acceptedReads, { pressedAt: pressed.pressedAt, closedAt: pressed.flagAt });
    sum.before += before;
    sum.underWay += underWay;
    sum.after += after;
    seenMs.push(((tally.closedReadAt ?? stampNs()) - pressed.pressedAt) / NS_PER_MS);
    await scene.rearm();
    closedMs.push(closeFlag(join(dir, 'FLAG')));
    flagMs.push(plainFlag());
    latchMs.push(rawLatch(join(dir, 'RAW')));
  }
  const quotesPerSecond = await scene.close();
  return { tally, ...sum, quotesPerSecond, silent, leastQueued, flagMs, closedMs, seenMs, latchMs };
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
  press(source: 'call' | HandSource): Promise<Pressed>;
  rearm(): Promise<void>;
  drained(): Promise<void>;
  /** Returns the quotes a second that came beside. */
  close(): Promise<number>;
}

async function open(dir: string): Promise<Scene> {
  const latchPath = join(dir, 'KILL');
  const journal = new FakeJournal();
  // The kill's own fact comes late, as from a slow disk: until then the gate stands alone.
  // Others let the sockets have their turn, as a disk does.
  journal.beforeDurable = (actor) =>
    new Promise((resolve) => (actor === ACTOR.killSwitch ? setTimeout(resolve, KILL_FACT_MS) : setImmediate(resolve)));
  const limits = { mailbox: { max: MAILBOX_MAX, mergeAbove: 256, remembered: 4096 }, snapshotFacts: SNAPSHOT_FACTS_NEVER };
  const actors = [ACTOR.killSwitch, ACTOR.paper];
  const ring = await startRing({ journal, snapshots: new FakeSnapshots(), latchPath, actors, traders: [], start: T0, limits });
  const board = await openSwitchboard(dir, latchPath, ring);
  const { kill } = board;
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
  const floods: number[] = [];
  const deliver = (index: number): void => {
    const instrument = symbols[index % symbols.length] ?? spot;
    ring.router.deliver(ACTOR.paper, { type: 'quote.received', body: { quote: quoteOf(instrument, T0, 100) } });
  };
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
    async press(source) {
      if (source !== 'call') {
        // Where the call is made there is no turn of the loop before it, so no quote either.
        const flood = startFlood(QUOTES_PER_SECOND, deliver);
        const pressed = await board.press(source);
        floods.push(flood.stop());
        return pressed;
      }
      const pressedAt = stampNs();
      const done = kill.trip({ scope: 'all', reason: 'bench', source: 'bench', flatten: false });
      // The flag was set on the way; whatever runs next runs after this line.
      const flagAt = stampNs();
      await done;
      return { pressedAt, flagAt, latchAt: flagAt };
    },
    rearm: () => board.rearm(),
    drained: () => ring.activity.settled(),
    async close() {
      await board.close();
      await ring.close();
      rmSync(latchPath, { force: true });
      return floods.length === 0 ? 0 : percentile(floods, 50);
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
