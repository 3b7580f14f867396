/** History through the unmodified ccxt: from an embedded venue that played it, and from a small server with the venue's faults. */
import assert from 'node:assert/strict';
import { readFileSync, truncateSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { downloadRows, type Downloaded } from '#venues/history/bybit-download.ts';
import { openBybitSource, type BybitSourceOptions } from '#venues/history/bybit-source.ts';
import { CANDLE_HEADER } from '#venues/history/candle-file.ts';
import { HistoryError } from '#venues/history/history-error.ts';
import { intervalOf } from '#venues/history/intervals.ts';
import { candleLines, writeCandles } from '#test/support/candles.ts';
import { inTempDir } from '#test/support/temp-dir.ts';
import { withVenue } from './embedded-support.ts';

const START = Date.UTC(2024, 0, 8);
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const BARS = 2500;
const RETRY = { baseMs: 1, capMs: 5, totalMs: 5000 };
type Endpoints = NonNullable<BybitSourceOptions['endpoints']>;

async function load(
  endpoints: Endpoints,
  path: string,
  rest: { readonly interval?: string | null; readonly from?: number; readonly stopAfter?: number } = {},
): Promise<Downloaded> {
  const { interval = '1m', from = START, stopAfter = Infinity } = rest;
  const source = await openBybitSource({
    ...{ environment: 'embedded', endpoints, category: interval === null ? 'linear' : 'spot', venueSymbol: 'BTCUSDT', retry: RETRY },
    interval: interval === null ? null : intervalOf(interval),
  });
  const stop = new AbortController();
  try {
    return await downloadRows(source, {
      ...{ path, kind: interval === null ? 'funding' : 'candles', from, to: null, signal: stop.signal },
      onProgress: ({ pages }) => {
        if (pages >= stopAfter) stop.abort();
      },
    });
  } finally {
    await source.close();
  }
}

/** The venue sums a bar's volume and writes no trailing zeros. */
const asTheVenueWrites = (line: string): string => line.replace(/[^,]+$/, (volume) => String(Number(volume)));

describe('history of the embedded venue through ccxt', () => {
  it('equals the recording that was played, to the last digit, whole or interrupted and torn', () =>
    inTempDir(async (dir) => {
      const recorded = writeCandles(dir, { bars: BARS });
      const play = { kind: 'files', files: [{ path: recorded, category: 'spot', venueSymbol: 'BTCUSDT' }] };
      await withVenue({ play }, async (venue) => {
        while (!venue.idle(0).ended) await venue.step();
        const { rest, ws } = venue.info();
        const whole = join(dir, 'whole.csv');
        const { info, pages } = await load({ rest, ws }, whole);
        // The venue's clock stands at the last price it played, which is inside the last bar.
        const played = `${[CANDLE_HEADER, ...candleLines({ bars: BARS - 1 }).map(asTheVenueWrites)].join('\n')}\n`;
        assert.equal(readFileSync(whole, 'utf8'), played);
        assert.deepEqual([info?.rows, info?.gaps, pages], [BARS - 1, 0, 3]);
        const torn = join(dir, 'torn.csv');
        assert.equal((await load({ rest, ws }, torn, { stopAfter: 1 })).complete, false);
        truncateSync(torn, readFileSync(torn).length - 17);
        const { cutBytes, added } = await load({ rest, ws }, torn);
        assert.ok(cutBytes > 0);
        assert.equal(added, BARS - 1 - 999);
        assert.equal(readFileSync(torn, 'utf8'), played);
      });
    }));

  it('has the longer intervals too, closed bars only', () =>
    inTempDir(async (dir) => {
      const recorded = writeCandles(dir, { bars: 300 });
      const play = { kind: 'files', files: [{ path: recorded, category: 'spot', venueSymbol: 'BTCUSDT' }] };
      await withVenue({ play }, async (venue) => {
        while (!venue.idle(0).ended) await venue.step();
        const { info } = await load(venue.info(), join(dir, 'hours.csv'), { interval: '1h' });
        assert.deepEqual([info?.rows, info?.intervalMs, info?.lastAt], [4, HOUR_MS, START + 3 * HOUR_MS]);
      });
    }));

  it('what the venue does not list is its refusal, at once and without a file', () =>
    inTempDir((dir) =>
      withVenue({ play: { kind: 'synthetic', symbols: [{ category: 'spot', symbol: 'ETHUSDT' }] } }, async (venue) => {
        await assert.rejects(
          load(venue.info(), join(dir, 'a.csv'), { from: venue.idle(0).now - 60 * MINUTE_MS }),
          (error) => error instanceof HistoryError && /the venue refuses: Not supported symbols/.test(error.message),
        );
      }),
    ));

  it('a venue that is not there is said while it is asked again, and then refused', async () => {
    const said: string[] = [];
    const source = await openBybitSource({
      ...{ environment: 'embedded', category: 'spot', venueSymbol: 'BTCUSDT', interval: intervalOf('1m') },
      endpoints: { rest: 'http://127.0.0.1:1', ws: 'ws://127.0.0.1:1' },
      retry: { baseMs: 1, capMs: 1, totalMs: 20 },
      onTrouble: (line) => said.push(line),
    });
    await assert.rejects(
      source.now(),
      (error) => error instanceof HistoryError && /clock at http:\/\/127.0.0.1:1 failed \d+ times/.test(error.message),
    );
    await source.close();
    assert.match(said[0] ?? '', /^no answer yet/);
  });

  it('reaches loopback only', () => assert.rejects(load({ rest: 'http://192.0.2.1', ws: 'ws://127.0.0.1' }, 'never.csv'), /not on loopback/));
});

interface Asked {
  readonly path: string;
  readonly query: URLSearchParams;
}
type Faulty = (response: ServerResponse, asked: Asked) => boolean;

describe('a venue with faults', () => {
  let server: Server | null = null;
  const asked: Asked[] = [];
  const NOW = START + 500 * HOUR_MS;

  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    asked.length = 0;
  });

  const send = (response: ServerResponse, result: object, retCode = 0, retMsg = 'OK'): void => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ retCode, retMsg, result, retExtInfo: {}, time: NOW }));
  };

  /** Settles every eight hours, newest first, as Bybit pages: the newest `limit` of a window. */
  async function serve(fault: Faulty): Promise<Endpoints> {
    server = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://127.0.0.1');
      const one = { path: url.pathname, query: url.searchParams };
      asked.push(one);
      if (fault(response, one)) return;
      const from = Number(url.searchParams.get('startTime') ?? url.searchParams.get('start'));
      const to = Number(url.searchParams.get('endTime') ?? url.searchParams.get('end'));
      const limit = Number(url.searchParams.get('limit'));
      if (url.pathname === '/v5/market/funding/history') {
        const list: object[] = [];
        for (let at = START; at <= to; at += 8 * HOUR_MS) {
          if (at >= from)
            list.unshift({
              symbol: 'BTCUSDT',
              fundingRate: at % (16 * HOUR_MS) === 0 ? '0.00010000' : '-0.00001234',
              fundingRateTimestamp: String(at),
            });
        }
        send(response, { category: 'linear', list: list.slice(0, limit) });
      } else if (url.pathname === '/v5/market/kline') {
        const list: string[][] = [];
        for (let at = Math.max(START, Math.ceil(from / MINUTE_MS) * MINUTE_MS); at <= to && list.length < limit; at += MINUTE_MS)
          list.unshift([String(at), '1.10', '1.20', '1.0', '1.1', '5', '5.5']);
        send(response, { list });
      } else send(response, {});
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return { rest: `http://127.0.0.1:${port}`, ws: `ws://127.0.0.1:${port}` };
  }

  const times = (count: number, path: string, act: (response: ServerResponse) => void): Faulty => {
    let left = count;
    return (response, one) => {
      if (one.path !== path || left-- <= 0) return false;
      act(response);
      return true;
    };
  };

  it('funding rates come as the venue wrote them, window by window', () =>
    inTempDir(async (dir) => {
      const path = join(dir, 'funding.csv');
      const { info, pages } = await load(await serve(() => false), path, { interval: null });
      assert.deepEqual([info?.kind, info?.rows, info?.gaps, info?.intervalMs, pages], ['funding', 63, 0, 8 * HOUR_MS, 3]);
      assert.deepEqual(readFileSync(path, 'utf8').split('\n').slice(0, 3), [
        'ts_ms,rate',
        `${START},0.00010000`,
        `${START + 8 * HOUR_MS},-0.00001234`,
      ]);
      const windows = asked.filter(({ path: asking }) => asking.endsWith('history'));
      assert.ok(windows.every(({ query }) => query.has('startTime') && query.has('endTime') && query.get('category') === 'linear'));
    }));

  it('a read that fails is asked again: bad gateway, a cut connection, too many visits, server busy', () =>
    inTempDir(async (dir) => {
      const kline = '/v5/market/kline';
      const faults = [
        times(2, kline, (response) => response.writeHead(502).end('<html>')),
        times(1, kline, (response) => response.destroy()),
        times(1, kline, (response) => send(response, {}, 10006, 'Too many visits!')),
        times(1, kline, (response) => send(response, {}, 10016, 'Server error')),
      ];
      const { info } = await load(await serve((response, one) => faults.some((fault) => fault(response, one))), join(dir, 'a.csv'), {
        from: NOW - 60 * MINUTE_MS,
      });
      assert.equal(info?.rows, 60);
      assert.equal(asked.filter(({ path }) => path === kline).length, 6);
    }));

  it('a refusal is not asked again, and a wrong row ends the download instead of becoming a gap', () =>
    inTempDir(async (dir) => {
      const kline = '/v5/market/kline';
      const cases: readonly (readonly [(response: ServerResponse) => void, RegExp])[] = [
        [(response) => send(response, {}, 10001, 'Not supported symbols'), /the venue refuses: Not supported symbols/],
        [
          (response) => send(response, { list: [[String(NOW - 5 * MINUTE_MS), '1', '0.5', '1', '1', '1', '1']] }),
          /wrong row.*high 0.5 is below low 1/,
        ],
        [(response) => send(response, { list: [[String(START), '1', '1', '1', '1', '1', '1']] }), /not in order or not what was asked/],
        [(response) => send(response, { list: [[NOW, 1, 1, 1, 1, 1, 1]] }), /not what Bybit documents/],
      ];
      for (const [act, words] of cases) {
        asked.length = 0;
        const endpoints = await serve(times(9, kline, act));
        await assert.rejects(
          load(endpoints, join(dir, 'a.csv'), { from: NOW - 60 * MINUTE_MS }),
          (error) => error instanceof HistoryError && words.test(error.message),
        );
        assert.equal(asked.filter(({ path }) => path === kline).length, 1);
        server?.closeAllConnections();
        server?.close();
      }
    }));

  it('asks nothing but public market data', async () => {
    await inTempDir(async (dir) => load(await serve(() => false), join(dir, 'a.csv'), { from: NOW - 60 * MINUTE_MS }));
    assert.deepEqual([...new Set(asked.map(({ path }) => path))], ['/v5/market/time', '/v5/market/kline']);
  });
});
