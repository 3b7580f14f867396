import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { money, price, qty, ratio } from '#trading/money/decimal.ts';
import { liveFormRefusal } from '#trading/execution/live-forms.ts';
import type { Asset, Instrument } from '#trading/model/instrument.ts';
import type { Bracket } from '#trading/model/order.ts';
import { marketsFile } from '#config/markets.ts';
import { parseWith } from '#config/json-file.ts';
import { eurUsd } from '../paper/ibkr-instruments.ts';
import { spot, T0 } from '../trader/fixtures.ts';
import { entryOn, House, settings, verdict } from './house.ts';

const usdJpy: Instrument = { ...eurUsd, id: 'ibkr:15016059', symbol: 'USD/JPY', venueSymbol: 'USD.JPY', base: 'USD', quote: 'JPY' };

describe('SZ-4 what is not quoted in dollars', () => {
  it('SZ-4 is refused with its currency: 150 yen are not taken for 150 dollars', () => {
    const house = new House([usdJpy], { ...settings, alloc: { ...settings.alloc, forex: money('5000') } });
    const refusal = verdict(house, entryOn(house.quoteAt(T0, 150, usdJpy), usdJpy));
    assert.deepEqual([refusal?.code, refusal?.rule, refusal?.numbers], ['NOT_IN_USD', 'SZ-4', { quote: 'JPY' }]);
  });

  it('SZ-4 dollars and what counts as dollars are not', () => {
    for (const quote of ['USD', 'USDT', 'USDC']) {
      const listed = { ...spot, quote };
      const house = new House([listed]);
      assert.equal(verdict(house, entryOn(house.quoteAt(T0, 100, listed), listed)), null, quote);
    }
  });

  it('RT-3 the simulator takes none either, whoever approved it', () => {
    const house = new House([usdJpy]);
    const intent = entryOn(house.quoteAt(T0, 150, usdJpy), usdJpy, { qty: qty('1') });
    house.isHeld = true;
    house.append('trader.forex.paper', [{ type: 'order.intended', body: { intent } }]);
    const { clientOrderId, asset, mode, symbol } = intent;
    const numbers = { notional: money('15'), margin: money('15'), maxLoss: money('0.1') };
    house.append('governor', [{ type: 'order.approved', body: { clientOrderId, asset, mode, symbol, intent, ...numbers } }]);
    house.drain();
    assert.match(house.of('order.ended')[0]?.reason ?? '', /^NOT_IN_USD/);
  });

  it('CF-3 the configuration names the symbol that is not', () => {
    const shipped = JSON.parse(readFileSync('config/markets.json', 'utf8')) as Record<string, object>;
    const parse = (asset: string, symbol: string) =>
      parseWith('markets.json', { ...shipped, [asset]: { symbols: [symbol], strategy: 'x' } }, marketsFile);
    assert.doesNotThrow(() => parse('crypto_spot', 'BTC/USDC'));
    assert.throws(() => parse('crypto_spot', 'BTC/EUR'), /crypto_spot\.symbols\.0.*"BTC\/EUR".*USD, USDT, USDC/);
    assert.throws(() => parse('forex', 'USD/JPY'), /forex\.symbols\.0.*"USD\/JPY".*USD, USDT, USDC/);
  });
});

describe('BR-1 a form of a bracket that live does not execute', () => {
  const forms: readonly (readonly [string, Partial<Bracket>, object | null])[] = [
    ['a trailing stop', { trailing: { distance: price('1'), activation: null } }, null],
    ['rungs', { partialTakeProfits: [{ price: price('101'), fraction: ratio('0.5') }] }, { trailing: 'none', rungs: 1 }],
  ];
  const judged = (mode: 'paper' | 'live', more: Partial<Bracket>) => {
    const house = new House();
    house.append('mode-switch', [{ type: 'mode.changed', body: { asset: 'crypto_spot', mode: 'live', on: true, source: 'test', reason: '' } }]);
    const report = { broker: 'bybit', mode: 'live', equity: money('1000'), available: money('1000'), at: T0 } as const;
    house.tell('governor', { type: 'wallet.reported', body: report });
    const entry = entryOn(house.quoteAt(T0, 100));
    assert.ok(entry.bracket !== null);
    return verdict(house, { ...entry, mode, bracket: { ...entry.bracket, ...more } });
  };

  for (const [title, more, numbers] of forms) {
    it(`BR-1 ${title} on spot: ${numbers === null ? 'approved' : 'refused'} live, approved on paper`, () => {
      const refusal = judged('live', more);
      const expected = numbers === null ? [undefined, undefined, undefined] : ['BRACKET_FORM', 'BR-1', numbers];
      assert.deepEqual([refusal?.code, refusal?.rule, refusal?.numbers], expected);
      assert.equal(judged('paper', more), null);
    });
  }

  it('BR-1 says of each form why not there, and refuses none that is executed', () => {
    const bracket: Bracket = { takeProfit: price('110'), stopLoss: price('90') };
    const why = (asset: Asset, more: Partial<Bracket>) =>
      liveFormRefusal({ asset, mode: 'live', symbol: 'X', bracket: { ...bracket, ...more } })?.sentence ?? null;
    const [[, trailing], [, rungs]] = [forms[0] ?? assert.fail(), forms[1] ?? assert.fail()];
    assert.equal(why('crypto_futures', { ...trailing, ...rungs }), null);
    assert.match(why('crypto_spot', rungs) ?? '', /partial take-profits \(on spot each would hold coins that the stop needs\)/);
    assert.match(why('forex', rungs) ?? '', /each gives up what another fills/);
  });

  it('BR-1 the two legs are approved live', () => assert.equal(judged('live', {}), null));
});
