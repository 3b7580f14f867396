/** The faults of the fence over the whole wire: live orders, an unmodified ccxt, HTTP, WebSocket, and the embedded venue. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { NOTHING_YET } from '../support/fault-run.ts';
import { faultRunOverCcxt } from '../support/fault-run-ccxt.ts';

/** `npm run bench -- fence` takes all 240 and more seeds. */
const INTENTS = 40;

describe('the fence at the embedded Bybit', function () {
  this.timeout(120_000);

  for (const uniqueness of ['forever', 'while open'] as const) {
    it(`ST-2 ST-4 ${INTENTS} intents over ccxt, ids taken ${uniqueness}: nothing twice and no ghost`, async () => {
      const story = await faultRunOverCcxt({ seed: 1, uniqueness, intents: INTENTS });
      assert.deepEqual({ ...story, sent: 0 }, NOTHING_YET);
      assert.ok(story.sent >= INTENTS, JSON.stringify(story));
    });
  }
});
