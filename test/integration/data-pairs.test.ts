/** `data download` of a pair as a user runs it: from the TWS of a running `venue`, again and again while it plays, and its file played without a word about its symbol. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { freshDirectory, json, run, start, type Finished, type Running } from '#test/support/command.ts';

/** A Tuesday, 10:00 in New York. */
const START = Date.UTC(2024, 0, 9, 15);
const MINUTE_MS = 60_000;
const BARS = 1500;
const RUNS_MAX = 30;

interface Summary {
  readonly ok: boolean;
  readonly file: string;
  readonly rows: number;
  readonly gaps: number;
  readonly interval: string | null;
}

describe('data download of a pair', function () {
  this.timeout(180_000);
  const dir = freshDirectory();
  let venue: Running;
  let port = 0;

  before(async () => {
    const recorded = join(dir, 'EURUSD-made.csv');
    const quote = (minute: number): string => {
      const bid = 1.1 + Math.sin(minute / 50) / 100;
      return [START + minute * MINUTE_MS, bid.toFixed(5), (bid + 0.0001).toFixed(5), 1_000_000, 1_000_000].join(',');
    };
    writeFileSync(recorded, `${['ts_ms,bid,ask,bid_size,ask_size', ...Array.from({ length: BARS + 1 }, (_, minute) => quote(minute))].join('\n')}\n`);
    venue = start('venue', '--play', recorded, '--speed', '100000');
    await venue.line(/^ready$/);
    ({ port } = (JSON.parse(await venue.line(/^\{"bybit"/)) as { readonly tws: { readonly port: number } }).tws);
  });
  after(async () => {
    venue.child.kill('SIGTERM');
    await venue.done;
  });

  const download = (...more: readonly string[]): Promise<Finished> =>
    run('data', 'download', '--symbol', 'EUR/USD', '--from', String(START), '--to', String(START + BARS * MINUTE_MS), '--data-dir', dir, ...more);

  it('reads every closed bar from TWS, goes on where the market was, and the file plays', async () => {
    let last: Summary | null = null;
    for (let time = 0; time < RUNS_MAX && last?.rows !== BARS; time++) {
      const finished = await download('--tws', String(port), '--json');
      if (finished.code === 0) last = json<Summary>(finished);
    }
    assert.deepEqual([last?.ok, last?.rows, last?.gaps, last?.interval], [true, BARS, 0, '1m']);
    assert.equal(last?.file, join(dir, 'history', 'forex', 'EUR.USD-ibkr-1m.csv'));
    const [header, first] = readFileSync(last.file, 'utf8').split('\n');
    assert.deepEqual([header, first?.split(',')[0]], ['ts_ms,open,high,low,close,volume', String(START)]);
    const played = await run(
      'system',
      '--play',
      last.file,
      '--speed',
      'max',
      '--until-end',
      '--no-page',
      '--json',
      '--data-dir',
      join(dir, 'played'),
    );
    const report = json<{ readonly ok: boolean; readonly quotes: number; readonly byAsset: Readonly<Record<string, unknown>> }>(played);
    assert.deepEqual([report.ok, report.quotes >= BARS, Object.keys(report.byAsset)], [true, true, ['forex']], played.stderr);
  });

  it('what is asked wrongly is one clear error', async () => {
    const refusals: readonly (readonly [RegExp, ...string[]])[] = [
      [/needs --tws PORT of a running `npm run venue`/],
      [/--rest and --ws are Bybit's/, '--rest', 'http://127.0.0.1:1', '--ws', 'ws://127.0.0.1:1'],
      [/EUR\/USD is a pair and settles no funding/, '--tws', String(port), '--funding'],
    ];
    for (const [words, ...args] of refusals) {
      const finished = await download(...args);
      assert.equal(finished.code, 2, finished.stderr);
      assert.match(finished.stderr, words);
    }
    const none = await download('--tws', String(port), '--interval', '1d');
    assert.deepEqual([none.code, /TWS gives no bars of 1440 minutes/.test(none.stderr)], [1, true], none.stderr);
  });
});
