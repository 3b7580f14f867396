/** Pages of TWS's history of pairs, by reqHistoricalData over the unmodified library: middles of bid and ask, at TWS's pace, checked row by row. */
import type { Instant } from '#trading/model/instrument.ts';
import { Catalog } from '../ibkr/catalog.ts';
import { createClient, type Address, type MarketClient } from '../ibkr/client.ts';
import { CODE, IbkrError } from '../ibkr/codes.ts';
import { HISTORY_MINUTES, HistoryReader } from '../ibkr/history.ts';
import { IbkrSession, SESSION_LIMITS } from '../ibkr/session.ts';
import { briefly, retried, type RetryLimits } from '../shared/retry.ts';
import { parseRow } from '../embedded/market/row.ts';
import { HistoryError } from './history-error.ts';
import { ordered, type HistorySource } from './history-source.ts';

export interface IbkrSourceOptions {
  readonly address: Address;
  /** Of no other session of the house. */
  readonly clientId: number;
  /** Such as EUR/USD. */
  readonly symbol: string;
  readonly intervalMs: number;
  /** A TWS that is played answers as fast as it is asked. */
  readonly paced: boolean;
  readonly onTrouble?: (line: string) => void;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const ROWS_MAX = 1000;
/** Of bars of so many minutes TWS gives at most so many days at once. */
const DAYS_OF: readonly (readonly [minutes: number, days: number])[] = [
  [1, 1],
  [2, 2],
  [15, 7],
  [240, 30],
];
const RATE_LIMIT = 0.5;
const ANSWER_MS = 60_000;
/** Longer than the longest wait for a turn. */
const TURN_MS = 900_000;
const RETRY: RetryLimits = { baseMs: 15_000, capMs: 60_000, totalMs: 900_000 };
/** A TWS on this machine that does not answer is not there. */
const EMBEDDED_OPEN_MS = 2000;
const EMBEDDED_RETRY: RetryLimits = { baseMs: 250, capMs: 1000, totalMs: 5000 };
const NO_DATA = /no (historical )?data/i;
const PACING = /pacing/i;

/** @throws HistoryError where TWS has no such bars or no such pair, or cannot be used. */
export async function openIbkrSource(options: IbkrSourceOptions): Promise<HistorySource & { close(): Promise<void> }> {
  const { address, clientId, symbol, intervalMs, paced } = options;
  const minutes = intervalMs / MINUTE_MS;
  const days = DAYS_OF.find(([most]) => minutes <= most)?.[1];
  if (!HISTORY_MINUTES.includes(minutes) || days === undefined) {
    throw new HistoryError(`TWS gives no bars of ${minutes} minutes here: there are ${HISTORY_MINUTES.join(', ')}`);
  }
  const session = new IbkrSession<MarketClient>({
    ...{
      address,
      clientId,
      account: null,
      limits: paced ? SESSION_LIMITS : { ...SESSION_LIMITS, openMs: EMBEDDED_OPEN_MS },
      rateLimit: paced ? RATE_LIMIT : null,
    },
    create: (to) => createClient<MarketClient>(to),
  });
  const reader = new HistoryReader(paced, () => performance.now());
  const onFailed = (error: Error): void => options.onTrouble?.(`no answer yet: ${briefly(error)}`);
  const patiently = async <T>(what: string, task: () => Promise<T>): Promise<T> => {
    try {
      return await retried(what, paced ? RETRY : EMBEDDED_RETRY, task, onFailed, isFinal);
    } catch (error) {
      throw error instanceof HistoryError
        ? error
        : new HistoryError(`${what} at ${address.host}:${address.port}: ${briefly(error)}`, { cause: error });
    }
  };
  const line = () => {
    const usable = session.usable;
    if (usable === null) throw new Error(`TWS cannot be used now: ${session.state.reason}`);
    return usable;
  };
  try {
    await session.open(false);
    const { contract } = await new Catalog(session.pacing, ANSWER_MS).qualify(line(), symbol);
    const now = async (): Promise<Instant> => (await line().roundTrip(ANSWER_MS)) * 1000;
    return {
      // One more is asked for, since the newest may still be open.
      pageRows: Math.min(ROWS_MAX, (days * DAY_MINUTES) / minutes - 1),
      rowMs: intervalMs,
      finalAfterMs: intervalMs,
      now: () => patiently("reading TWS's clock", now),
      rows: (from, to, limit) =>
        patiently(`reading bars of ${symbol} from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}`, async () => {
          const end = to - (to % intervalMs) + intervalMs;
          const bars = Math.min(limit, Math.ceil((end - from) / intervalMs));
          const read = await reader
            .read(line(), { contract, intervalMinutes: minutes, bars, end }, await now(), paced ? TURN_MS : ANSWER_MS)
            .catch((error: unknown) => noneOf(error));
          const rows = read
            .filter(({ at }) => at >= from && at <= to)
            .map(({ at, open, high, low, close, volume }) => [at, open, high, low, close, volume].map(String));
          return ordered(rows, { from, to, limit }, (cells) => parseRow('candles', cells, 0));
        }),
      close: () => Promise.resolve(session.close()),
    };
  } catch (error) {
    session.close();
    throw new HistoryError(briefly(error), { cause: error });
  }
}

/** A weekend, or a time before the first bar. @throws the error where it is another. */
function noneOf(error: unknown): readonly never[] {
  if (error instanceof IbkrError && error.code === CODE.noHistory && NO_DATA.test(error.message) && !PACING.test(error.message)) return [];
  throw error;
}

/** What TWS refuses it refuses again, but for what came too fast, with another program of the account perhaps. */
const isFinal = (error: Error): boolean =>
  error instanceof HistoryError || error instanceof RangeError || (error instanceof IbkrError && !PACING.test(error.message));
