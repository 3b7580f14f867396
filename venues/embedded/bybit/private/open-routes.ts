/** Public endpoints that the engine answers: price limits, funding rates, the venue's own state. */
import { CATEGORIES, listingKey } from '../../listing.ts';
import { rowsOf } from '../depth.ts';
import type { Desk } from './desk.ts';
import type { Misdeeds } from './misdeeds.ts';
import { BadRequest } from './order-request.ts';
import { ok, type Reply } from './orders-api.ts';
import { openInterest } from './open-interest.ts';
import { wholeOf, type Query } from './pages.ts';
import { riskLimits } from './risk-limits.ts';

const FUNDINGS_MAX = 200;

export const openRoutes: Readonly<Record<string, (desk: Desk, misdeeds: Misdeeds, query: Query) => Reply>> = {
  '/v5/market/price-limit': priceLimit,
  '/v5/market/funding/history': fundingHistory,
  '/v5/market/risk-limit': (desk, _misdeeds, query) => riskLimits(desk, query),
  '/v5/market/open-interest': (desk, _misdeeds, query) => openInterest(desk, query),
  '/v5/system/status': systemStatus,
  '/v5/market/orderbook': orderbook,
  '/v5/market/time': time,
};

function time({ now }: Desk, misdeeds: Misdeeds): Reply {
  const shown = now + misdeeds.ms('skew');
  return ok({ timeSecond: String(Math.floor(shown / 1000)), timeNano: `${shown}000000` });
}

/** Levels of a side where none are asked for, and at most. */
const BOOK_LEVELS = { spot: [1, 200], linear: [25, 500] } as const;

function orderbook(desk: Desk, _misdeeds: Misdeeds, query: Query): Reply {
  const board = desk.board(query.get('category') ?? '', query.get('symbol') ?? '');
  if (board === undefined)
    throw new BadRequest(CATEGORIES.some((known) => known === query.get('category')) ? 'Not supported symbols' : 'params error: Category is invalid');
  const [otherwise, most] = BOOK_LEVELS[board.category];
  const depth = desk.depth(board, Math.min(wholeOf(query, 'limit') ?? otherwise, most));
  return ok({ s: board.symbol, ...rowsOf(depth), ts: desk.now, u: board.update, seq: board.sequence, cts: board.changedAt });
}

function priceLimit({ engine, now }: Desk, _misdeeds: Misdeeds, query: Query): Reply {
  const symbol = query.get('symbol') ?? '';
  const category = CATEGORIES.find((known) => known === (query.get('category') ?? 'linear'));
  const limits = category === undefined ? undefined : engine.priceLimits(listingKey(category, symbol));
  if (limits === undefined) throw new BadRequest('params error: symbol invalid');
  return ok({ symbol, buyLmt: limits.buy, sellLmt: limits.sell, ts: String(now) });
}

/** Newest first: the engine's rates, as they stand. */
function fundingHistory({ engine, now }: Desk, _misdeeds: Misdeeds, query: Query): Reply {
  const symbol = query.get('symbol') ?? '';
  const terms = engine.terms(listingKey('linear', symbol));
  if (query.get('category') !== 'linear' || terms === undefined || terms.funding === null) throw new BadRequest('params error: symbol invalid');
  const [start, end] = [wholeOf(query, 'startTime'), wholeOf(query, 'endTime')];
  if (start !== null && end === null) throw new BadRequest('params error: endTime is required with startTime');
  const limit = Math.min(wholeOf(query, 'limit') ?? FUNDINGS_MAX, FUNDINGS_MAX);
  const { intervalMs, rateAt } = terms.funding;
  const last = Math.min(end ?? now, now);
  const list: object[] = [];
  for (let at = last - (last % intervalMs); at >= (start ?? 0) && list.length < limit; at -= intervalMs) {
    list.push({ symbol, fundingRate: rateAt(at), fundingRateTimestamp: String(at) });
  }
  return ok({ category: 'linear', list });
}

function systemStatus({ maintenance }: Desk): Reply {
  return ok({ list: maintenance.rows() });
}
