/** The embedded venue alone, for any client that speaks Bybit v5 or the TWS API. The first line of stdout is one JSON object with their addresses. */
import { createInterface } from 'node:readline';
import { inspectPlay, SYNTHETIC_PLAN, type PlayPlan } from '#supervisors/play-plan.ts';
import { runStandaloneVenue, type StandaloneVenue } from '#supervisors/standalone-venue.ts';
import type { Context } from './context.ts';
import { EXIT, UsageError } from './output.ts';
import { resolvePlayFiles } from './play.ts';

interface VenueOptions {
  readonly play: readonly string[];
  readonly symbol?: string;
  readonly speed: number;
  readonly seed: number;
  readonly bybitPort: number;
  readonly twsPort: number;
  readonly serverVersion?: number;
  readonly restarts: boolean;
  readonly twsFault?: readonly string[];
  readonly allowGaps?: boolean;
}

export async function venue(_context: Context, options: VenueOptions): Promise<number> {
  const running = await open(options);
  process.stdout.write(`${JSON.stringify({ bybit: running.bybit, tws: running.tws })}\n`);
  process.stdout.write('ready\n');
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    if (line.trim() !== '') process.stdout.write(`${JSON.stringify(running.command(line))}\n`);
  });
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    running.failed.catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      resolve();
    });
  });
  lines.close();
  // A standard input that stays open would keep the process.
  process.stdin.destroy();
  await running.stop();
  return EXIT.ok;
}

/** One market and one clock behind both façades. */
async function open(options: VenueOptions): Promise<StandaloneVenue> {
  const { seed, bybitPort: port, speed, twsPort, serverVersion, restarts, twsFault: faults = [] } = options;
  const { play, twsFiles: files = [] } = await plan(options);
  const tws = { port: twsPort, files, restarts, faults, ...(serverVersion !== undefined && { serverVersion }) };
  try {
    return await runStandaloneVenue({ play, tws, seed: String(seed), port, speed });
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--tws-fault: ${error.message}`);
    throw error;
  }
}

/** Files are played by the façade that their market belongs to; the other one stands still. */
async function plan({ play, symbol, allowGaps }: VenueOptions): Promise<PlayPlan> {
  if (!play.includes('synthetic')) {
    return inspectPlay(await resolvePlayFiles(play, symbol), { from: null, to: null, allowGaps: allowGaps === true });
  }
  if (play.length > 1) throw new UsageError('--play: "synthetic" and files do not mix');
  return SYNTHETIC_PLAN;
}
