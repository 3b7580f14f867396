/** A quote told → the order it makes accepted and on disk: trader, governor and paper gateway in their real cells, over the real journal. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openJournal } from '#state/journal.ts';
import { keyOf, levelStore, type RecordStore } from '#state/store.ts';
import { Activity } from '#supervisors/activity.ts';
import { handOut, type Audience } from '#supervisors/hand-out.ts';
import { ACTOR, traderName } from '#supervisors/tree.ts';
import type { Fact } from '#trading/model/events.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { FakeSnapshots } from '#test/support/fake-journal.ts';
import { spot, T0 } from '#test/unit/trading/trader/fixtures.ts';
import { spread } from './measure.ts';
import { result, type Benchmark, type Outcome } from './result.ts';
import { startRing, type Ring } from './ring.ts';
import { BARS_AN_ORDER_MAX, counting, quoteAt, settings, trader, type CountingStore } from './tick-fixtures.ts';
import { tickToPort } from './tick-to-port.ts';

const P50_RATIO_MAX = 2.5;
const ORDERS = 500;
const ORDERS_QUICK = 60;
/** Orders before the figures count: the compiler is still at work, and averages are warming up. */
const ORDERS_WARMING = 20;
const LATENCY_MS_MAX = 250;
const audience: Audience = { first: [ACTOR.governor, ACTOR.paper], clocks: () => [], traders: () => [traderName('crypto_spot')] };

interface Tick {
  readonly ms: number;
  readonly syncs: number;
}

export const tickToOrder: Benchmark = async ({ quick, dir }) => {
  const inMemory = await tickToAcceptance(quick, fresh(dir, 'memory'));
  const forked = await tickToPort(quick, fresh(dir, 'forked'));
  return {
    results: [...inMemory.results, ...forked.results],
    broken: [...inMemory.broken, ...forked.broken],
    notes: [...inMemory.notes, ...forked.notes],
  };
};

function fresh(dir: string, name: string): string {
  const own = join(dir, name);
  mkdirSync(own);
  return own;
}

async function tickToAcceptance(quick: boolean, dir: string): Promise<Outcome> {
  const wanted = (quick ? ORDERS_QUICK : ORDERS) + ORDERS_WARMING;
  const store = counting(dir);
  const activity = new Activity();
  const journal = await openJournal({
    dir: join(dir, 'journal'),
    anchorPath: join(dir, 'anchor'),
    createStore: () => store,
    calm: () => activity.quiet(),
  });
  const actors = [ACTOR.catalog, ACTOR.killSwitch, ACTOR.governor, ACTOR.paper, traderName('crypto_spot')];
  const raw = levelStore(join(dir, 'raw'));
  await raw.open();
  const ring = await startRing({
    journal,
    snapshots: new FakeSnapshots(),
    latchPath: join(dir, 'KILL'),
    actors,
    traders: [trader],
    start: T0,
    activity,
  });
  const told = { at: 0, writes: 0 };
  const ticks: Tick[] = [];
  let orderText = '';
  journal.onAppended((facts) => {
    if (!facts.some(isAccepted)) return;
    ticks.push({ ms: performance.now() - told.at, syncs: store.writes - told.writes });
    orderText = store.last;
  });
  await journal.append('system', null, [{ type: 'settings.loaded', body: { settings, source: 'bench' } }], T0);
  ring.router.deliver('*', { type: 'feed.changed', body: { broker: 'bybit', up: true, reason: 'bench' } });
  ring.router.deliver('*', { type: 'instrument.listed', body: { instrument: spot } });
  await ring.activity.settled();
  const rawMs: number[] = [];
  for (let bar = 0; ticks.length < wanted; bar++) {
    if (bar > wanted * BARS_AN_ORDER_MAX) throw new Error(`only ${ticks.length} orders in ${bar} bars: the ring refuses what it should accept`);
    const before = ticks.length;
    await tell(ring, told, store, quoteAt(bar));
    if (ticks.length === before) continue;
    rawMs.push(await rawPut(raw, rawMs.length + 1, orderText));
    // The fill is over before the next bar.
    ring.clock.advance(ring.clock.now() + LATENCY_MS_MAX);
    ring.router.deliver(ACTOR.paper, { type: 'clock.advanced', body: {} });
    await ring.activity.settled();
  }
  await ring.close();
  await Promise.all([journal.close(), raw.close()]);
  return outcome(ticks.slice(ORDERS_WARMING), rawMs.slice(ORDERS_WARMING));
}

const isAccepted = ({ type }: Fact): boolean => type === 'order.accepted';

async function tell(ring: Ring, told: { at: number; writes: number }, store: CountingStore, quote: QuoteSnapshot): Promise<void> {
  ring.clock.advance(quote.exchangeAt);
  told.at = performance.now();
  told.writes = store.writes;
  const deliver: Parameters<typeof handOut>[1]['deliver'] = (to, message) => ring.router.deliver(to, message, ACTOR.bybit);
  await handOut([quote], { deliver, settled: () => ring.activity.settled() }, audience);
}

async function rawPut(store: RecordStore, seq: number, value: string): Promise<number> {
  const from = performance.now();
  await store.write([{ key: keyOf(seq), value }]);
  return performance.now() - from;
}

function outcome(ticks: readonly Tick[], rawMs: readonly number[]): Outcome {
  const ours = spread(ticks.map(({ ms }) => ms));
  const raw = spread(rawMs);
  const syncs = ticks.reduce((sum, tick) => sum + tick.syncs, 0) / ticks.length;
  return {
    results: [
      result({
        name: 'tick-to-order: quote told → order accepted and on disk, p50',
        unit: 'ms',
        ours: ours.p50,
        baseline: raw.p50,
        target: { of: 'ratio', is: 'at most', value: P50_RATIO_MAX },
      }),
      result({ name: 'tick-to-order: quote told → order accepted and on disk, p99', unit: 'ms', ours: ours.p99, baseline: raw.p99 }),
      result({
        name: 'tick-to-order: synced batches an order',
        unit: 'fsyncs',
        ours: syncs,
        baseline: 1,
        target: { of: 'ours', is: 'at most', value: 1 },
      }),
    ],
    broken: [],
    notes: [
      `**tick-to-order**: ${ticks.length} orders, all actors in memory, from the quote handed out until the journal has told that \`order.accepted\` is on disk; baseline: one synced put of the same bytes into a second store, after each order. Entries and exits in turn. Intent, approval and acceptance are turns of three actors that share one commit.`,
    ],
  };
}
