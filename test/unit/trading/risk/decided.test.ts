import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DECIDED_KEPT_MAX, wasDecided, withDecided, type DecidedIds } from '#trading/risk/decided.ts';

const idsOf = (ids: readonly string[]): DecidedIds => ids.reduce<DecidedIds>(withDecided, []);

describe('the ids of decided orders', () => {
  it('RK-2 what was decided is known, what was not is not', () => {
    const id = fc.stringMatching(/^[pl][a-z0-9]{3}$/);
    fc.assert(
      fc.property(fc.uniqueArray(id, { maxLength: DECIDED_KEPT_MAX }), id, (decided, other) => {
        const ids = idsOf(decided);
        assert.ok(decided.every((one) => wasDecided(ids, one)));
        assert.equal(wasDecided(ids, other), decided.includes(other));
      }),
    );
  });

  it('the oldest are forgotten, list by list', () => {
    const decided = Array.from({ length: DECIDED_KEPT_MAX + 5 }, (_, index) => `${index}a`);
    const ids = idsOf(['0b', ...decided]);
    assert.deepEqual(
      decided.filter((id) => !wasDecided(ids, id)),
      ['0a', '1a', '2a', '3a', '4a'],
    );
    assert.ok(wasDecided(ids, '0b'));
  });

  it('a snapshot is text and back', () => {
    const ids = idsOf(['p1a', 'l2b', 'p3a']);
    assert.deepEqual(JSON.parse(JSON.stringify(ids)), ids);
  });
});
