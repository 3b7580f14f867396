/** Rows of risk limits and of what an order would do to margin, as Bybit writes them. */
import { isPositive, isZero, quotient, ratio, scale, toNumber, type Money } from '#trading/money/decimal.ts';
import type { Margins } from '../../engine/admission.ts';
import type { RiskTier } from '../../engine/tiers.ts';
import type { Order } from '../../engine/types.ts';

/** As GET /v5/market/risk-limit lists it. */
export function riskLimitRow(symbol: string, { id, limit, maintenance, initial, maxLeverage, deduction }: RiskTier) {
  return {
    id,
    symbol,
    riskLimitValue: limit,
    maintenanceMargin: maintenance,
    initialMargin: initial,
    isLowestRisk: id === 1 ? 1 : 0,
    maxLeverage,
    mmDeduction: isZero(deduction) ? '' : deduction,
  } as const;
}

/** As POST /v5/order/pre-check answers. */
export function preCheckRow({ id, request: { linkId } }: Order, before: Margins, after: Margins) {
  const rate = ({ equity }: Margins, part: Money): number => (isPositive(equity) ? Math.round(toNumber(scale(quotient(part, equity), E4))) : 0);
  return {
    orderId: id,
    orderLinkId: linkId,
    preImrE4: rate(before, before.initial),
    preMmrE4: rate(before, before.maintenance),
    postImrE4: rate(after, after.initial),
    postMmrE4: rate(after, after.maintenance),
  } as const;
}

const E4 = ratio('10000');
