import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { add, money, price, qty, ratio, scale, type Money } from '#trading/money/decimal.ts';
import type { Fact, Settled } from '#trading/model/events.ts';
import type { Settings } from '#trading/model/settings.ts';
import { exitOn, House } from '../risk/house.ts';
import { EXPIRY, held, optionOf, optionSettings, SHARE, verified } from './option-scene.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const NOON = EXPIRY - 4 * HOUR_MS;
const CALL = optionOf('600', 'C');
const PUT = optionOf('600', 'P');

const share = (house: House, at: number, mid: number) => house.quoteAt(at, mid, SHARE);
const budget = (house: House): Money => house.of('trade.closed').at(-1)?.trade.budgetAfter ?? money('100000');

async function houseOf(more: Partial<NonNullable<Settings['expiry']>> = {}): Promise<House> {
  return new House([CALL, PUT], await optionSettings(more));
}

describe('paper/settlement', () => {
  it('LC-4 a call in the money at its expiry is settled at what its shares bring, to the cent, and verify derives it again', async () => {
    const house = await houseOf();
    held(house, CALL, NOON, 2, '3');
    const [entry] = house.fills;
    assert.ok(entry !== undefined);
    share(house, EXPIRY - MINUTE_MS, 604);
    house.clock(EXPIRY - 1);
    assert.deepEqual(house.of('position.settled'), []);
    house.clock(EXPIRY);
    const [settled] = house.of('position.settled');
    // 603.99 less 8 basis points is 603.506808: 3.50 in the money on the tick.
    assert.deepEqual([settled?.outcome, settled?.price, settled?.qty, settled?.expiredAt], ['exercised', '3.5', '3', EXPIRY]);
    const trade = house.of('trade.closed')[0]?.trade;
    const pnl = (3.5 - Number(entry.price)) * 300 - Number(entry.fee);
    assert.equal(Number(trade?.pnl).toFixed(8), pnl.toFixed(8));
    assert.deepEqual([trade?.exitReason, trade?.exitPrice, trade?.closedAt, trade?.fees], ['settlement', '3.5', EXPIRY, entry.fee]);
    assert.equal(budget(house), add(money('100000'), trade?.pnl ?? money('0')));
    assert.deepEqual([house.governor.state.positions, house.paper.state.holdings], [{}, {}]);
    assert.deepEqual(await verified(house), []);
  });

  it('LC-5 out of the money it is worth nothing, and the premium is what is lost', async () => {
    const house = await houseOf();
    held(house, PUT, NOON, 2, '1');
    share(house, EXPIRY - MINUTE_MS, 604);
    house.clock(EXPIRY + 5000);
    const trade = house.of('trade.closed')[0]?.trade;
    assert.deepEqual([house.of('position.settled')[0]?.outcome, trade?.exitPrice], ['worthless', '0']);
    assert.equal(trade?.pnl, add(money(`-${Number(trade?.entryPrice) * 100}`), money(`-${String(trade?.fees)}`)));
    assert.deepEqual(await verified(house), []);
  });

  it('LC-4 the share as it was before the expiry counts, not the first quote after it', async () => {
    const house = await houseOf();
    held(house, CALL, NOON);
    share(house, EXPIRY - MINUTE_MS, 604);
    share(house, EXPIRY + MINUTE_MS, 610);
    assert.equal(house.of('position.settled')[0]?.pricedOn?.exchangeAt, EXPIRY - MINUTE_MS);
  });

  it('LC-4 without a quote of then it waits for the next one, once with an alarm; over a crash too', async () => {
    const house = await houseOf();
    held(house, CALL, NOON);
    share(house, NOON + MINUTE_MS, 604);
    house.clock(EXPIRY);
    house.clock(EXPIRY + 1000);
    assert.deepEqual(
      house.of('alarm.raised').map(({ code }) => code),
      ['SETTLEMENT_UNKNOWN'],
    );
    house.crash();
    house.clock(EXPIRY + 2000);
    assert.deepEqual(house.of('position.settled'), []);
    const monday = EXPIRY + 65.5 * HOUR_MS;
    share(house, monday, 602);
    const [settled, ...more] = house.of('position.settled');
    assert.deepEqual([settled?.pricedOn?.exchangeAt, settled?.expiredAt, more], [monday, EXPIRY, []]);
    house.crash();
    house.clock(monday + 1000);
    assert.equal(house.of('position.settled').length, 1);
    assert.deepEqual(await verified(house), []);
  });

  it('LC-5 the house sells before trading ends, at the bid, so that nothing is exercised', async () => {
    const house = await houseOf({ closeMinutes: 60 });
    held(house, CALL, NOON);
    house.quoteAt(EXPIRY - HOUR_MS - 1000, 2.1, CALL);
    assert.equal(house.fills.length, 1);
    house.quoteAt(EXPIRY - HOUR_MS, 2.1, CALL);
    const trade = house.of('trade.closed')[0]?.trade;
    assert.deepEqual([trade?.exitReason, trade?.exitPrice], ['flatten', '2.08']);
    share(house, EXPIRY - MINUTE_MS, 604);
    house.clock(EXPIRY + 1000);
    assert.deepEqual(house.of('position.settled'), []);
    assert.deepEqual(await verified(house), []);
  });

  it('LC-2 an entry too near to the expiry is refused, with its numbers', async () => {
    const house = await houseOf({ openDteMin: 3 });
    held(house, CALL, NOON);
    const refusal = house.of('order.refused')[0]?.refusal;
    assert.deepEqual([refusal?.code, refusal?.rule, refusal?.numbers['dte']], ['NEAR_EXPIRY', 'LC-2', 0]);
  });

  it('LC-4 an exit on its way when its option expires closes nothing twice', async () => {
    const house = await houseOf();
    held(house, CALL, EXPIRY - 10_000);
    share(house, EXPIRY - 2000, 604);
    house.intend(exitOn(house.quoteAt(EXPIRY - 1, 2.1, CALL), '1', CALL));
    house.clock(EXPIRY + 1000);
    assert.equal(house.of('trade.closed').length, 1);
    assert.deepEqual(await verified(house), []);
  });

  it('VF-1 a settlement that does not follow is found: its price, its outcome, its quote, its time, its owner', async () => {
    const house = await houseOf();
    held(house, CALL, NOON);
    share(house, EXPIRY - MINUTE_MS, 604);
    house.clock(EXPIRY + 1000);
    const forge = (more: Partial<Settled>, actor?: string) => (fact: Fact) =>
      fact.type === 'position.settled' ? { ...fact, actor: actor ?? fact.actor, body: { ...fact.body, ...more } } : fact;
    const quote = house.of('position.settled')[0]?.pricedOn ?? null;
    assert.ok(quote !== null);
    for (const [change, found] of [
      [forge({ price: price('3.51') }), /SETTLEMENT: .* settled at 3.51, its quote makes 3.5/],
      [forge({ outcome: 'worthless' }), /SETTLEMENT: .* said to be worthless/],
      [forge({ pricedOn: { ...quote, bid: price('603') } }), /SETTLEMENT: .* its quote makes/],
      [forge({ pricedOn: { ...quote, symbol: 'QQQ' } }), /SETTLEMENT: .* its share is SPY/],
      [forge({ pricedOn: { ...quote, exchangeAt: EXPIRY - 2 * HOUR_MS } }), /SETTLEMENT: .* it expired at/],
      [forge({ pricedOn: null }), /SETTLEMENT: .* carries no quote/],
      [forge({ expiredAt: EXPIRY - 1 }), /SETTLEMENT: .* does so at/],
      [forge({ qty: qty('2') }), /SETTLEMENT: .* 1 is held/],
      [forge({ mode: 'live' }), /SETTLEMENT: .* which is of reconciler/],
      [forge({}, 'reconciler'), /SETTLEMENT: .* which is of gateway.paper/],
    ] as const) {
      assert.match((await verified(house, change)).join('\n'), found);
    }
  });

  it('SZ-8 through random expiries the budget is what was allotted and Σ of cash, by whole cents counted apart', async () => {
    const settings = await optionSettings();
    const expiry = fc.record({
      right: fc.constantFrom('C' as const, 'P' as const),
      strike: fc.integer({ min: 590, max: 610 }),
      premium: fc.integer({ min: 20, max: 900 }),
      contracts: fc.integer({ min: 1, max: 9 }),
      spot: fc.integer({ min: 58_000, max: 62_000 }),
      crash: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(expiry, { minLength: 1, maxLength: 5 }), async (expiries) => {
        let ends = EXPIRY;
        const house = new House([], settings);
        // In hundredths of a cent: slippage is counted there, commissions in cents.
        let cash = 0n;
        for (const [index, { right, strike, premium, contracts, spot, crash }] of expiries.entries()) {
          const own = { ...optionOf(String(strike), right, ends), symbol: `SPY ${index} ${strike} ${right}`, id: `o${index}` };
          house.append('catalog', [{ type: 'instrument.changed', body: { instrument: own } }]);
          held(house, own, ends - 2 * HOUR_MS, premium / 100, String(contracts));
          if (crash) house.crash();
          share(house, ends - 1000, spot / 100);
          house.clock(ends + 1000);
          cash += cashOf(right, strike, premium, contracts, spot);
          // The same weekday, some weeks on, before New York's clock changes.
          ends += 7 * 24 * HOUR_MS;
        }
        assert.equal(house.of('trade.closed').length, expiries.length);
        assert.equal(scale(budget(house), ratio('100')), String(10_000_000n + cash));
        assert.deepEqual(await verified(house), []);
      }),
      { numRuns: 60 },
    );
  });
});

/** Cents: contracts bought a cent above the middle and 8 basis points worse, 0.65 a contract and at least 1; shares traded as LC-5 says. */
function cashOf(right: 'C' | 'P', strike: number, premium: number, contracts: number, spot: number): bigint {
  const paid = Math.ceil(Number(((premium + 1) * 10_008) / 10_000 - 1e-9));
  const fee = Math.max(100, 65 * contracts);
  const inside = right === 'C' ? ((spot - 1) * 9992) / 10_000 - strike * 100 : strike * 100 - ((spot + 1) * 10_008) / 10_000;
  const worth = inside >= 1 ? Math.floor(inside + 1e-9) : 0;
  return BigInt((worth - paid) * 100 * contracts - fee);
}
