import fc from 'fast-check';
import { describe, it } from 'mocha';
import assert from 'node:assert/strict';
import { price } from '#trading/money/decimal.ts';
import type { MatchingExchange } from '#venues/embedded/engine/exchange.ts';
import type { Memory } from '#venues/embedded/engine/memory.ts';
import type { Exits } from '#venues/embedded/engine/triggers.ts';
import type { Order } from '#venues/embedded/engine/types.ts';
import { executionsOf, newExchange, PERP, quote, refused, request, states, T0, taken } from './bench.ts';

const START = 500_000;
const at = (ticks: number) => price((ticks / 10).toFixed(1));

/** The last price, in ticks; what it traded is too little to fill anything. */
const goes = (exchange: MatchingExchange, ticks: number, now: number) =>
  exchange.onQuote(
    quote({ bid: at(ticks - 1), ask: at(ticks + 1), bidSize: '9', askSize: '9', trade: { price: at(ticks), size: '0.001', aggressor: 'buy' } }),
    now,
  );

function holding(long: boolean, memories: readonly Memory[] = []): MatchingExchange {
  const exchange = newExchange({ USDT: '1000000' }, 'trailing', memories);
  goes(exchange, START, T0);
  if (memories.length === 0) taken(exchange.submit(request({ side: long ? 'buy' : 'sell', size: '0.5' }), T0));
  return exchange;
}

const trail = (exchange: MatchingExchange, distance: string, activation: string | null = null, by: 'last' | 'mark' = 'last') =>
  exchange.setExits(
    PERP,
    'one-way',
    { trailing: { distance: price(distance), activation: activation === null ? null : price(activation), by } },
    T0 + 1,
  );
const stopOf = (exchange: MatchingExchange): Order | undefined =>
  exchange
    .orders({ contract: PERP, states: 'open' })
    .find(({ request: { stopKind } }) => stopKind === 'trailing-stop' || stopKind === 'trailing-profit');
const sizeOf = (exchange: MatchingExchange) => exchange.positions(PERP)[0]?.size;

interface Walk {
  readonly long: boolean;
  readonly distance: number;
  readonly activation: number | null;
  readonly moves: readonly number[];
}

const walks: fc.Arbitrary<Walk> = fc.record({
  long: fc.boolean(),
  distance: fc.integer({ min: 1, max: 400 }),
  activation: fc.option(fc.integer({ min: 20, max: 300 }), { nil: null }),
  moves: fc.array(fc.integer({ min: -150, max: 150 }), { minLength: 1, maxLength: 60 }),
});

/** By the definition: the quote, counted from 0, at which the price has come back by the distance from its best since the activation. */
function firesAtStep({ long, distance, activation, moves }: Walk): number | null {
  const way = long ? 1 : -1;
  let [gain, best] = [0, activation === null ? 0 : null] as [number, number | null];
  for (const [index, move] of moves.entries()) {
    gain += move * way;
    if (best === null ? gain >= (activation ?? 0) : gain > best) best = gain;
    if (best !== null && best - gain >= distance) return index;
  }
  return null;
}

function set(exchange: MatchingExchange, { long, distance, activation }: Walk): void {
  const from = activation === null ? null : at(START + (long ? activation : -activation));
  taken(trail(exchange, at(distance), from));
}

describe('the matching engine: trailing stops', () => {
  it('fires at the very quote that has come back by the distance from the best, and never before', () => {
    fc.assert(
      fc.property(walks, (walk) => {
        const exchange = holding(walk.long);
        set(exchange, walk);
        const expected = firesAtStep(walk);
        let ticks = START;
        for (const [index, move] of walk.moves.entries()) {
          ticks += move;
          const events = goes(exchange, ticks, T0 + 2 + index);
          const closed = executionsOf(events);
          if (index < (expected ?? Infinity)) assert.deepEqual(closed, [], `quote ${index} of ${JSON.stringify(walk)}`);
          else {
            assert.equal(sizeOf(exchange), '0');
            const order = taken({ ok: true, value: exchange.order({ contract: PERP, id: closed[0]?.orderId ?? '', linkId: null }), events: [] });
            assert.deepEqual([order?.request.reduceOnly, order?.request.type, order?.qty, order?.state], [true, 'market', '0.5', 'filled']);
            return;
          }
        }
        assert.equal(sizeOf(exchange), walk.long ? '0.5' : '-0.5');
      }),
      { numRuns: 300 },
    );
  });

  it('is never looser than it was, whatever the price does', () => {
    fc.assert(
      fc.property(walks, (walk) => {
        const exchange = holding(walk.long);
        set(exchange, walk);
        let [ticks, before] = [START, Number(stopOf(exchange)?.trigger?.price)];
        for (const [index, move] of walk.moves.entries()) {
          ticks += move;
          goes(exchange, ticks, T0 + 2 + index);
          const stop = stopOf(exchange);
          if (stop === undefined) return;
          const now = Number(stop.trigger?.price);
          assert.ok(walk.long ? now >= before : now <= before, `from ${before} to ${now}`);
          before = now;
        }
      }),
      { numRuns: 200 },
    );
  });

  it('an exchange that recalls it goes on from the same best price', () => {
    fc.assert(
      fc.property(walks, fc.integer({ min: 0, max: 59 }), (walk, cut) => {
        const memories: string[] = [];
        const first = newExchange({ USDT: '1000000' }, 'trailing');
        first.onMemory = (memory) => memories.push(JSON.stringify(memory));
        goes(first, START, T0);
        taken(first.submit(request({ side: walk.long ? 'buy' : 'sell', size: '0.5' }), T0));
        set(first, walk);
        let [ticks, second] = [START, null as MatchingExchange | null];
        for (const [index, move] of walk.moves.entries()) {
          ticks += move;
          goes(first, ticks, T0 + 2 + index);
          if (second !== null) goes(second, ticks, T0 + 2 + index);
          if (index === cut) {
            const recalled = memories.map((text) => JSON.parse(text) as Memory);
            second = newExchange({ USDT: '1000000' }, 'trailing', recalled);
            assert.deepEqual(stopOf(second), stopOf(first));
            goes(second, ticks, T0 + 2 + index);
          }
        }
        if (second === null) return;
        assert.equal(sizeOf(second), sizeOf(first));
        assert.deepEqual(second.orders({ states: 'all' }), first.orders({ states: 'all' }));
      }),
      { numRuns: 150 },
    );
  });

  it('tells of its making and its end, not of its moves', () => {
    const exchange = holding(true);
    const made = trail(exchange, '100');
    taken(made);
    assert.deepEqual(states(made.events), ['untriggered']);
    assert.equal(stopOf(exchange)?.trigger?.price, '49900');
    assert.deepEqual(goes(exchange, START + 500, T0 + 2), []);
    assert.equal(stopOf(exchange)?.trigger?.price, '49950');
    assert.deepEqual(states(goes(exchange, START - 500, T0 + 3)), ['triggered', 'new', 'filled']);
    assert.equal(exchange.positions(PERP)[0]?.trailing, null);
  });

  it('waits for its activation price, and shows where it will be then', () => {
    const exchange = holding(true);
    taken(trail(exchange, '100', '50200'));
    assert.deepEqual([stopOf(exchange)?.request.stopKind, stopOf(exchange)?.trigger?.price], ['trailing-profit', '50100']);
    goes(exchange, START - 5000, T0 + 2);
    assert.equal(sizeOf(exchange), '0.5', 'a fall before the activation is nothing to it');
    goes(exchange, START + 2500, T0 + 3);
    assert.equal(stopOf(exchange)?.trigger?.price, '50150');
    goes(exchange, START + 1500, T0 + 4);
    assert.equal(sizeOf(exchange), '0');
  });

  it('looks at the price that it names', () => {
    const exchange = holding(true);
    taken(trail(exchange, '100', null, 'mark'));
    const needle = { bid: '49000', ask: '49000.1', trade: { price: '49000', size: '0.001', aggressor: 'sell' } as const };
    exchange.onQuote(quote({ ...needle, mark: '50000' }), T0 + 2);
    assert.equal(sizeOf(exchange), '0.5');
    exchange.onQuote(quote({ mark: '49899' }), T0 + 3);
    assert.equal(sizeOf(exchange), '0');
  });

  it('the same request leaves what it reached, another starts anew, and it goes with "nothing" or with its cancel', () => {
    const exchange = holding(true);
    taken(trail(exchange, '100'));
    goes(exchange, START + 500, T0 + 2);
    assert.equal(refused(trail(exchange, '100')), 'NOT_MODIFIED');
    assert.equal(stopOf(exchange)?.trigger?.price, '49950');
    taken(trail(exchange, '200'));
    assert.equal(stopOf(exchange)?.trigger?.price, '49850');
    const gone = exchange.setExits(PERP, 'one-way', { trailing: null }, T0 + 3);
    taken(gone);
    assert.deepEqual([states(gone.events), stopOf(exchange)], [['cancelled'], undefined]);
    taken(trail(exchange, '100'));
    taken(exchange.cancel({ contract: PERP, id: stopOf(exchange)?.id ?? '', linkId: null }, T0 + 4));
    goes(exchange, START + 600, T0 + 5);
    goes(exchange, START - 600, T0 + 6);
    assert.equal(sizeOf(exchange), '0.5', 'a cancelled one does not come back');
  });

  it('follows the size of its position, and stands beside a stop loss', () => {
    const exchange = holding(true);
    const legs: Exits = { stopLoss: { trigger: price('49000'), by: 'last', limit: null } };
    taken(exchange.setExits(PERP, 'one-way', legs, T0));
    taken(trail(exchange, '100'));
    taken(exchange.submit(request({ size: '0.25' }), T0 + 2));
    assert.equal(stopOf(exchange)?.qty, '0.75');
    assert.deepEqual(
      states(goes(exchange, START - 1000, T0 + 3)),
      ['triggered', 'new', 'filled', 'cancelled'],
      'the stop loss goes with the position',
    );
  });

  it('goes with a position that was turned round', () => {
    const exchange = holding(true);
    taken(trail(exchange, '100'));
    taken(exchange.submit(request({ side: 'sell', size: '0.8' }), T0 + 2));
    assert.deepEqual([sizeOf(exchange), stopOf(exchange), exchange.positions(PERP)[0]?.trailing], ['-0.3', undefined, null]);
  });

  it('refuses distances and activation prices that make no sense, and positions that are not there', () => {
    const exchange = holding(true);
    assert.equal(refused(trail(exchange, '0.05')), 'OFF_TICK');
    assert.equal(refused(trail(exchange, '60000')), 'EXIT_SIDE');
    assert.equal(refused(trail(exchange, '100', '49000')), 'EXIT_SIDE');
    assert.equal(refused(trail(exchange, '100', '50200.05')), 'OFF_TICK');
    goes(exchange, START + 3000, T0 + 2);
    assert.equal(refused(trail(exchange, '100', '50200')), 'EXIT_SIDE', 'it was passed already');
    goes(exchange, START - 3000, T0 + 3);
    assert.equal(refused(trail(exchange, '100', '49800')), 'EXIT_SIDE', 'behind the entry');
    assert.equal(refused(trail(newExchange(), '100')), 'NO_POSITION');
    const stop = taken(trail(exchange, '100'));
    assert.equal(stop.trailing, '100');
    const own = { contract: PERP, id: stopOf(exchange)?.id ?? '', linkId: null };
    assert.equal(refused(exchange.amend(own, { trigger: price('49000') }, T0 + 4)), 'BAD_REQUEST');
  });
});
