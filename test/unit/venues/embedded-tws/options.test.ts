import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { normalCumulative, valueOf, type OptionTerms } from '#trading/market/black-scholes.ts';
import { Contracts, DEFAULT_CHAINS, expirations, type Contract } from '#venues/embedded/tws/contracts.ts';
import { addDays, equityHours, forexHours, newYork, newYorkInstant, stampOf, weekday } from '#venues/embedded/tws/hours.ts';
import { onGrid } from '#venues/embedded/tws/market-rules.ts';
import { DEFAULT_VOLATILITY, expiryOf, modelOption, volatilityAt } from '#venues/embedded/tws/option-model.ts';

const NOW = Date.UTC(2026, 10, 24, 15, 0, 0);
const terms: fc.Arbitrary<OptionTerms> = fc.record({
  right: fc.constantFrom<'C' | 'P'>('C', 'P'),
  spot: fc.double({ min: 50, max: 800, noNaN: true }),
  strike: fc.double({ min: 50, max: 800, noNaN: true }),
  years: fc.double({ min: 0.01, max: 2, noNaN: true }),
  volatility: fc.double({ min: 0.05, max: 1, noNaN: true }),
  rate: fc.double({ min: 0, max: 0.08, noNaN: true }),
});

describe('Black–Scholes', () => {
  it('gives Hull’s textbook example: 42, 40, six months, 20 %, 10 %', () => {
    const hull = { spot: 42, strike: 40, years: 0.5, volatility: 0.2, rate: 0.1 };
    assert.equal(valueOf({ ...hull, right: 'C' }).price.toFixed(2), '4.76');
    assert.equal(valueOf({ ...hull, right: 'P' }).price.toFixed(2), '0.81');
  });

  it('the normal distribution has its known values and is symmetric', () => {
    for (const [x, p] of [
      [0, 0.5],
      [1, 0.8413447460685429],
      [-1.96, 0.024997895148220435],
      [6, 0.9999999990134123],
      [-8, 6.220960574271786e-16],
    ] as const) {
      assert.ok(Math.abs(normalCumulative(x) - p) < 1e-14, `N(${x}) = ${normalCumulative(x)}`);
      assert.ok(Math.abs(normalCumulative(x) + normalCumulative(-x) - 1) < 1e-14);
    }
  });

  it('call less put is spot less discounted strike; prices lie within their bounds; delta is the slope', () => {
    fc.assert(
      fc.property(terms, (option) => {
        const call = valueOf({ ...option, right: 'C' });
        const put = valueOf({ ...option, right: 'P' });
        const discounted = option.strike * Math.exp(-option.rate * option.years);
        assert.ok(Math.abs(call.price - put.price - (option.spot - discounted)) < 1e-8 * option.spot);
        assert.ok(call.price <= option.spot + 1e-9 && call.price >= Math.max(0, option.spot - discounted) - 1e-9);
        assert.ok(Math.abs(call.delta - put.delta - 1) < 1e-12);
        const bump = option.spot * 1e-4;
        const slope = (valueOf({ ...option, spot: option.spot + bump }).price - valueOf({ ...option, spot: option.spot - bump }).price) / (2 * bump);
        assert.ok(Math.abs(slope - valueOf(option).delta) < 1e-3, `${slope} against ${valueOf(option).delta}`);
      }),
    );
  });

  it('at expiry only the intrinsic value is left', () => {
    assert.equal(valueOf({ right: 'P', spot: 90, strike: 100, years: 0, volatility: 0.2, rate: 0.05 }).price, 10);
    assert.equal(valueOf({ right: 'C', spot: 90, strike: 100, years: 0, volatility: 0.2, rate: 0.05 }).price, 0);
  });
});

describe('TWS options: the model', () => {
  const contracts = new Contracts(DEFAULT_CHAINS);
  const option = (strike: number, right: 'C' | 'P', expiry = '261218'): Contract =>
    contracts.byLocalSymbol(`SPY   ${expiry}${right}${String(strike * 1000).padStart(8, '0')}`) as Contract;

  it('quotes lie on the grid around the fair value, bid below ask; what is worth less than a tick has no bid', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 200 }),
        fc.constantFrom<'C' | 'P'>('C', 'P'),
        fc.double({ min: 300, max: 900, noNaN: true }),
        (fives, right, spot) => {
          const contract = option(fives * 5, right);
          const modelled = modelOption(contract, spot, NOW, DEFAULT_VOLATILITY);
          assert.ok(modelled !== null);
          const { bid, ask, bidSize } = modelled.quote;
          assert.ok(ask !== null && onGrid(contract, ask) && Number(ask) >= modelled.value.price);
          assert.equal(bid === null, bidSize === '0');
          if (bid !== null) assert.ok(onGrid(contract, bid) && Number(bid) <= modelled.value.price && Number(bid) < Number(ask));
        },
      ),
    );
  });

  it('the smile is lowest near the money and higher at both ends, more on the low side', () => {
    const at = (strike: number): number => volatilityAt(strike, 600, 0.1, DEFAULT_VOLATILITY);
    assert.equal(at(600), 0.2);
    assert.ok(at(400) > at(600) && at(400) > at(800));
    assert.ok(at(900) > at(700));
  });

  it('an expired option has no quote, nor has one of nothing', () => {
    const contract = option(600, 'C');
    assert.equal(modelOption(contract, 600, expiryOf(contract), DEFAULT_VOLATILITY), null);
    assert.equal(modelOption(contracts.byLocalSymbol('SPY') as Contract, 600, NOW, DEFAULT_VOLATILITY), null);
  });
});

describe('TWS contracts and hours', () => {
  it('expirations are the coming Fridays and third Fridays', () => {
    const dates = expirations(NOW);
    assert.ok(dates.every((date) => weekday(date) === 5));
    assert.deepEqual(dates.slice(0, 4), ['20261127', '20261204', '20261211', '20261218']);
    assert.ok(dates.includes('20270219'));
    assert.deepEqual([...dates].sort(), dates);
  });

  it('a contract is found by what the query names; ids of options do not depend on who asked first', () => {
    const query = {
      conId: 0,
      symbol: 'SPY',
      secType: 'OPT',
      expiry: '20261218',
      strike: '600.0',
      right: 'CALL',
      multiplier: '100',
      exchange: 'SMART',
    };
    const rest = { currency: 'USD', localSymbol: '', tradingClass: '' };
    const fresh = new Contracts(DEFAULT_CHAINS);
    const found = fresh.one({ ...query, ...rest }, NOW);
    assert.equal(found?.localSymbol, 'SPY   261218C00600000');
    assert.equal(found?.conId, new Contracts(DEFAULT_CHAINS).byLocalSymbol('SPY   261218C00600000')?.conId);
    assert.equal(fresh.find({ ...query, ...rest, right: '' }, NOW).length, 2);
    assert.equal(fresh.one({ ...query, ...rest, strike: '601' }, NOW), undefined);
    assert.equal(fresh.one({ ...query, ...rest, expiry: '20261217' }, NOW), undefined);
    assert.equal(fresh.byId(found?.conId ?? 0), found);
  });

  it('New York’s clock is right on both sides of the changes of its time', () => {
    for (const [date, hour, utc] of [
      ['20260308', 1, Date.UTC(2026, 2, 8, 6)],
      ['20260308', 3, Date.UTC(2026, 2, 8, 7)],
      ['20261031', 16, Date.UTC(2026, 9, 31, 20)],
      ['20261102', 16, Date.UTC(2026, 10, 2, 21)],
    ] as const) {
      assert.equal(newYorkInstant(date, hour, 0), utc, `${date} ${hour}:00`);
      assert.equal(newYork(utc).date, date);
    }
    assert.equal(stampOf(NOW), '20261124 10:00:00 US/Eastern');
    assert.equal(addDays('20261231', 1), '20270101');
    assert.throws(() => addDays('tomorrow', 1), /yyyymmdd/);
  });

  it('hours name closed days: weekends, and the holidays that were given', () => {
    assert.match(forexHours(NOW), /20261127:CLOSED;20261128:CLOSED;20261129:1715-20261130:1700/);
    assert.match(equityHours(NOW, new Set(['20261126'])), /20261125:0930-20261125:1600;20261126:CLOSED;20261127:0930/);
  });
});
