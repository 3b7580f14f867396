import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { qty } from '#trading/money/decimal.ts';
import type { MatchingExchange } from '#venues/embedded/engine/exchange.ts';
import type { OrderRequest, SelfMatch } from '#venues/embedded/engine/types.ts';
import { executionsOf, newExchange, PERP, quote, request, SPOT, T0, taken } from './bench.ts';

/** One unit is offered at 50000.1, and an own sell rests there too. */
function withOwn(contract = PERP): { readonly exchange: MatchingExchange; readonly own: string } {
  const exchange = newExchange({ USDT: '1000000', BTC: '5' });
  const own = taken(exchange.submit(request({ contract, side: 'sell', at: '50000.1', size: '0.5' }), T0)).id;
  return { exchange, own };
}
const order = (exchange: MatchingExchange, id: string, contract = PERP) => exchange.order({ contract, id, linkId: null }) ?? assert.fail();
const buy = (exchange: MatchingExchange, more: Partial<OrderRequest> & { readonly size?: string } = {}, contract = PERP) =>
  exchange.submit(request({ contract, at: '50000.1', size: '1.2', ...more }), T0 + 1);
const met = (selfMatch: SelfMatch) => {
  const { exchange, own } = withOwn();
  const id = taken(buy(exchange, { selfMatch })).id;
  return { own: order(exchange, own), taker: order(exchange, id) };
};

describe('the matching engine: orders of the account that meet', () => {
  it('trade with each other once the market has nothing left that is as good, at the price of the one that rested', () => {
    for (const contract of [PERP, SPOT]) {
      const { exchange, own } = withOwn(contract);
      const outcome = buy(exchange, {}, contract);
      const fills = executionsOf(outcome.events).map(({ price, qty: size, maker, orderId }) => [price, size, maker, orderId === own]);
      assert.deepEqual(fills.slice(0, 1), [['50000.1', '1', false, false]], contract);
      assert.deepEqual(
        fills.filter(([, , , isOwn]) => isOwn),
        [['50000.1', '0.2', true, true]],
      );
      assert.deepEqual(fills.at(-1), ['50000.1', '0.2', false, false]);
      assert.deepEqual([taken(outcome).state, order(exchange, own, contract).leaves], ['filled', '0.3']);
    }
    const { exchange } = withOwn();
    buy(exchange);
    assert.equal(exchange.positions()[0]?.size, '1', 'what it sold to itself it has');
  });

  it('or the one that rested is cancelled, the one that came, or both; what was traded before stays', () => {
    const maker = met('cancel-maker');
    assert.deepEqual([maker.own.state, maker.own.cancelReason, maker.own.met], ['cancelled', 'self-match', maker.taker.id]);
    assert.equal(maker.taker.state, 'partially-filled', 'it rests where nothing is left');
    const taker = met('cancel-taker');
    assert.deepEqual([taker.own.state, taker.taker.state, taker.taker.filled, taker.taker.met], ['new', 'cancelled', '1', taker.own.id]);
    const both = met('cancel-both');
    assert.deepEqual([both.own.cancelReason, both.taker.cancelReason], ['self-match', 'self-match']);
  });

  it('what a resting order said of it counts no more, and an order that only makes does not take from an own one', () => {
    const exchange = newExchange();
    const own = taken(exchange.submit(request({ side: 'sell', at: '50000.1', size: '0.5', selfMatch: 'cancel-both' }), T0));
    exchange.onQuote(quote({ bid: '49999', ask: '50001', askSize: '1' }), T0 + 1);
    const late = taken(exchange.submit(request({ at: '50000.5', size: '0.2', timeInForce: 'post-only' }), T0 + 2));
    assert.deepEqual([late.state, late.cancelReason], ['cancelled', 'post-only']);
    assert.equal(taken(exchange.submit(request({ at: '50000.5', size: '0.2' }), T0 + 3)).state, 'filled');
    assert.equal(order(exchange, own.id).filled, qty('0.2'));
  });

  it('an exchange closes a contract by itself: orders first, at the mark, and says why', () => {
    for (const origin of ['deleveraging', 'settlement'] as const) {
      const exchange = newExchange();
      exchange.onQuote(quote({ mark: '50010', index: '50010' }), T0);
      taken(exchange.submit(request({ size: '0.2' }), T0));
      const rests = taken(exchange.submit(request({ at: '49000' }), T0));
      const events = exchange.close(PERP, origin, T0 + 1);
      assert.deepEqual(
        executionsOf(events).map(({ kind, price, qty: size, closed }) => [kind, price, size, closed]),
        [[origin, '50010', '0.2', '0.2']],
      );
      assert.equal(order(exchange, rests.id).cancelReason, origin);
      assert.deepEqual([exchange.positions(), exchange.orders({ states: 'open' })], [[], []]);
      assert.throws(() => exchange.close(SPOT, origin, T0), RangeError);
    }
  });
});
