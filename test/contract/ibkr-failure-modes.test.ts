/**
 * The failure modes of TWS (test/support/tws-modes.ts) through the gateway itself: the same faults by the same names, and what the table wants of the
 * gateway is what is asserted. More of each is in the other ibkr-*.test.ts.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import type { Acts } from '../support/ibkr-acts.ts';
import { isBeside } from '../support/shapes.ts';
import { MODES } from '../support/tws-modes.ts';
import { DATA_ACTS } from './ibkr-mode-data.ts';
import { ORDER_ACTS } from './ibkr-mode-orders.ts';
import { SESSION_ACTS } from './ibkr-mode-sessions.ts';

const ACTS: Acts = { ...ORDER_ACTS, ...SESSION_ACTS, ...DATA_ACTS };
const BOOK = fileURLToPath(new URL('../../../shared/venues/ibkr.md', import.meta.url));
/** What the issue adds to those of the specification. */
const ADDED = [40, 41];

describe('the reported failure modes of TWS, through the gateway', () => {
  for (const mode of MODES) {
    it(`${mode.id}. ${mode.title}`, () => {
      const act = ACTS[mode.id];
      assert.ok(act !== undefined, `mode ${mode.id} is in the table and has no scenario through the gateway`);
      return act(mode);
    });
  }

  it('they are those of the specification', function () {
    if (!isBeside(BOOK, 'the specification of the venue (../shared/venues) is')) return this.skip();
    const [, section = ''] = readFileSync(BOOK, 'utf8').split('## 7. Failure modes reported by users');
    const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number));
    assert.deepEqual(
      MODES.map(({ id }) => id),
      [...rows, ...ADDED],
    );
  });
});
