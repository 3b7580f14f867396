/**
 * Rows of orders, executions, positions and balances with the keys and types of Bybit v5. All amounts are decimal text. Their types are what is
 * written here, so that an independent client's declarations can be compared with them.
 */
import {
  absolute,
  add,
  isNegative,
  isPositive,
  isZero,
  money,
  notional,
  price,
  quotient,
  rounded,
  type Money,
  type Price,
} from '#trading/money/decimal.ts';
import type { Account, Balance } from '../../engine/account.ts';
import type { ExitLeg, PriceSource, StopKind } from '../../engine/triggers.ts';
import type {
  CancelReason,
  Execution,
  Order,
  OrderRequest,
  OrderState,
  Origin,
  Position,
  PositionSlot,
  SelfMatch,
  Side,
} from '../../engine/types.ts';
import type { Category } from '../../listing.ts';

export type Row = Readonly<Record<string, unknown>>;

const AVERAGE_DECIMALS = 10;

export const STATUSES = {
  untriggered: 'Untriggered',
  triggered: 'Triggered',
  new: 'New',
  'partially-filled': 'PartiallyFilled',
  filled: 'Filled',
  cancelled: 'Cancelled',
  'partially-filled-cancelled': 'PartiallyFilledCanceled',
  deactivated: 'Deactivated',
  rejected: 'Rejected',
} as const satisfies Readonly<Record<OrderState, string>>;

const CANCEL_TYPES = {
  none: 'UNKNOWN',
  user: 'CancelByUser',
  'reduce-only': 'CancelByReduceOnly',
  'no-immediate-quantity': 'UNKNOWN',
  'post-only': 'UNKNOWN',
  'exit-cleared': 'CancelByTpSlTsClear',
  group: 'CancelByTpSlTsClear',
  liquidation: 'CancelAllBeforeLiq',
  deleveraging: 'CancelByPrepareAdl',
  settlement: 'CancelBySettle',
  'self-match': 'CancelBySmp',
  margin: 'UNKNOWN',
  disconnect: 'CancelByDCP',
  admin: 'CancelByAdmin',
} as const satisfies Readonly<Record<CancelReason, string>>;

type RejectReason = 'EC_PerCancelRequest' | 'EC_BySelfMatch' | 'EC_NoImmediateQtyToFill' | 'EC_PostOnlyWillTakeLiquidity' | 'EC_Others';
const REJECT_REASONS: Partial<Readonly<Record<CancelReason, RejectReason>>> = {
  user: 'EC_PerCancelRequest',
  'no-immediate-quantity': 'EC_NoImmediateQtyToFill',
  'post-only': 'EC_PostOnlyWillTakeLiquidity',
  'self-match': 'EC_BySelfMatch',
  margin: 'EC_Others',
};

const STOPS = {
  none: ['', '', 'CreateByUser'],
  stop: ['Stop', 'Stop', 'CreateByUser'],
  'take-profit': ['TakeProfit', 'tpslOrder', 'CreateByTakeProfit'],
  'stop-loss': ['StopLoss', 'tpslOrder', 'CreateByStopLoss'],
  'partial-take-profit': ['PartialTakeProfit', 'tpslOrder', 'CreateByPartialTakeProfit'],
  'partial-stop-loss': ['PartialStopLoss', 'tpslOrder', 'CreateByPartialStopLoss'],
  tpsl: ['Stop', 'tpslOrder', 'CreateByUser'],
  'trailing-stop': ['TrailingStop', '', 'CreateByTrailingStop'],
  'trailing-profit': ['TrailingStop', '', 'CreateByTrailingProfit'],
} as const satisfies Readonly<Record<StopKind, readonly [linear: string, spot: string, createType: string]>>;

const ORIGINS = {
  liquidation: 'CreateByLiq',
  takeover: 'CreateByTakeOver_PassThrough',
  deleveraging: 'CreateByAdl_PassThrough',
  settlement: 'CreateBySettle',
} as const satisfies Readonly<Record<Origin, string>>;
const createTypeOf = ({ origin, stopKind }: OrderRequest) => (origin === undefined ? STOPS[stopKind][2] : ORIGINS[origin]);

const SMP_TYPES = {
  'cancel-maker': 'CancelMaker',
  'cancel-taker': 'CancelTaker',
  'cancel-both': 'CancelBoth',
} as const satisfies Readonly<Record<SelfMatch, string>>;

const SOURCES = { last: 'LastPrice', mark: 'MarkPrice', index: 'IndexPrice' } as const satisfies Readonly<Record<PriceSource, string>>;
const TIMES_IN_FORCE = { gtc: 'GTC', ioc: 'IOC', fok: 'FOK', 'post-only': 'PostOnly' } as const;

export const sideText = (side: Side): 'Buy' | 'Sell' => (side === 'buy' ? 'Buy' : 'Sell');
export const slotIndex = (slot: PositionSlot): 0 | 1 | 2 => (slot === 'one-way' ? 0 : slot === 'long' ? 1 : 2);
export const symbolOfKey = (contract: string): string => contract.slice(contract.indexOf(':') + 1);
export const stopTypeOf = (kind: StopKind, category: Category) => STOPS[kind][category === 'linear' ? 0 : 1];

/** As GET /v5/order/realtime and /history list it. */
export function orderRow(order: Order, category: Category, entryLink: string) {
  const { request, trigger, protection, cancelReason } = order;
  const linear = category === 'linear';
  const value = order.price === null ? '0' : notional(order.price, order.leaves);
  return {
    orderId: order.id,
    orderLinkId: request.linkId,
    parentOrderLinkId: entryLink,
    blockTradeId: '',
    symbol: symbolOfKey(request.contract),
    price: order.price ?? '0',
    qty: order.qty,
    side: sideText(request.side),
    isLeverage: linear ? '' : '0',
    positionIdx: slotIndex(request.slot),
    orderStatus: STATUSES[order.state],
    createType: createTypeOf(request),
    cancelType: CANCEL_TYPES[cancelReason],
    rejectReason: REJECT_REASONS[cancelReason] ?? 'EC_NoError',
    avgPrice: averageOf(order),
    leavesQty: order.leaves,
    leavesValue: value,
    cumExecQty: order.filled,
    cumExecValue: order.filledValue,
    cumExecFee: feesOf(order),
    timeInForce: TIMES_IN_FORCE[request.timeInForce],
    orderType: request.type === 'limit' ? 'Limit' : 'Market',
    marketUnit: linear ? '' : request.qtyUnit === 'quote' ? 'quoteCoin' : 'baseCoin',
    stopOrderType: STOPS[request.stopKind][linear ? 0 : 1],
    orderIv: '',
    triggerPrice: trigger?.price ?? (linear ? '' : '0.000'),
    takeProfit: protection?.takeProfit?.trigger ?? '',
    stopLoss: protection?.stopLoss?.trigger ?? '',
    tpTriggerBy: linear ? sourceOf(protection?.takeProfit) : '',
    slTriggerBy: linear ? sourceOf(protection?.stopLoss) : '',
    triggerDirection: !linear || trigger === null ? 0 : trigger.direction === 'rise' ? 1 : 2,
    triggerBy: linear && trigger !== null ? SOURCES[trigger.by] : '',
    lastPriceOnCreated: order.lastAtCreation ?? '',
    reduceOnly: request.reduceOnly,
    closeOnTrigger: request.closeOnTrigger,
    smpType: request.selfMatch === undefined ? 'None' : SMP_TYPES[request.selfMatch],
    smpGroup: 0,
    smpOrderId: order.met ?? '',
    // ccxt takes every row with this key for a contract's, so spot must not have it.
    ...(linear && { tpslMode: protection === null ? '' : protection.mode === 'full' ? 'Full' : 'Partial' }),
    tpLimitPrice: protection?.takeProfit?.limit ?? '',
    slLimitPrice: protection?.stopLoss?.limit ?? '',
    placeType: '',
    slippageToleranceType: 'UNKNOWN',
    slippageTolerance: '',
    createdTime: String(order.createdAt),
    updatedTime: String(order.updatedAt),
    extraFees: '',
    cumFeeDetail: order.fees,
    rpiTakerAccess: false,
    rpiMatchedQty: '0',
  } as const;
}

/** As the `order` topic sends it. */
export function orderEvent(order: Order, category: Category, entryLink: string) {
  return { category, ...orderRow(order, category, entryLink), closedPnl: order.realised, feeCurrency: Object.keys(order.fees)[0] ?? '' } as const;
}

function averageOf({ filled, filledValue }: Order): string {
  return isZero(filled) ? '0' : rounded(price(quotient(filledValue, money(filled))), AVERAGE_DECIMALS);
}

const feesOf = ({ fees }: Order): Money => Object.values(fees).reduce<Money>((sum, fee) => add(sum, fee), money('0'));

const EXECUTION_TYPES = {
  trade: 'Trade',
  funding: 'Funding',
  liquidation: 'BustTrade',
  deleveraging: 'AdlTrade',
  settlement: 'Settle',
} as const satisfies Readonly<Record<Execution['kind'], string>>;
export const executionType = ({ kind }: Execution): (typeof EXECUTION_TYPES)[keyof typeof EXECUTION_TYPES] => EXECUTION_TYPES[kind];

/** As GET /v5/execution/list lists it. Funding has no order: it carries the whole position under an order id of its own. */
export function executionRow(execution: Execution, order: Order | null, category: Category) {
  const funding = execution.kind === 'funding';
  return {
    symbol: symbolOfKey(execution.contract),
    orderType: order === null ? 'UNKNOWN' : order.request.type === 'limit' ? 'Limit' : 'Market',
    underlyingPrice: '',
    orderLinkId: execution.linkId,
    side: sideText(execution.side),
    indexPrice: '',
    orderId: execution.orderId,
    stopOrderType: order === null ? 'UNKNOWN' : stopTypeOf(order.request.stopKind, category) || 'UNKNOWN',
    leavesQty: execution.leaves,
    execTime: String(execution.at),
    feeCurrency: execution.feeCurrency,
    isMaker: execution.maker,
    execFee: execution.fee,
    feeRate: execution.feeRate,
    execId: execution.id,
    tradeIv: '',
    blockTradeId: '',
    markPrice: execution.mark,
    execPrice: execution.price,
    markIv: '',
    orderQty: order?.qty ?? execution.qty,
    orderPrice: order?.price ?? (funding ? execution.price : '0'),
    execValue: execution.value,
    execType: EXECUTION_TYPES[execution.kind],
    execQty: execution.qty,
    closedSize: category === 'linear' ? execution.closed : '',
    extraFees: '',
    seq: execution.sequence,
  } as const;
}

/** As the `execution` topic sends it. */
export function executionEvent(execution: Execution, order: Order | null, category: Category) {
  return {
    category,
    ...executionRow(execution, order, category),
    isLeverage: '0',
    marketUnit: category === 'linear' ? '' : order?.request.qtyUnit === 'quote' ? 'quoteCoin' : 'baseCoin',
    execPnl: execution.realised,
    createType: order === null ? '' : createTypeOf(order.request),
    extraFees: [],
  } as const;
}

/** As the `execution.fast` topic sends it: perpetuals' trades alone, and of the client's id only what takers gave. */
export function executionFast(execution: Execution) {
  const { id, contract, price: at, qty: size, orderId, linkId, maker, side, at: time, sequence } = execution;
  return {
    category: 'linear',
    symbol: symbolOfKey(contract),
    execId: id,
    execPrice: at,
    execQty: size,
    orderId,
    isMaker: maker,
    orderLinkId: maker ? '' : linkId,
    side: sideText(side),
    execTime: String(time),
    seq: sequence,
  } as const;
}

/** As GET /v5/position/list lists it. */
export function positionRow(position: Position) {
  const flat = isZero(position.size);
  return {
    positionIdx: slotIndex(position.slot),
    riskId: position.tier?.id ?? 0,
    riskLimitValue: position.tier?.limit ?? '0',
    symbol: symbolOfKey(position.contract),
    side: flat ? '' : isPositive(position.size) ? 'Buy' : 'Sell',
    size: absolute(position.size),
    avgPrice: position.averagePrice,
    positionValue: position.cost,
    tradeMode: 0,
    positionStatus: 'Normal',
    autoAddMargin: 0,
    adlRankIndicator: flat ? 0 : 2,
    leverage: position.leverage,
    breakEvenPrice: flat ? '' : position.averagePrice,
    positionBalance: position.initialMargin,
    markPrice: position.mark,
    liqPrice: position.liquidation ?? '',
    bustPrice: position.bankruptcy ?? '',
    positionMM: position.maintenanceMargin,
    positionMMByMp: position.maintenanceMargin,
    positionIM: position.initialMargin,
    positionIMByMp: position.initialMargin,
    tpslMode: 'Full',
    takeProfit: shown(position.takeProfit),
    stopLoss: shown(position.stopLoss),
    trailingStop: position.trailing ?? '0',
    unrealisedPnl: flat ? '' : position.unrealised,
    curRealisedPnl: position.realised,
    cumRealisedPnl: position.realisedEver,
    seq: position.sequence,
    isReduceOnly: false,
    mmrSysUpdateTime: '',
    leverageSysUpdatedTime: '',
    sessionAvgPrice: '',
    createdTime: String(position.createdAt),
    updatedTime: String(position.updatedAt),
  } as const;
}

/** As the `position` topic sends it: the stream says entryPrice where the list says avgPrice. */
export function positionEvent(position: Position) {
  const { avgPrice, mmrSysUpdateTime, ...row } = positionRow(position);
  return { category: 'linear', ...row, entryPrice: avgPrice, mmrSysUpdatedTime: mmrSysUpdateTime, unrealisedPnl: position.unrealised } as const;
}

const sourceOf = (leg: ExitLeg | null | undefined) => (leg === null || leg === undefined ? '' : SOURCES[leg.by]);
const shown = (exit: Price | null): string => exit ?? '';

/** As GET /v5/account/wallet-balance lists it, and the `wallet` topic sends it; coins of the list, or all. */
export function walletRow(account: Account, coins: readonly string[] | null) {
  const { equity, wallet, available, initialMargin, maintenanceMargin, unrealised } = account;
  const rate = (part: Money): string => (isPositive(equity) && !isNegative(part) ? rounded(quotient(part, equity), 8) : '0');
  return {
    totalEquity: equity,
    accountIMRate: rate(initialMargin),
    accountIMRateByMp: rate(initialMargin),
    totalMarginBalance: add(wallet, unrealised),
    totalInitialMargin: initialMargin,
    totalInitialMarginByMp: initialMargin,
    accountType: 'UNIFIED',
    totalAvailableBalance: available,
    accountMMRate: rate(maintenanceMargin),
    accountMMRateByMp: rate(maintenanceMargin),
    totalPerpUPL: unrealised,
    totalWalletBalance: wallet,
    accountLTV: '0',
    totalMaintenanceMargin: maintenanceMargin,
    totalMaintenanceMarginByMp: maintenanceMargin,
    coin: account.balances.filter(({ currency }) => coins === null || coins.includes(currency)).map(coinRow),
  } as const;
}

function coinRow(balance: Balance) {
  return {
    availableToBorrow: '',
    bonus: '0',
    accruedInterest: '0',
    availableToWithdraw: '',
    totalOrderIM: balance.orderMargin,
    equity: add(balance.wallet, balance.unrealised),
    totalPositionMM: balance.maintenanceMargin,
    usdValue: balance.value,
    spotHedgingQty: '0',
    unrealisedPnl: balance.unrealised,
    collateralSwitch: true,
    borrowAmount: '0',
    totalPositionIM: balance.positionMargin,
    walletBalance: balance.wallet,
    cumRealisedPnl: balance.realisedEver,
    locked: balance.locked,
    marginCollateral: true,
    coin: balance.currency,
    spotBorrow: '0',
  } as const;
}
