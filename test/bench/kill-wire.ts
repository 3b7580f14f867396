/** A tripwire: a loss is recorded in the middle of the governor's full mailbox. From the fact of the tripped wire on, no entry may be approved. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ACTOR } from '#supervisors/tree.ts';
import { money, price, qty, ratio, ZERO_MONEY } from '#trading/money/decimal.ts';
import type { DomainEvent, Fact } from '#trading/model/events.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { Fill } from '#trading/model/order.ts';
import type { Settings } from '#trading/model/settings.ts';
import { FakeJournal, FakeSnapshots } from '#test/support/fake-journal.ts';
import { entryOn } from '#test/unit/trading/risk/house.ts';
import { quoteOf, settings as base, spot, T0 } from '#test/unit/trading/trader/fixtures.ts';
import { openDialogue } from './kill-child.ts';
import { startFlood } from './kill-flood.ts';
import { GATEWAY } from './kill-forked.ts';
import type { GatewayOrder, GatewayRun } from './kill-gateway.ts';
import { DEEP, QUOTES_PER_SECOND, SHALLOW } from './kill-queue.ts';
import { NS_PER_MS, stampNs } from './kill-stamps.ts';
import { openCountingVenue, type CountingVenue } from './kill-venue.ts';
import { percentile } from './measure.ts';
import { startRing } from './ring.ts';

const DAY_MS = 86_400_000;
const DEEP_EVERY = 10;
const LUMPS = 10;
/** Intents of one trip, each of a symbol of its own; the loss comes behind half of them. */
export const WIRE_INTENTS = 80;
const MAILBOX_MAX = 2 * DEEP;
const SNAPSHOT_FACTS_NEVER = 1e9;
const MANY = 1_000_000;

/** Everything is allowed but to lose more than a dollar a day. */
const settings: Settings = {
  ...base,
  alloc: { ...base.alloc, crypto_spot: money('1000000') },
  maxConcurrent: MANY,
  maxPositions: { ...base.maxPositions, crypto_spot: MANY },
  cooldownSeconds: 0,
  risk: {
    ...base.risk,
    dailyLossCap: ratio('0.000001'),
    maxDrawdown: ratio('1'),
    ordersPerMinuteMax: MANY,
    repeatedEntriesMax: MANY,
  },
};

export interface WireFigures {
  readonly before: number;
  /** Approved after the fact of the wire, and sent to the venue by an approval after it. */
  readonly after: number;
  readonly afterAtVenue: number;
  readonly sent: number;
  readonly refused: number;
  readonly silent: number;
  readonly unanswered: number;
  readonly quotesPerSecond: number;
  /** From the fact of the wire to the refusal of the next entry. */
  readonly closedMs: readonly number[];
}

/** What the governor wrote in one trip. */
class WireTally {
  wireSeq = Infinity;
  before = 0;
  after = 0;
  refused = 0;
  closedMs: number | null = null;
  #wireAt = 0;

  take(fact: Fact): void {
    if (fact.type === 'tripwire.tripped') {
      this.wireSeq = fact.seq;
      this.#wireAt = stampNs();
    } else if (fact.type === 'order.approved') {
      if (fact.seq > this.wireSeq) this.after++;
      else this.before++;
    } else if (fact.type === 'order.refused') {
      this.refused++;
      if (fact.seq > this.wireSeq) this.closedMs ??= (stampNs() - this.#wireAt) / NS_PER_MS;
    }
  }
}

export async function tripWires(dir: string, trips: number, gateway: 'in memory' | 'forked'): Promise<WireFigures> {
  const scene = await open(dir, gateway);
  const sum = { before: 0, after: 0, afterAtVenue: 0, sent: 0, refused: 0, silent: 0, unanswered: 0 };
  const [closedMs, quotes]: [number[], number[]] = [[], []];
  for (let trip = 0; trip < trips; trip++) {
    const { tally, sentSeqs, quotesPerSecond } = await scene.trip(trip, trip % DEEP_EVERY === 0 ? DEEP : SHALLOW);
    sum.before += tally.before;
    sum.after += tally.after;
    sum.sent += sentSeqs.length;
    sum.afterAtVenue += sentSeqs.filter((seq) => seq > tally.wireSeq).length;
    sum.refused += tally.refused;
    sum.unanswered += Math.abs(WIRE_INTENTS - tally.before - tally.after - tally.refused) + Math.abs(tally.before + tally.after - sentSeqs.length);
    quotes.push(quotesPerSecond);
    if (tally.closedMs === null || tally.before === 0) sum.silent++;
    else closedMs.push(tally.closedMs);
  }
  await scene.close();
  return { ...sum, quotesPerSecond: percentile(quotes, 50), closedMs };
}

interface Trip {
  readonly tally: WireTally;
  /** Of the approvals that reached the venue. */
  readonly sentSeqs: readonly number[];
  readonly quotesPerSecond: number;
}

interface WireScene {
  trip(index: number, messages: number): Promise<Trip>;
  close(): Promise<void>;
}

async function open(dir: string, kind: 'in memory' | 'forked'): Promise<WireScene> {
  const latchPath = join(dir, 'KILL');
  const journal = new FakeJournal();
  // A disk lets the sockets have their turn.
  journal.beforeDurable = () => new Promise((resolve) => setImmediate(resolve));
  const limits = { mailbox: { max: MAILBOX_MAX, mergeAbove: 256, remembered: 4096 }, snapshotFacts: SNAPSHOT_FACTS_NEVER };
  const ring = await startRing({ journal, snapshots: new FakeSnapshots(), latchPath, actors: [ACTOR.governor], traders: [], start: T0, limits });
  const forked = kind === 'forked' ? await openForked(latchPath) : null;
  const symbols = Array.from({ length: WIRE_INTENTS + 1 }, (_, index): Instrument => ({ ...spot, id: `s${index}`, symbol: `S${index}/USDT` }));
  await journal.append('system', null, [{ type: 'settings.loaded', body: { settings, source: 'bench' } }], T0);
  const listed = symbols.map((instrument): DomainEvent => ({ type: 'instrument.changed', body: { instrument } }));
  await journal.append('catalog', null, listed, T0);
  let tally = new WireTally();
  let sentSeqs: number[] = [];
  const loser = symbols.at(-1) ?? spot;
  journal.onAppended((facts) => {
    for (const fact of facts) {
      if (fact.type === 'order.approved' && fact.body.symbol === loser.symbol) continue;
      tally.take(fact);
      if (fact.type !== 'order.approved') continue;
      if (forked === null) sentSeqs.push(fact.seq);
      else forked.send(fact.seq);
      // It never fills: the symbol is free for the next trip.
      void journal.append(ACTOR.paper, null, endOf(fact), fact.at);
    }
  });
  return {
    async trip(index, messages) {
      const now = T0 + index * DAY_MS;
      ring.clock.advance(now);
      tally = new WireTally();
      sentSeqs = [];
      forked?.venue.begin(index);
      forked?.begin(index);
      const opening = entryOn(quoteOf(loser, now, 100), loser, { clientOrderId: `loser${index}`, qty: qty('0.1') });
      await journal.append('trader', null, [{ type: 'order.intended', body: { intent: opening } }], now);
      await ring.activity.settled();
      await journal.append(ACTOR.paper, null, openingFill(opening.clientOrderId, loser, now), now);
      await ring.activity.settled();
      for (let lump = 0; lump < LUMPS; lump++) {
        if (lump === LUMPS / 2) await journal.append(ACTOR.paper, null, [closingFill(opening.clientOrderId, loser, now)], now);
        const own = symbols.slice((lump * WIRE_INTENTS) / LUMPS, ((lump + 1) * WIRE_INTENTS) / LUMPS);
        const intents = own.map((instrument): DomainEvent => {
          const intent = entryOn(quoteOf(instrument, now, 100), instrument, { clientOrderId: `${index}.${instrument.symbol}` });
          return { type: 'order.intended', body: { intent } };
        });
        await journal.append('trader', null, intents, now);
        for (let more = own.length; more < messages / LUMPS; more++) ring.router.deliver(ACTOR.governor, { type: 'clock.advanced', body: {} });
      }
      const flood = startFlood(QUOTES_PER_SECOND, (quote) => {
        const instrument = symbols[quote % symbols.length] ?? spot;
        ring.router.deliver(ACTOR.governor, { type: 'quote.received', body: { quote: quoteOf(instrument, now, 100) } });
      });
      while (tally.before + tally.after + tally.refused < WIRE_INTENTS) await new Promise((resolve) => setTimeout(resolve, 1));
      const quotesPerSecond = flood.stop();
      await ring.activity.settled();
      await forked?.done();
      if (forked !== null) sentSeqs = forked.venue.entries().map(({ number }) => number);
      return { tally, sentSeqs, quotesPerSecond };
    },
    async close() {
      await ring.close();
      forked?.close();
      rmSync(latchPath, { force: true });
    },
  };
}

interface Forked {
  readonly venue: CountingVenue;
  begin(run: number): void;
  send(seq: number): void;
  /** Resolves when all that was sent has come to the venue. */
  done(): Promise<void>;
  close(): void;
}

async function openForked(latchPath: string): Promise<Forked> {
  const venue = await openCountingVenue();
  const gateway = openDialogue<GatewayOrder, GatewayRun>(GATEWAY, [latchPath, String(venue.port)]);
  let run = 0;
  let sends: Promise<GatewayRun>[] = [];
  return {
    venue,
    begin(next) {
      run = next;
      sends = [];
    },
    send: (seq) => void sends.push(gateway.ask({ run, first: seq, entries: 1, quotesPerSecond: QUOTES_PER_SECOND })),
    async done() {
      const runs = await Promise.all(sends);
      await venue.received(runs.reduce((sum, { sent }) => sum + sent, 0));
    },
    close() {
      gateway.close();
      venue.close();
    },
  };
}

function endOf({ body: { clientOrderId, asset, mode, symbol } }: Extract<Fact, { type: 'order.approved' }>): readonly DomainEvent[] {
  return [{ type: 'order.ended', body: { clientOrderId, asset, mode, symbol, status: 'cancelled', reason: 'bench', filledQty: qty('0') } }];
}

function openingFill(clientOrderId: string, instrument: Instrument, now: number): readonly DomainEvent[] {
  const fill = fillOf(clientOrderId, instrument, now, { fillId: `${clientOrderId}.in`, side: 'buy', reason: 'entry', price: price('100') });
  const { asset, symbol } = instrument;
  const filled = { clientOrderId, asset, mode: 'paper', symbol, status: 'filled', reason: 'filled', filledQty: fill.qty } as const;
  return [
    { type: 'fill.recorded', body: { fill } },
    { type: 'order.ended', body: filled },
  ];
}

/** Five dollars lost. */
function closingFill(clientOrderId: string, instrument: Instrument, now: number): DomainEvent {
  const more = { fillId: `${clientOrderId}.out`, side: 'sell', reason: 'stop_loss', price: price('50') } as const;
  return { type: 'fill.recorded', body: { fill: fillOf(clientOrderId, instrument, now, more) } };
}

function fillOf(
  clientOrderId: string,
  { asset, symbol }: Instrument,
  filledAt: number,
  more: Pick<Fill, 'fillId' | 'side' | 'reason' | 'price'>,
): Fill {
  const rest = { mode: 'paper', strategyId: 'ema-cross', qty: qty('0.1'), fee: ZERO_MONEY, paper: null, venueExecutionId: null } as const;
  return { clientOrderId, asset, symbol, filledAt, ...rest, ...more };
}
