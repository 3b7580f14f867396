/** What clients say, by message id. Field orders: venues/ibkr "Client → server". */
import { NAMED_CONTRACT } from './contract-parts.ts';
import { DECIMAL_TEXT, decode, field, fixed, FLAG, INT, layout, TEXT, WireError, type Layout, type RowOfLayout } from './layout.ts';
import { PLACE_ORDER } from './place-order.ts';
import { CME_TAGGING_FIELDS, CUSTOMER_ACCOUNT, PROFESSIONAL_CUSTOMER } from './versions.ts';

const reqId = field('reqId', INT);
const beforeTagging = { until: CME_TAGGING_FIELDS };
const sinceTagging = { since: CME_TAGGING_FIELDS };

/** exerciseOptions names no primary exchange. */
const EXERCISED_CONTRACT = NAMED_CONTRACT.filter((part) => part.name !== 'primaryExchange');

export const REQUESTS = {
  reqMktData: layout(
    1,
    'reqMktData',
    fixed('11'),
    reqId,
    ...NAMED_CONTRACT,
    field('deltaNeutral', FLAG),
    field('genericTicks', TEXT),
    field('snapshot', FLAG),
    field('regulatorySnapshot', FLAG),
    field('options', TEXT),
  ),
  cancelMktData: layout(2, 'cancelMktData', fixed('1'), reqId),
  placeOrder: PLACE_ORDER,
  cancelOrder: layout(
    4,
    'cancelOrder',
    fixed('1', beforeTagging),
    field('orderId', INT),
    field('manualCancelTime', TEXT),
    field('extOperator', TEXT, sinceTagging),
    field('manualIndicator', TEXT, sinceTagging),
  ),
  reqOpenOrders: layout(5, 'reqOpenOrders', fixed('1')),
  reqAccountUpdates: layout(6, 'reqAccountUpdates', fixed('2'), field('subscribe', FLAG), field('account', TEXT)),
  reqExecutions: layout(
    7,
    'reqExecutions',
    fixed('3'),
    reqId,
    field('clientId', INT),
    field('account', TEXT),
    field('time', TEXT),
    field('symbol', TEXT),
    field('secType', TEXT),
    field('exchange', TEXT),
    field('side', TEXT),
  ),
  reqIds: layout(8, 'reqIds', fixed('1'), field('count', INT)),
  reqContractDetails: layout(
    9,
    'reqContractDetails',
    fixed('8'),
    reqId,
    ...NAMED_CONTRACT,
    field('includeExpired', FLAG),
    field('secIdType', TEXT),
    field('secId', TEXT),
    field('issuerId', TEXT),
  ),
  reqAutoOpenOrders: layout(15, 'reqAutoOpenOrders', fixed('1'), field('bind', FLAG)),
  reqAllOpenOrders: layout(16, 'reqAllOpenOrders', fixed('1')),
  reqManagedAccounts: layout(17, 'reqManagedAccounts', fixed('1')),
  reqHistoricalData: layout(
    20,
    'reqHistoricalData',
    reqId,
    ...NAMED_CONTRACT,
    field('includeExpired', FLAG),
    field('end', TEXT),
    field('barSize', TEXT),
    field('duration', TEXT),
    field('regularHours', FLAG),
    field('what', TEXT),
    field('dateFormat', INT),
    field('keepUpToDate', FLAG),
    field('options', TEXT),
  ),
  exerciseOptions: layout(
    21,
    'exerciseOptions',
    fixed('2'),
    reqId,
    ...EXERCISED_CONTRACT,
    field('action', INT),
    field('quantity', DECIMAL_TEXT),
    field('account', TEXT),
    field('override', INT),
    field('manualTime', TEXT),
    field('customerAccount', TEXT, { since: CUSTOMER_ACCOUNT }),
    field('professionalCustomer', FLAG, { since: PROFESSIONAL_CUSTOMER }),
  ),
  cancelHistoricalData: layout(25, 'cancelHistoricalData', fixed('1'), reqId),
  reqCurrentTime: layout(49, 'reqCurrentTime', fixed('1')),
  reqGlobalCancel: layout(
    58,
    'reqGlobalCancel',
    fixed('1', beforeTagging),
    field('extOperator', TEXT, sinceTagging),
    field('manualIndicator', TEXT, sinceTagging),
  ),
  reqMarketDataType: layout(59, 'reqMarketDataType', fixed('1'), field('type', INT)),
  reqPositions: layout(61, 'reqPositions', fixed('1')),
  reqAccountSummary: layout(62, 'reqAccountSummary', fixed('1'), reqId, field('group', TEXT), field('tags', TEXT)),
  cancelAccountSummary: layout(63, 'cancelAccountSummary', fixed('1'), reqId),
  cancelPositions: layout(64, 'cancelPositions', fixed('1')),
  startApi: layout(71, 'startApi', fixed('2'), field('clientId', INT), field('capabilities', TEXT)),
  reqAccountUpdatesMulti: layout(
    76,
    'reqAccountUpdatesMulti',
    fixed('2'),
    reqId,
    field('account', TEXT),
    field('model', TEXT),
    field('ledger', FLAG),
  ),
  cancelAccountUpdatesMulti: layout(77, 'cancelAccountUpdatesMulti', fixed('1'), reqId),
  reqSecDefOptParams: layout(
    78,
    'reqSecDefOptParams',
    reqId,
    field('symbol', TEXT),
    field('futuresExchange', TEXT),
    field('secType', TEXT),
    field('underlyingConId', INT),
  ),
  reqMatchingSymbols: layout(81, 'reqMatchingSymbols', reqId, field('pattern', TEXT)),
  reqHeadTimestamp: layout(
    87,
    'reqHeadTimestamp',
    reqId,
    ...NAMED_CONTRACT,
    field('includeExpired', FLAG),
    field('regularHours', FLAG),
    field('what', TEXT),
    field('dateFormat', INT),
  ),
  reqMarketRule: layout(91, 'reqMarketRule', field('ruleId', INT)),
  reqPnl: layout(92, 'reqPnl', reqId, field('account', TEXT), field('model', TEXT)),
  cancelPnl: layout(93, 'cancelPnl', reqId),
  reqPnlSingle: layout(94, 'reqPnlSingle', reqId, field('account', TEXT), field('model', TEXT), field('conId', INT)),
  cancelPnlSingle: layout(95, 'cancelPnlSingle', reqId),
  reqTickByTick: layout(97, 'reqTickByTick', reqId, ...NAMED_CONTRACT, field('kind', TEXT), field('ticks', INT), field('ignoreSize', FLAG)),
  cancelTickByTick: layout(98, 'cancelTickByTick', reqId),
  reqCompletedOrders: layout(99, 'reqCompletedOrders', field('apiOnly', FLAG)),
} as const;

export type RequestName = keyof typeof REQUESTS;
export type RequestRow<N extends RequestName> = RowOfLayout<(typeof REQUESTS)[N]>;
export type Handlers = { readonly [N in RequestName]: (row: RequestRow<N>) => void };

const BY_ID = new Map<string, RequestName>(
  Object.entries(REQUESTS).map(([name, message]) => [String(message.id), name as RequestName]), // the keys of REQUESTS
);

/** undefined where there is no such message. */
export const requestName = (fields: readonly string[]): RequestName | undefined => BY_ID.get(fields[0] ?? '');

/** Decodes the request and hands it to its handler. @throws WireError where it is unknown or not of its layout. */
export function dispatch(fields: readonly string[], version: number, handlers: Handlers): void {
  const name = requestName(fields);
  if (name === undefined) throw new WireError(`no request ${JSON.stringify((fields[0] ?? '').slice(0, 20))}`);
  const message: Layout = REQUESTS[name];
  // The layout under `name` is the one that types the handler under `name`.
  (handlers[name] as (row: object) => void)(decode(message, fields, version));
}
