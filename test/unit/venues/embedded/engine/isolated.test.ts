import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { absolute, atLeast, isPositive, money, negate, notional, price, ratio, subtract, ZERO_MONEY } from '#trading/money/decimal.ts';
import type { Memory } from '#venues/embedded/engine/memory.ts';
import { both, executionsOf, newExchange, PERP, quote, refused, request, states, T0, taken } from './bench.ts';

const at = (mark: string) =>
  quote({ bid: mark, ask: String(Number(mark) + 0.1), mark, index: mark, trade: { price: mark, size: '1', aggressor: 'sell' } });

function isolated(wallet: Readonly<Record<string, string>> = { USDT: '100000' }) {
  const exchange = newExchange(wallet);
  taken(exchange.setMarginMode('isolated', T0));
  exchange.onQuote(at('50000'), T0);
  return exchange;
}
const free = (exchange: ReturnType<typeof isolated>) => exchange.account().available;

describe('the matching engine: isolated margin', () => {
  it('a long is liquidated where margin and loss leave the maintenance, at the price where the margin is gone; the rest of the account stays', () => {
    const exchange = isolated();
    taken(exchange.submit(request({ size: '1' }), T0 + 1));
    const [position] = exchange.positions(PERP);
    // (cost − cost / 10) / (1 − 0.005), and cost − cost / 10 on the tick.
    assert.deepEqual([position?.liquidation, position?.bankruptcy], ['45226.2211055276', '45000.1']);
    assert.deepEqual(executionsOf(exchange.onQuote(at('45226.3'), T0 + 2)), []);
    const [execution] = executionsOf(exchange.onQuote(at('45226.2'), T0 + 3));
    assert.deepEqual([execution?.kind, execution?.price, execution?.qty], ['liquidation', '45000.1', '1']);
    assert.deepEqual(exchange.positions(), []);
    assert.ok(Number(exchange.account().equity) > 94_900, 'the margin, and no more');
  });

  it('a short likewise, on the other side', () => {
    const exchange = isolated();
    taken(exchange.submit(request({ side: 'sell', size: '1' }), T0 + 1));
    assert.equal(exchange.positions(PERP)[0]?.liquidation, '54726.368159204');
    assert.deepEqual(executionsOf(exchange.onQuote(at('54726.3'), T0 + 2)), []);
    assert.equal(executionsOf(exchange.onQuote(at('54726.4'), T0 + 3))[0]?.kind, 'liquidation');
  });

  it('in cross margin the same move takes nothing: the account stands for it', () => {
    const exchange = newExchange();
    exchange.onQuote(at('50000'), T0);
    taken(exchange.submit(request({ size: '1' }), T0 + 1));
    assert.deepEqual(executionsOf(exchange.onQuote(at('45000'), T0 + 2)), []);
    assert.equal(exchange.positions(PERP)[0]?.bankruptcy, null);
  });

  it('orders and exits of the position go first, as cancelled before the liquidation', () => {
    const exchange = isolated();
    const stopLoss = { trigger: price('40000'), by: 'mark', limit: null } as const;
    taken(exchange.submit(request({ size: '0.1', protection: { mode: 'full', takeProfit: null, stopLoss } }), T0 + 1));
    const rests = taken(exchange.submit(request({ at: '49000', size: '0.1', reduceOnly: false }), T0 + 2));
    const events = exchange.onQuote(quote({ bid: '50000', ask: '50000.1', mark: '45000', index: '45000' }), T0 + 3);
    assert.equal(exchange.order({ contract: PERP, id: rests.id, linkId: null })?.cancelReason, 'liquidation');
    assert.deepEqual(states(events).filter((state) => state === 'cancelled').length, 2);
    assert.deepEqual(exchange.orders({ contract: PERP, states: 'open' }), []);
  });

  it('leverage decides how far it is, and is refused where the margin for it is not there', () => {
    const exchange = isolated({ USDT: '6000' });
    taken(exchange.setLeverage(PERP, both('20'), T0));
    taken(exchange.submit(request({ size: '1' }), T0 + 1));
    assert.equal(exchange.positions(PERP)[0]?.initialMargin, '2500.005');
    assert.equal(refused(exchange.setLeverage(PERP, both('5'), T0)), 'MARGIN_SHORT');
    assert.deepEqual(exchange.leverage(PERP), both('20'), 'nothing changed');
    taken(exchange.setLeverage(PERP, both('10'), T0));
    assert.equal(exchange.positions(PERP)[0]?.liquidation, '45226.2211055276');
  });

  it('profit of one position pays for no other order', () => {
    const exchange = isolated();
    taken(exchange.submit(request({ size: '1' }), T0 + 1));
    const before = free(exchange);
    exchange.onQuote(at('60000'), T0 + 2);
    assert.equal(free(exchange), before);
  });

  it('the mode is the account’s, and is remembered; positions and orders stay where the account carries them', () => {
    const memories: Memory[] = [];
    const exchange = newExchange({ USDT: '6000' });
    exchange.onMemory = (memory) => memories.push(memory);
    exchange.onQuote(at('50000'), T0);
    assert.equal(refused(exchange.setMarginMode('cross', T0)), 'NOT_MODIFIED');
    taken(exchange.submit(request({ size: '1' }), T0));
    const order = taken(exchange.submit(request({ at: '49000' }), T0));
    const events = exchange.setMarginMode('isolated', T0 + 1).events;
    assert.ok(events.some((event) => event.kind === 'position' && event.position.bankruptcy === '45000.1'));
    assert.equal(newExchange({ USDT: '6000' }, 'test', memories).marginMode(), 'isolated');
    assert.equal(exchange.order({ contract: PERP, id: order.id, linkId: null })?.state, 'new');
    taken(exchange.setMarginMode('cross', T0 + 2));
  });

  it('the mode stays where a position alone would be liquidated at once, or where margin is missing', () => {
    const exchange = newExchange({ USDT: '100000' });
    exchange.onQuote(at('50000'), T0);
    taken(exchange.submit(request({ size: '1' }), T0));
    exchange.onQuote(at('45200'), T0 + 1);
    assert.equal(refused(exchange.setMarginMode('isolated', T0 + 1)), 'WOULD_LIQUIDATE');
    const gains = newExchange({ USDT: '5100' });
    gains.onQuote(at('50000'), T0);
    taken(gains.submit(request({ size: '1' }), T0));
    gains.onQuote(at('60000'), T0 + 1);
    taken(gains.submit(request({ size: '1' }), T0 + 2));
    assert.equal(refused(gains.setMarginMode('isolated', T0 + 3)), 'MARGIN_SHORT', 'profit of one entry paid for the other');
    assert.deepEqual([exchange.marginMode(), gains.marginMode()], ['cross', 'cross']);
    assert.deepEqual([exchange.positions().length, exchange.positions()[0]?.bankruptcy], [1, null]);
  });

  it('longs and shorts have a leverage each in two-way mode, and each its own margin and liquidation price', () => {
    const exchange = isolated();
    assert.equal(refused(exchange.setLeverage(PERP, { long: ratio('20'), short: ratio('5') }, T0)), 'BAD_REQUEST', 'one-way');
    taken(exchange.setHedge(PERP, true, T0));
    taken(exchange.setLeverage(PERP, { long: ratio('20'), short: ratio('5') }, T0));
    taken(exchange.submit(request({ slot: 'long', size: '1' }), T0 + 1));
    exchange.onQuote(at('50000'), T0 + 2);
    taken(exchange.submit(request({ slot: 'short', side: 'sell', size: '1' }), T0 + 3));
    const [long, short] = exchange.positions(PERP);
    assert.deepEqual([long?.leverage, long?.initialMargin, short?.leverage, short?.initialMargin], ['20', '2500.005', '5', '10000']);
    assert.deepEqual([long?.bankruptcy, short?.bankruptcy], ['47500.1', '60000']);
    assert.deepEqual(
      exchange.executions(PERP).map(({ leverage }) => leverage),
      ['5', '20'],
    );
    taken(exchange.setMarginMode('cross', T0 + 4));
    assert.deepEqual(exchange.leverage(PERP), both('5'), 'cross margin has one, the one that asks for more');
    assert.equal(refused(exchange.setLeverage(PERP, { long: ratio('20'), short: ratio('5') }, T0)), 'BAD_REQUEST', 'cross');
  });

  it('whatever the market does, a position never loses more than its margin and its fees', () => {
    const run = fc.record({ long: fc.boolean(), lots: fc.integer({ min: 1, max: 2000 }), leverage: fc.integer({ min: 1, max: 100 }) });
    fc.assert(
      fc.property(run, fc.array(fc.integer({ min: -2000, max: 2000 }), { maxLength: 20 }), ({ long, lots, leverage }, moves) => {
        const exchange = newExchange({ USDT: '1000000' });
        taken(exchange.setMarginMode('isolated', T0));
        exchange.onQuote(at('50000'), T0);
        if (leverage !== 10) taken(exchange.setLeverage(PERP, both(String(leverage)), T0));
        const events = [...exchange.submit(request({ side: long ? 'buy' : 'sell', size: String(lots / 1000) }), T0 + 1).events];
        const margin = exchange.positions(PERP)[0]?.initialMargin ?? ZERO_MONEY;
        let mark = 50_000;
        for (const [index, move] of moves.entries()) {
          mark = Math.max(1000, mark + move * 10);
          events.push(...exchange.onQuote(at(String(mark)), T0 + 2 + index));
        }
        const closed = executionsOf(events).filter(({ kind }) => kind === 'liquidation');
        const lost = closed.reduce((sum, { realised }) => subtract(sum, realised), money('0'));
        assert.ok(atLeast(margin, lost), `margin ${margin}, lost ${lost}`);
        for (const { size, mark: now, cost, liquidation } of exchange.positions()) {
          const worth = notional(now, absolute(size), ratio('1'));
          const gain = isPositive(size) ? subtract(worth, cost) : negate(subtract(worth, cost));
          assert.ok(liquidation === null || atLeast(gain, negate(margin)), `open with a loss of ${gain} on ${margin}`);
        }
      }),
    );
  });
});
