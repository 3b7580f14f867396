/**
 * The long messages against builders that the client library was proven to decode without an error at 177 to 193 (../shared/spikes/ibkr): field by
 * field, at every version.
 */
import assert from 'node:assert/strict';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, it } from 'mocha';
import { blank, decode, encode, type Layout } from '#venues/embedded/tws/codec/layout.ts';
import { PLACE_ORDER } from '#venues/embedded/tws/codec/place-order.ts';
import { MESSAGES, type MessageName } from '#venues/embedded/tws/codec/server-messages.ts';
import { Contracts, DEFAULT_CHAINS, type Contract } from '#venues/embedded/tws/contracts.ts';
import type { Terms } from '#venues/embedded/tws/orders/admit.ts';
import { completedOf, execDetailsOf, openOrderOf, statusOf, whatIfOf, type OrderRecord } from '#venues/embedded/tws/orders/record.ts';
import { newRecord } from '#venues/embedded/tws/orders/terms.ts';
import { fieldsOf, type Said } from '#venues/embedded/tws/say.ts';
import { money, price, qty } from '#trading/money/decimal.ts';
import { isBeside } from '../support/shapes.ts';
import { START } from './tws-support.ts';

const BUILDERS = fileURLToPath(new URL('../../../shared/spikes/ibkr/messages.ts', import.meta.url));
const EMULATOR = fileURLToPath(new URL('../../../shared/spikes/ibkr/emulator.ts', import.meta.url));
const WIRE = fileURLToPath(new URL('../../../shared/spikes/ibkr/wire.ts', import.meta.url));
const VERSIONS = [177, 178, 179, 182, 183, 184, 185, 186, 189, 190, 192, 193];
const ACCOUNT = 'DU1234567';

type Build = (version: number, row: object) => readonly unknown[];
interface Builders {
  readonly openOrder: Build;
  readonly completedOrder: Build;
  readonly orderStatus: (row: object) => readonly unknown[];
  readonly execDetails: (version: number, reqId: number, row: object) => readonly unknown[];
}

interface PlaceReader {
  parsePlace(session: { readonly sv: number }, reader: object): Readonly<Record<string, unknown>>;
}

const contract = new Contracts(DEFAULT_CHAINS).byLocalSymbol('EUR.USD') as Contract;
const terms: Terms = { side: 'BUY', kind: 'LMT', qty: qty('20000'), limit: price('1.0995'), stop: null };
const placed = {
  ...blank(PLACE_ORDER),
  orderId: 101,
  orderType: 'LMT',
  action: 'BUY',
  timeInForce: 'GTC',
  orderRef: 'cid',
  transmit: true,
  origin: 0,
};

function order(change: Partial<OrderRecord> = {}): OrderRecord {
  return { ...newRecord({ key: 'k', clientId: 7, permId: 1500000000 }, placed, terms, contract, START), status: 'Submitted', ...change };
}

/** The same order in the builders' words. */
function theirs(record: OrderRecord): object {
  const { conId, symbol, secType, exchange, currency, localSymbol, tradingClass, primaryExchange } = contract;
  const named = { conId, symbol, secType, exchange, currency, localSymbol, tradingClass, primaryExch: primaryExchange };
  const c = { ...named, lastTradeDate: '', strike: 0, right: '', multiplier: '' };
  const state = {
    status: record.status,
    filled: record.filled,
    avgFillPrice: record.average,
    lastFillPrice: record.lastPrice,
    whyHeld: '',
    mktCapPrice: 0,
  };
  const what = {
    action: 'BUY',
    totalQuantity: 20000,
    orderType: 'LMT',
    lmtPrice: '1.0995',
    tif: 'GTC',
    ocaGroup: '',
    ocaType: 3,
    openClose: '',
    origin: 0,
  };
  const who = { orderId: 101, clientId: 7, permId: 1500000000, account: ACCOUNT, orderRef: 'cid', parentId: 0, outsideRth: false, goodTillDate: '' };
  const ended = { completedTime: record.endedAt, completedStatus: record.endedAs };
  return { c, ...state, ...what, ...who, ...ended, transmit: true, whatIf: false, active: true };
}

const text = (cells: readonly unknown[]): string[] => cells.map((cell) => (cell === true ? '1' : cell === false ? '0' : String(cell ?? '')));
const ours = (said: Said, version: number): readonly string[] => fieldsOf(said, version);

describe('embedded TWS: the long messages against proven builders (needs ../shared/spikes)', () => {
  let builders: Builders;

  before(async function () {
    if (!isBeside(BUILDERS, 'the builders (../shared/spikes/ibkr) are')) this.skip();
    const loaded = (await import(pathToFileURL(BUILDERS).href)) as { M: Builders };
    builders = loaded.M;
  });

  it('openOrder, orderStatus and completedOrder have the same fields at every version', () => {
    const working = order();
    const done = order({ status: 'Filled', filled: qty('20000'), endedAt: '20261123 02:34:53 US/Eastern', endedAs: 'Filled Size: 20000' });
    for (const version of VERSIONS) {
      assert.deepEqual(ours(openOrderOf(working, ACCOUNT), version), text(builders.openOrder(version, theirs(working))), `openOrder ${version}`);
      assert.deepEqual(ours(completedOf(done, ACCOUNT), version), text(builders.completedOrder(version, theirs(done))), `completedOrder ${version}`);
    }
    assert.deepEqual(ours(statusOf(working), 193), text(builders.orderStatus(theirs(working))));
  });

  it('a what-if carries its margins in the same places', () => {
    const effect = { initialBefore: '1', maintenanceBefore: '2', equityBefore: '3', initialAfter: '11', maintenanceAfter: '22', equityAfter: '33' };
    const margins = Object.fromEntries(Object.entries(effect).map(([name, value]) => [name, money(value)])) as unknown as Parameters<
      typeof whatIfOf
    >[2];
    const state = { initBefore: 1, maintBefore: 2, eqBefore: 3, initChg: 10, maintChg: 20, eqChg: 30, initAfter: 11, maintAfter: 22, eqAfter: 33 };
    const what = { ...theirs(order()), whatIf: true, whatIfState: { ...state, commission: 2, ccy: 'USD' } };
    const said = whatIfOf(order(), ACCOUNT, { ...margins, commission: money('2') });
    assert.deepEqual(ours(said, 193), text(builders.openOrder(193, what)));
  });

  it('execDetails has the same fields at every version', () => {
    const execution = {
      execId: '0000e0d5.1.0001.01',
      orderId: 101,
      clientId: 7,
      permId: 1500000000,
      orderRef: 'cid',
      contract,
      account: ACCOUNT,
      side: 'BUY',
      qty: qty('20000'),
      price: price('1.0995'),
      cumulative: qty('20000'),
      average: price('1.0995'),
      at: START,
      maker: false,
      liquidation: 0,
      commission: money('2'),
      realised: null,
    } as const;
    const { execId, orderId, clientId, permId, orderRef } = execution;
    const numbers = { shares: 20000, price: '1.0995', cumQty: 20000, avgPrice: '1.0995', lastLiquidity: 2 };
    const c = (theirs(order()) as { c: object }).c;
    const row = {
      execId,
      orderId,
      clientId,
      permId,
      orderRef,
      ...numbers,
      c,
      acct: ACCOUNT,
      exchange: 'IDEALPRO',
      side: 'BOT',
      time: '20261124 10:00:00 US/Eastern',
    };
    for (const version of VERSIONS) assert.deepEqual(ours(execDetailsOf(execution, -1), version), text(builders.execDetails(version, -1, row)));
  });

  it('placeOrder, as it is written here, is read there to the last field at every version, and says the same', async () => {
    const { TwsEmulator } = (await import(pathToFileURL(EMULATOR).href)) as { TwsEmulator: new (options: object) => PlaceReader };
    const { Reader } = (await import(pathToFileURL(WIRE).href)) as { Reader: new (fields: readonly string[]) => object };
    const emulator = new TwsEmulator({ port: 0 });
    const shape = { ocaGroup: 'g', ocaType: 2, goodTillDate: '20261124 10:00:00', outsideRth: true, whatIf: true, algoStrategy: 'Adaptive' };
    const row = { ...placed, ...shape, totalQuantity: '20000', limitPrice: '1.0995', parentId: 99, algoParams: [{ tag: 'a', value: 'b' }] };
    for (const version of VERSIONS) {
      const [, ...fields] = encode(PLACE_ORDER, row, version);
      const read = emulator.parsePlace({ sv: version }, new Reader(fields));
      const { orderId, totalQuantity, lmtPrice, tif, ocaGroup, ocaType, orderRef, transmit, parentId, outsideRth, goodTillDate, whatIf, algo } = read;
      const said = [orderId, totalQuantity, lmtPrice, tif, ocaGroup, ocaType, orderRef, transmit, parentId, outsideRth, goodTillDate, whatIf, algo];
      assert.deepEqual(said, [101, 20000, 1.0995, 'GTC', 'g', 2, 'cid', true, 99, true, '20261124 10:00:00', true, 'Adaptive'], String(version));
    }
  });

  it('every other message of the builders reads here to the last field, and is written the same', () => {
    const M = builders as unknown as Readonly<Record<string, (...values: readonly unknown[]) => readonly unknown[]>>;
    const listed = { marketName: 'EUR.USD', minTick: '0.00005', orderTypes: 'LMT', validExchanges: 'IDEALPRO', priceMagnifier: 1, underConId: 0 };
    const more = { longName: 'Euro', contractMonth: '', timeZoneId: 'US/Eastern', tradingHours: '', liquidHours: '', aggGroup: 4, underSymbol: '' };
    const sizes = {
      underSecType: '',
      marketRuleIds: '239',
      realExpirationDate: '',
      stockType: '',
      minSize: 1,
      sizeIncrement: 1,
      suggestedSizeIncrement: 1,
    };
    const c = { ...(theirs(order()) as { c: object }).c, ...listed, ...more, ...sizes };
    const bar = ['20261123', 1.1, 1.2, 1, 1.15, -1, -1, -1];
    for (const version of VERSIONS) {
      const made: readonly (readonly [MessageName, readonly unknown[] | undefined])[] = [
        ['managedAccounts', M['managedAccts']?.('DU1')],
        ['nextValidId', M['nextValidId']?.(1)],
        ['currentTime', M['currentTime']?.(1)],
        ['error', M['error']?.(-1, 2104, 'text')],
        ['tickPrice', M['tickPrice']?.(1, 2, 1.5, 10, 1)],
        ['tickSize', M['tickSize']?.(1, 0, 10)],
        ['tickString', M['tickString']?.(1, 45, '17')],
        ['tickGeneric', M['tickGeneric']?.(1, 49, 0)],
        ['tickReqParams', M['tickReqParams']?.(1, '5.0E-5', '9c0001', 3)],
        ['marketDataType', M['marketDataType']?.(1, 3)],
        ['tickSnapshotEnd', M['tickSnapshotEnd']?.(1)],
        ['tickOption', M['tickOption']?.(1, 13, 0, 0.2, 0.5, 10, 0, 0.02, 0.6, -0.15, 600)],
        ['tickByTick', M['tickByTickBidAsk']?.(1, 17, 1.1, 1.2, 5, 6, 0)],
        ['tickByTick', M['tickByTickLast']?.(1, 1, 17, 1.1, 5, 0, 'CBOE', '')],
        ['contractData', M['contractData']?.(version, 1, c)],
        ['contractDataEnd', M['contractDataEnd']?.(1)],
        ['secDefOptParam', M['secDefOptParam']?.(1, 'SMART', 756733, 'SPY', '100', ['20261218', '20270115'], [595, 600, 605])],
        ['secDefOptParamEnd', M['secDefOptParamEnd']?.(1)],
        [
          'marketRule',
          M['marketRule']?.(110, [
            [0, 0.01],
            [3, 0.05],
          ]),
        ],
        ['historicalData', M['historicalData']?.(1, 'a', 'b', [bar, bar])],
        ['accountValue', M['accountValue']?.('NetLiquidation', '1', 'USD', 'DU1')],
        ['portfolioValue', M['portfolioValue']?.(c, 1, 2, 3, 4, 5, 6, 'DU1')],
        ['accountTime', M['accountTime']?.('10:00')],
        ['accountDownloadEnd', M['accountDownloadEnd']?.('DU1')],
        ['accountSummary', M['accountSummary']?.(1, 'DU1', 'NetLiquidation', '1', 'USD')],
        ['accountSummaryEnd', M['accountSummaryEnd']?.(1)],
        ['position', M['position']?.('DU1', c, 1, 2)],
        ['positionEnd', M['positionEnd']?.()],
        ['openOrderEnd', M['openOrderEnd']?.()],
        ['executionsEnd', M['execEnd']?.(1)],
        ['completedOrdersEnd', M['completedOrdersEnd']?.()],
        ['orderBound', M['orderBound']?.(1, 2, 3)],
        ['commissionReport', M['commission']?.({ execId: 'x', commission: 2, currency: 'USD' })],
      ];
      for (const [name, cells] of made) {
        assert.ok(cells !== undefined, `no builder of ${name}`);
        const message: Layout = MESSAGES[name];
        assert.deepEqual(encode(message, decode(message, text(cells), version), version), text(cells), `${name} ${version}`);
      }
    }
  });
});
