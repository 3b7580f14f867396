/** The market history of a data directory: download it from a venue, import, list and check files. */
import {
  checkFile,
  downloadHistory,
  downloadPath,
  importFile,
  INTERVAL_NAMES,
  intervalName,
  listHistory,
  type DataFileInfo,
  type DataProblem,
  type DownloadRequest,
  type Listed,
} from '#supervisors/data-tools.ts';
import type { Context } from './context.ts';
import { progressView } from './data-progress.ts';
import { EXIT, UsageError } from './output.ts';
import { fileSymbol, parseSymbol } from './play.ts';

export interface DownloadFlags {
  readonly symbol: string;
  readonly interval: string;
  readonly from: number;
  readonly to?: number;
  readonly funding?: boolean;
  readonly out?: string;
  readonly rest?: string;
  readonly ws?: string;
  readonly tws?: number;
}

/** Of `list` and `check`. Instants are UTC milliseconds. */
interface FileSummary {
  readonly kind: string;
  readonly rows: number;
  readonly from: number;
  readonly to: number;
  readonly interval: string | null;
  readonly gaps: number;
  readonly missingBars: number;
  readonly largestGapMs: number;
}

export async function download({ output, market, dataDir, environment }: Context, options: DownloadFlags): Promise<number> {
  const symbol = parseSymbol(options.symbol);
  const isPair = symbol.category === 'pair';
  const endpoints = isPair ? null : endpointsOf(market, options);
  const tws = isPair ? twsOf(market, environment, options) : null;
  const funding = options.funding === true;
  if (funding && symbol.category !== 'linear')
    throw new UsageError(
      `--funding: ${symbol.symbol} is ${isPair ? 'a pair' : 'spot'} and settles no funding; name a perpetual such as BTC/USDT:USDT`,
    );
  if (options.to !== undefined && options.from >= options.to) throw new UsageError('--from must be before --to');
  if (!INTERVAL_NAMES.includes(options.interval)) throw new UsageError(`--interval ${options.interval}: must be of ${INTERVAL_NAMES.join(', ')}`);
  const interval = funding ? null : options.interval;
  const file = downloadPath({ out: options.out ?? null, dataDir, symbol, interval });
  const progress = progressView(output.stream, () => performance.now());
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  const result = await downloadHistory({
    ...{ market, endpoints, tws, symbol, interval, dataDir, out: options.out ?? null, from: options.from, to: options.to ?? null },
    signal: stop.signal,
    onProgress: (now) => progress.show(now),
    onNote: (line) => output.say(line),
  }).finally(() => {
    progress.end();
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  });
  const identity = { file, symbol: symbol.symbol, market };
  if ('message' in result) {
    output.complain(result.message);
    output.answer({ ok: false, ...identity, problem: result.message }, []);
    return EXIT.failed;
  }
  const { info, added, pages, cutBytes, resumedAt, complete } = result;
  const about = info === null ? 'the venue has no row of that time' : describe(info);
  const lines = [`${file}: ${about}`, `${added} rows added in ${pages} pages${complete ? '' : '; stopped: run the same command to go on'}`];
  output.answer({ ok: complete, ...identity, ...(info !== null && summaryOf(info)), added, pages, cutBytes, resumedAt, complete }, lines);
  return complete ? EXIT.ok : EXIT.failed;
}

/** Sessions of the house that read history: beside those of market data and orders. */
const HISTORY_CLIENT_ID = 2;

function twsOf(market: Context['market'], { ibkr }: Context['environment'], { rest, ws, tws }: DownloadFlags): DownloadRequest['tws'] {
  if (rest !== undefined || ws !== undefined)
    throw new UsageError("--rest and --ws are Bybit's; a pair is read from TWS, at --tws PORT of a running `npm run venue`");
  if (market !== 'embedded') {
    if (tws !== undefined) throw new UsageError(`--tws belongs to the embedded market; --market ${market} reads IBKR_HOST and IBKR_PORT`);
    return { ...ibkr, clientId: ibkr.clientId + HISTORY_CLIENT_ID };
  }
  if (tws === undefined) {
    throw new UsageError(
      'data download: a pair of the embedded market needs --tws PORT of a running `npm run venue`; or give --market mainnet or testnet',
    );
  }
  return { host: '127.0.0.1', port: tws, clientId: ibkr.clientId + HISTORY_CLIENT_ID };
}

function endpointsOf(market: Context['market'], { rest, ws, tws }: DownloadFlags): DownloadRequest['endpoints'] {
  if (tws !== undefined) throw new UsageError('--tws is for pairs such as EUR/USD; coins are read from Bybit');
  if (market !== 'embedded') {
    if (rest !== undefined || ws !== undefined) throw new UsageError(`--rest and --ws belong to the embedded market; --market is ${market}`);
    return null;
  }
  if (rest === undefined || ws === undefined) {
    throw new UsageError(
      'data download: the embedded market needs --rest URL --ws URL of a running `npm run venue`; or give --market mainnet or testnet',
    );
  }
  return { rest, ws };
}

export async function importData(
  { output, dataDir }: Context,
  options: { readonly symbol: string; readonly force?: boolean },
  file: string,
): Promise<number> {
  const symbol = parseSymbol(options.symbol);
  const result = await importFile(file, symbol, dataDir, options.force === true);
  if ('message' in result) return failed(output, file, result);
  const { path, sha256, info } = result;
  output.answer({ ok: true, file: path, symbol: symbol.symbol, sha256, ...summaryOf(info) }, [`${path}: ${describe(info)}`]);
  return EXIT.ok;
}

export async function list({ output, dataDir }: Context): Promise<number> {
  const files = await listHistory(dataDir);
  const rows = files.map(({ file, asset, checked }) => ({
    ...{ file, asset, symbol: fileSymbol(file)?.symbol ?? null },
    ...(checked.info !== null && summaryOf(checked.info)),
    problem: checked.problem?.message ?? null,
  }));
  const lines = files.length === 0 ? ['nothing there: `data download` or `data import` bring something'] : files.map(listLine);
  output.answer({ ok: true, files: rows }, lines);
  return EXIT.ok;
}

const listLine = ({ file, checked }: Listed): string => checked.problem?.message ?? `${file}: ${checked.info === null ? '' : describe(checked.info)}`;

export async function check({ output }: Context, _options: object, file: string): Promise<number> {
  const { info, problem } = await checkFile(file);
  if (problem !== null) return failed(output, file, problem);
  output.answer({ ok: true, file, ...summaryOf(info), problem: null }, [`${file}: ${describe(info)}`]);
  return EXIT.ok;
}

function failed(output: Context['output'], file: string, problem: DataProblem): number {
  output.complain(problem.message);
  output.answer({ ok: false, file, problem: { line: problem.line, what: problem.what, right: problem.right } }, []);
  return EXIT.failed;
}

function summaryOf({ kind, rows, firstAt, lastAt, intervalMs, gaps, missingBars, largestGapMs }: DataFileInfo): FileSummary {
  const interval = intervalMs === null ? null : intervalName(intervalMs);
  return { kind, rows, from: firstAt, to: lastAt, interval, gaps, missingBars, largestGapMs };
}

function describe(info: DataFileInfo): string {
  const { kind, rows, firstAt, lastAt, intervalMs } = info;
  const every = intervalMs === null ? '' : ` every ${intervalName(intervalMs)}`;
  return `${rows} ${kind}${every} from ${new Date(firstAt).toISOString()} to ${new Date(lastAt).toISOString()}, ${gapsOf(info)}`;
}

function gapsOf({ kind, gaps, missingBars, largestGapMs, firstGapLine }: DataFileInfo): string {
  if (gaps === 0) return kind === 'quotes' ? 'whole' : 'no gap';
  const missing = kind === 'candles' ? `${missingBars} bars missing in ` : '';
  return `${missing}${gaps} gap${gaps === 1 ? '' : 's'}, the longest ${largestGapMs / 60_000} min, the first before line ${firstGapLine ?? '?'}`;
}
