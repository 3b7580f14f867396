/** The frames of the wire's specification (venues/ibkr, "Wire protocol"), `|` for NUL, as the client library and the recorded TWS write them. */
import type { RequestName } from '#venues/embedded/tws/codec/client-messages.ts';
import type { MessageName } from '#venues/embedded/tws/codec/server-messages.ts';

const OPTION = '|SPY|OPT|20261218|600|C|100|SMART||USD||';

/** Name, server version, frame. */
export const CLIENT_FRAMES: readonly (readonly [RequestName, number, string])[] = [
  ['startApi', 193, '71|2|7|'],
  ['reqMktData', 193, '1|11|1001|12087792|EUR|CASH||0|||IDEALPRO||USD|||0|233|0|0|'],
  ['cancelMktData', 193, '2|1|1001'],
  ['reqMarketDataType', 193, '59|1|3'],
  ['reqContractDetails', 193, `9|8|2|0${OPTION}|0|||`],
  ['reqSecDefOptParams', 193, '78|3|SPY||STK|756733'],
  ['reqMarketRule', 193, '91|239'],
  ['reqHistoricalData', 193, `20|4|0${OPTION}|0||1 min|1 D|0|MIDPOINT|2|0|`],
  ['cancelHistoricalData', 193, '25|1|4'],
  ['reqTickByTick', 193, `97|5|0${OPTION}|BidAsk|0|1`],
  ['cancelTickByTick', 193, '98|5'],
  ['reqPositions', 193, '61|1'],
  ['cancelPositions', 193, '64|1'],
  ['reqAccountSummary', 193, '62|1|6|All|NetLiquidation'],
  ['cancelAccountSummary', 193, '63|1|6'],
  ['reqAccountUpdates', 193, '6|2|1|DU1'],
  ['reqAccountUpdatesMulti', 193, '76|2|7|DU1||1'],
  ['reqOpenOrders', 193, '5|1'],
  ['reqAllOpenOrders', 193, '16|1'],
  ['reqAutoOpenOrders', 193, '15|1|1'],
  ['reqIds', 193, '8|1|0'],
  ['reqManagedAccounts', 193, '17|1'],
  ['reqCurrentTime', 193, '49|1'],
  ['reqExecutions', 193, '7|3|8|7||20261123-00:00:00||||BUY'],
  ['reqCompletedOrders', 193, '99|0'],
  ['cancelOrder', 193, '4|1|||2147483647'],
  ['cancelOrder', 191, '4|1|1|'],
  ['reqGlobalCancel', 193, '58||2147483647'],
  ['reqGlobalCancel', 191, '58|1'],
  ['exerciseOptions', 193, '21|2|9|0|SPY|OPT|20261218|600|C|100|SMART|USD|||1|1|DU1|0|||0'],
];

export const SERVER_FRAMES: readonly (readonly [MessageName, string])[] = [
  ['managedAccounts', '15|1|DU1234567'],
  ['nextValidId', '9|1|101'],
  ['error', '4|2|-1|2104|Market data farm connection is OK:cashfarm|'],
  ['tickPrice', '1|6|1001|1|1.1|1000000|1'],
  ['tickSize', '2|6|1001|0|1000000'],
  ['tickReqParams', '81|1001|5.0E-5|9c0001|3'],
  ['marketDataType', '58|1|1001|1'],
  ['tickSnapshotEnd', '57|1|1004'],
  ['tickByTick', '99|2007|3|1763942400|1.1|1.10005|1000000|1000000|0'],
  ['contractDataEnd', '52|1|2001'],
  ['secDefOptParamEnd', '76|2004'],
  ['marketRule', '93|110|2|0|0.01|3|0.05'],
  ['historicalData', '17|2005|20261123 00:00:00 UTC|20261123 00:03:00 UTC|1|1763942400|1.1|1.2|1|1.15|-1|-1|-1'],
  ['accountDownloadEnd', '54|1|DU1234567'],
  ['accountSummary', '63|1|2008|DU1234567|NetLiquidation|100000.00|USD'],
  ['orderStatus', '3|101|PreSubmitted|0|20000|0|1500000000|0|0|7|child|0'],
  ['commissionReport', '59|1|0000e0d5.1.01.01|2|USD|1.7976931348623157E308|1.7976931348623157E308|'],
  ['completedOrdersEnd', '102'],
  ['orderBound', '100|1500000000|7|101'],
  ['currentTime', '49|1|1763942400'],
];
