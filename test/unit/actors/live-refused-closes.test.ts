/** A venue that rejects what closes a position, for as long as it likes. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { childrenOf, type LiveState } from '#trading/execution/live-book.ts';
import { createLiveGateway } from '#trading/execution/live-gateway.ts';
import { ENDED_KEPT_MAX, evolveLive } from '#trading/execution/live-state.ts';
import { BLANK_LIVE_MEMORY, LiveTurn, type LiveMemory } from '#trading/execution/live-turn.ts';
import { childId } from '#trading/execution/order-names.ts';
import type { DomainEvent } from '#trading/model/events.ts';
import type { Message } from '#trading/model/messages.ts';
import { qty, ZERO_QTY } from '#trading/money/decimal.ts';
import { NO_FAULTS } from '../../support/faults.ts';
import { LiveVenue, TERMS } from '../../support/live-venue.ts';
import { LiveWorld } from '../../support/live-world.ts';
import { T0 } from '../trading/trader/fixtures.ts';

const BTC = 'BTC/USDT';
const KEY = `crypto_spot|${BTC}`;
const CHILDREN_MAX = 64;

async function held(): Promise<{ readonly live: LiveWorld; readonly entryId: string }> {
  const live = new LiveWorld(new LiveVenue(T0, 1, NO_FAULTS, TERMS));
  await live.start();
  await live.run(1000);
  const entryId = live.trade(BTC);
  await live.run(1000);
  return { live, entryId };
}

/** A close that is sent and rejected, as the gateway writes it. */
function rejected(state: LiveState, entryId: string, n: number): LiveState {
  const of = { clientOrderId: childId(entryId, 'flatten', n), asset: 'crypto_spot', mode: 'live', symbol: BTC } as const;
  const sent = { qty: qty('1'), pricing: { type: 'market', worst: null }, bracket: null, payloadHash: '0'.repeat(64) } as const;
  const events: readonly DomainEvent[] = [
    { type: 'order.sending', body: { ...of, purpose: 'flatten', parentId: entryId, side: 'sell', ...sent, sentAt: T0, deadlineAt: T0 + 1 } },
    { type: 'order.ended', body: { ...of, status: 'rejected', filledQty: ZERO_QTY, reason: 'not now' } },
  ];
  return events.reduce((at, event) => evolveLive('bybit', at, { ...event, seq: 0, at: T0, actor: 'test', version: 1, cause: null }), state);
}

describe('LiveOrders: closes that are rejected', () => {
  it('however many there were, a position looks at the newest, and keeps its legs', async () => {
    const { live, entryId } = await held();
    const legs = childrenOf(live.state, entryId).filter(({ order }) => order.at === 'ACKED');
    assert.notDeepEqual(legs, []);
    let state = live.state;
    const before = childrenOf(state, entryId).length;
    for (let n = 1; n <= ENDED_KEPT_MAX + 500; n++) state = rejected(state, entryId, before + n);
    const children = childrenOf(state, entryId);
    assert.ok(children.length <= CHILDREN_MAX + legs.length, `${children.length} children are looked at`);
    for (const { clientOrderId } of legs) assert.ok(children.some((child) => child.clientOrderId === clientOrderId));
    assert.ok(state.ended.size <= ENDED_KEPT_MAX, `${state.ended.size} orders that are over are kept`);
    assert.equal(state.holdings[KEY]?.nakedSince, null);
  });

  it('each close has a name of its own, also when the first ones are looked at no longer', async () => {
    const { live } = await held();
    const place = live.venue.place.bind(live.venue);
    live.venue.place = (order) =>
      order.purpose === 'flatten' ? Promise.resolve({ kind: 'rejected', code: '110', text: 'not now' } as const) : place(order);
    live.tellFact('kill-switch', { type: 'kill.tripped', body: { scope: 'all', reason: 'test', source: 'test', flatten: true } });
    await live.run(45_000);
    const names = live.of('order.sending').map(({ clientOrderId }) => clientOrderId);
    assert.ok(names.length > CHILDREN_MAX + 10, `${names.length} orders`);
    assert.equal(new Set(names).size, names.length);
    live.venue.place = place;
    await live.run(5000);
    assert.deepEqual(live.state.holdings, {});
  });

  it('what waited is forgotten with its wait, and an answer that comes after the end of its order leaves nothing', async () => {
    const { live, entryId } = await held();
    const gateway = createLiveGateway({ name: 'gateway.bybit.orders', port: 'gateway.bybit.port', terms: TERMS });
    const told = (message: Message): LiveMemory => gateway.decide(live.state, BLANK_LIVE_MEMORY, message, live.now).memory ?? BLANK_LIVE_MEMORY;
    const order = { ...(live.venue.rows[0]?.order ?? assert.fail('no order')), clientOrderId: entryId };
    const cancelled = told({ type: 'cancel.answered', body: { clientOrderId: entryId, outcome: { kind: 'done' } } });
    const found = told({
      type: 'lookup.answered',
      body: { clientOrderId: entryId, askedAt: live.now, lookup: { kind: 'found', order, executions: [] } },
    });
    assert.deepEqual([cancelled.lookups, found.absences], [{}, {}]);
    const turn = new LiveTurn(
      { name: 'x', port: 'y', terms: TERMS },
      live.state,
      { ...BLANK_LIVE_MEMORY, children: { old: T0, new: live.now + 1 } },
      live.now,
    );
    turn.waitsForChild('next', live.now + 500);
    assert.deepEqual(turn.memory.children, { new: live.now + 1, next: live.now + 500 });
  });
});
