/**
 * openOrder (message 5): 141 fields at server version 193, in the order that was recorded from TWS and that the client library decodes. The names
 * are those of venues/ibkr "openOrder 5", where each is numbered.
 */
import { CONDITIONS, ORDERED_CONTRACT } from './contract-parts.ts';
import { DECIMAL_TEXT, field, fixed, FLAG, INT, layout, TEXT } from './layout.ts';
import {
  ALLOCATED,
  CLEARED,
  COMBO_SCALE_HEDGE,
  COUNT,
  COUNT_MAX,
  ifDeltaNeutral,
  LEAST,
  MAYBE,
  MAYBE_MAX,
  PEGGED,
  PLACED,
  RANGED,
  SHORT_AND_TRAIL,
} from './order-parts.ts';
import { BOND_ACCRUED_INTEREST, CME_TAGGING_FIELDS_IN_OPEN_ORDER, INCLUDE_OVERNIGHT } from './versions.ts';

/** 13 to 29: what was ordered, and by whom. */
const ORDERED = [
  ...PLACED,
  field('clientId', INT),
  field('permId', INT),
  field('outsideRth', FLAG),
  field('hidden', FLAG),
  field('discretionaryAmount', DECIMAL_TEXT),
  field('goodAfterTime', TEXT),
] as const;

/** 30 to 62. */
const ROUTED = [
  field('sharesAllocation', TEXT),
  ...ALLOCATED,
  field('auctionStrategy', INT),
  ...RANGED,
  field('blockOrder', FLAG),
  field('sweepToFill', FLAG),
  field('allOrNone', FLAG),
  field('minQty', COUNT),
  field('ocaType', INT),
  field('eTradeOnly', FLAG),
  field('firmQuoteOnly', FLAG),
  field('nbboPriceCap', MAYBE),
  field('parentId', INT),
  field('triggerMethod', INT),
  field('volatility', MAYBE),
  field('volatilityType', INT),
  field('deltaNeutralType', TEXT),
  field('deltaNeutralAuxPrice', MAYBE),
] as const;

/** 63 to 91. */
const SPECIAL = [
  field('deltaNeutralConId', INT, ifDeltaNeutral),
  field('deltaNeutralSettlingFirm', TEXT, ifDeltaNeutral),
  field('deltaNeutralClearingAccount', TEXT, ifDeltaNeutral),
  field('deltaNeutralClearingIntent', TEXT, ifDeltaNeutral),
  fixed('?', ifDeltaNeutral), // deltaNeutralOpenClose
  ...SHORT_AND_TRAIL,
  field('basisPoints', MAYBE),
  field('basisPointsType', COUNT),
  ...COMBO_SCALE_HEDGE,
  field('optOutSmartRouting', FLAG),
  ...CLEARED,
] as const;

/** 92 to 109: how it stands, and what it would do to the margin. */
const STATE = [
  field('whatIf', FLAG),
  field('status', TEXT),
  field('initMarginBefore', MAYBE_MAX),
  field('maintMarginBefore', MAYBE_MAX),
  field('equityWithLoanBefore', MAYBE_MAX),
  field('initMarginChange', MAYBE_MAX),
  field('maintMarginChange', MAYBE_MAX),
  field('equityWithLoanChange', MAYBE_MAX),
  field('initMarginAfter', MAYBE_MAX),
  field('maintMarginAfter', MAYBE_MAX),
  field('equityWithLoanAfter', MAYBE_MAX),
  field('commission', MAYBE),
  field('minCommission', MAYBE),
  field('maxCommission', MAYBE),
  field('commissionCurrency', TEXT),
  field('warningText', TEXT),
  ...PEGGED,
] as const;

/** 110 to 140. */
const ADJUSTED = [
  ...CONDITIONS,
  field('adjustedOrderType', TEXT),
  field('triggerPrice', MAYBE_MAX),
  field('adjustedTrailStopPrice', MAYBE_MAX),
  field('limitPriceOffset', MAYBE_MAX),
  field('adjustedStopPrice', MAYBE_MAX),
  field('adjustedStopLimitPrice', MAYBE_MAX),
  field('adjustedTrailingAmount', MAYBE_MAX),
  field('adjustableTrailingUnit', INT),
  field('softDollarName', TEXT),
  field('softDollarValue', TEXT),
  field('softDollarDisplay', TEXT),
  field('cashQty', DECIMAL_TEXT),
  field('dontUseAutoPriceForHedge', FLAG),
  field('isOmsContainer', FLAG),
  field('discretionaryUpToLimit', FLAG),
  field('usePriceManagementAlgo', FLAG),
  field('duration', COUNT),
  field('postToAts', COUNT),
  field('autoCancelParent', FLAG),
  ...LEAST,
  field('bondAccruedInterest', TEXT, { since: BOND_ACCRUED_INTEREST }),
  field('includeOvernight', FLAG, { since: INCLUDE_OVERNIGHT }),
  field('extOperator', TEXT, { since: CME_TAGGING_FIELDS_IN_OPEN_ORDER }),
  field('manualOrderIndicator', COUNT_MAX, { since: CME_TAGGING_FIELDS_IN_OPEN_ORDER }),
] as const;

export const OPEN_ORDER = layout(
  5,
  'openOrder',
  field('orderId', INT),
  ...ORDERED_CONTRACT,
  ...ORDERED,
  ...ROUTED,
  ...SPECIAL,
  ...STATE,
  ...ADJUSTED,
);
