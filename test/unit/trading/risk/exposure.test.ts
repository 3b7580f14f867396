/** SZ-6 after the fill, not only at the approval: who may use all of a budget may not spend more than it. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { atMost, money, notional, price, qty, ratio } from '#trading/money/decimal.ts';
import type { Settings } from '#trading/model/settings.ts';
import { spot, T0 } from '../trader/fixtures.ts';
import { entryOn, House, settings, verdict } from './house.ts';

const whole: Settings = {
  ...settings,
  perTradeRisk: { ...settings.perTradeRisk, crypto_spot: ratio('1') },
  percentSizingThreshold: money('1000000'),
  risk: { ...settings.risk, maxLossPerOrder: ratio('0.5'), dailyLossCap: ratio('0.5') },
  paper: { ...settings.paper, slippageBps: 50 },
};

/** At an ask of 100.01, filled at 100.52 at worst: 1000 USD pay for 9.948. */
const ask = (house: House, asked: string) =>
  verdict(
    house,
    entryOn(house.quoteAt(T0, 100), spot, {
      qty: qty(asked),
      bracket: { stopLoss: price('99'), takeProfit: price('103') },
    }),
  );

describe('risk/governor: all of a budget in one buy', () => {
  const instruments = [{ ...spot, lotSize: qty('0.001') }];

  it('SZ-6 its fill, slipped, is within the budget', () => {
    const house = new House(instruments, whole);
    assert.equal(ask(house, '9.948'), null);
    house.clock(T0 + 300);
    const [fill] = house.fills;
    assert.deepEqual([fill?.price, fill?.qty], ['100.52', '9.948']);
    assert.ok(fill !== undefined && atMost(notional(fill.price, fill.qty), money('1000')));
  });

  it('SZ-5 a lot more is refused by what is usable, though the quote alone would pay for it', () => {
    const house = new House(instruments, whole);
    const { code, rule, numbers } = ask(house, '9.949') ?? {};
    assert.deepEqual([code, rule, numbers?.['qtyMax'], numbers?.['usable']], ['BUDGET_EXHAUSTED', 'SZ-5', '9.948', '1000']);
  });
});
