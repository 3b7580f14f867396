/** ST-2, ST-3: what a venue drops, loses, delays, repeats and shuffles, and crashes between any two steps, change nothing of what is true. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { faultRun, FENCE_ORDERS, FENCE_RUN, NOTHING_YET, sentAgain, sum, type FaultRun } from '../support/fault-run.ts';
import { STORM } from '../support/faults.ts';

/** STORM_SEEDS=100 plays the number that the README may state; each takes a second or two. `npm run bench -- fence` plays it too. */
const SEEDS = Number(process.env['STORM_SEEDS'] ?? 8);
const ORDERS = 120;
const CRASHES = 0.002;

describe('live orders in a storm', function () {
  this.timeout(60_000 + SEEDS * 30_000);

  it(`ST-2 ST-3 ${SEEDS} seeds of ${ORDERS} orders: nothing twice, no ghost, no question before the fence, and one truth at the end`, async () => {
    let total = NOTHING_YET;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const uniqueness = seed % 2 === 0 ? 'forever' : 'while open';
      total = sum(
        total,
        await faultRun({
          ...{ seed, uniqueness, faults: STORM, lagMs: 300, orders: ORDERS, crashes: CRASHES, nativeBracket: seed % 3 === 0 },
        }),
      );
    }
    assert.deepEqual({ ...total, sent: 0, crashes: 0 }, NOTHING_YET);
    assert.ok(total.crashes > SEEDS && total.sent >= SEEDS * ORDERS, JSON.stringify(total));
  });

  it(`BR-1 BR-3 ST-2 ${SEEDS} seeds of ${ORDERS} orders with trailing stops and rungs: no stop twice, none loosened, none in doubt at the end`, async () => {
    let total = NOTHING_YET;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const uniqueness = seed % 2 === 0 ? 'forever' : 'while open';
      const run = { seed, uniqueness, faults: STORM, lagMs: 300, orders: ORDERS, crashes: CRASHES, nativeBracket: true, forms: true } as const;
      total = sum(total, await faultRun(run));
    }
    assert.deepEqual({ ...total, sent: 0, crashes: 0 }, NOTHING_YET);
    assert.ok(total.crashes > SEEDS && total.sent >= SEEDS * ORDERS, JSON.stringify(total));
  });

  for (const uniqueness of ['forever', 'while open'] as const) {
    it(`ST-2 ST-4 the faults of the fence, ids taken ${uniqueness}, ${SEEDS} seeds of ${FENCE_ORDERS} orders: nothing twice and no ghost`, async () => {
      let total = NOTHING_YET;
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        total = sum(total, await faultRun({ ...FENCE_RUN, seed, uniqueness, lagMs: seed % 2 === 0 ? 0 : 300 }));
      }
      assert.deepEqual({ ...total, sent: 0, crashes: 0 }, NOTHING_YET);
      assert.ok(total.sent >= SEEDS * FENCE_ORDERS, JSON.stringify(total));
    });
  }

  it('the faults bite: who sends again with the same id has orders twice where ids come free again', async () => {
    const run: FaultRun = { ...FENCE_RUN, seed: 1, uniqueness: 'while open', lagMs: 300 };
    const free = await sentAgain(run);
    assert.ok(free.duplicated > 10, JSON.stringify(free));
    const taken = await sentAgain({ ...run, uniqueness: 'forever' });
    assert.equal(taken.duplicated, 0, JSON.stringify(taken));
  });
});
