import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { checkBracket, checkMinimum, clampBracket, clampPrice, clampQty } from '#trading/execution/clamp.ts';
import { absolute, add, atLeast, atMost, lessThan, money, notional, price, qty, ratio, scale, subtract, toStep } from '#trading/money/decimal.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { Bracket, Side } from '#trading/model/order.ts';
import { perp, spot } from '../trader/fixtures.ts';

const units = (min: number, max: number, places: number) => fc.integer({ min, max }).map((value) => (value / 10 ** places).toFixed(places));
const side = fc.constantFrom<Side>('buy', 'sell');
const tick = fc.constantFrom('0.00001', '0.0005', '0.01', '0.25', '1', '7');
const onTick = (tickSize: string): Instrument => ({ ...spot, tickSize: price(tickSize) });

describe('execution/clamp: quantity', () => {
  it('RT-3 goes down to the step and the maximum, never up, and says what it changed', () => {
    const instrument = { ...spot, lotSize: qty('0.1'), maxQty: qty('10.05') };
    assert.deepEqual(clampQty(qty('0.5'), instrument), { value: '0.5', clamps: [] });
    assert.deepEqual(clampQty(qty('0.57'), instrument), {
      value: '0.5',
      clamps: [{ field: 'qty', before: '0.57', after: '0.5', filter: 'lot_size' }],
    });
    assert.deepEqual(clampQty(qty('99'), instrument), {
      value: '10',
      clamps: [
        { field: 'qty', before: '99', after: '10.05', filter: 'max_qty' },
        { field: 'qty', before: '10.05', after: '10', filter: 'lot_size' },
      ],
    });
    assert.equal(clampQty(qty('99'), { ...instrument, maxQty: null }).value, '99');
  });

  it('RT-3 is never more than asked, on the grid, and clamping twice changes nothing', () => {
    fc.assert(
      fc.property(units(0, 10_000_000, 5), fc.constantFrom('0.00001', '0.003', '0.1', '1', '5'), units(1, 10_000_000, 4), (asked, lot, maximum) => {
        const instrument = { ...spot, lotSize: qty(lot), maxQty: qty(maximum) };
        const { value, clamps } = clampQty(qty(asked), instrument);
        assert.ok(atMost(qty(value), qty(asked)) && atMost(qty(value), qty(maximum)));
        assert.equal(toStep(qty(value), qty(lot), 'down'), value);
        assert.deepEqual(clampQty(value, instrument), { value, clamps: [] });
        assert.equal(clamps.length === 0, value === qty(asked));
        assert.equal(clamps.at(-1)?.after ?? qty(asked), value);
      }),
    );
  });
});

describe('execution/clamp: prices', () => {
  it('RT-3 to the tick, never more aggressive: a sell never cheaper, a buy never dearer, less than a tick away', () => {
    fc.assert(
      fc.property(side, units(1, 100_000_000, 6), tick, (of, asked, tickSize) => {
        const value = clampPrice(of, price(asked), onTick(tickSize));
        assert.ok(of === 'sell' ? atLeast(price(value), price(asked)) : atMost(price(value), price(asked)));
        assert.ok(lessThan(absolute(subtract(price(value), price(asked))), price(tickSize)));
        assert.equal(toStep(price(value), price(tickSize), 'down'), value);
      }),
    );
  });

  it('RT-3 the stop is never farther from the entry than asked, the take-profit never nearer, for both sides', () => {
    fc.assert(
      fc.property(side, units(2_000_000, 100_000_000, 4), units(1, 1_000_000, 4), units(1, 1_000_000, 4), tick, (of, at, stop, profit, tickSize) => {
        const [entry, away] = [price(at), { stop: price(stop), profit: price(profit) }];
        const asked =
          of === 'buy'
            ? { stopLoss: subtract(entry, away.stop), takeProfit: add(entry, away.profit) }
            : { stopLoss: add(entry, away.stop), takeProfit: subtract(entry, away.profit) };
        const { value, clamps } = clampBracket(of, asked, onTick(tickSize));
        const loss = of === 'buy' ? subtract(entry, price(value.stopLoss)) : subtract(price(value.stopLoss), entry);
        const gain = of === 'buy' ? subtract(price(value.takeProfit), entry) : subtract(entry, price(value.takeProfit));
        assert.ok(atMost(loss, away.stop), `a stop ${loss} away, asked ${away.stop}`);
        assert.ok(atLeast(gain, away.profit), `a profit of ${gain}, asked ${away.profit}`);
        assert.deepEqual(clampBracket(of, value, onTick(tickSize)), { value, clamps: [] });
        for (const clamp of clamps) assert.notEqual(clamp.before, clamp.after);
        assert.equal(clamps.length, Number(value.stopLoss !== asked.stopLoss) + Number(value.takeProfit !== asked.takeProfit));
      }),
    );
  });

  it('RT-3 writes each change down with its filter', () => {
    const { clamps } = clampBracket('buy', { stopLoss: price('99.991'), takeProfit: price('101.009') }, spot);
    assert.deepEqual(clamps, [
      { field: 'takeProfit', before: '101.009', after: '101.01', filter: 'tick_size' },
      { field: 'stopLoss', before: '99.991', after: '100', filter: 'tick_size' },
    ]);
  });
});

describe('execution/clamp: checks', () => {
  const bracket = (stopLoss: string, takeProfit: string) => ({ stopLoss: price(stopLoss), takeProfit: price(takeProfit) });

  it('BR-1 accepts a bracket around the price', () => {
    assert.equal(checkBracket('buy', bracket('99', '101'), price('100'), spot), null);
    assert.equal(checkBracket('sell', bracket('101', '99'), price('100'), perp), null);
  });

  const WRONG: readonly (readonly [Side, string, string])[] = [
    ['buy', '101', '99'],
    ['buy', '100', '101'],
    ['buy', '99', '100'],
    ['buy', '0', '101'],
    ['buy', '-5', '101'],
    ['sell', '99', '101'],
    ['sell', '101', '100'],
    ['sell', '100', '99'],
    ['sell', '101', '0'],
  ];
  for (const [of, stop, profit] of WRONG) {
    it(`BR-1 refuses a ${of} at 100 with stop ${stop} and take-profit ${profit}`, () => {
      const refusal = checkBracket(of, bracket(stop, profit), price('100'), spot);
      assert.equal(refusal?.code, 'BRACKET_WRONG_SIDE');
      assert.deepEqual(refusal.numbers, { price: '100', stopLoss: stop, takeProfit: profit, tickSize: '0.01' });
    });
  }

  it('RT-3 names what is missing below the smallest order', () => {
    assert.equal(checkMinimum(qty('0.05'), price('100'), spot), null);
    const value = checkMinimum(qty('0.04'), price('100'), spot);
    assert.deepEqual([value?.code, value?.numbers['notional'], value?.numbers['minNotional']], ['BELOW_MINIMUM', '4', '5']);
    assert.match(value?.sentence ?? '', /1 USDT of notional is missing/);
    const size = checkMinimum(qty('1'), price('100'), { ...spot, minQty: qty('3') });
    assert.match(size?.sentence ?? '', /2 BTC of quantity is missing/);
    assert.equal(checkMinimum(qty('0'), price('100'), { ...spot, minQty: qty('0'), minNotional: money('0') })?.code, 'BELOW_MINIMUM');
  });

  it('RT-3 passes exactly the orders of minimum quantity and notional, multiplier included', () => {
    fc.assert(
      fc.property(units(1, 100_000, 3), units(1, 100_000, 2), fc.constantFrom('1', '100'), (asked, at, multiplier) => {
        const instrument = { ...spot, minQty: qty('0.5'), minNotional: money('50'), multiplier: multiplier as Instrument['multiplier'] };
        const fits = atLeast(qty(asked), qty('0.5')) && atLeast(notional(price(at), qty(asked), instrument.multiplier), money('50'));
        assert.equal(checkMinimum(qty(asked), price(at), instrument) === null, fits);
      }),
    );
  });
});

describe('execution/clamp: trailing stops and rungs', () => {
  const legs = { stopLoss: price('99'), takeProfit: price('104') };
  const rungs = (...of: readonly (readonly [at: string, fraction: string])[]): Bracket => ({
    ...legs,
    partialTakeProfits: of.map(([at, fraction]) => ({ price: price(at), fraction: ratio(fraction) })),
  });
  const trailing = (distance: string, activation: string | null): Bracket => ({
    ...legs,
    trailing: { distance: price(distance), activation: activation === null ? null : price(activation) },
  });

  it('RT-3 a distance goes down to the tick, activation and rungs away from the entry, and each change is written down', () => {
    const asked = { ...rungs(['101.001', '0.4']), ...trailing('0.519', '101.999') };
    assert.deepEqual(clampBracket('buy', asked, spot), {
      value: { ...legs, trailing: { distance: '0.51', activation: '102' }, partialTakeProfits: [{ price: '101.01', fraction: '0.4' }] },
      clamps: [
        { field: 'trailingDistance', before: '0.519', after: '0.51', filter: 'tick_size' },
        { field: 'trailingActivation', before: '101.999', after: '102', filter: 'tick_size' },
        { field: 'partialTakeProfit', before: '101.001', after: '101.01', filter: 'tick_size' },
      ],
    });
    const short = { stopLoss: price('101'), takeProfit: price('96'), partialTakeProfits: [{ price: price('98.999'), fraction: ratio('0.4') }] };
    assert.deepEqual(clampBracket('sell', short, perp).value.partialTakeProfits, [{ price: '98.99', fraction: '0.4' }]);
  });

  it('RT-3 rungs that come to one price are one, and one that comes to the take-profit is part of it', () => {
    const coarse = onTick('1');
    const { value } = clampBracket('buy', rungs(['100.5', '0.1'], ['101', '0.2'], ['102', '0.3'], ['103.5', '0.1']), coarse);
    assert.deepEqual(value.partialTakeProfits, [
      { price: '101', fraction: '0.3' },
      { price: '102', fraction: '0.3' },
    ]);
    assert.deepEqual(clampBracket('buy', rungs(['103.5', '0.1']), coarse).value, legs);
  });

  it('RT-3 with the quantity no rung is below the minimum, none leaves less, their sum is never more, and twice changes nothing', () => {
    const away = fc.uniqueArray(fc.record({ at: fc.integer({ min: 10_050, max: 10_399 }), part: fc.integer({ min: 1, max: 19 }) }), {
      selector: ({ at }) => at,
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(away, units(60, 1000, 3), fc.constantFrom('0.001', '0.01', '0.05'), (of, asked, lot) => {
        const instrument = { ...spot, lotSize: qty(lot) };
        const size = clampQty(qty(asked), instrument).value;
        const sorted = [...of].sort((left, right) => left.at - right.at);
        const bracket = rungs(...sorted.map(({ at, part }) => [String(at / 100), String(part / 100)] as const));
        const { value, clamps } = clampBracket('buy', bracket, instrument, size);
        const kept = value.partialTakeProfits ?? [];
        assert.equal(kept.length + clamps.length, sorted.length);
        let [before, total] = [qty('0'), ratio('0')];
        for (const rung of kept) {
          total = add(total, rung.fraction);
          const target = toStep(scale(qty(size), total), qty(lot), 'down');
          assert.equal(checkMinimum(subtract(target, before), rung.price, instrument), null);
          assert.equal(checkMinimum(subtract(qty(size), target), rung.price, instrument), null);
          before = target;
        }
        assert.ok(total.length === 1 || lessThan(total, ratio('1')));
        assert.deepEqual(clampBracket('buy', value, instrument, size), { value, clamps: [] });
      }),
    );
  });

  it('BR-1 accepts what lies in order between price and take-profit', () => {
    for (const bracket of [rungs(['101', '0.5'], ['103.99', '0.499']), trailing('0.01', null), trailing('50', '100.01')]) {
      assert.equal(checkBracket('buy', bracket, price('100'), spot), null);
    }
  });

  const WRONG: readonly (readonly [what: string, Bracket, Readonly<Record<string, string | number>>, RegExp])[] = [
    ['a rung at the price', rungs(['100', '0.5']), { rung: 1, rungPrice: '100', before: '100' }, /between 100 and the take-profit of 104/],
    ['a rung on the side of the stop', rungs(['99.5', '0.5']), { rung: 1, rungPrice: '99.5' }, /rung 1/],
    ['a rung at the take-profit', rungs(['104', '0.5']), { rungPrice: '104', takeProfit: '104' }, /it is at 104/],
    ['rungs out of order', rungs(['102', '0.2'], ['101', '0.2']), { rung: 2, before: '102' }, /rung 2 .* between 102/],
    ['fractions of one', rungs(['101', '0.5'], ['102', '0.5']), { rung: 2, fraction: '0.5', total: '1' }, /less than 1/],
    ['a fraction of nothing', rungs(['101', '0']), { fraction: '0' }, /must take a part/],
    ['a fraction below nothing', rungs(['101', '-0.1']), { fraction: '-0.1' }, /must take a part/],
    ['a distance below a tick', trailing('0.009', null), { distance: '0.009', tickSize: '0.01' }, /a tick of 0.01 at least/],
    ['an activation at the price', trailing('1', '100'), { activation: '100' }, /begins at 100/],
    ['an activation at the take-profit', trailing('1', '104'), { activation: '104' }, /before the take-profit/],
  ];
  for (const [what, bracket, numbers, sentence] of WRONG) {
    it(`BR-1 refuses ${what}`, () => {
      const refusal = checkBracket('buy', bracket, price('100'), spot);
      assert.equal(refusal?.code, 'BRACKET_WRONG_SIDE');
      for (const [key, value] of Object.entries(numbers)) assert.equal(refusal.numbers[key], value);
      assert.match(refusal.sentence, sentence);
    });
  }

  it('BR-1 a short has them the other way round', () => {
    const short = (at: string): Bracket => ({
      ...{ stopLoss: price('101'), takeProfit: price('96') },
      ...{ trailing: { distance: price('1'), activation: price(at) }, partialTakeProfits: [{ price: price(at), fraction: ratio('0.5') }] },
    });
    assert.equal(checkBracket('sell', short('99'), price('100'), perp), null);
    assert.equal(checkBracket('sell', short('100.5'), price('100'), perp)?.code, 'BRACKET_WRONG_SIDE');
  });
});
