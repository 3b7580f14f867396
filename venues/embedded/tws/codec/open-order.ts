/**
 * openOrder (message 5): 141 fields at server version 193, in the order that was recorded from TWS and that the client library decodes. The names
 * are those of venues/ibkr "openOrder 5", where each is numbered.
 */
import { comboParts, CONDITIONS, ORDERED_CONTRACT, TAG_VALUES } from './contract-parts.ts';
import { DECIMAL_TEXT, field, fixed, FLAG, INT, layout, list, optionalDecimal, optionalInt, TEXT, UNSET_DOUBLE, UNSET_INT } from './layout.ts';
import { BOND_ACCRUED_INTEREST, CME_TAGGING_FIELDS_IN_OPEN_ORDER, CUSTOMER_ACCOUNT, INCLUDE_OVERNIGHT, PROFESSIONAL_CUSTOMER } from './versions.ts';

const isText = (name: string) => (row: Readonly<Record<string, unknown>>) => row[name] !== '' && row[name] !== null;
const ifDeltaNeutral = { when: isText('deltaNeutralType') };
const ifScaled = { when: isText('scalePriceIncrement') };
const ifHedged = { when: isText('hedgeType') };
const ifAlgo = { when: isText('algoStrategy') };
const ifHasNeutral = { when: (row: Readonly<Record<string, unknown>>) => row['hasDeltaNeutral'] === true };
const ifPegged = { when: (row: Readonly<Record<string, unknown>>) => row['orderType'] === 'PEG BENCH' };

const MAYBE = optionalDecimal('');
const MAYBE_MAX = optionalDecimal(UNSET_DOUBLE);
const COUNT = optionalInt('');
const COUNT_MAX = optionalInt(UNSET_INT);

/** 13 to 29: what was ordered, and by whom. */
const ORDERED = [
  field('action', TEXT),
  field('totalQuantity', DECIMAL_TEXT),
  field('orderType', TEXT),
  field('limitPrice', optionalDecimal('0.0')),
  field('auxPrice', optionalDecimal('0.0')),
  field('timeInForce', TEXT),
  field('ocaGroup', TEXT),
  field('account', TEXT),
  field('openClose', TEXT),
  field('origin', INT),
  field('orderRef', TEXT),
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
  field('faGroup', TEXT),
  field('faMethod', TEXT),
  field('faPercentage', TEXT),
  field('modelCode', TEXT),
  field('goodTillDate', TEXT),
  field('rule80A', TEXT),
  field('percentOffset', MAYBE),
  field('settlingFirm', TEXT),
  field('shortSaleSlot', INT),
  field('designatedLocation', TEXT),
  fixed('-1'), // exemptCode
  field('auctionStrategy', INT),
  field('startingPrice', MAYBE),
  field('stockReferencePrice', MAYBE),
  field('delta', MAYBE),
  field('rangeLower', MAYBE),
  field('rangeUpper', MAYBE),
  field('displaySize', COUNT_MAX),
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
  field('deltaNeutralShortSale', FLAG, ifDeltaNeutral),
  field('deltaNeutralShortSaleSlot', INT, ifDeltaNeutral),
  field('deltaNeutralDesignatedLocation', TEXT, ifDeltaNeutral),
  field('continuousUpdate', INT),
  field('referencePriceType', INT),
  field('trailStopPrice', MAYBE),
  field('trailingPercent', MAYBE),
  field('basisPoints', MAYBE),
  field('basisPointsType', COUNT),
  field('comboDescription', TEXT),
  ...comboParts(),
  field('scaleInitLevelSize', COUNT_MAX),
  field('scaleSubsLevelSize', COUNT_MAX),
  field('scalePriceIncrement', MAYBE),
  field('scalePriceAdjustValue', MAYBE, ifScaled),
  field('scalePriceAdjustInterval', COUNT, ifScaled),
  field('scaleProfitOffset', MAYBE, ifScaled),
  field('scaleAutoReset', FLAG, ifScaled),
  field('scaleInitPosition', COUNT, ifScaled),
  field('scaleInitFillQty', COUNT, ifScaled),
  field('scaleRandomPercent', FLAG, ifScaled),
  field('hedgeType', TEXT),
  field('hedgeParam', TEXT, ifHedged),
  field('optOutSmartRouting', FLAG),
  field('clearingAccount', TEXT),
  field('clearingIntent', TEXT),
  field('notHeld', FLAG),
  field('hasDeltaNeutral', FLAG),
  field('neutralConId', INT, ifHasNeutral),
  field('neutralDelta', DECIMAL_TEXT, ifHasNeutral),
  field('neutralPrice', DECIMAL_TEXT, ifHasNeutral),
  field('algoStrategy', TEXT),
  list('algoParams', TAG_VALUES, ifAlgo),
  field('solicited', FLAG),
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
  field('randomizeSize', FLAG),
  field('randomizePrice', FLAG),
  field('referenceContractId', INT, ifPegged),
  field('peggedChangeDecrease', FLAG, ifPegged),
  field('peggedChangeAmount', DECIMAL_TEXT, ifPegged),
  field('referenceChangeAmount', DECIMAL_TEXT, ifPegged),
  field('referenceExchange', TEXT, ifPegged),
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
  field('minTradeQty', COUNT),
  field('minCompeteSize', COUNT),
  field('competeAgainstBestOffset', MAYBE),
  field('midOffsetAtWhole', MAYBE),
  field('midOffsetAtHalf', MAYBE),
  field('customerAccount', TEXT, { since: CUSTOMER_ACCOUNT }),
  field('professionalCustomer', FLAG, { since: PROFESSIONAL_CUSTOMER }),
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
