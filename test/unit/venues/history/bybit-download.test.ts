import assert from 'node:assert/strict';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { downloadRows, type Downloaded, type DownloadOptions } from '#venues/history/bybit-download.ts';
import { CANDLE_HEADER, FUNDING_HEADER } from '#venues/history/candle-file.ts';
import { HistoryError } from '#venues/history/history-error.ts';
import { inTempDir } from '#test/support/temp-dir.ts';
import { candle, candles, MemorySource, MINUTE_MS, START, upTo } from './source.ts';

const HOUR_MS = 3_600_000;
const at = (minute: number): number => START + minute * MINUTE_MS;
const load = (source: MemorySource, path: string, rest: Partial<DownloadOptions> = {}): Promise<Downloaded> =>
  downloadRows(source, { path, kind: 'candles', from: START, to: null, ...rest });
const rowsOf = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split('\n').slice(1);
const inFile = (work: (path: string) => Promise<void>): Promise<void> => inTempDir((dir) => work(join(dir, 'BTCUSDT-bybit-1m.csv')));
const refused = (promise: Promise<unknown>, words: RegExp): Promise<void> =>
  assert.rejects(promise, (error) => error instanceof HistoryError && words.test(error.message));

describe('downloading a history', () => {
  it('asks for windows of a page each, in order and without overlap, and writes the venue’s own text', () =>
    inFile(async (path) => {
      const source = new MemorySource(upTo(25), { nowAt: at(25) });
      const done = await load(source, path);
      assert.deepEqual(
        source.asked.map(({ from, to, limit }) => [from, to, limit]),
        [
          [at(0), at(10) - 1, 10],
          [at(10), at(20) - 1, 10],
          [at(20), at(24), 10],
        ],
      );
      assert.deepEqual(rowsOf(path), upTo(25));
      assert.deepEqual([done.added, done.pages, done.complete, done.resumedAt, done.info?.gaps], [25, 3, true, null, 0]);
    }));

  it('takes closed bars only: what is open at the venue’s clock or at --to is left out', () =>
    inFile(async (path) => {
      const source = new MemorySource(upTo(25), { nowAt: at(12) + 30_000 });
      await load(source, path);
      assert.deepEqual(rowsOf(path), upTo(12));
      await load(source, path, { to: at(5) });
      assert.deepEqual(rowsOf(path), upTo(12));
      source.nowAt = at(100);
      await load(source, path, { to: at(20) });
      assert.deepEqual(rowsOf(path), upTo(20));
    }));

  it('leaves a gap a gap, walks over empty pages, and counts what is missing', () =>
    inFile(async (path) => {
      const lines = candles(0, 1, 2, 60, 61, 62, 63, 70);
      const { info, pages } = await load(new MemorySource(lines, { nowAt: at(71) }), path);
      assert.deepEqual(rowsOf(path), lines);
      assert.equal(pages, 8);
      assert.deepEqual([info?.gaps, info?.missingBars, info?.largestGapMs, info?.firstGapLine], [2, 57 + 6, 58 * MINUTE_MS, 5]);
    }));

  it('interrupted at any page and torn at any byte, it ends as the same file', async function () {
    this.timeout(60_000);
    await inFile(async (path) => {
      // A dense beginning and a few outages: the interval stays the commonest distance, whatever of the file is there.
      const outages = fc.array(fc.tuple(fc.integer({ min: 10, max: 79 }), fc.integer({ min: 1, max: 30 })), { maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(
          outages,
          fc.integer({ min: 1, max: 20 }),
          fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.nat(80)), { maxLength: 4 }),
          async (silent, pageRows, crashes) => {
            writeFileSync(path, '');
            const lines = upTo(80).filter((_, minute) => !silent.some(([begin, length]) => minute >= begin && minute < begin + length));
            for (const [pages, torn] of crashes) {
              const source = new MemorySource(lines, { pageRows, nowAt: at(90) });
              let left = pages;
              source.before = () => {
                if (left-- === 0) throw new HistoryError('cut off');
              };
              await load(source, path).catch((error: unknown) => assert.ok(error instanceof HistoryError));
              const size = existsSync(path) ? readFileSync(path).length : 0;
              if (size > 0) truncateSync(path, Math.max(0, size - torn));
            }
            await load(new MemorySource(lines, { pageRows, nowAt: at(90) }), path);
            assert.equal(readFileSync(path, 'utf8'), `${[CANDLE_HEADER, ...lines].join('\n')}\n`);
          },
        ),
        { numRuns: 60 },
      );
    });
  });

  it('a torn last line is cut and said; the rows before it are kept and said', () =>
    inFile(async (path) => {
      writeFileSync(path, `${[CANDLE_HEADER, candle(0), candle(1), candle(2).slice(0, 20)].join('\n')}`);
      const notes: string[] = [];
      const { cutBytes, resumedAt, added } = await load(new MemorySource(upTo(5), { nowAt: at(5) }), path, { onNote: (line) => notes.push(line) });
      assert.deepEqual([cutBytes, resumedAt, added], [20, at(1), 3]);
      assert.match(notes[0] ?? '', /cut a torn last line of 20 bytes/);
      assert.match(notes[1] ?? '', /goes on after 2 rows/);
      assert.deepEqual(rowsOf(path), upTo(5));
    }));

  it('never goes on with another history, another interval, a hole, or an earlier beginning', () =>
    inFile(async (path) => {
      const source = new MemorySource(upTo(40), { nowAt: at(40) });
      await load(source, path, { from: at(10), to: at(20) });
      const before = readFileSync(path, 'utf8');
      await refused(load(new MemorySource([...upTo(19), candle(19, 7)], { nowAt: at(40) }), path, { from: at(10) }), /another history/);
      await refused(load(new MemorySource([], { nowAt: at(40) }), path, { from: at(10) }), /the venue has none of that time/);
      await refused(load(source, path, { from: at(25) }), /would leave a hole/);
      await refused(load(source, path, { from: at(3) }), /earlier rows since --from/);
      const hourly = Object.assign(new MemorySource(upTo(40), { nowAt: at(4000) }), { rowMs: HOUR_MS });
      await refused(load(hourly, path, { from: at(10) }), /its bars last 60000 ms, asked for 3600000/);
      assert.equal(readFileSync(path, 'utf8'), before);
    }));

  it('--from before the listing is no earlier beginning', () =>
    inFile(async (path) => {
      const lines = candles(50, 51, 52, 53);
      await load(new MemorySource(lines, { nowAt: at(52) }), path);
      const { added } = await load(new MemorySource(lines, { nowAt: at(54) }), path);
      assert.equal(added, 2);
      assert.deepEqual(rowsOf(path), lines);
    }));

  it('stops between two pages when told to, and goes on later', () =>
    inFile(async (path) => {
      const stop = new AbortController();
      const source = new MemorySource(upTo(50), { nowAt: at(50) });
      const seen: number[] = [];
      const first = await load(source, path, {
        signal: stop.signal,
        onProgress: ({ doneMs, totalMs, pages }) => {
          seen.push(doneMs / totalMs);
          if (pages === 2) stop.abort();
        },
      });
      assert.deepEqual([first.complete, first.pages], [false, 2]);
      assert.ok((seen[0] ?? 0) < (seen[1] ?? 0) && (seen[1] ?? 1) < 1);
      const second = await load(source, path, { onProgress: ({ doneMs, totalMs }) => seen.push(doneMs / totalMs) });
      assert.equal(second.complete, true);
      assert.equal(seen.at(-1), 1);
      assert.deepEqual(rowsOf(path), upTo(50));
    }));

  it('refuses a window in which nothing is final, and rows that crowd a page', () =>
    inFile(async (path) => {
      await refused(load(new MemorySource(upTo(5), { nowAt: at(5) }), path, { from: at(5) }), /no row is final/);
      const crowded = [candle(0), candle(0.5), candle(1)];
      await refused(load(new MemorySource(crowded, { nowAt: at(9) }), path), /nearer than the 60000 ms/);
      assert.equal(existsSync(path), false);
    }));

  it('funding: settlements as text, with their gaps', () =>
    inFile(async (path) => {
      const lines = [0, 8, 16, 24, 48, 56].map((hour) => `${START + hour * HOUR_MS},${hour % 16 === 0 ? '-0.00012' : '0.0001'}`);
      const source = Object.assign(new MemorySource(lines, { pageRows: 20, nowAt: START + 56 * HOUR_MS, finalAfterMs: 0 }), { rowMs: HOUR_MS });
      const { info } = await load(source, path, { kind: 'funding' });
      assert.equal(readFileSync(path, 'utf8'), `${[FUNDING_HEADER, ...lines].join('\n')}\n`);
      assert.deepEqual(
        [info?.kind, info?.rows, info?.intervalMs, info?.gaps, info?.largestGapMs, info?.firstGapLine],
        ['funding', 6, 8 * HOUR_MS, 1, 24 * HOUR_MS, 6],
      );
      assert.equal((await load(source, path, { kind: 'funding' })).added, 0);
      await refused(load(source, path), /the header is not/);
    }));
});
