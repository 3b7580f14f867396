/** Every number of the specification on budgets, sizing and the ladder, with the shipped budgets untouched, where it decides. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { fileURLToPath } from 'node:url';
import { loadSettings } from '#config/budgets.ts';
import { readEnvironment } from '#config/environment.ts';
import { money, price, qty, ratio } from '#trading/money/decimal.ts';
import { marginOf } from '#trading/risk/allowance.ts';
import { notionalCapOf } from '#trading/sizing/size.ts';
import { ASSETS, type Asset } from '#trading/model/instrument.ts';
import type { Allowance } from '#trading/model/messages.ts';
import type { Fill } from '#trading/model/order.ts';
import type { Settings } from '#trading/model/settings.ts';
import { perp, spot, T0 } from '../trader/fixtures.ts';
import { eurUsd, option } from '../paper/ibkr-instruments.ts';
import { entryOn, House, verdict } from './house.ts';

const BUDGETS = fileURLToPath(new URL('../../../../config/budgets.json', import.meta.url));
const DAY_MS = 86_400_000;
const DEFAULTS = [
  ['crypto_spot', '1000', '20', '2250', '1000'],
  ['crypto_futures', '1500', '15', '1500', '4500'],
  ['forex', '5000', '25', '1050', '50000'],
  ['options', '3000', '30', '1500', '3000'],
] as const;

let settings: Settings;
before(async () => {
  settings = await loadSettings(BUDGETS, readEnvironment({}, 'test').rules);
});

const allowanceOf = (house: House, asset: Asset): Allowance => {
  const all = house.tell('governor', { type: 'actor.asked', body: { query: 'allowances', args: [] } }) as readonly Allowance[];
  const found = all.find((allowance) => allowance.asset === asset && allowance.mode === 'paper');
  assert.ok(found !== undefined);
  return found;
};

/** A round trip of one unit at the moment, that realises `pnl` USD. */
function earn(house: House, asset: Asset, pnl: number): void {
  const entry = 1_000_000;
  const fill = (reason: 'entry' | 'exit', at: number): Fill => ({
    fillId: `${reason}-${house.facts.length}`,
    clientOrderId: `o-${house.facts.length}`,
    asset,
    mode: 'paper',
    symbol: 'earned',
    strategyId: 'test',
    side: reason === 'entry' ? 'buy' : 'sell',
    reason,
    price: price(at.toFixed(2)),
    qty: qty('1'),
    fee: money('0'),
    filledAt: house.now,
    paper: null,
    venueExecutionId: null,
  });
  for (const made of [fill('entry', entry), fill('exit', entry + pnl)])
    house.append('gateway.paper', [{ type: 'fill.recorded', body: { fill: made } }]);
}

describe('the specification: budgets and sizes', () => {
  for (const [asset, alloc, cap, above, exposure] of DEFAULTS) {
    it(`SZ-1 SZ-3 SZ-6 ${asset}: ${alloc} USD, ${cap} an order, ${above} an order of 300,000, exposure up to ${exposure}`, () => {
      const house = new House([], settings);
      const { budget, usable, remaining } = allowanceOf(house, asset);
      assert.deepEqual([budget, remaining, usable], [alloc, alloc, alloc]);
      const capOf = (value: string) => notionalCapOf({ settings, asset, budget: money(value), multiplier: ratio('1') }).notionalCap;
      assert.deepEqual([capOf(alloc), capOf('300000')], [cap, above]);
      // The exposure whose margin is the whole budget.
      assert.equal(marginOf(settings, asset, money(exposure)), alloc);
    });
  }

  for (const [asset, , cap] of DEFAULTS) {
    for (const [pnl, multiplier] of [
      [-199, '1'],
      [199.99, '1'],
      [200, '1.2'],
      [499.99, '1.2'],
      [500, '1.5'],
      [999.99, '1.5'],
      [1000, '2'],
    ] as const) {
      it(`SZ-7 ${asset}: ${pnl} USD in seven days is ×${multiplier}, of this asset only, and over when they are`, () => {
        const house = new House([], { ...settings, profitRollover: false });
        earn(house, asset, pnl);
        const { budget, multiplier: got } = allowanceOf(house, asset);
        assert.equal(got, multiplier);
        const { notionalCap } = notionalCapOf({ settings, asset, budget, multiplier: got });
        assert.equal(Number(notionalCap), Number((Number(cap) * Number(multiplier)).toFixed(2)));
        for (const other of ASSETS) if (other !== asset) assert.equal(allowanceOf(house, other).multiplier, '1');
        house.clock(T0 + 7 * DAY_MS + 3_600_000);
        assert.equal(allowanceOf(house, asset).multiplier, '1');
      });
    }
  }

  it('SZ-8 the worked example, by what forex itself earns: 7k → 35, 50k → 250, 150k → 750, 200k → 1000, 300k → 1050', () => {
    const house = new House([eurUsd], {
      ...settings,
      alloc: { ...settings.alloc, forex: money('7000') },
      scale: { ...settings.scale, enabled: false },
    });
    const caps: string[] = [];
    let budget = 7000;
    for (const next of [7000, 50_000, 150_000, 200_000, 300_000]) {
      if (next > budget) earn(house, 'forex', next - budget);
      budget = next;
      const allowance = allowanceOf(house, 'forex');
      assert.equal(allowance.budget, String(next));
      caps.push(notionalCapOf({ settings, asset: 'forex', budget: allowance.budget, multiplier: allowance.multiplier }).notionalCap);
    }
    assert.deepEqual(caps, ['35', '250', '750', '1000', '1050']);
    for (const asset of ASSETS) if (asset !== 'forex') assert.equal(allowanceOf(house, asset).budget, settings.alloc[asset], 'no other budget moved');
  });

  it('SZ-4 every asset can trade at its default budget, and each by its cap', () => {
    const call = option('AAPL', '2025-01-17', '95', 'C');
    const scenes = [
      [spot, 100, '0.199', '0.2'],
      [perp, 0.5, '29', '30.1'],
      [eurUsd, 1.25, '19', '21'],
      [call, 0.28, '1', '2'],
    ] as const;
    for (const [instrument, mid, fits, tooMuch] of scenes) {
      const house = new House([instrument], settings);
      const snapshot = house.quoteAt(T0, mid, instrument);
      const bracket = { stopLoss: price((mid * 0.9).toFixed(2)), takeProfit: price((mid * 1.2).toFixed(2)) };
      assert.equal(verdict(house, entryOn(snapshot, instrument, { clientOrderId: 'fits', qty: qty(fits), bracket })), null, instrument.symbol);
      const other = new House([instrument], settings);
      const refusal = verdict(other, entryOn(other.quoteAt(T0, mid, instrument), instrument, { qty: qty(tooMuch), bracket }));
      assert.equal(refusal?.code, 'MAX_ORDER_NOTIONAL', instrument.symbol);
    }
  });

  it('RK-1 5, 5, 5 and 3 positions; the cool-down is 900 s', () => {
    const names = ['A', 'B', 'C', 'D', 'E', 'F'];
    for (const [market, max, code] of [
      [spot, 5, 'MAX_POSITIONS'],
      [perp, 5, 'MAX_POSITIONS'],
      [eurUsd, 5, 'MAX_POSITIONS'],
      [option('AAPL', '2025-01-17', '95', 'C'), 3, 'MAX_POSITIONS'],
    ] as const) {
      const markets = names.map((name) => ({ ...market, id: name, symbol: name, base: name }));
      const house = new House(markets, settings);
      const mid = market.asset === 'options' ? 0.28 : 10;
      const verdicts = markets.map((instrument) => {
        const snapshot = house.quoteAt(T0, mid, instrument);
        const bracket = { stopLoss: price((mid * 0.9).toFixed(2)), takeProfit: price((mid * 1.2).toFixed(2)) };
        const made = entryOn(snapshot, instrument, { clientOrderId: `o${instrument.symbol}`, qty: qty('1'), bracket });
        return verdict(house, made)?.code ?? null;
      });
      assert.deepEqual(
        verdicts,
        names.map((_name, index) => (index < max ? null : code)),
        market.asset,
      );
    }
    assert.deepEqual([settings.cooldownSeconds, settings.maxConcurrent], [900, 5]);
  });
});
