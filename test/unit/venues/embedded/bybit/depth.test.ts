import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { changes } from '#venues/embedded/bybit/depth.ts';

const side = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 40 }).map(String), fc.integer({ min: 1, max: 5 }).map(String)), {
  selector: ([price]) => price,
  maxLength: 20,
});

describe('embedded venue: the difference of two books', () => {
  it('brings whoever has the one to the other, and names no level twice or in vain', () => {
    fc.assert(
      fc.property(side, side, (before, after) => {
        const book = new Map(before);
        const told = changes(before, after);
        for (const [price, size] of told) {
          assert.notEqual(book.get(price), size);
          if (size === '0') book.delete(price);
          else book.set(price, size);
        }
        assert.deepEqual(book, new Map(after));
        assert.equal(new Set(told.map(([price]) => price)).size, told.length);
      }),
    );
  });
});
