/** The embedded venue alone, for any client that speaks Bybit v5. The first line of stdout is one JSON object with its addresses. */
import { inspectPlay, SYNTHETIC_PLAN } from '#supervisors/play-plan.ts';
import { runStandaloneVenue } from '#supervisors/standalone-venue.ts';
import type { Context } from './context.ts';
import { EXIT, UsageError } from './output.ts';
import { resolvePlayFiles } from './play.ts';

interface VenueOptions {
  readonly play: readonly string[];
  readonly symbol?: string;
  readonly speed: number;
  readonly seed: number;
  readonly bybitPort: number;
  readonly allowGaps?: boolean;
}

export async function venue(_context: Context, options: VenueOptions): Promise<number> {
  const synthetic = options.play.includes('synthetic');
  if (synthetic && options.play.length > 1) throw new UsageError('--play: "synthetic" and files do not mix');
  const plan = synthetic
    ? SYNTHETIC_PLAN
    : await inspectPlay(await resolvePlayFiles(options.play, options.symbol), { from: null, to: null, allowGaps: options.allowGaps === true });
  const running = await runStandaloneVenue({ play: plan.play, seed: String(options.seed), port: options.bybitPort, speed: options.speed });
  process.stdout.write(`${JSON.stringify({ bybit: running.urls })}\n`);
  process.stdout.write('ready\n');
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    running.failed.catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      resolve();
    });
  });
  await running.stop();
  return EXIT.ok;
}
