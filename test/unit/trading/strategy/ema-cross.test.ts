import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { emaCross, type EmaCrossParams } from '#trading/strategy/ema-cross.ts';
import { prepare, REASON_LENGTH_MAX, type Signal } from '#trading/strategy/port.ts';
import { prepareStrategy } from '#trading/strategy/registry.ts';
import type { Bar } from '#trading/model/quote.ts';
import { MINUTE_MS, T0 } from '../trader/fixtures.ts';

const SHORT: EmaCrossParams = { fastBars: 2, slowBars: 4, atrBars: 3, stopAtr: 3, takeProfitAtr: 4, minStopPct: 0.003 };

const barsOf = (closes: readonly number[], reach = 1): Bar[] =>
  closes.map((close, index) => ({ at: T0 + index * MINUTE_MS, open: close, high: close + reach, low: close - reach, close, volume: 1 }));

function signals(params: EmaCrossParams, bars: readonly Bar[]): (Signal | null)[] {
  let { blank: running } = prepare(emaCross, params);
  return bars.map((bar) => {
    const next = running.onBar(bar);
    running = next.running;
    return next.signal;
  });
}

const closes = fc.array(fc.integer({ min: 9000, max: 11_000 }), { maxLength: 120 }).map((cents) => cents.map((each) => each / 100));

describe('strategy/ema-cross', () => {
  it('signals on the bar whose close crosses, both ways, and not while it holds', () => {
    const made = signals(SHORT, barsOf([100, 99, 98, 97, 96, 95, 110, 111, 112, 90, 89]));
    assert.deepEqual(
      made.map((signal) => signal?.side ?? null),
      [null, null, null, null, null, null, 'buy', null, null, 'sell', null],
    );
    assert.match(made[6]?.reason ?? '', /^EMA 2 \([\d.]+\) crossed above EMA 4 \([\d.]+\) at 110, ATR 3 [\d.]+$/);
  });

  it('the first side it sees is no cross, and equal averages are none', () => {
    assert.ok(signals(SHORT, barsOf([1, 2, 3, 4, 5, 6, 7, 8])).every((signal) => signal === null));
    assert.ok(signals(SHORT, barsOf(Array<number>(20).fill(100), 0)).every((signal) => signal === null));
  });

  it('the floor widens both legs alike, and a wide range needs no floor', () => {
    const floor = signals({ ...SHORT, minStopPct: 0.5 }, barsOf([100, 99, 98, 97, 96, 95, 110]))[6];
    assert.deepEqual(floor?.entry, { stopDistance: 55, takeProfitDistance: (55 * 4) / 3 });
    const wide = signals(SHORT, barsOf([100, 99, 98, 97, 96, 95, 110]))[6]?.entry;
    assert.ok(wide !== undefined && wide.stopDistance > 0.003 * 110);
  });

  it('BR-1 asks for a trailing stop and rungs where it is told to, in the same unit, widened alike; for neither otherwise', () => {
    const asked = { ...SHORT, trailAtr: 1.5, trailAfterAtr: 1, partials: [{ atr: 1.5, fraction: 0.4 }, { atr: 3, fraction: 0.3 }] }; // prettier-ignore
    const bars = barsOf([100, 99, 98, 97, 96, 95, 110]);
    assert.deepEqual(signals({ ...asked, minStopPct: 0.5 }, bars)[6]?.entry, {
      stopDistance: 55,
      takeProfitDistance: (55 * 4) / 3,
      trailing: { distance: 27.5, activationDistance: 55 / 3 },
      partialTakeProfits: [
        { distance: 27.5, fraction: 0.4 },
        { distance: 55, fraction: 0.3 },
      ],
    });
    assert.deepEqual(Object.keys(signals(SHORT, bars)[6]?.entry ?? {}), ['stopDistance', 'takeProfitDistance']);
    assert.equal(signals({ ...SHORT, trailAtr: 1 }, bars)[6]?.entry.trailing?.activationDistance, null);
  });

  it('sides alternate, distances are positive, the stop respects its floor, reward to risk is what was asked for', () => {
    fc.assert(
      fc.property(closes, (of) => {
        const bars = barsOf(of);
        let before: string | null = null;
        for (const [index, signal] of signals(SHORT, bars).entries()) {
          if (signal === null) continue;
          assert.notEqual(signal.side, before);
          before = signal.side;
          const { stopDistance, takeProfitDistance } = signal.entry;
          assert.ok(stopDistance > 0 && stopDistance >= 0.003 * (bars[index]?.close ?? NaN));
          assert.ok(Math.abs(takeProfitDistance / stopDistance - 4 / 3) < 1e-12);
          assert.ok(signal.reason.length <= REASON_LENGTH_MAX);
        }
      }),
    );
  });

  it('ML-5 no look-ahead: what is said of a bar does not change with the bars after it', () => {
    fc.assert(
      fc.property(closes, fc.nat({ max: 120 }), (of, cut) => {
        const bars = barsOf(of);
        assert.deepEqual(signals(SHORT, bars.slice(0, cut)), signals(SHORT, bars).slice(0, cut));
      }),
    );
  });

  it('after the warm-up the seed is forgotten: other bars before it change no signal', () => {
    const tail = Array.from({ length: 60 }, (_, index) => 100 + 5 * Math.sin(index / 3));
    const warmUp = prepare(emaCross, SHORT).warmUpBars;
    const seeds = [Array<number>(warmUp).fill(100), Array.from({ length: warmUp }, (_, index) => 100 + (index % 3))];
    const [one, two] = seeds.map((seed) =>
      signals(SHORT, barsOf([...seed, ...tail]))
        .slice(warmUp + 12)
        .map((signal) => signal?.side ?? null),
    );
    assert.deepEqual(one, two);
    assert.ok(one?.includes('buy') && one.includes('sell'));
  });
});

describe('strategy/ema-cross: parameters', () => {
  it('CF-3 the shipped file is the defaults', () => {
    const file: unknown = JSON.parse(readFileSync('config/strategies/ema-cross.json', 'utf8'));
    assert.deepEqual(emaCross.parse(file), emaCross.defaults);
    assert.deepEqual(emaCross.parse({}), emaCross.defaults);
    assert.equal(prepareStrategy('ema-cross', file).warmUpBars, 105);
  });

  it('CF-3 takes what is at the bounds', () => {
    const least = { fastBars: 1, slowBars: 2, atrBars: 1, stopAtr: 0.1, takeProfitAtr: 0.2, minStopPct: 0.00001, trailAtr: 0.1, trailAfterAtr: 0.1 };
    const most = { fastBars: 499, slowBars: 500, atrBars: 500, stopAtr: 100, takeProfitAtr: 100, minStopPct: 0.5, trailAtr: 100, trailAfterAtr: 99 };
    for (const params of [{ minStopPct: 0 }, least, most, { ...least, partials: [{ atr: 0.1, fraction: 0.01 }] }]) {
      assert.deepEqual(emaCross.parse(params), { ...emaCross.defaults, ...params });
    }
  });

  const WRONG: readonly (readonly [unknown, RegExp])[] = [
    [null, /parameters must be an object, got null/],
    [[1], /parameters must be an object/],
    [{ fastBars: '8' }, /fastBars must be an integer from 1 to 500, got "8"/],
    [{ slowBars: 2.5 }, /slowBars must be an integer/],
    [{ fastBars: 21 }, /slowBars must be above fastBars \(21\), got 21/],
    [{ stopAtr: 0 }, /stopAtr must be from 0.1 to 100, got 0/],
    [{ stopAtr: 1e-300 }, /stopAtr must be from 0.1 to 100, got 1e-300/],
    [{ stopAtr: 101 }, /stopAtr must be from 0.1 to 100, got 101/],
    [{ takeProfitAtr: null }, /takeProfitAtr must be from 0.1 to 100, got null/],
    [{ takeProfitAtr: 0.09 }, /takeProfitAtr must be from 0.1 to 100, got 0.09/],
    [{ minStopPct: 1 }, /minStopPct must be 0 .no floor. or from 0.00001 to 0.5/],
    [{ minStopPct: 0.51 }, /minStopPct must be .* got 0.51/],
    [{ minStopPct: 1e-300 }, /minStopPct must be .* got 1e-300/],
    [{ minStopPct: -0.003 }, /minStopPct must be .* got -0.003/],
    [{ trailAtr: 1e-300 }, /trailAtr must be from 0.1 to 100, got 1e-300/],
    [{ trailAtr: 1, trailAfterAtr: 1e-300 }, /trailAfterAtr must be from 0.1 to below takeProfitAtr .4., got 1e-300/],
    [{ partials: [{ atr: 1e-300, fraction: 0.1 }] }, /atr of partials must rise from 0.1 to below takeProfitAtr .4., got 1e-300 after 0/],
    [{ partials: [{ atr: 1, fraction: 1e-6 }] }, /fraction of partials must be from 0.01 to below 1, got 0.000001/],
    [{ minStopPct: undefined }, /minStopPct .* got undefined/],
    [{ trailAtr: 0 }, /trailAtr must be from 0.1 to 100, got 0/],
    [{ trailAtr: '1' }, /trailAtr must be .* got "1"/],
    [{ trailAfterAtr: 1 }, /trailAfterAtr says when trailAtr begins/],
    [{ trailAtr: 1, trailAfterAtr: 4 }, /trailAfterAtr must be from 0.1 to below takeProfitAtr \(4\), got 4/],
    [{ partials: [] }, /partials must be a list of 1 to 5/],
    [{ partials: { atr: 1, fraction: 0.5 } }, /partials must be a list/],
    [{ partials: Array(6).fill({ atr: 1, fraction: 0.1 }) }, /partials must be a list of 1 to 5/],
    [{ partials: [{ atr: 1 }] }, /each of partials must be like/],
    [{ partials: [{ atr: 1, fraction: 0.1, price: 3 }] }, /each of partials must be like/],
    [{ partials: [{ atr: 1, fraction: '0.1' }] }, /each of partials must be like/],
    [{ partials: [{ atr: 2, fraction: 0.1 }, { atr: 2, fraction: 0.1 }] }, /atr of partials must rise .* got 2 after 2/], // prettier-ignore
    [{ partials: [{ atr: 4, fraction: 0.1 }] }, /below takeProfitAtr \(4\), got 4/],
    [{ partials: [{ atr: 1, fraction: 1 }] }, /fraction of partials must be from 0.01 to below 1, got 1/],
    [{ partials: [{ atr: 1, fraction: 0.7 }, { atr: 2, fraction: 0.3 }] }, /sum to less than 1, they sum to 1/], // prettier-ignore
    [{ stopATR: 3 }, /unknown parameter "stopATR"; it has fastBars, slowBars/],
  ];
  for (const [raw, message] of WRONG) {
    it(`CF-3 refuses ${JSON.stringify(raw)} and says what would be right`, () =>
      assert.throws(() => emaCross.parse(raw), { name: 'RangeError', message }));
  }

  it('CF-3 names an unknown strategy and the ones there are', () => {
    for (const id of ['macd', 'constructor']) assert.throws(() => prepareStrategy(id, {}), { message: `no strategy "${id}"; there is ema-cross` });
  });
});
