/** Bars by reqHistoricalData at TWS's pace: the real library against an embedded TWS that refuses what comes too fast. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { EmbeddedTws } from '#venues/embedded/tws/tws.ts';
import { Catalog } from '#venues/ibkr/catalog.ts';
import type { MarketClient } from '#venues/ibkr/client.ts';
import { HistoryReader, type HistoryQuery } from '#venues/ibkr/history.ts';
import type { Line } from '#venues/ibkr/line.ts';
import { sessionOn } from '../support/ibkr-rig.ts';
import { START, withTws } from './tws-support.ts';

const MINUTE_MS = 60_000;
const ANSWER_MS = 4000;
/** Longer than any wait for a turn. */
const PATIENCE_MS = 3_600_000;

interface Rig {
  readonly tws: EmbeddedTws;
  readonly read: (paced: boolean) => (query: Partial<HistoryQuery> & { readonly symbol?: string }) => Promise<number>;
}

/** A TWS with three hours of two pairs, whose clock goes on while a reader waits and at no other time. */
async function reading(work: (rig: Rig) => Promise<void>): Promise<void> {
  await withTws({ start: START - 180 * MINUTE_MS }, async (tws) => {
    for (let minute = 180; minute >= 0; minute--) {
      for (const [symbol, bid] of [
        ['EUR.USD', 1.1],
        ['GBP.USD', 1.3],
      ] as const) {
        tws.quote(symbol, (bid - minute / 10_000).toFixed(4), (bid + 0.001).toFixed(4), '1', '1', START - minute * MINUTE_MS);
      }
    }
    const session = sessionOn<MarketClient>(tws);
    await session.open();
    try {
      const line: Line<MarketClient> | null = session.usable;
      assert.ok(line !== null);
      const catalog = new Catalog(session.pacing, ANSWER_MS);
      const contracts = new Map<string, HistoryQuery['contract']>();
      for (const symbol of ['EUR/USD', 'GBP/USD']) contracts.set(symbol, (await catalog.qualify(line, symbol)).contract);
      tws.switches.pacesHistory = true;
      await work({
        tws,
        read: (paced) => {
          const wait = (ms: number): Promise<void> => Promise.resolve(tws.advance(tws.now + ms));
          const reader = new HistoryReader(paced, () => tws.now, wait);
          return async ({ symbol = 'EUR/USD', ...query }) => {
            const asked = { contract: contracts.get(symbol) ?? {}, intervalMinutes: 1, bars: 5, end: START, ...query };
            return (await reader.read(line, asked, tws.now, PATIENCE_MS)).length;
          };
        },
      });
    } finally {
      session.close();
    }
  });
}

describe('IBKR history', () => {
  it('RT-4 two hundred requests of two pairs are answered, and TWS refuses none for its pace', async () => {
    await reading(async ({ tws, read }) => {
      const bars = read(true);
      const begun = tws.now;
      for (let request = 0; request < 200; request++) {
        const symbol = request % 3 === 0 ? 'GBP/USD' : 'EUR/USD';
        assert.equal(await bars({ symbol, end: START - Math.floor(request / 2) * MINUTE_MS }), 5);
      }
      assert.ok(tws.now - begun < 4 * 600_000, 'and it is not slower than it must be');
    });
  });

  it('RT-4 the same asked again within 15 s is answered from what was read; where nothing was, it waits', async () => {
    await reading(async ({ tws, read }) => {
      const bars = read(true);
      const begun = tws.now;
      for (let time = 0; time < 10; time++) assert.equal(await bars({}), 5);
      assert.equal(tws.now, begun);
      const never = { end: START - 170 * 24 * 60 * MINUTE_MS };
      await assert.rejects(bars(never), /162: .*No historical data/);
      await assert.rejects(bars(never), /162: .*No historical data/);
      assert.ok(tws.now - begun >= 15_000);
    });
  });

  it('RT-4 without the pace TWS answers 162: too many of one contract, the same again, and more than sixty', async () => {
    const violation = /162: .*pacing violation/;
    await reading(async ({ tws, read }) => {
      const bars = read(false);
      for (let request = 0; request < 5; request++) await bars({ bars: request + 1 });
      await assert.rejects(bars({ bars: 6 }), violation);
      tws.advance(tws.now + 3000);
      await assert.rejects(bars({ bars: 5 }), violation);
      tws.advance(tws.now + 600_000);
      for (let request = 0; request < 60; request++) {
        tws.advance(tws.now + 1000);
        await bars({ bars: request + 10 });
      }
      await assert.rejects(bars({ symbol: 'GBP/USD' }), violation);
    });
  });

  it('an interval that TWS has not is one clear error', async () => {
    await reading(async ({ read }) => {
      await assert.rejects(read(true)({ intervalMinutes: 1440 }), /TWS has no bars of 1440 minutes here; there are 1, 2, 3, 5, 15, 30, 60, 120, 240/);
    });
  });
});
