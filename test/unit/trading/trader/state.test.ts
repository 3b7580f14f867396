import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { qty } from '#trading/money/decimal.ts';
import type { DomainEvent } from '#trading/model/events.ts';
import { evolveTrader, TRADER_SUBSCRIPTIONS } from '#trading/trader/state.ts';
import { factOf, perp, spot, spotTrader } from './fixtures.ts';
import { Rig, UP } from './rig.ts';

const traded = (): Rig => new Rig(spotTrader).configured(spot).play(spot, ...UP);
function intentOf(rig: Rig) {
  const [intent] = rig.intents;
  assert.ok(intent);
  return intent;
}

describe('trader: state', () => {
  it('ST-3 a position is the sum of its fills, sales negative', () => {
    const rig = traded();
    const intent = intentOf(rig);
    rig.fill(intent, 'entry', qty('0.1'));
    rig.fill(intent, 'entry', qty('0.05'));
    assert.equal(rig.state.positions[spot.symbol], '0.15');
    rig.fill(intent, 'stop_loss', qty('0.25'), 'sell');
    assert.equal(rig.state.positions[spot.symbol], '-0.1');
    assert.deepEqual(rig.state.closedAt, {});
  });

  it('an order is over with its refusal, its end or its last fill, and not before', () => {
    const refused = traded();
    refused.refuse(intentOf(refused));
    assert.deepEqual(refused.state.pending, {});
    const ended = traded();
    ended.end(intentOf(ended), 'expired');
    assert.deepEqual(ended.state.pending, {});
    const filled = traded();
    const intent = intentOf(filled);
    filled.fill(intent, 'entry', qty('0.1'));
    assert.equal(filled.state.pending[intent.clientOrderId]?.filledQty, '0.1');
    filled.fill(intent, 'entry', qty('0.093218'));
    assert.deepEqual(filled.state.pending, {});
    filled.end(intent);
    assert.equal(filled.state.positions[spot.symbol], '0.193218');
  });

  it('RT-3 execution may have accepted less: the last fill is of that', () => {
    const rig = traded();
    const { clientOrderId, asset, mode, symbol } = intentOf(rig);
    const draws = { seed: 's', latencyMs: 1, fillFraction: '1' as never };
    const body = { clientOrderId, asset, mode, symbol, qty: qty('0.15'), draws, acceptedAt: rig.now, dueAt: rig.now };
    rig.record({ type: 'order.accepted', body });
    rig.fill(intentOf(rig), 'entry', qty('0.15'));
    assert.deepEqual(rig.state.pending, {});
    rig.record({ type: 'order.accepted', body });
    assert.deepEqual(rig.state.pending, {});
  });

  it('BR-2 a stop under the id of its entry does not fill the entry', () => {
    const rig = traded();
    const intent = intentOf(rig);
    rig.fill(intent, 'entry', qty('0.1'));
    rig.fill(intent, 'stop_loss', qty('0.1'), 'sell');
    assert.equal(rig.state.pending[intent.clientOrderId]?.filledQty, '0.1');
    assert.deepEqual(rig.state.positions, {});
  });

  it('RT-2 facts of the other mode or another asset change nothing', () => {
    const rig = traded();
    const intent = intentOf(rig);
    rig.fill(intent, 'entry', qty('0.1'));
    const before = rig.state;
    for (const more of [{ mode: 'live' }, { asset: 'crypto_futures' }] as const) {
      const other = { ...intent, ...more };
      rig.record({ type: 'order.intended', body: { intent: other } });
      rig.fill(other);
      rig.end(other);
      rig.refuse(other);
      assert.equal(rig.state, before);
    }
    rig.record({ type: 'instrument.changed', body: { instrument: perp } });
    rig.record({ type: 'system.stopped', body: { reason: 'test' } });
    assert.equal(rig.state, before);
  });

  it('KS-1 a kill is kept a scope once, and a re-arm clears all', () => {
    const trip = (scope: 'all' | 'bybit'): DomainEvent => ({ type: 'kill.tripped', body: { scope, reason: 'r', source: 's', flatten: false } });
    const rig = traded();
    for (const scope of ['bybit', 'bybit', 'all'] as const) rig.record(trip(scope));
    assert.deepEqual(rig.state.killed, ['bybit', 'all']);
    rig.record({ type: 'kill.rearmed', body: { source: 's', reason: 'r' } });
    assert.deepEqual(rig.state.killed, []);
  });

  it('reads no fact of others that it does not subscribe to', () => {
    const rig = traded();
    rig.record({ type: 'instrument.changed', body: { instrument: spot } });
    rig.fill(intentOf(rig));
    const known: readonly string[] = [...TRADER_SUBSCRIPTIONS, 'order.intended'];
    assert.ok(rig.facts.every((fact) => known.includes(fact.type)));
    const started = { version: '1', market: 'm', seed: 's', epoch: 1, configHash: 'c', play: 'p' };
    assert.equal(evolveTrader(spotTrader, rig.state, factOf(99, { type: 'system.started', body: started })), rig.state);
  });
});
