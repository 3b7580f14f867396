/** completedOrder (message 101): 102 fields at server version 193. It names neither the order id nor the client id: only permId and orderRef. */
import { comboParts, CONDITIONS, ORDERED_CONTRACT, TAG_VALUES } from './contract-parts.ts';
import {
  DECIMAL_TEXT,
  field,
  fixed,
  FLAG,
  INT,
  layout,
  list,
  optionalDecimal,
  optionalInt,
  TEXT,
  UNSET_DOUBLE,
  UNSET_INT,
  UNSET_LONG,
} from './layout.ts';
import { CUSTOMER_ACCOUNT, PROFESSIONAL_CUSTOMER } from './versions.ts';

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

/** 12 to 49. */
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
  field('permId', INT),
  field('outsideRth', FLAG),
  field('hidden', FLAG),
  field('discretionaryAmount', TEXT),
  field('goodAfterTime', TEXT),
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
  field('startingPrice', MAYBE),
  field('stockReferencePrice', MAYBE),
  field('delta', MAYBE),
  field('rangeLower', MAYBE),
  field('rangeUpper', MAYBE),
  field('displaySize', COUNT_MAX),
  field('sweepToFill', FLAG),
  field('allOrNone', FLAG),
  field('minQty', COUNT_MAX),
  field('ocaType', INT),
  field('triggerMethod', INT),
] as const;

/** 50 to 75. */
const SPECIAL = [
  field('volatility', MAYBE),
  field('volatilityType', INT),
  field('deltaNeutralType', TEXT),
  field('deltaNeutralAuxPrice', MAYBE),
  field('deltaNeutralConId', INT, ifDeltaNeutral),
  field('deltaNeutralShortSale', FLAG, ifDeltaNeutral),
  field('deltaNeutralShortSaleSlot', INT, ifDeltaNeutral),
  field('deltaNeutralDesignatedLocation', TEXT, ifDeltaNeutral),
  field('continuousUpdate', INT),
  field('referencePriceType', INT),
  field('trailStopPrice', MAYBE),
  field('trailingPercent', MAYBE),
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

/** 76 to 101. */
const ENDED = [
  field('status', TEXT),
  field('randomizeSize', FLAG),
  field('randomizePrice', FLAG),
  field('referenceContractId', INT, ifPegged),
  field('peggedChangeDecrease', FLAG, ifPegged),
  field('peggedChangeAmount', DECIMAL_TEXT, ifPegged),
  field('referenceChangeAmount', DECIMAL_TEXT, ifPegged),
  field('referenceExchange', TEXT, ifPegged),
  ...CONDITIONS,
  field('adjustedTrailStopPrice', MAYBE_MAX),
  field('limitPriceOffset', MAYBE_MAX),
  field('cashQty', DECIMAL_TEXT),
  field('dontUseAutoPriceForHedge', FLAG),
  field('isOmsContainer', FLAG),
  field('autoCancelDate', TEXT),
  field('filledQuantity', DECIMAL_TEXT),
  field('futuresReferenceConId', INT),
  field('autoCancelParent', FLAG),
  field('shareholder', TEXT),
  field('imbalanceOnly', FLAG),
  field('routeMarketableToBbo', FLAG),
  field('parentPermId', optionalInt(UNSET_LONG)),
  field('completedTime', TEXT),
  field('completedStatus', TEXT),
  field('minTradeQty', COUNT),
  field('minCompeteSize', COUNT),
  field('competeAgainstBestOffset', MAYBE),
  field('midOffsetAtWhole', MAYBE),
  field('midOffsetAtHalf', MAYBE),
  field('customerAccount', TEXT, { since: CUSTOMER_ACCOUNT }),
  field('professionalCustomer', FLAG, { since: PROFESSIONAL_CUSTOMER }),
] as const;

export const COMPLETED_ORDER = layout(101, 'completedOrder', ...ORDERED_CONTRACT, ...ORDERED, ...SPECIAL, ...ENDED);
