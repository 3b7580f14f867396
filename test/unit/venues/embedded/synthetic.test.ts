import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { PREROLL_MINUTES, SYNTHETIC_LISTINGS, SYNTHETIC_ORIGIN, SyntheticMarket } from '#venues/embedded/market/synthetic.ts';
import type { Step, TapeBar } from '#venues/embedded/market/process.ts';

const MINUTE_MS = 60_000;
const ALL = { intervalMinutes: 1, from: 0, before: Infinity, limit: 100_000, keep: 'newest' } as const;
const BTC = { category: 'spot', symbol: 'BTCUSDT' } as const;

async function steps(market: SyntheticMarket, count: number): Promise<Step[]> {
  const played: Step[] = [];
  for (let step = 0; step < count; step++) {
    const next = await market.next();
    assert.ok(next !== null, 'a synthetic market has no end');
    played.push(next);
  }
  return played;
}

const open = (seed: string, resumeAt: number | null = null): SyntheticMarket => new SyntheticMarket({ seed, resumeAt });
const returns = (bars: readonly TapeBar[]): number[] => bars.slice(1).map((bar, index) => Math.log(bar.close / (bars[index]?.close ?? NaN)));
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function correlation(left: readonly number[], right: readonly number[]): number {
  const [leftMean, rightMean] = [mean(left), mean(right)];
  const products = left.map((value, index) => (value - leftMean) * ((right[index] ?? NaN) - rightMean));
  const deviation = (values: readonly number[], middle: number): number => Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
  return mean(products) / (deviation(left, leftMean) * deviation(right, rightMean));
}

describe('embedded venue: synthetic market', () => {
  it('the same seed plays the same market, another seed another', async () => {
    const first = await steps(open('7'), 300);
    assert.deepEqual(await steps(open('7'), 300), first);
    assert.notDeepEqual(await steps(open('8'), 300), first);
  });

  it('resumed anywhere it goes on along the same path, with the same history', async () => {
    const whole = open('path');
    const played = await steps(whole, 4000);
    for (const skipped of [1, 59, 60, 61, 2500]) {
      const resumed = open('path', SYNTHETIC_ORIGIN + skipped * 1000);
      assert.equal(resumed.start, SYNTHETIC_ORIGIN + skipped * 1000);
      assert.deepEqual(await steps(resumed, 200), played.slice(skipped, skipped + 200), `after ${skipped} s`);
    }
    const resumed = open('path', SYNTHETIC_ORIGIN + 4000 * 1000);
    const since = { ...ALL, from: SYNTHETIC_ORIGIN };
    for (const { key } of whole.listings) assert.deepEqual(resumed.history(key, since), whole.history(key, since), key);
  });

  it('resumes a month later, and before its origin starts at the origin', async () => {
    const month = SYNTHETIC_ORIGIN + 30 * 86_400_000;
    const [step] = await steps(open('7', month + 250), 1);
    assert.equal(step?.at, month + 1000);
    assert.equal(open('7', 0).start, SYNTHETIC_ORIGIN);
  });

  it('in larger steps it is the same market, seen less often: its last second, the same bars, and an end', async () => {
    const fine = open('path');
    const played = await steps(fine, 600);
    const to = SYNTHETIC_ORIGIN + 600_000;
    for (const [stepMs, resumeAt] of [
      [15_000, null],
      [60_000, SYNTHETIC_ORIGIN + 125_000],
    ] as const) {
      const coarse = new SyntheticMarket({ seed: 'path', resumeAt, window: { to, stepMs } });
      const first = stepMs * (1 + Math.floor(((resumeAt ?? SYNTHETIC_ORIGIN) - SYNTHETIC_ORIGIN) / stepMs));
      for (let at = SYNTHETIC_ORIGIN + first; at <= to; at += stepMs) {
        assert.equal(await coarse.peek(), at);
        const step = await coarse.next();
        const within = played.filter((each) => each.at > Math.max(at - stepMs, coarse.start) && each.at <= at);
        assert.equal(step?.at, at);
        for (const { key } of fine.listings) {
          const shown = within.flatMap(({ books }) => books).filter((book) => book.key === key);
          assert.deepEqual(
            step.books.find((book) => book.key === key),
            shown.at(-1),
            `${key} at ${at}`,
          );
        }
      }
      assert.deepEqual([await coarse.peek(), await coarse.next(), coarse.end], [null, null, to]);
      const since = { ...ALL, from: SYNTHETIC_ORIGIN };
      for (const { key } of fine.listings) assert.deepEqual(coarse.history(key, since), fine.history(key, since), key);
    }
  });

  it('a symbol plays the same whichever others are played', async () => {
    const alone = await steps(new SyntheticMarket({ seed: '7', listings: [BTC], resumeAt: null }), 500);
    const among = await steps(open('7'), 500);
    const books = (played: readonly Step[]) =>
      played.flatMap(({ at, books }) => books.filter(({ key }) => key === 'spot:BTCUSDT').map((book) => ({ at, book })));
    assert.deepEqual(books(alone), books(among));
  });

  it('QS-2 every book stands on the grid, uncrossed, with the last trade inside it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1 }), fc.nat(20 * 86_400), async (seed, seconds) => {
        const market = open(seed, SYNTHETIC_ORIGIN + seconds * 1000);
        const grid = new Map(market.listings.map(({ key, instrument }) => [key, instrument]));
        for (const { books, trades } of await steps(market, 120)) {
          for (const book of books) {
            const trade = trades.find(({ key }) => key === book.key);
            const tick = Number(grid.get(book.key)?.tick);
            assert.ok(trade !== undefined && Number(book.bid) > 0 && Number(book.ask) > Number(book.bid), JSON.stringify(book));
            assert.ok(Number(trade.price) >= Number(book.bid) && Number(trade.price) <= Number(book.ask), JSON.stringify({ book, trade }));
            assert.ok(Math.min(Number(book.bidSize), Number(book.askSize), Number(trade.size)) >= Number(grid.get(book.key)?.minQty));
            for (const price of [book.bid, book.ask]) assert.ok(Math.abs(Number(price) / tick - Math.round(Number(price) / tick)) < 1e-6, price);
          }
        }
      }),
      { numRuns: 5 },
    );
  });

  it('QS-1 every symbol moves at least every second second', async () => {
    const at = new Map<string, number>();
    for (const step of await steps(open('7'), 600)) {
      for (const { key } of step.books) at.set(key, step.at);
      for (const { category, symbol } of SYNTHETIC_LISTINGS) {
        assert.ok(step.at - (at.get(`${category}:${symbol}`) ?? SYNTHETIC_ORIGIN) < 2000, `${category}:${symbol} at ${step.at}`);
      }
    }
  });

  it('has a day of minute bars and an opening book before the first step', () => {
    const market = open('7');
    assert.equal(market.opening.length, market.listings.length);
    for (const { key } of market.listings) {
      const bars = market.history(key, ALL);
      assert.ok(bars.length >= 24 * 60 && bars.length >= PREROLL_MINUTES, `${key}: ${bars.length} bars`);
      bars.slice(1).forEach((bar, index) => assert.equal(bar.at - (bars[index]?.at ?? 0), MINUTE_MS));
      for (const { open, high, low, close, volume } of bars) assert.ok(low <= Math.min(open, close) && high >= Math.max(open, close) && volume > 0);
    }
    for (const { at } of market.opening) assert.ok(at <= market.start && at > market.start - 2000);
  });

  it('is lively: averages cross every 15 to 45 bars, and moves have a size that closes trades', async () => {
    const market = open('lively');
    await steps(market, 12 * 3600);
    for (const { key } of market.listings) {
      const bars = market.history(key, ALL);
      let [fast, slow] = [bars[0]?.close ?? NaN, bars[0]?.close ?? NaN];
      let [crosses, side] = [0, 0];
      for (const { close } of bars) {
        fast += (2 / 9) * (close - fast);
        slow += (2 / 22) * (close - slow);
        const now = Math.sign(fast - slow);
        if (side !== 0 && now !== side) crosses++;
        side = now;
      }
      const every = bars.length / crosses;
      assert.ok(every > 15 && every < 45, `${key}: a cross every ${every} bars`);
      const volatility = Math.sqrt(mean(returns(bars).map((value) => value * value)) * 525_600);
      assert.ok(volatility > 0.3 && volatility < 3.5, `${key}: ${volatility} a year`);
    }
  });

  it('has volatility clusters, jumps, moving perpetuals beside spot, and spreads that widen in unrest', async () => {
    const market = open('clusters');
    const spreads: number[] = [];
    const ranges: number[] = [];
    for (let minute = 0; minute < 1440; minute++) {
      const widths: number[] = [];
      for (const { books } of await steps(market, 60)) {
        for (const { key, bid, ask } of books) if (key === 'spot:BTCUSDT') widths.push((Number(ask) - Number(bid)) / Number(bid));
      }
      spreads.push(mean(widths));
    }
    const bars = market.history('spot:BTCUSDT', ALL);
    for (const { high, low } of bars.slice(-1441, -1)) ranges.push(high / low - 1);
    assert.ok(correlation(spreads, ranges) > 0.3, `spread and range: ${correlation(spreads, ranges)}`);
    const moves = returns(bars).map(Math.abs);
    assert.ok(correlation(moves.slice(1), moves.slice(0, -1)) > 0.05, 'calm follows calm');
    const kurtosis = mean(moves.map((move) => move ** 4)) / mean(moves.map((move) => move ** 2)) ** 2;
    assert.ok(kurtosis > 3.5, `fat tails: ${kurtosis}`);
    const perpetual = market.history('linear:BTCUSDT', ALL);
    assert.ok(correlation(returns(bars), returns(perpetual)) > 0.9);
    assert.ok(Math.abs((perpetual.at(-1)?.close ?? NaN) / (bars.at(-1)?.close ?? NaN) - 1) < 0.002);
  });

  it('refuses a symbol that it has no model of, and names those it has', () => {
    assert.throws(
      () => new SyntheticMarket({ seed: '1', listings: [{ category: 'spot', symbol: 'SOLUSDT' }], resumeAt: null }),
      /no spot:SOLUSDT; it has spot:BTCUSDT/,
    );
  });
});
