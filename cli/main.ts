/** The one command line; a file a verb. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ConfigError } from '#config/errors.ts';
import { loadEnvironment, MARKETS, type Environment, type Market } from '#config/environment.ts';
import { EXIT, openOutput, UsageError, type Output } from './output.ts';

/** What every verb gets. */
export interface Context {
  readonly output: Output;
  readonly environment: Environment;
  readonly market: Market;
  readonly dataDir: string;
}

interface SharedOptions {
  readonly json?: boolean;
  readonly dataDir?: string;
  readonly market?: Market;
}

/** Runs one command line. Returns the exit code: 0 ok, 1 failed or refused, 2 usage or configuration, 70 crash. */
export async function main(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  const program = new Command('ledgerwood')
    .description('A self-learning trading system: a supervision tree of actors that anyone can check')
    .exitOverride();
  const verb = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--data-dir <dir>', 'where everything written at run time goes (default: var, or DATA_DIR)')
      .addOption(new Option('--market <market>', 'which market (default: MARKET, or embedded)').choices([...MARKETS]))
      .option('--json', 'the last line of stdout is one JSON object; everything else goes to stderr');
  const run =
    <O extends SharedOptions>(act: (context: Context, options: O, args: readonly string[]) => Promise<number>) =>
    async (...given: unknown[]): Promise<void> => {
      const command = given.at(-1) as Command;
      const options = command.opts<O>();
      const output = openOutput(options.json === true);
      const environment = loadEnvironment();
      code = await act(
        { output, environment, market: options.market ?? environment.market, dataDir: options.dataDir ?? environment.dataDir },
        options,
        command.args,
      );
    };

  verb('system', 'boots the tree and the page')
    .option('--port <port>', 'port of the page (loopback only)', whole('--port', 0, 65_535), 8000)
    .option('--play <what...>', '"synthetic", or recorded candles or quotes for the embedded venue', ['synthetic'])
    .option('--symbol <symbol>', 'the symbol of the one file that --play names')
    .option('--from <time>', 'first market time to play (ISO 8601 or UTC milliseconds)', instant)
    .option('--to <time>', 'market time to stop at (ISO 8601 or UTC milliseconds)', instant)
    .option('--speed <n>', 'times real time, or "max": as fast as the tree can follow', speed)
    .option('--seed <n>', 'seed of everything random', whole('--seed', 0, Number.MAX_SAFE_INTEGER), 1)
    .option('--assets <list>', 'comma-separated assets (default: all that are wired)', list)
    .option(
      '--chaos <ms>',
      'crashes, stops or hangs a random actor or process every so many milliseconds (embedded only)',
      whole('--chaos', 100, 3_600_000),
    )
    .option('--for <duration>', 'stops by itself after this long: 90s, 5m, 1h', duration)
    .option('--until-end', 'stops by itself when the recorded market ends')
    .option('--no-page', 'no page')
    .action(run(async (context, options, _args) => (await import('./system.ts')).system(context, options as never)));
  verb('kill', 'trips the kill-switch: close-only at once, whether the system is up, hung or down')
    .option('--scope <scope>', 'all, bybit, ibkr or an asset', 'all')
    .option('--reason <text>', 'why', 'by hand')
    .option('--flatten', 'also close open positions at their next fresh quote')
    .option('--rearm', 'removes the latch; takes --confirm REARM')
    .option('--confirm <word>', 'typed confirmation of --rearm')
    .option('--status', 'shows the latch and changes nothing')
    .action(run(async (context, options, _args) => (await import('./kill.ts')).kill(context, options as never)));
  verb('verify', 'proves the journal: chain, every paper fill, PnL and budgets from fills')
    .option('--from <seq>', 'first record to report on', whole('--from', 1, Number.MAX_SAFE_INTEGER), 1)
    .action(run(async (context, options, _args) => (await import('./verify.ts')).verify(context, options as never)));
  verb('repl', 'admin prompt attached to the running system')
    .option('-e, --execute <command>', 'one command, then leave')
    .action(run(async (context, options, _args) => (await import('./repl.ts')).repl(context, options as never)));
  verb('venue', 'the embedded venue alone, for any client that speaks Bybit v5')
    .option('--play <what...>', '"synthetic", or recorded candles or quotes', ['synthetic'])
    .option('--symbol <symbol>', 'the symbol of the one file that --play names')
    .option('--speed <n>', 'times real time', speed, 1)
    .option('--seed <n>', 'seed of everything random', whole('--seed', 0, Number.MAX_SAFE_INTEGER), 1)
    .option('--bybit-port <port>', 'port of the Bybit façade (0: any)', whole('--bybit-port', 0, 65_535), 0)
    .action(run(async (context, options, _args) => (await import('./venue.ts')).venue(context, options as never)));

  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof UsageError || error instanceof ConfigError) {
      process.stderr.write(`${error.message}\n`);
      return EXIT.usage;
    }
    throw error;
  }
}

const whole =
  (name: string, low: number, high: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high) throw new InvalidArgumentError(`${name} must be a whole number from ${low} to ${high}.`);
    return value;
  };

function speed(text: string): number {
  if (text === 'max') return Infinity;
  const value = Number(text);
  if (!(value > 0 && value <= 1_000_000)) throw new InvalidArgumentError('must be "max" or a number above 0, at most 1000000.');
  return value;
}

function instant(text: string): number {
  const value = /^\d{10,16}$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError('must be a time such as 2024-08-01T00:00:00Z, or UTC milliseconds.');
  return value;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function duration(text: string): number {
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const ms = Number(parts?.[1]) * (UNITS[parts?.[2] ?? ''] ?? Number.NaN);
  if (!(ms > 0)) throw new InvalidArgumentError('must be a duration such as 90s, 5m or 1h.');
  return ms;
}

const list = (text: string): readonly string[] => text.split(',').map((item) => item.trim());
