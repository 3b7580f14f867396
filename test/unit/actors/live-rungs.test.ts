/** BR-1: partial take-profits, live. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { checkMinimum } from '#trading/execution/clamp.ts';
import { rungParts } from '#trading/execution/live-rungs.ts';
import { add, atMost, isPositive, lessThan, price, qty, ratio, subtract, toStep, ZERO_QTY } from '#trading/money/decimal.ts';
import type { OrderTerms } from '#trading/model/live.ts';
import type { Bracket } from '#trading/model/order.ts';
import { checkJournal, TRAILING } from '../../support/fault-run.ts';
import { NO_FAULTS } from '../../support/faults.ts';
import { LiveVenue } from '../../support/live-venue.ts';
import { LiveWorld, PERPETUALS, rules } from '../../support/live-world.ts';
import { T0 } from '../trading/trader/fixtures.ts';

const NATIVE: OrderTerms = { ...TRAILING, nativeBracket: ['crypto_futures'] };
const BTC = 'BTC/USDT';
const KEY = `crypto_futures|${BTC}`;
const [LISTED = assert.fail('nothing is listed')] = PERPETUALS.instruments;

const rung = (at: string, fraction: string) => ({ price: price(at), fraction: ratio(fraction) });
const TWO: Bracket = { takeProfit: price('110'), stopLoss: price('90'), partialTakeProfits: [rung('102', '0.3'), rung('104', '0.33')] };

async function world(terms: OrderTerms = NATIVE): Promise<LiveWorld> {
  const venue = new LiveVenue(T0, 1, NO_FAULTS, terms);
  venue.asset = 'crypto_futures';
  const live = new LiveWorld(venue, rules, PERPETUALS);
  live.isStrict = true;
  await live.start();
  await live.run(1000);
  return live;
}

async function held(bracket: Bracket = TWO, amount = '1.01'): Promise<LiveWorld> {
  const live = await world();
  live.approve(live.intent(BTC, { bracket, qty: qty(amount) }));
  await live.run(3000);
  return live;
}

const rungs = (live: LiveWorld) =>
  live.of('order.sending').flatMap(({ purpose, pricing, qty: amount }) => (purpose === 'take_profit' && pricing.type === 'limit' ? [`${amount} at ${pricing.price}`] : [])); // prettier-ignore
const row = (live: LiveWorld, at: string) =>
  live.venue.rows.find(({ placement, order }) => placement?.pricing.type === 'limit' && placement.pricing.price === at && order.status === 'open') ??
  assert.fail(`no rung at ${at}`);
const purposes = (live: LiveWorld) => live.of('order.sending').map(({ purpose }) => purpose);
const ends = (live: LiveWorld) => live.of('order.ended').map(({ status, reason }) => `${status}: ${reason}`);
const alarms = (live: LiveWorld) => live.of('alarm.raised').map(({ code }) => code);

describe('partial take-profits, live', () => {
  it('BR-2 each is a reduce-only limit of its part, beside legs that the venue holds for everything', async () => {
    const live = await held();
    assert.deepEqual(rungs(live), ['0.3 at 102', '0.33 at 104']);
    assert.ok(live.venue.rows.every(({ placement }) => placement === null || placement.purpose === 'entry' || placement.reduceOnly));
    const stop = live.venue.rows.find(({ order }) => order.leg === 'stop_loss');
    assert.deepEqual([stop?.order.qty, stop?.order.status], ['1.01', 'open']);
    live.venue.fill(row(live, '102'), qty('0.3'));
    await live.run(2000);
    assert.equal(live.state.holdings[KEY]?.qty, '0.71');
    assert.deepEqual(rungs(live).length, 2, 'what is sold is not placed again');
    await live.crash(false);
    await live.run(5000);
    assert.deepEqual(rungs(live).length, 2, 'nor after a restart (BR-3)');
    assert.deepEqual(alarms(live), []);
    await checkJournal(live.facts, 'rungs');
  });

  it('follows from what the entry filled: none before it is over, and fractions are of the filled quantity', async () => {
    const live = await world();
    const place = live.venue.place.bind(live.venue);
    live.venue.place = (order) => place(order.purpose === 'entry' ? { ...order, qty: qty('0.5') } : order);
    const id = live.approve(live.intent(BTC, { bracket: TWO, qty: qty('1.01') }));
    await live.run(2000);
    assert.equal(live.at(id), 'PARTIAL');
    assert.deepEqual(rungs(live), []);
    live.venue.rows.forEach((each) => {
      if (each.order.clientOrderId === id) each.order = { ...each.order, status: 'cancelled', reason: 'the rest found nobody' };
    });
    await live.run(8000);
    assert.deepEqual(rungs(live), ['0.15 at 102', '0.16 at 104']);
  });

  it('what the venue does not keep is placed again, each time after twice as long', async () => {
    const live = await held();
    for (const [waitMs, times] of [
      [700, 2],
      [1200, 3],
      [2300, 4],
    ] as const) {
      // prettier-ignore
      const { order } = row(live, '102');
      void live.venue.cancel({ clientOrderId: order.clientOrderId ?? '', venueOrderId: order.venueOrderId, asset: 'crypto_futures', symbol: BTC });
      await live.run(waitMs + 400);
      assert.equal(rungs(live).filter((each) => each.endsWith('at 102')).length, times);
    }
    assert.equal(rungs(live).filter((each) => each.endsWith('at 104')).length, 1);
    assert.deepEqual(alarms(live), []);
  });

  it('KS-1 none is placed while a kill stands; those at the venue stay', async () => {
    const live = await world();
    live.approve(live.intent(BTC, { bracket: TWO }));
    await live.run(50);
    live.gate.trip(['all']);
    live.tellFact('kill-switch', { type: 'kill.tripped', body: { scope: 'all', reason: 'test', source: 'cli', flatten: false } });
    await live.run(3000);
    assert.notEqual(live.state.holdings[KEY], undefined);
    assert.deepEqual(rungs(live), []);
    live.gate.rearm();
    live.tellFact('kill-switch', { type: 'kill.rearmed', body: { source: 'cli', reason: 'test' } });
    await live.run(1000);
    assert.equal(rungs(live).length, 2);
    live.gate.trip(['all']);
    live.tellFact('kill-switch', { type: 'kill.tripped', body: { scope: 'all', reason: 'test', source: 'cli', flatten: false } });
    await live.run(3000);
    assert.deepEqual(live.venue.rows.filter(({ placement, order }) => placement?.purpose === 'take_profit' && order.status === 'open').length, 2);
  });

  it('a close takes all of it, what is left of the rungs is cancelled, and no entry comes before it is gone', async () => {
    const live = await held();
    const cancel = live.venue.cancel.bind(live.venue);
    live.venue.cancel = () => Promise.resolve({ kind: 'unknown', reason: 'no answer' });
    live.trade(BTC);
    await live.run(2000);
    assert.deepEqual(live.state.holdings, {});
    live.approve(live.intent(BTC));
    await live.run(500);
    assert.match(ends(live).at(-1) ?? '', /^not_sent: POSITION_EXISTS: .* of the last position/);
    live.venue.cancel = cancel;
    await live.run(6000);
    assert.deepEqual(live.venue.rows.filter(({ order }) => order.status === 'open'), []); // prettier-ignore
    live.approve(live.intent(BTC));
    await live.run(2000);
    assert.notEqual(live.state.holdings[KEY], undefined);
    assert.deepEqual(alarms(live), []);
  });

  it('BR-2 where the venue lost its legs, the house’s own stop covers everything, its take-profit what no rung does', async () => {
    const live = await held();
    live.venue.rows.forEach((each) => {
      if (each.order.leg !== null) each.order = { ...each.order, status: 'cancelled' };
    });
    live.tell({ type: 'protection.lost', body: { clientOrderId: live.state.holdings[KEY]?.entryOrderId ?? '', reason: 'gone' } });
    await live.run(3000);
    const [stop, rest] = ['stop_loss', 'take_profit'].map((purpose) =>
      live
        .of('order.sending')
        .filter((each) => each.purpose === purpose)
        .at(-1),
    );
    assert.deepEqual([stop?.qty, rest?.qty, rest?.pricing], ['1.01', '0.38', { type: 'limit', price: '110' }]);
    assert.equal(live.state.holdings[KEY]?.nakedSince, null);
    assert.equal(purposes(live).includes('flatten'), false);
    await checkJournal(live.facts, 'legs lost');
  });

  it('RT-3 parts are whole lots, none is below the smallest order, all together leave one, and each is at its price or a later one', () => {
    const instrument = { ...LISTED, lotSize: qty('0.001'), minQty: qty('0.01') };
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 5000 }), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }), (lots, percents) => {
        const fit = percents.filter((_, index) => percents.slice(0, index + 1).reduce((sum, each) => sum + each, 0) < 100);
        const asked = fit.map((percent, index) => rung(String(101 + index), (percent / 100).toFixed(2)));
        const entryQty = qty((lots / 1000).toFixed(3));
        const parts = rungParts('buy', { ...TWO, partialTakeProfits: asked }, instrument, entryQty);
        const sum = add(ZERO_QTY, ...parts.map(({ qty: amount }) => amount));
        if (parts.length > 0) assert.equal(checkMinimum(subtract(entryQty, sum), price('110'), instrument), null);
        for (const { price: at, qty: amount } of parts) {
          assert.ok(isPositive(amount) && toStep(amount, instrument.lotSize, 'down') === amount);
          assert.equal(checkMinimum(amount, at, instrument), null);
        }
        let [wanted, given] = [0, ZERO_QTY];
        for (const { price: at, fraction } of asked) {
          wanted += Number(fraction);
          given = add(given, ...parts.filter((part) => part.price === at).map((part) => part.qty));
          assert.ok(atMost(given, qty((Number(entryQty) * wanted + 1e-9).toFixed(9))), 'never more than asked for by then');
        }
        assert.ok(lessThan(sum, entryQty));
      }),
    );
  });
});
