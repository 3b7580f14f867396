/** Drills (docs/decisions/0054) in the whole tree: they are made, and nothing comes of them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { callCounter, type CallCounter } from '#test/support/calls.ts';
import { writeCandles } from '#test/support/candles.ts';
import { freshDirectory, json, startWith } from '#test/support/command.ts';
import { agree, stop, tree, untilTrading } from '#test/support/rehearsed.ts';

/** A wave that turns every eight bars: an entry as it turns up, an exit as it turns down. */
const WAVE = { mid: 60_000, amplitude: 600, barsAPeriod: 16 };
const BARS = 80;
/** More than the kills take, at whatever pace. */
const BARS_OF_KILLS = 20_000;
/** The most that `--speed` takes: as good as max, but finite. */
const FINITE = '1000000';

const priceAt = (bar: number): number => WAVE.mid + WAVE.amplitude * Math.sin((2 * Math.PI * bar) / WAVE.barsAPeriod);

function waveOf(line: string, bar: number): string {
  const [at = ''] = line.split(',');
  const [open, close] = [priceAt(bar), priceAt(bar + 1)];
  return [at, ...[open, Math.max(open, close), Math.min(open, close), close].map((value) => value.toFixed(2)), '5'].join(',');
}

const waveFile = (bars: number): string => writeCandles(freshDirectory(), { bars }, (lines) => lines.map(waveOf));

interface Report {
  readonly ok: boolean;
  readonly closedTrades: number;
  readonly tradesSha256: string;
  readonly journalSeq: number;
  readonly chainHead: string;
}

interface Played {
  readonly report: Report;
  /** The file of closed trades as it lies. */
  readonly trades: string;
  readonly calls: CallCounter;
}

async function play(file: string, speed: string): Promise<Played> {
  const [calls, dataDir] = [callCounter(), freshDirectory()];
  const of = ['--play', file, '--assets', 'crypto_spot', '--speed', speed, '--until-end', '--seed', '7', '--data-dir', dataDir];
  const finished = await startWith(calls.environment, 'system', '--no-page', '--json', ...of).done;
  assert.equal(finished.code, 0, finished.stderr.slice(-3000));
  const trades = readFileSync(join(dataDir, 'embedded', 'state', 'paper', 'trades_crypto_spot.jsonl'), 'utf8');
  return { report: json<Report>(finished), trades, calls };
}

describe('drills: one market with them and without', function () {
  this.timeout(120_000);
  let without: Played;
  let drilled: Played;

  before(async () => {
    const file = waveFile(BARS);
    without = await play(file, 'max');
    drilled = await play(file, FINITE);
  });

  it('are made where the speed is finite, and never at max', () => {
    const made = ({ calls }: Played): readonly number[] => [
      calls.of('supervisors/life.js', 'drill'),
      calls.of('state/journal.js', 'drill'),
      calls.of('actors/behavior-actor.js', 'drill'),
    ];
    assert.deepEqual(made(without), [0, 0, 0]);
    for (const count of made(drilled)) assert.ok(count > BARS / 2, made(drilled).join());
    for (const judge of ['trading/risk/governor.js', 'trading/paper/simulator.js'])
      assert.ok(drilled.calls.of(judge, 'decide') > without.calls.of(judge, 'decide'), `${judge} decided nothing again`);
  });

  it('ST-1 ST-2 leave no trace: the same trades to the byte, and the same journal to its last hash', () => {
    assert.ok(drilled.report.closedTrades >= 2, `${drilled.report.closedTrades} closed trades`);
    assert.equal(drilled.trades, without.trades);
    const { tradesSha256, journalSeq, chainHead } = without.report;
    assert.deepEqual([drilled.report.tradesSha256, drilled.report.journalSeq, drilled.report.chainHead], [tradesSha256, journalSeq, chainHead]);
  });
});

describe('drills: kill -9 between any two of them', function () {
  this.timeout(240_000);
  const VICTIMS = ['trader.crypto_spot.live', 'gateway.bybit.port', 'trader.crypto_spot.paper', 'gateway.bybit'] as const;
  const KILLS = 2 * VICTIMS.length;

  it('ST-2 ST-3 ST-5 traders, gateway and port die while they drill: nothing lost, nothing twice, and no drill is heard of', async () => {
    const [calls, dataDir] = [callCounter(), freshDirectory()];
    const of = ['--play', waveFile(BARS_OF_KILLS), '--speed', FINITE, '--rehearse', 'crypto_spot', '--seed', '7', '--data-dir', dataDir];
    const system = startWith(calls.environment, 'system', '--no-page', '--json', ...of);
    await system.line(/ running /);
    await system.line(/gateway\.bybit\.orders {2}filled /);
    for (let kill = 0; kill < KILLS; kill++) {
      await untilTrading(dataDir);
      const victim = (await tree(dataDir)).find(({ name }) => name === VICTIMS[kill % VICTIMS.length]);
      assert.ok(typeof victim?.pid === 'number', `${VICTIMS[kill % VICTIMS.length]} has no process`);
      process.kill(victim.pid, 'SIGKILL');
    }
    await untilTrading(dataDir);
    await stop(system);
    assert.ok(calls.of('supervisors/life.js', 'drill') > KILLS, 'nobody drilled');
    assert.doesNotMatch(system.said(), /drill/);
    const { crypto_spot: fills = 0 } = await agree(dataDir);
    assert.ok(fills > 0, 'the run must have traded for the test to mean anything');
  });
});
