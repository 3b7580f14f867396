import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { fundingAmount } from '#trading/lifecycle/funding.ts';
import { PAPER_FACTS } from '#trading/paper/simulator.ts';
import { money, negate, ONE, price, ratio, subtract } from '#trading/money/decimal.ts';
import { walletOf } from '#trading/risk/state.ts';
import { perp as bare, T0 } from '../trader/fixtures.ts';
import { entryOn, House } from '../risk/house.ts';
import { latency } from './steps.ts';

const EIGHT_MS = 8 * 3_600_000;
const perp = { ...bare, fundingSchedule: { intervalMinutes: 480 } };
const rules = { ...latency(100), fundingEnabled: true };
/** The first funding time behind T0. */
const AT = T0 - (T0 % EIGHT_MS) + EIGHT_MS;
const TRADE = { takeProfit: price('105'), stopLoss: price('95') };

function held(side: 'buy' | 'sell' = 'buy', settings = rules, at = AT - 60_000): House {
  const house = new House([perp], settings);
  announce(house, '0.0001', AT);
  const bracket = side === 'buy' ? TRADE : { takeProfit: price('95'), stopLoss: price('105') };
  house.intend(entryOn(house.quoteAt(at, 100, perp), perp, { side, bracket }));
  house.clock(at + 100);
  assert.equal(house.fills.length, 1, JSON.stringify(house.of('order.refused')[0] ?? house.of('order.ended')[0]));
  return house;
}

function announce(house: House, rate: string, nextAt: number): void {
  house.tell('gateway.paper', { type: 'funding.announced', body: { symbol: perp.symbol, rate: ratio(rate), nextAt } });
}

describe('paper: funding', () => {
  for (const side of ['buy', 'sell'] as const) {
    it(`LC-6 a ${side} position ${side === 'buy' ? 'pays' : 'receives'} the announced rate of the mid in force, once for one time`, () => {
      const house = held(side);
      house.quoteAt(AT - 1, 100, perp);
      assert.deepEqual(house.of('funding.booked'), []);
      const quote = house.quoteAt(AT, 101, perp);
      house.quoteAt(AT + 1000, 102, perp);
      house.clock(AT + 2000);
      const [booked, ...more] = house.of('funding.booked');
      const qty = house.fills[0]?.qty ?? assert.fail();
      const amount = fundingAmount({ side, qty, multiplier: ONE }, price('101'), ratio('0.0001'));
      assert.deepEqual(more, []);
      assert.deepEqual([booked?.side, booked?.qty, booked?.price, booked?.rate, booked?.at], [side, qty, '101', '0.0001', AT]);
      assert.deepEqual([booked?.amount, booked?.pricedOn, booked?.venueExecutionId], [amount, quote, null]);
      assert.ok(Number(amount) > 0 === (side === 'buy'));
    });
  }

  it('SZ-8 the closed trade and the budget have paid it', () => {
    const house = held();
    house.quoteAt(AT, 100, perp);
    house.quoteAt(AT + 1000, 94, perp);
    const [booked] = house.of('funding.booked');
    const [closed] = house.of('trade.closed');
    assert.ok(booked !== undefined && closed !== undefined);
    const { pnl, fees, funding, entryPrice, exitPrice, qty, budgetAfter, budgetBefore } = closed.trade;
    assert.equal(funding, booked.amount);
    const gross = (Number(exitPrice) - Number(entryPrice)) * Number(qty);
    assert.ok(Math.abs(Number(pnl) - (gross - Number(fees) - Number(booked.amount))) < 1e-9, pnl);
    assert.equal(subtract(budgetAfter, budgetBefore), pnl);
    assert.deepEqual(house.problems(), []);
  });

  it('LC-6 it comes before a stop and before an exit that fill behind the funding time', () => {
    const house = held();
    // The first quote behind it is through the stop.
    house.quoteAt(AT + 20, 94, perp);
    const types = house.facts.map(({ type }) => type);
    assert.ok(types.includes('trade.closed'));
    assert.ok(types.indexOf('funding.booked') < types.lastIndexOf('fill.recorded'));
    const other = held();
    const qty = other.fills[0]?.qty ?? assert.fail();
    other.intend(
      entryOn(other.quoteAt(AT - 50, 100, perp), perp, { clientOrderId: 'out', side: 'sell', kind: 'exit', qty, bracket: null, nonce: 2 }),
    );
    // No quote: the clock alone fills it, 50 ms behind the funding time.
    other.clock(AT + 60);
    assert.deepEqual(
      other.of('funding.booked').map(({ at }) => at),
      [AT],
    );
    assert.equal(other.of('trade.closed')[0]?.trade.funding, other.of('funding.booked')[0]?.amount);
  });

  it('LC-6 what is opened behind the funding time pays nothing for it', () => {
    const house = held('buy', rules, AT - 50);
    house.quoteAt(AT + 1000, 100, perp);
    assert.deepEqual(house.of('funding.booked'), []);
  });

  it('LC-6 the newest rate that was announced for the time counts, whatever is said of the next one before', () => {
    const house = held();
    announce(house, '-0.0003', AT);
    announce(house, '0.01', AT + EIGHT_MS);
    house.quoteAt(AT, 100, perp);
    assert.deepEqual(
      house.of('funding.booked').map(({ rate }) => rate),
      ['-0.0003'],
    );
  });

  it('LC-6 without an announced rate nothing is booked, and a person is told once', () => {
    const house = held();
    house.quoteAt(AT, 100, perp);
    house.quoteAt(AT + EIGHT_MS, 100, perp);
    house.quoteAt(AT + EIGHT_MS + 1000, 100, perp);
    assert.equal(house.of('funding.booked').length, 1);
    const alarms = house.of('alarm.raised');
    assert.deepEqual(
      alarms.map(({ code, mode }) => [code, mode]),
      [['FUNDING_UNKNOWN', 'paper']],
    );
    assert.match(alarms[0]?.sentence ?? '', new RegExp(`no funding rate was announced for ${AT + EIGHT_MS}`));
  });

  it('LC-6 a crash behind the booking books nothing twice', () => {
    const house = held();
    house.quoteAt(AT, 100, perp);
    house.crash();
    announce(house, '0.0001', AT);
    house.quoteAt(AT + 1000, 100, perp);
    assert.equal(house.of('funding.booked').length, 1);
    assert.ok(PAPER_FACTS.includes('funding.booked'));
  });

  for (const fundingEnabled of [false, undefined]) {
    it(`CF-2 PERP_FUNDING_ENABLED ${fundingEnabled === false ? 'off' : 'absent'}: nothing is booked and nobody is told`, () => {
      const house = held('buy', { ...latency(100), ...(fundingEnabled === undefined ? {} : { fundingEnabled }) } as typeof rules);
      house.quoteAt(AT, 100, perp);
      assert.deepEqual([house.of('funding.booked'), house.of('alarm.raised')], [[], []]);
    });
  }
});

describe('governor: funding that comes late', () => {
  const late = { asset: 'crypto_futures', mode: 'live', symbol: perp.symbol, side: 'buy', venueExecutionId: 'x1', pricedOn: null } as const;
  const booked = (amount: string) => ({
    ...{ ...late, fundingId: `live-${perp.symbol}-${AT}`, qty: entryOn(new House([perp]).quoteAt(T0, 100, perp), perp).qty },
    ...{ price: price('100'), rate: ratio('0.0001'), amount: money(amount), at: AT },
  });

  it('LC-6 moves the wallet of its own asset and mode, without a trade', () => {
    const house = new House([perp], rules);
    house.now = AT + 60_000;
    house.append('gateway.bybit.orders', [{ type: 'funding.booked', body: booked('1.5') }]);
    assert.equal(walletOf(house.governor.state, { asset: 'crypto_futures', mode: 'live' }).realised, negate(money('1.5')));
    assert.equal(walletOf(house.governor.state, { asset: 'crypto_futures', mode: 'paper' }).realised, '0');
    assert.deepEqual(house.of('trade.closed'), []);
  });

  it('RK-1 trips the cap of the day like a trade', () => {
    const house = new House([perp], rules);
    house.now = AT + 60_000;
    // 3 % of 1,000 USD.
    house.append('gateway.bybit.orders', [{ type: 'funding.booked', body: booked('30') }]);
    assert.deepEqual(
      house.of('tripwire.tripped').map(({ refusal }) => refusal.code),
      ['DAILY_LOSS_CAP'],
    );
  });
});
