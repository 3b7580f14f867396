import assert from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { MarkPrice } from '#venues/embedded/market/mark.ts';
import { openRecorded } from '#venues/embedded/market/recorded.ts';
import { Exchange } from '#venues/embedded/exchange.ts';
import { isBeside } from '../../../support/shapes.ts';
import { gunzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const T0 = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
const opened = () => new MarkPrice({ at: T0, bid: 99.9, ask: 100.1 });

describe('embedded venue: mark and index of a perpetual', () => {
  it('a print away from the book leaves the mark in the book', () => {
    const mark = opened();
    for (let second = 1; second <= 60; second++) mark.move({ at: T0 + second * 1000, bid: 99.9, ask: 100.1, last: 100, fundingDue: 0 });
    mark.move({ at: T0 + 61_000, bid: 99.9, ask: 100.1, last: 80, fundingDue: 0 });
    assert.equal(mark.mark, 100);
  });

  it('a book that jumps for a second moves the index by a thirtieth of the jump, and the mark not beyond it', () => {
    const mark = opened();
    mark.move({ at: T0 + 1000, bid: 89.9, ask: 90.1, last: 90, fundingDue: 0 });
    assert.ok(Math.abs(mark.index - (100 - 10 * (1 - Math.exp(-1 / 30)))) < 1e-9, String(mark.index));
    assert.ok(mark.mark > 99 && mark.mark < 100, String(mark.mark));
  });

  it('the premium is how far the book lies beyond the index: nothing while the index is within it, below zero under it', () => {
    const mark = opened();
    mark.move({ at: T0 + 1000, bid: 99.9, ask: 100.1, last: 100, fundingDue: 0 });
    assert.equal(mark.premiums.last(), 0);
    for (const [at, bid, sign] of [
      [T0 + 60_000, 110, 1],
      [T0 + 120_000, 80, -1],
    ] as const) {
      mark.move({ at, bid, ask: bid + 0.2, last: bid, fundingDue: 0 });
      const beyond = sign > 0 ? bid - mark.index : bid + 0.2 - mark.index;
      assert.ok(Math.sign(beyond) === sign && Math.abs((mark.premiums.last() ?? NaN) - beyond / mark.index) < 1e-12);
    }
  });

  it('a market that stays where it went to has its mark there after some minutes; the funding that is due lifts it towards the last price', () => {
    const mark = opened();
    for (let second = 1; second <= 1200; second++) mark.move({ at: T0 + second * 1000, bid: 89.9, ask: 90.1, last: 90, fundingDue: 0 });
    assert.ok(Math.abs(mark.mark - 90) < 0.01 && Math.abs(mark.index - 90) < 0.001, `${mark.mark} ${mark.index}`);
    mark.move({ at: T0 + 1_200_000, bid: 89.9, ask: 90.1, last: 92, fundingDue: 0.01 });
    assert.ok(Math.abs(mark.mark - 90.9) < 0.01, String(mark.mark));
  });

  it('neither ever leaves what was seen, funding aside; a book without prices changes nothing', () => {
    const moment = fc.record({
      passed: fc.integer({ min: 0, max: 120_000 }),
      bid: fc.integer({ min: 50, max: 150 }),
      spread: fc.integer({ min: 0, max: 5 }),
      last: fc.option(fc.integer({ min: 50, max: 155 }), { nil: null }),
    });
    fc.assert(
      fc.property(fc.array(moment, { minLength: 1, maxLength: 50 }), (moments) => {
        const mark = opened();
        let at = T0;
        let [least, most] = [100, 100];
        for (const { passed, bid, spread, last } of moments) {
          at += passed;
          const middle = bid + spread / 2;
          [least, most] = [Math.min(least, middle), Math.max(most, middle)];
          mark.move({ at, bid, ask: bid + spread, last, fundingDue: 0 });
          const before = [mark.mark, mark.index];
          mark.move({ at, bid: 0, ask: Number.NaN, last, fundingDue: 0 });
          assert.deepEqual([mark.mark, mark.index], before);
          assert.ok(mark.index >= least - 1e-9 && mark.index <= most + 1e-9);
          // The basis of late may carry the mark beyond the middles, never beyond their width.
          assert.ok(mark.mark >= least - (most - least) - 1e-9 && mark.mark <= most + (most - least) + 1e-9);
        }
      }),
    );
  });

  it('keeps bars of both, by the minute', () => {
    const mark = opened();
    mark.move({ at: T0 + 1000, bid: 109.9, ask: 110.1, last: 110, fundingDue: 0 });
    mark.move({ at: T0 + 61_000, bid: 109.9, ask: 110.1, last: 110, fundingDue: 0 });
    const asked = { intervalMinutes: 1, from: 0, before: Infinity, limit: 10, keep: 'newest' } as const;
    assert.equal(mark.marks.select(asked).length, 2);
    assert.equal(mark.indices.select(asked).at(-1)?.close, mark.index);
  });
});

const DATA = fileURLToPath(new URL('../../../../../shared/data/crypto_perp/', import.meta.url));
/** Hours compared, and how far the median of them may be from what Bybit recorded. */
const HOURS = 96;
const MEDIAN_BP_MAX = 5;

describe('embedded venue: mark against recorded marks of Bybit (needs ../shared/data)', () => {
  for (const symbol of ['ADAUSDT', 'BTCUSDT']) {
    it(`${symbol}: played from five-minute candles, the mark of each full hour is where Bybit’s was`, async function () {
      const [marks, path] = [join(DATA, `mark/${symbol}-bybit-linear-1h.csv.gz`), join(DATA, `candles/${symbol}-bybit-linear-5m.csv.gz`)];
      if (!isBeside(marks, `the recording (../shared/data/crypto_perp/mark/${symbol}…) is`)) return this.skip();
      const rows = gunzipSync(readFileSync(marks))
        .toString()
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',').map(Number));
      const closes = new Map(rows.slice(0, HOURS).map(([at, , , , close]) => [(at ?? 0) + HOUR_MS, close ?? 0]));
      const to = (rows[0]?.[0] ?? 0) + (HOURS + 1) * HOUR_MS;
      const exchange = await Exchange.open(await openRecorded({ files: [{ path, category: 'linear', venueSymbol: symbol }], to, resumeAt: null }));
      const apart: number[] = [];
      for (let last = 0; exchange.next !== null;) {
        const hour = exchange.next - (exchange.next % HOUR_MS);
        const recorded = last < hour ? closes.get(hour) : undefined;
        const ours = exchange.board('linear', symbol)?.mark?.mark ?? 0;
        if (recorded !== undefined) apart.push(Math.abs(ours / recorded - 1) * 10_000);
        last = exchange.next;
        await exchange.step();
      }
      await exchange.close();
      const median = apart.sort((left, right) => left - right)[Math.floor(apart.length / 2)];
      assert.ok(apart.length >= HOURS - 2, `${apart.length} hours`);
      assert.ok(median !== undefined && median <= MEDIAN_BP_MAX, `median ${median ?? 0} bp, most ${apart.at(-1) ?? 0} bp`);
      console.log(`      ${symbol}: median ${median.toFixed(2)} bp, most ${(apart.at(-1) ?? 0).toFixed(1)} bp over ${apart.length} hours`);
    });
  }
});
