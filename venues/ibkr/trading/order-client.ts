/** What the orders' session uses of the client library beyond its connection: only who holds one can place. */
import type { Contract, ExecutionFilter, Order } from '@stoqey/ib';
import type { MarketClient } from '../client.ts';

export interface OrderClient extends MarketClient {
  placeOrder(orderId: number, contract: Contract, order: Order): unknown;
  cancelOrder(orderId: number): unknown;
  reqAllOpenOrders(): unknown;
  reqCompletedOrders(apiOnly: boolean): unknown;
  reqExecutions(id: number, filter: ExecutionFilter): unknown;
  reqPositions(): unknown;
  reqAccountSummary(id: number, group: string, tags: string): unknown;
  cancelAccountSummary(id: number): unknown;
}
