/** The embedded venue for the command line, which may not import venues. */
import { venueParams } from '#venues/embedded/params.ts';
import { runVenue } from '#venues/embedded/standalone.ts';

export interface StandaloneVenue {
  readonly urls: { readonly rest: string; readonly ws: string; readonly apiKey: string; readonly secret: string };
  /** Rejects where playing failed. */
  readonly failed: Promise<unknown>;
  stop(): Promise<void>;
}

/** The keys are test keys: they open nothing but this venue. */
export async function runStandaloneVenue(options: {
  readonly play: unknown;
  readonly seed: string;
  readonly port: number;
  readonly speed: number;
}): Promise<StandaloneVenue> {
  const params = venueParams.parse({ seed: options.seed, host: '127.0.0.1', port: options.port, play: options.play, resumeAt: null });
  const running = await runVenue({ params, speed: options.speed });
  const { rest, ws } = running.info;
  return { urls: { rest, ws, ...running.keys }, failed: running.over, stop: () => running.stop() };
}
