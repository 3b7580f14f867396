/** BR-2 on spot: what stands between the legs that a close took and the close itself. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { add, qty, subtract, ZERO_QTY } from '#trading/money/decimal.ts';
import { LiveWorld } from '../../support/live-world.ts';
import { SPOT_TERMS, SpotVenue } from '../../support/spot-venue.ts';
import { T0 } from '../trading/trader/fixtures.ts';

const BTC = 'BTC/USDT';
const KEY = `crypto_spot|${BTC}`;
const FENCE_MS = SPOT_TERMS.deadlineMs + SPOT_TERMS.receiveWindowMs + SPOT_TERMS.answeredMarginMs;

/** A position of 1 with both legs at the venue. */
async function holding(): Promise<LiveWorld<SpotVenue>> {
  const live = new LiveWorld(new SpotVenue(T0));
  live.isStrict = true;
  await live.start();
  await live.run(1000);
  live.approve(live.intent(BTC));
  await live.run(2000);
  assert.equal(live.venue.resting(BTC).length, 2);
  return live;
}

const sent = (of: LiveWorld<SpotVenue>) => of.of('order.sending').map(({ purpose }) => purpose);
const alarms = (of: LiveWorld<SpotVenue>) => of.of('alarm.raised').map(({ code }) => code);
const sold = (of: LiveWorld<SpotVenue>) => of.of('fill.recorded').filter(({ fill }) => fill.side === 'sell');
/** Until the venue has a sale on the coins, in steps of 100 ms; how long it had none. */
async function bareMs(of: LiveWorld<SpotVenue>, atMost: number): Promise<number> {
  const from = of.venue.freedAt ?? assert.fail('no close took the legs');
  while (of.venue.resting(BTC).length === 0 && of.now - from < atMost) await of.run(100);
  return of.now - from;
}

async function positionsOf(of: LiveWorld<SpotVenue>) {
  const asked = of.venue.positions();
  of.venue.advance(of.now + 100);
  return asked;
}

describe('LiveOrders: a spot close in doubt', () => {
  it('BR-2 ST-4 the gateway dies between the legs and the close: a stop is back as soon as the account is read, and no second close goes before the fence', async () => {
    const live = await holding();
    live.venue.next = 'never sent';
    live.trade(BTC);
    await live.settle();
    assert.equal(live.venue.resting(BTC).length, 0);
    await live.crash(false);
    assert.ok((await bareMs(live, FENCE_MS)) <= 1000, 'the position was bare for longer than one reading of the account');
    assert.deepEqual(sent(live).slice(0, 3), ['entry', 'exit', 'stop_loss']);
    assert.deepEqual(alarms(live), ['NAKED_POSITION']);
    await live.run(FENCE_MS - 3000);
    assert.ok(!sent(live).includes('flatten'), 'a second close went before the fence');
    assert.equal(live.venue.resting(BTC).length, 1);
    await live.run(10_000);
    // Behind the fence it is known that the close was never sent; half a bracket is none, so the position is closed.
    assert.equal(sent(live).at(-1), 'flatten');
    assert.deepEqual(live.state.holdings, {});
    assert.deepEqual(
      sold(live).map(({ fill }) => fill.reason),
      ['flatten'],
    );
    assert.equal(live.venue.held.get(BTC), '0');
  });

  it('ST-4 the close comes after all: coins that the stop holds refuse it, or it was first; sold once in any case', async () => {
    const live = await holding();
    live.venue.next = 'late';
    live.trade(BTC);
    await live.settle();
    await live.crash(true);
    await live.run(FENCE_MS + 10_000);
    assert.deepEqual(live.state.holdings, {});
    assert.equal(live.venue.held.get(BTC), '0');
    assert.equal(add(ZERO_QTY, ...sold(live).map(({ fill }) => fill.qty)), '1');
    assert.deepEqual(live.of('reconcile.differed'), []);
    assert.equal(live.venue.resting(BTC).length, 0);
  });

  it('ST-4 a close whose answer is lost, without a crash, does not leave the position bare either', async () => {
    const live = await holding();
    live.venue.next = 'never sent';
    live.trade(BTC);
    await live.run(SPOT_TERMS.deadlineMs);
    assert.ok((await bareMs(live, FENCE_MS)) <= SPOT_TERMS.deadlineMs + 2000);
  });

  it('BR-2 nothing is placed beside a close that is under way: its coins are in it', async () => {
    const live = await holding();
    const place = live.venue.place.bind(live.venue);
    live.venue.place = (order) => {
      const placed = place(order);
      if (order.purpose !== 'exit') return placed;
      // The legs are gone, a lookup or a reading says so, and the close is not answered yet.
      live.tell({ type: 'protection.lost', body: { clientOrderId: order.clientOrderId, reason: 'not this one' } });
      const entry = live.of('order.sending')[0]?.clientOrderId ?? '';
      live.tell({ type: 'protection.lost', body: { clientOrderId: entry, reason: 'the venue lists no stop for it' } });
      return placed;
    };
    live.trade(BTC);
    await live.run(3000);
    assert.deepEqual(sent(live), ['entry', 'exit']);
    assert.deepEqual(live.state.holdings, {});
  });

  it('an exit sells no more than the journal holds, whatever else lies in the account', async () => {
    const live = await holding();
    live.venue.held.set(BTC, qty('5'));
    live.approve(live.intent(BTC, { side: 'sell', kind: 'exit', qty: qty('3'), bracket: null }));
    await live.run(3000);
    assert.equal(live.of('order.sending').at(-1)?.qty, '1');
    assert.equal(live.venue.held.get(BTC), '4');
  });

  it('coins that the account does not have whole get no stop: a sale is on its way, or somebody sold them', async () => {
    const live = await holding();
    live.venue.next = 'never sent';
    live.trade(BTC);
    await live.settle();
    live.venue.held.set(BTC, qty('0.4'));
    await live.crash(false);
    await live.run(5000);
    assert.deepEqual([sent(live), alarms(live)], [['entry', 'exit'], []]);
  });

  it('a close that dies before it took the legs leaves them where they are', async () => {
    const live = await holding();
    live.venue.place = () => new Promise(() => undefined);
    live.trade(BTC);
    await live.settle();
    await live.crash(false);
    await live.run(5000);
    assert.deepEqual([sent(live), alarms(live), live.venue.resting(BTC).length], [['entry', 'exit'], [], 2]);
  });

  it('a reading from before the close says nothing of what it left', async () => {
    const live = await holding();
    live.venue.next = 'never sent';
    const askedAt = live.now;
    live.now += 100;
    live.trade(BTC);
    await live.settle();
    live.venue.openOrders = () => Promise.reject(new Error('503'));
    await live.crash(false);
    const view = { openOrders: [], executions: [], positions: await positionsOf(live), askedAt };
    live.tell({ type: 'account.viewed', body: { broker: 'bybit', view } });
    await live.settle();
    assert.deepEqual(alarms(live), []);
    live.tell({ type: 'account.viewed', body: { broker: 'bybit', view: { ...view, askedAt: live.now } } });
    await live.settle();
    assert.deepEqual(alarms(live), ['NAKED_POSITION']);
  });

  it('BR-2 a stop that the venue refuses is tried again, however long the position is bare already', async () => {
    const live = await holding();
    live.venue.next = 'never sent';
    live.trade(BTC);
    await live.settle();
    const place = live.venue.place.bind(live.venue);
    const until = live.now + 8000;
    live.venue.place = (order) =>
      live.now < until && order.purpose !== 'exit' ? Promise.resolve({ kind: 'rejected', code: '170', text: 'not now' } as const) : place(order);
    await live.crash(false);
    await live.run(9500);
    assert.equal(live.venue.resting(BTC).length, 1);
  });

  it('KS-1 a flatten that dies between the legs and its close is covered in the same way', async () => {
    const live = await holding();
    live.venue.next = 'never sent';
    live.tellFact('kill-switch', { type: 'kill.tripped', body: { scope: 'all', reason: 'x', source: 'cli', flatten: true } });
    await live.settle();
    await live.crash(false);
    assert.equal(live.state.holdings[KEY]?.qty, '1');
    assert.ok((await bareMs(live, FENCE_MS)) <= 1000);
    await live.run(FENCE_MS + 5000);
    assert.deepEqual(live.state.holdings, {});
    assert.equal(live.venue.held.get(BTC), '0');
  });

  it('SZ-6 ST-4 whatever becomes of the close and whoever dies, what was bought is sold once at most, coins of a person beside it never, and nothing stays bare', async () => {
    const scene = fc.record({
      fate: fc.constantFrom('sent' as const, 'never sent' as const, 'late' as const),
      again: fc.constantFrom('sent' as const, 'never sent' as const, 'late' as const),
      dies: fc.constantFrom('nobody' as const, 'all' as const, 'orders' as const, 'port' as const),
      afterMs: fc.integer({ min: 0, max: 30 }).map((steps) => steps * 100),
      person: fc.constantFrom('0', '0.5', '3'),
      flattens: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(scene, async ({ fate, again, dies, afterMs, person, flattens }) => {
        const live = await holding();
        live.venue.held.set(BTC, add(live.venue.held.get(BTC) ?? ZERO_QTY, qty(person)));
        live.venue.next = fate;
        if (flattens) live.tellFact('kill-switch', { type: 'kill.tripped', body: { scope: 'all', reason: 'x', source: 'cli', flatten: true } });
        else live.trade(BTC);
        await live.settle();
        if (live.venue.freedAt !== null) live.venue.next = again;
        await live.run(afterMs);
        if (dies === 'all' || dies === 'orders') await live.crash(dies === 'orders');
        else if (dies === 'port') await live.crashPort(null);
        await live.run(3 * FENCE_MS, 500);
        const out = add(ZERO_QTY, ...live.venue.executions.filter(({ side }) => side === 'sell').map((row) => row.qty));
        assert.ok(out === '0' || out === '1', `sold ${out} of 1`);
        assert.equal(live.venue.held.get(BTC) ?? '0', add(qty(person), subtract(qty('1'), out)));
        assert.equal(live.state.holdings[KEY]?.qty ?? '0', subtract(qty('1'), out), 'the journal says the same');
        if (out === '0') assert.ok(live.venue.resting(BTC).length > 0, 'held, and bare');
        else assert.deepEqual(live.venue.resting(BTC), [], 'sold, and something rests on what is left');
      }),
      { numRuns: 150 },
    );
  });
});
