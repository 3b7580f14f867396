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
  whyAnswer('crypto_spot', { traders, orders, modes: [] }).chains[0]?.gates.map((one) => `${one.gate} ${one.outcome}`);

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

  it('RT-2 paper and live have chains of their own; where live is off, what keeps it from entering stands in its place, after its last order', () => {
    const off = { code: 'MODE_OFF', rule: 'RT-2', numbers: { mode: 'live' }, sentence: 'live is switched off' } as const;
    const modes = [
      { mode: 'paper', closeOnly: null },
      { mode: 'live', closeOnly: off },
    ] as const;
    const live = { ...order('l'), mode: 'live', gates: [gate('approved', 'governor'), gate('sent', 'execution')] } as const;
    const brief = (traders: readonly Record<string, WhyNot>[], orders: readonly OrderGates[]) =>
      whyAnswer('crypto_spot', { traders, orders, modes }).chains.map(({ mode, symbol, gates }) => [
        mode,
        symbol,
        gates.map((one) => one.gate).join(' '),
      ]);
    const paper = ['paper', 'BTC/USDT', 'quote intent approved fill'];
    assert.deepEqual(brief([trader('a')], [order('a')]), [paper, ['live', 'BTC/USDT', 'mode']]);
    assert.deepEqual(brief([trader('a')], [order('a'), live]), [paper, ['live', 'BTC/USDT', 'approved sent mode']]);
    assert.deepEqual(brief([trader('a'), trader('l', { mode: 'live' })], [order('a'), live]), [
      paper,
      ['live', 'BTC/USDT', 'quote intent approved sent'],
    ]);
    assert.deepEqual(whyAnswer('crypto_spot', { traders: [], orders: [live], modes }).chains, []);
  });

  it('says so where no trader runs', () => {
    const { chains, note } = whyAnswer('forex', { traders: [], orders: [], modes: [] });
    assert.deepEqual([chains, note], [[], 'no trader runs for forex: nothing of it is traded in this run']);
  });
});
