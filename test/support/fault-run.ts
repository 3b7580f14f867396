/**
 * Orders through the real live orders at a venue that drops, loses, delays and answers ambiguously, and crashes between any two steps. What came
 * of it is counted; what must be so at rest is asserted. And the policy that the fence stands against: send it again with the same id.
 */
import assert from 'node:assert/strict';
import { add, lessThan, price, qty, ratio, scale, subtract, ZERO_QTY, type Qty } from '#trading/money/decimal.ts';
import type { DomainEvent, Fact } from '#trading/model/events.ts';
import type { OrderEnd, OrderIntent, Side } from '#trading/model/order.ts';
import type { OrderTerms } from '#trading/model/live.ts';
import type { RawRecord } from '#state/store.ts';
import { verifyJournal } from '#state/verify.ts';
import { isOpen } from '#trading/execution/order-state.ts';
import { orderOf } from '#trading/execution/live-book.ts';
import { sealedStory } from './journal-story.ts';
import { FENCE, NO_FAULTS, random, type Faults } from './faults.ts';
import { LiveVenue, TERMS } from './live-venue.ts';
import { LiveWorld, PERPETUALS, SYMBOLS } from './live-world.ts';
import { T0 } from '../unit/trading/trader/fixtures.ts';

/** Of the run of venues/bybit.md §5.4. */
export const FENCE_ORDERS = 240;
export const FENCE_RUN = { faults: FENCE, orders: FENCE_ORDERS, nativeBracket: true, crashes: 0.0005 } as const;
/** Where stops can be moved. */
export const TRAILING: OrderTerms = { ...TERMS, amendments: { limit: 100, windowMs: 1000 }, amendsOwnStops: true };
const RETRIES_MAX = 5;
const TRIES_MAX = 10;

export interface FaultRun {
  readonly seed: number;
  readonly faults: Faults;
  /** Whether an id is taken for ever, or may come again once its order is over. */
  readonly uniqueness: 'forever' | 'while open';
  readonly lagMs: number;
  /** Crashes, of every step between two others: a message handled, made durable, applied, its effects sent. */
  readonly crashes: number;
  /** Entries and exits to send; legs of the house's own come on top where the venue holds none. */
  readonly orders: number;
  readonly nativeBracket: boolean;
  /** Perpetuals whose entries ask for a trailing stop and rungs, in a market that moves. */
  readonly forms?: boolean;
}

export interface Story {
  /** Ids that were sent, or taken by the venue, more than once. */
  readonly duplicated: number;
  /** Orders that the venue has and the journal denies. */
  readonly ghosts: number;
  /** Lookups before the fence. */
  readonly early: number;
  readonly sent: number;
  readonly crashes: number;
}

export const NOTHING_YET: Story = { duplicated: 0, ghosts: 0, early: 0, sent: 0, crashes: 0 };

export function sum(left: Story, right: Story): Story {
  const keys = Object.keys(left) as (keyof Story)[]; // its own keys
  return Object.fromEntries(keys.map((key) => [key, left[key] + right[key]])) as unknown as Story; // the same keys again
}

export async function faultRun(run: FaultRun): Promise<Story> {
  const { seed, faults, uniqueness, lagMs, crashes, orders, nativeBracket, forms = false } = run;
  const of = forms ? PERPETUALS : undefined;
  const asset = of?.asset ?? 'crypto_spot';
  const terms = { ...(forms ? TRAILING : TERMS), ...(nativeBracket ? { nativeBracket: [asset] } : {}) };
  const venue = new LiveVenue(T0, seed, NO_FAULTS, terms, uniqueness);
  Object.assign(venue, { asset, lagMs, limitsTouched: forms ? 0.5 : 0 });
  const world = new LiveWorld(venue, undefined, of);
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
  venue.faults = faults;
  world.crashing = () => draw() < crashes;
  const placed = (): number => world.of('order.sending').filter(({ purpose }) => purpose === 'entry' || purpose === 'exit').length;
  // A symbol whose order nobody knows takes no entry: such an intent does not count.
  for (let intent = 0; placed() < orders; intent += 1) {
    if (intent > orders * TRIES_MAX) throw new Error(`only ${placed()} orders of ${intent} intents were sent`);
    world.trade(SYMBOLS[Math.floor(draw() * SYMBOLS.length)] ?? '', forms ? entryWithForms(draw() < 0.5 ? 'buy' : 'sell') : {});
    await world.settle();
    if (forms) for (const { symbol } of Object.values(world.state.holdings)) world.quote(symbol, 100 + (draw() - 0.5) * 14);
    await world.run(500, 250);
  }
  world.crashing = () => false;
  venue.faults = NO_FAULTS;
  await world.run(60_000, 500);
  const name = `seed ${seed}, ids taken ${uniqueness}`;
  checkRest(world, name);
  if (forms) checkForms(world, name);
  await checkJournal(world.facts, name);
  const accepted = countOf(venue.rows.flatMap(({ order }) => order.clientOrderId ?? []));
  const twice = [...venue.requests.values(), ...accepted.values()].filter((times) => times > 1).length;
  return { duplicated: twice, ghosts: ghostsOf(accepted.keys(), world), sent: world.of('order.sending').length, early, crashes: world.crashes };
}

/** Orders of the venue that by the journal never were, or that it does not know. */
export function ghostsOf(accepted: Iterable<string>, { facts, state }: Pick<LiveWorld, 'facts' | 'state'>): number {
  const denied = new Set(facts.flatMap((fact) => (fact.type === 'order.ended' && isDenial(fact.body.status) ? [fact.body.clientOrderId] : [])));
  return [...accepted].filter((id) => denied.has(id) || orderOf(state, id) === undefined).length;
}

/** The same faults, for a house that sends an order again with its id until it is answered, and then takes the answer for the truth. */
export async function sentAgain({ seed, faults, orders, uniqueness }: FaultRun): Promise<Pick<Story, 'duplicated' | 'ghosts'>> {
  const venue = new LiveVenue(T0, seed, { ...faults, reportLost: 0, reportTwice: 0, legTouched: 0 }, TERMS, uniqueness);
  const denied = new Set<string>();
  for (let intent = 0; intent < orders; intent += 1) {
    const clientOrderId = `l${String(intent).padStart(26, '0')}`;
    for (let times = 0, isAnswered = false; times < RETRIES_MAX && !isAnswered; times += 1) {
      const asked = venue.place({
        ...{ clientOrderId, asset: 'crypto_spot', symbol: SYMBOLS[intent % SYMBOLS.length] ?? '', side: 'buy', purpose: 'entry', qty: qty('1') },
        ...{ pricing: { type: 'market', worst: price('101') }, bracket: null, reduceOnly: false, deadlineAt: venue.now + TERMS.deadlineMs },
      });
      venue.advance(venue.now + TERMS.deadlineMs);
      const outcome = await asked;
      isAnswered = outcome.kind !== 'unknown' || outcome.reason.startsWith('110072');
      if (!isAnswered && times + 1 === RETRIES_MAX) denied.add(clientOrderId);
    }
  }
  venue.advance(venue.now + 60_000);
  const accepted = countOf(venue.rows.flatMap(({ order }) => order.clientOrderId ?? []));
  return {
    duplicated: [...accepted.values()].filter((times) => times > 1).length,
    ghosts: [...accepted.keys()].filter((id) => denied.has(id)).length,
  };
}

function countOf(ids: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

const isDenial = (status: OrderEnd): boolean => status === 'not_sent' || status === 'rejected';
const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** At rest the journal is what the venue says: every execution once, the same positions, nothing left open but legs of what is held. */
function checkRest(world: LiveWorld, name: string): void {
  const { venue } = world;
  const fills = world.of('fill.recorded').map(({ fill }) => fill);
  const ids = fills.map(({ venueExecutionId }) => venueExecutionId ?? '').sort(byText);
  assert.deepEqual(ids, venue.executions.map(({ executionId }) => executionId).sort(byText), `${name}: executions`);
  const held = new Map<string, Qty>();
  for (const { symbol, side, qty: amount } of fills) {
    const before = held.get(symbol) ?? ZERO_QTY;
    held.set(symbol, side === 'buy' ? add(before, amount) : subtract(before, amount));
  }
  assert.deepEqual(held, venue.held, `${name}: positions`);
  for (const order of Object.values(world.state.orders)) {
    const holding = world.state.holdings[`${world.asset}|${order.symbol}`];
    const isLeg = order.parentId !== null && order.parentId === holding?.entryOrderId;
    assert.ok(!isOpen(order.order) || isLeg, `${name}: ${order.clientOrderId} is ${order.order.at}`);
  }
  for (const holding of Object.values(world.state.holdings)) assert.equal(holding.nakedSince, null, `${name}: ${holding.symbol} is naked`);
  const open = venue.rows.filter(({ order }) => order.status === 'open');
  for (const { order } of open)
    assert.ok(world.state.holdings[`${world.asset}|${order.symbol}`] !== undefined, `${name}: ${order.venueOrderId} is left`);
  assert.deepEqual(world.of('reconcile.differed'), [], `${name}: differences`);
  // Whatever is lost or late, nothing that is true contradicts itself, and no alarm but that of BR-2 is cried.
  const alarms = world.of('alarm.raised').filter(({ code }) => code !== 'NAKED_POSITION');
  assert.deepEqual(alarms, [], `${name}: alarms`);
  const ends = world.of('order.ended').map(({ clientOrderId }) => clientOrderId);
  assert.equal(new Set(ends).size, ends.length, `${name}: two ends of one order`);
}

const PRICES = { buy: ['110', '90'], sell: ['90', '110'] } as const;
const RUNGS = { buy: [['102', '0.3'], ['104', '0.3']], sell: [['98', '0.3'], ['96', '0.3']] } as const; // prettier-ignore

/** With both forms: a stop that trails by 3, and two rungs of 0.3 each. */
export function entryWithForms(side: Side): Pick<OrderIntent, 'side' | 'bracket'> {
  const [takeProfit, stopLoss] = PRICES[side];
  const partialTakeProfits = RUNGS[side].map(([at, fraction]) => ({ price: price(at), fraction: ratio(fraction) }));
  const trailing = { distance: price('3'), activation: null };
  return { side, bracket: { takeProfit: price(takeProfit), stopLoss: price(stopLoss), trailing, partialTakeProfits } };
}

/** No stop was ever loosened, none is in doubt, each is where the journal has it; and rungs sold no more than their parts. */
function checkForms(world: LiveWorld, name: string): void {
  const { venue, state } = world;
  assert.deepEqual(Object.values(state.amending ?? {}), [], `${name}: moves in doubt`);
  assert.ok(venue.moves.length > 0, `${name}: no stop was moved`);
  for (const { venueOrderId, from, to } of venue.moves) {
    const stop = venue.rows.find(({ order }) => order.venueOrderId === venueOrderId)?.order;
    const isLooser = stop?.side === 'sell' ? lessThan(to, from) : lessThan(from, to);
    assert.ok(!isLooser, `${name}: the stop ${venueOrderId} went from ${from} to ${to}`);
  }
  for (const { entryOrderId, bracket, isNative, symbol } of Object.values(state.holdings)) {
    const stops = venue.rows.filter(({ order: { leg, parentId, status } }) => status === 'open' && leg === 'stop_loss' && parentId === entryOrderId);
    if (isNative) assert.deepEqual(stops.map(({ order }) => order.trigger), [bracket?.stopLoss], `${name}: the stop of ${symbol}`); // prettier-ignore
  }
  const moves = world.of('stop.amending').length;
  assert.ok(venue.asked.filter(({ what }) => what === 'amend').length <= moves, `${name}: asked for more moves than were decided`);
  for (const entry of venue.rows.filter(({ placement }) => placement?.purpose === 'entry')) {
    const { clientOrderId, cumQty } = entry.order;
    const rungs = world.of('order.sending').filter(({ parentId, purpose }) => parentId === clientOrderId && purpose === 'take_profit');
    for (const at of new Set(rungs.map(({ pricing }) => JSON.stringify(pricing)))) {
      const own = rungs.filter(({ pricing }) => JSON.stringify(pricing) === at).map(({ clientOrderId: id }) => id);
      const sold = add(ZERO_QTY, ...venue.executions.filter((row) => own.includes(row.clientOrderId ?? '')).map(({ qty: amount }) => amount));
      if (!at.includes('"110"') && !at.includes('"90"'))
        assert.ok(!lessThan(scale(cumQty, ratio('0.3')), sold), `${name}: ${sold} at ${at} of ${cumQty}`);
    }
  }
}

/** What verify says of the journal of a storm; results of trades are the governor's, who is not here. */
export async function checkJournal(facts: readonly Fact[], name: string): Promise<void> {
  const { records, head } = sealedStory(facts.map(({ actor, at, type, body }) => ({ actor, at, event: { type, body } as DomainEvent })));
  const { problems } = await verifyJournal({ records: each(records), anchor: head }, {});
  const own = problems.filter(({ rule }) => rule !== 'TRADE' && rule !== 'BUDGET');
  assert.deepEqual(own, [], `${name}: verify`);
}

async function* each(records: readonly RawRecord[]): AsyncIterable<RawRecord> {
  await Promise.resolve();
  yield* records;
}
