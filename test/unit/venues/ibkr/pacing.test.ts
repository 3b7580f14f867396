import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { Pacing, type Purpose } from '#venues/ibkr/pacing.ts';

const PURPOSES = ['cancel', 'order', 'read'] as const;
const TWS_MESSAGES_A_SECOND = 50;

describe('IBKR pacing', () => {
  it('RT-4 never more than 50 messages in any second, whatever is asked for and when', () => {
    const asked = fc.array(fc.tuple(fc.constantFrom(...PURPOSES), fc.nat(40)), { maxLength: 400 });
    fc.assert(
      fc.property(asked, fc.double({ min: 0.2, max: 1, noNaN: true }), (calls, share) => {
        let now = 0;
        const pacing = new Pacing(share, () => now);
        const sent: number[] = [];
        for (const [purpose, laterMs] of calls) {
          now += laterMs;
          if (pacing.take(purpose) === 0) sent.push(now);
        }
        for (const at of sent) {
          const within = sent.filter((other) => other >= at && other < at + 1000).length;
          assert.ok(within <= TWS_MESSAGES_A_SECOND * share, `${within} messages in a second`);
        }
      }),
    );
  });

  it('RT-4 asked for everything in every millisecond, it gives nearly 50 a second and never one more', () => {
    let now = 0;
    const pacing = new Pacing(1, () => now);
    const sent: number[] = [];
    for (; now < 3000; now++) for (const purpose of PURPOSES) while (pacing.take(purpose) === 0) sent.push(now);
    const most = Math.max(...sent.map((at) => sent.filter((other) => other >= at && other < at + 1000).length));
    assert.ok(most <= TWS_MESSAGES_A_SECOND && most > 0.9 * TWS_MESSAGES_A_SECOND, `${most} in a second`);
  });

  it('RT-4 a flood of reads leaves orders and cancels their messages', () => {
    const pacing = new Pacing(1, () => 0);
    const drained = (purpose: Purpose): number => {
      let taken = 0;
      while (pacing.take(purpose) === 0) taken++;
      return taken;
    };
    assert.ok(drained('read') > 0);
    assert.ok(drained('order') > 0);
    assert.ok(drained('cancel') > 0);
  });

  it('a market that is played faster than the wall is not paced by the wall', () => {
    const pacing = new Pacing(null, () => 0);
    for (let sent = 0; sent < 1000; sent++) assert.equal(pacing.take('read'), 0);
  });
});
