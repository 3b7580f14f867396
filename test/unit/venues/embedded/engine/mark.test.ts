import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { price } from '#trading/money/decimal.ts';
import type { PriceSource } from '#venues/embedded/engine/triggers.ts';
import { executionsOf, newExchange, PERP, quote, refused, request, T0, taken } from './bench.ts';

/** The book and the last price, and the mark that stays apart from both. */
const at = (last: string, mark: string, index = mark) =>
  quote({ bid: last, ask: String(Number(last) + 0.1), trade: { price: last, size: '0.1', aggressor: 'sell' }, mark, index });

describe('the matching engine: a mark of its own', () => {
  for (const by of ['last', 'mark', 'index'] as const satisfies readonly PriceSource[]) {
    it(`a stop by the ${by} price fires on that and on nothing else`, () => {
      const exchange = newExchange();
      exchange.onQuote(at('50000', '50000'), T0);
      const stopLoss = { trigger: price('49000'), by, limit: null };
      taken(exchange.submit(request({ size: '0.1', protection: { mode: 'full', takeProfit: null, stopLoss } }), T0 + 1));
      const others = { last: at('49500', '48000', '48000'), mark: at('48000', '49500', '48000'), index: at('48000', '48000', '49500') };
      assert.deepEqual(executionsOf(exchange.onQuote(others[by], T0 + 2)), []);
      const own = { last: at('48900', '49500', '49500'), mark: at('49500', '48900', '49500'), index: at('49500', '49500', '48900') };
      assert.equal(executionsOf(exchange.onQuote(own[by], T0 + 3))[0]?.kind, 'trade');
      assert.deepEqual(exchange.positions(), []);
    });
  }

  it('profit that is not realised, maintenance and the worth of the account are at the mark, what is realised at the trade', () => {
    const exchange = newExchange();
    exchange.onQuote(at('50000', '50000'), T0);
    taken(exchange.submit(request({ size: '0.1' }), T0 + 1));
    exchange.onQuote(at('49000', '51000'), T0 + 2);
    const [position] = exchange.positions(PERP);
    assert.deepEqual([position?.mark, position?.unrealised, position?.maintenanceMargin], ['51000', '99.99', '25.5']);
    assert.equal(exchange.account().unrealised, '99.99');
    assert.equal(executionsOf(exchange.submit(request({ side: 'sell', size: '0.1' }), T0 + 3).events)[0]?.mark, '51000');
  });

  it('is liquidated by the mark: a crash of the last price alone takes nothing', () => {
    const exchange = newExchange({ USDT: '600' });
    exchange.onQuote(at('50000', '50000'), T0);
    taken(exchange.submit(request({ size: '0.1' }), T0 + 1));
    assert.deepEqual(executionsOf(exchange.onQuote(at('44000', '49900'), T0 + 2)), []);
    assert.equal(exchange.positions(PERP)[0]?.size, '0.1');
    assert.ok(executionsOf(exchange.onQuote(at('49900', '44000'), T0 + 3)).some(({ kind }) => kind === 'liquidation'));
  });

  it('funding is of the value at the mark', () => {
    const exchange = newExchange();
    exchange.onQuote(at('50000', '50000'), T0);
    taken(exchange.submit(request({ size: '0.1' }), T0 + 1));
    exchange.onQuote(at('50000', '40000'), T0 + 2);
    const [execution] = executionsOf(exchange.onTime(T0 + 8 * 3_600_000));
    assert.deepEqual([execution?.fee, execution?.price], ['0.4', '40000']);
  });

  it('triggers and exits are held against the price that they look at', () => {
    const exchange = newExchange();
    exchange.onQuote(at('50000', '49000'), T0);
    const leg = (by: PriceSource) => ({ mode: 'full', takeProfit: null, stopLoss: { trigger: price('49500'), by, limit: null } }) as const;
    assert.equal(refused(exchange.submit(request({ protection: leg('mark') }), T0)), 'EXIT_SIDE');
    assert.equal(refused(exchange.submit(request({ protection: leg('last') }), T0)), 'taken');
    const stop = (by: PriceSource) => request({ side: 'sell', trigger: { price: price('49500'), direction: 'fall', by }, stopKind: 'stop' });
    assert.deepEqual([refused(exchange.submit(stop('mark'), T0)), refused(exchange.submit(stop('last'), T0))], ['TRIGGER_SIDE', 'taken']);
  });
});
