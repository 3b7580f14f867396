/** RK-1, RK-2: what a person's re-arming forgives: the wires that stand, and nothing else. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ratio } from '#trading/money/decimal.ts';
import type { Settings } from '#trading/model/settings.ts';
import { spot, T0 } from '../trader/fixtures.ts';
import { entryOn, House, settings, verdict } from './house.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

const risk = (more: Partial<Settings['risk']>): Settings => ({ ...settings, risk: { ...settings.risk, ...more } });

/** A round trip of 15 USD that is stopped 2 % below: about a third of a dollar of 1000. */
function lose(house: House, at: number): void {
  assert.equal(verdict(house, entryOn(house.quoteAt(at, 100))), null);
  house.clock(at + 300);
  house.quoteAt(at + 1000, 98);
}

const rearm = (house: House): void => house.append('kill-switch', [{ type: 'kill.rearmed', body: { source: 'test', reason: 'drill' } }]);
const wires = (house: House): readonly string[] => house.of('tripwire.tripped').map(({ refusal: { code } }) => code);

/** What is tripped after two losses, and after a third that follows a re-arming. */
function wiresAround(rules: Settings): readonly (readonly string[])[] {
  const house = new House([spot], rules);
  for (const hour of [0, 1]) lose(house, T0 + hour * HOUR_MS);
  const before = wires(house);
  rearm(house);
  lose(house, T0 + 2 * HOUR_MS);
  return [before, wires(house)];
}

describe('risk/governor: re-arming', () => {
  it('RK-1 a wire whose day is over is nothing to re-arm: what today lost goes on counting', () => {
    const house = new House([spot], risk({ dailyLossCap: ratio('0.0005'), maxDrawdown: ratio('0.5') }));
    for (const hour of [0, 1]) lose(house, T0 + hour * HOUR_MS);
    assert.deepEqual(wires(house), ['DAILY_LOSS_CAP']);
    lose(house, T0 + DAY_MS);
    assert.equal(wires(house).length, 1, 'one loss a day is below the cap');
    rearm(house);
    lose(house, T0 + DAY_MS + HOUR_MS);
    assert.deepEqual(wires(house), ['DAILY_LOSS_CAP', 'DAILY_LOSS_CAP'], 'the second loss of the day reaches it');
  });

  it('RK-1 re-arming the wire of a day leaves the fall from the peak', () => {
    assert.deepEqual(wiresAround(risk({ dailyLossCap: ratio('0.0005'), maxDrawdown: ratio('0.0009') })), [
      ['DAILY_LOSS_CAP'],
      ['DAILY_LOSS_CAP', 'MAX_DRAWDOWN'],
    ]);
  });

  it('RK-1 re-arming the drawdown leaves the loss of the day', () => {
    assert.deepEqual(wiresAround(risk({ dailyLossCap: ratio('0.0009'), maxDrawdown: ratio('0.0005') })), [
      ['MAX_DRAWDOWN'],
      ['MAX_DRAWDOWN', 'DAILY_LOSS_CAP'],
    ]);
  });

  it('RK-2 re-arming a loss leaves the count of what a strategy repeats, and the other way round', () => {
    assert.deepEqual(wiresAround(risk({ dailyLossCap: ratio('0.0005'), losingTradesMax: 3 })), [
      ['DAILY_LOSS_CAP'],
      ['DAILY_LOSS_CAP', 'REPEATED_EXECUTION'],
    ]);
    assert.deepEqual(wiresAround(risk({ dailyLossCap: ratio('0.0009'), losingTradesMax: 2 })), [
      ['REPEATED_EXECUTION'],
      ['REPEATED_EXECUTION', 'DAILY_LOSS_CAP'],
    ]);
  });
});
