import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { FAILURE_MODES } from '#venues/embedded/bybit/failure-modes.ts';
import { writeCandles } from '#test/support/candles.ts';
import { freshDirectory, run, start } from '#test/support/command.ts';

const LINES = 30;
/** Below a file, and below /proc, whose refusal Node's own recursive mkdir takes for a parent that is missing, without end. */
const NEVER_MADE = ['/dev/null/x', '/proc/x'];

/** Runs and expects one line on stderr, exit 2, and nothing written. */
async function refused(words: RegExp, ...args: readonly string[]): Promise<void> {
  const dataDir = freshDirectory();
  const finished = await run(...args, '--data-dir', dataDir);
  assert.equal(finished.code, 2, finished.stderr);
  assert.match(finished.stderr, words);
  const lines = finished.stderr
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('ledgerwood: '));
  assert.equal(lines.length, 1, finished.stderr);
  assert.equal(existsSync(join(dataDir, 'embedded', 'state', 'anchor.json')), false, 'nothing half-written');
}

describe('bad input', function () {
  this.timeout(60_000);
  const directory = freshDirectory();
  const file = (edit: (lines: string[]) => string[]): string => writeCandles(directory, { bars: LINES, name: `BTCUSDT-${Math.random()}.csv` }, edit);
  const play = (path: string): readonly string[] => ['system', '--play', path, '--until-end', '--no-page'];

  it('a data file that cannot be read, is unsorted or holds a NaN is refused by line', async () => {
    await refused(
      /nowhere\.csv/,
      ...play('nowhere-BTCUSDT.csv').map((arg) => (arg.startsWith('nowhere') ? join(directory, 'BTCUSDT-nowhere.csv') : arg)),
    );
    await refused(/line 6/, ...play(file((lines) => [...lines.slice(0, 3), lines[4] ?? '', lines[3] ?? '', ...lines.slice(5)])));
    await refused(
      /line 4/,
      ...play(file((lines) => lines.map((line, index) => (index === 2 ? line.replace(/,[^,]+$/, ',NaN').replace(/^(\d+),[^,]+/, '$1,NaN') : line)))),
    );
    await refused(/line 3/, ...play(file((lines) => lines.map((line, index) => (index === 1 ? line.split(',').slice(0, 4).join(',') : line)))));
  });

  it('a gap between bars is refused by line, unless it is allowed', async () => {
    const gapped = file((lines) => [...lines.slice(0, 5), ...lines.slice(8)]);
    await refused(/line 7: bars are missing before this one \(3 in 1 gaps, the longest 4 min\).*--allow-gaps/, ...play(gapped));
    assert.equal((await run(...play(gapped), '--allow-gaps', '--speed', 'max', '--data-dir', freshDirectory())).code, 0);
  });

  it('an empty file and a file of something else are refused', async () => {
    await refused(/BTCUSDT-empty/, ...play(writeCandles(directory, { bars: 0, name: 'BTCUSDT-empty.csv' })));
    const other = join(directory, 'BTCUSDT-other.csv');
    writeFileSync(other, 'a,b,c\n1,2,3\n');
    await refused(/BTCUSDT-other/, ...play(other));
  });

  it('wrong usage says what would be right', async () => {
    await refused(/--speed/, 'system', '--speed', 'warp');
    await refused(/--until-end/, 'system', '--until-end', '--no-page');
    await refused(/--assets/, 'system', '--assets', 'tulips', '--no-page');
    await refused(/--rehearse tulips: must be of crypto_spot/, 'system', '--rehearse', 'tulips', '--no-page');
    await refused(/--rehearse belongs to the embedded market; --market is testnet/, 'system', '--rehearse', 'crypto_spot', '--market', 'testnet');
    await refused(/mode tulips: must be/, 'mode', 'tulips', 'live', 'on');
    await refused(/unknown option/, 'system', '--fast');
    await refused(/--scope/, 'kill', '--scope', 'moon');
    await refused(/--rearm opens everything/, 'kill', '--rearm', '--confirm', 'REARM', '--scope', 'bybit');
    await refused(/contradict/, 'kill', '--rearm', '--confirm', 'REARM', '--flatten');
    await refused(/--status .*give it alone/, 'kill', '--status', '--flatten');
  });

  it('a data directory that cannot be written is named', async () => {
    for (const dataDir of NEVER_MADE) {
      const finished = await run('system', '--no-page', '--data-dir', dataDir);
      assert.equal(finished.code, 2);
      assert.match(finished.stderr, new RegExp(`--data-dir ${dataDir}: cannot be written`));
    }
  });

  it('the help of the venue says how its failure modes are switched', async () => {
    const { stdout } = await run('venue', '--help');
    assert.match(stdout, new RegExp(`FM-1\\s+to FM-${Object.keys(FAILURE_MODES).length}, `));
    assert.match(stdout, /^ {2}bybit FM-8 .*\n {2}bybit FM-10 .* until bybit FM-10 off$/m);
  });

  it('KS-2 a kill that reaches nobody says so at once, and so does a re-arm', async () => {
    for (const dataDir of NEVER_MADE) {
      const nowhere = await run('kill', '--data-dir', dataDir);
      assert.equal(nowhere.code, 1);
      assert.match(nowhere.stderr.trim(), /^NOT TRIPPED: the latch .* cannot be written .*, and no system answers .*$/);
      assert.match(nowhere.stderr, new RegExp(`; --data-dir ${dataDir} must be that of the system that runs, and one that you may write\\n$`));
      const open = await run('kill', '--rearm', '--confirm', 'REARM', '--data-dir', dataDir);
      assert.equal(open.code, 1);
      assert.match(
        open.stderr.trim(),
        new RegExp(`^not re-armed: the journal ${dataDir}/.* cannot be made .*; name the --data-dir of the system that was tripped$`),
      );
    }
    const wrong = await run('kill', '--data-dir', freshDirectory());
    assert.equal(wrong.code, 0);
    assert.match(wrong.stdout, /nothing ever ran .*: a system that runs now has another one, and goes on/);
  });

  it('a port in use is named', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await refused(new RegExp(`--port ${port}: is in use`), 'system', '--port', String(port));
    server.close();
  });

  it('a data directory held by another run is named', async () => {
    const dataDir = freshDirectory();
    const first = start('system', '--no-page', '--data-dir', dataDir);
    await first.line(/ running /);
    const second = await run('system', '--no-page', '--data-dir', dataDir);
    assert.equal(second.code, 2);
    assert.match(second.stderr, /another/);
    first.child.kill('SIGTERM');
    assert.equal((await first.done).code, 0);
  });
});
