/** One order of the book, one execution, and what the wire says of them. */
import { isZero, subtract, type Money, type Price, type Qty } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import { blank } from '../codec/layout.ts';
import type { RequestRow } from '../codec/client-messages.ts';
import { MESSAGES, type MessageRow } from '../codec/server-messages.ts';
import type { Contract } from '../contracts.ts';
import { stampOf } from '../hours.ts';
import { orderedContract, say, type Said } from '../say.ts';

export type Placed = RequestRow<'placeOrder'>;
export type OrderStatus = 'ApiPending' | 'PreSubmitted' | 'Submitted' | 'Filled' | 'Cancelled' | 'Inactive';

export interface OrderRecord {
  /** Of the exchange. */
  readonly key: string;
  readonly orderId: number;
  readonly clientId: number;
  readonly permId: number;
  readonly contract: Contract;
  readonly side: 'BUY' | 'SELL';
  /** As last placed. */
  placed: Placed;
  qty: Qty;
  limit: Price | null;
  stop: Price | null;
  /** When it is cancelled by itself; null for never. */
  readonly endsAt: Instant | null;
  transmitted: boolean;
  ocaGroup: string;
  ocaType: number;
  status: OrderStatus;
  whyHeld: string;
  /** The exchange has it. */
  working: boolean;
  filled: Qty;
  average: Price;
  lastPrice: Price;
  commission: Money | null;
  /** What the average is made of. */
  fills: { readonly price: Price; readonly qty: Qty }[];
  marketCapPrice: string;
  parentPermId: number | null;
  endedAt: string;
  endedAs: string;
}

export interface ExecutionRecord {
  readonly execId: string;
  readonly orderId: number;
  readonly clientId: number;
  readonly permId: number;
  readonly orderRef: string;
  readonly contract: Contract;
  readonly account: string;
  readonly side: 'BUY' | 'SELL';
  readonly qty: Qty;
  readonly price: Price;
  readonly cumulative: Qty;
  readonly average: Price;
  readonly at: Instant;
  readonly maker: boolean;
  /** 1 for the broker's own liquidation. */
  readonly liquidation: 0 | 1;
  readonly commission: Money;
  readonly realised: Money | null;
}

/** What an order would do to the margin, in USD. */
export interface MarginEffect {
  readonly initialBefore: Money;
  readonly maintenanceBefore: Money;
  readonly equityBefore: Money;
  readonly initialAfter: Money;
  readonly maintenanceAfter: Money;
  readonly equityAfter: Money;
  readonly commission: Money;
}

const ROUTED_TO = 'CBOE';
const IB = 'IB';
const ADDED_LIQUIDITY = 1;
const REMOVED_LIQUIDITY = 2;
const SHAREHOLDER = 'Not an insider or substantial shareholder';

/** An order as openOrder and orderStatus show it. */
export function openOrderOf(order: OrderRecord, account: string): Said {
  return say('openOrder', openOrderRow(order, account));
}

export function whatIfOf(order: OrderRecord, account: string, effect: MarginEffect): Said {
  return say('openOrder', {
    ...openOrderRow(order, account),
    whatIf: true,
    initMarginBefore: effect.initialBefore,
    maintMarginBefore: effect.maintenanceBefore,
    equityWithLoanBefore: effect.equityBefore,
    initMarginChange: subtract(effect.initialAfter, effect.initialBefore),
    maintMarginChange: subtract(effect.maintenanceAfter, effect.maintenanceBefore),
    equityWithLoanChange: subtract(effect.equityAfter, effect.equityBefore),
    initMarginAfter: effect.initialAfter,
    maintMarginAfter: effect.maintenanceAfter,
    equityWithLoanAfter: effect.equityAfter,
    commission: effect.commission,
    commissionCurrency: 'USD',
  });
}

export function statusOf(order: OrderRecord): Said {
  return say('orderStatus', {
    orderId: order.orderId,
    status: order.status,
    filled: order.filled,
    remaining: order.status === 'Filled' ? '0' : subtract(order.qty, order.filled),
    averagePrice: order.average,
    permId: order.permId,
    parentId: order.placed.parentId,
    lastPrice: order.lastPrice,
    clientId: order.clientId,
    whyHeld: order.whyHeld,
    marketCapPrice: order.marketCapPrice,
  });
}

/** Neither the order's id nor the client's is in it. */
export function completedOf(order: OrderRecord, account: string): Said {
  const { placed } = order;
  return say('completedOrder', {
    ...blank(MESSAGES.completedOrder),
    ...sharedRow(order, account),
    discretionaryAmount: '0',
    cashQty: '0',
    filledQuantity: order.filled,
    shareholder: SHAREHOLDER,
    parentPermId: order.parentPermId,
    completedTime: order.endedAt,
    completedStatus: order.endedAs,
    trailingPercent: placed.trailingPercent,
  });
}

/** `reqId` is -1 for what nobody asked for. */
export function execDetailsOf(execution: ExecutionRecord, reqId: number): Said {
  const exchange = execution.contract.exchange === 'SMART' ? ROUTED_TO : execution.contract.exchange;
  return say('execDetails', {
    reqId,
    orderId: execution.orderId,
    ...orderedContract({ ...execution.contract, exchange }),
    execId: execution.execId,
    time: stampOf(execution.at),
    account: execution.account,
    executedAt: exchange,
    side: execution.side === 'BUY' ? 'BOT' : 'SLD',
    shares: execution.qty,
    price: execution.price,
    permId: execution.permId,
    clientId: execution.clientId,
    liquidation: execution.liquidation,
    cumulativeQty: execution.cumulative,
    averagePrice: execution.average,
    orderRef: execution.orderRef,
    economicValueRule: '',
    economicValueMultiplier: '',
    modelCode: '',
    lastLiquidity: execution.maker ? ADDED_LIQUIDITY : REMOVED_LIQUIDITY,
    pendingPriceRevision: 0,
  });
}

export function commissionReportOf(execution: ExecutionRecord): Said {
  const { execId, commission, realised } = execution;
  return say('commissionReport', { execId, commission, currency: 'USD', realised, yield: null, yieldDate: '' });
}

function openOrderRow(order: OrderRecord, account: string): MessageRow<'openOrder'> {
  const { placed } = order;
  return {
    ...blank(MESSAGES.openOrder),
    ...sharedRow(order, account),
    orderId: order.orderId,
    clientId: order.clientId,
    parentId: placed.parentId,
    sharesAllocation: order.permId === 0 ? '' : `${order.permId}.0/${account}/${order.qty}`,
    commission: order.commission,
    commissionCurrency: order.commission === null ? '' : 'USD',
    adjustedOrderType: 'None',
    minCompeteSize: 100,
    competeAgainstBestOffset: '0.02',
    trailingPercent: placed.trailingPercent,
    includeOvernight: placed.includeOvernight,
    customerAccount: placed.customerAccount,
    professionalCustomer: placed.professionalCustomer,
  };
}

/** What openOrder and completedOrder have in common. */
function sharedRow(order: OrderRecord, account: string) {
  const { placed } = order;
  return {
    ...orderedContract(order.contract, order.contract.right === '' ? '?' : order.contract.right),
    action: order.side,
    totalQuantity: order.qty,
    orderType: placed.orderType,
    limitPrice: order.limit,
    auxPrice: auxPriceOf(order),
    timeInForce: placed.timeInForce === '' ? 'DAY' : placed.timeInForce,
    ocaGroup: order.ocaGroup,
    account,
    openClose: placed.openClose,
    origin: placed.origin,
    orderRef: placed.orderRef,
    permId: order.permId,
    outsideRth: placed.outsideRth,
    goodTillDate: placed.goodTillDate,
    ocaType: order.ocaType,
    deltaNeutralType: 'None',
    trailStopPrice: placed.orderType === 'TRAIL' ? order.stop : null,
    clearingIntent: IB,
    status: order.status,
    dontUseAutoPriceForHedge: true,
  } as const;
}

function auxPriceOf(order: OrderRecord): Price | null {
  if (order.placed.orderType === 'TRAIL') return order.placed.auxPrice === null ? null : (order.placed.auxPrice as Price); // checked when it was placed
  return order.stop !== null && isZero(order.stop) ? null : order.stop;
}
