import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { add, compare, money, price, qty, ratio, scale, subtract, type Money, type Qty } from '#trading/money/decimal.ts';
import { Contracts, DEFAULT_CHAINS, type Contract } from '#venues/embedded/tws/contracts.ts';
import { Desk } from '#venues/embedded/tws/desk.ts';
import type { ExchangeEvent, ExchangeOrder, Quote } from '#venues/embedded/tws/exchange.ts';
import { idealProSizes, incrementAt, onGrid } from '#venues/embedded/tws/market-rules.ts';

const contracts = new Contracts(DEFAULT_CHAINS);
const EUR = contracts.byLocalSymbol('EUR.USD') as Contract;
const JPY = contracts.byLocalSymbol('USD.JPY') as Contract;
const CALL = contracts.byLocalSymbol('SPY   261218C00600000') as Contract;

const desk = (): Desk => new Desk(money('1000000'), contracts.pairs());
const quote = (bid: string, ask: string, at = 0, size = '1000000'): Quote => ({
  bid: price(bid),
  ask: price(ask),
  bidSize: qty(size),
  askSize: qty(size),
  at,
});
const order = (key: string, change: Partial<ExchangeOrder> = {}): ExchangeOrder => ({
  key,
  contract: EUR,
  side: 'BUY',
  qty: qty('20000'),
  kind: 'MKT',
  limit: null,
  stop: null,
  trail: null,
  immediate: 'no',
  ...change,
});
const fills = (events: readonly ExchangeEvent[]): string[] =>
  events.flatMap((event) => (event.kind === 'filled' ? [`${event.fill.key} ${event.fill.qty}@${event.fill.price}`] : [`${event.key} ${event.kind}`]));

describe('TWS desk', () => {
  it('takers trade at the touch, resting limits at their own price', () => {
    const at = desk();
    at.onQuote(EUR, quote('1.1', '1.10005'), 0);
    assert.deepEqual(fills(at.submit(order('a', { kind: 'LMT', limit: price('1.2') }), 0)), ['a 20000@1.10005']);
    assert.deepEqual(fills(at.submit(order('b', { kind: 'LMT', limit: price('1.09') }), 0)), []);
    assert.deepEqual(fills(at.onQuote(EUR, quote('1.08', '1.08005'), 1)), ['b 20000@1.09']);
  });

  it('no more than the quoted size trades on one quote', () => {
    const at = desk();
    at.onQuote(EUR, quote('1.1', '1.10005', 0, '30000'), 0);
    assert.deepEqual(fills(at.submit(order('a'), 0)), ['a 20000@1.10005']);
    assert.deepEqual(fills(at.submit(order('b'), 0)), ['b 10000@1.10005']);
    assert.deepEqual(fills(at.onQuote(EUR, quote('1.2', '1.20005', 1, '30000'), 1)), ['b 10000@1.20005']);
  });

  it('immediate orders expire with what is left; fill-or-kill fills nothing of it', () => {
    const at = desk();
    at.onQuote(EUR, quote('1.1', '1.10005', 0, '15000'), 0);
    assert.deepEqual(fills(at.submit(order('a', { immediate: 'FOK' }), 0)), ['a expired']);
    assert.deepEqual(fills(at.submit(order('b', { immediate: 'IOC' }), 0)), ['b 15000@1.10005', 'b expired']);
    assert.deepEqual(at.worked(), []);
  });

  it('nothing trades or triggers on a crossed or a one-sided quote', () => {
    const at = desk();
    at.onQuote(EUR, quote('1.1', '1.10005'), 0);
    at.submit(order('stop', { side: 'SELL', kind: 'STP', stop: price('1.09') }), 0);
    at.submit(order('limit', { kind: 'LMT', limit: price('1.09') }), 0);
    assert.deepEqual(fills(at.onQuote(EUR, quote('1.08', '1.07'), 1)), []);
    assert.deepEqual(fills(at.onQuote(EUR, { ...quote('1.08', '1.08005'), ask: null, askSize: qty('0') }, 2)), []);
    assert.deepEqual(fills(at.onQuote(EUR, quote('1.08', '1.08005'), 3)), ['stop triggered', 'stop 20000@1.08', 'limit 20000@1.09']);
  });

  it('a stop with a limit waits for its limit after the trigger', () => {
    const at = desk();
    at.onQuote(EUR, quote('1.1', '1.10005'), 0);
    at.submit(order('a', { side: 'SELL', kind: 'STP LMT', stop: price('1.09'), limit: price('1.0895') }), 0);
    assert.deepEqual(fills(at.onQuote(EUR, quote('1.08', '1.08005'), 1)), ['a triggered']);
    assert.deepEqual(fills(at.onQuote(EUR, quote('1.0896', '1.08965'), 2)), ['a 20000@1.0895']);
  });

  it('profits in another currency come home at the pair’s rate', () => {
    const at = desk();
    at.onQuote(JPY, quote('150', '150'), 0);
    at.submit(order('a', { contract: JPY, qty: qty('100000') }), 0);
    at.onQuote(JPY, quote('151', '151'), 1);
    const closed = at.submit(order('b', { contract: JPY, side: 'SELL', qty: qty('100000') }), 1).find((event) => event.kind === 'filled');
    assert.ok(closed?.kind === 'filled' && closed.fill.realised !== null);
    assert.equal(Number(closed.fill.realised).toFixed(2), (100000 / 151 - 2).toFixed(2));
    assert.equal(at.cash().get('JPY'), '100000');
    assert.equal(at.position(JPY.conId), undefined);
  });

  it('a short position gains when the price falls, and what crosses zero begins anew at its own price', () => {
    const at = desk();
    at.onQuote(EUR, quote('1.1', '1.10005'), 0);
    at.submit(order('a', { side: 'SELL' }), 0);
    at.onQuote(EUR, quote('1.08', '1.09'), 1);
    const closed = at.submit(order('b', { qty: qty('50000') }), 1).find((event) => event.kind === 'filled');
    assert.ok(closed?.kind === 'filled');
    assert.equal(closed.fill.realised, '198', '20000 × 0.01 − 2');
    assert.deepEqual([at.position(EUR.conId)?.qty, at.position(EUR.conId)?.averagePrice], ['30000', '1.09']);
  });

  it('options cost their premium a hundredfold, and 0.65 a contract', () => {
    const at = desk();
    at.onQuote(CALL, quote('10', '10.05', 0, '50'), 0);
    const [filled] = at.submit(order('a', { contract: CALL, qty: qty('3') }), 0);
    assert.ok(filled?.kind === 'filled');
    assert.equal(filled.fill.commission, '1.95');
    assert.equal(at.cash().get('USD'), '996983.05');
    assert.equal(at.position(CALL.conId)?.averagePrice, '10.05');
  });

  it('whatever trades, cash and positions tell the same story to the last decimal', () => {
    const step = fc.record({
      side: fc.constantFrom<'BUY' | 'SELL'>('BUY', 'SELL'),
      lots: fc.integer({ min: 1, max: 9 }),
      bid: fc.integer({ min: 20_000, max: 24_000 }),
      spread: fc.integer({ min: 0, max: 10 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
        const at = desk();
        let position = qty('0');
        let paid: Money = money('0');
        steps.forEach(({ side, lots, bid, spread }, index) => {
          const tick = ratio('0.00005');
          const top = { bid: scale(price(String(bid)), tick), ask: scale(price(String(bid + spread)), tick) };
          at.onQuote(EUR, { ...top, bidSize: qty('1000000'), askSize: qty('1000000'), at: index }, index);
          for (const event of at.submit(order(String(index), { side, qty: qty(String(lots * 10_000)) }), index)) {
            if (event.kind !== 'filled') continue;
            const { fill } = event;
            position = side === 'BUY' ? add(position, fill.qty) : subtract(position, fill.qty);
            const value = scale(money(fill.price), ratio(fill.qty));
            paid = add(side === 'BUY' ? add(paid, value) : subtract(paid, value), fill.commission);
          }
        });
        assert.equal(at.position(EUR.conId)?.qty ?? '0', position);
        assert.equal(at.cash().get('EUR'), position);
        assert.equal(at.cash().get('USD'), subtract(money('1000000'), paid));
      }),
    );
  });
});

describe('TWS market rules', () => {
  it('the increment is that of the largest low edge not above the price', () => {
    assert.deepEqual(
      ['0.05', '2.99', '3', '10'].map((at) => incrementAt(CALL, price(at))),
      ['0.01', '0.01', '0.05', '0.05'],
    );
    assert.equal(onGrid(CALL, price('2.99')), true);
    assert.equal(onGrid(CALL, price('3.01')), false);
    assert.equal(onGrid(EUR, price('1.10005')), true);
    assert.equal(onGrid(EUR, price('1.10001')), false);
    assert.equal(onGrid(JPY, price('150.005')), true);
  });

  it('IDEALPRO sizes go by the base currency; options have none', () => {
    const sizes = (contract: Contract): readonly Qty[] => Object.values(idealProSizes(contract) ?? {});
    assert.deepEqual(sizes(EUR), ['20000', '6000000']);
    assert.deepEqual(sizes(JPY), ['25000', '7000000']);
    assert.equal(idealProSizes(CALL), null);
    assert.equal(compare(EUR.minTick, price('0.00005')), 0);
  });
});
