/** A quote in the gateway's process → its approved order handed to the order port there: trader and gateway in processes of their own. */
import { join } from 'node:path';
import { openJournal } from '#state/journal.ts';
import { Activity } from '#supervisors/activity.ts';
import { handOut, type Audience } from '#supervisors/hand-out.ts';
import { ACTOR, CONDUCTOR, traderName } from '#supervisors/tree.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import type { TraderConfig } from '#trading/trader/config.ts';
import { FakeSnapshots } from '#test/support/fake-journal.ts';
import { spot, T0 } from '#test/unit/trading/trader/fixtures.ts';
import type { Outcome } from './result.ts';
import { startRing, type Ring } from './ring.ts';
import { BARS_AN_ORDER_MAX, counting, handOutPorts, quoteAt, RawPuts, RICH_WALLET, settings, trader } from './tick-fixtures.ts';
import { ORDERS_WARMING, tickResults } from './tick-results.ts';

const P50_RATIO_MAX = 4;
const ORDERS = 300;
const ORDERS_QUICK = 120;
const ASK_MS = 10_000;
const live: TraderConfig = { ...trader, name: traderName('crypto_spot', 'live'), mode: 'live' };
const audience: Audience = { first: [ACTOR.governor], clocks: () => [ACTOR.bybitOrders], traders: () => [live.name], port: () => ACTOR.bybitPort };

export async function tickToPort(quick: boolean, dir: string): Promise<Outcome> {
  const wanted = (quick ? ORDERS_QUICK : ORDERS) + ORDERS_WARMING;
  const store = counting(dir);
  const activity = new Activity();
  const calm = (): Promise<void> => activity.quiet();
  const journal = await openJournal({ dir: join(dir, 'journal'), anchorPath: join(dir, 'anchor'), createStore: () => store, calm });
  const raw = new RawPuts(dir);
  await raw.open();
  const latchPath = join(dir, 'KILL');
  const actors = [ACTOR.catalog, ACTOR.killSwitch, ACTOR.governor, ACTOR.bybitPort, ACTOR.bybitOrders, live.name];
  const gateway = { module: new URL('./wire-gateway.ts', import.meta.url).href, params: { latchPath, reportsTo: ACTOR.bybitOrders } };
  const ring = await startRing({
    ...{ journal, snapshots: new FakeSnapshots(), latchPath, actors, traders: [live], activity, start: T0 },
    ...{ forked: 'forked', replaced: { [ACTOR.bybitPort]: gateway } },
  });
  const ports = handOutPorts(ring, journal);
  const ms: number[] = [];
  let sent = 0n;
  let writes = 0;
  let orderText = '';
  let handed: Promise<void> = Promise.resolve();
  const syncs: number[] = [];
  journal.onAppended((facts) => {
    for (const fact of facts) {
      if (fact.type === 'order.sending') {
        syncs.push(store.writes - writes);
        orderText = store.last;
      }
      if (fact.type === 'order.acknowledged') ms.push(Number(BigInt(fact.body.venueOrderId) - sent) / 1e6);
    }
  });
  ring.router.intercept('quote.received', (envelope) => {
    if (envelope.type !== 'quote.received') return;
    const { quote } = envelope.body;
    sent = BigInt(quote.id);
    writes = store.writes;
    handed = handOut([quote], ports, audience);
  });
  await prepare(ring, journal);
  for (let bar = 0; ms.length < wanted; bar++) {
    if (bar > wanted * BARS_AN_ORDER_MAX) throw new Error(`only ${ms.length} orders in ${bar} bars: the ring refuses what it should send`);
    const before = ms.length;
    await say(ring, quoteAt(bar), () => handed);
    await raw.afterBar(ms.length > before, orderText);
  }
  await ring.close();
  await Promise.all([journal.close(), raw.close()]);
  return outcome(ms, raw, syncs);
}

async function prepare(ring: Ring, journal: Awaited<ReturnType<typeof openJournal>>): Promise<void> {
  await journal.append('system', null, [{ type: 'settings.loaded', body: { settings, source: 'bench' } }], T0);
  const on = { asset: 'crypto_spot', mode: 'live', on: true, source: 'bench', reason: 'bench' } as const;
  await journal.append('mode-switch', null, [{ type: 'mode.changed', body: on }], T0);
  ring.router.handle(CONDUCTOR, () => undefined);
  ring.router.deliver('*', { type: 'feed.changed', body: { broker: 'bybit', up: true, reason: 'bench' } });
  ring.router.deliver('*', { type: 'instrument.listed', body: { instrument: spot } });
  await ring.activity.settled();
}

/** One bar, and everything that follows from it. */
async function say(ring: Ring, quote: QuoteSnapshot, handed: () => Promise<void>): Promise<void> {
  ring.clock.advance(quote.exchangeAt);
  ring.router.deliver(ACTOR.governor, { type: 'wallet.reported', body: { ...RICH_WALLET, at: quote.exchangeAt } });
  await ring.activity.settled();
  await ring.router.ask(ACTOR.bybitPort, { type: 'actor.asked', body: { query: 'quote', args: [JSON.stringify(quote)] } }, ASK_MS);
  // Until the trader has it, nobody else asks for a processor.
  await handed();
  for (;;) {
    await ring.activity.settled();
    const reply = await ring.router.ask(ACTOR.bybitPort, { type: 'actor.asked', body: { query: 'settle', args: [] } }, ASK_MS);
    await ring.activity.settled();
    if ((reply as { readonly worked: boolean }).worked === false) return; // what the port answers to it
  }
}

function outcome(ms: readonly number[], puts: RawPuts, syncs: readonly number[]): Outcome {
  return {
    results: tickResults({ name: 'tick-to-order, processes of their own: quote → order at the port', ms, syncs, puts, p50RatioMax: P50_RATIO_MAX }),
    broken: [],
    notes: [
      `**tick-to-order, processes of their own**: ${ms.length - ORDERS_WARMING} live orders; trader and gateway forked; governor, live orders and journal in the main process. From the stamp of the quote in the gateway’s process until the order port there is called, after intent, approval and \`order.sending\` are on disk in one batch; both stamps of the machine’s monotonic clock. Baseline and drills as above.`,
    ],
  };
}
