import fc from 'fast-check';
import { describe, it } from 'mocha';
import assert from 'node:assert/strict';
import {
  add,
  atMost,
  isZero,
  money,
  negate,
  price,
  qty,
  scale,
  subtract,
  ratio,
  ZERO_MONEY,
  ZERO_QTY,
  type Money,
  type Qty,
} from '#trading/money/decimal.ts';
import type { MatchingExchange } from '#venues/embedded/engine/exchange.ts';
import type { Memory } from '#venues/embedded/engine/memory.ts';
import type { Protection } from '#venues/embedded/engine/triggers.ts';
import type { ExchangeEvent, Order, PositionSlot } from '#venues/embedded/engine/types.ts';
import { newExchange, PERP, quote, request, SPOT, T0 } from './bench.ts';

/** One thing that happens: an order, an amendment, a cancel, a move of the market, the passing of time. */
interface Step {
  readonly what: 'order' | 'amend' | 'cancel' | 'move' | 'wait';
  readonly spot: boolean;
  readonly buy: boolean;
  readonly lots: number;
  /** Ticks from the middle; null is a market order. */
  readonly away: number | null;
  readonly tif: 'gtc' | 'ioc' | 'fok' | 'post-only';
  readonly reduceOnly: boolean;
  readonly exits: 'none' | 'full' | 'partial';
  readonly conditional: boolean;
  readonly traded: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom('order', 'order', 'order', 'amend', 'cancel', 'move', 'move', 'move', 'wait'),
  spot: fc.boolean(),
  buy: fc.boolean(),
  lots: fc.integer({ min: 1, max: 900 }),
  away: fc.option(fc.integer({ min: -40, max: 40 }), { nil: null }),
  tif: fc.constantFrom('gtc', 'gtc', 'ioc', 'fok', 'post-only'),
  reduceOnly: fc.boolean(),
  exits: fc.constantFrom('none', 'none', 'full', 'partial'),
  conditional: fc.boolean(),
  traded: fc.boolean(),
});

const START = { USDT: '100000', BTC: '1' };

interface Run {
  readonly exchange: MatchingExchange;
  readonly events: readonly ExchangeEvent[];
}

function play(steps: readonly Step[], check: (run: Run) => void = () => undefined, onMemory: ((memory: Memory) => void) | null = null): Run {
  const exchange = newExchange(START, 'properties');
  exchange.onMemory = onMemory;
  const events: ExchangeEvent[] = [];
  let [now, middle] = [T0, 500_000];
  for (const one of steps) {
    now += one.what === 'wait' ? 9 * 3_600_000 : 1000;
    if (one.what === 'move') middle += (one.away ?? 0) * 50;
    events.push(...happen(exchange, one, now, middle));
    check({ exchange, events });
  }
  return { exchange, events };
}

function happen(exchange: MatchingExchange, one: Step, now: number, middle: number, slot: PositionSlot = 'one-way'): readonly ExchangeEvent[] {
  const contract = one.spot ? SPOT : PERP;
  const at = (ticks: number) => price((ticks / 10).toFixed(1));
  if (one.what === 'wait') return exchange.onTime(now);
  if (one.what === 'move') {
    const trade = { price: at(middle), size: String(one.lots / 100), aggressor: one.buy ? 'buy' : 'sell' } as const;
    const book = { contract, bid: at(middle), ask: at(middle + 1), bidSize: '2', askSize: String(one.lots / 50) };
    return exchange.onQuote(quote({ ...book, ...(one.traded && { trade }) }), now);
  }
  const open = exchange.orders({ contract, states: 'open' });
  const picked = open[one.lots % Math.max(1, open.length)];
  const ref = { contract, id: picked?.id ?? 'none', linkId: null };
  if (one.what === 'cancel') return exchange.cancel(ref, now).events;
  if (one.what === 'amend') return exchange.amend(ref, { price: at(middle + (one.away ?? 1)), qty: qty(String(one.lots / 1000)) }, now).events;
  const order = orderOf(one, contract, middle, at);
  return exchange.submit(one.spot ? order : { ...order, slot }, now).events;
}

function orderOf(one: Step, contract: string, middle: number, at: (ticks: number) => ReturnType<typeof price>) {
  const leg = (ticks: number) => ({ trigger: at(middle + ticks), by: 'last', limit: null }) as const;
  const protection: Protection | null =
    one.exits === 'none' ? null : { mode: one.exits, takeProfit: leg(one.buy ? 100 : -100), stopLoss: leg(one.buy ? -100 : 100) };
  return request({
    contract,
    side: one.buy ? 'buy' : 'sell',
    size: String(one.lots / 1000),
    ...(one.away !== null && { at: at(middle + one.away), timeInForce: one.tif }),
    reduceOnly: one.reduceOnly && contract === PERP,
    protection,
    ...(one.conditional && { trigger: { price: at(middle + 60), direction: 'rise', by: 'last' }, stopKind: 'stop' }),
  });
}

const RUNS = { numRuns: 150 };
const sequences = fc.array(step, { minLength: 10, maxLength: 60 });
const ordersOf = ({ exchange }: Run): readonly Order[] => exchange.orders({ states: 'all' });
const sum = <A extends Money | Qty>(zero: A, values: readonly A[]): A => values.reduce((total, value) => add(total, value), zero);

describe('the matching engine: what holds for every run', () => {
  it('balances change by fills, fees and funding alone, to the last decimal', () => {
    fc.assert(
      fc.property(sequences, (steps) => {
        const { exchange } = play(steps);
        const expected = new Map<string, Money>(Object.entries(START).map(([currency, text]) => [currency, money(text)]));
        const move = (currency: string, by: Money) => expected.set(currency, add(expected.get(currency) ?? ZERO_MONEY, by));
        for (const { contract, side, qty: size, value, fee, feeCurrency, realised, kind } of exchange.executions()) {
          move(feeCurrency, negate(fee));
          if (contract === PERP) move('USDT', realised);
          else if (kind === 'trade') {
            move('BTC', side === 'buy' ? money(size) : negate(money(size)));
            move('USDT', side === 'buy' ? negate(value) : value);
          }
        }
        for (const { currency, wallet } of exchange.account().balances) assert.equal(wallet, expected.get(currency), currency);
      }),
      RUNS,
    );
  });

  it('a position costs what was paid for it: fills of the perpetual add up to its cost and what was realised', () => {
    fc.assert(
      fc.property(sequences, (steps) => {
        const { exchange } = play(steps);
        const fills = exchange.executions(PERP).filter(({ kind }) => kind !== 'funding');
        const paid = sum(
          ZERO_MONEY,
          fills.map(({ side, value }) => (side === 'buy' ? value : negate(value))),
        );
        const realised = sum(
          ZERO_MONEY,
          fills.map((row) => row.realised),
        );
        const [position] = exchange.positions(PERP);
        const cost = position === undefined ? ZERO_MONEY : position.size.startsWith('-') ? negate(position.cost) : position.cost;
        assert.equal(add(paid, realised), cost);
        assert.equal(
          sum(
            ZERO_QTY,
            fills.map(({ side, qty: size }) => (side === 'buy' ? size : negate(size))),
          ),
          position?.size ?? '0',
        );
      }),
      RUNS,
    );
  });

  it('executions add up to what their order filled, and no order fills more than it asked for', () => {
    fc.assert(
      fc.property(sequences, (steps) => {
        const run = play(steps);
        const executions = run.exchange.executions();
        for (const order of ordersOf(run)) {
          const own = executions.filter(({ orderId }) => orderId === order.id);
          assert.equal(
            sum(
              ZERO_QTY,
              own.map((row) => row.qty),
            ),
            order.filled,
          );
          assert.equal(
            sum(
              ZERO_MONEY,
              own.map((row) => row.value),
            ),
            order.filledValue,
          );
          assert.ok(atMost(order.filled, order.qty), `${order.id} filled ${order.filled} of ${order.qty}`);
          if (order.state === 'filled') assert.equal(order.filled, order.qty);
        }
      }),
      RUNS,
    );
  });

  it('a reduce-only order never opens', () => {
    fc.assert(
      fc.property(sequences, (steps) => {
        const run = play(steps);
        const reduces = new Set(ordersOf(run).flatMap(({ id, request: { reduceOnly } }) => (reduceOnly ? [id] : [])));
        for (const { orderId, closed, qty: size } of run.exchange.executions(PERP)) if (reduces.has(orderId)) assert.equal(closed, size);
      }),
      RUNS,
    );
  });

  it('after every step the exits of a position have its size, none stands without one, and nothing is locked that is not owned', () => {
    fc.assert(
      fc.property(sequences, (steps) => {
        play(steps, ({ exchange }) => {
          const [position] = exchange.positions(PERP);
          const size = position?.size.replace('-', '') ?? '0';
          for (const {
            request: { stopKind, reduceOnly, contract },
            qty: own,
            state,
          } of exchange.orders({ states: 'open' })) {
            if (contract !== PERP || !reduceOnly) continue;
            assert.notEqual(size, '0');
            if (state === 'untriggered' && (stopKind === 'take-profit' || stopKind === 'stop-loss')) assert.equal(own, size);
          }
          for (const { currency, wallet, locked } of exchange.account().balances)
            assert.ok(atMost(locked, wallet), `${currency}: ${locked} of ${wallet}`);
        });
      }),
      RUNS,
    );
  });

  it('the events tell the whole story: the last one of each order is the order, and a limit is never traded through', () => {
    fc.assert(
      fc.property(sequences, (steps) => {
        const run = play(steps);
        const told = new Map(run.events.flatMap((event) => (event.kind === 'order' ? [[event.order.id, event.order] as const] : [])));
        for (const order of ordersOf(run)) assert.deepEqual(told.get(order.id), order);
        for (const event of run.events) {
          const limit = event.kind === 'execution' && event.order?.request.type === 'limit' ? event.order.price : null;
          if (event.kind !== 'execution' || limit === null) continue;
          const beyond = subtract(event.execution.price, limit);
          const worse = scale(beyond, ratio(event.execution.side === 'buy' ? 1 : -1));
          assert.ok(isZero(worse) || worse.startsWith('-'));
        }
      }),
      RUNS,
    );
  });

  it('what it remembers is all there is: an exchange that recalls it is the same', () => {
    fc.assert(
      fc.property(sequences, (steps) => {
        const memories: string[] = [];
        const { exchange } = play(
          steps,
          () => undefined,
          (memory) => memories.push(JSON.stringify(memory)),
        );
        const again = newExchange(
          START,
          'properties',
          memories.map((text) => JSON.parse(text) as Memory),
        );
        for (const [ours, theirs] of [
          [again.orders({ states: 'all' }), exchange.orders({ states: 'all' })],
          [again.executions(), exchange.executions()],
          [
            again.positions().map(({ size, cost, realised }) => [size, cost, realised]),
            exchange.positions().map(({ size, cost, realised }) => [size, cost, realised]),
          ],
          [
            again.account().balances.map(({ currency, wallet }) => [currency, wallet]),
            exchange.account().balances.map(({ currency, wallet }) => [currency, wallet]),
          ],
        ])
          assert.deepEqual(ours, theirs);
        const sorted = (of: MatchingExchange) =>
          of
            .orders({ states: 'open' })
            .map(({ id }) => id)
            .sort((left, right) => left.localeCompare(right));
        assert.deepEqual(sorted(again), sorted(exchange));
      }),
      RUNS,
    );
  });

  it('in two-way mode a long is never short and a short never long', () => {
    fc.assert(
      fc.property(sequences, (steps) => {
        const exchange = newExchange(START, 'properties');
        exchange.setHedge(PERP, true, T0);
        let [now, middle] = [T0, 500_000];
        for (const one of steps) {
          now += 1000;
          if (one.what === 'move') middle += (one.away ?? 0) * 50;
          happen(exchange, one, now, middle, one.traded ? 'long' : 'short');
          for (const { slot, size } of exchange.positions()) assert.equal(size.startsWith('-'), slot === 'short', `${slot} ${size}`);
        }
      }),
      RUNS,
    );
  });

  it('the same steps give the same events', () => {
    fc.assert(
      fc.property(sequences, (steps) => assert.deepEqual(play(steps).events, play(steps).events)),
      { numRuns: 40 },
    );
  });
});
