/** What of a live position is too small to be sold, and what only seems so. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { OrderTerms, Placement } from '#trading/model/live.ts';
import { money, notional, lessThan, price, qty, subtract } from '#trading/money/decimal.ts';
import { BLANK_GOVERNOR, evolveGovernor } from '#trading/risk/state.ts';
import type { RawRecord } from '#state/store.ts';
import { verifyJournal } from '#state/verify.ts';
import { NO_FAULTS } from '../../support/faults.ts';
import { sealedStory } from '../../support/journal-story.ts';
import { LiveVenue, TERMS } from '../../support/live-venue.ts';
import { LiveWorld, PERPETUALS, rules } from '../../support/live-world.ts';
import { T0 } from '../trading/trader/fixtures.ts';

const BTC = 'BTC/USDT';
const MINIMUM = money('50');
const NATIVE: OrderTerms = { ...TERMS, nativeBracket: ['crypto_spot', 'crypto_futures'] };

/** The venue fills `part` of an entry at once and ends it; it takes no order of less than 50 where `isStrict`. */
class SmallVenue extends LiveVenue {
  part = qty('1');
  isStrict = true;
  refused = 0;

  override place(order: Placement): ReturnType<LiveVenue['place']> {
    const isSmall = order.purpose !== 'entry' && lessThan(notional(price('100'), order.qty), MINIMUM);
    if (!isSmall || !this.isStrict) return super.place(order);
    this.refused += 1;
    return Promise.resolve({ kind: 'rejected', code: '170140', text: 'order value exceeded lower limit' });
  }

  override fill(...[row, amount]: Parameters<LiveVenue['fill']>): void {
    if (row.placement?.purpose !== 'entry') super.fill(row, amount);
    else if (row.order.cumQty === '0') super.fill(row, this.part);
  }
}

async function entered(venue: SmallVenue, of = { key: `crypto_spot|${BTC}`, world: new LiveWorld<LiveVenue>(venue) }): Promise<LiveWorld> {
  const { world, key } = of;
  world.isStrict = true;
  await world.start();
  await world.run(1000);
  const instrument = world.state.instruments[key] ?? assert.fail(`no ${key}`);
  world.tellFact('catalog', { type: 'instrument.changed', body: { instrument: { ...instrument, minNotional: MINIMUM } } });
  world.approve(world.intent(BTC));
  await world.run(1000);
  return world;
}

async function problems(world: LiveWorld, rule: string): Promise<readonly unknown[]> {
  const { records, head } = sealedStory(world.facts.map(({ actor, at, type, body }) => ({ actor, at, event: { type, body } as never })));
  const each = async function* (): AsyncIterable<RawRecord> {
    await Promise.resolve();
    yield* records;
  };
  return (await verifyJournal({ records: each(), anchor: head }, {})).problems.filter((problem) => problem.rule === rule);
}

const dusts = (world: LiveWorld) => world.of('dust.set_aside').map(({ qty: amount, exitReason }) => [amount, exitReason]);

describe('dust of a live position', () => {
  it('an entry of which less than the smallest order was filled is set aside, and no order that nobody takes is sent again and again', async () => {
    const venue = new SmallVenue(T0, 1, NO_FAULTS, TERMS);
    venue.part = qty('0.2');
    const world = await entered(venue);
    await world.run(30_000);
    assert.deepEqual(dusts(world), [['0.2', 'entry']]);
    assert.equal(venue.refused, 2, 'a stop and a take-profit, while the entry was not over');
    assert.deepEqual([world.state.holdings, world.state.orders, world.of('reconcile.differed'), world.of('alarm.raised')], [{}, {}, [], []]);
    const governor = world.facts.reduce(evolveGovernor, BLANK_GOVERNOR);
    const [part] = governor.closing;
    assert.deepEqual([Object.keys(governor.positions), part?.dust, part?.exitPrice], [[], '20', '100']);
    assert.equal(part?.pnl, subtract(money('-20'), part?.fees ?? money('0')), 'all that was paid is lost in the books');
    assert.deepEqual(await problems(world, 'DUST'), []);
    world.approve(world.intent(BTC));
    await world.run(1000);
    assert.equal(world.of('order.sending').filter(({ purpose }) => purpose === 'entry').length, 2, 'the symbol is free');
  });

  it('a small entry whose legs the venue took all the same is a position like any other', async () => {
    const venue = new SmallVenue(T0, 1, NO_FAULTS, TERMS);
    [venue.part, venue.isStrict] = [qty('0.2'), false];
    const world = await entered(venue);
    await world.run(30_000);
    assert.deepEqual(
      [dusts(world), world.state.holdings[`crypto_spot|${BTC}`]?.qty, world.state.holdings[`crypto_spot|${BTC}`]?.nakedSince],
      [[], '0.2', null],
    );
    assert.deepEqual(world.of('alarm.raised'), []);
  });

  it('legs end before the rest is set aside: one that fills after it would open a position the other way', async () => {
    const venue = new SmallVenue(T0, 1, NO_FAULTS, TERMS);
    const world = await entered(venue);
    const leg = venue.rows.find(({ placement }) => placement?.purpose === 'take_profit') ?? assert.fail('no leg');
    venue.fill(leg, qty('0.8'));
    // A cancel takes its time, and the rest of the leg is met meanwhile.
    const cancel = venue.cancel.bind(venue);
    venue.cancel = (order) => {
      if (order.clientOrderId === leg.order.clientOrderId && leg.order.status === 'open') venue.fill(leg, qty('0.2'));
      return cancel(order);
    };
    await world.run(60_000);
    assert.deepEqual(
      world.of('fill.recorded').map(({ fill }) => [fill.side, fill.qty]),
      [
        ['buy', '1'],
        ['sell', '0.8'],
        ['sell', '0.2'],
      ],
    );
    assert.deepEqual([dusts(world), world.state.holdings, world.state.orders, world.of('alarm.raised')], [[], {}, {}, []]);
    assert.deepEqual(world.of('reconcile.differed'), []);
  });

  it('what is left of a perpetual is never dust by its value: it is open at the venue, and an order that only reduces closes it', async () => {
    const venue = new SmallVenue(T0, 1, NO_FAULTS, NATIVE);
    [venue.asset, venue.isStrict] = ['crypto_futures', false];
    const key = `crypto_futures|${BTC}`;
    const world = await entered(venue, { key, world: new LiveWorld<LiveVenue>(venue, rules, PERPETUALS) });
    world.approve(world.intent(BTC, { side: 'sell', kind: 'exit', qty: qty('0.8'), bracket: null }));
    await world.run(20_000);
    assert.deepEqual([dusts(world), world.state.holdings[key]?.qty, venue.held.get(BTC)], [[], '0.2', '0.2']);
    world.trade(BTC);
    await world.run(5000);
    assert.deepEqual([dusts(world), world.state.holdings, venue.held.get(BTC)], [[], {}, '0']);
  });
});
