/** The runs of fields that openOrder and completedOrder have in common, in the order of both. */
import { comboParts, TAG_VALUES } from './contract-parts.ts';
import { DECIMAL_TEXT, field, fixed, FLAG, INT, list, optionalDecimal, optionalInt, TEXT, UNSET_DOUBLE, UNSET_INT } from './layout.ts';
import { CUSTOMER_ACCOUNT, PROFESSIONAL_CUSTOMER } from './versions.ts';

const isText = (name: string) => (row: Readonly<Record<string, unknown>>) => row[name] !== '' && row[name] !== null;
export const ifDeltaNeutral = { when: isText('deltaNeutralType') };
const ifScaled = { when: isText('scalePriceIncrement') };
const ifHedged = { when: isText('hedgeType') };
const ifAlgo = { when: isText('algoStrategy') };
const ifHasNeutral = { when: (row: Readonly<Record<string, unknown>>) => row['hasDeltaNeutral'] === true };
const ifPegged = { when: (row: Readonly<Record<string, unknown>>) => row['orderType'] === 'PEG BENCH' };

export const MAYBE = optionalDecimal('');
export const MAYBE_MAX = optionalDecimal(UNSET_DOUBLE);
export const COUNT = optionalInt('');
export const COUNT_MAX = optionalInt(UNSET_INT);

/** What was ordered, and by whom. */
export const PLACED = [
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
] as const;

/** For whom, and how it is routed. */
export const ALLOCATED = [
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
] as const;

/** Prices of auctions and ranges. */
export const RANGED = [
  field('startingPrice', MAYBE),
  field('stockReferencePrice', MAYBE),
  field('delta', MAYBE),
  field('rangeLower', MAYBE),
  field('rangeUpper', MAYBE),
  field('displaySize', COUNT_MAX),
] as const;

/** A delta-neutral short sale, then how the price is followed. */
export const SHORT_AND_TRAIL = [
  field('deltaNeutralShortSale', FLAG, ifDeltaNeutral),
  field('deltaNeutralShortSaleSlot', INT, ifDeltaNeutral),
  field('deltaNeutralDesignatedLocation', TEXT, ifDeltaNeutral),
  field('continuousUpdate', INT),
  field('referencePriceType', INT),
  field('trailStopPrice', MAYBE),
  field('trailingPercent', MAYBE),
] as const;

/** Combinations, scales and hedges. */
export const COMBO_SCALE_HEDGE = [
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
] as const;

/** Who clears it, its delta-neutral contract and its algorithm. */
export const CLEARED = [
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

/** Randomised, and pegged to a benchmark. */
export const PEGGED = [
  field('randomizeSize', FLAG),
  field('randomizePrice', FLAG),
  field('referenceContractId', INT, ifPegged),
  field('peggedChangeDecrease', FLAG, ifPegged),
  field('peggedChangeAmount', DECIMAL_TEXT, ifPegged),
  field('referenceChangeAmount', DECIMAL_TEXT, ifPegged),
  field('referenceExchange', TEXT, ifPegged),
] as const;

/** Smallest sizes, offsets from the mid, and the customer. */
export const LEAST = [
  field('minTradeQty', COUNT),
  field('minCompeteSize', COUNT),
  field('competeAgainstBestOffset', MAYBE),
  field('midOffsetAtWhole', MAYBE),
  field('midOffsetAtHalf', MAYBE),
  field('customerAccount', TEXT, { since: CUSTOMER_ACCOUNT }),
  field('professionalCustomer', FLAG, { since: PROFESSIONAL_CUSTOMER }),
] as const;
