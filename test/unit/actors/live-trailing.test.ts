/** BR-1, BR-3, C14: trailing stops, live. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { lessThan, price, subtract, toNumber } from '#trading/money/decimal.ts';
import type { OrderTerms } from '#trading/model/live.ts';
import type { OrderIntent } from '#trading/model/order.ts';
import { checkJournal, TRAILING } from '../../support/fault-run.ts';
import { NO_FAULTS, type Faults } from '../../support/faults.ts';
import { LiveVenue } from '../../support/live-venue.ts';
import { LiveWorld, PERPETUALS } from '../../support/live-world.ts';
import { T0 } from '../trading/trader/fixtures.ts';

const NATIVE: OrderTerms = { ...TRAILING, nativeBracket: ['crypto_futures'] };
const BTC = 'BTC/USDT';
const KEY = `crypto_futures|${BTC}`;
const FENCE_MS = NATIVE.deadlineMs + NATIVE.receiveWindowMs + NATIVE.answeredMarginMs;

async function world(terms: OrderTerms = NATIVE, seed = 1): Promise<LiveWorld> {
  const venue = new LiveVenue(T0, seed, NO_FAULTS, terms);
  venue.asset = 'crypto_futures';
  const live = new LiveWorld(venue, undefined, PERPETUALS);
  live.isStrict = true;
  await live.start();
  await live.run(1000);
  return live;
}

const LONG = { takeProfit: price('130'), stopLoss: price('90') };
const trailing = (more: Partial<OrderIntent> = {}): Partial<OrderIntent> => ({
  bracket: { ...LONG, trailing: { distance: price('3'), activation: null } },
  ...more,
});

/** A position at 100 whose stop trails by 3 and is at 97 already. */
async function held(more: Partial<OrderIntent> = {}, terms: OrderTerms = NATIVE): Promise<LiveWorld> {
  const live = await world(terms);
  live.approve(live.intent(BTC, trailing(more)));
  await live.run(2000);
  await say(live, 100.01);
  assert.equal(stopOf(live), '97');
  return live;
}

async function say(live: LiveWorld, mid: number, ms = 1000): Promise<void> {
  live.quote(BTC, mid);
  await live.settle();
  await live.run(ms);
}

const stopOf = (live: LiveWorld) => live.state.holdings[KEY]?.bracket?.stopLoss;
const atVenue = (live: LiveWorld) => live.venue.rows.find(({ order }) => order.leg === 'stop_loss' && order.status === 'open')?.order.trigger;
const asked = (live: LiveWorld) => live.venue.asked.filter(({ what }) => what === 'amend').length;
const stands = (live: LiveWorld) => live.of('stop.stands').map(({ stopLoss, reason }) => `${stopLoss}: ${reason}`);
const alarms = (live: LiveWorld) => live.of('alarm.raised').map(({ code }) => code);
const ends = (live: LiveWorld) => live.of('order.ended').map(({ status, reason }) => `${status}: ${reason}`);

function failing(live: LiveWorld, faults: Partial<Faults>): void {
  live.venue.faults = { ...NO_FAULTS, ...faults };
}

describe('a trailing stop, live', () => {
  it('ST-1 a fact before a byte, one call, then what came of it', async () => {
    const live = await held();
    const from = live.facts.length;
    live.quote(BTC, 105.01);
    await live.settle();
    assert.deepEqual(live.facts.slice(from).map(({ type }) => type), ['stop.amending']); // prettier-ignore
    assert.equal(asked(live), 2);
    assert.equal(stopOf(live), '97', 'until the venue has it the old one counts');
    await live.run(200);
    assert.deepEqual([stopOf(live), atVenue(live)], ['102', '102']);
    assert.deepEqual(live.of('stop.trailed').map(({ stopLoss }) => stopLoss), ['97', '102']); // prettier-ignore
    await checkJournal(live.facts, 'trailing');
  });

  it('a short trails downwards', async () => {
    const bracket = { takeProfit: price('70'), stopLoss: price('110'), trailing: { distance: price('3'), activation: null } };
    const live = await world();
    live.approve(live.intent(BTC, { side: 'sell', bracket }));
    await live.run(2000);
    await say(live, 94.99);
    await say(live, 96);
    assert.deepEqual([stopOf(live), atVenue(live)], ['98', '98']);
    await checkJournal(live.facts, 'short');
  });

  it('moves by a step at least, in favour of the position only, and once a second at most', async () => {
    const live = await held();
    await say(live, 100.2);
    await say(live, 94);
    assert.equal(asked(live), 1);
    await say(live, 101, 100);
    await say(live, 103, 100);
    await say(live, 104, 100);
    assert.deepEqual([asked(live), stopOf(live)], [2, '97.99']);
    await live.run(1000);
    await say(live, 103.5);
    assert.equal(stopOf(live), '100.49');
  });

  it('RT-4 all stops together keep to a bucket of their own', async () => {
    const live = await world({ ...NATIVE, amendments: { limit: 1, windowMs: 5000 } });
    for (const symbol of [BTC, 'ETH/USDT', 'ADA/USDT']) live.approve(live.intent(symbol, trailing()));
    await live.run(3000);
    const sayAll = async (): Promise<void> => {
      for (const symbol of [BTC, 'ETH/USDT', 'ADA/USDT']) live.quote(symbol, 105);
      await live.settle();
      await live.run(1000);
    };
    await sayAll();
    await sayAll();
    assert.equal(asked(live), 1);
  });

  it('BR-1 waits for its activation', async () => {
    const live = await world();
    live.approve(live.intent(BTC, { bracket: { ...LONG, trailing: { distance: price('3'), activation: price('104') } } }));
    await live.run(2000);
    await say(live, 103.9);
    assert.equal(asked(live), 0);
    await say(live, 104.2);
    assert.equal(stopOf(live), '101.19');
  });

  it('QS-1 QS-2 no stale, crossed or far-off quote moves it, nor the first one after a restart', async () => {
    const live = await held();
    const bad = async (change: (quote: object) => object): Promise<void> => {
      const { snapshot } = live.intent(BTC);
      live.tell({ type: 'quote.received', body: { quote: { ...snapshot, bid: price('106'), ask: price('106.1'), ...change(snapshot) } } });
      await live.settle();
      await live.run(1000);
    };
    await bad(() => ({ exchangeAt: live.now - 2500, receivedAt: live.now - 2500 }));
    await bad(() => ({ bid: price('107') }));
    await bad(() => ({ bid: price('190'), ask: price('190.1') }));
    await live.crash(false);
    await bad(() => ({ bid: price('190'), ask: price('190.1') }));
    assert.deepEqual([asked(live), stopOf(live)], [1, '97']);
  });

  it('BR-2 C14 an unknown outcome: the old trigger counts, no second move, and behind the fence the venue is asked', async () => {
    const live = await held();
    failing(live, { drop: 1 });
    await say(live, 105);
    failing(live, {});
    await say(live, 110);
    assert.deepEqual([asked(live), stopOf(live)], [2, '97']);
    await live.run(FENCE_MS - 4000);
    assert.deepEqual(stands(live), []);
    await live.run(8000);
    assert.deepEqual(stands(live), ['97: the venue lists its stop at 97']);
    await say(live, 110);
    assert.equal(stopOf(live), '106.99');
    await checkJournal(live.facts, 'unknown');
  });

  it('C14 an answer that was lost: the leg itself says that it was moved, by a report or by the next reading of the account', async () => {
    for (const reportLost of [0, 1]) {
      const live = await held();
      failing(live, { replyLost: 1, reportLost });
      await say(live, 105.01, reportLost === 0 ? 1000 : 10_000);
      assert.deepEqual([stopOf(live), live.state.amending], ['102', {}], `reports lost: ${reportLost}`);
      assert.deepEqual([stands(live), alarms(live)], [[], []]);
      await checkJournal(live.facts, 'lost');
    }
  });

  it('what the venue refuses leaves the stop where it is, and is not tried again at once', async () => {
    const live = await held();
    failing(live, { rejected: 1 });
    for (const mid of [105, 106, 107]) await say(live, mid);
    assert.deepEqual([asked(live), stands(live)], [2, ['97: 10001: beyond the mark']]);
    failing(live, {});
    await live.run(5000);
    await say(live, 107);
    assert.equal(stopOf(live), '103.99');
    assert.deepEqual(alarms(live), []);
  });

  it('ST-2 no entry while the stop of the last position may still be on its way: it would be the next one’s', async () => {
    const live = await held();
    failing(live, { late: 1 });
    live.quote(BTC, 105);
    await live.settle();
    const stop = live.venue.rows.find(({ order }) => order.leg === 'stop_loss' && order.status === 'open') ?? assert.fail('no stop');
    live.venue.fill(stop, stop.order.qty);
    failing(live, {});
    await live.run(500);
    assert.deepEqual(live.state.holdings, {});
    live.approve(live.intent(BTC, trailing()));
    await live.run(500);
    assert.match(ends(live).at(-1) ?? '', /^not_sent: POSITION_EXISTS: nobody knows yet where the stop of BTC\/USDT is/);
    await live.run(FENCE_MS + 5000);
    assert.deepEqual(stands(live), ['97: its position is closed']);
    live.approve(live.intent(BTC, trailing()));
    await live.run(2000);
    assert.equal(live.state.holdings[KEY]?.bracket?.stopLoss, '90');
    await checkJournal(live.facts, 'closed');
  });

  it('KS-1 a kill does not stop it, a close and a flattening do', async () => {
    const live = await held();
    live.gate.trip(['all']);
    live.tellFact('kill-switch', { type: 'kill.tripped', body: { scope: 'all', reason: 'test', source: 'cli', flatten: false } });
    await say(live, 105.01);
    assert.equal(stopOf(live), '102');
    failing(live, { drop: 1 });
    live.trade(BTC);
    await live.run(100);
    failing(live, {});
    await say(live, 110, 100);
    assert.equal(asked(live), 2);
  });

  it('ST-3 a stop that stands elsewhere at the venue is believed, said, and never loosened from there', async () => {
    const live = await held();
    const row = live.venue.rows.find(({ order }) => order.leg === 'stop_loss') ?? assert.fail('no stop');
    row.order = { ...row.order, trigger: price('101') };
    await live.run(10_000);
    assert.deepEqual([stopOf(live), alarms(live)], ['101', ['CONTRADICTION']]);
    await live.run(10_000);
    await say(live, 102);
    assert.deepEqual([alarms(live).length, asked(live)], [1, 1]);
    await say(live, 106);
    assert.equal(stopOf(live), '102.99');
    await checkJournal(live.facts, 'elsewhere');
  });

  it('BR-2 where the venue lost its legs, the house’s own stop is placed where it was and trails on; where own stops cannot be moved it stands', async () => {
    for (const amendsOwnStops of [true, false]) {
      const live = await held({}, { ...NATIVE, amendsOwnStops });
      for (const row of live.venue.rows) if (row.order.leg !== null) row.order = { ...row.order, status: 'cancelled' };
      live.tell({ type: 'protection.lost', body: { clientOrderId: live.state.holdings[KEY]?.entryOrderId ?? '', reason: 'gone' } });
      await live.run(2000);
      const own = live.of('order.sending').find(({ purpose }) => purpose === 'stop_loss');
      assert.deepEqual(own?.pricing, { type: 'stop', trigger: '97' });
      await say(live, 105.01);
      const placed = live.venue.rows.find(({ order }) => order.clientOrderId === own?.clientOrderId);
      assert.deepEqual([placed?.order.trigger, stopOf(live)], amendsOwnStops ? ['102', '102'] : ['97', '97']);
      assert.deepEqual(alarms(live), ['NAKED_POSITION']);
      await checkJournal(live.facts, 'own');
    }
  });

  it('ST-5 a crash at any step of a move: one call at most, and the stop of the journal is the venue’s', async () => {
    const steps = async (die: number | null): Promise<number> => {
      const live = await held();
      let step = 0;
      live.crashing = () => step++ === die;
      await say(live, 105.01);
      live.crashing = () => false;
      await live.run(FENCE_MS + 10_000, 500);
      const moves = live.of('stop.amending').length;
      assert.ok(asked(live) <= moves, `step ${die ?? 'none'}: asked more often than decided`);
      assert.deepEqual([stopOf(live), live.state.amending], [atVenue(live), {}], `step ${die ?? 'none'}`);
      assert.deepEqual([alarms(live), live.of('reconcile.differed')], [[], []]);
      await checkJournal(live.facts, `step ${die ?? 'none'}`);
      return step;
    };
    const all = await steps(null);
    for (let die = 0; die < Math.min(all, 40); die++) await steps(die);
  });

  it('BR-3 whatever the market says: never looser, and at most a distance and a step behind the best price', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 9800, max: 10_600 }), { minLength: 3, maxLength: 25 }), async (cents) => {
        const live = await held();
        let best = 100;
        for (const mid of cents.map((each) => each / 100)) {
          const before = stopOf(live) ?? assert.fail('nothing is held');
          await say(live, mid);
          best = Math.max(best, mid - 0.01);
          const stop = stopOf(live) ?? assert.fail('nothing is held');
          assert.ok(!lessThan(stop, before));
          assert.ok(toNumber(subtract(price(best.toFixed(2)), stop)) <= 3.31);
          assert.equal(stop, atVenue(live));
        }
      }),
      { numRuns: 15 },
    );
  });
});
