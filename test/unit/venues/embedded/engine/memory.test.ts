import { describe, it } from 'mocha';
import assert from 'node:assert/strict';
import { price } from '#trading/money/decimal.ts';
import type { MatchingExchange } from '#venues/embedded/engine/exchange.ts';
import type { Memory } from '#venues/embedded/engine/memory.ts';
import { both, newExchange, PERP, quote, refused, request, SPOT, T0, taken } from './bench.ts';

const LEG = { by: 'last', limit: null } as const;
const BRACKET = { mode: 'full', takeProfit: { trigger: price('52000'), ...LEG }, stopLoss: { trigger: price('49000'), ...LEG } } as const;

/** Everything that can be asked of it. */
const seen = (exchange: MatchingExchange) => ({
  orders: exchange.orders({ states: 'all' }),
  open: exchange.orders({ states: 'open' }),
  executions: exchange.executions(),
  positions: [...exchange.positions(PERP), ...exchange.positions(SPOT)],
  account: exchange.account(),
  leverage: exchange.leverage(PERP),
});

describe('the matching engine: what it remembers', () => {
  it('goes on where it was: orders, exits, positions, balances, ids, and what follows is the same', () => {
    const memories: string[] = [];
    const first = newExchange();
    first.onMemory = (memory) => memories.push(JSON.stringify(memory));
    taken(first.setLeverage(PERP, both('20'), T0));
    taken(first.submit(request({ size: '0.3', protection: BRACKET, linkId: 'entry' }), T0));
    taken(first.submit(request({ contract: SPOT, size: '0.1' }), T0));
    const rests = taken(first.submit(request({ at: '49500', size: '0.1' }), T0));
    taken(first.cancel({ contract: PERP, id: taken(first.submit(request({ at: '48000' }), T0)).id, linkId: null }, T0));
    first.onTime(T0 + 8 * 3_600_000);

    const second = newExchange(
      undefined,
      undefined,
      memories.map((text) => JSON.parse(text) as Memory),
    );
    for (const contract of [SPOT, PERP]) for (const exchange of [first, second]) exchange.onQuote(quote({ contract }), T0 + 8 * 3_600_000);
    assert.deepEqual(seen(second), seen(first));
    assert.equal(refused(second.submit(request({ linkId: 'entry' }), T0)), 'DUPLICATE_LINK');
    for (const exchange of [first, second]) {
      exchange.onQuote(quote({ bid: '49400', ask: '49400.1', askSize: '3' }), T0 + 8 * 3_600_000 + 1);
      assert.equal(exchange.order({ contract: PERP, id: rests.id, linkId: null })?.state, 'filled');
      exchange.onQuote(quote({ bid: '48900', ask: '48900.1' }), T0 + 8 * 3_600_000 + 2);
      assert.deepEqual(exchange.positions(), []);
    }
    assert.deepEqual(seen(second), seen(first));
  });
});
