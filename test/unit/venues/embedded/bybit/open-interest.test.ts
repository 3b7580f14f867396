import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { contractsAt } from '#venues/embedded/bybit/private/open-interest.ts';
import { newExchange, PERP, quote, request, T0 } from '../engine/bench.ts';

const trade = fc.record({ buy: fc.boolean(), lots: fc.integer({ min: 1, max: 300 }), wait: fc.integer({ min: 1, max: 4 }) });

describe('open interest of the embedded Bybit', () => {
  it('read backwards it is what was held at every moment, in both position modes', () => {
    fc.assert(
      fc.property(fc.array(trade, { maxLength: 20 }), fc.boolean(), (trades, hedge) => {
        const exchange = newExchange();
        if (hedge) exchange.setHedge(PERP, true, T0);
        let now = T0;
        const held = [{ at: now, contracts: '0' }];
        for (const { buy, lots, wait } of trades) {
          now += wait;
          exchange.onQuote(quote({ bidSize: '9', askSize: '9' }), now);
          const slot = hedge ? (lots % 2 === 0 ? 'long' : 'short') : 'one-way';
          exchange.submit(request({ side: buy ? 'buy' : 'sell', size: (lots / 1000).toFixed(3), slot }), now);
          held.unshift({ at: now, contracts: exchange.openContracts(PERP) });
        }
        const times = held.map(({ at }) => at);
        assert.deepEqual(contractsAt(times, exchange.executions(PERP), exchange.positions(PERP)), held);
      }),
    );
  });
});
