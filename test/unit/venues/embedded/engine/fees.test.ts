import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ratio } from '#trading/money/decimal.ts';
import type { MatchingExchange } from '#venues/embedded/engine/exchange.ts';
import { executionsOf, newExchange, PERP, perpTerms, quote, request, SPOT, spotTerms, T0, taken } from './bench.ts';

const wallet = (exchange: MatchingExchange, currency: string) => exchange.account().balances.find((row) => row.currency === currency)?.wallet;
const MNT = { currency: 'MNT', price: ratio('0.8') };
/** A resting buy at 49000 that the market trades through. */
function maker(exchange: MatchingExchange, contract: string, side: 'buy' | 'sell' = 'buy') {
  const at = side === 'buy' ? '49000' : '51000';
  taken(exchange.submit(request({ contract, side, at, size: '0.1' }), T0 + 1));
  const beyond = side === 'buy' ? { bid: '48000', ask: '48000.1' } : { bid: '52000', ask: '52000.1' };
  const [fill] = executionsOf(exchange.onQuote(quote({ contract, ...beyond, bidSize: '9', askSize: '9' }), T0 + 2));
  return fill ?? assert.fail('the market traded through it');
}

describe('the matching engine: what fees are paid in', () => {
  it('in MNT where that is set, the same worth at its price, of spot and of perpetuals by themselves', () => {
    const exchange = newExchange({ USDT: '100000', MNT: '1000' });
    exchange.switches.feesIn.exchange = MNT;
    const [spot] = executionsOf(exchange.submit(request({ contract: SPOT, size: '0.1' }), T0).events);
    // A thousandth of 0.1 at the index, 50000.05, and one MNT is 0.8.
    assert.deepEqual([spot?.feeCurrency, spot?.feeRate, Number(spot?.fee).toFixed(4)], ['MNT', '0.001', '6.2500']);
    assert.equal(wallet(exchange, 'BTC'), '0.1', 'nothing of what was bought');
    const [perp] = executionsOf(exchange.submit(request({ size: '0.1' }), T0).events);
    assert.deepEqual([perp?.feeCurrency, perp?.fee], ['USDT', '2.7500055']);
    exchange.switches.feesIn.margin = MNT;
    const [closes] = executionsOf(exchange.submit(request({ side: 'sell', size: '0.1', reduceOnly: true }), T0).events);
    assert.deepEqual([closes?.feeCurrency, closes?.fee], ['MNT', '3.4375']);
    assert.equal(Number(wallet(exchange, 'MNT')).toFixed(4), (1000 - 6.25 - 3.4375).toFixed(4));
  });

  it('in what is traded once there is too little MNT, and MNT is worth its price while fees are paid in it', () => {
    const exchange = newExchange({ USDT: '100000', MNT: '4' });
    assert.equal(exchange.account().equity, '100000');
    exchange.switches.feesIn.margin = MNT;
    assert.equal(exchange.account().equity, '100003.2');
    const currencies = [1, 2].map(() => executionsOf(exchange.submit(request({ size: '0.1' }), T0).events)[0]?.feeCurrency);
    assert.deepEqual(currencies, ['MNT', 'USDT']);
  });

  it('a rebate is paid in what is given on spot, in the quote of a perpetual, and never in MNT', () => {
    const rebate = ratio('-0.0001');
    const exchange = newExchange({ USDT: '100000', BTC: '1', MNT: '1000' });
    Object.assign(exchange.switches.feesIn, { exchange: MNT, margin: MNT });
    exchange.setTerms({ ...spotTerms, fees: { kind: 'rate', taker: ratio('0.001'), maker: rebate, paidIn: 'received' } });
    exchange.setTerms({ ...perpTerms, fees: { kind: 'rate', taker: ratio('0.00055'), maker: rebate, paidIn: 'quote' } });
    const bought = maker(exchange, SPOT);
    assert.deepEqual([bought.feeCurrency, bought.fee, wallet(exchange, 'BTC')], ['USDT', '-0.49', '1.1']);
    exchange.onQuote(quote({ contract: SPOT }), T0 + 3);
    const sold = maker(exchange, SPOT, 'sell');
    assert.deepEqual([sold.feeCurrency, sold.fee], ['BTC', '-0.00001']);
    const long = maker(exchange, PERP);
    assert.deepEqual([long.feeCurrency, long.fee], ['USDT', '-0.49']);
    assert.equal(exchange.positions()[0]?.realised, '0.49');
  });
});
