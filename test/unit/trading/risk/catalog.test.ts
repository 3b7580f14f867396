import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { price } from '#trading/money/decimal.ts';
import { createCatalog } from '#trading/risk/catalog.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { Message } from '#trading/model/messages.ts';
import { factOf, perp, spot, T0 } from '../trader/fixtures.ts';

const listed = (instrument: Instrument): Message => ({ type: 'instrument.listed', body: { instrument } });

function rig() {
  const behavior = createCatalog();
  let state = behavior.initial;
  let seq = 0;
  const tell = (message: Message) => {
    const decision = behavior.decide(state, null, message, T0);
    for (const event of decision.events) state = behavior.evolve(state, factOf(++seq, event));
    return decision;
  };
  return { tell };
}

describe('risk/catalog', () => {
  it('LC-1 a new listing is a fact, the same again is none, whatever the order of its keys', () => {
    const { tell } = rig();
    assert.deepEqual(tell(listed(spot)).events, [{ type: 'instrument.changed', body: { instrument: spot } }]);
    const reordered = Object.fromEntries(Object.entries(spot).reverse()) as unknown as Instrument;
    assert.deepEqual(tell(listed(reordered)).events, []);
  });

  it('LC-1 a changed filter is a fact', () => {
    const { tell } = rig();
    tell(listed({ ...perp, fundingSchedule: { intervalMinutes: 480 } }));
    assert.equal(tell(listed({ ...perp, fundingSchedule: { intervalMinutes: 240 } })).events.length, 1);
    assert.equal(tell(listed({ ...perp, fundingSchedule: { intervalMinutes: 240 }, tickSize: price('0.1') })).events.length, 1);
  });

  it('LC-1 one symbol of two assets is two entries', () => {
    const { tell } = rig();
    tell(listed(spot));
    assert.equal(tell(listed({ ...spot, asset: 'crypto_futures' })).events.length, 1);
    const { reply } = tell({ type: 'actor.asked', body: { query: 'instruments', args: [] } });
    assert.equal((reply as readonly Instrument[]).length, 2);
  });
});
