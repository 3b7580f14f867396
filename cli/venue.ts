/** The embedded venues alone, for any client that speaks Bybit v5 or the TWS API. The first line of stdout is one JSON object with their addresses. */
import { createInterface } from 'node:readline';
import { inspectPlay, SYNTHETIC_PLAN } from '#supervisors/play-plan.ts';
import { runStandaloneVenue, type StandaloneVenue } from '#supervisors/standalone-venue.ts';
import type { Context } from './context.ts';
import { EXIT, UsageError } from './output.ts';
import { resolvePlayFiles } from './play.ts';
import { splitTwsFiles } from './play-tws.ts';

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

/** Files are played by the façade that their market belongs to; a façade without files is not opened. Synthetic opens both. */
async function open(options: VenueOptions): Promise<StandaloneVenue> {
  const synthetic = options.play.includes('synthetic');
  if (synthetic && options.play.length > 1) throw new UsageError('--play: "synthetic" and files do not mix');
  const { tws, others } = synthetic ? { tws: [], others: [] } : await splitTwsFiles(options.play, options.symbol);
  const window = { from: null, to: null, allowGaps: options.allowGaps === true };
  const files = others.length === 0 ? null : await inspectPlay(await resolvePlayFiles(others, tws.length === 0 ? options.symbol : undefined), window);
  const { seed, bybitPort: port, speed, twsPort, serverVersion, restarts, twsFault: twsFaults = [] } = options;
  const twsPlay = tws.length === 0 ? null : { kind: 'files', files: tws };
  try {
    return await runStandaloneVenue({
      ...(synthetic ? { play: SYNTHETIC_PLAN.play, twsPlay: { kind: 'synthetic' } } : { play: files?.play ?? null, twsPlay }),
      ...{ seed: String(seed), port, speed, twsPort, serverVersion, restarts, twsFaults },
    });
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--tws-fault: ${error.message}`);
    throw error;
  }
}
