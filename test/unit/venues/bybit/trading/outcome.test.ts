import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { changeFailure, isHalting, isPaused, isUnchanged, placeFailure, type Answer } from '#venues/bybit/trading/outcome.ts';

const coded = (retCode: number): Answer => ({ retCode, httpStatus: 200, text: 'bybit {"retMsg":"said"}' });
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** bybit.md §5.3, by class. */
const UNKNOWN = [10000, 10016, 10014, 10019, 10429, 429, 110079, 170001, 170007, 170032, 170035, 170146, 170149, 170210, 20003, 20006, 500000];
const NOT_LOOKED_AT = [10006, 170005, 170222, 10403, 10002, 403];
const REJECTED = [
  ...[10001, 110003, 110004, 110007, 110012, 110017, 110009, 110020, 110090, 110092, 110093, 110094, 110120, 110121, 130125, 170121, 170124],
  ...range(170130, 170140),
  ...[170193, 170194, 170371, 170372, 170381, 170382, 170810, 30208, 30209],
];
const KEYS = [10003, 10004, 10005, 10007, 10008, 10009, 10010, 10024, 10027, 10028, 10029, 33004];
const PAUSED = [110066, 110063, 110023, 110042, 30228, 110074];
const GONE = [110001, 170213, 110008, 110010, 170139, 170142, 170143, 170190];

describe('what an answer of Bybit means for an order', () => {
  for (const code of UNKNOWN)
    it(`ST-4 ${code} says nothing about the order`, () => {
      const outcome = placeFailure(coded(code));
      assert.deepEqual([outcome.kind, outcome.kind === 'unknown' && outcome.answered], ['unknown', true]);
      assert.ok(!isHalting(coded(code)) && !isPaused(coded(code)));
      assert.equal(changeFailure(coded(code)).kind, 'unknown');
    });

  it('ST-4 a code that nobody knows is unknown, whatever its number', () => {
    for (const code of [1, 9999, 110_999, 170_170, 3_400_214, -1]) assert.equal(placeFailure(coded(code)).kind, 'unknown', String(code));
  });

  it('ST-4 ids that the venue has are never rejections', () => {
    for (const code of [110072, 170141]) assert.match(JSON.stringify(placeFailure(coded(code))), /"unknown".*the id exists at the venue/);
  });

  it('limits, clocks, refusals, keys and paused symbols: the order is not there', () => {
    for (const code of [...NOT_LOOKED_AT, ...REJECTED, ...KEYS, ...PAUSED]) {
      const outcome = placeFailure(coded(code));
      assert.deepEqual([outcome.kind, outcome.kind === 'rejected' && outcome.code], ['rejected', String(code)]);
    }
  });

  it('only keys halt everything, only symbols are paused', () => {
    const all = [...UNKNOWN, ...NOT_LOOKED_AT, ...REJECTED, ...KEYS, ...PAUSED, ...GONE];
    assert.deepEqual(
      all.filter((code) => isHalting(coded(code))),
      KEYS,
    );
    assert.deepEqual(
      all.filter((code) => isPaused(coded(code))),
      PAUSED,
    );
  });

  it('without a code there was no answer of Bybit: a proxy has answered, or nobody', () => {
    for (const httpStatus of [500, 502, 503, 504, 403, 429]) {
      const page: Answer = { retCode: null, httpStatus, text: `bybit ${httpStatus} <html>Forbidden</html>` };
      assert.deepEqual(placeFailure(page), { kind: 'unknown', reason: page.text, answered: true });
      assert.equal(changeFailure(page).kind, 'unknown');
    }
    const lost: Answer = { retCode: null, httpStatus: null, text: 'transport' };
    assert.deepEqual(placeFailure(lost), { kind: 'unknown', reason: 'transport', answered: false });
    assert.deepEqual(changeFailure(lost), { kind: 'unknown', reason: 'transport' });
  });

  it('cancel and amend: gone is no error, limits may be tried again, 170147/170191/170212 are unknown', () => {
    for (const code of GONE) assert.deepEqual(changeFailure(coded(code)), { kind: 'gone' }, String(code));
    for (const code of [...NOT_LOOKED_AT, 170147, 170191, 170212]) assert.equal(changeFailure(coded(code)).kind, 'unknown', String(code));
    for (const code of [10001, 110017, ...KEYS, ...PAUSED]) assert.equal(changeFailure(coded(code)).kind, 'rejected', String(code));
  });

  it('"not modified" is what was wanted', () => {
    for (const code of [110025, 110026, 110043, 34040]) {
      assert.ok(isUnchanged(coded(code)));
      assert.deepEqual(changeFailure(coded(code)), { kind: 'done' });
    }
  });
});
