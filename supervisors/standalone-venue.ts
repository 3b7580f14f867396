/** The embedded venue for the command line, which may not import venues. */
import { venueParams } from '#venues/embedded/params.ts';
import { runVenue, type RunningVenue } from '#venues/embedded/standalone.ts';
import { LOOPBACK, TWS_ACCOUNT } from '#venues/embedded/tws/tws.ts';

export interface StandaloneVenue {
  readonly bybit: { readonly rest: string; readonly ws: string; readonly apiKey: string; readonly secret: string };
  readonly tws: { readonly host: string; readonly port: number | null; readonly account: string };
  /** Rejects where playing failed. */
  readonly failed: Promise<unknown>;
  /** One line of standard input, answered as a value: `tws NAME [TARGET] [VALUE]`, `bybit NAME [TARGET] [VALUE]`, `counters`. */
  command(line: string): unknown;
  stop(): Promise<void>;
}

export interface StandaloneOptions {
  readonly play: unknown;
  /** As the venue's parameter: port, files, server version, restarts, faults. */
  readonly tws: unknown;
  readonly seed: string;
  readonly port: number;
  readonly speed: number;
}

/** The keys are test keys: they open nothing but this venue. @throws as `openVenue`, RangeError for a fault that is not known. */
export async function runStandaloneVenue({ play, tws, seed, port, speed }: StandaloneOptions): Promise<StandaloneVenue> {
  const running = await runVenue({ params: venueParams.parse({ seed, host: '127.0.0.1', port, play, tws, resumeAt: null }), speed });
  const { rest, ws, tws: twsPort } = running.info;
  return {
    bybit: { rest, ws, ...running.keys },
    tws: { host: LOOPBACK, port: twsPort, account: TWS_ACCOUNT },
    failed: running.over,
    command: (line) => obey(running, line),
    stop: () => running.stop(),
  };
}

/** What a person asked for wrongly is answered, not thrown. */
function obey(running: RunningVenue, line: string): unknown {
  const [verb = '', ...words] = line.trim().split(/\s+/);
  if (verb === 'counters') return running.counters();
  try {
    if (verb === 'tws') return running.fault(verb, ...words);
    if (verb === 'bybit') return running.fault(words[0] ?? '', ...words.slice(1));
  } catch (error) {
    if (error instanceof RangeError) return { error: error.message };
    throw error;
  }
  const right = 'tws NAME [TARGET] [VALUE], bybit NAME [TARGET] [VALUE], counters';
  return { error: `no command ${JSON.stringify(line.slice(0, 60))}; right is: ${right}` };
}
