/** Whether TWS takes an order, and what it warns of. Refusals carry TWS's codes and words (venues/ibkr "Codes the emulator produces"). Pure. */
import { greaterThan, isDecimalText, isPositive, isZero, lessThan, price, qty, type Price, type Qty } from '#trading/money/decimal.ts';
import type { Contract } from '../contracts.ts';
import type { OrderKind } from '../exchange.ts';
import { idealProSizes, onGrid } from '../market-rules.ts';
import type { Switches } from '../switches.ts';
import { valueOf } from '../wallet.ts';
import type { OrderRecord, Placed } from './record.ts';

export interface Notice {
  readonly code: number;
  readonly text: string;
}

/** An order in the exchange's terms. */
export interface Terms {
  readonly side: 'BUY' | 'SELL';
  readonly kind: OrderKind;
  readonly qty: Qty;
  readonly limit: Price | null;
  readonly stop: Price | null;
}

export interface Standing {
  readonly contract: Contract | undefined;
  /** The client's order with this id that still works. */
  readonly live: OrderRecord | undefined;
  /** The client's order with this id that has ended. */
  readonly ended: OrderRecord | undefined;
  readonly nextId: number;
  /** There is a live order under its parentId. */
  readonly parentKnown: boolean;
  /** An order of the account works at the other side of the contract. */
  readonly oppositeWorks: boolean;
  readonly switches: Readonly<Switches>;
}

const KINDS: readonly OrderKind[] = ['MKT', 'LMT', 'STP', 'STP LMT', 'TRAIL'];
const TIMES_IN_FORCE = ['', 'DAY', 'GTC', 'IOC', 'FOK', 'GTD'];
const DUPLICATE_ID = 103;
const FILLED_ALREADY = 104;
const CHANGED_TERMS = 105;
const OFF_GRID = 110;
const NO_PARENT = 135;
const NO_CONTRACT = 200;
const VALIDATION = 321;
const REJECTED = 201;
const PRECAUTION = 383;
const PRECAUTION_VALUE = 451;
const E_TRADE_ONLY = 10268;
const BOTH_SIDES_TEXT =
  'Order rejected - reason:Cannot have open orders on both sides of the same US Option contract in the same account or a group of related accounts.';
const ODD_LOT = 399;
const ZERO_SIZE = 434;
const OUTSIDE_HOURS_IGNORED = 2109;
const PRESET_TIME_IN_FORCE = 10349;

/** The code and the words of the refusal, or the order in the exchange's terms. */
export function admit(placed: Placed, standing: Standing): Notice | Terms {
  const { contract, switches } = standing;
  if (switches.readOnly) return invalid('The API interface is currently in Read-Only mode.');
  if (placed.secType === 'BAG') return invalid('Combinations are not played here.');
  if (contract === undefined) return { code: NO_CONTRACT, text: 'No security definition has been found for the request' };
  if (placed.conditions.length > 0) return invalid('Conditional orders are not played here.');
  const identity = identityRefused(placed, standing);
  if (identity !== null) return identity;
  const terms = termsOf(placed);
  if ('code' in terms) return terms;
  const refused = termsRefused(terms, contract, placed, standing);
  return refused ?? terms;
}

/** What is said besides: the order works all the same. */
export function warnings(placed: Placed, terms: Terms, contract: Contract, switches: Readonly<Switches>): readonly Notice[] {
  const said: Notice[] = [];
  const sizes = idealProSizes(contract);
  if (sizes !== null && lessThan(terms.qty, sizes.min)) {
    const order = `${terms.side} ${terms.qty} ${contract.localSymbol} Forex`;
    const warning = `Your order size is below the ${contract.symbol} ${sizes.min} IdealPro minimum and will be routed as an odd lot order.`;
    said.push({ code: ODD_LOT, text: `Order Message:\n${order}\nWarning: ${warning}` });
  }
  if ((placed.outsideRth || switches.warnsOutsideHours) && contract.secType !== 'STK') {
    const text =
      "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored based on the order type and destination. PlaceOrder is now being processed.";
    said.push({ code: OUTSIDE_HOURS_IGNORED, text });
  }
  if (switches.presetTimeInForce && placed.timeInForce === '') {
    said.push({ code: PRESET_TIME_IN_FORCE, text: 'Order TIF was set to DAY based on order preset.' });
  }
  return said;
}

function identityRefused(placed: Placed, standing: Standing): Notice | null {
  const { ended, live, nextId } = standing;
  if (ended?.status === 'Filled') return { code: FILLED_ALREADY, text: "Can't modify a filled order." };
  if (ended !== undefined) return { code: DUPLICATE_ID, text: 'Duplicate order id' };
  // Ids of 0 and below are of orders made by hand.
  if (live === undefined && placed.orderId > 0 && placed.orderId < nextId && !placed.whatIf)
    return { code: DUPLICATE_ID, text: 'Duplicate order id' };
  // Of a bracket's leg, too, once its parent is done: it is changed under parentId 0.
  if (placed.parentId !== 0 && !standing.parentKnown) {
    return { code: NO_PARENT, text: `Can't find order with id =${placed.parentId}` };
  }
  if (live !== undefined && (live.side !== placed.action || live.contract.conId !== standing.contract?.conId)) {
    return { code: CHANGED_TERMS, text: 'Order being modified does not match original order.' };
  }
  return null;
}

function termsOf(placed: Placed): Notice | Terms {
  const kind = KINDS.find((known) => known === placed.orderType);
  if (kind === undefined) return invalid(`Order type ${placed.orderType.slice(0, 20)} is not played here: ${KINDS.join(', ')}.`);
  if (placed.action !== 'BUY' && placed.action !== 'SELL') return invalid(`Invalid action ${placed.action.slice(0, 20)}: BUY or SELL.`);
  if (!TIMES_IN_FORCE.includes(placed.timeInForce)) return invalid(`Invalid time in force:${placed.timeInForce.slice(0, 20)}`);
  if (!isDecimalText(placed.totalQuantity) || !isPositive(qty(placed.totalQuantity))) {
    return { code: ZERO_SIZE, text: 'The order size cannot be zero.' };
  }
  const limit = priceOf(placed.limitPrice);
  const aux = priceOf(placed.auxPrice);
  const trailStop = priceOf(placed.trailStopPrice);
  const takesLimit = kind === 'LMT' || kind === 'STP LMT';
  if (takesLimit && limit === null) return invalid('A limit order needs a limit price.');
  if ((kind === 'STP' || kind === 'STP LMT') && aux === null) return invalid('A stop order needs a stop price.');
  if (kind === 'TRAIL' && aux === null && placed.trailingPercent === null) return invalid('A trailing order needs a trailing amount or percent.');
  const stop = kind === 'TRAIL' ? trailStop : kind === 'STP' || kind === 'STP LMT' ? aux : null;
  return { side: placed.action, kind, qty: qty(placed.totalQuantity), limit: takesLimit ? limit : null, stop };
}

function termsRefused(terms: Terms, contract: Contract, placed: Placed, standing: Standing): Notice | null {
  for (const at of [terms.limit, terms.stop]) {
    if (at !== null && !onGrid(contract, at)) {
      return { code: OFF_GRID, text: 'The price does not conform to the minimum price variation for this contract.' };
    }
  }
  if (contract.secType === 'OPT' && standing.live === undefined && standing.oppositeWorks) return { code: REJECTED, text: BOTH_SIDES_TEXT };
  if (!['', '0', 'false'].includes(placed.eTradeOnly)) {
    return { code: E_TRADE_ONLY, text: "The 'EtradeOnly' order attribute is not supported." };
  }
  const sizes = idealProSizes(contract);
  if (sizes !== null && greaterThan(terms.qty, sizes.max)) return invalid(`Order size ${terms.qty} is above the IdealPro maximum ${sizes.max}.`);
  if (sizes === null && placed.totalQuantity.includes('.')) return invalid('Fractional sized order cannot be placed.');
  const { precautionarySize, precautionaryValue } = standing.switches;
  if (precautionarySize > 0 && Number(terms.qty) > precautionarySize) {
    return { code: PRECAUTION, text: `The following order "ID:${placed.orderId}" size exceeds the Size Limit of ${precautionarySize}.` };
  }
  const at = terms.limit ?? terms.stop;
  if (precautionaryValue > 0 && at !== null && Number(valueOf(contract, terms.qty, at)) > precautionaryValue) {
    return {
      code: PRECAUTION_VALUE,
      text: `The following order "ID:${placed.orderId}" value estimate exceeds the Total Value Limit of ${precautionaryValue}.`,
    };
  }
  return null;
}

/** Zero is no price. */
function priceOf(text: string | null): Price | null {
  if (text === null || !isDecimalText(text)) return null;
  const value = price(text);
  return isZero(value) ? null : value;
}

const invalid = (cause: string): Notice => ({ code: VALIDATION, text: `Error validating request.-'bX' : cause - ${cause}` });
