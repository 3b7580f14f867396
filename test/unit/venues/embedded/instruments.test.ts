import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { derivedInstrument } from '#venues/embedded/instruments.ts';

const DECIMALS = 12;
const price = fc.double({ min: -9, max: 9, noNaN: true }).map((exponent) => 10 ** exponent);

describe('an instrument that only its recording knows', () => {
  it('SZ-4 takes orders at any price: its largest is worth far more than its smallest', () => {
    fc.assert(
      fc.property(fc.constantFrom('spot', 'linear'), price, (category, at) => {
        const { lot, maxQty, maxMarketQty, minNotional } = derivedInstrument(category, 'PEPEUSDT', DECIMALS, at);
        for (const most of [maxQty, maxMarketQty]) {
          assert.match(most, /^\d+$/);
          assert.ok(Number(most) * at >= 1000 * Number(minNotional), `${most} at ${at}`);
          assert.ok(Number(most) > Number(lot));
        }
        assert.ok(Number(maxQty) >= Number(maxMarketQty));
      }),
    );
  });
});
