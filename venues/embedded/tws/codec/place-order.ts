/** placeOrder (client message 3), in the order of the client library's encoder, with combinations, conditions, algorithms and scales. */
import { comboParts, CONDITIONS, NAMED_CONTRACT, TAG_VALUES } from './contract-parts.ts';
import { DECIMAL_TEXT, field, fixed, FLAG, INT, layout, list, optionalDecimal, optionalInt, TEXT } from './layout.ts';
import { CME_TAGGING_FIELDS, CUSTOMER_ACCOUNT, INCLUDE_OVERNIGHT, PROFESSIONAL_CUSTOMER, RFQ_FIELDS, UNDO_RFQ_FIELDS } from './versions.ts';

type Row = Readonly<Record<string, unknown>>;
const isText = (name: string) => (row: Row) => row[name] !== '';
const ifDeltaNeutral = { when: isText('deltaNeutralType') };
const ifScaled = { when: (row: Row) => row['scalePriceIncrement'] !== null && Number(row['scalePriceIncrement']) > 0 };
const ifHasNeutral = { when: (row: Row) => row['hasDeltaNeutral'] === true };
const ifType = (...types: readonly string[]) => ({ when: (row: Row) => types.some((type) => type === row['orderType']) });
const isPegMid = (row: Row): boolean => row['orderType'] === 'PEG MID';
const isPegBest = (row: Row): boolean => row['orderType'] === 'PEG BEST';
/** The largest double: compete against the best, up to the mid. */
const upToMid = (row: Row): boolean => isPegMid(row) || (isPegBest(row) && Number(row['competeAgainstBestOffset']) === Infinity);

const MAYBE = optionalDecimal('');
const COUNT = optionalInt('');

const ORDERED = [
  field('action', TEXT),
  field('totalQuantity', DECIMAL_TEXT),
  field('orderType', TEXT),
  field('limitPrice', MAYBE),
  field('auxPrice', MAYBE),
  field('timeInForce', TEXT),
  field('ocaGroup', TEXT),
  field('account', TEXT),
  field('openClose', TEXT),
  field('origin', INT),
  field('orderRef', TEXT),
  field('transmit', FLAG),
  field('parentId', INT),
  field('blockOrder', FLAG),
  field('sweepToFill', FLAG),
  field('displaySize', COUNT),
  field('triggerMethod', INT),
  field('outsideRth', FLAG),
  field('hidden', FLAG),
  ...comboParts((row) => row['secType'] === 'BAG'),
  fixed(''), // sharesAllocation
  field('discretionaryAmount', TEXT),
  field('goodAfterTime', TEXT),
  field('goodTillDate', TEXT),
  field('faGroup', TEXT),
  field('faMethod', TEXT),
  field('faPercentage', TEXT),
  field('modelCode', TEXT),
  field('shortSaleSlot', TEXT),
  field('designatedLocation', TEXT),
  field('exemptCode', TEXT),
  field('ocaType', INT),
  field('rule80A', TEXT),
  field('settlingFirm', TEXT),
  field('allOrNone', FLAG),
  field('minQty', COUNT),
  field('percentOffset', MAYBE),
  field('eTradeOnly', TEXT),
  field('firmQuoteOnly', TEXT),
  field('nbboPriceCap', MAYBE),
  field('auctionStrategy', TEXT),
  field('startingPrice', MAYBE),
  field('stockReferencePrice', MAYBE),
  field('delta', MAYBE),
  field('rangeLower', MAYBE),
  field('rangeUpper', MAYBE),
  field('overridePercentage', TEXT),
] as const;

const SPECIAL = [
  field('volatility', MAYBE),
  field('volatilityType', COUNT),
  field('deltaNeutralType', TEXT),
  field('deltaNeutralAuxPrice', MAYBE),
  ...(
    [
      'deltaNeutralConId',
      'deltaNeutralSettlingFirm',
      'deltaNeutralClearingAccount',
      'deltaNeutralClearingIntent',
      'deltaNeutralOpenClose',
      'deltaNeutralShortSale',
      'deltaNeutralShortSaleSlot',
      'deltaNeutralDesignatedLocation',
    ] as const
  ).map((name) => field(name, TEXT, ifDeltaNeutral)),
  field('continuousUpdate', TEXT),
  field('referencePriceType', COUNT),
  field('trailStopPrice', MAYBE),
  field('trailingPercent', MAYBE),
  field('scaleInitLevelSize', COUNT),
  field('scaleSubsLevelSize', COUNT),
  field('scalePriceIncrement', MAYBE),
  ...(
    [
      'scalePriceAdjustValue',
      'scalePriceAdjustInterval',
      'scaleProfitOffset',
      'scaleAutoReset',
      'scaleInitPosition',
      'scaleInitFillQty',
      'scaleRandomPercent',
    ] as const
  ).map((name) => field(name, TEXT, ifScaled)),
  field('scaleTable', TEXT),
  field('activeStart', TEXT),
  field('activeStop', TEXT),
  field('hedgeType', TEXT),
  field('hedgeParam', TEXT, { when: isText('hedgeType') }),
  field('optOutSmartRouting', TEXT),
  field('clearingAccount', TEXT),
  field('clearingIntent', TEXT),
  field('notHeld', TEXT),
  field('hasDeltaNeutral', FLAG),
  field('neutralConId', TEXT, ifHasNeutral),
  field('neutralDelta', TEXT, ifHasNeutral),
  field('neutralPrice', TEXT, ifHasNeutral),
  field('algoStrategy', TEXT),
  list('algoParams', TAG_VALUES, { when: isText('algoStrategy') }),
  field('algoId', TEXT),
  field('whatIf', FLAG),
  field('miscOptions', TEXT),
  field('solicited', TEXT),
  field('randomizeSize', TEXT),
  field('randomizePrice', TEXT),
] as const;

const ADJUSTED = [
  ...(['referenceContractId', 'peggedChangeDecrease', 'peggedChangeAmount', 'referenceChangeAmount', 'referenceExchange'] as const).map((name) =>
    field(name, TEXT, ifType('PEG BENCH')),
  ),
  ...CONDITIONS,
  field('adjustedOrderType', TEXT),
  field('triggerPrice', TEXT),
  field('limitPriceOffset', TEXT),
  field('adjustedStopPrice', TEXT),
  field('adjustedStopLimitPrice', TEXT),
  field('adjustedTrailingAmount', TEXT),
  field('adjustableTrailingUnit', TEXT),
  field('extOperator', TEXT),
  field('softDollarName', TEXT),
  field('softDollarValue', TEXT),
  field('cashQty', MAYBE),
  field('mifidDecisionMaker', TEXT),
  field('mifidDecisionAlgo', TEXT),
  field('mifidExecutionTrader', TEXT),
  field('mifidExecutionAlgo', TEXT),
  field('dontUseAutoPriceForHedge', TEXT),
  field('isOmsContainer', TEXT),
  field('discretionaryUpToLimit', TEXT),
  field('usePriceManagementAlgo', TEXT),
  field('duration', TEXT),
  field('postToAts', TEXT),
  field('autoCancelParent', TEXT),
  field('advancedErrorOverride', TEXT),
  field('manualOrderTime', TEXT),
  field('minTradeQty', TEXT, { when: (row) => row['exchange'] === 'IBKRATS' }),
  field('minCompeteSize', TEXT, { when: isPegBest }),
  field('competeAgainstBestOffset', TEXT, { when: isPegBest }),
  field('midOffsetAtWhole', TEXT, { when: upToMid }),
  field('midOffsetAtHalf', TEXT, { when: upToMid }),
  field('customerAccount', TEXT, { since: CUSTOMER_ACCOUNT }),
  field('professionalCustomer', FLAG, { since: PROFESSIONAL_CUSTOMER }),
  fixed('', { since: RFQ_FIELDS, until: UNDO_RFQ_FIELDS }),
  fixed('2147483647', { since: RFQ_FIELDS, until: UNDO_RFQ_FIELDS }),
  field('includeOvernight', FLAG, { since: INCLUDE_OVERNIGHT }),
  field('manualOrderIndicator', TEXT, { since: CME_TAGGING_FIELDS }),
] as const;

export const PLACE_ORDER = layout(
  3,
  'placeOrder',
  field('orderId', INT),
  ...NAMED_CONTRACT,
  field('secIdType', TEXT),
  field('secId', TEXT),
  ...ORDERED,
  ...SPECIAL,
  ...ADJUSTED,
);
