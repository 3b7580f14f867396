/** LC-6 live, and dust: what the venue says of cash and leaves in coins, around one journal in memory. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { VenueFunding } from '#trading/model/live.ts';
import { add, money, negate, price, qty, ratio, subtract, ZERO_QTY } from '#trading/money/decimal.ts';
import { evolveGovernor, BLANK_GOVERNOR, walletOf } from '#trading/risk/state.ts';
import type { RawRecord } from '#state/store.ts';
import { verifyJournal } from '#state/verify.ts';
import { NO_FAULTS } from '../support/faults.ts';
import { LiveVenue, TERMS } from '../support/live-venue.ts';
import { sealedStory } from '../support/journal-story.ts';
import { LiveWorld } from '../support/live-world.ts';
import { T0 } from '../unit/trading/trader/fixtures.ts';

const SYMBOL = 'BTC/USDT';
const KEY = `crypto_spot|${SYMBOL}`;
const NATIVE = { ...TERMS, nativeBracket: ['crypto_spot' as const] };
const MINUTE_MS = 60_000;

async function opened(coinFee: string | null = null): Promise<{ world: LiveWorld; venue: LiveVenue }> {
  const venue = new LiveVenue(T0, 1, NO_FAULTS, NATIVE, 'forever');
  venue.coinFee = coinFee === null ? null : ratio(coinFee);
  const world = new LiveWorld(venue);
  world.isStrict = true;
  await world.start();
  await world.run(1000);
  world.trade(SYMBOL);
  await world.run(3000);
  assert.ok(world.state.holdings[KEY] !== undefined);
  return { world, venue };
}

/** The in-memory venue has no perpetuals, and the gateway does not ask what a symbol is. */
const fundingAt = (executedAt: number, executionId = 'f1'): VenueFunding => ({
  ...{ executionId, asset: 'crypto_spot', symbol: SYMBOL, qty: qty('1'), price: price('100') },
  ...{ rate: ratio('0.0001'), amount: money('0.01'), executedAt },
});

const alarms = (world: LiveWorld) => world.of('alarm.raised').map(({ code }) => code);

describe('LC-6 live funding', () => {
  it('a row becomes one fact, whoever repeats it: the stream, a restart, the account; and no quantity moves', async () => {
    const { world, venue } = await opened();
    const held = world.state.holdings[KEY]?.qty;
    const row = fundingAt(world.now);
    venue.fundings.push(row);
    for (let time = 0; time < 3; time += 1) world.tell({ type: 'funding.reported', body: { funding: row } });
    await world.settle();
    await world.crash(false);
    world.tell({ type: 'funding.reported', body: { funding: row } });
    await world.run(15_000);
    const [booked, ...more] = world.of('funding.booked');
    assert.deepEqual(more, []);
    assert.deepEqual([booked?.amount, booked?.venueExecutionId, booked?.side, booked?.pricedOn], ['0.01', 'f1', 'buy', null]);
    assert.equal((booked?.at ?? 1) % MINUTE_MS, 0);
    assert.equal(world.state.holdings[KEY]?.qty, held);
    assert.equal(world.of('fill.recorded').length, venue.executions.length);
  });

  it('a row that the stream lost is found when the account is read', async () => {
    const { world, venue } = await opened();
    await world.run(MINUTE_MS, 500);
    venue.fundings.push(fundingAt(world.now));
    await world.run(MINUTE_MS, 500);
    assert.deepEqual(
      world.of('funding.booked').map(({ venueExecutionId }) => venueExecutionId),
      ['f1'],
    );
    assert.deepEqual(alarms(world), []);
  });

  it('a row of a position that is closed meanwhile moves the wallet, and its trade stands', async () => {
    const { world } = await opened();
    const row = fundingAt(world.now + 70_000);
    await world.run(90_000, 500);
    world.trade(SYMBOL);
    await world.run(3000);
    assert.equal(world.state.holdings[KEY], undefined);
    world.tell({ type: 'funding.reported', body: { funding: row } });
    await world.settle();
    assert.equal(world.of('funding.booked')[0]?.side, 'buy');
    const governor = world.facts.reduce(evolveGovernor, BLANK_GOVERNOR);
    assert.equal(governor.closing[0]?.funding, undefined);
    assert.equal(walletOf(governor, { asset: 'crypto_spot', mode: 'live' }).realised, negate(money('0.01')));
  });

  it('a row of a position that closed between the funding time and the stamp of the row is booked, and on its side', async () => {
    const { world } = await opened();
    await world.run(MINUTE_MS - (world.now % MINUTE_MS) - 100);
    const fundedAt = world.now + 100;
    world.trade(SYMBOL);
    await world.run(1000);
    const closedAt = world.state.past?.[KEY]?.[0]?.closedAt ?? assert.fail('it is open');
    assert.ok(closedAt > fundedAt && closedAt < fundedAt + 1000, `closed at ${closedAt}, funded at ${fundedAt}`);
    // The next position is a short one already: the row is not of it.
    world.trade(SYMBOL, { side: 'sell', bracket: { takeProfit: price('90'), stopLoss: price('110') } });
    await world.run(1000);
    world.tell({ type: 'funding.reported', body: { funding: fundingAt(world.now) } });
    await world.settle();
    assert.deepEqual(
      world.of('funding.booked').map(({ at, side }) => [at, side]),
      [[fundedAt, 'buy']],
    );
    assert.deepEqual([world.state.holdings[KEY]?.side, alarms(world)], ['sell', []]);
  });

  it('a row for a time at which nothing was held, and a second one for the same time, are said and not booked', async () => {
    const { world } = await opened();
    world.tell({ type: 'funding.reported', body: { funding: fundingAt(T0 - 10 * MINUTE_MS) } });
    await world.settle();
    assert.deepEqual(alarms(world), ['UNEXPLAINED']);
    const at = world.now;
    for (const id of ['f2', 'f3', 'f3']) world.tell({ type: 'funding.reported', body: { funding: fundingAt(at, id) } });
    await world.settle();
    assert.deepEqual(
      world.of('funding.booked').map(({ venueExecutionId }) => venueExecutionId),
      ['f2'],
    );
    assert.deepEqual(alarms(world), ['UNEXPLAINED', 'CONTRADICTION']);
  });
});

describe('dust of a live spot position', () => {
  it('what is less than one lot closes the position in every book, and Σ fills + dust is what the venue holds', async () => {
    // 1 coin less 0.4 % of it: 0.996, of which 0.99 is on the grid of 0.01.
    const { world, venue } = await opened('0.004');
    assert.equal(world.state.holdings[KEY]?.qty, '0.996');
    world.approve(world.intent(SYMBOL, { side: 'sell', kind: 'exit', qty: qty('0.996'), bracket: null }));
    await world.run(1000);
    assert.deepEqual(world.of('dust.set_aside'), [], 'rows of the same exit may still come');
    await world.run(20_000);
    const [dust, ...more] = world.of('dust.set_aside');
    assert.deepEqual(more, []);
    assert.deepEqual([dust?.qty, dust?.price, dust?.value, dust?.exitReason], ['0.006', '100', '0.6', 'exit']);
    assert.equal(world.state.holdings[KEY], undefined);
    assert.equal(venue.held.get(SYMBOL), '0.006');
    assert.deepEqual([alarms(world), world.of('reconcile.differed')], [[], []], 'the reconciler knows of it');
    const governor = world.facts.reduce(evolveGovernor, BLANK_GOVERNOR);
    const [part] = governor.closing;
    assert.deepEqual([Object.keys(governor.positions), part?.dust, part?.qty], [[], '0.6', '0.996']);
    // Paid 99.6 for the coins kept, got 99 for those sold; the dust at the exit's price is the difference.
    assert.equal(part?.pnl, subtract(money('-0.6'), part?.fees ?? money('0')));
  });

  it('the symbol is free: the next round trip leaves its own dust beside the first', async () => {
    const { world, venue } = await opened('0.004');
    for (let round = 0; round < 2; round += 1) {
      const held = world.state.holdings[KEY]?.qty ?? assert.fail(`nothing is held in round ${round}`);
      world.approve(world.intent(SYMBOL, { side: 'sell', kind: 'exit', qty: held, bracket: null }));
      await world.run(20_000);
      if (round === 0) {
        world.trade(SYMBOL);
        await world.run(10_000);
      }
    }
    const sum = add(ZERO_QTY, ...world.of('dust.set_aside').map((dust) => dust.qty));
    assert.deepEqual([world.of('dust.set_aside').length, sum, venue.held.get(SYMBOL)], [2, '0.012', '0.012']);
    assert.deepEqual(world.of('reconcile.differed'), []);
  });

  it('no order is sent for dust by a flatten, and nothing is set aside that can be sold', async () => {
    const { world } = await opened('0.004');
    world.approve(world.intent(SYMBOL, { side: 'sell', kind: 'exit', qty: qty('0.5'), bracket: null }));
    await world.run(20_000);
    assert.deepEqual([world.of('dust.set_aside').length, world.state.holdings[KEY]?.qty], [0, '0.496']);
    world.tellFact('kill-switch', { type: 'kill.tripped', body: { scope: 'all', reason: 'test', source: 'test', flatten: true } });
    await world.run(20_000);
    const flattens = world.of('order.sending').filter(({ purpose }) => purpose === 'flatten');
    assert.deepEqual([flattens.length, world.of('dust.set_aside').length], [1, 1], JSON.stringify(flattens));
  });

  it('VF-1 verify proves the journal of it', async () => {
    const { world } = await opened('0.004');
    world.approve(world.intent(SYMBOL, { side: 'sell', kind: 'exit', qty: qty('0.996'), bracket: null }));
    await world.run(20_000);
    const { records, head } = sealedStory(
      world.facts.map((fact) => ({ actor: fact.actor, at: fact.at, event: { type: fact.type, body: fact.body } as never })),
    );
    const each = async function* (): AsyncIterable<RawRecord> {
      await Promise.resolve();
      yield* records;
    };
    const report = await verifyJournal({ records: each(), anchor: head }, {});
    assert.deepEqual(
      report.problems.filter(({ rule }) => rule === 'DUST' || rule === 'POSITION'),
      [],
    );
  });
});
