import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { Vigil } from '#venues/ibkr/vigil.ts';

const LIMITS = { silentMs: 60_000, answerMs: 10_000 };
const SECOND_MS = 1000;

function asked(vigil: Vigil, now: number, isOpen = true): boolean {
  const isDue = vigil.look(now, isOpen, LIMITS);
  if (isDue) vigil.asked(now);
  return isDue;
}

describe('IBKR: whether a line lives', () => {
  it('a line that ticks is left alone; one that stops is asked for anew once it was silent for too long', () => {
    const vigil = new Vigil();
    vigil.asked(0);
    vigil.ticked(1);
    assert.equal(asked(vigil, 1), false);
    assert.equal(asked(vigil, 60_001), false);
    assert.equal(asked(vigil, 60_002), true);
    assert.equal(vigil.isDead, false, 'silence alone is no proof');
    vigil.ticked(60_003);
    assert.equal(asked(vigil, 70_003), false);
  });

  it('a subscription that brings nothing is repeated once, and is dead after that; a tick revives it', () => {
    const vigil = new Vigil();
    vigil.asked(0);
    assert.equal(asked(vigil, 0), false);
    assert.deepEqual([asked(vigil, 9999), asked(vigil, 10_000), vigil.isDead], [false, true, false]);
    assert.deepEqual([asked(vigil, 20_000), vigil.isDead], [false, true]);
    vigil.ticked(20_001);
    assert.equal(vigil.isDead, false);
  });

  it('a dead line is asked for less and less often', () => {
    const vigil = new Vigil();
    vigil.asked(0);
    const at: number[] = [];
    for (let now = 0; now < 3_600_000; now += SECOND_MS) if (asked(vigil, now)) at.push(now / SECOND_MS);
    assert.deepEqual(
      at,
      [10, 71, 192, 433, 914, 1875, 3796].filter((second) => second < 3600),
    );
  });

  it('of a market that is shut nothing is expected, nor at once when it opens', () => {
    const vigil = new Vigil();
    vigil.asked(0);
    vigil.ticked(1);
    assert.equal(asked(vigil, 1_000_000, false), false);
    assert.deepEqual([asked(vigil, 2_000_000), asked(vigil, 2_060_000), asked(vigil, 2_060_001)], [false, false, true]);
  });

  it('whatever happens: never dead with a tick since it was asked for, never asked for twice within the time an answer takes', () => {
    const step = fc.record({ waits: fc.nat(90_000), ticks: fc.boolean(), isOpen: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const vigil = new Vigil();
        let [now, last] = [0, -Infinity];
        vigil.asked(now);
        for (const { waits, ticks, isOpen } of steps) {
          now += waits;
          if (ticks) vigil.ticked(now);
          const isDue = asked(vigil, now, isOpen);
          if (ticks) assert.ok(!vigil.isDead && !isDue);
          if (!isOpen) assert.ok(!vigil.isDead && !isDue);
          if (isDue) {
            assert.ok(now - last >= LIMITS.answerMs);
            last = now;
          }
        }
      }),
    );
  });
});
