/**
 * The failure modes of TWS that users reported, on the wire: a naive client of the real, unmodified library at the embedded TWS hears what the table
 * (test/support/tws-modes.ts) says it does.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { DEFAULT_RESTARTS, type RestartPlan } from '#venues/embedded/tws/restarts.ts';
import { MODES as SWITCHED } from '#venues/embedded/tws/switches.ts';
import { MODES } from '../support/tws-modes.ts';
import { Scene } from '../support/tws-scene.ts';
import { ORDER_SCENARIOS } from './tws-mode-orders.ts';
import { SESSION_SCENARIOS } from './tws-mode-sessions.ts';

const SCENARIOS = { ...ORDER_SCENARIOS, ...SESSION_SCENARIOS };
/** Only the servers' reset, a minute after the scenes begin: 10:01 in New York. */
const RESET_SOON: RestartPlan = { ...DEFAULT_RESTARTS, nightlyMinute: null, weeklyMinute: null, resetMinute: 601 };
const NIGHTLY_RESET = 14;
const REPORTED = 39;

describe('the reported failure modes of TWS, on the wire', () => {
  for (const mode of MODES) {
    it(`${mode.id}. ${mode.title}`, async () => {
      const scene = await Scene.open(mode.id, mode.id === NIGHTLY_RESET ? { restarts: RESET_SOON } : {});
      try {
        await SCENARIOS[mode.id]?.(scene);
        assert.deepEqual(await scene.story(), mode.wire);
        const expected = mode.wire.filter((line) => line.endsWith(' 505')).length;
        assert.equal(scene.decodeErrors().length, expected, scene.decodeErrors().join('; '));
      } finally {
        await scene.close();
      }
    });
  }

  it('the table has every mode of the specification once, each with a scenario, and the big ones as switches', () => {
    const ids = MODES.map(({ id }) => id);
    assert.deepEqual(
      ids,
      ids.map((_, index) => index + 1),
    );
    assert.ok(ids.length >= REPORTED);
    assert.deepEqual(
      ids.filter((id) => SCENARIOS[id] === undefined),
      [],
    );
    assert.deepEqual(MODES.flatMap(({ venueSwitch }) => venueSwitch ?? []).sort(), Object.keys(SWITCHED).sort());
  });
});
