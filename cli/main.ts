/** The one command line; a file a verb. */
import { Command, CommanderError, Option } from 'commander';
import { ConfigError } from '#config/errors.ts';
import { loadEnvironment, MARKETS, type Market } from '#config/environment.ts';
import { SystemError } from '#supervisors/system-error.ts';
import type { Context } from './context.ts';
import { duration, instant, list, speed, step, whole } from './option-values.ts';
import { EXIT, openOutput, UsageError } from './output.ts';

interface SharedOptions {
  readonly json?: boolean;
  readonly dataDir?: string;
  readonly market?: Market;
}

const PAGE_PORT = 8000;

type Act<O> = (context: Context, options: O, words: readonly string[]) => Promise<number>;
type Run = (act: Act<never>) => (...given: unknown[]) => Promise<void>;
type Verb = (name: string, description: string, parent?: Command) => Command;

/** Runs one command line. Returns the exit code: 0 ok, 1 failed or refused, 2 usage or configuration, 70 crash. */
export async function main(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  const program = new Command('ledgerwood')
    .description('A self-learning trading system: a supervision tree of actors that anyone can check')
    .exitOverride();
  addVerbs(program, (act) => async (...given: unknown[]) => {
    const command = given.at(-1) as Command;
    const options = command.opts<SharedOptions>();
    const environment = loadEnvironment();
    const market = options.market ?? environment.market;
    const context = { output: openOutput(options.json === true), environment, market, dataDir: options.dataDir ?? environment.dataDir };
    code = await act(context, options as never, command.args); // commander's options are those that the verb declared
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof UsageError || error instanceof ConfigError || error instanceof SystemError) {
      process.stderr.write(`${error.message}\n`);
      return EXIT.usage;
    }
    throw error;
  }
}

/** A verb's code is loaded when it is asked for: `kill` must not wait for the rest. */
function addVerbs(program: Command, run: Run): void {
  const verb: Verb = (name, description, parent = program) =>
    parent
      .command(name)
      .description(description)
      .option('--data-dir <dir>', 'where everything written at run time goes (default: var, or DATA_DIR)')
      .addOption(new Option('--market <market>', 'which market (default: MARKET, or embedded)').choices([...MARKETS]))
      .option('--json', 'the last line of stdout is one JSON object; everything else goes to stderr');
  const play = (command: Command): Command =>
    command
      .option('--play <what...>', '"synthetic", or recorded candles or quotes, and funding of perpetuals, for the embedded venue', ['synthetic'])
      .option('--symbol <symbol>', 'the symbol of the one file that --play names')
      .option('--allow-gaps', 'plays candles with bars missing, and leaves them missing')
      .option('--seed <n>', 'seed of everything random', whole('--seed', 0, Number.MAX_SAFE_INTEGER), 1);

  play(verb('system', 'boots the tree and the page'))
    .option('--port <port>', 'port of the page (loopback only)', whole('--port', 1, 65_535), PAGE_PORT)
    .option('--from <time>', 'first market time to play (ISO 8601 or UTC milliseconds)', instant)
    .option('--to <time>', 'market time to stop at (ISO 8601 or UTC milliseconds)', instant)
    .option('--step <duration>', 'a synthetic market shows itself so often: 1s (default), 15s; a part of a minute', step)
    .option('--speed <n>', 'times real time, or "max": as fast as the tree can follow (default: 60 synthetic, 1 recorded)', speed)
    .option('--assets <list>', 'comma-separated assets (default: all that are wired)', list)
    .option(
      '--chaos <ms>',
      'crashes, stops or kills a random actor or process every so many milliseconds (embedded only)',
      whole('--chaos', 100, 3_600_000),
    )
    .option(
      '--bad-quotes <n>',
      'one quote of every n is crossed, frozen, stale, ten times off, zero or no number: none may be traded on (embedded only)',
      whole('--bad-quotes', 2, 1000),
    )
    .option('--for <duration>', 'stops by itself after this long: 90s, 5m, 1h', duration)
    .option('--until-end', 'stops by itself when the market ends: that of a file, or at --to')
    .option('--rehearse <list>', 'live of these assets is on from the start, with nothing typed (embedded only)', list)
    .option('--no-restarts', 'the embedded TWS does not restart at night and on Sundays, as it does in a synthetic market and in rehearsals')
    .option('--no-page', 'no page')
    .option('--config-dir <dir>', 'where budgets.json, markets.json and strategies/ are (default: config/ of the program)')
    .action(run(async (context, options) => (await import('./system.ts')).system(context, options)));
  verb('kill', 'trips the kill-switch: close-only at once, whether the system is up, hung or down')
    .option('--scope <scope>', 'all, bybit, ibkr or an asset', 'all')
    .option('--reason <text>', 'why', 'by hand')
    .option('--flatten', 'also close open positions at their next fresh quote')
    .option('--rearm', 'removes the latch; takes --confirm REARM')
    .option('--confirm <word>', 'typed confirmation of --rearm')
    .option('--status', 'shows the latch and changes nothing')
    .action(run(async (context, options) => (await import('./kill.ts')).kill(context, options)));
  verb('mode', 'switches paper or live of an asset on or off in the running system')
    .argument('<asset>', 'which asset')
    .argument('<mode>', 'paper or live')
    .argument('<state>', 'on or off')
    .option('--confirm <text>', 'typed confirmation of "live on": LIVE and the asset, as in "LIVE crypto_spot"')
    .action(run(async (context, options, words) => (await import('./mode.ts')).mode(context, options, words)));
  verb('verify', 'proves the journal: chain, every paper fill, PnL and budgets from fills')
    .option('--from <seq>', 'first record to report on', whole('--from', 1, Number.MAX_SAFE_INTEGER), 1)
    .action(run(async (context, options) => (await import('./verify.ts')).verify(context, options)));
  verb('repl', 'admin prompt attached to the running system')
    .option('-e, --execute <command>', 'one command, then leave')
    .action(run(async (context, options) => (await import('./repl.ts')).repl(context, options)));
  verb('doctor', 'is this machine fit to run the system? looks at everything and changes nothing')
    .option('--port <port>', 'port that the page would have', whole('--port', 1, 65_535), PAGE_PORT)
    .option('--config-dir <dir>', 'where budgets.json, markets.json and strategies/ are (default: config/ of the program)')
    .action(run(async (context, options) => (await import('./doctor.ts')).doctor(context, options)));
  addDataVerbs(program.command('data').description('market history: download it from a venue, import, list and check files'), verb, run);
  addVenueVerb(play(verb('venue', 'the embedded venue alone, for any client that speaks Bybit v5 or the TWS API')), run);
}

const TWS_FAULT_HELP = `
The five worst of TWS, each a --tws-fault (several may follow each other; quote one that takes a value, as in --tws-fault 'cancel-after-ms 60000'):
  id-rollback                a restart rolls the next order id of every client back by four
  fills-in-1100              every fill falls into a loss of the uplink of 20 s, and nobody is told of it afterwards
  blind-after-sunday         the first session after the weekly restart gets farms that are well, and neither ticks nor bars
  dead-bars                  after a reconnect, bars that are kept up to date are not, until they are asked for once more
  orders-of-another-session  another session places the same as every order, under the same order id, and everybody hears of it
While it runs, lines of standard input are commands, each answered by one line of JSON: "tws NAME [TARGET] [VALUE]", "bybit NAME [TARGET] [VALUE]",
"counters"; a name that is not known is answered with all that are. The failure modes that were reported of Bybit, FM-1
to FM-29, are names too (docs/bybit-venue.md); each answers with what it does, or that the venue always does so:
  bybit FM-8                 a cancel is carried out, and its answer is lost: over by itself
  bybit FM-10                every execution is told twice, until bybit FM-10 off`;

function addVenueVerb(venue: Command, run: Run): void {
  venue
    .option('--speed <n>', 'times real time', speed, 1)
    .option('--bybit-port <port>', 'port of the Bybit façade (0: any)', whole('--bybit-port', 0, 65_535), 0)
    .option('--tws-port <port>', 'port of the TWS façade (0: any)', whole('--tws-port', 0, 65_535), 0)
    .option('--server-version <n>', 'the highest server version that TWS offers (default: 193)', whole('--server-version', 177, 193))
    .option('--no-restarts', 'TWS does not restart every night (23:45 in New York) and on Sundays (01:00), and its servers are not reset at 00:15')
    .option('--tws-fault <fault...>', 'what goes wrong at TWS from the start, see below')
    .addHelpText('after', TWS_FAULT_HELP)
    .action(run(async (context, options) => (await import('./venue.ts')).venue(context, options)));
}

const FILE_JSON = 'kind, rows, from, to, interval, gaps, missingBars, largestGapMs';

function addDataVerbs(data: Command, verb: Verb, run: Run): void {
  verb('download', "a venue's own candles or funding rates into a file; the same command again goes on where it was interrupted", data)
    .requiredOption('--symbol <symbol>', 'BTC/USDT (spot), BTC/USDT:USDT (perpetual) or EUR/USD (a pair, from TWS)')
    .option('--interval <interval>', 'how long a bar lasts: 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 12h, 1d or 1w', '1m')
    .requiredOption('--from <time>', 'bars that open then or later (ISO 8601 or UTC milliseconds)', instant)
    .option('--to <time>', 'bars that close then or earlier (default: now)', instant)
    .option('--funding', 'the funding rates of a perpetual instead of candles')
    .option('--out <file>', 'where to (default: <data-dir>/history/<asset>/<SYMBOL>-<bybit or ibkr>-<interval>.csv, where --play finds its symbol)')
    .option('--rest <url>', 'of a running `npm run venue`; the embedded market only, on loopback')
    .option('--ws <url>', 'of a running `npm run venue`; the embedded market only, on loopback')
    .option('--tws <port>', 'of a running `npm run venue`, for pairs; the embedded market only', whole('--tws', 1, 65_535))
    .addHelpText(
      'after',
      `\n--json: { ok, file, symbol, market, ${FILE_JSON}, added, pages, cutBytes, resumedAt, complete } or { ok: false, file, symbol, market, problem }`,
    )
    .action(run(async (context, options) => (await import('./data.ts')).download(context, options)));
  verb('import', 'checks a file of candles, quotes or funding rates whole and copies it into the history', data)
    .argument('<file>', 'CSV, plain or gzip')
    .requiredOption('--symbol <symbol>', 'BTC/USDT (spot) or BTC/USDT:USDT (perpetual)')
    .option('--force', 'replaces a file of the same name, keeps a second copy of the same bytes')
    .addHelpText('after', `\n--json: { ok, file, symbol, sha256, ${FILE_JSON} } or { ok: false, file, problem: { line, what, right } }`)
    .action(run(async (context, options, [file = '']) => (await import('./data.ts')).importData(context, options, file)));
  verb('list', 'what the history holds; every file is read whole', data)
    .addHelpText('after', `\n--json: { ok, files: [{ file, asset, symbol, ${FILE_JSON}, problem }] }`)
    .action(run(async (context) => (await import('./data.ts')).list(context)));
  verb('check', 'reads one file whole: its rows and gaps, or the first thing that is wrong in it', data)
    .argument('<file>', 'CSV, plain or gzip')
    .addHelpText('after', `\n--json: { ok, file, ${FILE_JSON}, problem: null } or { ok: false, file, problem: { line, what, right } }`)
    .action(run(async (context, options, [file = '']) => (await import('./data.ts')).check(context, options, file)));
}
