import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { openTwsRecorded, type TwsFile } from '#venues/embedded/market/tws-recorded.ts';
import type { TwsMarket, TwsStep } from '#venues/embedded/market/tws-market.ts';
import { SYNTHETIC_ORIGIN } from '#venues/embedded/market/synthetic.ts';
import { TwsSynthetic } from '#venues/embedded/market/tws-synthetic.ts';
import { inTempDir } from '#test/support/temp-dir.ts';

const T0 = Date.UTC(2026, 10, 24, 15);
const OPTIONS = `ts_ms,underlying,expiry,strike,right,bid,ask,bid_size,ask_size
${T0},AAPL,2026-11-27,230,C,1.1,1.2,5,6
${T0},AAPL,2026-11-27,232.5,P,,1.3,,7
${T0 + 3000},AAPL,2026-11-27,230,C,1.2,1.1,5,6
`;
const QUOTES = `ts_ms,bid,ask,bid_size,ask_size
${T0 + 1000},1.1,1.1001,,
${T0 + 3000},1.2,1.2001,500,600
`;

async function steps(market: TwsMarket, most = 100): Promise<readonly TwsStep[]> {
  const played: TwsStep[] = [];
  for (let step = await market.next(); step !== null && played.length < most; step = await market.next()) played.push(step);
  return played;
}

const withFiles = (work: (files: Readonly<Record<'options' | 'pair', TwsFile>>) => Promise<void>): Promise<void> =>
  inTempDir(async (dir) => {
    const [options, pair] = [join(dir, 'options.csv'), join(dir, 'pair.csv')];
    writeFileSync(options, OPTIONS);
    writeFileSync(pair, QUOTES);
    await work({ options: { path: options, what: 'options', symbol: 'AAPL' }, pair: { path: pair, what: 'pair', symbol: 'EUR.USD' } });
  });

describe('what the embedded TWS plays', () => {
  it('files are merged by time; every contract of a moment comes with it, crossed and one-sided as recorded', async () => {
    await withFiles(async ({ options, pair }) => {
      const market = await openTwsRecorded({ files: [options, pair], resumeAt: null, still: T0 });
      const played = await steps(market);
      assert.deepEqual(
        played.map(({ at, quotes }) => [at - T0, quotes.map(({ symbol, bid, ask }) => `${symbol} ${bid}/${ask}`)]),
        [
          [0, ['AAPL  261127C00230000 1.1/1.2', 'AAPL  261127P00232500 /1.3']],
          [1000, ['EUR.USD 1.1/1.1001']],
          [3000, ['AAPL  261127C00230000 1.2/1.1', 'EUR.USD 1.2/1.2001']],
        ],
      );
      assert.deepEqual([...(market.chains?.[0]?.only ?? [])], ['AAPL  261127C00230000', 'AAPL  261127P00232500']);
    });
  });

  it('what was played before a restart stands when it goes on, and is not played again', async () => {
    await withFiles(async ({ pair }) => {
      const market = await openTwsRecorded({ files: [pair], resumeAt: T0 + 1000, still: T0 });
      assert.deepEqual(
        market.before.map(({ bid }) => bid),
        ['1.1'],
      );
      assert.deepEqual(
        (await steps(market)).map(({ at }) => at),
        [T0 + 3000],
      );
    });
  });

  it('a file of another kind, or of another share, is refused by line', async () => {
    await withFiles(async ({ options, pair }) => {
      await assert.rejects(
        openTwsRecorded({ files: [{ ...pair, what: 'options' }], resumeAt: null, still: T0 }),
        /line 1: holds quotes; it was given as options/,
      );
      await assert.rejects(openTwsRecorded({ files: [{ ...options, symbol: 'SPY' }], resumeAt: null, still: T0 }), /line 2: holds options on AAPL/);
    });
  });

  it('the synthetic one is the same for the same seed, wherever it is entered, and shares keep the hours of their exchange', async () => {
    const whole = await steps(new TwsSynthetic('7', null), 7200);
    const middle = whole[3600]?.at ?? 0;
    const entered = await steps(new TwsSynthetic('7', middle), 5);
    assert.deepEqual(entered, whole.slice(3601, 3606));
    const coarse = new TwsSynthetic('7', null, { stepMs: 60_000, to: SYNTHETIC_ORIGIN + 600_000 });
    for (let minute = 1; minute <= 10; minute++) {
      const step = await coarse.next();
      const shown = whole.slice((minute - 1) * 60, minute * 60).flatMap(({ quotes }) => quotes);
      for (const quote of step?.quotes ?? assert.fail('no step')) {
        assert.deepEqual(quote, { ...shown.findLast(({ symbol }) => symbol === quote.symbol), at: step?.at });
      }
    }
    assert.deepEqual([await coarse.peek(), await coarse.next()], [null, null]);
    // The market begins at 7:00 in New York.
    assert.ok(whole.every(({ quotes }) => quotes.every(({ symbol }) => symbol.endsWith('.USD'))));
    const open = await steps(new TwsSynthetic('7', Date.UTC(2026, 0, 5, 14, 30)), 20);
    assert.ok(open.some(({ quotes }) => quotes.some(({ symbol }) => symbol === 'SPY')));
  });
});
