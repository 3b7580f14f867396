/** `data download` of a pair: pages of an embedded TWS over the real library into a file that can be gone on with. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import type { EmbeddedTws } from '#venues/embedded/tws/tws.ts';
import { downloadRows, type Downloaded } from '#venues/history/bybit-download.ts';
import { openIbkrSource } from '#venues/history/ibkr-source.ts';
import { inTempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { START, withTws } from './tws-support.ts';

const MINUTE_MS = 60_000;
const MINUTES = 2400;
const BEGIN = START - MINUTES * MINUTE_MS;
/** Minutes in which nothing was quoted: a page and a half. */
const isSilent = (minute: number): boolean => minute >= 300 && minute < 1900;

interface Rig {
  readonly tws: EmbeddedTws;
  readonly path: string;
  readonly download: (
    to: number | null,
    more?: { readonly from?: number; readonly intervalMs?: number; readonly symbol?: string },
  ) => Promise<Downloaded>;
  readonly lines: () => readonly string[];
}

async function downloading(work: (rig: Rig) => Promise<void>): Promise<void> {
  await withTws({ start: BEGIN }, (tws) =>
    inTempDir(async (dir) => {
      for (let minute = 0; minute <= MINUTES; minute++) {
        if (isSilent(minute)) continue;
        const bid = 1.1 + minute / 100_000;
        tws.quote('EUR.USD', bid.toFixed(5), (bid + 0.0001).toFixed(5), '1', '1', BEGIN + minute * MINUTE_MS);
      }
      const path = join(dir, 'EUR.USD-ibkr-1m.csv');
      const download: Rig['download'] = async (to, { from = BEGIN, intervalMs = MINUTE_MS, symbol = 'EUR/USD' } = {}) => {
        const source = await openIbkrSource({ address: { host: '127.0.0.1', port: tws.port }, clientId: 3, symbol, intervalMs, paced: false });
        return downloadRows(source, { path, kind: 'candles', from, to }).finally(() => source.close());
      };
      await work({ tws, path, download, lines: () => readFileSync(path, 'utf8').trimEnd().split('\n').slice(1) });
    }),
  );
}

describe('IBKR: history into a file', () => {
  it('every closed bar of the middle, in order, over several pages; where nothing traded there is no row', async () => {
    await downloading(async ({ download, lines, tws }) => {
      const { complete, pages, added } = await download(null);
      const expected = Array.from({ length: MINUTES }, (_, minute) => minute).filter((minute) => !isSilent(minute));
      assert.deepEqual([complete, pages > 2, added], [true, true, expected.length]);
      const rows = lines().map((line) => line.split(','));
      assert.deepEqual(
        rows.map(([at]) => Number(at)),
        expected.map((minute) => BEGIN + minute * MINUTE_MS),
      );
      assert.deepEqual(rows[7], [String(BEGIN + 7 * MINUTE_MS), '1.10012', '1.10012', '1.10012', '1.10012', '0']);
      await until('it hangs up', () => tws.counters().sessions === 0);
    });
  });

  it('the same again goes on after the last whole row, a torn line is cut, and nothing is twice', async () => {
    await downloading(async ({ download, lines, path }) => {
      await download(BEGIN + 200 * MINUTE_MS);
      assert.equal(lines().length, 200);
      const whole = readFileSync(path, 'utf8');
      writeFileSync(path, `${whole}${String(BEGIN + 200 * MINUTE_MS)},1.1`);
      const { resumedAt, cutBytes } = await download(null);
      assert.deepEqual([resumedAt, cutBytes > 0], [BEGIN + 199 * MINUTE_MS, true]);
      const times = lines().map((line) => line.split(',')[0]);
      assert.equal(new Set(times).size, times.length);
      assert.equal(times.length, MINUTES - 1600);
    });
  });

  it('longer bars are TWS’s own', async () => {
    await downloading(async ({ download, lines }) => {
      await download(null, { intervalMs: 15 * MINUTE_MS });
      const [first] = lines();
      assert.deepEqual(first?.split(','), [String(BEGIN), '1.10005', '1.10019', '1.10005', '1.10019', '0']);
    });
  });

  it('what TWS has not is one clear error: an interval, a pair, a TWS', async () => {
    await downloading(async ({ download }) => {
      await assert.rejects(download(null, { intervalMs: 1440 * MINUTE_MS }), /TWS gives no bars of 1440 minutes here: there are 1, 2, 3, 5, 15, 30/);
      await assert.rejects(download(null, { symbol: 'EUR/XXX' }), /EUR\/XXX: 200: No security definition/);
      await assert.rejects(
        openIbkrSource({ address: { host: '127.0.0.1', port: 1 }, clientId: 3, symbol: 'EUR/USD', intervalMs: MINUTE_MS, paced: false }),
        /TWS at 127\.0\.0\.1:1 cannot be used/,
      );
    });
  });
});
