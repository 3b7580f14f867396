import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  add,
  isZero,
  money,
  negate,
  notional,
  price,
  qty,
  ratio,
  scale,
  subtract,
  ZERO_MONEY,
  ZERO_QTY,
  type Ratio,
} from '#trading/money/decimal.ts';
import { bookFill, type BookedPosition, type ClosedPart } from '#trading/ledger/positions.ts';
import type { Fill, FillReason, Side } from '#trading/model/order.ts';
import { perp, T0 } from '../trader/fixtures.ts';

let count = 0;
function fill(side: Side, quantity: string, at: string, fee = '0', reason: FillReason = 'entry', more: Partial<Fill> = {}): Fill {
  count++;
  return {
    fillId: `f${count}`,
    clientOrderId: reason === 'entry' ? 'entry' : `o${count}`,
    asset: perp.asset,
    mode: 'paper',
    symbol: perp.symbol,
    strategyId: 'ema-cross',
    side,
    reason,
    price: price(at),
    qty: qty(quantity),
    fee: money(fee),
    filledAt: T0 + count,
    paper: null,
    venueExecutionId: null,
    ...more,
  };
}

function book(fills: readonly Fill[], multiplier: Ratio = ratio('1')) {
  let position: BookedPosition | null = null;
  const closed: ClosedPart[] = [];
  for (const each of fills) {
    const booked: ReturnType<typeof bookFill> = bookFill(position, each, multiplier);
    position = booked.position;
    if (booked.closed !== null) closed.push(booked.closed);
  }
  return { position, closed };
}

describe('ledger/positions', () => {
  it('SZ-8 a long: what came in minus what went out minus the fees', () => {
    const { position, closed } = book([fill('buy', '2', '100', '0.2'), fill('sell', '2', '103', '0.21', 'take_profit')]);
    assert.equal(position, null);
    const [trade] = closed;
    assert.ok(trade !== undefined);
    const { pnl, fees, qty: traded, entryPrice, exitPrice, side, exitReason, tradeId } = trade;
    assert.deepEqual(
      { pnl, fees, traded, entryPrice, exitPrice, side, exitReason, tradeId },
      { pnl: '5.59', fees: '0.41', traded: '2', entryPrice: '100', exitPrice: '103', side: 'buy', exitReason: 'take_profit', tradeId: 'entry' },
    );
  });

  it('SZ-8 a short earns when the price falls, times the multiplier', () => {
    const { closed } = book([fill('sell', '3', '50', '0.1'), fill('buy', '3', '48', '0.1', 'exit')], ratio('10'));
    assert.equal(closed[0]?.pnl, '59.8');
  });

  it('SZ-8 averages what was added, and realises what was taken away', () => {
    const { position } = book([fill('buy', '1', '100'), fill('buy', '3', '104'), fill('sell', '1', '110', '0.5', 'exit')]);
    assert.deepEqual([position?.averagePrice, position?.qty, position?.realised, position?.fees], ['103', '3', '7', '0.5']);
  });

  it('SZ-8 the result of a trade is exact even where its average price is not', () => {
    const { closed } = book([fill('buy', '1', '1'), fill('buy', '2', '2'), fill('sell', '3', '1.1', '0', 'exit')]);
    assert.deepEqual([closed[0]?.pnl, closed[0]?.entryPrice.slice(0, 8)], ['-1.7', '1.666666']);
  });

  it('a fill larger than the position closes it and opens the rest on its own side, the fee divided', () => {
    const { position, closed } = book([fill('buy', '1', '100'), fill('sell', '4', '90', '0.4', 'exit')]);
    assert.deepEqual([closed[0]?.pnl, closed[0]?.fees], ['-10.1', '0.1']);
    assert.deepEqual([position?.side, position?.qty, position?.averagePrice, position?.fees], ['sell', '3', '90', '0.3']);
  });

  it('refuses a fill of something else, or of nothing', () => {
    const { position } = book([fill('buy', '1', '100')]);
    assert.throws(() => bookFill(position, fill('sell', '1', '1', '0', 'exit', { symbol: 'XRP/USDT:USDT' }), ratio('1')), RangeError);
    assert.throws(() => bookFill(position, fill('sell', '1', '1', '0', 'exit', { mode: 'live' }), ratio('1')), RangeError);
    assert.throws(() => bookFill(null, fill('buy', '0', '1'), ratio('1')), RangeError);
  });

  it('keeps the bracket of the fill that opened it', () => {
    const bracket = { takeProfit: price('110'), stopLoss: price('90') };
    assert.deepEqual(bookFill(null, fill('buy', '1', '100'), ratio('1'), bracket).position?.bracket, bracket);
  });

  it('SZ-8 Σ results = Σ cash of the fills, to the last decimal, whatever the order of fills', () => {
    const one = fc.record({
      side: fc.constantFrom<Side>('buy', 'sell'),
      units: fc.integer({ min: 1, max: 1000 }),
      cents: fc.integer({ min: 1, max: 10_000_000 }),
      fee: fc.integer({ min: 0, max: 1000 }),
    });
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 30 }), fc.constantFrom('1', '0.01', '100'), (raw, m) => {
        const multiplier = ratio(m);
        const fills = raw.map(({ side, units, cents, fee }) => fill(side, String(units), (cents / 100).toFixed(2), (fee / 1000).toFixed(3)));
        const net = fills.reduce((sum, each) => add(sum, each.side === 'buy' ? each.qty : negate(each.qty)), ZERO_QTY);
        // Bring it to zero, so that every result is realised.
        if (!isZero(net)) fills.push(fill(net.startsWith('-') ? 'buy' : 'sell', net.replace('-', ''), '77.7', '0.01', 'exit'));
        const { position, closed } = book(fills, multiplier);
        assert.equal(position, null);
        let cash = ZERO_MONEY;
        for (const each of fills) {
          const value = scale(notional(each.price, each.qty), multiplier);
          cash = subtract(each.side === 'sell' ? add(cash, value) : subtract(cash, value), each.fee);
        }
        assert.equal(
          closed.reduce((sum, { pnl }) => add(sum, pnl), ZERO_MONEY),
          cash,
        );
      }),
    );
  });
});
