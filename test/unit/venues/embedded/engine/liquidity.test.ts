import fc from 'fast-check';
import { describe, it } from 'mocha';
import assert from 'node:assert/strict';
import { greaterThan, isPositive, lessThan, price, qty, toStep } from '#trading/money/decimal.ts';
import { LEVELS_MAX, Liquidity } from '#venues/embedded/engine/liquidity.ts';
import { perpTerms, quote } from './bench.ts';

describe('the matching engine: liquidity', () => {
  it('starts with the played top, gets worse level by level, on the grid, the same for the same seed', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: 1, max: 100_000 }),
        (seed, ticks, lots) => {
          const at = (tick: number): string => (tick / 10).toFixed(1);
          const played = quote({ bid: at(ticks), ask: at(ticks + 1), bidSize: String(lots / 1000), askSize: String(lots / 1000) });
          const [one, other] = [new Liquidity(seed, perpTerms), new Liquidity(seed, perpTerms)];
          one.renew(played);
          other.renew(played);
          for (const side of ['bids', 'asks'] as const) {
            const levels = one.side(side);
            assert.deepEqual(levels, other.side(side));
            assert.equal(levels[0]?.price, side === 'asks' ? played.ask : played.bid);
            assert.ok(levels.length <= LEVELS_MAX);
            for (const [index, level] of levels.entries()) {
              const before = levels[index - 1];
              if (before !== undefined) assert.ok(side === 'asks' ? greaterThan(level.price, before.price) : lessThan(level.price, before.price));
              assert.ok(isPositive(level.price) && isPositive(level.size));
              assert.equal(toStep(level.size, perpTerms.step, 'down'), level.size);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('an empty side offers nothing', () => {
    const liquidity = new Liquidity('seed', perpTerms);
    assert.deepEqual(liquidity.side('asks'), []);
    liquidity.renew(quote({ askSize: '0' }));
    assert.deepEqual(liquidity.side('asks'), []);
    assert.equal(liquidity.sizeAt('asks', price('50000.1')), qty('0'));
  });
});
