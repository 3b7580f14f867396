import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import * as decimal from '#trading/money/decimal.ts';

const PLACES_MAX = 9;
/** An exact number as the test's own oracle sees it: units × 10^-places. */
interface Sample {
  readonly units: bigint;
  readonly places: number;
}
const sample = fc.record({ units: fc.bigInt({ min: -(10n ** 13n), max: 10n ** 13n }), places: fc.nat({ max: PLACES_MAX }) });
const positive = fc.record({ units: fc.bigInt({ min: 1n, max: 10n ** 13n }), places: fc.nat({ max: PLACES_MAX }) });

/** With all its zeros, as a venue would write it. */
function written({ units, places }: Sample): string {
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  return `${units < 0n ? '-' : ''}${whole}${places === 0 ? '' : `.${digits.slice(-places)}`}`;
}
const money = (of: Sample): decimal.Money => decimal.money(written(of));
const scaled = ({ units, places }: Sample): bigint => units * 10n ** BigInt(PLACES_MAX - places);
const unscaled = (units: bigint): decimal.Money => decimal.money(written({ units, places: PLACES_MAX }));
const sign = (of: bigint): number => (of < 0n ? -1 : of > 0n ? 1 : 0);

describe('money/decimal: canonical text', () => {
  const TEXTS: readonly (readonly [string | number, string])[] = [
    ['1.50', '1.5'],
    ['1e2', '100'],
    ['1E-7', '0.0000001'],
    ['-0', '0'],
    ['-0.000', '0'],
    ['007', '7'],
    ['100', '100'],
    [0.1, '0.1'],
    [1e21, '1000000000000000000000'],
    [-2.5, '-2.5'],
    ['123456789012345678901234567890.123456789', '123456789012345678901234567890.123456789'],
  ];
  for (const [value, text] of TEXTS) it(`writes ${JSON.stringify(value)} as ${text}`, () => assert.equal(decimal.amount(value), text));

  for (const value of ['', ' 1', '1 ', '+1', '.5', '5.', '1,000', '0x10', 'NaN', 'Infinity', '-Infinity', '1e', '1e100', '--1', '1'.repeat(65)]) {
    it(`refuses ${JSON.stringify(value.slice(0, 20))} by name`, () => {
      assert.equal(decimal.isDecimalText(value), false);
      assert.throws(() => decimal.amount(value), { name: 'RangeError', message: /not a decimal number: "/ });
    });
  }

  for (const value of [NaN, Infinity, -Infinity]) it(`refuses the number ${value}`, () => assert.throws(() => decimal.price(value), RangeError));

  it('equal values have equal text, whatever zeros they were written with', () => {
    fc.assert(
      fc.property(sample, fc.nat({ max: 6 }), (of, zeros) => {
        const longer = { units: of.units * 10n ** BigInt(zeros), places: of.places + zeros };
        assert.equal(decimal.amount(written(longer)), decimal.amount(written(of)));
      }),
    );
  });

  it('is idempotent, and has no exponent, plus, negative zero or trailing zero', () => {
    fc.assert(
      fc.property(sample, (of) => {
        const text = money(of);
        assert.equal(decimal.amount(text), text);
        assert.match(text, /^(0|-?(0\.\d*[1-9]|[1-9]\d*(\.\d*[1-9])?))$/);
      }),
    );
  });

  it('CF-3 a text is canonical exactly where it is what is made of it', () => {
    const isMade = (text: string): boolean => decimal.isDecimalText(text) && decimal.amount(text) === text;
    const near = fc.stringMatching(/^-?[01]{0,3}(\.[01]{0,3})?e?$/);
    const long = fc.stringMatching(/^-?\d{1,70}(\.\d{1,70})?$/);
    fc.assert(
      fc.property(fc.oneof(near, long, fc.string({ maxLength: 8 })), (text) => {
        assert.equal(decimal.isCanonical(text), isMade(text), JSON.stringify(text));
      }),
      { numRuns: 2000 },
    );
    for (const text of ['0', '-0', '-0.5', '0.50', '00', '1e2', '1\n', ''])
      assert.equal(decimal.isCanonical(text), isMade(text), JSON.stringify(text));
  });

  it('a float64 comes back from its text unchanged', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }), (value) => {
        fc.pre(value === 0 || Math.abs(value) > 1e-40);
        assert.equal(decimal.toNumber(decimal.amount(value)), value === 0 ? 0 : value);
      }),
    );
  });
});

describe('money/decimal: arithmetic agrees with integers', () => {
  it('add, subtract, negate, absolute', () => {
    fc.assert(
      fc.property(sample, sample, sample, (a, b, c) => {
        assert.equal(decimal.add(money(a), money(b), money(c)), unscaled(scaled(a) + scaled(b) + scaled(c)));
        assert.equal(decimal.subtract(money(a), money(b)), unscaled(scaled(a) - scaled(b)));
        assert.equal(decimal.negate(money(a)), unscaled(-scaled(a)));
        assert.equal(decimal.absolute(money(a)), unscaled(scaled(a) < 0n ? -scaled(a) : scaled(a)));
      }),
    );
  });

  it('compare and its family', () => {
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const order = sign(scaled(a) - scaled(b));
        const [left, right] = [money(a), money(b)];
        assert.equal(decimal.compare(left, right), order);
        assert.equal(decimal.lessThan(left, right), order < 0);
        assert.equal(decimal.greaterThan(left, right), order > 0);
        assert.equal(decimal.atMost(left, right), order <= 0);
        assert.equal(decimal.atLeast(left, right), order >= 0);
        assert.equal(decimal.smaller(left, right), order <= 0 ? left : right);
        assert.equal(decimal.larger(left, right), order >= 0 ? left : right);
        assert.equal(decimal.isZero(left), a.units === 0n);
        assert.equal(decimal.isPositive(left), a.units > 0n);
        assert.equal(decimal.isNegative(left), a.units < 0n);
      }),
    );
  });

  it('notional is price × quantity × multiplier, exactly', () => {
    assert.equal(decimal.notional(decimal.price('0.1'), decimal.qty('3')), '0.3');
    fc.assert(
      fc.property(positive, sample, (at, quantity) => {
        const expected = written({ units: at.units * quantity.units * 100n, places: at.places + quantity.places });
        const got = decimal.notional(decimal.price(written(at)), decimal.qty(written(quantity)), decimal.ratio('100'));
        assert.equal(got, decimal.money(expected));
      }),
    );
  });

  it('scale multiplies exactly', () => {
    assert.equal(decimal.scale(decimal.money('1000'), decimal.ratio('0.0075')), '7.5');
    assert.equal(decimal.scale(decimal.money('-0.1'), decimal.ratio('0')), '0');
  });

  it('divides to 40 digits and never by zero', () => {
    assert.equal(decimal.quotient(decimal.money('1'), decimal.money('8')), '0.125');
    assert.equal(decimal.divide(decimal.money('10'), decimal.ratio('4')), '2.5');
    assert.equal(decimal.divide(decimal.money('1'), decimal.ratio('3')), `0.${'3'.repeat(40)}`);
    assert.throws(() => decimal.quotient(decimal.money('1'), decimal.ZERO_MONEY), { name: 'RangeError', message: 'division by zero' });
    assert.throws(() => decimal.divide(decimal.money('1'), decimal.ratio('0')), RangeError);
  });

  it('rounds half to even for display', () => {
    assert.equal(decimal.rounded(decimal.money('2.5'), 0), '2');
    assert.equal(decimal.rounded(decimal.money('3.5'), 0), '4');
    assert.equal(decimal.rounded(decimal.money('-1.005'), 2), '-1');
    assert.equal(decimal.rounded(decimal.money('1.23456'), 3), '1.235');
  });
});

describe('money/decimal: quantities and steps', () => {
  it('SZ-4 toStep gives the nearest multiple of the step on the asked side, and leaves a multiple as it is', () => {
    fc.assert(
      fc.property(sample, positive, (of, step) => {
        const [value, size] = [money(of), money(step)];
        const [exact, unit] = [scaled(of), scaled(step)];
        const steps = exact / unit - (exact % unit < 0n ? 1n : 0n);
        const isMultiple = exact % unit === 0n;
        const down = decimal.toStep(value, size, 'down');
        assert.equal(down, unscaled(steps * unit));
        assert.equal(decimal.toStep(value, size, 'up'), unscaled((isMultiple ? steps : steps + 1n) * unit));
        assert.equal(decimal.toStep(down, size, 'up'), down);
      }),
    );
  });

  it('SZ-4 down is towards minus infinity for negative values too', () => {
    assert.equal(decimal.toStep(decimal.money('-1.2'), decimal.money('0.5'), 'down'), '-1.5');
    assert.equal(decimal.toStep(decimal.money('-1.2'), decimal.money('0.5'), 'up'), '-1');
  });

  for (const step of ['0', '-0.1']) {
    it(`refuses a step of ${step}`, () => assert.throws(() => decimal.toStep(decimal.qty('1'), decimal.qty(step), 'down'), /step must be positive/));
  }

  it('SZ-4 what a value buys, rounded down to the step, never costs more than the value', () => {
    fc.assert(
      fc.property(positive, positive, positive, (value, at, step) => {
        const quantity = decimal.toStep(decimal.quantityFor(money(value), decimal.price(written(at))), decimal.qty(written(step)), 'down');
        const cost = decimal.notional(decimal.price(written(at)), quantity);
        // 40 digits: a quotient rounded up in its last place may cost more by as little
        const slack = decimal.scale(money(value), decimal.ratio('1e-38'));
        assert.ok(decimal.atMost(cost, decimal.add(money(value), slack)), `${cost} > ${money(value)}`);
      }),
    );
  });

  it('the multiplier counts, and a price of zero buys nothing', () => {
    assert.equal(decimal.quantityFor(decimal.money('1000'), decimal.price('2.5'), decimal.ratio('100')), '4');
    assert.throws(() => decimal.quantityFor(decimal.money('1'), decimal.price('0')), RangeError);
  });

  it('the average price lies within the fills and weighs them by quantity', () => {
    const fill = (price: string, qty: string) => ({ price: decimal.price(price), qty: decimal.qty(qty) });
    assert.equal(decimal.averagePrice([fill('100', '1'), fill('200', '3')]), '175');
    assert.throws(() => decimal.averagePrice([]), { message: 'no average of nothing' });
    assert.throws(() => decimal.averagePrice([fill('1', '1'), fill('1', '-1')]), RangeError);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 1000 })), { minLength: 1 }), (fills) => {
        const average = decimal.averagePrice(fills.map(([price, qty]) => fill(String(price), String(qty))));
        const prices = fills.map(([price]) => price);
        assert.ok(decimal.toNumber(average) >= Math.min(...prices) && decimal.toNumber(average) <= Math.max(...prices));
      }),
    );
  });
});
