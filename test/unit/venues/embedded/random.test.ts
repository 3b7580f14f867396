import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { Draws } from '#venues/embedded/market/random.ts';

const take = (draws: Draws, count: number): number[] => Array.from({ length: count }, () => draws.uniform());

describe('embedded venue: chance', () => {
  it('a minute has the same draws whatever was drawn before it', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(40_000_000), fc.nat(3), fc.nat(50), (seed, minute, lane, before) => {
        const used = new Draws(seed, 'path:BTC');
        take(used.at(minute + 1, lane), before);
        used.normal();
        assert.deepEqual(take(used.at(minute, lane), 5), take(new Draws(seed, 'path:BTC').at(minute, lane), 5));
      }),
    );
  });

  it('names, seeds, minutes and lanes are apart', () => {
    const first = [
      new Draws('1', 'a').at(7, 0),
      new Draws('2', 'a').at(7, 0),
      new Draws('1', 'b').at(7, 0),
      new Draws('1', 'a').at(8, 0),
      new Draws('1', 'a').at(7, 1),
    ].map((draws) => draws.uniform());
    assert.equal(new Set(first).size, first.length);
  });

  it('uniform and normal draws have the moments they should, over minutes too', () => {
    const draws = new Draws('moments', 'x');
    let [sum, normalSum, squares, count] = [0, 0, 0, 0];
    for (let minute = 0; minute < 20_000; minute++) {
      sum += draws.at(minute, 0).uniform();
      const normal = draws.normal();
      normalSum += normal;
      squares += normal * normal;
      count++;
    }
    assert.ok(Math.abs(sum / count - 0.5) < 0.01, `mean ${sum / count}`);
    assert.ok(Math.abs(normalSum / count) < 0.03, `normal mean ${normalSum / count}`);
    assert.ok(Math.abs(squares / count - 1) < 0.04, `variance ${squares / count}`);
  });
});
