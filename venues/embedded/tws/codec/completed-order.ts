/** completedOrder (message 101): 102 fields at server version 193. It names neither the order id nor the client id: only permId and orderRef. */
import { CONDITIONS, ORDERED_CONTRACT } from './contract-parts.ts';
import { DECIMAL_TEXT, field, FLAG, INT, layout, optionalInt, TEXT, UNSET_LONG } from './layout.ts';
import {
  ALLOCATED,
  CLEARED,
  COMBO_SCALE_HEDGE,
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

/** 12 to 49. */
const ORDERED = [
  ...PLACED,
  field('permId', INT),
  field('outsideRth', FLAG),
  field('hidden', FLAG),
  field('discretionaryAmount', TEXT),
  field('goodAfterTime', TEXT),
  ...ALLOCATED,
  ...RANGED,
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
  ...SHORT_AND_TRAIL,
  ...COMBO_SCALE_HEDGE,
  ...CLEARED,
] as const;

/** 76 to 101. */
const ENDED = [
  field('status', TEXT),
  ...PEGGED,
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
  ...LEAST,
] as const;

export const COMPLETED_ORDER = layout(101, 'completedOrder', ...ORDERED_CONTRACT, ...ORDERED, ...SPECIAL, ...ENDED);
