import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { venueParams } from '#venues/embedded/params.ts';
import { openVenue, type Venue } from '#venues/embedded/venue.ts';
import { ccxtFor, type Ccxt } from './bybit-account.ts';

const SPOT = 'BTC/USDT';
const PERP = 'BTC/USDT:USDT';

describe('embedded venue: an account through unmodified ccxt', () => {
  let venue: Venue;
  let ccxt: Ccxt;

  beforeEach(async () => {
    venue = await openVenue(venueParams.parse({ seed: 'account', play: { kind: 'synthetic' } }));
    await venue.step();
    ccxt = await ccxtFor(venue);
  });
  afterEach(async () => {
    await ccxt.close();
    await venue.close();
  });

  it('buys on the spot market: the trade carries its fee in base, the balance what is left', async () => {
    const { id } = await ccxt.createOrder(SPOT, 'market', 'buy', 0.01, undefined, { marketUnit: 'baseCoin', clientOrderId: 'spot-1' });
    assert.match(id, /^\d{19}$/);
    const order = await ccxt.fetchOrder(undefined, SPOT, { acknowledged: true, orderLinkId: 'spot-1' });
    assert.deepEqual([order.id, order.symbol, order.status, order.filled], [id, SPOT, 'closed', 0.01]);
    const [trade] = await ccxt.fetchMyTrades(SPOT);
    assert.deepEqual([trade?.order, trade?.symbol, trade?.side, trade?.amount, trade?.takerOrMaker], [id, SPOT, 'buy', 0.01, 'taker']);
    assert.deepEqual([trade?.fee.cost, trade?.fee.currency], [0.00001, 'BTC']);
    const balance = await ccxt.fetchBalance();
    assert.equal(balance.BTC?.total, 0.00999);
    assert.equal(balance.USDT?.total, 100_000 - 0.01 * (trade?.price ?? 0));
  });

  it('places, edits, finds and cancels a limit order of a perpetual', async () => {
    const { id, clientOrderId } = await ccxt.createOrder(PERP, 'limit', 'buy', 0.01, 1000, { clientOrderId: 'perp-1' });
    assert.deepEqual([/^[0-9a-f-]{36}$/.test(id), clientOrderId], [true, 'perp-1']);
    const [open] = await ccxt.fetchOpenOrders(PERP);
    assert.deepEqual([open?.id, open?.symbol, open?.status, open?.remaining], [id, PERP, 'open', 0.01]);
    await ccxt.editOrder(id, PERP, 'limit', 'buy', 0.02, 1100);
    assert.equal((await ccxt.fetchOpenOrders(PERP))[0]?.remaining, 0.02);
    await ccxt.cancelOrder(undefined, PERP, { orderLinkId: 'perp-1' });
    assert.deepEqual(await ccxt.fetchOpenOrders(PERP), []);
    const [ended] = await ccxt.fetchCanceledAndClosedOrders(PERP);
    assert.deepEqual([ended?.id, ended?.status, ended?.info.cancelType], [id, 'canceled', 'CancelByUser']);
    await assert.rejects(ccxt.cancelOrder(id, PERP), /110001/);
  });

  it('opens and closes a position; the leverage is told when it stays', async () => {
    await ccxt.setLeverage(5, PERP);
    await assert.rejects(ccxt.setLeverage(5, PERP), /110043/);
    await ccxt.createOrder(PERP, 'market', 'sell', 0.05);
    const [position] = await ccxt.fetchPositions([PERP]);
    assert.deepEqual([position?.symbol, position?.side, position?.contracts], [PERP, 'short', 0.05]);
    await ccxt.createOrder(PERP, 'market', 'buy', 0.05, undefined, { reduceOnly: true });
    assert.deepEqual(await ccxt.fetchPositions(), []);
    await assert.rejects(ccxt.createOrder(PERP, 'market', 'buy', 0.05, undefined, { reduceOnly: true }), /110017/);
    assert.equal((await ccxt.fetchMyTrades(PERP)).length >= 2, true);
  });

  it('a bracket attached to an entry stands as stop orders until the position goes', async () => {
    const params = { takeProfit: { triggerPrice: 1_000_000 }, stopLoss: { triggerPrice: 1000 }, tpslMode: 'Full', slTriggerBy: 'MarkPrice' };
    await ccxt.createOrder(PERP, 'market', 'buy', 0.01, undefined, params);
    const stops = await ccxt.fetchOpenOrders(PERP, undefined, undefined, { trigger: true });
    assert.deepEqual(new Set(stops.map(({ info }) => info.stopOrderType)), new Set(['StopLoss', 'TakeProfit']));
    await ccxt.createOrder(PERP, 'market', 'sell', 0.01, undefined, { reduceOnly: true });
    assert.deepEqual(await ccxt.fetchOpenOrders(PERP, undefined, undefined, { trigger: true }), []);
  });

  it('stops: a reduce-only one of its own, a pair set on the position, and one on the spot market that holds its coins', async () => {
    await ccxt.createOrder(PERP, 'market', 'buy', 0.01);
    await ccxt.createOrder(PERP, 'market', 'sell', 0.01, undefined, { stopLossPrice: 1000 });
    const [own] = await ccxt.fetchOpenOrders(PERP, undefined, undefined, { trigger: true });
    assert.deepEqual([own?.info.orderStatus, own?.info.reduceOnly, own?.info.triggerDirection], ['Untriggered', true, 2]);
    await ccxt.createOrder(PERP, 'market', 'sell', 0.01, undefined, { stopLossPrice: 1000, takeProfitPrice: 1_000_000 });
    const kinds = (await ccxt.fetchOpenOrders(PERP, undefined, undefined, { trigger: true })).map(({ info }) => String(info.stopOrderType));
    assert.deepEqual(new Set(kinds), new Set(['Stop', 'PartialTakeProfit', 'PartialStopLoss']));

    await ccxt.createOrder(SPOT, 'market', 'buy', 0.01, undefined, { marketUnit: 'baseCoin' });
    const { id } = await ccxt.createOrder(SPOT, 'market', 'sell', 0.009, undefined, { stopLossPrice: 1000 });
    assert.equal((await ccxt.fetchBalance()).BTC?.used, 0.009);
    assert.deepEqual(await ccxt.fetchOpenOrders(SPOT, undefined, undefined, { type: 'spot', orderFilter: 'Order' }), []);
    const [stop] = await ccxt.fetchOpenOrders(SPOT, undefined, undefined, { type: 'spot', orderFilter: 'tpslOrder' });
    assert.deepEqual([stop?.id, stop?.symbol], [id, SPOT]);
    await assert.rejects(ccxt.cancelOrder(id, SPOT), /170213/, 'it lives in another filter');
    await ccxt.cancelOrder(id, SPOT, { orderFilter: 'tpslOrder' });
    const ended = (await ccxt.fetchCanceledAndClosedOrders(SPOT)).find((order) => order.id === id);
    assert.equal(ended?.info.orderStatus, 'Deactivated');
  });

  it('a market buy in quote money ends with dust, as it does at the venue', async () => {
    await ccxt.createOrder(SPOT, 'market', 'buy', 100, undefined, { marketUnit: 'quoteCoin', clientOrderId: 'dust' });
    const order = await ccxt.fetchOrder(undefined, SPOT, { acknowledged: true, orderLinkId: 'dust' });
    assert.equal(order.info.orderStatus, 'PartiallyFilledCanceled');
    const value = Number(order.info.cumExecValue);
    assert.ok(value <= 100 && value > 99.9, String(value));
  });

  it('two-way mode: a row a side, closed by its own side alone', async () => {
    await ccxt.setPositionMode(true, PERP);
    await ccxt.createOrder(PERP, 'market', 'buy', 0.02, undefined, { hedged: true });
    await ccxt.createOrder(PERP, 'market', 'sell', 0.01, undefined, { hedged: true });
    const sides = async () => (await ccxt.fetchPositions()).map(({ side, contracts }) => `${side ?? ''} ${contracts ?? 0}`);
    assert.deepEqual(await sides(), ['long 0.02', 'short 0.01']);
    await ccxt.createOrder(PERP, 'market', 'sell', 0.02, undefined, { hedged: true, reduceOnly: true });
    assert.deepEqual(await sides(), ['short 0.01']);
    await assert.rejects(ccxt.createOrder(PERP, 'market', 'buy', 0.01), /position idx not match/);
  });

  it('duplicates, small orders and orders without money are refused with the codes of their category', async () => {
    const buy = (symbol: string, amount: number, price: number, link: string) =>
      ccxt.createOrder(symbol, 'limit', 'buy', amount, price, { clientOrderId: link });
    await buy(PERP, 0.01, 1000, 'twice');
    await assert.rejects(buy(PERP, 0.01, 1000, 'twice'), /110072/);
    await buy(SPOT, 0.01, 1000, 'twice');
    await assert.rejects(buy(SPOT, 0.01, 1000, 'twice'), /170141/);
    await assert.rejects(buy(PERP, 0.001, 1000, 'small'), /110094/);
    await assert.rejects(buy(SPOT, 0.001, 1000, 'small'), /170140/);
    await assert.rejects(ccxt.createOrder(PERP, 'market', 'buy', 100, undefined, {}), /110007/);
    await assert.rejects(ccxt.createOrder(SPOT, 'limit', 'sell', 1, 1_000_000), /170131/);
  });

  it('watches orders, trades and balances', async () => {
    const [orders, trades, balance] = [ccxt.watchOrders(), ccxt.watchMyTrades(), ccxt.watchBalance()];
    while (venue.counters().privateFrames < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    const { id } = await ccxt.createOrder(PERP, 'market', 'buy', 0.01);
    assert.equal((await orders).at(-1)?.id, id);
    assert.equal((await trades).at(-1)?.order, id);
    assert.ok(((await balance).USDT?.total ?? 0) < 100_000);
  });

  it('places and cancels over the trade stream', async () => {
    const { id } = await ccxt.createOrderWs(PERP, 'limit', 'buy', 0.01, 1000);
    assert.equal((await ccxt.fetchOpenOrders(PERP))[0]?.id, id);
    await ccxt.cancelOrderWs(id, PERP);
    assert.deepEqual(await ccxt.fetchOpenOrders(PERP), []);
    await assert.rejects(ccxt.createOrderWs(PERP, 'limit', 'buy', 0.001, 1000), /110094/);
  });

  it('asks who it is, what it pays and what funding was', async () => {
    const asking = await ccxtFor(venue, { enableUnifiedMargin: undefined, enableUnifiedAccount: undefined, unifiedMarginStatus: undefined });
    assert.equal((await asking.fetchBalance()).USDT?.total, 100_000);
    await asking.close();
    assert.deepEqual([(await ccxt.fetchTradingFee(PERP)).taker, (await ccxt.fetchTradingFee(SPOT)).maker], [0.00055, 0.001]);
    assert.equal((await ccxt.fetchFundingRateHistory(PERP)).at(-1)?.fundingRate, 0.0001);
  });
});
