import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { gzipSync } from 'node:zlib';
import { DataFileError, inspectFile } from '#venues/embedded/market/inspect.ts';
import { inTempDir } from '../../../support/temp-dir.ts';
import { CANDLES, MINUTE, QUOTES, START, bar, write } from './data-files.ts';

const GOOD = bar(0, 10, 12, 9, 11, 5);

/** What is wrong, the rows under the header, the line it must name, and what it must say. */
const WRONG: readonly (readonly [string, readonly string[], number, RegExp])[] = [
  ['a NaN price', [GOOD, bar(1, 'NaN', 12, 9, 11, 5)], 3, /open "NaN" is not a number/],
  ['an empty price', [GOOD, bar(1, 10, '', 9, 11, 5)], 3, /high "" is not a number/],
  ['a word', [GOOD, bar(1, 10, 12, 'low', 11, 5)], 3, /low "low" is not a number/],
  ['Infinity', [GOOD, bar(1, 10, 'Infinity', 9, 11, 5)], 3, /high "Infinity" is not a number/],
  ['a quoted number', [GOOD, bar(1, '"10"', 12, 9, 11, 5)], 3, /open "\\"10\\"" is not a number/],
  ['a negative price', [bar(0, 10, 12, -9, 11, 5)], 2, /low "-9" is not above zero/],
  ['a zero price', [GOOD, bar(1, 10, 12, 9, 11, 5), bar(2, 10, 12, 9, '0.0', 5)], 4, /close "0.0" is not above zero/],
  ['high below low', [GOOD, bar(1, 10, 9, 12, 11, 5)], 3, /high 9 is below low 12/],
  ['a close outside', [GOOD, bar(1, 10, 12, 9, 13, 5)], 3, /close 13 lies outside low 9 and high 12/],
  ['a negative volume', [GOOD, bar(1, 10, 12, 9, 11, -1)], 3, /volume "-1" is below zero/],
  ['a missing cell', [GOOD, bar(1, 10, 12, 9, 11)], 3, /the row has 5 cells; it must have 6/],
  ['an empty line', [GOOD, '', bar(1, 10, 12, 9, 11, 5)], 3, /the row has 1 cells/],
  ['an unsorted row', [bar(3, 10, 12, 9, 11, 5), GOOD], 3, /is before 1700000220000 of the row above; sort the rows/],
  ['a duplicate bar', [GOOD, GOOD], 3, /stands twice/],
  ['overlapping bars', [GOOD, bar(1, 10, 12, 9, 11, 5), bar(1.5, 10, 12, 9, 11, 5), bar(2.5, 10, 12, 9, 11, 5)], 4, /opens 30000 ms after/],
  ['seconds', ['1700000040,10,12,9,11,5'], 2, /is no time of this century; ts_ms is UTC milliseconds, not seconds/],
  ['a date', ['2023-11-14,10,12,9,11,5'], 2, /ts_ms "2023-11-14" is not a whole number/],
];

async function refused(path: string): Promise<DataFileError> {
  const error: unknown = await inspectFile(path).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof DataFileError, `expected a refusal, got ${String(error)}`);
  assert.ok(error.message.startsWith(path), error.message);
  assert.ok(!error.message.includes('\n') && error.right.length > 0, error.message);
  return error;
}

describe('embedded venue: data files are checked whole before anything is played', () => {
  for (const [what, rows, line, says] of WRONG) {
    it(`refuses ${what}, naming line ${line}`, () =>
      inTempDir(async (dir) => {
        const error = await refused(write(dir, 'bars.csv.gz', [CANDLES, ...rows]));
        assert.equal(error.line, line);
        assert.match(error.message, says);
      }));
  }

  it('refuses a wrong quote with its line', () =>
    inTempDir(async (dir) => {
      const error = await refused(write(dir, 'quotes.csv', [QUOTES, `${START},10,11,1,1`, `${START},10,NaN,1,1`]));
      assert.equal(error.line, 3);
      assert.match(error.message, /ask "NaN" is not a number/);
    }));

  it('refuses files that are missing, empty, headerless, without rows, a directory', () =>
    inTempDir(async (dir) => {
      assert.match((await refused(join(dir, 'none.csv'))).message, /does not exist/);
      assert.match((await refused(dir)).message, /is a directory/);
      writeFileSync(join(dir, 'empty.csv'), '');
      assert.match((await refused(join(dir, 'empty.csv'))).message, /is empty; it must start with the header ts_ms,/);
      assert.match((await refused(write(dir, 'header.csv', [CANDLES]))).message, /has a header and no rows/);
      const wrong = await refused(write(dir, 'trades.csv', ['ts_ms,price,size,side', `${START},1,1,buy`]));
      assert.equal(wrong.line, 1);
      assert.match(wrong.message, /the header is "ts_ms,price,size,side"; it must be ts_ms,open,high/);
    }));

  it('refuses a torn or broken gzip and a line without end', () =>
    inTempDir(async (dir) => {
      const rows = [CANDLES, ...Array.from({ length: 5000 }, (_, index) => bar(index, 10 + (index % 7), 30, 9, 11, index))].join('\n');
      const torn = join(dir, 'torn.csv.gz');
      writeFileSync(torn, gzipSync(rows).subarray(0, 9000));
      assert.match((await refused(torn)).message, /cannot be read here: .*; it must be CSV text, plain or gzip, and whole/);
      const broken = join(dir, 'broken.csv.gz');
      writeFileSync(broken, Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(100, 7)]));
      assert.match((await refused(broken)).message, /cannot be read here/);
      const endless = join(dir, 'endless.csv');
      writeFileSync(endless, `${CANDLES}\n${'1'.repeat(100_000)}`);
      assert.match((await refused(endless)).message, /cannot be read here|is not a whole number|cells/);
    }));

  it('tells kind, rows, times, interval, gaps and the price grid', () =>
    inTempDir(async (dir) => {
      const rows = [
        GOOD,
        bar(1, 11, 12, 9, 11.25, 0),
        bar(2, 11, 12, 9, 11, '1e-3'),
        bar(5, 11, 12, 9, 11, 5),
        bar(6, 11, 12, 9, 11, 5),
        bar(8, 11, 12, 9, 11, 5),
      ];
      for (const name of ['bars.csv', 'bars.csv.gz']) {
        const info = await inspectFile(write(dir, name, [CANDLES, ...rows]));
        assert.deepEqual(
          { ...info, path: '' },
          {
            path: '',
            kind: 'candles',
            rows: 6,
            firstAt: START,
            lastAt: START + 8 * MINUTE,
            intervalMs: MINUTE,
            gaps: 2,
            missingBars: 3,
            largestGapMs: 3 * MINUTE,
            firstGapLine: 5,
            priceDecimals: 2,
            firstPrice: 10,
          },
        );
      }
    }));

  it('reads files of spreadsheets: a byte order mark and carriage returns', () =>
    inTempDir(async (dir) => {
      const path = join(dir, 'windows.csv');
      writeFileSync(path, `\uFEFF${[CANDLES, GOOD, bar(1, 10, 12, 9, 11, 5)].join('\r\n')}\r\n`);
      assert.equal((await inspectFile(path)).rows, 2);
    }));

  it('QS-2 takes crossed quotes, empty sizes and several quotes in one millisecond as recorded', () =>
    inTempDir(async (dir) => {
      const info = await inspectFile(write(dir, 'quotes.csv', [QUOTES, `${START},10,11,1,1`, `${START},12,11,,`, `${START + 1},10,11,1,1`]));
      assert.deepEqual([info.kind, info.rows, info.intervalMs, info.gaps], ['quotes', 3, null, 0]);
    }));
});
