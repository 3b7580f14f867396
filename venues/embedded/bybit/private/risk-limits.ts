/** Risk limits over REST: the tiers of every perpetual, and the setting that Bybit still takes and no longer heeds. */
import { listingKey } from '../../listing.ts';
import type { Desk } from './desk.ts';
import { BadRequest, slotOfBody, textOf, type Body } from './order-request.ts';
import { categoryOfBody, failed, ok, type Reply } from './orders-api.ts';
import { pageOf, type Query } from './pages.ts';
import { riskLimitRow } from './risk-rows.ts';
import { symbolOfKey } from './rows.ts';

/** Symbols of a page; each with all its tiers. */
const SYMBOLS_A_PAGE = 15;
const NO_SUCH_TIER = { retCode: 110031, retMsg: 'Non-existing risk limit info, please check the risk limit rules.' } as const;
const TIER_NOT_MODIFIED = { retCode: 110075, retMsg: 'RiskId not modified' } as const;

/** @throws BadRequest */
export function riskLimits({ engine }: Desk, query: Query): Reply {
  const category = query.get('category') ?? '';
  if (category === 'inverse') return ok({ category, list: [], nextPageCursor: '' });
  if (category !== 'linear') throw new BadRequest('params error: Category is invalid');
  const symbol = query.get('symbol');
  const contracts = engine.contracts().filter(({ key, tiers }) => tiers.length > 0 && (symbol === null || key === listingKey(category, symbol)));
  if (symbol !== null && contracts.length === 0) throw new BadRequest('params error: symbol invalid');
  const page = pageOf(
    contracts,
    ({ key }) => symbolOfKey(key),
    new URLSearchParams({ cursor: query.get('cursor') ?? '' }),
    SYMBOLS_A_PAGE,
    SYMBOLS_A_PAGE,
  );
  const list = page.rows.flatMap(({ key, tiers }) => tiers.map((tier) => riskLimitRow(symbolOfKey(key), tier)));
  return ok({ category, list, nextPageCursor: page.nextPageCursor });
}

/** Since March 2024 the tier follows the position by itself: what is set here is answered and has no effect. @throws BadRequest */
export function setRiskLimit({ engine }: Desk, body: Body): Reply {
  const category = categoryOfBody(body);
  if (category !== 'linear') throw new BadRequest('params error: Category is invalid');
  const contract = listingKey(category, textOf(body, 'symbol'));
  const terms = engine.terms(contract);
  if (terms === undefined) throw new BadRequest('params error: symbol invalid');
  const tier = terms.tiers.find(({ id }) => id === body.riskId);
  if (tier === undefined) return failed(NO_SUCH_TIER);
  const slot = slotOfBody(body);
  const held = engine.positions(contract).find((position) => position.slot === slot);
  if (held === undefined) throw new BadRequest('position idx not match position mode');
  return held.tier?.id === tier.id ? failed(TIER_NOT_MODIFIED) : ok({ category, riskId: tier.id, riskLimitValue: tier.limit });
}
