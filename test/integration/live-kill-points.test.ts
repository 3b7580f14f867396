/**
 * ST-5: the crash points of the order protocol, each with a real kill -9 of the process that holds the port, on a journal on disk and against the
 * embedded venue over the wire. Whatever was under way, the next life says what the venue says, and sends nothing twice.
 */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { add, isZero, negate, qty, ZERO_QTY, type Qty } from '#trading/money/decimal.ts';
import type { DomainEvent } from '#trading/model/events.ts';
import type { RawRecord } from '#state/store.ts';
import { verifyJournal } from '#state/verify.ts';
import { at, BybitRig, PERP, SPOT, type Port } from '../support/bybit-rig.ts';
import { sealedStory } from '../support/journal-story.ts';
import { Rehearsal } from '../support/live-rehearsal.ts';
import type { Answer, Point } from '../support/live-process.ts';
import { LiveWorld } from '../support/live-world.ts';

/** Of market time a second each: behind the fence of an answer that may have been lost, and two lookups after it. */
const STEPS_TO_REST = 60;
const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

let stage: Rehearsal;

/** A venue, and a first life that ends at `point`. */
async function begun(point: Point): Promise<void> {
  stage = new Rehearsal(await BybitRig.open());
  await stage.live(point);
  await stage.play(2);
}

/** A position of a life that ended in peace, and one that ends at `point`. */
async function holding(symbol: string, point: Point): Promise<string> {
  await begun('none');
  await stage.enter(symbol);
  const answer = await stage.play(6);
  const held = answer?.held[symbol];
  assert.ok(held !== undefined, JSON.stringify(answer));
  await stage.kill();
  await stage.live(point);
  await stage.play(2);
  return held;
}

async function diedOver(what: Promise<Answer | null>, steps = 5): Promise<void> {
  if ((await what) !== null) assert.equal(await stage.play(steps), null, 'the process lives: it never came to the point');
}

/** Journal and venue say the same, nothing was sent twice, and verify is content. */
async function agree(): Promise<void> {
  const { rig } = stage;
  const { port, venue } = rig;
  // This account is played too: what it asks for depends on what time it is.
  port.observe(venue.info().now);
  const fills = stage.of('fill.recorded').map(({ fill }) => fill);
  const rows = (await port.executionsSince(0)).map(({ executionId }) => executionId);
  assert.deepEqual(fills.map(({ venueExecutionId }) => venueExecutionId ?? '').sort(byText), [...rows].sort(byText), 'executions');
  const held = new Map<string, Qty>();
  const move = (symbol: string, by: Qty): void => void held.set(symbol, add(held.get(symbol) ?? ZERO_QTY, by));
  for (const { symbol, side, qty: amount } of fills) move(symbol, side === 'buy' ? amount : negate(amount));
  const ours = [...held].filter(([, amount]) => !isZero(amount)).sort(([left], [right]) => byText(left, right));
  const theirs = (await port.positions()).map(({ symbol, side, qty: amount }) => [symbol, side === 'buy' ? amount : negate(amount)] as const);
  assert.deepEqual(
    ours,
    [...theirs].sort(([left], [right]) => byText(left, right)),
    'positions',
  );
  const sent = stage.of('order.sending').map(({ clientOrderId }) => clientOrderId);
  assert.equal(new Set(sent).size, sent.length, 'sent twice');
  assert.ok((venue.counters().asked['POST /v5/order/create'] ?? 0) <= sent.length, 'asked for more than was sent');
  const cried = stage.of('alarm.raised').filter(({ code }) => code !== 'NAKED_POSITION');
  assert.deepEqual([cried, stage.of('reconcile.differed')], [[], []], 'nothing contradicts itself');
  const over = stage.of('order.ended').map(({ clientOrderId }) => clientOrderId);
  assert.equal(new Set(over).size, over.length, 'two ends of one order');
  const beginning = new LiveWorld<Port>(port).facts;
  const entries = [...beginning, ...stage.facts].map(({ at: when, actor, type, body }) => ({
    actor,
    at: when,
    event: { type, body } as DomainEvent,
  }));
  const { records, head } = sealedStory(entries);
  const { problems } = await verifyJournal({ records: each(records), anchor: head }, {});
  // There is no governor here to book trades, and no system to begin runs.
  assert.deepEqual(
    problems.filter(({ rule }) => rule !== 'TRADE' && rule !== 'BUDGET' && rule !== 'TIME'),
    [],
    'verify',
  );
}

async function* each(records: readonly RawRecord[]): AsyncIterable<RawRecord> {
  await Promise.resolve();
  yield* records;
}

async function nextLife(steps = STEPS_TO_REST): Promise<Answer> {
  await stage.live();
  const answer = await stage.play(steps);
  assert.ok(answer !== null);
  await agree();
  return answer;
}

const ends = () => stage.of('order.ended').map(({ status, reason }) => `${status}: ${reason}`);
const creates = () => stage.rig.venue.counters().asked['POST /v5/order/create'] ?? 0;
const isNaked = async (symbol: string): Promise<boolean> => {
  const open = await stage.rig.port.openOrders();
  return !open.some((order) => order.symbol === symbol && order.side === 'sell');
};

describe('kill -9 at every point of an order', function () {
  this.timeout(120_000);
  afterEach(() => stage.close());

  it('ST-5 C1 before the approval is durable: nothing happened', async () => {
    await begun('C1');
    await diedOver(stage.enter(PERP));
    assert.deepEqual((await nextLife(5)).orders, {});
    assert.equal(creates(), 0);
  });

  it('ST-5 ST-2 C2 durable and not sent: unknown until the fence, then not placed, and never sent', async () => {
    await begun('C2');
    await diedOver(stage.enter(PERP));
    assert.equal(stage.of('order.sending').length, 1);
    await nextLife();
    assert.match(ends()[0] ?? '', /^not_sent: NOT_PLACED/);
    assert.equal(creates(), 0);
  });

  it('ST-5 ST-2 C3 its bytes are on the way: whatever came of them is found, once', async () => {
    await begun('C3');
    await diedOver(stage.enter(PERP));
    const { held } = await nextLife();
    assert.equal(creates() === 0, held[PERP] === undefined);
  });

  it('ST-5 C4 the venue rejected it, and the answer was lost', async () => {
    await begun('none');
    stage.rig.venue.fault('drop-reply', 'order/create');
    // More than the account can pay for.
    void stage.enter(PERP, { qty: qty('900') });
    while (creates() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await stage.kill();
    const { held } = await nextLife();
    assert.deepEqual(held, {});
    assert.equal(creates(), 1);
  });

  it('ST-5 ST-2 C5 the venue took it, and the answer was lost: adopted with its fills and its legs', async () => {
    await begun('none');
    stage.rig.venue.fault('drop-reply', 'order/create');
    void stage.enter(SPOT);
    while (creates() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await stage.kill();
    const { held } = await nextLife();
    assert.ok(held[SPOT] !== undefined);
    assert.equal(await isNaked(SPOT), false);
    assert.equal(creates(), 1);
  });

  it('ST-5 C6 acknowledged, and that is not durable', async () => {
    await begun('C6');
    await diedOver(stage.enter(PERP));
    assert.deepEqual(stage.of('order.acknowledged'), []);
    assert.ok((await nextLife()).held[PERP] !== undefined);
    assert.equal(creates(), 1);
  });

  it('ST-5 C7 acknowledged, and then the venue cancels it: nothing is held', async () => {
    await begun('C7');
    // Priced on a market that is gone: the limit that goes with it finds nobody.
    const { bid, ask, mid } = await stage.rig.book(PERP);
    const { snapshot } = await stage.intent(PERP);
    assert.ok(snapshot !== undefined);
    const low = { ...snapshot, bid: at(bid * 0.9), ask: at(ask * 0.9) };
    await diedOver(stage.enter(PERP, { snapshot: low, bracket: { takeProfit: at(mid * 1.2), stopLoss: at(mid * 0.7) } }));
    assert.deepEqual((await nextLife()).held, {});
    assert.match(ends()[0] ?? '', /^cancelled/);
  });

  it('ST-5 ST-3 C8 filled while the stream was silent, and killed: the rows are read', async () => {
    await begun('none');
    stage.rig.venue.fault('silent-private', 'on');
    await stage.enter(PERP);
    // Its request is on the way when `enter` answers: killed here it may die with the process, which is C3. A tick waits for the venue's answer.
    await stage.play(1);
    assert.equal(stage.of('order.acknowledged').length, 1);
    assert.deepEqual(stage.of('fill.recorded'), []);
    await stage.kill();
    stage.rig.venue.fault('silent-private', 'off');
    assert.ok((await nextLife()).held[PERP] !== undefined);
  });

  it('ST-5 C9 an execution heard, and not durable: booked once by the next life', async () => {
    await begun('C9');
    await diedOver(stage.enter(SPOT));
    assert.deepEqual(stage.of('fill.recorded'), []);
    assert.ok((await nextLife()).held[SPOT] !== undefined);
  });

  it('BR-2 C11 between the legs that a spot close took and the close: a stop is back long before the fence, and the coins are sold once', async () => {
    const held = await holding(SPOT, 'C11');
    await diedOver(stage.exit(SPOT, held));
    assert.equal(await isNaked(SPOT), true, 'the legs were taken');
    const before = creates();
    await stage.live();
    await stage.play(4);
    assert.equal(await isNaked(SPOT), false, 'bare for longer than a reading of the account');
    assert.ok(creates() > before);
    assert.equal(stage.of('order.sending').filter(({ purpose }) => purpose === 'flatten').length, 0, 'a second close before the fence');
    await stage.play(STEPS_TO_REST);
    await agree();
  });

  /** A trailing position of a life that ended in peace, and in one that ends at `point` a quote that moves its stop. */
  async function trailing(point: Point): Promise<{ readonly from: string; readonly to: string }> {
    await begun('none');
    const { mid } = await stage.rig.book(PERP);
    const [stopLoss, takeProfit] = [at(mid * 0.9), at(mid * 1.5)];
    await stage.enter(PERP, { bracket: { takeProfit, stopLoss, trailing: { distance: at(mid * 0.05), activation: null } } });
    assert.ok((await stage.play(6))?.held[PERP] !== undefined);
    await stage.kill();
    await stage.live(point);
    await stage.play(2);
    const { snapshot } = await stage.intent(PERP);
    assert.ok(snapshot !== undefined);
    await diedOver(stage.tell({ do: 'quote', quote: snapshot }));
    const [moved] = stage.of('stop.amending');
    assert.deepEqual([moved?.from, stage.of('stop.trailed')], [stopLoss, []]);
    return { from: stopLoss, to: moved?.to ?? '' };
  }
  const stops = async (): Promise<readonly (string | undefined)[]> =>
    (await stage.rig.port.openOrders()).flatMap(({ leg, trigger }) => (leg === 'stop_loss' ? [trigger] : []));

  it('ST-5 BR-3 C14 between the fact and the byte: the old stop stands, and is found to behind the fence', async () => {
    const { from } = await trailing('C14 before');
    await nextLife();
    assert.deepEqual(await stops(), [from]);
    assert.deepEqual(
      stage.of('stop.stands').map(({ stopLoss }) => stopLoss),
      [from],
    );
  });

  it('ST-5 BR-3 C14 between a move of a stop sent and answered: the venue’s trigger is adopted, one stop at every moment', async () => {
    const { to } = await trailing('C14');
    assert.deepEqual(await stops(), [to]);
    await nextLife(4);
    assert.deepEqual([stage.of('stop.trailed').map(({ stopLoss }) => stopLoss), stage.of('stop.stands')], [[to], []]);
    assert.deepEqual(await stops(), [to]);
    assert.equal(stage.rig.venue.counters().asked['POST /v5/position/trading-stop'], 1);
  });

  it('ST-5 KS-1 C13 C16 a cancel of a killed entry whose outcome nobody knows: asked again, and nothing of the entry is left alone', async () => {
    await begun('C13');
    stage.rig.venue.fault('drop-reply', 'order/create');
    void stage.enter(PERP);
    while (creates() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await diedOver(stage.tell({ do: 'kill' }));
    const { held } = await nextLife();
    if (held[PERP] !== undefined) assert.equal(await isNaked(PERP), false);
    assert.equal(creates(), 1);
  });

  it('ST-5 ST-3 C26 another house trades the same account: what it did is no order of ours, closes the symbol for entries, and outlives a kill', async () => {
    await begun('none');
    const { rig } = stage;
    const other = new Rehearsal(rig);
    await other.live();
    await other.play(2);
    // Each house knows the time of its own steps only.
    await stage.play(1);
    await stage.enter(PERP);
    const held = (await stage.play(4))?.held[PERP];
    assert.ok(held !== undefined);
    await stage.kill();
    // Twice seen, and long enough after the other's own beginning.
    await other.play(40);
    await other.kill();
    await other.live();
    await other.play(2);
    assert.deepEqual(other.of('fill.recorded'), [], 'what the venue did for somebody else is no fill of ours');
    assert.ok(other.of('reconcile.differed').some(({ symbol, refusal }) => symbol === PERP && refusal?.code === 'CLOSE_ONLY'));
    const before = creates();
    await other.enter(PERP);
    await other.play(2);
    assert.equal(creates(), before, 'an entry into a symbol that somebody else trades');
    assert.match(other.of('order.ended').map(({ reason }) => reason)[0] ?? '', /^CLOSE_ONLY/);
    await other.kill();
    await nextLife();
  });

  it('ST-5 C17 C18 recovery itself is killed, and its first questions fail: the third life says the same', async () => {
    await begun('C2');
    await diedOver(stage.enter(PERP));
    assert.equal(await stage.live('C17'), null, 'it died while it recovered');
    assert.deepEqual(stage.of('order.unknown'), []);
    for (const path of ['order/realtime', 'execution/list', 'position/list']) stage.rig.venue.fault('http', path, '503');
    await nextLife();
    assert.match(ends()[0] ?? '', /^not_sent: NOT_PLACED/);
    assert.equal(creates(), 0);
  });
});
