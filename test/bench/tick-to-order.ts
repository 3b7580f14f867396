/** A quote told → the order it makes accepted and on disk: trader, governor and paper gateway in their real cells, over the real journal. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openJournal } from '#state/journal.ts';
import { Activity } from '#supervisors/activity.ts';
import { handOut, type Audience, type HandOutPorts } from '#supervisors/hand-out.ts';
import { ACTOR, traderName } from '#supervisors/tree.ts';
import type { Fact } from '#trading/model/events.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { FakeSnapshots } from '#test/support/fake-journal.ts';
import { spot, T0 } from '#test/unit/trading/trader/fixtures.ts';
import type { Benchmark, Outcome } from './result.ts';
import { startRing, type Ring } from './ring.ts';
import { BARS_AN_ORDER_MAX, counting, handOutPorts, quoteAt, RawPuts, settings, trader, type CountingStore } from './tick-fixtures.ts';
import { ORDERS_WARMING, tickResults } from './tick-results.ts';
import { tickToPort } from './tick-to-port.ts';

const P50_RATIO_MAX = 2.5;
const ORDERS = 500;
const ORDERS_QUICK = 200;
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
  const raw = new RawPuts(dir);
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
  const ports = handOutPorts(ring, journal);
  for (let bar = 0; ticks.length < wanted; bar++) {
    if (bar > wanted * BARS_AN_ORDER_MAX) throw new Error(`only ${ticks.length} orders in ${bar} bars: the ring refuses what it should accept`);
    const before = ticks.length;
    await tell(ring, told, store, quoteAt(bar), ports);
    await raw.afterBar(ticks.length > before, orderText);
    if (ticks.length === before) continue;
    // The fill is over before the next bar.
    ring.clock.advance(ring.clock.now() + LATENCY_MS_MAX);
    ring.router.deliver(ACTOR.paper, { type: 'clock.advanced', body: {} });
    await ring.activity.settled();
  }
  await ring.close();
  await Promise.all([journal.close(), raw.close()]);
  return outcome(ticks, raw);
}

const isAccepted = ({ type }: Fact): boolean => type === 'order.accepted';

async function tell(
  ring: Ring,
  told: { at: number; writes: number },
  store: CountingStore,
  quote: QuoteSnapshot,
  ports: HandOutPorts,
): Promise<void> {
  ring.clock.advance(quote.exchangeAt);
  told.at = performance.now();
  told.writes = store.writes;
  await handOut([quote], ports, audience);
}

function outcome(ticks: readonly Tick[], puts: RawPuts): Outcome {
  return {
    results: tickResults({
      name: 'tick-to-order: quote told → order accepted and on disk',
      ms: ticks.map(({ ms }) => ms),
      syncs: ticks.map(({ syncs }) => syncs),
      puts,
      p50RatioMax: P50_RATIO_MAX,
    }),
    broken: [],
    notes: [
      `**tick-to-order**: ${ticks.length - ORDERS_WARMING} orders, all actors in memory, from the quote handed out until the journal has told that \`order.accepted\` is on disk; baseline: one synced put of the same bytes into a second store, midway between two orders, so that the disk has rested as long before one as before the other. Entries and exits in turn. Intent, approval and acceptance are turns of three actors that share one commit. Drills run as on a real market, here between bars that are milliseconds apart.`,
    ],
  };
}
