import { describe, it } from 'mocha';
import assert from 'node:assert/strict';
import { price, qty } from '#trading/money/decimal.ts';
import { amendmentRequest, BadRequest, orderRequest, type Body } from '#venues/embedded/bybit/private/order-request.ts';

const FACTS = { mark: price('50000'), tick: price('0.1'), size: qty('-0.3') };
const LIMIT = { symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '0.01', price: '50000' };
const MARKET = { symbol: 'BTCUSDT', side: 'Buy', orderType: 'Market', qty: '100' };
const linear = (body: Body) => orderRequest(body, 'linear', FACTS);
const spot = (body: Body) => orderRequest(body, 'spot', FACTS);

describe('embedded venue: what an order request says', () => {
  it('takes what ccxt sends for a perpetual, with the exits attached', () => {
    const request = linear({
      ...LIMIT,
      timeInForce: 'PostOnly',
      positionIdx: 0,
      reduceOnly: false,
      takeProfit: '51000',
      stopLoss: '49000',
      slTriggerBy: 'MarkPrice',
    });
    assert.deepEqual([request.contract, request.side, request.timeInForce, request.slot], ['linear:BTCUSDT', 'buy', 'post-only', 'one-way']);
    assert.deepEqual(request.protection, {
      mode: 'full',
      takeProfit: { trigger: '51000', by: 'last', limit: null },
      stopLoss: { trigger: '49000', by: 'mark', limit: null },
    });
  });

  it('a limit price of an exit makes it partial; Full with one is refused', () => {
    const limited = { ...LIMIT, stopLoss: '49000', slLimitPrice: '48990', slOrderType: 'Limit' };
    assert.equal(linear(limited).protection?.mode, 'partial');
    assert.throws(() => linear({ ...limited, tpslMode: 'Full' }), BadRequest);
  });

  it('a spot market buy is sized in quote money unless it says otherwise', () => {
    assert.equal(spot(MARKET).qtyUnit, 'quote');
    assert.equal(spot({ ...MARKET, marketUnit: 'baseCoin' }).qtyUnit, 'base');
    assert.equal(spot({ ...MARKET, side: 'Sell' }).qtyUnit, 'base');
    assert.equal(linear(MARKET).qtyUnit, 'base');
  });

  it('a perpetual’s trigger has a direction; spot takes it from the last price', () => {
    const trigger = { ...MARKET, triggerPrice: '49000' };
    assert.throws(() => linear(trigger), BadRequest);
    assert.equal(linear({ ...trigger, triggerDirection: 2 }).trigger?.direction, 'fall');
    assert.deepEqual([spot(trigger).trigger?.direction, spot(trigger).stopKind], ['fall', 'tpsl']);
    assert.deepEqual(
      [
        spot({ ...trigger, triggerPrice: '51000', orderFilter: 'StopOrder' }).trigger?.direction,
        spot({ ...trigger, orderFilter: 'StopOrder' }).stopKind,
      ],
      ['rise', 'stop'],
    );
    assert.throws(() => spot({ ...MARKET, orderFilter: 'tpslOrder' }), BadRequest);
  });

  it('a reduce-only quantity of 0 closes the position', () => {
    assert.equal(linear({ ...MARKET, qty: '0', reduceOnly: true }).qty, '0.3');
  });

  it('refuses ids that are too long or odd, and numbers that are no text', () => {
    for (const wrong of [
      { orderLinkId: 'x'.repeat(37) },
      { orderLinkId: 'a b' },
      { qty: 1 },
      { price: '1e999' },
      { side: 'buy' },
      { timeInForce: 'DAY' },
      { positionIdx: 3 },
      { price: undefined },
    ]) {
      assert.throws(() => linear({ ...LIMIT, ...wrong }), BadRequest, JSON.stringify(wrong));
    }
  });

  it('an amendment changes what it names; an exit of "0" goes', () => {
    const before = { mode: 'full', takeProfit: { trigger: price('51000'), by: 'last', limit: null }, stopLoss: null } as const;
    assert.deepEqual(amendmentRequest({ price: '1', triggerPrice: '' }, before), { price: '1' });
    assert.deepEqual(amendmentRequest({ takeProfit: '0' }, before), { protection: null });
    assert.deepEqual(amendmentRequest({ stopLoss: '49000' }, before).protection, {
      ...before,
      stopLoss: { trigger: '49000', by: 'last', limit: null },
    });
  });
});
