/**
 * The embedded TWS under the real, unmodified client library, whose decoder is the judge: a field too few or too many is an error 505.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { EmbeddedTws } from '#venues/embedded/tws/tws.ts';
import { Driver } from '../support/tws-driver.ts';
import { START, withTws } from './tws-support.ts';

const VERSIONS = [177, 178, 183, 193];
const EUR = { symbol: 'EUR', secType: 'CASH', currency: 'USD', exchange: 'IDEALPRO' };
const CALL = {
  symbol: 'SPY',
  secType: 'OPT',
  currency: 'USD',
  exchange: 'SMART',
  lastTradeDateOrContractMonth: '20261218',
  strike: 600,
  right: 'C',
  multiplier: 100,
};
const BUY = { action: 'BUY', orderType: 'LMT', totalQuantity: 20000, tif: 'GTC', lmtPrice: 1.0995, transmit: true };

/** Every message of the specification, once at least. */
async function wholeMessageSet(driver: Driver, tws: EmbeddedTws): Promise<void> {
  driver.ask('reqMktData', 1001, EUR, '', false, false);
  driver.ask('reqMktData', 1002, EUR, '', true, false);
  driver.ask('reqMktData', 1003, CALL, '100,101,106', false, false);
  driver.ask('reqMarketDataType', 3);
  driver.ask('reqTickByTickData', 1004, EUR, 'BidAsk', 0, true);
  driver.ask('reqTickByTickData', 1005, EUR, 'MidPoint', 0, true);
  driver.ask('reqContractDetails', 2001, EUR);
  driver.ask('reqContractDetails', 2002, CALL);
  driver.ask('reqSecDefOptParams', 2003, 'SPY', '', 'STK', 756733);
  driver.ask('reqMarketRule', 110);
  driver.ask('reqMatchingSymbols', 2004, 'SPY');
  driver.ask('reqHistoricalData', 2005, EUR, '', '1 D', '1 min', 'MIDPOINT', 0, 2, true);
  driver.ask('reqPositions');
  driver.ask('reqAccountSummary', 2007, 'All', 'NetLiquidation,AvailableFunds');
  driver.ask('reqAccountUpdates', true, 'DU1234567');
  driver.ask('reqAccountUpdatesMulti', 2008, 'DU1234567', '', true);
  driver.ask('reqPnL', 2009, 'DU1234567', '');
  driver.ask('reqPnLSingle', 2010, 'DU1234567', '', 12087792);
  driver.ask('reqCurrentTime');
  await driver.until('currentTime');
  driver.ask('placeOrder', 101, EUR, { ...BUY, orderRef: 'cid', transmit: false });
  driver.ask('placeOrder', 102, EUR, { ...BUY, action: 'SELL', lmtPrice: 1.105, parentId: 101, transmit: false });
  driver.ask('placeOrder', 103, EUR, { ...BUY, action: 'SELL', orderType: 'STP', lmtPrice: undefined, auxPrice: 1.09, parentId: 101 });
  await driver.until('orderStatus', ([id]) => id === 103);
  driver.ask('placeOrder', 104, EUR, { ...BUY, whatIf: true });
  driver.ask('placeOrder', 105, { ...CALL, strike: 1 }, BUY);
  driver.ask('reqOpenOrders');
  driver.ask('reqAllOpenOrders');
  await driver.until('openOrderEnd');
  tws.quote('EUR.USD', '1.0994', '1.09945', '1000000', '1000000', START + 2000);
  await driver.until('commissionReport');
  tws.quote('EUR.USD', '1.1051', '1.10515', '1000000', '1000000', START + 61_000);
  await driver.until('error', ([, code, id]) => code === 202 && id === 103);
  driver.ask('placeOrder', 106, CALL, { action: 'BUY', orderType: 'MKT', totalQuantity: 1, transmit: true });
  driver.ask('placeOrder', 107, EUR, { ...BUY, lmtPrice: 1.05 });
  await driver.until('orderStatus', ([id]) => id === 107);
  driver.ask('cancelOrder', 107);
  driver.ask('placeOrder', 108, EUR, { ...BUY, lmtPrice: 1.05 });
  driver.ask('reqGlobalCancel', {});
  driver.ask('reqExecutions', 3001, {});
  driver.ask('reqCompletedOrders', false);
  await driver.until('completedOrdersEnd');
  driver.ask('cancelMktData', 1001);
  driver.ask('cancelHistoricalData', 2005);
  driver.ask('cancelAccountSummary', 2007);
  driver.ask('cancelPnL', 2009);
  tws.faults.loseUplink();
  tws.faults.restoreUplink('kept');
  await driver.until('info', ([, code]) => code === 1102);
}

const EXPECTED =
  'connected server managedAccounts nextValidId info marketDataType tickReqParams tickPrice tickSize tickSnapshotEnd tickOptionComputation ' +
  'tickByTickBidAsk tickByTickMidPoint contractDetails contractDetailsEnd securityDefinitionOptionParameter securityDefinitionOptionParameterEnd ' +
  'marketRule symbolSamples historicalData historicalDataUpdate position positionEnd accountSummary accountSummaryEnd ' +
  'updateAccountValue updatePortfolio updateAccountTime accountDownloadEnd accountUpdateMulti accountUpdateMultiEnd pnl pnlSingle currentTime ' +
  'openOrder orderStatus openOrderEnd execDetails execDetailsEnd commissionReport completedOrder completedOrdersEnd error';

describe('embedded TWS under the client library', () => {
  for (const version of VERSIONS) {
    it(`the whole message set at server version ${version} gives every event and no decode error`, async () => {
      await withTws({ serverVersion: version }, async (tws) => {
        tws.quote('EUR.USD', '1.1', '1.10005', '1000000', '1000000', START + 1000);
        tws.quote('SPY', '599.99', '600.01', '100', '100', START + 1000);
        const driver = new Driver(tws);
        try {
          await driver.connect();
          await wholeMessageSet(driver, tws);
          assert.deepEqual(driver.decodeErrors(), []);
          const names = driver.names();
          assert.deepEqual(
            EXPECTED.split(' ').filter((name) => !names.has(name)),
            [],
            'events that never came',
          );
        } finally {
          driver.close();
        }
      });
    });
  }
});
