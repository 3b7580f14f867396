/** ST-2: a commission that is told late is cash, once, against what the journal says; and verify derives it from the fill. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import stringify from 'safe-stable-stringify';
import type { FeeAdjusted, Fact } from '#trading/model/events.ts';
import { add, money, negate, subtract, ZERO_MONEY, type Money } from '#trading/money/decimal.ts';
import { evolveLive } from '#trading/execution/live-state.ts';
import { allShelved, EMPTY_SHELF } from '#trading/model/shelf.ts';
import { BLANK_GOVERNOR, evolveGovernor, walletOf } from '#trading/risk/state.ts';
import type { RawRecord } from '#state/store.ts';
import { verifyJournal } from '#state/verify.ts';
import { NO_FAULTS } from '../../../support/faults.ts';
import { LiveVenue, TERMS } from '../../../support/live-venue.ts';
import { sealedStory } from '../../../support/journal-story.ts';
import { LiveWorld } from '../../../support/live-world.ts';
import { T0 } from '../trader/fixtures.ts';

const SYMBOL = 'BTC/USDT';
const KEPT_MAX = 256;
const ACCOUNT = { asset: 'crypto_spot', mode: 'live' } as const;

async function opened(): Promise<{ readonly world: LiveWorld; readonly executionId: string; readonly paid: Money }> {
  const world = new LiveWorld(new LiveVenue(T0, 1, NO_FAULTS, { ...TERMS, nativeBracket: ['crypto_spot'] }, 'forever'));
  world.isStrict = true;
  await world.start();
  await world.run(1000);
  world.trade(SYMBOL);
  await world.run(3000);
  const { fill } = world.of('fill.recorded')[0] ?? assert.fail('nothing was filled');
  return { world, executionId: fill.venueExecutionId ?? '', paid: fill.fee };
}

async function tell(world: LiveWorld, executionId: string, fee: string): Promise<void> {
  world.tell({ type: 'fee.reported', body: { fee: { executionId, asset: 'crypto_spot', symbol: SYMBOL, fee: money(fee) } } });
  await world.settle();
}

async function* each(records: readonly RawRecord[]): AsyncIterable<RawRecord> {
  await Promise.resolve();
  yield* records;
}

async function problems(facts: readonly Fact[]): Promise<readonly string[]> {
  const { records, head } = sealedStory(facts.map(({ actor, at, type, body }) => ({ actor, at, event: { type, body } as never })));
  const report = await verifyJournal({ records: each(records), anchor: head }, {});
  return report.problems.flatMap(({ rule, what }) => (rule === 'FEE' ? [what] : []));
}

describe('a fee that is told late', () => {
  it('is a fact each time it is another one, whoever repeats it, over restarts; the fill and the position stay', async () => {
    const { world, executionId, paid } = await opened();
    const fills = world.of('fill.recorded').length;
    const held = world.state.holdings[`crypto_spot|${SYMBOL}`];
    for (const fee of [paid, '0.4', '0.4', '0.25']) {
      await tell(world, executionId, fee);
      await world.crash(false);
      await tell(world, executionId, fee);
    }
    assert.deepEqual(
      world.of('fee.adjusted').map(({ booked, fee, amount }) => [booked, fee, amount]),
      [
        [paid, '0.4', subtract(money('0.4'), paid)],
        ['0.4', '0.25', '-0.15'],
      ],
    );
    assert.deepEqual([world.of('fill.recorded').length, world.state.holdings[`crypto_spot|${SYMBOL}`]], [fills, held]);
    assert.deepEqual(world.of('alarm.raised'), []);
    const moved = add(ZERO_MONEY, ...world.of('fee.adjusted').map(({ amount }) => amount));
    assert.equal(walletOf(world.facts.reduce(evolveGovernor, BLANK_GOVERNOR), ACCOUNT).realised, negate(moved));
    assert.deepEqual(await problems(world.facts), []);
  });

  it('is known of the newest executions, in the order they came, over a snapshot', async () => {
    const { world } = await opened();
    const [fact] = world.facts.filter(({ type }) => type === 'fill.recorded');
    assert.ok(fact?.type === 'fill.recorded');
    let state = world.state;
    for (let index = 0; index < KEPT_MAX; index++) {
      const fill = { ...fact.body.fill, venueExecutionId: `x-${(index * 7919) % 10_000}` };
      state = evolveLive('bybit', JSON.parse(stringify(state)) as typeof state, { ...fact, body: { fill } });
    }
    const kept = [...allShelved(state.feesBooked ?? EMPTY_SHELF)].map(([id]) => id);
    assert.deepEqual(
      kept,
      Array.from({ length: KEPT_MAX }, (_, index) => `x-${(index * 7919) % 10_000}`),
    );
  });

  it('of an execution that is not booked is no fact: it will be booked at its right fee', async () => {
    const { world } = await opened();
    await tell(world, 'x-9', '3');
    assert.deepEqual(world.of('fee.adjusted'), []);
  });

  const forged: readonly (readonly [string, Partial<FeeAdjusted>, RegExp])[] = [
    ['another amount', { amount: money('7') }, /it moved 7, from \S+ to 0\.4 is/],
    ['what was never booked', { booked: money('9'), amount: money('-8.6') }, /it says that 9 was booked, and \S+ was/],
    ['an execution of nobody', { venueExecutionId: 'x-9' }, /no fill names it/],
    ['another symbol', { symbol: 'ETH/USDT' }, /it is of ETH\/USDT, its fill of BTC\/USDT/],
    ['paper', { mode: 'paper' }, /it is of paper/],
  ];
  for (const [what, more, said] of forged) {
    it(`VF-1 verify names one with ${what}`, async () => {
      const { world, executionId } = await opened();
      await tell(world, executionId, '0.4');
      const facts = world.facts.map((fact): Fact => (fact.type === 'fee.adjusted' ? { ...fact, body: { ...fact.body, ...more } } : fact));
      const found = await problems(facts);
      assert.ok(
        found.some((problem) => said.test(problem)),
        found.join('\n'),
      );
    });
  }

  it('VF-1 verify names one by an actor that it is not of, and the same one twice', async () => {
    const { world, executionId } = await opened();
    await tell(world, executionId, '0.4');
    const twice = [...world.facts, ...world.facts.filter(({ type }) => type === 'fee.adjusted')];
    assert.match((await problems(twice)).join(), /it says that \S+ was booked, and 0\.4 was/);
    const strange = world.facts.map((fact): Fact => (fact.type === 'fee.adjusted' ? { ...fact, actor: 'gateway.ibkr.orders' } : fact));
    assert.match((await problems(strange)).join(), /gateway\.ibkr\.orders adjusted it, which is of gateway\.bybit/);
  });
});
