import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Tally } from '#supervisors/tally.ts';
import type { Fact } from '#trading/model/events.ts';

const fact = (type: Fact['type']): Fact => ({ type, body: {}, seq: 1, at: 0, actor: 'test', version: 1, cause: null }) as Fact;

describe('the tally of a run', () => {
  it('RT-2 counts the orders of both modes: what the simulator accepted, and what went to a venue', () => {
    const tally = new Tally();
    for (const type of ['order.approved', 'order.accepted', 'order.approved', 'order.sending', 'order.acknowledged', 'order.ended'] as const) {
      tally.add(fact(type));
    }
    assert.equal(tally.approvals, 2);
    assert.equal(tally.orders, 2);
  });
});
