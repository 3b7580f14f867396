import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { absolute, add, atMost, greaterThan, lessThan, money, negate, notional, price, ratio, scale, subtract } from '#trading/money/decimal.ts';
import { leverageAt, limitAt, maintenanceAt, roughMaintenance, tierOf, tiersOf } from '#venues/embedded/engine/tiers.ts';
import { both, executionsOf, newExchange, perpTerms, PERP, quote, refused, request, T0, taken } from './bench.ts';

const TIERS = tiersOf({ maxLeverage: ratio('100'), step: money('2000000'), count: 10 });
/** Few and near: a position of one bitcoin leads through them. */
const NEAR = tiersOf({ maxLeverage: ratio('100'), step: money('20000'), count: 4 });
const at = (mark: string) => quote({ bid: mark, ask: (Number(mark) + 0.1).toFixed(1), bidSize: '40', askSize: '40', mark, index: mark });

function near(wallet: Readonly<Record<string, string>> = { USDT: '100000' }) {
  const exchange = newExchange(wallet);
  exchange.setTerms({ ...perpTerms, tiers: NEAR });
  exchange.onQuote(at('50000'), T0);
  return exchange;
}

describe('the matching engine: risk limits by tiers', () => {
  it('are Bybit’s of BTCUSDT: limits, rates, leverage and what is taken off', () => {
    assert.deepEqual(
      TIERS.slice(0, 3).map(({ id, limit, maintenance, initial, maxLeverage, deduction }) => [
        id,
        limit,
        maintenance,
        initial,
        maxLeverage,
        deduction,
      ]),
      [
        [1, '2000000', '0.005', '0.01', '100', '0'],
        [2, '4000000', '0.01', '0.0175', '57.14', '10000'],
        [3, '6000000', '0.015', '0.025', '40', '30000'],
      ],
    );
    assert.deepEqual([limitAt(TIERS, ratio('100')), limitAt(TIERS, ratio('50')), limitAt(TIERS, ratio('1'))], ['2000000', '4000000', '20000000']);
    assert.deepEqual([leverageAt(TIERS, money('2000001')), leverageAt(TIERS, money('20000001'))], ['57.14', null]);
    assert.deepEqual([limitAt([], ratio('10')), maintenanceAt([], money('10')), tierOf([], money('10'))], [null, '0', null]);
  });

  it('maintenance never falls as the value grows, never jumps, and the fast one agrees', () => {
    const plan = fc.record({
      leverage: fc.integer({ min: 5, max: 125 }),
      step: fc.integer({ min: 1000, max: 2_000_000 }),
      count: fc.integer({ min: 1, max: 12 }),
    });
    fc.assert(
      fc.property(plan, fc.integer({ min: 1, max: 30_000_000 }), ({ leverage, step, count }, value) => {
        const tiers = tiersOf({ maxLeverage: ratio(leverage), step: money(step), count });
        const [less, more] = [maintenanceAt(tiers, money(value)), maintenanceAt(tiers, money(value + 1))];
        assert.ok(lessThan(less, more));
        const most = tiers.at(-1)?.maintenance ?? ratio('0');
        assert.ok(atMost(subtract(more, less), scale(money('1'), most)), `${less} to ${more}`);
        assert.ok(Math.abs(roughMaintenance(tiers, value) - Number(less)) < 1e-6 * value);
        for (const tier of tiers) assert.ok(greaterThan(tier.initial, tier.maintenance) || tier.id >= 4, `tier ${tier.id}`);
      }),
    );
  });

  it('position, orders and the new one together stay within what the leverage allows, whichever comes first', () => {
    const exchange = near();
    taken(exchange.setLeverage(PERP, both('57'), T0));
    taken(exchange.submit(request({ size: '0.4' }), T0));
    taken(exchange.submit(request({ at: '49000', size: '0.2' }), T0));
    const outcome = exchange.submit(request({ at: '49000', size: '0.3' }), T0);
    assert.equal(refused(outcome), 'RISK_LIMIT');
    assert.ok(!outcome.ok && outcome.refusal.what.endsWith('at most 40 would allow it'), outcome.ok ? '' : outcome.refusal.what);
    taken(exchange.submit(request({ side: 'sell', at: '51000', size: '1' }), T0));
    assert.equal(refused(exchange.submit(request({ side: 'sell', at: '51000', size: '0.4' }), T0)), 'RISK_LIMIT', 'the other side by itself');
    taken(exchange.submit(request({ side: 'sell', size: '0.4', reduceOnly: true }), T0));
  });

  it('an order that grows beyond it is not amended, a conditional one is rejected when its time has come', () => {
    const exchange = near();
    taken(exchange.setLeverage(PERP, both('100'), T0));
    const rests = taken(exchange.submit(request({ at: '49000', size: '0.3' }), T0));
    const grown = { ...request({ size: '0.5' }) }.qty;
    assert.equal(refused(exchange.amend({ contract: PERP, id: rests.id, linkId: null }, { qty: grown }, T0)), 'RISK_LIMIT');
    const stop = taken(
      exchange.submit(request({ size: '0.3', trigger: { price: price('50100'), direction: 'rise', by: 'mark' }, stopKind: 'stop' }), T0),
    );
    exchange.onQuote(at('50200'), T0 + 1);
    assert.equal(exchange.order({ contract: PERP, id: stop.id, linkId: null })?.state, 'rejected');
  });

  it('leverage is refused that would not allow what there is; what it is follows the value at the mark', () => {
    const exchange = near();
    taken(exchange.submit(request({ size: '0.5' }), T0));
    assert.equal(refused(exchange.setLeverage(PERP, both('100'), T0)), 'LEVERAGE_TIER');
    taken(exchange.setLeverage(PERP, both('57'), T0));
    assert.deepEqual([exchange.positions()[0]?.tier?.id, exchange.positions()[0]?.maintenanceMargin], [2, '150']);
    exchange.onQuote(at('90000'), T0 + 1);
    // 45000 × 0.015 − 300.
    assert.deepEqual([exchange.positions()[0]?.tier?.id, exchange.positions()[0]?.maintenanceMargin], [3, '375']);
  });

  it('the liquidation price of an isolated position is where margin and loss leave the maintenance of the tier that it has there', () => {
    const run = fc.record({ long: fc.boolean(), lots: fc.integer({ min: 1, max: 1500 }), leverage: fc.integer({ min: 1, max: 28 }) });
    fc.assert(
      fc.property(run, ({ long, lots, leverage }) => {
        const exchange = near({ USDT: '1000000' });
        taken(exchange.setMarginMode('isolated', T0));
        if (leverage !== 10) taken(exchange.setLeverage(PERP, both(String(leverage)), T0));
        taken(exchange.submit(request({ side: long ? 'buy' : 'sell', size: (lots / 1000).toFixed(3) }), T0));
        const position = exchange.positions()[0] ?? assert.fail();
        const { liquidation, cost, size, initialMargin } = position;
        if (liquidation === null) return;
        const value = notional(liquidation, absolute(size));
        const gain = long ? subtract(value, cost) : negate(subtract(value, cost));
        const left = subtract(add(initialMargin, gain), maintenanceAt(NEAR, value));
        assert.ok(Math.abs(Number(left)) < 1e-6, `${left} left at ${liquidation}`);
      }),
    );
  });

  it('in cross margin a large position is liquidated earlier than its first tier alone would have it', () => {
    const exchange = near({ USDT: '3000' });
    taken(exchange.setLeverage(PERP, both('28'), T0));
    taken(exchange.submit(request({ size: '1.2' }), T0));
    // 60000 of value: 0.5 % would be 300; the third tier asks for 600.
    exchange.onQuote(at('48000'), T0 + 1);
    assert.ok(executionsOf(exchange.onQuote(at('47950'), T0 + 2)).some(({ kind }) => kind === 'liquidation'));
    const first = newExchange({ USDT: '3000' });
    first.onQuote(at('50000'), T0);
    taken(first.setLeverage(PERP, both('28'), T0));
    taken(first.submit(request({ size: '1.2' }), T0));
    assert.deepEqual(executionsOf(first.onQuote(at('47950'), T0 + 2)), []);
  });

  it('a market order is not taken where the best price is beyond the price limits: a thin book', () => {
    const exchange = newExchange();
    exchange.onQuote(quote({ bid: '49000', ask: '53000', mark: '50000', index: '50000' }), T0);
    const outcome = exchange.submit(request({}), T0);
    assert.equal(refused(outcome), 'THIN_BOOK');
    assert.ok(!outcome.ok && outcome.refusal.what === 'buy: [53000,52500] invalid');
    taken(exchange.submit(request({ side: 'sell' }), T0));
    taken(exchange.submit(request({ at: '50000' }), T0));
  });
});
