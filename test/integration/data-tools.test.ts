/** `data` as a user runs it: against `venue` on loopback, killed in the middle, and its files played without a word about their symbol. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { candleLines, writeCandles } from '#test/support/candles.ts';
import { freshDirectory, json, run, start, type Finished, type Running } from '#test/support/command.ts';
import { until } from '#test/support/until.ts';

const START = Date.UTC(2024, 0, 8);
const MINUTE_MS = 60_000;
const BARS = 4000;
const TO = START + (BARS - 10) * MINUTE_MS;
const HEADER = 'ts_ms,open,high,low,close,volume';

interface Summary {
  readonly ok: boolean;
  readonly file: string;
  readonly rows: number;
  readonly gaps: number;
  readonly interval: string | null;
  readonly added: number;
  readonly resumedAt: number | null;
  readonly problem?: { readonly line: number | null; readonly what: string; readonly right: string };
}

describe('data', function () {
  this.timeout(120_000);
  const dir = freshDirectory();
  let venue: Running;
  let urls: { readonly rest: string; readonly ws: string };

  before(async () => {
    const recorded = writeCandles(dir, { bars: BARS });
    venue = start('venue', '--play', recorded, '--speed', '1000000');
    await venue.line(/^ready$/);
    urls = (JSON.parse(await venue.line(/^\{"bybit"/)) as { readonly bybit: typeof urls }).bybit;
    let now = 0;
    const look = setInterval(() => {
      void fetch(`${urls.rest}/v5/market/time`)
        .then((response) => response.json() as Promise<{ readonly time: number }>)
        .then(({ time }) => (now = time));
    }, 50);
    await until('the end of the recording', () => now >= TO).finally(() => clearInterval(look));
  });
  after(async () => {
    venue.child.kill('SIGTERM');
    await venue.done;
  });

  const download = (dataDir: string, ...more: readonly string[]): readonly string[] => [
    ...['data', 'download', '--symbol', 'BTC/USDT', '--from', String(START), '--to', String(TO)],
    ...['--rest', urls.rest, '--ws', urls.ws, '--data-dir', dataDir, ...more],
  ];
  const refused = async (code: number, words: RegExp, ...args: readonly string[]): Promise<Finished> => {
    const finished = await run(...args);
    assert.equal(finished.code, code, finished.stderr);
    assert.match(finished.stderr, words);
    assert.equal(finished.stderr.includes('    at '), false, finished.stderr);
    return finished;
  };

  it('downloads into the history, goes on after kill -9 as if nothing had been, and lists what is there', async () => {
    const whole = json<Summary>(await run(...download(join(dir, 'whole'), '--json')));
    assert.deepEqual([whole.ok, whole.rows, whole.gaps, whole.interval, whole.added, whole.resumedAt], [true, BARS - 10, 0, '1m', BARS - 10, null]);
    assert.equal(whole.file, join(dir, 'whole', 'history', 'crypto_spot', 'BTCUSDT-bybit-1m.csv'));
    const lines = readFileSync(whole.file, 'utf8').trimEnd().split('\n');
    const zeros = (line: string): string => line.replace(/[^,]+$/, (volume) => String(Number(volume)));
    assert.deepEqual(lines, [HEADER, ...candleLines({ bars: BARS - 10 }).map(zeros)]);

    const cut = join(dir, 'cut');
    const file = join(cut, 'history', 'crypto_spot', 'BTCUSDT-bybit-1m.csv');
    const first = start(...download(cut));
    await until('a first page', () => existsSync(file) && readFileSync(file).length > HEADER.length + 1);
    first.child.kill('SIGKILL');
    await first.done;
    const finished = await run(...download(cut));
    assert.equal(finished.code, 0, finished.stderr);
    assert.match(finished.stdout, /goes on after \d+ rows/);
    assert.match(finished.stdout, /3990 candles every 1m from 2024-01-08T00:00:00.000Z to .*, no gap/);
    assert.ok(readFileSync(file).equals(readFileSync(whole.file)));

    const listed = json<{ readonly files: readonly (Summary & { readonly symbol: string; readonly asset: string })[] }>(
      await run('data', 'list', '--data-dir', cut, '--json'),
    );
    assert.deepEqual(
      listed.files.map(({ file: name, asset, symbol, rows, gaps }) => [name, asset, symbol, rows, gaps]),
      [[file, 'crypto_spot', 'BTC/USDT', BARS - 10, 0]],
    );
  });

  it('imports a file whole or not at all, never twice, and plays it without --symbol', async () => {
    const dataDir = join(dir, 'imported');
    const source = writeCandles(dir, { bars: 240, name: 'my perpetual bars.csv' });
    const importing = ['data', 'import', source, '--symbol', 'ADA/USDT:USDT', '--data-dir', dataDir] as const;
    const { file, rows } = json<Summary>(await run(...importing, '--json'));
    assert.equal(file, join(dataDir, 'history', 'crypto_futures', 'ADAUSDT-my-perpetual-bars.csv'));
    assert.equal(rows, 240);
    assert.ok(readFileSync(file).equals(readFileSync(source)));
    await refused(1, /is there already; --force replaces it/, ...importing);
    const renamed = join(dir, 'ADAUSDT-other.csv');
    writeFileSync(renamed, readFileSync(source));
    await refused(1, /holds the same bytes already/, 'data', 'import', renamed, '--symbol', 'ADA/USDT:USDT', '--data-dir', dataDir);
    assert.equal((await run(...importing, '--force')).code, 0);

    const wrong = writeCandles(dir, { bars: 5, name: 'wrong.csv' }, (lines) => lines.with(3, 'x,1,1,1,1,1'));
    await refused(1, /wrong\.csv line 5: ts_ms "x" is not a whole number/, 'data', 'import', wrong, '--symbol', 'BTC/USDT', '--data-dir', dataDir);
    assert.equal(existsSync(join(dataDir, 'history', 'crypto_spot', 'BTCUSDT-wrong.csv')), false);

    const played = await run('system', '--play', file, '--speed', 'max', '--until-end', '--no-page', '--json', '--data-dir', dataDir);
    const report = json<{ readonly ok: boolean; readonly quotes: number; readonly byAsset: Readonly<Record<string, unknown>> }>(played);
    assert.equal(report.ok, true, played.stderr);
    assert.ok(report.quotes > 240);
    assert.deepEqual(Object.keys(report.byAsset), ['crypto_futures']);
  });

  it('check says what is wrong, where, and what would be right', async () => {
    const gap = writeCandles(dir, { bars: 10, name: 'gap.csv' }, (lines) => lines.toSpliced(4, 2));
    const found = await run('data', 'check', gap);
    assert.equal(found.code, 0);
    assert.match(found.stdout, /8 candles every 1m .*, 2 bars missing in 1 gap, the longest 3 min, the first before line 6/);
    const wrong = writeCandles(dir, { bars: 5, name: 'twice.csv' }, (lines) => lines.toSpliced(2, 0, lines[1] ?? ''));
    const finished = await refused(1, /line 4/, 'data', 'check', wrong, '--json');
    assert.deepEqual(json<Summary>(finished), {
      ...{ ok: false, file: wrong },
      problem: { line: 4, what: `ts_ms ${START + MINUTE_MS} stands twice`, right: 'keep one row a bar' },
    });
  });

  it('refuses what cannot be meant with one line', async () => {
    const asking = ['data', 'download', '--symbol', 'BTC/USDT', '--from', '2024-01-08'] as const;
    await refused(2, /^data download: the embedded market needs --rest URL --ws URL of a running `npm run venue`/, ...asking);
    await refused(2, /not on loopback/, ...asking, '--rest', 'http://192.0.2.1', '--ws', urls.ws, '--data-dir', dir);
    await refused(2, /--rest and --ws belong to the embedded market/, ...asking, '--market', 'testnet', '--rest', urls.rest);
    await refused(2, /--interval 2m: must be of 1m, 3m/, ...asking, '--interval', '2m', '--rest', urls.rest, '--ws', urls.ws);
    await refused(2, /is spot and settles no funding/, ...asking, '--funding', '--rest', urls.rest, '--ws', urls.ws);
    await refused(2, /cannot be gone on with/, ...asking, '--out', join(dir, 'a.csv.gz'), '--rest', urls.rest, '--ws', urls.ws);
    await refused(1, /cannot be created/, ...asking, '--out', join(dir, 'no', 'a.csv'), '--rest', urls.rest, '--ws', urls.ws);
  });
});
