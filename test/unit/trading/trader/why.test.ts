import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { spot, spotTrader } from './fixtures.ts';
import { Rig, UP } from './rig.ts';

const outcomes = (rig: Rig) => rig.why(spot.symbol).gates.map(({ gate, outcome }) => `${gate} ${outcome}`);

describe('trader: the gates of a signal', () => {
  it('RG-2 UI-2 an intended order names every gate with its numbers, the sizing with those of SZ-1…5', () => {
    const rig = new Rig(spotTrader).configured(spot).play(spot, ...UP);
    assert.deepEqual(outcomes(rig), [
      'quote passed',
      'signal passed',
      'session skipped',
      'one a bar passed',
      'position passed',
      'no short passed',
      'catalog passed',
      'currency passed',
      'settings passed',
      'close-only passed',
      'mode passed',
      'signal age passed',
      'on its way passed',
      'cool-down passed',
      'budget passed',
      'sizing passed',
      'minimum passed',
      'bracket passed',
      'intent passed',
    ]);
    const { gates } = rig.why(spot.symbol);
    const sizing = gates.find(({ gate }) => gate === 'sizing');
    assert.deepEqual(sizing?.numbers, {
      ...{ B: '1000', r: '0.02', m: '1', T: '1000', baseCap: '20', notionalCap: '20', usable: '1000', P: '103.51', qty: '0.193218' },
    });
    assert.deepEqual(gates.at(-1)?.numbers, { clientOrderId: rig.intents[0]?.clientOrderId });
    assert.ok(gates.every(({ by, sentence }) => by === 'trader' && sentence !== ''));
  });

  it('RG-2 a stopped signal ends at the gate that stopped it, with the numbers of that refusal', () => {
    const falling = [95, 96, 97, 98, 99, 100, 92, 91.5];
    const rig = new Rig(spotTrader).configured(spot).play(spot, ...falling);
    assert.deepEqual(outcomes(rig).slice(-2), ['position passed', 'no short stopped']);
    assert.equal(rig.why(spot.symbol).gates.at(-1)?.rule, 'SZ-6');
  });

  it('UI-2 without a signal it says what is missing for one', () => {
    const rig = new Rig(spotTrader).configured(spot);
    assert.deepEqual(outcomes(rig), ['quote waiting']);
    rig.play(spot, 100, 100.1);
    assert.deepEqual(outcomes(rig), ['quote passed', 'signal waiting']);
    assert.equal(rig.why(spot.symbol).gates.at(-1)?.numbers['bars'], 1);
  });

  it('the answer is plain JSON, without the state that was decided on', () => {
    const why = new Rig(spotTrader)
      .configured(spot)
      .play(spot, ...UP)
      .why(spot.symbol);
    assert.deepEqual(JSON.parse(JSON.stringify(why)), why);
    assert.equal(JSON.stringify(why).includes('"moment"'), false);
  });
});
