/**
 * A placement as TWS takes it: one order, or an entry with both legs as one family. What is not set is held, hidden or a default of somebody's
 * settings: so `transmit`, the time in force and the account are always said.
 */
import { opposite, type Bracket, type Side } from '#trading/model/order.ts';
import type { Placement, Pricing } from '#trading/model/live.ts';
import type { Qty } from '#trading/money/decimal.ts';
import { groupOf, legRef, type Leg } from './names.ts';

export interface TwsOrder {
  readonly action: 'BUY' | 'SELL';
  readonly totalQuantity: number;
  readonly orderType: 'LMT' | 'MKT' | 'STP';
  readonly lmtPrice?: number;
  readonly auxPrice?: number;
  readonly tif: 'DAY' | 'GTC' | 'IOC';
  readonly account: string;
  readonly orderRef: string;
  readonly parentId: number;
  readonly ocaGroup?: string;
  readonly ocaType?: number;
  /** False keeps it at TWS, told to nobody, until a later order of its family is transmitted. */
  readonly transmit: boolean;
}

export interface Numbered {
  readonly orderId: number;
  readonly order: TwsOrder;
}

/** What of an account and its open orders a placement depends on. */
export interface Standing {
  readonly account: string;
  /** The group of the legs that protect the position; null where there are none. */
  readonly group: string | null;
  readonly nextId: () => number;
}

/** The others of a group give up what one fills, without waiting for each other: what TWS itself makes of a bracket (decision 32). */
const OCA_REDUCE = 3;

/** Orders of one placement, in the order in which they must leave: the parent first, and only the last one transmits. */
export function familyOf(placement: Placement, { account, group, nextId }: Standing): readonly Numbered[] {
  const { clientOrderId, side, qty, bracket, purpose } = placement;
  const parentId = nextId();
  const closes = purpose === 'exit' || purpose === 'flatten';
  const parent: TwsOrder = {
    ...{ action: actionOf(side), totalQuantity: Number(qty), ...pricingOf(placement.pricing), account, orderRef: clientOrderId, parentId: 0 },
    ...(closes && group !== null ? { ocaGroup: group, ocaType: OCA_REDUCE } : {}),
    transmit: bracket === null,
  };
  if (bracket === null) return [{ orderId: parentId, order: parent }];
  const leg = (of: Leg, transmit: boolean): Numbered => ({
    orderId: nextId(),
    order: legOrder({ entryId: clientOrderId, side, qty, bracket, account }, of, parentId, transmit),
  });
  return [{ orderId: parentId, order: parent }, leg('take_profit', false), leg('stop_loss', true)];
}

interface Protected {
  readonly entryId: string;
  /** Of the entry. */
  readonly side: Side;
  readonly qty: Qty;
  readonly bracket: Bracket;
  readonly account: string;
}

/** A leg of its own: also what an amendment sends, under the id that the leg has. */
export function legOrder({ entryId, side, qty, bracket, account }: Protected, leg: Leg, parentId: number, transmit: boolean): TwsOrder {
  const pricing: Pricing = leg === 'take_profit' ? { type: 'limit', price: bracket.takeProfit } : { type: 'stop', trigger: bracket.stopLoss };
  return {
    ...{ action: actionOf(opposite(side)), totalQuantity: Number(qty), ...pricingOf(pricing), account, orderRef: legRef(entryId, leg), parentId },
    ...{ ocaGroup: groupOf(entryId), ocaType: OCA_REDUCE, transmit },
  };
}

export const actionOf = (side: Side): TwsOrder['action'] => (side === 'buy' ? 'BUY' : 'SELL');

/** A market order with a worst price is a limit order that takes what there is and leaves nothing behind. */
function pricingOf(pricing: Pricing): Pick<TwsOrder, 'orderType' | 'lmtPrice' | 'auxPrice' | 'tif'> {
  switch (pricing.type) {
    case 'limit':
      return { orderType: 'LMT', lmtPrice: Number(pricing.price), tif: 'GTC' };
    case 'stop':
      return { orderType: 'STP', auxPrice: Number(pricing.trigger), tif: 'GTC' };
    case 'market':
      if (pricing.worst === null) return { orderType: 'MKT', tif: 'DAY' };
      return { orderType: 'LMT', lmtPrice: Number(pricing.worst), tif: 'IOC' };
  }
}
