import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { verdict, entryOn, exitOn, House } from './house.ts';
import type { Asset, Mode } from '#trading/model/instrument.ts';
import type { Allowance } from '#trading/model/messages.ts';
import { perp, spot, T0 } from '../trader/fixtures.ts';

function flip(house: House, asset: Asset, mode: Mode, on: boolean): void {
  house.append('mode-switch', [{ type: 'mode.changed', body: { asset, mode, on, source: 'test', reason: 'test' } }]);
}

function boot(house: House): void {
  house.append('system', [{ type: 'system.started', body: { version: '0', market: 'embedded', seed: '7', epoch: 2, configHash: 'c', play: 'p' } }]);
}

function opened(): House {
  const house = new House([spot, perp]);
  assert.equal(verdict(house, entryOn(house.quoteAt(T0, 100))), null);
  house.clock(T0 + 300);
  assert.equal(Object.keys(house.governor.state.positions).length, 1);
  return house;
}

const closeOnlyTold = (house: House, asset: Asset): string | null | undefined =>
  house.tells
    .flatMap(({ type, body }): Allowance[] => (type === 'allowance.changed' && body.asset === asset && body.mode === 'paper' ? [body] : []))
    .at(-1)?.closeOnly?.code ?? null;

describe('risk/governor: modes that are off', () => {
  it('RT-2 an entry of a paper mode that is off is refused with MODE_OFF; other assets go on', () => {
    const house = new House([spot, perp]);
    flip(house, 'crypto_spot', 'paper', false);
    const refusal = verdict(house, entryOn(house.quoteAt(T0, 100)));
    assert.deepEqual([refusal?.code, refusal?.rule], ['MODE_OFF', 'RT-2']);
    assert.deepEqual(refusal?.numbers, { asset: 'crypto_spot', mode: 'paper' });
    assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 1, 100, perp), perp)), null);
    flip(house, 'crypto_spot', 'paper', true);
    assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 2, 100), spot, { clientOrderId: 'after' })), null);
  });

  it('RT-2 an exit passes while its mode is off', () => {
    const house = opened();
    flip(house, 'crypto_spot', 'paper', false);
    assert.equal(verdict(house, exitOn(house.quoteAt(T0 + 1000, 100), '0.15')), null);
  });

  it('RT-2 traders and page hear MODE_OFF in the allowance, and when it is on again', () => {
    const house = opened();
    flip(house, 'crypto_spot', 'paper', false);
    assert.equal(closeOnlyTold(house, 'crypto_spot'), 'MODE_OFF');
    assert.equal(closeOnlyTold(house, 'crypto_futures'), null);
    flip(house, 'crypto_spot', 'paper', true);
    assert.equal(closeOnlyTold(house, 'crypto_spot'), null);
  });

  it('RT-2 ST-5 a paper mode that is off stays off through a crash of the governor and a new run', () => {
    const house = opened();
    flip(house, 'crypto_spot', 'paper', false);
    house.crash();
    assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 1000, 100)))?.code, 'MODE_OFF');
    boot(house);
    house.crash();
    assert.equal(verdict(house, entryOn(house.quoteAt(T0 + 2000, 100)))?.code, 'MODE_OFF');
    assert.equal(verdict(house, exitOn(house.quoteAt(T0 + 3000, 100), '0.15')), null);
  });

  it('RT-2 a live entry is refused with MODE_OFF before live is on, after it is off, and in every new run', () => {
    const house = new House([spot]);
    const code = (at: number): string | undefined =>
      verdict(house, entryOn(house.quoteAt(T0 + at, 100), spot, { clientOrderId: `l${at}`, mode: 'live' }))?.code;
    assert.equal(code(0), 'MODE_OFF');
    flip(house, 'crypto_spot', 'live', true);
    assert.notEqual(code(1), 'MODE_OFF');
    flip(house, 'crypto_spot', 'live', false);
    assert.equal(code(2), 'MODE_OFF');
    flip(house, 'crypto_spot', 'live', true);
    boot(house);
    assert.equal(code(3), 'MODE_OFF');
  });

  it('KS-3 where a kill covers the asset too, the kill is what is told', () => {
    const house = opened();
    flip(house, 'crypto_spot', 'paper', false);
    house.append('kill-switch', [{ type: 'kill.tripped', body: { scope: 'all', reason: 'test', source: 'test', flatten: false } }]);
    assert.equal(closeOnlyTold(house, 'crypto_spot'), 'CLOSE_ONLY');
  });
});
