/**
 * GET /v5/market/open-interest. The venue knows of one account's contracts and of nobody else's: that is what it tells, at every multiple of the
 * interval since the account was opened. Read backwards from what is held now.
 */
import { absolute, add, subtract, ZERO_QTY, type Qty } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import { signed } from '../../engine/fills.ts';
import type { Execution, Position } from '../../engine/types.ts';
import { listingKey } from '../../listing.ts';
import type { Desk } from './desk.ts';
import { BadRequest } from './order-request.ts';
import { ok, type Reply } from './orders-api.ts';
import { pageOf, wholeOf, type Query } from './pages.ts';

const MINUTE_MS = 60_000;
const INTERVALS: Readonly<Record<string, number>> = { '5min': 5, '15min': 15, '30min': 30, '1h': 60, '4h': 240, '1d': 1440 };
const ROWS = [50, 200] as const;
/** Of all pages together. */
const ROWS_MAX = 20_000;

/** @throws BadRequest */
export function openInterest({ engine, now }: Desk, query: Query): Reply {
  const category = query.get('category') ?? '';
  if (category !== 'linear') throw new BadRequest('params error: Category is invalid');
  const symbol = query.get('symbol') ?? '';
  const contract = listingKey(category, symbol);
  if (engine.terms(contract) === undefined) throw new BadRequest('params error: symbol invalid');
  const named = query.get('intervalTime') ?? '';
  const minutes = Object.hasOwn(INTERVALS, named) ? INTERVALS[named] : undefined;
  if (minutes === undefined) throw new BadRequest('params error: intervalTime invalid');
  const from = Math.max(wholeOf(query, 'startTime') ?? 0, engine.openedAt);
  const times = timesOf(from, Math.min(wholeOf(query, 'endTime') ?? now, now), minutes * MINUTE_MS);
  const rows = contractsAt(times, engine.executions(contract), engine.positions(contract));
  const page = pageOf(rows, ({ at }) => String(at), query, ...ROWS);
  const list = page.rows.map(({ at, contracts }) => ({ openInterest: contracts, timestamp: String(at) }));
  return ok({ symbol, category, list, nextPageCursor: page.nextPageCursor });
}

/** Newest first. */
function timesOf(from: Instant, to: Instant, everyMs: number): readonly Instant[] {
  const last = to - (to % everyMs);
  const count = Math.min(ROWS_MAX, Math.floor((last - from) / everyMs) + 1);
  return Array.from({ length: Math.max(0, count) }, (_, index) => last - index * everyMs);
}

/** What was open at each of these times, executions and times newest first. */
export function contractsAt(
  times: readonly Instant[],
  executions: readonly Execution[],
  positions: readonly Position[],
): readonly { readonly at: Instant; readonly contracts: Qty }[] {
  const sizes = new Map(positions.map(({ slot, size }) => [slot, size]));
  const trades = executions.filter(({ kind }) => kind !== 'funding');
  let undone = 0;
  return times.map((at) => {
    for (let trade = trades[undone]; trade !== undefined && trade.at > at; trade = trades[++undone]) {
      sizes.set(trade.slot, subtract(sizes.get(trade.slot) ?? ZERO_QTY, signed(trade.side, trade.qty)));
    }
    return { at, contracts: [...sizes.values()].reduce<Qty>((sum, size) => add(sum, absolute(size)), ZERO_QTY) };
  });
}
