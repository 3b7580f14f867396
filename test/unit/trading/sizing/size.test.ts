import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { atLeast, atMost, lessThan, money, notional, price, qty, ratio, subtract, toStep } from '#trading/money/decimal.ts';
import { ASSETS, type Asset, type Instrument } from '#trading/model/instrument.ts';
import type { Settings } from '#trading/model/settings.ts';
import { leastOrder, notionalCapOf, sizeOrder, type SizingRequest } from '#trading/sizing/size.ts';
import { takerPrice, termsFor } from '#trading/paper/price.ts';
import { termsOf } from '#trading/paper/state.ts';
import { perp, quoteOf, settings as base, spot } from '../trader/fixtures.ts';

/** CF-1: the defaults of the specification. */
const settings: Settings = {
  ...base,
  alloc: { crypto_spot: money('1000'), crypto_futures: money('1500'), forex: money('5000'), options: money('3000') },
  perTradeRisk: { crypto_spot: ratio('0.02'), crypto_futures: ratio('0.01'), forex: ratio('0.005'), options: ratio('0.01') },
  percentSizingThreshold: money('1000'),
  percentSizingAboveThreshold: { crypto_spot: ratio('0.0075'), crypto_futures: ratio('0.005'), forex: ratio('0.0035'), options: ratio('0.005') },
};

const of = (asset: Asset, budget: string, multiplier = '1') => ({ settings, asset, budget: money(budget), multiplier: ratio(multiplier) });
const request = (more: Partial<SizingRequest> = {}): SizingRequest => ({
  ...of('crypto_spot', '1000'),
  usable: money('1000'),
  price: price('50'),
  instrument: spot,
  ...more,
});

function refusalOf(asked: SizingRequest) {
  const sized = sizeOrder(asked);
  assert.ok(!sized.ok, 'must be refused');
  return sized.refusal;
}

function qtyOf(asked: SizingRequest): string {
  const sized = sizeOrder(asked);
  assert.ok(sized.ok, sized.ok ? '' : sized.refusal.sentence);
  return sized.qty;
}

describe('sizing/size: the cap', () => {
  for (const [budget, cap] of [
    ['7000', '35'],
    ['50000', '250'],
    ['150000', '750'],
    ['200000', '1000'],
    ['300000', '1050'],
  ] as const) {
    it(`SZ-8 forex with ${budget} USD may take ${cap} USD an order`, () => {
      assert.equal(notionalCapOf(of('forex', budget)).notionalCap, cap);
    });
  }

  for (const [asset, cap] of [
    ['crypto_spot', '20'],
    ['crypto_futures', '15'],
    ['forex', '25'],
    ['options', '30'],
  ] as const) {
    it(`SZ-4 at its default budget ${asset} may take ${cap} USD`, () => {
      assert.equal(notionalCapOf(of(asset, settings.alloc[asset])).notionalCap, cap);
    });
  }

  it('SZ-1 SZ-2 the base cap is B·r·m, and is the cap up to the threshold itself', () => {
    assert.deepEqual(notionalCapOf(of('crypto_spot', '1000', '1.5')), { baseCap: '30', notionalCap: '30' });
    assert.deepEqual(notionalCapOf(of('crypto_spot', '50000')), { baseCap: '1000', notionalCap: '1000' });
  });

  it('SZ-3 above the threshold the cap is max(T, B·q·m)', () => {
    assert.deepEqual(notionalCapOf(of('crypto_spot', '50001')), { baseCap: '1000.02', notionalCap: '1000' });
    assert.deepEqual(notionalCapOf(of('crypto_spot', '200000')), { baseCap: '4000', notionalCap: '1500' });
    assert.deepEqual(notionalCapOf(of('crypto_spot', '200000', '2')), { baseCap: '8000', notionalCap: '3000' });
  });

  it('SZ-3 more budget never means a smaller cap', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ASSETS), fc.integer({ min: 0, max: 10 ** 9 }), fc.integer({ min: 0, max: 10 ** 6 }), (asset, cents, more) => {
        const [low, high] = [cents, cents + more].map((value) => notionalCapOf(of(asset, (value / 100).toFixed(2))).notionalCap);
        assert.ok(low !== undefined && high !== undefined && atMost(low, high));
      }),
    );
  });
});

describe('sizing/size: the quantity', () => {
  it('SZ-4 is the cap over the price, down to the lot', () => {
    assert.equal(qtyOf(request()), '0.4');
    assert.equal(qtyOf(request({ price: price('67123.45') })), '0.000297');
    assert.equal(qtyOf(request({ instrument: { ...spot, lotSize: qty('0.3') } })), '0.3');
  });

  it('SZ-4 counts the multiplier of a contract', () => {
    assert.equal(qtyOf(request({ instrument: { ...perp, multiplier: ratio('10') }, price: price('1') })), '2');
  });

  it('SZ-5 what is usable clamps the order, and the basis shows every number it came from', () => {
    const sized = sizeOrder(request({ usable: money('12') }));
    assert.deepEqual(sized, {
      ok: true,
      qty: '0.24',
      basis: { budget: '1000', multiplier: '1', baseCap: '20', notionalCap: '20', usable: '12' },
    });
  });

  it('SZ-5 nothing usable is BUDGET_EXHAUSTED', () => {
    assert.equal(refusalOf(request({ usable: money('0') })).code, 'BUDGET_EXHAUSTED');
    assert.equal(refusalOf(request({ budget: money('-5'), usable: money('10') })).code, 'BUDGET_EXHAUSTED');
  });

  it('SZ-4 below the minimum notional it says what is missing and which budget would be enough', () => {
    const { code, numbers, sentence } = refusalOf(request({ ...of('crypto_spot', '200'), usable: money('200') }));
    assert.equal(code, 'BELOW_MINIMUM');
    assert.deepEqual([numbers['missing'], numbers['budgetEnough'], numbers['leastNotional']], ['1', '250', '5']);
    assert.match(sentence, /1 USD is missing; a crypto_spot budget of 250 USD would be enough/);
  });

  it('SZ-4 the smallest futures order of BTC is far above the default cap, and the refusal says so', () => {
    const btc: Instrument = { ...perp, lotSize: qty('0.001'), minQty: qty('0.001'), minNotional: money('5') };
    const { code, numbers } = refusalOf({ ...request({ instrument: btc, price: price('60000') }), ...of('crypto_futures', '1500') });
    assert.deepEqual([code, numbers['leastNotional'], numbers['missing'], numbers['budgetEnough']], ['BELOW_MINIMUM', '60', '45', '6000']);
  });

  it('SZ-5 where only the usable part is too small, the budget asked for makes up for what is committed', () => {
    const { numbers } = refusalOf(request({ usable: money('3') }));
    assert.deepEqual([numbers['missing'], numbers['budgetEnough']], ['2', '1002']);
  });
});

describe('sizing/size: room for what a buy costs more than its quote', () => {
  const slipping = (side: 'buy' | 'sell', usable: string, more: Partial<Instrument> = {}): SizingRequest => {
    const perTradeRisk = { ...settings.perTradeRisk, crypto_spot: ratio('1') };
    const rules = { ...settings, perTradeRisk, paper: { ...settings.paper, slippageBps: 100 } };
    return request({ settings: rules, usable: money(usable), price: price('100'), side, instrument: { ...spot, lotSize: qty('0.01'), ...more } });
  };

  it('SZ-5 SZ-6 all of the budget buys what it pays for at the slipped price, and what is usable pays for a smaller cap as before', () => {
    assert.deepEqual([qtyOf(slipping('buy', '1000')), qtyOf(slipping('sell', '1000'))], ['9.9', '10']);
    assert.equal(qtyOf({ ...slipping('buy', '1000'), settings }), '0.2');
    assert.equal(qtyOf({ ...slipping('buy', '20.19'), settings: { ...slipping('buy', '1').settings, perTradeRisk: settings.perTradeRisk } }), '0.19');
  });

  it('SZ-5 an odd lot leaves room for twice the slippage, also where only that makes it one', () => {
    assert.equal(qtyOf(slipping('buy', '1000', { oddLotBelow: qty('9.9') })), '9.9');
    assert.equal(qtyOf(slipping('buy', '1000', { oddLotBelow: qty('9.91') })), '9.8');
  });

  it('SZ-5 harsh paper that is off slips nothing, so nothing is kept back', () => {
    const asked = slipping('buy', '1000');
    assert.equal(qtyOf({ ...asked, settings: { ...asked.settings, paper: { ...asked.settings.paper, harsh: false } } }), '10');
  });

  it('SZ-4 a refusal names the budget that pays for the smallest order at the slipped price', () => {
    const asked = slipping('buy', '5.04', { minNotional: money('5') });
    const { numbers } = refusalOf(asked);
    assert.deepEqual([numbers['leastNotional'], numbers['missing'], numbers['budgetEnough']], ['5', '0.01', '1000.01']);
    assert.equal(qtyOf({ ...asked, usable: money('5.05') }), '0.05');
  });
});

describe('sizing/size: for any numbers', () => {
  const scene = fc.record({
    asset: fc.constantFrom(...ASSETS),
    budgetCents: fc.integer({ min: 1, max: 10 ** 9 }),
    usableCents: fc.integer({ min: 1, max: 10 ** 8 }),
    priceUnits: fc.integer({ min: 1, max: 10 ** 9 }),
    lot: fc.constantFrom('0.000001', '0.003', '0.1', '1', '7'),
    minQty: fc.constantFrom('0.000001', '0.01', '3'),
    minNotional: fc.constantFrom('0', '1', '5', '12.34'),
    multiplier: fc.constantFrom('1', '0.1', '100'),
    ladder: fc.constantFrom('0.5', '1', '1.2', '5'),
  });
  const asRequest = (raw: typeof scene extends fc.Arbitrary<infer S> ? S : never): SizingRequest => ({
    ...of(raw.asset, (raw.budgetCents / 100).toFixed(2), raw.ladder),
    usable: money((raw.usableCents / 100).toFixed(2)),
    price: price((raw.priceUnits / 10_000).toFixed(4)),
    instrument: {
      ...spot,
      lotSize: qty(raw.lot),
      minQty: qty(raw.minQty),
      minNotional: money(raw.minNotional),
      multiplier: ratio(raw.multiplier),
    },
  });

  it('SZ-4 SZ-5 the notional is at most the cap and what is usable, on the lot, never below the minimum, and one lot more is too much', () => {
    fc.assert(
      fc.property(scene, (raw) => {
        const asked = asRequest(raw);
        const { instrument, price: at, usable } = asked;
        const sized = sizeOrder(asked);
        if (!sized.ok) return;
        const value = notional(at, sized.qty, instrument.multiplier);
        assert.ok(atMost(value, usable) && atMost(value, sized.basis.notionalCap));
        assert.equal(toStep(sized.qty, instrument.lotSize, 'down'), sized.qty);
        assert.ok(atLeast(sized.qty, instrument.minQty) && atLeast(value, instrument.minNotional));
        const cap = atMost(usable, sized.basis.notionalCap) ? usable : sized.basis.notionalCap;
        assert.ok(lessThan(subtract(cap, value), notional(at, instrument.lotSize, instrument.multiplier)));
      }),
    );
  });

  it('SZ-5 SZ-6 a buy costs at most what is usable at the price that paper fills it at, odd lots too', () => {
    const paper = fc.record({ slippageBps: fc.integer({ min: 0, max: 1000 }), odd: fc.integer({ min: 1, max: 10 ** 6 }) });
    fc.assert(
      fc.property(scene, paper, (raw, { slippageBps, odd }) => {
        const plain = asRequest(raw);
        const instrument = { ...plain.instrument, oddLotBelow: qty(odd) };
        const rules = { ...settings, perTradeRisk: { ...settings.perTradeRisk, [raw.asset]: ratio('1') }, paper: { ...settings.paper, slippageBps } };
        const sized = sizeOrder({ ...plain, settings: rules, instrument, side: 'buy' });
        if (!sized.ok) return;
        const terms = termsFor(sized.qty, termsOf(instrument, rules.paper));
        const paid = takerPrice('buy', quoteOf(instrument, 0, 1, { ask: plain.price }), terms);
        assert.ok(atMost(notional(paid, sized.qty, instrument.multiplier), plain.usable));
      }),
    );
  });

  it('SZ-4 the budget that would be enough is enough', () => {
    fc.assert(
      fc.property(scene, (raw) => {
        const asked = asRequest(raw);
        const sized = sizeOrder(asked);
        if (sized.ok || sized.refusal.code !== 'BELOW_MINIMUM') return;
        const enough = money(String(sized.refusal.numbers['budgetEnough']));
        const grown = subtract(enough, asked.budget);
        assert.ok(atLeast(grown, money('0')));
        const least = leastOrder(asked.instrument, asked.price).notional;
        const usable = atLeast(asked.usable, least) ? asked.usable : money(least);
        assert.ok(sizeOrder({ ...asked, budget: enough, usable }).ok, `${enough} must do`);
      }),
    );
  });
});
