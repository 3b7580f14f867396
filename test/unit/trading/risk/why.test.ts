import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { money } from '#trading/money/decimal.ts';
import type { DomainEvent } from '#trading/model/events.ts';
import type { OrderGates } from '#trading/model/why.ts';
import type { DecidedCases } from '#trading/risk/memory.ts';
import { CASES_KEPT_MAX, withCase } from '#trading/risk/why.ts';
import { NAMED_CHECKS } from '#trading/risk/checks.ts';
import { spot, T0 } from '../trader/fixtures.ts';
import { entryOn, exitOn, House } from './house.ts';

function orders(house: House, mode: 'paper' | 'live' = 'paper'): readonly OrderGates[] {
  const reply = house.tell('governor', { type: 'actor.asked', body: { query: 'why', args: ['crypto_spot'] } });
  const accounts = reply as readonly { readonly allowance: { readonly mode: string }; readonly orders: readonly OrderGates[] }[];
  return accounts.find(({ allowance }) => allowance.mode === mode)?.orders ?? [];
}
const lines = (house: House) => orders(house)[0]?.gates.map(({ by, gate, outcome }) => `${by} ${gate} ${outcome}`) ?? [];

describe('the governor: the gates of an order', () => {
  it('RG-2 UI-2 an approval lists every check with the numbers decided on, then clamp, acceptance and fill', () => {
    const house = new House();
    house.intend(entryOn(house.quoteAt(T0, 100)));
    const gates = orders(house)[0]?.gates ?? [];
    assert.equal(gates.filter(({ by }) => by === 'governor').length, 8 + Object.keys(NAMED_CHECKS).length + 1);
    assert.ok(gates.every(({ outcome, sentence }) => outcome === 'passed' && sentence !== ''));
    const numbers = (name: string) => gates.find(({ gate }) => gate === name)?.numbers;
    assert.deepEqual(numbers('loss at the stop'), { loss: '0.15', max: '10' });
    assert.deepEqual(numbers('positions'), { positions: 0, entries: 0, max: 5 });
    assert.deepEqual(numbers('leverage'), { exposure: '15.0015', max: '1000', leverage: '1' });
    assert.deepEqual(numbers('approved'), { notional: '15.0015', margin: '15.0015', maxLoss: '0.15' });
    assert.deepEqual(lines(house).slice(-2), ['execution clamp passed', 'execution acceptance passed']);
    house.quoteAt(T0 + 1000, 100);
    assert.deepEqual(lines(house).slice(-2), ['execution fill passed', 'execution end passed']);
  });

  it('RG-2 RT-2 a live order goes on over the wire: sent, then known, unknown or filled', () => {
    const house = new House();
    const on = { asset: 'crypto_spot', mode: 'live', on: true, source: 'test', reason: '' } as const;
    house.append('mode-switch', [{ type: 'mode.changed', body: on }]);
    const report = { broker: 'bybit', mode: 'live', equity: money('1000'), available: money('1000'), at: T0 } as const;
    house.tell('governor', { type: 'wallet.reported', body: report });
    const intent = { ...entryOn(house.quoteAt(T0, 100)), mode: 'live' } as const;
    house.intend(intent);
    const live = () =>
      orders(house, 'live')[0]
        ?.gates.slice(-3)
        .map(({ gate, outcome, rule }) => `${gate} ${outcome} ${rule}`);
    assert.deepEqual(live()?.slice(-2), ['approved passed RK-1', 'sent waiting ST-1']);
    const { clientOrderId, asset, mode, symbol, side, qty, bracket } = intent;
    const key = { clientOrderId, asset, mode, symbol };
    const tell = (event: DomainEvent) => house.append('gateway.bybit.orders', [event]);
    const order = { purpose: 'entry', parentId: null, side, qty, pricing: { type: 'market', worst: null }, bracket } as const;
    tell({ type: 'order.sending', body: { ...key, ...order, payloadHash: 'ab'.repeat(32), sentAt: T0, deadlineAt: T0 + 2500 } });
    assert.deepEqual(live(), ['approved passed RK-1', 'clamp passed RT-3', 'sent passed ST-1']);
    tell({ type: 'order.unknown', body: { ...key, reason: 'timeout', resolveAfter: T0 + 40_000 } });
    assert.equal(live()?.at(-1), 'unknown waiting ST-4');
    tell({ type: 'order.acknowledged', body: { ...key, venueOrderId: 'v1' } });
    assert.deepEqual(live()?.slice(-2), ['unknown waiting ST-4', 'acknowledged passed RT-2']);
    assert.deepEqual(orders(house, 'paper'), []);
  });

  it('RG-2 a refusal ends at its check, with its code and numbers, and every check before it passed', () => {
    const house = new House();
    house.intend(entryOn(house.quoteAt(T0, 100), spot, { bracket: null }));
    assert.deepEqual(lines(house).slice(-3), ['governor quote passed', 'governor clock skew passed', 'governor bracket stopped']);
    assert.deepEqual(orders(house)[0]?.gates.at(-1)?.numbers, { code: 'NO_BRACKET' });
  });

  it('KS-3 a kill stops at the first gate', () => {
    const house = new House();
    house.append('kill-switch', [{ type: 'kill.tripped', body: { scope: 'all', reason: '', source: 'cli', flatten: false } }]);
    house.intend(entryOn(house.quoteAt(T0, 100)));
    assert.deepEqual(lines(house), ['governor close-only stopped']);
  });

  it('an exit meets three gates', () => {
    const house = new House();
    house.intend(exitOn(house.quoteAt(T0, 100), '1'));
    assert.deepEqual(lines(house), ['governor settings passed', 'governor position stopped']);
  });

  it('ST-5 after a restart the verdict of the journal is still told', () => {
    const house = new House();
    house.intend(entryOn(house.quoteAt(T0, 100)));
    house.crash();
    assert.deepEqual(lines(house), ['governor approved passed']);
    assert.deepEqual(orders(house)[0]?.gates[0]?.numbers, { notional: '15.0015', margin: '15.0015', maxLoss: '0.15' });
  });

  it('keeps the last order of a symbol, and of at most CASES_KEPT_MAX symbols', () => {
    const house = new House();
    house.intend(entryOn(house.quoteAt(T0, 100)));
    const [one] = Object.values(house.governor.memory.cases);
    assert.ok(one);
    let cases: DecidedCases = {};
    for (let index = 0; index < CASES_KEPT_MAX + 3; index++) cases = withCase(cases, { ...one, intent: { ...one.intent, symbol: `S${index}` } });
    const symbols = Object.values(cases).map(({ intent }) => intent.symbol);
    assert.deepEqual([symbols.length, symbols[0]], [CASES_KEPT_MAX, 'S3']);
  });
});
