/** The embedded venue for the command line, which may not import venues. */
import { venueParams } from '#venues/embedded/params.ts';
import { runVenue } from '#venues/embedded/standalone.ts';

export interface StandaloneVenue {
  readonly urls: { readonly rest: string; readonly ws: string; readonly apiKey: null; readonly secret: null };
  /** Rejects where playing failed. */
  readonly failed: Promise<unknown>;
  stop(): Promise<void>;
}

/** The façade has public endpoints only, so it hands out no keys yet. */
export async function runStandaloneVenue(options: {
  readonly play: unknown;
  readonly seed: string;
  readonly port: number;
  readonly speed: number;
}): Promise<StandaloneVenue> {
  const params = venueParams.parse({ seed: options.seed, host: '127.0.0.1', port: options.port, play: options.play, resumeAt: null });
  const running = await runVenue({ params, speed: options.speed });
  const { rest, ws } = running.info;
  return { urls: { rest, ws, apiKey: null, secret: null }, failed: running.over, stop: () => running.stop() };
}
