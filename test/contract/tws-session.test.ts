/** Sessions, market data and the account over the wire of the embedded TWS. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { EUR, RawClient, START, withTws } from './tws-support.ts';

const SPY = { conId: 756733, symbol: 'SPY', secType: 'STK', exchange: 'SMART', currency: 'USD' } as const;
const CALL = {
  symbol: 'SPY',
  secType: 'OPT',
  expiry: '20261218',
  strike: '600',
  right: 'C',
  multiplier: '100',
  exchange: 'SMART',
  currency: 'USD',
} as const;
const at = (seconds: number): number => START + seconds * 1000;

describe('embedded TWS: sessions', () => {
  for (const [asked, version] of [
    ['v100..193', 193],
    ['v100..178', 178],
    ['v100..220 +PACEAPI', 193],
  ] as const) {
    it(`a client of ${asked} gets server version ${version}`, async () => {
      await withTws({}, async (tws) => {
        const client = await RawClient.open(tws, asked);
        assert.equal(client.version, version);
      });
    });
  }

  it('a version below what is spoken ends the connection; nothing is answered before startApi', async () => {
    await withTws({ serverVersion: 177 }, async (tws) => {
      const old = await RawClient.open(tws, 'v178..178');
      await old.ended();
      const client = await RawClient.open(tws);
      client.ask('reqCurrentTime', {});
      client.ask('startApi', { clientId: 3 });
      await client.until('error', (row) => row['code'] === 2158);
      assert.deepEqual(client.all('currentTime'), []);
      assert.deepEqual(client.all('nextValidId'), [{ orderId: 101 }]);
      assert.deepEqual(client.all('managedAccounts'), [{ accounts: 'DU1234567' }]);
      assert.deepEqual(client.codes(), [2104, 2104, 2106, 2158]);
      client.ask('reqCurrentTime', {});
      assert.equal((await client.until('currentTime')).seconds, START / 1000);
    });
  });

  it('a used client id gets 326 and no nextValidId, and it is free again later than its connection', async () => {
    await withTws({}, async (tws) => {
      tws.switches.clientIdHeldMs = 5000;
      const first = await RawClient.start(tws, 7);
      const refused = async (): Promise<void> => {
        const second = await RawClient.open(tws);
        second.ask('startApi', { clientId: 7 });
        await second.ended();
        assert.deepEqual(second.codes(), [326]);
        assert.deepEqual(second.all('nextValidId'), []);
      };
      await refused();
      first.close();
      while (tws.counters().sessions > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await refused();
      tws.advance(at(6));
      await RawClient.start(tws, 7);
    });
  });

  it('what cannot be read is 320, what is unknown 505, what is not TWS is cut off', async () => {
    await withTws({}, async (tws) => {
      const client = await RawClient.start(tws);
      client.forget();
      client.raw(['49', '1', 'more']);
      client.raw(['12345', '1']);
      client.raw(['1', '11', 'notanumber']);
      await client.settled();
      assert.deepEqual(client.codes(), [320, 505, 320]);
      const http = await RawClient.open(tws, 'nonsense');
      await http.ended();
    });
  });
});

describe('embedded TWS: market data', () => {
  it('ticks come at once, then only what has changed, and stop when cancelled', async () => {
    await withTws({}, async (tws) => {
      tws.quote('EUR.USD', '1.1', '1.10005', '1000000', '2000000', at(1));
      const client = await RawClient.start(tws);
      client.ask('reqMktData', { reqId: 5, ...EUR });
      client.ask('reqMktData', { reqId: 5, ...EUR });
      client.ask('reqMktData', { reqId: 6, ...EUR, symbol: 'XXX', conId: 0 });
      await client.until('error', (row) => row['id'] === 6);
      assert.deepEqual(client.all('tickReqParams'), [{ reqId: 5, minTick: '5.0E-5', bboExchange: '9c0001', snapshotPermissions: 3 }]);
      assert.deepEqual(client.all('marketDataType'), [{ reqId: 5, type: 1 }]);
      const prices = (): unknown[] => client.all('tickPrice').map(({ tick, price, size }) => [tick, price, size]);
      assert.deepEqual(prices().slice(0, 2), [
        [1, '1.1', '1000000'],
        [2, '1.10005', '2000000'],
      ]);
      assert.deepEqual(client.codes().slice(-2), [102, 200]);
      client.forget();
      tws.quote('EUR.USD', '1.1', '1.1001', '1000000', '2000000', at(2));
      tws.quote('EUR.USD', '1.1', '1.1001', '500000', '2000000', at(3));
      await client.settled();
      assert.deepEqual(prices(), [[2, '1.1001', '2000000']]);
      assert.deepEqual(
        client.all('tickSize').map(({ tick, size }) => [tick, size]),
        [
          [3, '2000000'],
          [0, '500000'],
        ],
      );
      client.ask('cancelMktData', { reqId: 5 });
      client.ask('cancelMktData', { reqId: 5 });
      await client.settled();
      client.forget();
      tws.quote('EUR.USD', '1.2', '1.2001', '1', '1', at(4));
      await client.settled();
      assert.deepEqual(client.all('tickPrice'), []);
      assert.equal(tws.counters().lines, 0);
    });
  });

  it('no quote on a side is -1 of size 0; a snapshot ends and leaves no line; delayed data says so', async () => {
    await withTws({}, async (tws) => {
      tws.quote('EUR.USD', '0', '1.10005', '1000', '1000', at(1));
      const client = await RawClient.start(tws);
      client.ask('reqMktData', { reqId: 5, ...EUR, snapshot: true });
      await client.until('tickSnapshotEnd');
      assert.deepEqual(
        client.all('tickPrice').find(({ tick }) => tick === 1),
        { reqId: 5, tick: 1, price: '-1', size: '0', mask: 1 },
      );
      assert.equal(tws.counters().lines, 0);
      tws.switches.delayedOnly = true;
      client.forget();
      client.ask('reqMktData', { reqId: 6, ...EUR });
      client.ask('reqMarketDataType', { type: 3 });
      client.ask('reqMktData', { reqId: 7, ...EUR });
      await client.until('tickPrice');
      assert.deepEqual(client.codes(), [354, 10167]);
      assert.deepEqual(client.all('marketDataType'), [{ reqId: 7, type: 3 }]);
      assert.ok(client.all('tickPrice').every(({ tick }) => tick >= 66));
    });
  });

  it('an option follows its underlying, on its grid, with its Greeks', async () => {
    await withTws({}, async (tws) => {
      tws.quote('SPY', '599.99', '600.01', '100', '100', at(1));
      const client = await RawClient.start(tws);
      client.ask('reqMktData', { reqId: 5, ...CALL });
      const first = await client.until('tickOption');
      assert.ok(Number(first.delta) > 0.5 && Number(first.delta) < 0.6, first.delta);
      assert.equal(first.underlyingPrice, '600');
      const bidOf = (): number =>
        Number(
          client
            .all('tickPrice')
            .filter(({ tick }) => tick === 1)
            .at(-1)?.price,
        );
      const before = bidOf();
      assert.ok(Math.abs(before * 20 - Math.round(before * 20)) < 1e-9, 'a multiple of 0.05 from 3');
      tws.quote('SPY', '609.99', '610.01', '100', '100', at(2));
      await client.until('tickOption', (row) => row['underlyingPrice'] === '610');
      await client.settled();
      assert.ok(bidOf() > before + 4, `${bidOf()} after ${before}`);
    });
  });

  it('contracts, rules, chains and symbols are answered', async () => {
    await withTws({}, async (tws) => {
      const client = await RawClient.start(tws);
      client.ask('reqContractDetails', { reqId: 1, ...EUR, conId: 0 });
      client.ask('reqContractDetails', { reqId: 2, ...CALL });
      client.ask('reqContractDetails', { reqId: 3, symbol: 'NONE', secType: 'STK' });
      client.ask('reqMarketRule', { ruleId: 239 });
      client.ask('reqSecDefOptParams', { reqId: 4, symbol: 'SPY', secType: 'STK', underlyingConId: 756733 });
      client.ask('reqSecDefOptParams', { reqId: 5, symbol: 'SPY', secType: 'STK', underlyingConId: 0 });
      client.ask('reqMatchingSymbols', { reqId: 6, pattern: 'SP' });
      await client.until('symbolSamples');
      const [pair, call] = client.all('contractData');
      assert.deepEqual([pair?.conId, pair?.minTick, pair?.marketRuleIds, pair?.aggregationGroup], [12087792, '0.00005', '239', 4]);
      assert.match(
        pair?.tradingHours ?? '',
        /^20261123:1715-20261124:1700;20261124:1715-20261125:1700;.*20261127:CLOSED;20261128:CLOSED;20261129:1715-20261130:1700$/,
      );
      assert.deepEqual(
        [call?.expiry, call?.realExpirationDate, call?.localSymbol],
        ['20261218 15:00 US/Central', '20261218', 'SPY   261218C00600000'],
      );
      assert.match(call?.liquidHours ?? '', /^20261124:0930-20261124:1600;/);
      assert.deepEqual(
        client
          .all('error')
          .slice(-2)
          .map(({ id, code }) => [id, code]),
        [
          [3, 200],
          [5, 321],
        ],
      );
      assert.deepEqual(client.all('marketRule'), [{ ruleId: 239, increments: [{ lowEdge: '0', increment: '0.00005' }] }]);
      const chains = client.all('secDefOptParam');
      assert.deepEqual(
        chains.map(({ exchange }) => exchange),
        ['SMART', 'CBOE', 'AMEX'],
      );
      assert.ok(chains[0]?.expirations.some(({ date }) => date === '20261218'));
      assert.ok(chains[0]?.strikes.some(({ strike }) => strike === '600'));
      assert.deepEqual(
        (await client.until('symbolSamples')).contracts.map(({ symbol, derivatives }) => [symbol, derivatives]),
        [['SPY', [{ secType: 'OPT' }]]],
      );
    });
  });

  it('bars are made of what was played; currencies have no trades; live bars go on', async () => {
    await withTws({}, async (tws) => {
      for (let minute = 0; minute < 10; minute++) {
        tws.quote('EUR.USD', `1.1${minute}`, `1.1${minute}002`, '1000', '1000', START + minute * 60_000);
      }
      const client = await RawClient.start(tws);
      const asked = { ...EUR, barSize: '5 mins', duration: '1 D', dateFormat: 2 } as const;
      client.ask('reqHistoricalData', { reqId: 1, ...asked, what: 'BID' });
      client.ask('reqHistoricalData', { reqId: 2, ...asked, what: 'TRADES' });
      client.ask('reqHistoricalData', { reqId: 3, ...asked, what: 'BID', barSize: '1 min', keepUpToDate: true });
      client.ask('reqHistoricalData', { reqId: 4, ...asked, what: 'BID', duration: 'forever' });
      await client.until('error', (row) => row['id'] === 4);
      const bars = client.all('historicalData')[0]?.bars.map(({ date, open, high, low, close, volume }) => [date, open, high, low, close, volume]);
      assert.deepEqual(bars, [
        [String(START / 1000), '1.1', '1.14', '1.1', '1.14', '-1'],
        [String(START / 1000 + 300), '1.15', '1.18', '1.15', '1.18', '-1'],
      ]);
      assert.deepEqual(client.codes().slice(-2), [162, 321]);
      tws.quote('EUR.USD', '1.3', '1.3001', '1000', '1000', START + 10 * 60_000);
      assert.equal((await client.until('historicalDataUpdate')).close, '1.3');
      tws.switches.deadBars = true;
      client.forget();
      tws.quote('EUR.USD', '1.4', '1.4001', '1000', '1000', START + 11 * 60_000);
      await client.settled();
      assert.deepEqual(client.all('historicalDataUpdate'), []);
    });
  });
});

describe('embedded TWS: account', () => {
  it('a currency trade moves both balances and a virtual position, and whoever asked is told', async () => {
    await withTws({}, async (tws) => {
      tws.quote('EUR.USD', '1.1', '1.10005', '1000000', '1000000', at(1));
      const client = await RawClient.start(tws);
      client.ask('reqPositions', {});
      client.ask('reqAccountSummary', { reqId: 1, group: 'All', tags: 'NetLiquidation,AvailableFunds' });
      client.ask('reqPnl', { reqId: 2, account: 'DU1234567' });
      client.ask('reqAccountUpdates', { subscribe: true, account: 'DU1234567' });
      await client.until('accountDownloadEnd');
      client.forget();
      client.place(101, { orderType: 'MKT' });
      const position = await client.until('position');
      await client.settled();
      assert.deepEqual([position.position, position.averageCost, position.exchange], ['20000', '1.10005', '']);
      const cash = Object.fromEntries(
        client
          .all('accountValue')
          .filter(({ key }) => key === 'CashBalance')
          .map(({ currency, value }) => [currency, value]),
      );
      assert.deepEqual(cash, { USD: '977997', EUR: '20000' });
      assert.equal(client.all('accountSummary').find(({ tag }) => tag === 'NetLiquidation')?.value, '999997.5');
      assert.deepEqual(client.all('pnl').at(-1), { reqId: 2, daily: '-0.5', unrealised: '-0.5', realised: '0' });
      client.forget();
      tws.quote('EUR.USD', '1.101', '1.10105', '1000000', '1000000', at(2));
      client.place(102, { action: 'SELL', orderType: 'MKT' });
      const report = await client.until('commissionReport');
      assert.equal(report.realised, '17', '20000 × 0.00095 − 2');
      await client.settled();
      assert.equal(client.all('position').at(-1)?.position, '0');
      assert.equal(tws.account.netLiquidation(), '1000015');
    });
  });

  it('what expires in the money becomes shares in the night, without a word but the position', async () => {
    await withTws({}, async (tws) => {
      tws.quote('SPY', '599.99', '600.01', '100', '100', at(1));
      const client = await RawClient.start(tws);
      client.place(101, { ...SPY, ...CALL, conId: 0, orderType: 'MKT', totalQuantity: '2' });
      await client.until('execDetails');
      client.ask('reqPositions', {});
      await client.until('positionEnd');
      client.forget();
      const close = Date.UTC(2026, 11, 18, 21, 0, 0);
      tws.quote('SPY', '609.99', '610.01', '100', '100', close - 1);
      tws.advance(close);
      tws.advance(close + 10 * 3_600_000);
      assert.equal(tws.exchange.positions()[0]?.contract.secType, 'OPT', 'not before the night');
      tws.advance(close + 10.5 * 3_600_000);
      await client.until('position', (row) => row['symbol'] === 'SPY' && row['secType'] === 'STK');
      assert.deepEqual(
        tws.exchange.positions().map(({ contract, qty, averagePrice }) => [contract.localSymbol, qty, averagePrice]),
        [['SPY', '200', '600']],
      );
      assert.deepEqual(client.all('execDetails'), []);
      assert.deepEqual(
        client.all('position').map(({ secType, position }) => [secType, position]),
        [
          ['OPT', '0'],
          ['STK', '200'],
        ],
      );
    });
  });
});
