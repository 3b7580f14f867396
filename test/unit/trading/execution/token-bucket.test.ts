import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { ratio } from '#trading/money/decimal.ts';
import { shareOf } from '#trading/execution/live-send.ts';
import { bucketRules, fullBucket, takeTokens } from '#trading/execution/token-bucket.ts';

const WINDOW_MS = 1000;

/** Asks at each time, waiting where it must, and gives the times at which a token was granted. */
function grants(limit: number, share: number, gaps: readonly number[]): number[] {
  const rules = bucketRules(limit, WINDOW_MS, share);
  let bucket = fullBucket(rules, 0);
  let now = 0;
  const times: number[] = [];
  for (const gap of gaps) {
    now += gap;
    let taken = takeTokens(rules, bucket, now);
    if (taken.waitMs > 0) {
      now += taken.waitMs;
      taken = takeTokens(rules, taken.bucket, now);
      assert.equal(taken.waitMs, 0, 'after the wait a token is there');
    }
    bucket = taken.bucket;
    times.push(now);
  }
  return times;
}

describe('execution/token-bucket', () => {
  it('RT-4 no window, wherever it begins, sees more than the share of the limit', () => {
    const gaps = fc.array(fc.oneof(fc.constant(0), fc.nat({ max: 40 }), fc.nat({ max: 3000 })), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0.05, max: 1, noNaN: true }), gaps, (limit, share, waits) => {
        fc.pre(Math.floor(limit * share) >= 1);
        const times = grants(limit, share, waits);
        for (const from of times) {
          const within = times.filter((at) => at >= from && at < from + WINDOW_MS).length;
          assert.ok(within <= Math.floor(limit * share), `${within} of ${limit} × ${share} in the window from ${from}`);
        }
      }),
    );
  });

  for (const [limit, allowed] of [
    [10, 9],
    [600, 540],
  ] as const) {
    it(`RT-4 steady demand under a limit of ${limit} gets at least nine tenths of its share of ${allowed}`, () => {
      const windows = 20;
      const times = grants(limit, 0.9, Array<number>(allowed * windows).fill(0));
      const took = times.at(-1) ?? 0;
      assert.ok(took <= (windows / 0.9) * WINDOW_MS, `${allowed * windows} requests took ${took} ms`);
    });
  }

  it('waits exactly as long as it says, and takes nothing meanwhile', () => {
    const rules = bucketRules(2, WINDOW_MS, 1);
    const first = takeTokens(rules, fullBucket(rules, 0), 0);
    const second = takeTokens(rules, first.bucket, 0);
    assert.equal(second.waitMs, 500);
    assert.equal(second.bucket.level, first.bucket.level);
    assert.equal(takeTokens(rules, second.bucket, 499).waitMs, 1);
    assert.equal(takeTokens(rules, second.bucket, 500).waitMs, 0);
  });

  it('a clock that steps back refills nothing twice', () => {
    const rules = bucketRules(2, WINDOW_MS, 1);
    const empty = takeTokens(rules, fullBucket(rules, 1000), 1000).bucket;
    const back = takeTokens(rules, empty, 400);
    assert.equal(back.waitMs, 1100);
    assert.equal(takeTokens(rules, back.bucket, 1400).waitMs, 100);
  });

  it('RT-4 however low a limit and a share are, one request a window goes', () => {
    for (let limit = 1; limit <= 200; limit++) {
      const { capacity, refill } = shareOf({ limit, windowMs: WINDOW_MS }, { rateLimit: ratio('0.001') });
      assert.deepEqual([capacity, refill], [WINDOW_MS, 1], `a limit of ${limit}`);
    }
    assert.deepEqual(shareOf({ limit: 20, windowMs: WINDOW_MS }, { rateLimit: ratio('0.9') }), bucketRules(20, WINDOW_MS, 0.9));
  });

  it('names what is wrong with its rules', () => {
    assert.throws(() => bucketRules(1, WINDOW_MS, 0.9), /limit × share must be at least 1/);
    assert.throws(() => bucketRules(10, 0, 1), /windowMs must be an integer/);
    assert.throws(() => bucketRules(10, WINDOW_MS, 1.5), /share must be above 0/);
    const rules = bucketRules(20, WINDOW_MS, 1);
    assert.throws(() => takeTokens(rules, fullBucket(rules, 0), 0, 3), /tokens must be an integer from 1 to 2, got 3/);
  });
});
