import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Placement, Pricing } from '#trading/model/live.ts';
import { price, qty } from '#trading/money/decimal.ts';
import { createBody, tradingStopBody } from '#venues/bybit/trading/request.ts';

const bracket = { takeProfit: price('70000'), stopLoss: price('50000') };
const MARKET: Pricing = { type: 'market', worst: null };
const CAPPED: Pricing = { type: 'market', worst: price('60300') };
const LIMIT: Pricing = { type: 'limit', price: price('60000') };
const STOP: Pricing = { type: 'stop', trigger: price('50000') };
const order = (symbol: string, pricing: Pricing, more: Partial<Placement> = {}): Placement => ({
  ...{ clientOrderId: 'l0', asset: symbol.includes(':') ? 'crypto_futures' : 'crypto_spot', symbol, side: 'buy', purpose: 'entry', qty: qty('0.01') },
  ...{ pricing, bracket: null, reduceOnly: false, deadlineAt: 0, ...more },
});
const SPOT = 'BTC/USDT';
const PERP = 'BTC/USDT:USDT';
const spot = { category: 'spot', symbol: 'BTCUSDT', side: 'Buy', qty: '0.01', orderLinkId: 'l0', isLeverage: 0 };
const perp = { category: 'linear', symbol: 'BTCUSDT', side: 'Buy', qty: '0.01', orderLinkId: 'l0', positionIdx: 0, reduceOnly: false };
const perpLegs = {
  ...{ takeProfit: '70000', stopLoss: '50000', tpslMode: 'Full', tpTriggerBy: 'MarkPrice', slTriggerBy: 'MarkPrice' },
  ...{ tpOrderType: 'Market', slOrderType: 'Market' },
};
const spotLegs = { takeProfit: '70000', stopLoss: '50000', tpOrderType: 'Market', slOrderType: 'Market' };
const stopSell = { triggerPrice: '50000', triggerBy: 'MarkPrice', closeOnTrigger: true, triggerDirection: 2, orderType: 'Market' };

const TABLE: readonly (readonly [title: string, Placement, body: object])[] = [
  ['spot market: base quantity, and no price', order(SPOT, MARKET), { ...spot, orderType: 'Market', marketUnit: 'baseCoin' }],
  [
    'spot market keeps no worst price: the venue would take it for quote units',
    order(SPOT, CAPPED),
    { ...spot, orderType: 'Market', marketUnit: 'baseCoin' },
  ],
  ['spot limit', order(SPOT, LIMIT), { ...spot, orderType: 'Limit', timeInForce: 'GTC', price: '60000' }],
  ['spot limit with a bracket', order(SPOT, LIMIT, { bracket }), { ...spot, orderType: 'Limit', timeInForce: 'GTC', price: '60000', ...spotLegs }],
  [
    'spot market with a bracket is a capped limit',
    order(SPOT, CAPPED, { bracket }),
    { ...spot, orderType: 'Limit', timeInForce: 'IOC', price: '60300', ...spotLegs },
  ],
  [
    'spot stop: no trigger direction, no reduceOnly',
    order(SPOT, STOP, { side: 'sell', reduceOnly: true }),
    { ...spot, side: 'Sell', orderType: 'Market', marketUnit: 'baseCoin', orderFilter: 'tpslOrder', triggerPrice: '50000' },
  ],
  ['perpetual market without a cap: no price', order(PERP, MARKET), { ...perp, orderType: 'Market' }],
  ['perpetual market with a cap', order(PERP, CAPPED), { ...perp, orderType: 'Limit', timeInForce: 'IOC', price: '60300' }],
  [
    'perpetual market with a bracket',
    order(PERP, CAPPED, { bracket }),
    { ...perp, orderType: 'Limit', timeInForce: 'IOC', price: '60300', ...perpLegs },
  ],
  ['perpetual limit', order(PERP, LIMIT), { ...perp, orderType: 'Limit', timeInForce: 'GTC', price: '60000' }],
  [
    'perpetual stop that sells waits for a fall',
    order(PERP, STOP, { side: 'sell', reduceOnly: true }),
    { ...perp, side: 'Sell', reduceOnly: true, ...stopSell },
  ],
  [
    'perpetual stop that buys waits for a rise',
    order(PERP, STOP, { reduceOnly: true }),
    { ...perp, reduceOnly: true, ...stopSell, triggerDirection: 1 },
  ],
  [
    'perpetual exit',
    order(PERP, MARKET, { side: 'sell', reduceOnly: true, purpose: 'exit' }),
    { ...perp, side: 'Sell', reduceOnly: true, orderType: 'Market' },
  ],
];

describe('the body of order/create', () => {
  for (const [title, placement, body] of TABLE) it(title, () => assert.deepEqual(createBody(placement, 'BTCUSDT'), body));

  it('a spot entry with a bracket and no worst price is not made into anything', () => {
    assert.throws(() => createBody(order(SPOT, MARKET, { bracket }), 'BTCUSDT'), /BTC\/USDT: a spot entry with a bracket needs its worst price/);
  });

  it('other legs of an open position', () => {
    assert.deepEqual(tradingStopBody(bracket, 'BTCUSDT'), { category: 'linear', symbol: 'BTCUSDT', positionIdx: 0, ...perpLegs });
  });

  it('every value is the text that was clamped, and no number but the two switches', () => {
    for (const [title, placement] of TABLE)
      for (const [key, value] of Object.entries(createBody(placement, 'BTCUSDT')))
        assert.ok(typeof value !== 'number' || ['isLeverage', 'positionIdx', 'triggerDirection'].includes(key), `${title}: ${key}`);
  });
});
