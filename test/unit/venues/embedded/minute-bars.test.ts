import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { MINUTE_BARS_MAX, MINUTE_MS, MinuteBars } from '#venues/embedded/market/minute-bars.ts';
import type { TapeBar } from '#venues/embedded/market/process.ts';

const ALL = { intervalMinutes: 1, from: 0, before: Infinity, limit: 1_000_000, keep: 'newest' } as const;

interface Tick {
  readonly at: number;
  readonly price: number;
  readonly volume: number;
}

/** The slow way: a map of buckets. */
function naive(ticks: readonly Tick[], intervalMinutes: number): TapeBar[] {
  const bars = new Map<number, TapeBar>();
  for (const { at: tickAt, price, volume } of ticks) {
    const at = tickAt - (tickAt % (intervalMinutes * MINUTE_MS));
    const bar = bars.get(at) ?? { at, open: price, high: price, low: price, close: price, volume: 0, turnover: 0 };
    bars.set(at, {
      ...bar,
      high: Math.max(bar.high, price),
      low: Math.min(bar.low, price),
      close: price,
      volume: bar.volume + volume,
      turnover: bar.turnover + volume * price,
    });
  }
  return [...bars.values()];
}

const ticks = fc
  .array(fc.record({ gap: fc.nat(400_000), price: fc.integer({ min: 1, max: 1000 }), volume: fc.nat(9) }), { maxLength: 60 })
  .map((raw) => {
    let at = 1_700_000_000_000;
    return raw.map(({ gap, price, volume }) => ({ at: (at += gap), price, volume }));
  });

const filled = (made: readonly Tick[]): MinuteBars => {
  const bars = new MinuteBars();
  for (const { at, price, volume } of made) bars.add(at, price, volume);
  return bars;
};

describe('embedded venue: bars', () => {
  it('equal the bars counted by hand, at any interval, from either end', () => {
    fc.assert(
      fc.property(
        ticks,
        fc.constantFrom(1, 3, 5, 60),
        fc.constantFrom('oldest', 'newest'),
        fc.integer({ min: 1, max: 80 }),
        (made, interval, keep, limit) => {
          const expected = naive(made, interval);
          const kept = keep === 'newest' ? expected.slice(-limit) : expected.slice(0, limit);
          assert.deepEqual(filled(made).select({ ...ALL, intervalMinutes: interval, keep, limit }), kept);
        },
      ),
    );
  });

  it('belong to a window by their open', () => {
    const bars = filled([0, 1, 2, 3].map((minute) => ({ at: minute * MINUTE_MS, price: minute + 1, volume: 1 })));
    const opens = (from: number, before: number): number[] => bars.select({ ...ALL, from, before }).map(({ at }) => at / MINUTE_MS);
    assert.deepEqual(opens(MINUTE_MS, 3 * MINUTE_MS), [1, 2]);
    assert.deepEqual(opens(MINUTE_MS + 1, 3 * MINUTE_MS + 1), [2, 3]);
  });

  it('weeks open on Monday', () => {
    const thursday = Date.UTC(2026, 0, 8, 9);
    const [week] = filled([{ at: thursday, price: 5, volume: 1 }]).select({ ...ALL, intervalMinutes: 10_080 });
    assert.equal(week?.at, Date.UTC(2026, 0, 5));
  });

  it(`keep the newest ${MINUTE_BARS_MAX} minutes`, () => {
    const bars = new MinuteBars();
    for (let minute = 0; minute < MINUTE_BARS_MAX + 100; minute++) bars.add(minute * MINUTE_MS, minute + 1, 1);
    const all = bars.select(ALL);
    assert.equal(all.length, MINUTE_BARS_MAX);
    assert.equal(all[0]?.at, 100 * MINUTE_MS);
    assert.equal(all.at(-1)?.close, MINUTE_BARS_MAX + 100);
  });

  it('a tape that goes back is a broken invariant', () => {
    assert.throws(() => filled([{ at: 2 * MINUTE_MS, price: 1, volume: 1 }]).add(MINUTE_MS, 1, 1), RangeError);
  });
});
