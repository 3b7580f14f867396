import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, it } from 'mocha';
import { DataFileError } from '#venues/embedded/market/inspect.ts';
import { inspectDataFile } from '#venues/history/data-file.ts';
import { intervalName, intervalOf, INTERVAL_NAMES } from '#venues/history/intervals.ts';
import { inTempDir } from '#test/support/temp-dir.ts';
import { START } from './source.ts';

const HOUR_MS = 3_600_000;
const funding = (...hours: readonly number[]): string => ['ts_ms,rate', ...hours.map((hour) => `${START + hour * HOUR_MS},0.0001`), ''].join('\n');

describe('files of a history', () => {
  it('funding: a change of the interval is no gap, a missing settlement is', () =>
    inTempDir(async (dir) => {
      const path = join(dir, 'f.csv');
      const gapsOf = async (...hours: readonly number[]): Promise<number> => {
        writeFileSync(path, gzipSync(funding(...hours)));
        return (await inspectDataFile(path)).gaps;
      };
      assert.equal(await gapsOf(0, 8, 16, 24), 0);
      assert.equal(await gapsOf(0, 4, 8, 16, 24), 0);
      assert.equal(await gapsOf(0, 4, 8, 16, 20, 24), 1);
      assert.equal(await gapsOf(0, 8, 24, 32), 1);
      assert.equal(await gapsOf(0, 8, 32, 56, 64), 2);
      assert.equal(await gapsOf(0, 24), 1);
      assert.equal(await gapsOf(0), 0);
    }));

  it('a wrong settlement is named with its line and what would be right', () =>
    inTempDir(async (dir) => {
      const path = join(dir, 'f.csv');
      const wrong = async (text: string, line: number | null, words: RegExp): Promise<void> => {
        writeFileSync(path, text);
        await assert.rejects(inspectDataFile(path), (error) => error instanceof DataFileError && error.line === line && words.test(error.message));
      };
      await wrong(`${funding(0, 8)}${START + 16 * HOUR_MS},NaN\n`, 4, /not a number/);
      await wrong(`${funding(0, 8)}1704672000,0.1\n`, 4, /UTC milliseconds/);
      await wrong(funding(0, 8, 8), 4, /is not after/);
      await wrong(funding(8, 0), 3, /sort the rows/);
      await wrong(`${funding(0)}${START + HOUR_MS},0.1,9\n`, 3, /has 3 cells/);
      await wrong('ts_ms,rate\n', null, /no rows/);
      await wrong('time,rate\n1,2\n', 1, /the header is/);
      await assert.rejects(inspectDataFile(join(dir, 'none.csv')), /does not exist/);
    }));

  it('an interval has one name', () => {
    for (const name of INTERVAL_NAMES) assert.equal(intervalName(intervalOf(name).ms), name);
    assert.equal(intervalName(7 * 60_000), '7m');
    assert.throws(() => intervalOf('2m'), /there are 1m, 3m/);
  });
});
