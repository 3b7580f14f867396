import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { instrument as schema } from '#protocol/values.ts';
import { instrumentOf } from '#venues/bybit/markets.ts';
import { linearInfo, markets, spotInfo } from './rows.ts';

describe('Bybit instruments', () => {
  it("LC-1 spot: tick, lot, minima and fees from the venue's own text", () => {
    const { tickSize, lotSize, minQty, maxQty, minNotional, takerFee, makerFee, type, fundingSchedule, venueSymbol, id } = schema.parse(
      instrumentOf('BTC/USDT', markets),
    );
    assert.deepEqual(
      [tickSize, lotSize, minQty, maxQty, minNotional, takerFee, makerFee],
      ['0.1', '0.000001', '0.000011', '41.5', '5', '0.001', '0.001'],
    );
    assert.deepEqual([type, fundingSchedule, venueSymbol, id], ['spot', null, 'BTCUSDT', 'bybit:spot:BTCUSDT']);
  });

  it('LC-1 perpetual: step, minimum notional, funding interval and fees', () => {
    const { tickSize, lotSize, minQty, maxQty, minNotional, takerFee, makerFee, type, fundingSchedule, asset } = schema.parse(
      instrumentOf('ADA/USDT:USDT', markets),
    );
    assert.deepEqual([tickSize, lotSize, minQty, maxQty, minNotional, takerFee, makerFee], ['0.0001', '1', '1', '500000', '5', '0.00055', '0.0002']);
    assert.deepEqual([type, fundingSchedule, asset], ['perp', { intervalMinutes: 480 }, 'crypto_futures']);
  });

  it('a symbol that is not listed is refused, with those that are', () => {
    assert.throws(() => instrumentOf('DOGE/USDT', markets), /DOGE\/USDT: Bybit does not list it; it lists BTC\/USDT$/);
  });

  it('an instrument that does not trade, or that is described in no usable way, is refused by field', () => {
    const spot = (info: object) => () => instrumentOf('BTC/USDT', { 'BTC/USDT': { info } });
    assert.throws(spot({ ...spotInfo, status: 'PreLaunch' }), /does not trade it now \(status PreLaunch\)/);
    assert.throws(spot({ ...spotInfo, priceFilter: { tickSize: '0' } }), /priceFilter\.tickSize: must be a positive decimal, got "0"/);
    assert.throws(spot({ ...spotInfo, priceFilter: { tickSize: 0.1 } }), /priceFilter\.tickSize/);
    assert.throws(spot({ ...spotInfo, lotSizeFilter: { ...spotInfo.lotSizeFilter, minOrderAmt: undefined } }), /lotSizeFilter\.minOrderAmt/);
    const linear = (info: object) => () => instrumentOf('ADA/USDT:USDT', { 'ADA/USDT:USDT': { info } });
    assert.throws(linear({ ...linearInfo, contractType: 'LinearFutures' }), /contractType/);
  });
});
