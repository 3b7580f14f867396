import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { DataFileError } from '#venues/embedded/market/inspect.ts';
import { openRecorded, type RecordedFile, type RecordedOptions } from '#venues/embedded/market/recorded.ts';
import type { MarketProcess, Step } from '#venues/embedded/market/process.ts';
import { inTempDir } from '../../../support/temp-dir.ts';
import { CANDLES, MINUTE, QUOTES, START, bar, write } from './data-files.ts';

const ALL = { intervalMinutes: 1, from: 0, before: Infinity, limit: 1000, keep: 'newest' } as const;

async function drain(market: MarketProcess): Promise<Step[]> {
  const steps: Step[] = [];
  for (let step = await market.next(); step !== null; step = await market.next()) steps.push(step);
  assert.equal(await market.next(), null, 'the end stays the end');
  await market.close();
  return steps;
}

async function play(files: readonly RecordedFile[], options: Partial<RecordedOptions> = {}): Promise<{ market: MarketProcess; steps: Step[] }> {
  const market = await openRecorded({ files, resumeAt: null, ...options });
  return { market, steps: await drain(market) };
}

const btc = (path: string): RecordedFile => ({ path, category: 'spot', venueSymbol: 'BTCUSDT' });
const doge = (path: string): RecordedFile => ({ path, category: 'linear', venueSymbol: 'DOGEUSDT' });
const lasts = (steps: readonly Step[]): (string | undefined)[] => steps.map(({ trades }) => trades[0]?.price);
const seconds = (steps: readonly Step[]): number[] => steps.map(({ at }) => (at - START) / 1000);

describe('embedded venue: recorded market', () => {
  it('walks a rising bar O L H C and a falling bar O H L C, a quarter of the interval apart', () =>
    inTempDir(async (dir) => {
      const { steps } = await play([
        btc(write(dir, 'a.csv', [CANDLES, bar(0, 100, 120, 90, 110, 4), bar(1, 110, 130, 80, 105, 4), bar(2, 105, 106, 104, 105, 4)])),
      ]);
      assert.deepEqual(lasts(steps), ['100', '90', '120', '110', '110', '130', '80', '105', '105', '104', '106', '105']);
      assert.deepEqual(seconds(steps), [0, 15, 30, 45, 60, 75, 90, 105, 120, 135, 150, 165]);
    }));

  it('quotes around the walked price: exact last, bid ≤ last ≤ ask, at least a tick on each side, about a basis point wide', () =>
    inTempDir(async (dir) => {
      const { steps } = await play([
        btc(write(dir, 'a.csv.gz', [CANDLES, bar(0, '67745.75', 67784, 67726, '67768.01', '26.98425'), bar(1, 5, 9, '4.5', 6, 1)])),
      ]);
      for (const { books, trades } of steps) {
        const [bid, last, ask] = [Number(books[0]?.bid), Number(trades[0]?.price), Number(books[0]?.ask)];
        assert.ok(bid <= last - 0.1 + 1e-6 && ask >= last + 0.1 - 1e-6, `${bid} ${last} ${ask}`);
        assert.ok(ask - bid < last * 0.0001 + 0.41, `${bid} ${ask}`);
        assert.ok(
          [books[0]?.bid, books[0]?.ask].every((price) => /^\d+\.\d0?$/.test(price ?? '')),
          'on the instrument’s grid',
        );
      }
      assert.equal(steps[0]?.trades[0]?.price, '67745.75');
    }));

  it('splits the volume over the four trades, exactly, and makes up no trade where there was none', () =>
    inTempDir(async (dir) => {
      const { market, steps } = await play([
        btc(write(dir, 'a.csv', [CANDLES, bar(0, 100, 120, 90, 110, '26.98425'), bar(1, 110, 110, 110, 110, 0)])),
      ]);
      const sizes = steps.slice(0, 4).map(({ trades }) => trades[0]?.size ?? '');
      assert.equal(
        sizes.reduce((sum, size) => sum + BigInt(size.replace('.', '')), 0n),
        269_842_500n,
      );
      assert.ok(steps.slice(4).every(({ books, trades }) => books.length === 1 && trades.length === 0));
      const history = market.history('spot:BTCUSDT', ALL);
      assert.deepEqual(
        history.map(({ open, high, low, close, volume }) => [open, high, low, close, Number(volume.toFixed(8))]),
        [
          [100, 120, 90, 110, 26.98425],
          [110, 110, 110, 110, 0],
        ],
      );
    }));

  it('leaves missing bars missing and tells of them', () =>
    inTempDir(async (dir) => {
      const path = write(dir, 'a.csv', [CANDLES, bar(0, 1, 2, 1, 2, 1), bar(1, 1, 2, 1, 2, 1), bar(4, 1, 2, 1, 2, 1)]);
      const { market, steps } = await play([btc(path)]);
      assert.deepEqual(market.gaps, [{ file: path, gaps: 1, missingBars: 2, largestGapMs: 3 * MINUTE }]);
      assert.deepEqual(seconds(steps), [0, 15, 30, 45, 60, 75, 90, 105, 240, 255, 270, 285]);
      assert.deepEqual(
        market.history('spot:BTCUSDT', ALL).map(({ at }) => (at - START) / MINUTE),
        [0, 1, 4],
      );
    }));

  it('merges files by time: one step holds what several symbols do at once', () =>
    inTempDir(async (dir) => {
      const one = write(dir, 'one.csv', [CANDLES, bar(0, 100, 120, 90, 110, 4), bar(1, 100, 120, 90, 110, 4)]);
      const five = write(dir, 'five.csv', [CANDLES, bar(-4, '0.2', '0.3', '0.1', '0.25', 8), bar(1, '0.2', '0.3', '0.1', '0.25', 8)]);
      const { steps } = await play([btc(one), doge(five)]);
      const keys = steps.map(({ at, books }) => [(at - START) / 1000, ...books.map(({ key }) => key)]);
      assert.deepEqual(keys.slice(0, 6), [
        [-240, 'linear:DOGEUSDT'],
        [-165, 'linear:DOGEUSDT'],
        [-90, 'linear:DOGEUSDT'],
        [-15, 'linear:DOGEUSDT'],
        [0, 'spot:BTCUSDT'],
        [15, 'spot:BTCUSDT'],
      ]);
      assert.deepEqual(
        keys.find(([at]) => at === 60),
        [60, 'spot:BTCUSDT', 'linear:DOGEUSDT'],
      );
      assert.equal(steps.flatMap(({ books }) => books).length, 16);
    }));

  it('from and to cut the window; what is before serves as history', () =>
    inTempDir(async (dir) => {
      const path = write(dir, 'a.csv', [CANDLES, ...[0, 1, 2, 3].map((index) => bar(index, 100 + index, 120, 90, 110, 4))]);
      const market = await openRecorded({ files: [btc(path)], from: START + 2 * MINUTE, to: START + 3 * MINUTE, resumeAt: null });
      assert.equal(market.start, START + 2 * MINUTE);
      assert.deepEqual(
        market.history('spot:BTCUSDT', ALL).map(({ at }) => (at - START) / MINUTE),
        [0, 1],
      );
      assert.deepEqual(
        market.opening.map(({ at, book }) => [(at - START) / 1000, book.bid]),
        [[105, '109.9']],
      );
      assert.deepEqual(seconds(await drain(market)), [120, 135, 150, 165, 180]);
      assert.equal(market.end, START + 3 * MINUTE);
    }));

  it('resumeAt skips what is at or before it; the rest is played as if nothing had been skipped', () =>
    inTempDir(async (dir) => {
      const path = write(dir, 'a.csv', [
        CANDLES,
        ...Array.from({ length: 1500 }, (_, index) => bar(index, 100 + (index % 9), 120, 90, 110 - (index % 7), 4)),
      ]);
      const { market: whole, steps } = await play([btc(path)]);
      const { market, steps: rest } = await play([btc(path)], { resumeAt: START + 700 * MINUTE + 30_000 });
      assert.equal(market.start, START + 700 * MINUTE + 30_000);
      assert.deepEqual(rest, steps.slice(2803));
      assert.deepEqual(market.history('spot:BTCUSDT', ALL), whole.history('spot:BTCUSDT', ALL));
      const { steps: none } = await play([btc(path)], { resumeAt: START + 1500 * MINUTE });
      assert.deepEqual(none, []);
    }));

  it('opens with its first book where nothing was before', () =>
    inTempDir(async (dir) => {
      const market = await openRecorded({ files: [btc(write(dir, 'a.csv', [CANDLES, bar(0, 100, 120, 90, 110, 4)]))], resumeAt: null });
      assert.deepEqual([market.start, market.opening[0]?.at, market.opening[0]?.book.bid], [START, START, '99.9']);
      assert.deepEqual(market.history('spot:BTCUSDT', ALL), []);
      await market.close();
    }));

  it('shows whole lots, one at least: a quarter of a bar may be a part of one, and nobody fills that', () =>
    inTempDir(async (dir) => {
      const rows = [CANDLES, bar(0, 1, 2, 1, 2, '14.25'), bar(1, 2, 2, 1, 1, '0.5'), bar(2, 1, 2, 1, 2, 8)];
      const { steps } = await play([doge(write(dir, 'DOGEUSDT.csv', rows))]);
      const shown = steps.map(({ books }) => [books[0]?.bidSize, books[0]?.askSize].map(Number));
      assert.deepEqual(
        [shown[0], shown[4], shown[8]],
        [
          [3, 3],
          [1, 1],
          [2, 2],
        ],
      );
    }));

  it('QS-2 plays quotes row by row as they are, crossed ones too', () =>
    inTempDir(async (dir) => {
      const rows = [QUOTES, `${START},61837.63,61837.64,3.78826,1.5`, `${START},61900,61800,1,1`, `${START + 7},61837.6,61837.7,,0`];
      const { steps } = await play([btc(write(dir, 'q.csv', rows))]);
      assert.deepEqual(
        steps.map(({ at, books, trades }) => [at - START, books[0]?.bid, books[0]?.ask, books[0]?.bidSize, trades.length]),
        [
          [0, '61837.63', '61837.64', '3.78826', 0],
          [0, '61900', '61800', '1', 0],
          [7, '61837.6', '61837.7', '0.010000', 0],
        ],
      );
      assert.equal(steps[2]?.books[0]?.askSize, '0.010000', 'a size of zero would delete the level');
    }));

  it('derives an instrument for a symbol that it does not know', () =>
    inTempDir(async (dir) => {
      const path = write(dir, 'a.csv', [CANDLES, bar(0, '3893.1', '3893.15', 3893, 3893, '1.2e-5')]);
      const { market, steps } = await play([{ path, category: 'spot', venueSymbol: 'BTCUSD' }]);
      const { instrument } = market.listings[0] ?? assert.fail();
      assert.deepEqual([instrument.base, instrument.quote, instrument.tick, instrument.lot], ['BTC', 'USD', '0.01', '0.00001']);
      assert.equal(steps[0]?.trades[0]?.size, '0.00000300');
    }));

  it('refuses before playing: a wrong row at the end, two files of one symbol, another kind than given', () =>
    inTempDir(async (dir) => {
      const good = write(dir, 'good.csv', [CANDLES, bar(0, 100, 120, 90, 110, 4)]);
      const late = write(dir, 'late.csv', [
        CANDLES,
        ...Array.from({ length: 2000 }, (_, index) => bar(index, 1, 2, 1, 2, 1)),
        bar(2000, 1, 'NaN', 1, 2, 1),
      ]);
      const refused = (files: readonly RecordedFile[], says: RegExp): Promise<void> =>
        assert.rejects(openRecorded({ files, resumeAt: null }), (error) => error instanceof DataFileError && says.test(error.message));
      await refused([btc(late)], /late\.csv line 2002: high "NaN" is not a number/);
      await refused([btc(good), btc(good)], /both hold spot:BTCUSDT; play one file a symbol/);
      await refused([{ ...btc(good), kind: 'quotes' }], /holds candles; it was given as quotes/);
      await refused([{ ...btc(good), venueSymbol: 'NOPE' }], /NOPE is no pair/);
    }));
});
