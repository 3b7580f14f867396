/** RT-1 over a whole day: what the venue was asked for, by its own log. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { adminSocketPath } from '#supervisors/admin-path.ts';
import { askSystem } from '#cli/admin-client.ts';
import { paths } from '#state/data-dir.ts';
import { writeCandles } from '#test/support/candles.ts';
import { freshDirectory, json, run, start } from '#test/support/command.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const ASK_MS_MAX = 10_000;
const LOOK_MS = 250;

interface Counters {
  readonly orderEndpointHits: number;
  readonly privateHits: number;
  readonly asked: Readonly<Record<string, number>>;
}

/**
 * A day of minutes of both assets, written for it: four quotes a bar. The synthetic market has several quotes a second, and its day took two
 * minutes on two busy cores; the path from a quote to the wire is the same.
 */
function dayOfBoth(): readonly string[] {
  const bars = DAY_MS / MINUTE_MS + 1;
  const spot = writeCandles(freshDirectory(), { bars });
  const inCents = (line: string): string => {
    const [at, open, high, low, close, volume] = line.split(',');
    return [at, ...[open, high, low, close].map((price) => (Number(price) / 100_000).toFixed(4)), String(Number(volume) * 100)].join(',');
  };
  const perp = writeCandles(freshDirectory(), { name: 'ADAUSDT-linear-made-1m.csv', bars, seed: 2 }, (lines) => lines.map(inCents));
  return ['--play', spot, perp];
}

/** Market time played, what was traded, and what the venue was asked for, once `isEnough`. */
async function played(dataDir: string, args: readonly string[], isEnough: (marketMs: number, counters: Counters) => boolean) {
  const system = start('system', '--no-page', '--json', '--speed', 'max', '--seed', '3', '--data-dir', dataDir, ...args);
  await system.line(/ running /);
  const ask = (request: Parameters<typeof askSystem>[1]) => askSystem(adminSocketPath(paths(dataDir, 'embedded').adminSocket), request, ASK_MS_MAX);
  for (;;) {
    const counters = (await ask({ command: 'ask', actor: 'venue.embedded', query: 'counters', args: [] })) as Counters;
    const status = (await ask({ command: 'status' })) as { readonly marketMs: number; readonly fills: number };
    if (isEnough(status.marketMs, counters)) {
      system.child.kill('SIGTERM');
      const finished = await system.done;
      assert.equal(finished.code, 0, finished.stderr.slice(-3000));
      return { ...status, ...counters };
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

describe('a day of paper', function () {
  this.timeout(300_000);

  it('RT-1 24 hours of market time, both assets: every request is for the public market, not one for an order, an account or a private stream', async () => {
    const dataDir = freshDirectory();
    const day = await played(dataDir, dayOfBoth(), (marketMs) => marketMs >= DAY_MS);
    assert.ok(day.fills > 10, `paper must have traded for the test to mean anything: ${day.fills} fills`);
    assert.deepEqual([day.orderEndpointHits, day.privateHits], [0, 0]);
    const strange = Object.keys(day.asked).filter((what) => !/^GET \/v5\/(market\/|public\/(spot|linear)$)/.test(what));
    assert.deepEqual(strange, [], JSON.stringify(day.asked));
    assert.ok(Object.keys(day.asked).length >= 3, JSON.stringify(day.asked));
    assert.equal(json<{ ok: boolean }>(await run('verify', '--data-dir', dataDir, '--json')).ok, true);
  });

  it('RT-2 the same log names the order endpoints as soon as live trades: the log is not blind', async () => {
    const live = await played(freshDirectory(), [...dayOfBoth(), '--rehearse', 'crypto_spot,crypto_futures'], (_marketMs, { asked }) =>
      Object.hasOwn(asked, 'POST /v5/order/create'),
    );
    assert.ok(live.orderEndpointHits > 0 && live.privateHits > 0);
  });
});
