/** ST-2: what a placement is where its answer does not come: never refused by that alone, and taken where TWS told of the order. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { Placing } from '#venues/ibkr/trading/placing.ts';

const IDS = [11, 12, 13];
const HOUR_MS = 3_600_000;
const REFUSED = 201;
const UNCLEAR = 399_999;

type Step = { readonly heard: number } | { readonly refused: number } | { readonly unclear: number };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({ heard: fc.constantFrom(...IDS) }),
    fc.record({ refused: fc.constantFrom(...IDS) }),
    fc.record({ unclear: fc.constantFrom(...IDS) }),
  ),
  { maxLength: 4 },
);

describe('placements whose answer does not come', () => {
  it('ST-2 whatever was said before, it is as TWS said or unknown: refused only where its parent was', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (said) => {
        const placing = new Placing({ discard: () => undefined });
        const placed = placing.begin(IDS, HOUR_MS);
        for (const step of said) {
          if ('heard' in step) placing.heard(step.heard, step.heard * 100);
          else if ('refused' in step) placing.code(step.refused, REFUSED, 'refused');
          else placing.code(step.unclear, UNCLEAR, 'unclear');
        }
        placing.lost('1100');
        const outcome = await placed;
        assert.equal(placing.waiting, 0);
        const isHeard = said.some((step) => 'heard' in step && step.heard === IDS[0]);
        const isRefused = said.some((step) => 'refused' in step && step.refused === IDS[0]);
        if (outcome.kind === 'rejected') return assert.ok(isRefused);
        if (outcome.kind === 'acknowledged') return assert.ok(isHeard);
        assert.ok(!isHeard && outcome.answered === said.length > 0, JSON.stringify(outcome));
        if (said.length === 0) assert.equal(outcome.reason, '1100');
      }),
    );
  });
});
