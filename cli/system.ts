/** OP-1: boots the tree, shows where the page is, and stops in order. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { loadSettings } from '#config/budgets.ts';
import { loadCalendars } from '#config/calendars.ts';
import { openLog, type Logger } from '#config/log.ts';
import { contractChoice, loadMarkets, loadStrategy, WIRED_ASSETS, type Markets, type WiredAsset } from '#config/markets.ts';
import { brokerOf } from '#trading/model/instrument.ts';
import type { ContractChoice } from '#trading/model/option.ts';
import { paths } from '#state/data-dir.ts';
import { JournalError } from '#state/errors.ts';
import { ensureDirectory, isDiskRefusal } from '#state/files.ts';
import { liveVenueOf } from '#supervisors/live-venues.ts';
import { inspectPlay, realPlan, syntheticPlan, withBadQuotes, type PlayPlan } from '#supervisors/play-plan.ts';
import { checkCalendars, checkStrategies, refusePortInUse } from '#supervisors/preflight.ts';
import type { SystemReport } from '#supervisors/system-options.ts';
import { startSystem, type RunningSystem } from '#supervisors/system.ts';
import type { Context } from './context.ts';
import { EXIT, UsageError } from './output.ts';
import { resolvePlayFiles, type PlayFile } from './play.ts';
import { CONFIG_DIR, packageFile, ROOT } from './root.ts';

interface SystemOptions {
  readonly port: number;
  readonly play: readonly string[];
  readonly symbol?: string;
  readonly from?: number;
  readonly to?: number;
  readonly step?: number;
  readonly speed?: number;
  readonly seed: number;
  readonly assets?: readonly string[];
  readonly chaos?: number;
  readonly for?: number;
  readonly untilEnd?: boolean;
  readonly allowGaps?: boolean;
  readonly badQuotes?: number;
  readonly page: boolean;
  readonly rehearse?: readonly string[];
  readonly configDir?: string;
  readonly restarts: boolean;
}

/** Of the fact `settings.loaded`. */
const SOURCE_CHARACTERS_MAX = 500;
const LIVELY_SPEED = 60;
const RECORDED_SPEED = 1;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export async function system(context: Context, options: SystemOptions): Promise<number> {
  const { output } = context;
  refuseContradictions(context, options);
  const configDir = options.configDir ?? CONFIG_DIR;
  const markets = await loadMarkets(configDir);
  const { plan: asked, played } = context.market === 'embedded' ? await planOf(options) : { plan: realPlan(context.market), played: null };
  const plan = options.badQuotes === undefined ? asked : withBadQuotes(asked, options.badQuotes);
  const assets = chosenAssets({ assets: options.assets ?? defaultAssets(context) }, markets, played);
  const rehearse = rehearsed(context, options.rehearse ?? [], assets);
  // What trades around the clock needs no calendar.
  const sessions = assets.some(({ asset }) => brokerOf(asset) === 'ibkr') ? await loadCalendars(configDir) : null;
  const path = join(configDir, 'budgets.json');
  const rules = { ...context.environment.rules, ...(sessions !== null && { sessions }) };
  const settingsFile = { path, load: () => loadSettings(path, rules) };
  const settings = await settingsFile.load();
  const strategies: Record<string, Record<string, unknown>> = {};
  for (const { strategy } of assets) strategies[strategy] ??= await loadStrategy(configDir, strategy);
  checkStrategies({ assets, strategies });
  checkCalendars(settings);
  if (options.page) await refusePortInUse(options.port);
  const log = await openLogIn(context);
  const signals = watchSignals(log);
  const { version } = packageFile();
  const speed = options.speed ?? (plan.kind === 'synthetic' ? LIVELY_SPEED : RECORDED_SPEED);
  let running: RunningSystem;
  try {
    running = await startSystem({
      market: context.market,
      dataDir: context.dataDir,
      seed: options.seed,
      speed,
      plan,
      assets,
      strategies,
      settings,
      settingsSource: options.configDir === undefined ? 'config/budgets.json' : path.slice(-SOURCE_CHARACTERS_MAX),
      settingsFile,
      configHash: createHash('sha256')
        .update(JSON.stringify([settings, markets, strategies]))
        .digest('hex'),
      version,
      page: options.page ? { port: options.port, uiDir: join(ROOT, 'ui', 'dist') } : null,
      untilEnd: options.untilEnd === true,
      chaosMs: options.chaos ?? null,
      rehearse,
      ibkr: context.environment.ibkr,
      hasBybitKeys: context.environment.secrets.bybit() !== null,
      resets: sessions?.resets.ibkr ?? [],
      twsRestarts: options.restarts && (plan.kind === 'synthetic' || rehearse.some((asset) => brokerOf(asset) === 'ibkr')),
      log,
    });
  } catch (error) {
    signals.close();
    await log.close();
    if (isDiskRefusal(error)) {
      output.complain(`--data-dir ${context.dataDir}: ${error.message}; make room, or give permission`);
      return EXIT.failed;
    }
    if (!(error instanceof JournalError)) throw error;
    output.complain(error.message);
    return error.code === 'LOCKED' ? EXIT.usage : EXIT.failed;
  }
  if (running.loginUrl !== null) output.say(`the page: ${running.loginUrl}   (a link for one login; \`npm run repl -- -e login\` makes another)`);
  const report = await untilOver(running, options.for ?? null, signals.first);
  signals.close();
  await log.close();
  output.answer(report, summary(report));
  return report.ok ? EXIT.ok : running.crashed ? EXIT.crash : EXIT.failed;
}

/** The log is the first thing written: what forbids it forbids the rest. */
async function openLogIn({ output, dataDir, market, environment }: Context): Promise<Logger> {
  const secrets = Object.values(environment.secrets.bybit() ?? {});
  const directory = paths(dataDir, market).logs;
  try {
    ensureDirectory(directory);
    return await openLog({ directory, terminal: output.stream, secrets });
  } catch (error) {
    throw new UsageError(`--data-dir ${dataDir}: cannot be written: ${(error as Error).message}; name a directory that you may write`);
  }
}

function refuseContradictions(context: Context, options: SystemOptions): void {
  const synthetic = options.play.includes('synthetic');
  if (synthetic && options.play.length > 1) throw new UsageError('--play: "synthetic" and files do not mix');
  if (context.market !== 'embedded' && (!synthetic || options.speed !== undefined || options.chaos !== undefined)) {
    throw new UsageError(`--play, --speed and --chaos belong to the embedded market; --market is ${context.market}`);
  }
  if (context.market !== 'embedded' && options.badQuotes !== undefined)
    throw new UsageError(`--bad-quotes makes the embedded venue lie; --market is ${context.market}`);
  if (context.market !== 'embedded' && options.rehearse !== undefined)
    throw new UsageError(`--rehearse belongs to the embedded market; --market is ${context.market}, where live takes its typed confirmation`);
  if (options.untilEnd === true && synthetic && options.to === undefined)
    throw new UsageError('--until-end needs an end: recorded files in --play, or --to, since a synthetic market never ends by itself; or use --for');
  if (options.symbol !== undefined && synthetic) throw new UsageError('--symbol names the symbol of a recorded file; give it with --play FILE');
  if (options.from !== undefined && options.to !== undefined && options.from >= options.to) throw new UsageError('--from must be before --to');
  if (!synthetic && options.step !== undefined) throw new UsageError('--step thins out a synthetic market; recorded files are played as they are');
}

async function planOf(options: SystemOptions): Promise<{ plan: PlayPlan; played: readonly PlayFile[] | null }> {
  if (options.play.includes('synthetic')) {
    return { plan: syntheticPlan({ from: options.from ?? null, to: options.to ?? null, stepMs: options.step ?? 1000 }), played: null };
  }
  const played = await resolvePlayFiles(options.play, options.symbol);
  return { plan: await inspectPlay(played, { from: options.from ?? null, to: options.to ?? null, allowGaps: options.allowGaps === true }), played };
}

export interface ChosenAsset {
  readonly asset: WiredAsset;
  readonly symbols: readonly string[];
  readonly strategy: string;
  readonly contract?: ContractChoice;
}

/** A share's candles are what the options on it are chosen by. */
const ASSETS_OF: Readonly<Record<PlayFile['category'], WiredAsset>> = {
  spot: 'crypto_spot',
  linear: 'crypto_futures',
  pair: 'forex',
  share: 'options',
  options: 'options',
};

/** The assets asked for, each with the symbols that can be traded: the configured ones, or those that recorded files play. */
export function chosenAssets(options: Pick<SystemOptions, 'assets'>, markets: Markets, played: readonly PlayFile[] | null): readonly ChosenAsset[] {
  const asked = options.assets ?? WIRED_ASSETS;
  for (const asset of asked) {
    if (!WIRED_ASSETS.includes(asset as WiredAsset))
      throw new UsageError(`--assets ${asset}: must be of ${WIRED_ASSETS.join(', ')} (the others are not wired yet)`);
  }
  const chosen = WIRED_ASSETS.filter((asset) => asked.includes(asset)).map((asset) => {
    const { symbols, strategy } = markets[asset];
    const files = played?.filter(({ category }) => ASSETS_OF[category] === asset).map(({ symbol }) => symbol);
    const chosen = { asset, strategy, symbols: files === undefined ? symbols : [...new Set(files)] };
    return asset === 'options' ? { ...chosen, contract: contractChoice(markets) } : chosen;
  });
  const tradable = chosen.filter(({ symbols }) => symbols.length > 0);
  if (tradable.length === 0) throw new UsageError(`--assets ${asked.join(',')}: none of the played files is of these assets`);
  return tradable;
}

/** A real TWS is there where a person runs one: only then are its assets traded, and they are named. */
const defaultAssets = ({ market }: Context): readonly WiredAsset[] =>
  market === 'embedded' ? WIRED_ASSETS : WIRED_ASSETS.filter((asset) => brokerOf(asset) === 'bybit');

/** Refused before anything is written. The system asks again when it switches: a kill may be latched. */
function rehearsed({ market, environment }: Context, asked: readonly string[], assets: readonly ChosenAsset[]): readonly WiredAsset[] {
  return asked.map((name) => {
    const found = assets.find(({ asset }) => asset === name);
    if (found === undefined) throw new UsageError(`--rehearse ${name}: must be of ${assets.map(({ asset }) => asset).join(', ')}, which trade here`);
    const { unavailable } = liveVenueOf(market, found.asset, environment.secrets.bybit() !== null);
    if (unavailable !== null) throw new UsageError(`--rehearse ${name}: ${unavailable}`);
    return found.asset;
  });
}

interface Signals {
  /** The name of the first signal, once it came. */
  readonly first: Promise<string>;
  close(): void;
}

/** From before the tree starts: a signal that comes while it does must not tear it apart. It is stopped in order once it stands. */
function watchSignals(log: Logger): Signals {
  let onSignal: (signal: NodeJS.Signals) => void = () => undefined;
  const first = new Promise<string>((resolve) => {
    onSignal = (signal) => {
      log.info({ actor: 'system', signal }, 'asked to stop');
      resolve(signal);
    };
  });
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    first,
    close: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}

/** Runs until the market ends, the time is up, a signal comes or the root gives up; then stops in order. */
async function untilOver(running: RunningSystem, forMs: number | null, signalled: Promise<string>): Promise<SystemReport> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<string>((resolve) => {
    if (forMs !== null) timer = setTimeout(() => resolve('time is up'), forMs);
  });
  const reason = await Promise.race([running.over, timeUp, signalled]);
  clearTimeout(timer);
  return running.stop(reason);
}

function summary(report: SystemReport): readonly string[] {
  const assets = Object.entries(report.byAsset).flatMap(([asset, { paper, live }]) => [
    `  ${asset} paper: ${paper.closedTrades} closed trades, PnL ${paper.pnl} USD`,
    ...(live.closedTrades > 0 ? [`  ${asset} live: ${live.closedTrades} closed trades, PnL ${live.pnl} USD`] : []),
  ]);
  const ratio = report.wallMs > 0 ? Math.round(report.marketMs / report.wallMs) : 0;
  return [
    `${report.quotes} quotes, ${report.intents} intents, ${report.approvals} approved, ${report.refusals} refused, ${report.fills} fills, ${report.closedTrades} closed trades`,
    ...assets,
    `market time ${Math.round(report.marketMs / 1000)} s in ${Math.round(report.wallMs / 1000)} s (${ratio} times), ${report.restarts} restarts, journal ${report.journalSeq} records, head ${report.chainHead.slice(0, 16)}`,
  ];
}
