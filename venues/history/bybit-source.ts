/** Pages of Bybit's public history over the unmodified ccxt: the venue's own text, checked and never converted. */
import type { Instant } from '#trading/model/instrument.ts';
import { z } from 'zod';
import { createExchange, type Exchange } from '../bybit/create.ts';
import { ENDPOINTS, type Category, type Endpoints, type Environment } from '../bybit/endpoints.ts';
import { RestGate } from '../bybit/rest-gate.ts';
import { briefly, retried, type RetryLimits } from '../shared/retry.ts';
import { createTransport } from '../bybit/transport.ts';
import { parseRow, RowProblem } from '../embedded/market/row.ts';
import { fundingProblem } from './data-file.ts';
import { HistoryError } from './history-error.ts';
import { ordered, type HistorySource } from './history-source.ts';

export interface BybitSourceOptions {
  readonly environment: Environment;
  /** Where an embedded venue listens; null elsewhere. */
  readonly endpoints: Endpoints | null;
  readonly category: Category;
  readonly venueSymbol: string;
  /** Of candles; null for funding rates. */
  readonly interval: { readonly venue: string; readonly ms: number } | null;
  readonly retry?: RetryLimits;
  /** A read failed and will be asked again, or not: for a person who waits. */
  readonly onTrouble?: (line: string) => void;
}

const KLINES_MAX = 1000;
const FUNDING_MAX = 200;
/** Bybit's shortest settlement interval. */
const SETTLEMENT_SHORTEST_MS = 3_600_000;
const CANDLE_CELLS = 6;
/** Share of the venue's limit per address; of it the gate gives reads their part. */
const RATE_LIMIT = 0.9;
const REQUEST_MS = 10_000;
const RETRY: RetryLimits = { baseMs: 250, capMs: 5000, totalMs: 60_000 };
/** A venue on this machine that does not answer is not there. */
const EMBEDDED_RETRY: RetryLimits = { baseMs: 250, capMs: 1000, totalMs: 5000 };
/** Bybit: server time-out, too many visits, server busy or in error. Every other code says that asking again changes nothing. */
const RETRIABLE = new Set([10000, 10006, 10016, 10018, 10429]);

const time = z.object({ time: z.int().positive() });
const klines = z.object({ result: z.object({ list: z.array(z.array(z.string()).min(CANDLE_CELLS)).max(KLINES_MAX) }) });
const fundings = z.object({
  result: z.object({ list: z.array(z.object({ fundingRate: z.string(), fundingRateTimestamp: z.string() })).max(FUNDING_MAX) }),
});

/** @throws Error as `createExchange`: an embedded environment reaches loopback only. */
export async function openBybitSource(options: BybitSourceOptions): Promise<HistorySource & { close(): Promise<void> }> {
  const { environment, category, venueSymbol: symbol, interval } = options;
  const endpoints = environment === 'embedded' ? options.endpoints : ENDPOINTS[environment];
  if (endpoints === null) throw new Error('an embedded market needs rest and ws: where its venue listens');
  const gate = new RestGate(RATE_LIMIT, () => performance.now());
  const transport = createTransport(REQUEST_MS);
  const exchange = await createExchange(
    {
      environment,
      endpoints,
      categories: [category],
      fetch: transport.fetch,
      // No stream is opened.
      keepAliveMs: REQUEST_MS,
      connectMs: REQUEST_MS,
      requestMs: REQUEST_MS,
    },
    {
      beforeRequest: () => gate.pass(),
      onResponse: (path, status, retCode, headers) => gate.observe(path, status, retCode, headers),
      onMessage: () => true,
      onConnected: () => undefined,
      onLost: () => undefined,
    },
  );
  const retry = options.retry ?? (environment === 'embedded' ? EMBEDDED_RETRY : RETRY);
  const onFailed = (error: Error): void => options.onTrouble?.(`no answer yet: ${briefly(error)}`);
  const read = <T>(what: string, task: () => Promise<T>): Promise<T> => patiently(`${what} at ${endpoints.rest}`, retry, task, onFailed);
  const span = (from: Instant, to: Instant): string => `${symbol} from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}`;
  const shared = {
    now: () => read("reading the venue's clock", async () => time.parse(await exchange.publicGetV5MarketTime({})).time),
    close: () => transport.close(),
  };
  if (interval === null) {
    const settlements = fundingReader(exchange);
    return {
      ...shared,
      pageRows: FUNDING_MAX,
      rowMs: SETTLEMENT_SHORTEST_MS,
      finalAfterMs: 0,
      rows: (from, to, limit) =>
        read(`reading funding rates of ${span(from, to)}`, async () => {
          const answer = fundings.parse(await settlements({ category, symbol, startTime: from, endTime: to, limit }));
          return ordered(
            answer.result.list.map(({ fundingRate, fundingRateTimestamp }) => [fundingRateTimestamp, fundingRate]).toReversed(),
            { from, to, limit },
            checkFunding,
          );
        }),
    };
  }
  return {
    ...shared,
    pageRows: KLINES_MAX,
    rowMs: interval.ms,
    finalAfterMs: interval.ms,
    rows: (from, to, limit) =>
      read(`reading candles of ${span(from, to)}`, async () => {
        const answer = klines.parse(
          await exchange.publicGetV5MarketKline({ category, symbol, interval: interval.venue, start: from, end: to, limit }),
        );
        return ordered(answer.result.list.map((row) => row.slice(0, CANDLE_CELLS)).toReversed(), { from, to, limit }, (cells) =>
          parseRow('candles', cells, 0),
        );
      }),
  };
}

/** ccxt has one method an endpoint; `Exchange` names only those that trading needs. */
function fundingReader(exchange: Exchange): (params: object) => Promise<unknown> {
  if (!hasFunding(exchange)) throw new TypeError('ccxt has no method for funding/history where its pinned version has it');
  return (params) => exchange.publicGetV5MarketFundingHistory(params);
}

const hasFunding = (exchange: Exchange): exchange is Exchange & { publicGetV5MarketFundingHistory(params: object): Promise<unknown> } =>
  'publicGetV5MarketFundingHistory' in exchange && typeof exchange.publicGetV5MarketFundingHistory === 'function';

function checkFunding(cells: readonly string[]): void {
  const problem = fundingProblem(cells);
  if (problem !== null) throw new RowProblem(problem.what, problem.right);
}

/** Repeats what may succeed when asked again, and nothing else. @throws HistoryError */
async function patiently<T>(what: string, limits: RetryLimits, task: () => Promise<T>, onFailed: (error: Error) => void): Promise<T> {
  type Tried = { readonly value: T } | { readonly final: Error };
  const once = async (): Promise<Tried> => {
    try {
      return { value: await task() };
    } catch (error) {
      if (error instanceof HistoryError || error instanceof z.ZodError || refusedForGood(error)) return { final: error as Error };
      throw error;
    }
  };
  let tried: Tried;
  try {
    tried = await retried(what, limits, once, onFailed);
  } catch (error) {
    throw new HistoryError((error as Error).message, { cause: error });
  }
  if ('value' in tried) return tried.value;
  throw new HistoryError(`${what}: ${saidBy(tried.final)}`, { cause: tried.final });
}

const refusedForGood = (error: unknown): boolean =>
  error instanceof Error && 'retCode' in error && typeof error.retCode === 'number' && error.retCode > 0 && !RETRIABLE.has(error.retCode);

/** ccxt's message is its name and the whole answer; a person wants the venue's sentence. */
function saidBy(error: Error): string {
  if (error instanceof z.ZodError) return `the answer is not what Bybit documents (${briefly(error)})`;
  const said = /"retMsg":"([^"]{1,200})"/.exec(error.message)?.[1];
  return said === undefined ? briefly(error) : `the venue refuses: ${said}`;
}
