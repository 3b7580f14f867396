/**
 * The client library, unmodified. The interfaces name what we use of it and nothing else: `MarketClient` has no order method, so whoever is built
 * on it cannot send one (RT-1). One object is one TCP session: the library would replay what it buffered into the next one.
 */
import {
  IBApi,
  type CommissionReport,
  type Contract,
  type ContractDetails,
  type Execution,
  type Order,
  type OrderState,
  type OrderStatus,
  type TickType,
} from '@stoqey/ib';

/** Events and their arguments, as the pinned version emits them. Hearing of orders sends none. */
export interface TwsEvents {
  connected: [];
  disconnected: [];
  server: [version: number, time: string];
  received: [tokens: readonly string[]];
  managedAccounts: [csv: string];
  nextValidId: [orderId: number];
  /** Messages of no request: id -1. */
  info: [text: string, code: number];
  error: [error: Error, code: number, id: number, advancedReject: unknown];
  currentTime: [seconds: number];
  contractDetails: [id: number, details: ContractDetails];
  contractDetailsEnd: [id: number];
  marketRule: [ruleId: number, increments: readonly { readonly lowEdge?: number; readonly increment?: number }[]];
  securityDefinitionOptionParameter: [
    id: number,
    exchange: string,
    underlyingConId: number,
    tradingClass: string,
    multiplier: string,
    expirations: readonly string[],
    strikes: readonly number[],
  ];
  securityDefinitionOptionParameterEnd: [id: number];
  marketDataType: [id: number, type: number];
  tickPrice: [id: number, type: TickType, value: number, attributes: unknown];
  tickSize: [id: number, type: TickType | undefined, value: number | undefined];
  /** What a model makes of an option; nothing where it is not reckoned yet. */
  tickOptionComputation: [id: number, type: TickType, attribute: number | undefined, volatility: number | undefined, delta: number | undefined];
  tickSnapshotEnd: [id: number];
  historicalData: [id: number, time: string, open: number, high: number, low: number, close: number, volume: number];
  openOrder: [orderId: number, contract: Contract, order: Order, state: OrderState];
  openOrderEnd: [];
  orderStatus: [
    orderId: number,
    status: OrderStatus,
    filled: number,
    remaining: number,
    averagePrice: number,
    permId: number | undefined,
    parentId: number | undefined,
    lastFillPrice: number | undefined,
    clientId: number | undefined,
    whyHeld: string | undefined,
    marketCapPrice: number | undefined,
  ];
  /** Id -1: pushed, and asked by nobody. */
  execDetails: [id: number, contract: Contract, execution: Execution];
  execDetailsEnd: [id: number];
  commissionReport: [report: CommissionReport];
  /** Without order id and client id: permId and orderRef say whose it is. */
  completedOrder: [contract: Contract, order: Order, state: OrderState];
  completedOrdersEnd: [];
  orderBound: [permId: number, clientId: number, orderId: number];
  position: [account: string, contract: Contract, quantity: number, averageCost: number | undefined];
  positionEnd: [];
  accountSummary: [id: number, account: string, tag: string, value: string, currency: string];
  accountSummaryEnd: [id: number];
  updateAccountValue: [key: string, value: string, currency: string, account: string];
  accountDownloadEnd: [account: string];
}

type Listener<N extends keyof TwsEvents> = (...values: TwsEvents[N]) => void;

/** What a client of any kind can do. */
export interface Client {
  on<N extends keyof TwsEvents>(event: N, listener: Listener<N>): unknown;
  off<N extends keyof TwsEvents>(event: N, listener: Listener<N>): unknown;
  removeAllListeners(): unknown;
  connect(clientId: number): unknown;
  disconnect(): unknown;
  reqCurrentTime(): unknown;
}

export interface MarketClient extends Client {
  reqContractDetails(id: number, contract: Contract): unknown;
  reqMarketRule(ruleId: number): unknown;
  reqSecDefOptParams(id: number, symbol: string, futuresExchange: string, secType: string, conId: number): unknown;
  reqMarketDataType(type: number): unknown;
  reqMktData(id: number, contract: Contract, genericTicks: string, snapshot: boolean, regulatorySnapshot: boolean): unknown;
  cancelMktData(id: number): unknown;
  reqHistoricalData(
    id: number,
    contract: Contract,
    end: string,
    duration: string,
    barSize: string,
    what: string,
    regularHours: 0 | 1,
    dateFormat: 1 | 2,
    keepUpToDate: boolean,
  ): unknown;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The library's own limiter writes what waits into the next session: ours (pacing.ts) is used, and its is put out of reach. */
const LIBRARY_RATE = 100_000;

/** A fresh object of the library, to be used for one session. `C` is the part of it that the caller uses. */
export function createClient<C extends Client>({ host, port }: Address): C {
  // Without host and port it reads files and variables of its own. Its types are looser than ours, which are what the pinned version was tested to do.
  return new IBApi({ host, port, maxReqPerSec: LIBRARY_RATE }) as unknown as C;
}

/**
 * Without it a bracket of three frames takes 44 ms. The socket is private in the library: where it is not found, the session is slow and not wrong.
 * @returns whether it was found
 */
export function setNoDelay(client: object): boolean {
  const { controller } = client as { readonly controller?: { readonly socket?: { readonly client?: { setNoDelay?: (on: boolean) => unknown } } } };
  const socket = controller?.socket?.client;
  if (typeof socket?.setNoDelay !== 'function') return false;
  socket.setNoDelay(true);
  return true;
}
