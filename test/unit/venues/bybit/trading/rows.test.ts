import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { Instrument } from '#trading/model/instrument.ts';
import type { LegOf } from '#venues/bybit/trading/legs.ts';
import { balanceOf, executionOf, orderOf, positionOf } from '#venues/bybit/trading/rows.ts';
import { exampleOf, hasExamples } from '../../../../support/shapes.ts';
import { perp, spot } from '../../../trading/trader/fixtures.ts';

const OWN = 'l0123456789abcdefghijklmnop';
const inSpot = (venueSymbol: string): Instrument | undefined => (venueSymbol === 'BTCUSDT' ? spot : undefined);
const inPerps = (venueSymbol: string): Instrument | undefined => (venueSymbol === 'ADAUSDT' ? perp : undefined);
const noLegs = (): undefined => undefined;

const orderRow = {
  ...{ orderId: 'v1', orderLinkId: OWN, symbol: 'ADAUSDT', side: 'Buy', orderStatus: 'New', cancelType: 'UNKNOWN', rejectReason: 'EC_NoError' },
  ...{ createType: 'CreateByUser', stopOrderType: '', qty: '10.0', cumExecQty: '0' },
};
const executionRow = {
  ...{ execId: 'e1', orderId: 'v1', orderLinkId: OWN, symbol: 'BTCUSDT', side: 'Buy', execType: 'Trade', stopOrderType: 'UNKNOWN' },
  ...{ execPrice: '60000', execQty: '0.01', execValue: '600', execFee: '0.00001', feeRate: '0.001', feeCurrency: 'BTC', execTime: '1700000000000' },
};
const order = (more: object) => orderOf({ ...orderRow, ...more }, inPerps);
const execution = (more: object, instrumentOf = inSpot, legsOf: (id: string) => LegOf | undefined = noLegs) =>
  executionOf({ ...executionRow, ...more }, instrumentOf, legsOf);

describe('private rows of Bybit', () => {
  it('orders: every state is open, or the end that it is', () => {
    const states: Readonly<Record<string, string>> = {
      ...{ New: 'open', PartiallyFilled: 'open', Untriggered: 'open', Triggered: 'open', Created: 'open', SomethingNew: 'open', Filled: 'filled' },
      ...{ Cancelled: 'cancelled', PartiallyFilledCanceled: 'cancelled', Deactivated: 'cancelled', Rejected: 'rejected' },
    };
    for (const [orderStatus, status] of Object.entries(states)) assert.equal(order({ orderStatus })?.status, status, orderStatus);
  });

  it('orders: amounts are canonical, reasons are kept, what we have no instrument for is null', () => {
    const row = order({ orderStatus: 'Rejected', rejectReason: 'EC_NoImmediateQtyToFill', cancelType: 'CancelByAdmin', cumExecQty: '2.50' });
    assert.deepEqual([row?.qty, row?.cumQty, row?.reason], ['10', '2.5', 'Rejected CancelByAdmin EC_NoImmediateQtyToFill']);
    assert.equal(order({ symbol: 'DOGEUSDT' }), null);
  });

  it('orders: a leg names its entry, never a client id, though spot legs have a number there', () => {
    const linear = order({ orderLinkId: '', parentOrderLinkId: OWN, createType: 'CreateByStopLoss', stopOrderType: 'StopLoss' });
    assert.deepEqual([linear?.leg, linear?.parentId, linear?.clientOrderId], ['stop_loss', OWN, null]);
    const coin = orderOf(
      { ...orderRow, symbol: 'BTCUSDT', orderLinkId: '1700000000000000001', createType: 'CreateByTakeProfit', stopOrderType: 'tpslOrder' },
      inSpot,
    );
    assert.deepEqual([coin?.leg, coin?.clientOrderId], ['take_profit', null]);
    const own = order({ createType: 'CreateByUser', stopOrderType: 'tpslOrder' });
    assert.deepEqual([own?.leg, own?.clientOrderId], [null, OWN], 'a stop that the house placed is an order of its own');
  });

  it('rows without what we need throw; rows with less or more of the rest do not', () => {
    assert.throws(() => order({ qty: undefined }), /qty/);
    assert.throws(() => order({ cumExecQty: 'many' }), /must be a decimal/);
    assert.throws(() => execution({ execTime: '' + Number.NaN }), /UTC milliseconds/);
    const { cancelType: _cancel, rejectReason: _reject, createType: _create, stopOrderType: _stop, ...bare } = orderRow;
    assert.equal(orderOf({ ...bare, isReduceOnly: undefined, aNewField: {} }, inPerps)?.status, 'open');
  });

  it('fees: base, quote, MNT, rebates', () => {
    const base = execution({});
    assert.deepEqual([base?.fee, base?.feeQty], ['0.6', '0.00001']);
    const quote = execution({ side: 'Sell', execFee: '0.6', feeCurrency: 'USDT' });
    assert.deepEqual([quote?.fee, quote?.feeQty], ['0.6', null]);
    const mnt = execution({ execFee: '0.5', feeCurrency: 'MNT' });
    assert.deepEqual([mnt?.fee, mnt?.feeQty], ['0.6', null], 'at the rate that Bybit states, never 0.5 of another coin');
    const rebate = execution({ execFee: '-0.000002', feeRate: '-0.0002' });
    assert.deepEqual([rebate?.fee, rebate?.feeQty], ['-0.12', '-0.000002']);
    const linear = execution({ symbol: 'ADAUSDT', feeCurrency: '', execFee: '0.33' }, inPerps);
    assert.deepEqual([linear?.fee, linear?.feeQty], ['0.33', null]);
  });

  it('executions: a leg is booked on its entry, by its order', () => {
    const legs = (id: string): LegOf | undefined => (id === 'v9' ? { parentId: OWN, leg: 'stop_loss' } : undefined);
    const row = execution({ orderId: 'v9', orderLinkId: '1700000000000000001', stopOrderType: 'tpslOrder' }, inSpot, legs);
    assert.deepEqual([row?.leg, row?.parentId, row?.clientOrderId], ['stop_loss', OWN, null]);
    const unknown = execution({ orderLinkId: '', stopOrderType: 'TakeProfit', createType: 'CreateByTakeProfit' });
    assert.deepEqual([unknown?.leg, unknown?.parentId], ['take_profit', null]);
  });

  it('executions: what changes a position is a trade, what has no symbol of ours is nothing', () => {
    for (const execType of ['Trade', 'AdlTrade', 'BustTrade', 'Delivery', 'Settle'])
      assert.equal(execution({ execType })?.executionId, 'e1', execType);
    assert.equal(execution({ symbol: 'DOGEUSDT' }), null);
  });

  it('positions: both sides, flat ones and strangers are none', () => {
    const row = { symbol: 'ADAUSDT', side: 'Sell', size: '300.00', avgPrice: '0.45' };
    const { asset, symbol } = perp;
    assert.deepEqual(positionOf(row, inPerps), { asset, symbol, side: 'sell', qty: '300', averagePrice: '0.45' });
    for (const flat of [
      { side: '', size: '0' },
      { side: 'Buy', size: '0.000' },
      { side: 'None', size: '0' },
    ])
      assert.equal(positionOf({ ...row, ...flat }, inPerps), null);
    assert.equal(positionOf({ ...row, symbol: 'X' }, inPerps), null);
  });

  it('balances: what is locked is held and not available; tiny ones and empty fields too', () => {
    const row = { coin: 'BTC', walletBalance: '0.5', locked: '0.2', totalOrderIM: '', totalPositionIM: '0.1' };
    assert.deepEqual(balanceOf(row), { currency: 'BTC', total: '0.5', available: '0.2', held: '0.5' });
    assert.equal(balanceOf({ coin: 'BTC', walletBalance: '0.00000001' }).available, '0.00000001');
    assert.equal(balanceOf({ coin: 'BTC', walletBalance: '0.000000000001', locked: '' }).available, '0.000000000001');
    assert.equal(balanceOf({ ...row, locked: '9' }).available, '0');
  });
});

interface Answered {
  readonly result: { readonly list: readonly Readonly<Record<string, unknown>>[] };
}

describe('private rows as the documentation shows them', () => {
  before(function () {
    if (!hasExamples()) this.skip();
  });
  const rows = (name: string) => (exampleOf(name) as Answered).result.list;
  const pushed = (name: string) => (exampleOf(name) as { data: readonly unknown[] }).data;
  /** The examples are of symbols that nobody trades here. */
  const any = (venueSymbol: string): Instrument => ({ ...perp, venueSymbol });

  it('orders of both lists and of the stream', () => {
    const [open] = rows('order_open-order.json').map((row) => orderOf(row, any));
    assert.deepEqual([open?.clientOrderId, open?.status, open?.qty, open?.leg], ['test-000005', 'open', '0.1', null]);
    const [over] = rows('order_order-list.json').map((row) => orderOf(row, any));
    assert.deepEqual([over?.status, over?.reason], ['cancelled', 'Cancelled EC_PostOnlyWillTakeLiquidity']);
    for (const row of pushed('websocket_private_order.1.json')) assert.ok(orderOf(row, any));
  });

  it('executions of the list and of the stream', () => {
    const [listed] = rows('order_execution.json').map((row) => executionOf(row, any, noLegs));
    assert.deepEqual([listed?.clientOrderId, listed?.price, listed?.qty, listed?.fee], [null, '1190.15', '0.1', '0.071409']);
    const [told] = pushed('websocket_private_execution.1.json').map((row) => executionOf(row, any, noLegs));
    assert.deepEqual([told?.side, told?.fee, told?.executedAt], ['sell', '26.3725275', 1746270400353]);
  });

  it('positions and balances', () => {
    const [position] = rows('position_position.json').map((row) => positionOf(row, any));
    assert.deepEqual([position?.side, position?.qty, position?.averagePrice], ['sell', '300', '27464.50441675']);
    const [account] = rows('account_wallet-balance.json') as readonly { readonly coin: readonly unknown[] }[];
    assert.deepEqual(account?.coin.map(balanceOf), [{ currency: 'BTC', total: '0', available: '0', held: '0' }]);
  });
});
