/** The embedded venues for the command line, which may not import venues. */
import { venueParams } from '#venues/embedded/params.ts';
import { runTws, runVenue, type RunningTws, type RunningVenue } from '#venues/embedded/standalone.ts';
import { twsParams } from '#venues/embedded/tws/params.ts';

export interface StandaloneVenue {
  /** What a client needs; null for a façade that has nothing to play. */
  readonly bybit: { readonly rest: string; readonly ws: string; readonly apiKey: string; readonly secret: string } | null;
  readonly tws: { readonly host: string; readonly port: number; readonly account: string } | null;
  /** Rejects where playing failed. */
  readonly failed: Promise<unknown>;
  /** One line of standard input, answered as a value: `tws NAME …`, `bybit NAME …`, `counters`, `faults`. */
  command(line: string): unknown;
  stop(): Promise<void>;
}

export interface StandaloneOptions {
  /** What the Bybit façade plays; null opens none. */
  readonly play: unknown;
  /** What the TWS façade plays; null opens none. */
  readonly twsPlay: unknown;
  readonly seed: string;
  readonly port: number;
  readonly twsPort: number;
  readonly serverVersion?: number | undefined;
  /** TWS restarts by itself, every night and on Sundays. */
  readonly restarts: boolean;
  readonly twsFaults: readonly string[];
  readonly speed: number;
}

/** The keys are test keys: they open nothing but this venue. @throws as the venues do, RangeError for a fault that is not known. */
export async function runStandaloneVenue(options: StandaloneOptions): Promise<StandaloneVenue> {
  const { seed, speed } = options;
  const bybit =
    options.play === null
      ? null
      : await runVenue({ params: venueParams.parse({ seed, host: '127.0.0.1', port: options.port, play: options.play, resumeAt: null }), speed });
  try {
    const tws = options.twsPlay === null ? null : await openTwsFacade(options);
    const running = [bybit, tws].filter((venue) => venue !== null);
    return {
      bybit: bybit === null ? null : { rest: bybit.info.rest, ws: bybit.info.ws, ...bybit.keys },
      tws: tws === null ? null : { host: tws.info.host, port: tws.info.port, account: tws.info.account },
      failed: Promise.all(running.map(({ over }) => over)),
      command: (line) => obey(line, { bybit, tws }),
      stop: async () => {
        for (const venue of running) await venue.stop();
      },
    };
  } catch (error) {
    await bybit?.stop();
    throw error;
  }
}

function openTwsFacade({ seed, speed, twsPort, serverVersion, twsPlay, restarts, twsFaults }: StandaloneOptions): Promise<RunningTws> {
  const version = serverVersion === undefined ? {} : { serverVersion };
  return runTws({ params: twsParams.parse({ seed, port: twsPort, play: twsPlay, restarts, faults: twsFaults, ...version }), speed });
}

/** What a person asked for wrongly is answered, not thrown. */
function obey(line: string, { bybit, tws }: { readonly bybit: RunningVenue | null; readonly tws: RunningTws | null }): unknown {
  const [verb = '', name = '', target = '', value = ''] = line.trim().split(/\s+/);
  if (verb === 'counters') return { bybit: bybit?.counters() ?? null, tws: tws?.counters() ?? null };
  const venue = verb === 'bybit' ? bybit : verb === 'tws' ? tws : null;
  if (venue === null)
    return { error: `no command ${JSON.stringify(line.slice(0, 60))}; right is: tws NAME [TARGET] [VALUE], bybit NAME [TARGET] [VALUE], counters` };
  try {
    return venue.fault(name, ...(target === '' ? [] : [target]), ...(value === '' ? [] : [value]));
  } catch (error) {
    if (error instanceof RangeError) return { error: error.message };
    throw error;
  }
}
