/** PX-1 SZ-4: commissions of the venue's table, odd lots and the recorded book, all derived again from the journal. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { atLeast, atMost, money, notional, price, qty, ratio, subtract, toStep } from '#trading/money/decimal.ts';
import { depthPrice, feeOf, takerPrice, termsFor } from '#trading/paper/price.ts';
import { termsOf } from '#trading/paper/state.ts';
import { leastOrder, sizeOrder, type SizingRequest } from '#trading/sizing/size.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { Settings } from '#trading/model/settings.ts';
import { quoteOf, settings as base, spot, T0 } from '../trader/fixtures.ts';
import { entryOn, exitOn, House, SEED, settings as rules, verdict } from '../risk/house.ts';
import { verified } from '../risk/scenes.ts';
import { eurUsd, option } from './ibkr-instruments.ts';

const call = option('AAPL', '2015-01-17', '95', 'C');
const book: Settings = { ...rules, paper: { ...rules.paper, fillDepth: 'book' } };
const request = (instrument: Instrument, at: string, budget: string, more: Partial<SizingRequest> = {}): SizingRequest => ({
  settings: { ...base, perTradeRisk: { ...base.perTradeRisk, forex: ratio('0.005'), options: ratio('0.01') } },
  asset: instrument.asset,
  budget: money(budget),
  multiplier: ratio('1'),
  usable: money(budget),
  price: price(at),
  instrument,
  ...more,
});

describe('paper: what a venue charges', () => {
  const fee = (instrument: Instrument, at: string, quantity: string) => feeOf(price(at), qty(quantity), termsOf(instrument, base.paper));

  for (const [what, charged, expected] of [
    ['forex: 0.2 basis points of the notional', () => fee(eurUsd, '1.25', '200000'), '5'],
    ['forex: at least 2 USD, which a notional of 100,000 USD just reaches', () => fee(eurUsd, '1.25', '80000'), '2'],
    ['forex: 2 USD for an odd lot of 20 EUR', () => fee(eurUsd, '1.25', '20'), '2'],
    ['options: 0.65 USD a contract, whatever the premium', () => fee(call, '9.99', '4'), '2.6'],
    ['options: at least 1 USD', () => fee(call, '0.3', '1'), '1'],
    ['without a commission: the taker rate, of a future with its multiplier', () => fee({ ...spot, multiplier: ratio('50') }, '100', '2'), '10'],
  ] as const) {
    it(`PX-1 ${what}`, () => assert.equal(charged(), expected));
  }

  it('PX-1 the commission stands in the proof of the fill, and another one does not follow', () => {
    const house = new House([call], { ...rules, perTradeRisk: { ...rules.perTradeRisk, options: ratio('0.9') } });
    const intent = entryOn(house.quoteAt(T0, 1, call), call, { qty: qty('1'), bracket: { stopLoss: price('0.95'), takeProfit: price('1.1') } });
    assert.equal(verdict(house, intent), null);
    house.clock(T0 + 300);
    const [fill] = house.fills;
    assert.deepEqual([fill?.price, fill?.fee, fill?.paper?.commission], ['1.02', '1', { perUnit: '0.65', min: '1' }]);
    assert.deepEqual([house.problems(), verified(house.facts)], [[], []]);
    assert.ok(fill?.paper);
    const context = house.contextOf(fill);
    const { commission: _none, ...bare } = fill.paper;
    for (const forged of [
      { ...fill, paper: bare },
      { ...fill, fee: money('0.65') },
      { ...fill, paper: { ...fill.paper, commission: { perUnit: money('0.5'), min: money('1') } } },
    ]) {
      assert.notDeepEqual(house.problemsOf(forged, context), []);
    }
  });
});

describe('paper: odd lots', () => {
  it('SZ-4 below the IDEALPRO minimum an order is sized all the same', () => {
    const sized = sizeOrder(request(eurUsd, '1.25', '5000'));
    assert.deepEqual(sized.ok && sized.qty, '20');
  });

  it('SZ-4 without allow_odd_lots it is refused, with the budget that would be enough', () => {
    const asked = request(eurUsd, '1.25', '5000');
    const settings = {
      ...asked.settings,
      allowOddLots: false,
      percentSizingAboveThreshold: { ...asked.settings.percentSizingAboveThreshold, forex: ratio('0.0035') },
    };
    const sized = sizeOrder({ ...asked, settings });
    assert.ok(!sized.ok);
    assert.deepEqual(
      [sized.refusal.code, sized.refusal.numbers['leastNotional'], sized.refusal.numbers['budgetEnough']],
      ['BELOW_MINIMUM', '25000', '7142857.15'],
    );
    assert.match(sized.refusal.sentence, /a forex budget of 7142857\.15 USD would be enough/);
    const enough = money('7142857.15');
    assert.ok(sizeOrder({ ...asked, settings, budget: enough, usable: enough }).ok);
    assert.equal(leastOrder(eurUsd, price('1.25'), settings).qty, '20000');
  });

  it('SZ-4 the governor refuses an odd lot that a trader asks for where none are allowed', () => {
    const strict: Settings = {
      ...rules,
      allowOddLots: false,
      alloc: { ...rules.alloc, forex: money('8000000') },
      risk: { ...rules.risk, maxOrderNotional: money('1000000') },
    };
    const house = new House([eurUsd], strict);
    const quote = house.quoteAt(T0, 1.25, eurUsd, { bid: price('1.25'), ask: price('1.2501') });
    const bracket = { stopLoss: price('1.24'), takeProfit: price('1.27') };
    const refusal = verdict(house, entryOn(quote, eurUsd, { qty: qty('19999'), bracket }));
    assert.deepEqual([refusal?.code, refusal?.numbers['leastQty']], ['BELOW_MINIMUM', '20000']);
    assert.match(refusal?.sentence ?? '', /the forex budget of 8000000 USD is enough/);
    assert.equal(verdict(house, entryOn(quote, eurUsd, { clientOrderId: 'round', qty: qty('20000'), bracket })), null);
  });

  it('PX-1 an odd lot is slipped twice as far, a round one once', () => {
    const quote = quoteOf(eurUsd, T0, 1, { bid: price('1.25'), ask: price('1.25') });
    const terms = termsOf(eurUsd, base.paper);
    assert.equal(takerPrice('buy', quote, termsFor(qty('20000'), terms)), '1.251');
    assert.equal(takerPrice('buy', quote, termsFor(qty('19999'), terms)), '1.252');
    assert.equal(takerPrice('sell', quote, termsFor(qty('1'), terms)), '1.248');
    assert.equal(termsFor(qty('0.1'), termsOf(spot, base.paper)).slippageBps, 8, 'only where the venue has a round size');
    assert.equal(termsFor(qty('1'), termsOf(eurUsd, { ...base.paper, harsh: false })).slippageBps, 0);
  });
});

describe('paper: the recorded book', () => {
  const terms = termsOf(spot, book.paper);
  const shown = (more: object) => quoteOf(spot, T0, 100, { bid: price('100'), ask: price('100'), ...more });

  it('PX-1 what the touch shows fills there, the rest a slippage step worse, at the mean price, on the worse tick', () => {
    // 1 at 100.08 and 2 at 100.17 (100.08 × 1.0008 up): 300.42 / 3 = 100.14.
    assert.equal(depthPrice(price('100.08'), 'buy', shown({ askQty: qty('1') }), qty('3'), terms), '100.14');
    // 1 at 99.92 and 2 at 99.84 (99.840064 down): 299.6 / 3 = 99.8666…
    assert.equal(depthPrice(price('99.92'), 'sell', shown({ bidQty: qty('1') }), qty('3'), terms), '99.86');
    assert.equal(depthPrice(price('100.08'), 'buy', shown({ askQty: qty('3') }), qty('3'), terms), '100.08', 'it fits');
    assert.equal(depthPrice(price('100.08'), 'buy', shown({ bidQty: qty('1') }), qty('3'), terms), '100.08', 'nobody told the size');
    assert.equal(depthPrice(price('100.08'), 'buy', shown({ askQty: qty('0') }), qty('3'), terms), '100.17', 'nothing is there');
    assert.equal(depthPrice(price('100'), 'buy', shown({ askQty: qty('0') }), qty('3'), { ...terms, slippageBps: 0 }), '100.01', 'at least a tick');
    assert.equal(depthPrice(price('100.08'), 'buy', shown({ askQty: qty('1') }), qty('3'), termsOf(spot, rules.paper)), '100.08', 'off by default');
    assert.equal(termsOf(spot, { ...book.paper, harsh: false }).fillDepth, 'touch');
  });

  it('PX-1 it is never better than the touch, never worse than a step, and on the tick', () => {
    const sizes = fc.integer({ min: 0, max: 5000 }).map((units) => qty((units / 1000).toFixed(3)));
    const wanted = fc.integer({ min: 1, max: 5000 }).map((units) => qty((units / 1000).toFixed(3)));
    fc.assert(
      fc.property(
        fc.constantFrom('buy' as const, 'sell' as const),
        fc.integer({ min: 100, max: 10 ** 6 }),
        sizes,
        wanted,
        (side, cents, size, quantity) => {
          const quote = shown({ bid: price((cents / 100).toFixed(2)), ask: price((cents / 100).toFixed(2)), bidQty: size, askQty: size });
          const at = takerPrice(side, quote, terms);
          const got = depthPrice(at, side, quote, quantity, terms);
          const isWorse = side === 'buy' ? atLeast : atMost;
          assert.ok(isWorse(got, at));
          assert.equal(toStep(got, terms.tickSize, 'down'), got);
          if (atMost(quantity, size)) return assert.equal(got, at);
          const paid = notional(got, quantity);
          const atTouch = notional(at, quantity);
          return assert.ok(isWorse(paid, atTouch) && paid !== atTouch, `${got} for ${quantity} of ${size}`);
        },
      ),
    );
  });

  it('PX-1 PX-2 VF-1 fills against the book are derived again, and better ones are not believed', () => {
    const size = fc.constantFrom(null, qty('0'), qty('0.01'), qty('0.1'), qty('5'));
    const step = fc.record({
      bps: fc.integer({ min: -150, max: 150 }),
      ms: fc.integer({ min: 50, max: 1500 }),
      size,
      enter: fc.boolean(),
      exit: fc.boolean(),
    });
    let deep = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 40 }), (steps) => {
        const house = new House([spot], { ...book, cooldownSeconds: 0, paper: { ...book.paper, partialProbability: 0.4 } });
        let mid = 100;
        steps.forEach(({ bps, ms, size: each, enter, exit }, index) => {
          mid = Number((mid * (1 + bps / 10_000)).toFixed(2));
          const snapshot = house.quoteAt(house.now + ms, mid, spot, { bidQty: each, askQty: each });
          const held = house.governor.state.positions[`crypto_spot|paper|${spot.symbol}`];
          if (enter) house.intend(entryOn(snapshot, spot, { clientOrderId: `e${index}` }));
          if (exit && held !== undefined) house.intend(exitOn(snapshot, held.qty, spot, { clientOrderId: `x${index}` }));
        });
        house.clock(house.now + 1000);
        assert.deepEqual([house.problems(), verified(house.facts)], [[], []]);
        for (const fill of house.fills) {
          assert.ok(fill.paper !== null && fill.paper.draws.seed === SEED);
          const touch = takerPrice(fill.side, fill.paper.pricedOn, fill.paper);
          if (fill.price === touch || fill.reason === 'take_profit') continue;
          deep += 1;
          assert.ok(fill.side === 'buy' ? atLeast(fill.price, touch) : atMost(fill.price, touch));
          assert.notDeepEqual(house.problemsOf({ ...fill, price: touch, fee: subtract(fill.fee, fill.fee) }), []);
        }
      }),
      { numRuns: 60, seed: 3 },
    );
    assert.ok(deep > 20, `${deep} fills went beyond the touch`);
  });
});
