import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { backoffMs, jitter } from '#supervisors/backoff.ts';
import { admit, affected, restarts } from '#supervisors/supervise.ts';

const CHILD_OF_SOME = fc.integer({ min: 1, max: 12 }).chain((count) => fc.tuple(fc.nat({ max: count - 1 }), fc.constant(count)));

describe('the failure policy', () => {
  it('one_for_one restarts the one, rest_for_one it and those after it, one_for_all all, in start order', () => {
    assert.deepEqual(affected('one_for_one', 1, 3), [1]);
    assert.deepEqual(affected('rest_for_one', 1, 3), [1, 2]);
    assert.deepEqual(affected('one_for_all', 1, 3), [0, 1, 2]);
    fc.assert(
      fc.property(fc.constantFrom('one_for_one', 'rest_for_one', 'one_for_all'), CHILD_OF_SOME, (strategy, [index, count]) => {
        const indexes = affected(strategy, index, count);
        assert.ok(indexes.includes(index));
        assert.ok(indexes.every((each, at) => each >= 0 && each < count && (at === 0 || each === (indexes[at - 1] ?? 0) + 1)));
      }),
    );
  });

  it('permanent always restarts, transient unless it ended normally, temporary never', () => {
    const cases = (['permanent', 'transient', 'temporary'] as const).map((type) =>
      [true, false].map((normal) => restarts(type, { reason: '', normal })),
    );
    assert.deepEqual(cases, [
      [true, true],
      [false, true],
      [false, false],
    ]);
  });

  it('max failures within the window are admitted, one more is not', () => {
    const intensity = { max: 3, withinMs: 100 };
    let failures: readonly number[] = [];
    const tooMany = [0, 10, 20, 30].map((now) => {
      const admitted = admit(failures, now, intensity);
      ({ failures } = admitted);
      return admitted.tooMany;
    });
    assert.deepEqual(tooMany, [false, false, false, true]);
  });

  it('gives up exactly where some window holds more than max failures', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 50 }), { maxLength: 40 }),
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 1, max: 200 }),
        (gaps, max, withinMs) => {
          const times: number[] = [];
          let failures: readonly number[] = [];
          let now = 0;
          for (const gap of gaps) {
            now += gap;
            times.push(now);
            const admitted = admit(failures, now, { max, withinMs });
            ({ failures } = admitted);
            assert.equal(admitted.tooMany, times.filter((at) => now - at < withinMs).length > max);
          }
        },
      ),
    );
  });

  it('back-off doubles up to its cap, with a jitter of at most a half, the same for the same seed', () => {
    const backoff = { baseMs: 50, capMs: 10_000, healthyAfterMs: 1 };
    assert.deepEqual(
      [1, 2, 3, 9, 99].map((attempt) => backoffMs(attempt, backoff, 1)),
      [50, 100, 200, 10_000, 10_000],
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.string(), fc.string(), (attempt, seed, name) => {
        const fraction = jitter(seed, name, attempt);
        assert.ok(fraction >= 0 && fraction < 1);
        assert.equal(fraction, jitter(seed, name, attempt));
        const full = backoffMs(attempt, backoff, 1);
        const delay = backoffMs(attempt, backoff, fraction);
        assert.ok(delay >= full / 2 && delay <= full);
      }),
    );
    assert.notEqual(jitter('1', 'gateway', 1), jitter('1', 'gateway', 2));
    assert.notEqual(jitter('1', 'gateway', 1), jitter('2', 'gateway', 1));
  });
});
