import { describe, it } from 'mocha';
import assert from 'node:assert/strict';
import { price, qty } from '#trading/money/decimal.ts';
import type { MatchingExchange } from '#venues/embedded/engine/exchange.ts';
import { newExchange, PERP, quote, refused, request, SPOT, T0, taken } from './bench.ts';

const leg = (trigger: string) => ({ trigger: price(trigger), by: 'last', limit: null }) as const;
const PAIR = { mode: 'partial', takeProfit: leg('52000'), stopLoss: leg('48000') } as const;
const RISE = { price: price('51000'), direction: 'rise', by: 'last' } as const;
const add = (exchange: MatchingExchange, size: string, legs: { takeProfit?: string; stopLoss?: string }) => {
  const { takeProfit, stopLoss } = legs;
  const exits = {
    size: qty(size),
    takeProfit: takeProfit === undefined ? null : leg(takeProfit),
    stopLoss: stopLoss === undefined ? null : leg(stopLoss),
  };
  return exchange.addExits(PERP, 'one-way', exits, T0 + 1);
};
const kinds = (exchange: MatchingExchange) =>
  exchange
    .orders({ states: 'open' })
    .map(({ request: { stopKind } }) => stopKind)
    .sort();

describe('the matching engine: exits of parts', () => {
  it('on spot thirty exits and thirty conditional orders stand beside each other, and no more of either', () => {
    const exchange = newExchange({ USDT: '1000000', BTC: '1' });
    const conditional = (stopKind: 'stop' | 'tpsl') =>
      exchange.submit(request({ contract: SPOT, side: 'sell', size: '0.001', trigger: RISE, stopKind }), T0);
    for (let one = 0; one < 30; one++) for (const kind of ['stop', 'tpsl'] as const) taken(conditional(kind));
    assert.equal(refused(conditional('stop')), 'TOO_MANY_CONDITIONALS');
    assert.equal(refused(conditional('tpsl')), 'TOO_MANY_EXITS');
    assert.equal(refused(exchange.submit(request({ contract: SPOT, at: '49000', protection: PAIR }), T0)), 'TOO_MANY_EXITS');
    taken(exchange.submit(request({ contract: SPOT, at: '49000' }), T0));
  });

  it('an order counts for the exits that it will bring, and for none of them twice', () => {
    const exchange = newExchange();
    for (let one = 0; one < 9; one++) taken(exchange.submit(request({ at: '49000', protection: PAIR }), T0));
    const last = taken(exchange.submit(request({ at: '50000.1', size: '1.5', protection: PAIR }), T0));
    assert.equal(last.state, 'partially-filled');
    assert.deepEqual(kinds(exchange).slice(-2), ['partial-stop-loss', 'partial-take-profit'], 'of what has filled');
    assert.equal(refused(exchange.submit(request({ at: '49000', protection: PAIR }), T0)), 'TOO_MANY_EXITS');
    taken(
      exchange.cancel(
        {
          contract: PERP,
          id: exchange.orders({ states: 'open' }).find(({ filled, price: at }) => filled === '0' && at === '49000')?.id ?? '',
          linkId: null,
        },
        T0,
      ),
    );
    taken(exchange.submit(request({ at: '49000', protection: PAIR }), T0));
  });

  it('cover no more than the position, each kind by itself', () => {
    const exchange = newExchange();
    taken(exchange.submit(request({ size: '0.5' }), T0));
    taken(add(exchange, '0.3', { takeProfit: '52000' }));
    assert.equal(refused(add(exchange, '0.3', { takeProfit: '53000' })), 'EXIT_SIZE');
    taken(add(exchange, '0.2', { takeProfit: '53000', stopLoss: '48000' }));
    assert.equal(refused(add(exchange, '0.2', { takeProfit: '53000', stopLoss: '48000' })), 'EXIT_SIZE', 'all or none');
    assert.deepEqual(kinds(exchange), ['partial-stop-loss', 'partial-take-profit', 'partial-take-profit']);
    assert.equal(refused(add(newExchange(), '0.1', { stopLoss: '48000' })), 'NO_POSITION');
  });

  it('the first of a pair that fires ends the other; the end of the position ends them all, as its exits', () => {
    const exchange = newExchange();
    taken(exchange.submit(request({ size: '0.5' }), T0));
    const [profit, loss] = taken(add(exchange, '0.2', { takeProfit: '51000', stopLoss: '49000' }));
    const other = taken(add(exchange, '0.3', { stopLoss: '48000' }))[0];
    exchange.onQuote(quote({ bid: '51000', ask: '51000.1' }), T0 + 2);
    const now = (id: string | undefined) => exchange.order({ contract: PERP, id: id ?? '', linkId: null });
    assert.deepEqual([now(profit?.id)?.state, now(loss?.id)?.state, now(other?.id)?.state], ['filled', 'cancelled', 'untriggered']);
    taken(exchange.submit(request({ side: 'sell', size: '0.3', reduceOnly: true }), T0 + 3));
    assert.deepEqual([now(other?.id)?.state, now(other?.id)?.cancelReason], ['cancelled', 'exit-cleared']);
  });

  it('cancelling one of the pair of an entry ends both, and neither comes back with its next fill', () => {
    const exchange = newExchange();
    const entry = taken(exchange.submit(request({ at: '50000.1', size: '1.5', protection: PAIR }), T0));
    const profit = exchange.orders({ states: 'open' }).find(({ request: { stopKind } }) => stopKind === 'partial-take-profit');
    taken(exchange.cancel({ contract: PERP, id: profit?.id ?? '', linkId: null }, T0));
    assert.deepEqual(kinds(exchange), ['none']);
    exchange.onQuote(quote({}), T0 + 1);
    assert.equal(exchange.order({ contract: PERP, id: entry.id, linkId: null })?.state, 'filled');
    assert.deepEqual(kinds(exchange), []);
  });
});
