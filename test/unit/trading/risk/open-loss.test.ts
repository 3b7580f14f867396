import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { money, price, qty, ratio } from '#trading/money/decimal.ts';
import { bookFill, type BookedPosition } from '#trading/ledger/positions.ts';
import type { Fill } from '#trading/model/order.ts';
import { BLANK_GOVERNOR } from '#trading/risk/state.ts';
import { openLossOf } from '#trading/risk/open-loss.ts';
import { perp, quoteOf, spot, T0 } from '../trader/fixtures.ts';
import { entryOn, House, settings, verdict } from './house.ts';

const eth = { ...spot, id: 'bybit:spot:ETHUSDT', symbol: 'ETH/USDT', venueSymbol: 'ETHUSDT', base: 'ETH', underlying: 'ETH' };
const sol = { ...eth, id: 'bybit:spot:SOLUSDT', symbol: 'SOL/USDT', venueSymbol: 'SOLUSDT', base: 'SOL', underlying: 'SOL' };
const wide = { stopLoss: price(80), takeProfit: price(150) };

/** BTC bought for 15 USD at 100; a loss of the day of 0.8 USD, or of 0.8 USD from the peak, is the limit. */
function held(limit: 'dailyLossCap' | 'maxDrawdown'): House {
  const house = new House([spot, perp, eth, sol], { ...settings, risk: { ...settings.risk, [limit]: ratio('0.0008') } });
  assert.equal(verdict(house, entryOn(house.quoteAt(T0, 100), spot, { bracket: wide })), null);
  house.clock(T0 + 300);
  return house;
}

describe('risk/open-loss', () => {
  for (const [limit, code] of [
    ['dailyLossCap', 'DAILY_LOSS_CAP'],
    ['maxDrawdown', 'MAX_DRAWDOWN'],
  ] as const) {
    it(`RK-1 what an open position has lost counts for ${code} before it is closed`, () => {
      const house = held(limit);
      house.quoteAt(T0 + 1000, 94);
      const refused = verdict(house, entryOn(house.quoteAt(T0 + 1000, 100, eth), eth));
      assert.equal(refused?.code, code);
      assert.ok(Number(refused.numbers['loss']) > 0.9, 'the fall from 100 to 94 of 0.15, with slippage and fee');
      assert.equal(house.of('tripwire.tripped').length, 0, 'a wire is of what is realised: a price that comes back opens the way again');
      assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 1000, 100, perp), perp)), null, 'another asset is not concerned');
      house.quoteAt(T0 + 2000, 99.9);
      assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 2000, 100, eth), eth, { clientOrderId: 'later' })), null);
    });
  }

  it('RK-1 what another position has won pays for none of it', () => {
    const house = held('dailyLossCap');
    assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 1000, 100, eth), eth, { bracket: wide })), null);
    house.clock(T0 + 1300);
    house.quoteAt(T0 + 2000, 109, eth);
    house.quoteAt(T0 + 2000, 94);
    assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 2000, 100, sol), sol))?.code, 'DAILY_LOSS_CAP');
  });

  it('RK-1 is the sum of what each position of the account lost at the touch, fees included, in cents as in cents', () => {
    const cents = fc.integer({ min: 1, max: 100_000 });
    const one = fc.record({
      side: fc.constantFrom('buy', 'sell'),
      entry: cents,
      mark: fc.option(cents),
      units: fc.integer({ min: 1, max: 50 }),
      fee: fc.integer({ min: 0, max: 500 }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 5 }), (rows) => {
        const positions: Record<string, BookedPosition> = {};
        const quotes: Record<string, ReturnType<typeof quoteOf>> = {};
        let expected = 0;
        for (const [index, { side, entry, mark, units, fee }] of rows.entries()) {
          const symbol = `C${index}/USDT`;
          const fill: Partial<Fill> = {
            ...FILL,
            fillId: symbol,
            clientOrderId: symbol,
            symbol,
            side,
            price: price(entry),
            qty: qty(units),
            fee: money(fee),
          };
          const { position } = bookFill(null, fill as Fill, ratio(1));
          if (position !== null) positions[symbol] = position;
          if (mark !== null) quotes[`crypto_spot|${symbol}`] = quoteOf(spot, T0, mark, { symbol, bid: price(mark), ask: price(mark + 1) });
          const gained = mark === null ? 0 : side === 'buy' ? (mark - entry) * units : (entry - (mark + 1)) * units;
          expected += Math.max(0, fee - gained);
        }
        const state = { ...BLANK_GOVERNOR, positions };
        assert.equal(openLossOf(state, quotes, { asset: 'crypto_spot', mode: 'paper' }), String(expected));
        assert.equal(openLossOf(state, quotes, { asset: 'crypto_spot', mode: 'live' }), '0');
      }),
    );
  });
});

const FILL: Partial<Fill> = {
  asset: 'crypto_spot',
  mode: 'paper',
  strategyId: 'ema-cross',
  reason: 'entry',
  filledAt: T0,
  paper: null,
  venueExecutionId: null,
};
