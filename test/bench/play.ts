/** A recorded day through the whole system as a user starts it: HTTP, WebSocket, ccxt, forked processes, journal; as fast as it can follow. */
import { join } from 'node:path';
import { writeCandles } from '#test/support/candles.ts';
import { json, run } from '#test/support/command.ts';
import { result, type Benchmark } from './result.ts';

const BARS = 1440;
const BARS_QUICK = 360;
const MARKET_BY_WALL_MIN = 10_000;
const MS_PER_S = 1000;

interface Report {
  readonly ok: boolean;
  readonly quotes: number;
  readonly wallMs: number;
  readonly marketMs: number;
  readonly fills: number;
}

export const play: Benchmark = async ({ quick, dir }) => {
  const bars = quick ? BARS_QUICK : BARS;
  const file = writeCandles(dir, { bars });
  const started = performance.now();
  const finished = await run('system', '--play', file, '--speed', 'max', '--until-end', '--no-page', '--json', '--data-dir', join(dir, 'data'));
  const commandMs = performance.now() - started;
  if (finished.code !== 0) throw new Error(`the system ended with ${finished.code}: ${finished.stderr.slice(-2000)}`);
  const report = json<Report>(finished);
  return {
    results: [
      result({
        name: `play: ${bars / 60} h of candles, market time by wall time`,
        unit: 'times',
        ours: report.marketMs / report.wallMs,
        baseline: 1,
        target: { of: 'ratio', is: 'at least', value: MARKET_BY_WALL_MIN },
      }),
      result({ name: 'play: quotes through the whole system', unit: 'quotes/s', ours: (report.quotes * MS_PER_S) / report.wallMs }),
      result({ name: 'play: the command from start to end', unit: 'ms', ours: commandMs, baseline: report.wallMs }),
    ],
    broken: report.quotes === 0 ? ['no quote was played'] : [],
    notes: [
      `**play**: made-up one-minute candles (${report.quotes.toLocaleString('en')} quotes, ${report.fills} fills) through \`system --play FILE --speed max --until-end --no-page\`: embedded venue, gateway and trader in processes of their own. The wall time is that of the report, from the journal's opening to the end: starting the processes counts, so a shorter file plays slower. Baseline: the market's own pace; for the last row, the report's wall time.`,
    ],
  };
};
