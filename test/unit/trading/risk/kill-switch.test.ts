import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createKillSwitch, type KillReply, type KillSwitchState } from '#trading/risk/kill-switch.ts';
import type { DomainEvent, KillScope } from '#trading/model/events.ts';
import type { Message } from '#trading/model/messages.ts';
import { factOf, T0 } from '../trader/fixtures.ts';

function rig() {
  const behavior = createKillSwitch();
  const events: DomainEvent[] = [];
  let state: KillSwitchState = behavior.initial;
  const tell = (message: Message): KillReply => {
    const decision = behavior.decide(state, null, message, T0);
    for (const event of decision.events) {
      events.push(event);
      state = behavior.evolve(state, factOf(events.length, event));
    }
    return decision.reply as KillReply;
  };
  const trip = (scope: KillScope, flatten = false) => tell({ type: 'kill.trip', body: { scope, reason: 'why', source: 'cli', flatten } });
  const rearm = (confirm: string) => tell({ type: 'kill.rearm', body: { confirm, source: 'cli', reason: 'fine again' } });
  return { events, trip, rearm, tell, state: () => state };
}

describe('risk/kill-switch', () => {
  it('KS-1 a trip is a fact, and the reply says what is tripped', () => {
    const { events, trip, state } = rig();
    assert.deepEqual(trip('bybit'), { ok: true, tripped: true, scopes: ['bybit'] });
    assert.deepEqual(events, [{ type: 'kill.tripped', body: { scope: 'bybit', reason: 'why', source: 'cli', flatten: false } }]);
    assert.deepEqual(state(), { scopes: ['bybit'], flattened: [], reason: 'why', source: 'cli', at: T0 });
  });

  it('KS-1 the same scope again is no new fact, unless it is to be flattened now', () => {
    const { events, trip } = rig();
    trip('all');
    assert.deepEqual(trip('all'), { ok: true, tripped: true, scopes: ['all'] });
    assert.equal(events.length, 1);
    trip('all', true);
    trip('all', true);
    trip('all');
    assert.equal(events.length, 2);
    assert.deepEqual(trip('forex').scopes, ['all', 'forex']);
  });

  it('KS-1 re-arming takes the typed confirmation, and is itself a fact', () => {
    const { events, trip, rearm, state } = rig();
    trip('all');
    for (const wrong of ['', 'rearm', 'REARM ', 'yes']) {
      const reply = rearm(wrong);
      assert.deepEqual([reply.ok, reply.tripped, reply.scopes], [false, true, ['all']]);
      assert.match(reply.error ?? '', /REARM/);
    }
    assert.equal(events.length, 1);
    assert.deepEqual(rearm('REARM'), { ok: true, tripped: false, scopes: [] });
    assert.deepEqual(events.at(-1), { type: 'kill.rearmed', body: { source: 'cli', reason: 'fine again' } });
    assert.deepEqual(state().scopes, []);
  });

  it('answers its state: the latch at boot is compared with its scopes', () => {
    const { trip, tell } = rig();
    trip('options', true);
    const reply: unknown = tell({ type: 'actor.asked', body: { query: 'state', args: [] } });
    assert.deepEqual(reply, { scopes: ['options'], flattened: ['options'], reason: 'why', source: 'cli', at: T0 });
  });
});
