import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Gate, OrderGates } from '#trading/model/why.ts';
import type { WhyNot } from '#trading/trader/why.ts';
import { whyAnswer } from '#supervisors/why.ts';

const T0 = 1_722_003_300_000;
const gate = (name: string, by: Gate['by'] = 'trader'): Gate => ({ gate: name, rule: 'X-1', by, outcome: 'passed', numbers: {}, sentence: name });
const refusal = { code: 'THROTTLED', rule: 'RK-2', numbers: { orders: 60 }, sentence: 'too many' } as const;
const signal = { side: 'buy', reason: 'cross', entry: { stopDistance: 1, takeProfitDistance: 2 } } as const;
const trader = (clientOrderId: string | null, more: Partial<WhyNot> = {}): Record<string, WhyNot> => ({
  'BTC/USDT': {
    ...{ mode: 'paper', last: { at: T0, signal, clientOrderId, gate: null, retries: 0 }, gates: [gate('quote'), gate('intent')] },
    ...{ quoteGate: null, quoteAt: T0, bars: 5, warmUpBars: 5, ...more },
  },
});
const order = (clientOrderId: string): OrderGates => {
  return { mode: 'paper', symbol: 'BTC/USDT', clientOrderId, gates: [gate('approved', 'governor'), gate('fill', 'execution')] };
};
const names = (traders: readonly Record<string, WhyNot>[], orders: readonly OrderGates[]) =>
  whyAnswer('crypto_spot', { traders, orders }).chains[0]?.gates.map((one) => `${one.gate} ${one.outcome}`);

describe('why: the trader’s gates and the governor’s, joined', () => {
  it('RG-2 an order goes on at the governor, by its own id and no other', () => {
    assert.deepEqual(names([trader('a')], [order('b'), order('a')]), ['quote passed', 'intent passed', 'approved passed', 'fill passed']);
    assert.deepEqual(names([trader('a')], [order('b')]), ['quote passed', 'intent passed', 'verdict waiting']);
    assert.deepEqual(names([trader(null)], [order('b')]), ['quote passed', 'intent passed'], 'a signal that made no order has no verdict');
  });

  it('ST-5 after a restart of the governor the refusal that the trader heard still ends the chain; of the trader, the last order is still told', () => {
    const last = { at: T0, signal, clientOrderId: 'a', gate: refusal, retries: 0 };
    assert.deepEqual(names([trader('a', { last })], []), ['quote passed', 'intent passed', 'verdict stopped']);
    assert.deepEqual(names([trader(null, { last: null, gates: [gate('quote')] })], [order('z')]), ['quote passed', 'approved passed', 'fill passed']);
  });

  it('QS-2 a quote refused since the signal is the last word', () => {
    assert.deepEqual(names([trader(null, { quoteGate: refusal })], [])?.at(-1), 'quote now stopped');
  });

  it('says so where no trader runs', () => {
    const { chains, note } = whyAnswer('forex', { traders: [], orders: [] });
    assert.deepEqual([chains, note], [[], 'no trader runs for forex: nothing of it is traded in this run']);
  });
});
