/** What the orders' session uses of the client library beyond its connection; only its holder can place. */
import type { CommissionReport, Contract, Execution, ExecutionFilter, Order, OrderState } from '@stoqey/ib';
import type { Client, MarketEvents } from '../client.ts';

/** Events and their arguments, as the pinned version emits them. */
export interface OrderEvents extends MarketEvents {
  openOrder: [orderId: number, contract: Contract, order: Order, state: OrderState];
  openOrderEnd: [];
  orderStatus: [
    orderId: number,
    status: string,
    filled: number,
    remaining: number,
    averagePrice: number,
    permId: number | undefined,
    parentId: number | undefined,
    lastPrice: number | undefined,
    clientId: number | undefined,
    whyHeld: string | undefined,
    marketCapPrice: number | undefined,
  ];
  completedOrder: [contract: Contract, order: Order, state: OrderState];
  completedOrdersEnd: [];
  /** -1: nobody asked for it, it happens now. */
  execDetails: [requestId: number, contract: Contract, execution: Execution];
  execDetailsEnd: [requestId: number];
  commissionReport: [report: CommissionReport];
  position: [account: string, contract: Contract, quantity: number, averageCost: number | undefined];
  positionEnd: [];
  accountSummary: [requestId: number, account: string, tag: string, value: string, currency: string];
  accountSummaryEnd: [requestId: number];
}

export interface OrderClient extends Client<OrderEvents> {
  placeOrder(orderId: number, contract: Contract, order: Order): unknown;
  cancelOrder(orderId: number): unknown;
  reqAllOpenOrders(): unknown;
  reqCompletedOrders(apiOnly: boolean): unknown;
  reqExecutions(requestId: number, filter: ExecutionFilter): unknown;
  reqPositions(): unknown;
  reqAccountSummary(requestId: number, group: string, tags: string): unknown;
  cancelAccountSummary(requestId: number): unknown;
  reqContractDetails(requestId: number, contract: Contract): unknown;
}
