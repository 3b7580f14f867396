/** ST-2, ST-3: what a venue drops, loses, delays, repeats and shuffles, and crashes between any two steps, change nothing of what is true. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { add, subtract, ZERO_QTY, type Qty } from '#trading/money/decimal.ts';
import type { DomainEvent } from '#trading/model/events.ts';
import type { OrderEnd } from '#trading/model/order.ts';
import type { RawRecord } from '#state/store.ts';
import { verifyJournal } from '#state/verify.ts';
import { isOpen } from '#trading/execution/order-state.ts';
import { orderOf } from '#trading/execution/live-state.ts';
import { LiveVenue, NO_FAULTS, random, STORM, TERMS } from '../support/live-venue.ts';
import { sealedStory } from '../support/journal-story.ts';
import { LiveWorld, SYMBOLS } from '../support/live-world.ts';
import { T0 } from '../unit/trading/trader/fixtures.ts';

/** STORM_SEEDS=100 plays the number that the README may state; each takes a second or two. */
const SEEDS = Number(process.env['STORM_SEEDS'] ?? 8);
const INTENTS = 240;
/** Of every step between two others: a message handled, made durable, applied, its effects sent. */
const CRASH_SHARE = 0.002;

const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

interface Story {
  readonly duplicated: number;
  readonly ghosts: number;
  readonly early: number;
  readonly sent: number;
  readonly crashes: number;
}

async function play(seed: number): Promise<Story> {
  const terms = seed % 3 === 0 ? { ...TERMS, nativeBracket: ['crypto_spot' as const] } : TERMS;
  const venue = new LiveVenue(T0, seed, NO_FAULTS, terms, seed % 2 === 0 ? 'forever' : 'while open');
  const world = new LiveWorld(venue);
  const draw = random(seed + 10_000);
  let early = 0;
  const lookup = venue.lookup.bind(venue);
  venue.lookup = (order) => {
    const state = orderOf(world.state, order.clientOrderId)?.order;
    if (state?.at === 'SENDING' || (state?.at === 'UNKNOWN' && world.now < state.resolveAfter)) early += 1;
    return lookup(order);
  };
  await world.start();
  await world.run(1000, 250);
  venue.faults = STORM;
  world.crashing = () => draw() < CRASH_SHARE;
  for (let intent = 0; intent < INTENTS; intent += 1) {
    world.trade(SYMBOLS[Math.floor(draw() * SYMBOLS.length)] ?? '');
    await world.settle();
    await world.run(500, 250);
  }
  world.crashing = () => false;
  venue.faults = NO_FAULTS;
  await world.run(60_000, 500);
  checkRest(world, seed);
  await checkJournal(world, seed);
  return { ...counted(world), early, crashes: world.crashes };
}

const isDenial = (status: OrderEnd): boolean => status === 'not_sent' || status === 'rejected';

function counted({ venue, state, facts }: LiveWorld): Omit<Story, 'early' | 'crashes'> {
  const accepted = new Map<string, number>();
  for (const { order } of venue.rows)
    if (order.clientOrderId !== null) accepted.set(order.clientOrderId, (accepted.get(order.clientOrderId) ?? 0) + 1);
  const twice = [...venue.requests.values(), ...accepted.values()].filter((times) => times > 1).length;
  // By the journal it never was at the venue, and it was.
  const denied = new Set(facts.flatMap((fact) => (fact.type === 'order.ended' && isDenial(fact.body.status) ? [fact.body.clientOrderId] : [])));
  const ghosts = [...accepted.keys()].filter((id) => denied.has(id) || orderOf(state, id) === undefined).length;
  return { duplicated: twice, ghosts, sent: facts.filter(({ type }) => type === 'order.sending').length };
}

/** At rest the journal is what the venue says: every execution once, the same positions, nothing left open but legs of what is held. */
function checkRest(world: LiveWorld, seed: number): void {
  const { venue } = world;
  const fills = world.of('fill.recorded').map(({ fill }) => fill);
  const ids = fills.map(({ venueExecutionId }) => venueExecutionId ?? '').sort(byText);
  assert.deepEqual(ids, venue.executions.map(({ executionId }) => executionId).sort(byText), `seed ${seed}: executions`);
  const held = new Map<string, Qty>();
  for (const { symbol, side, qty } of fills) {
    const before = held.get(symbol) ?? ZERO_QTY;
    held.set(symbol, side === 'buy' ? add(before, qty) : subtract(before, qty));
  }
  assert.deepEqual(held, venue.held, `seed ${seed}: positions`);
  for (const order of Object.values(world.state.orders)) {
    const holding = world.state.holdings[`crypto_spot|${order.symbol}`];
    const isLeg = order.parentId !== null && order.parentId === holding?.entryOrderId;
    assert.ok(!isOpen(order.order) || isLeg, `seed ${seed}: ${order.clientOrderId} is ${order.order.at}`);
  }
  for (const holding of Object.values(world.state.holdings)) assert.equal(holding.nakedSince, null, `seed ${seed}: ${holding.symbol} is naked`);
  const open = venue.rows.filter(({ order }) => order.status === 'open');
  for (const { order } of open)
    assert.ok(world.state.holdings[`crypto_spot|${order.symbol}`] !== undefined, `seed ${seed}: ${order.venueOrderId} is left`);
  assert.deepEqual(world.of('reconcile.differed'), [], `seed ${seed}: differences`);
  // Whatever is lost or late, nothing that is true contradicts itself, and no alarm but that of BR-2 is cried.
  const alarms = world.of('alarm.raised').filter(({ code }) => code !== 'NAKED_POSITION');
  assert.deepEqual(alarms, [], `seed ${seed}: alarms`);
  const ends = world.of('order.ended').map(({ clientOrderId }) => clientOrderId);
  assert.equal(new Set(ends).size, ends.length, `seed ${seed}: two ends of one order`);
}

/** What verify says of the journal of a storm; results of trades are the governor's, who is not here. */
async function checkJournal({ facts }: LiveWorld, seed: number): Promise<void> {
  const { records, head } = sealedStory(facts.map(({ actor, at, type, body }) => ({ actor, at, event: { type, body } as DomainEvent })));
  const { problems } = await verifyJournal({ records: each(records), anchor: head }, {});
  const own = problems.filter(({ rule }) => rule !== 'TRADE' && rule !== 'BUDGET');
  assert.deepEqual(own, [], `seed ${seed}: verify`);
}

async function* each(records: readonly RawRecord[]): AsyncIterable<RawRecord> {
  await Promise.resolve();
  yield* records;
}

describe('live orders in a storm', function () {
  this.timeout(60_000 + SEEDS * 15_000);

  it(`ST-2 ST-3 ${SEEDS} seeds of ${INTENTS} intents: nothing twice, no ghost, no question before the fence, and one truth at the end`, async () => {
    const total = { duplicated: 0, ghosts: 0, early: 0, sent: 0, crashes: 0 };
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const story = await play(seed);
      for (const key of Object.keys(total) as (keyof Story)[]) total[key] += story[key];
    }
    assert.deepEqual({ ...total, sent: 0, crashes: 0 }, { duplicated: 0, ghosts: 0, early: 0, sent: 0, crashes: 0 });
    assert.ok(total.crashes > SEEDS && total.sent > SEEDS * 100, JSON.stringify(total));
  });
});
