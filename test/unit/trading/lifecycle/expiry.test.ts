import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { expiresAt, expiryRefusal, isExpired, isToBeSold, sellsFrom, worthAt } from '#trading/lifecycle/expiry.ts';
import { money, price } from '#trading/money/decimal.ts';
import type { Settings } from '#trading/model/settings.ts';
import { quoteOf } from '../trader/fixtures.ts';
import { EXPIRY, optionOf, optionSettings, SHARE } from '../paper/option-scene.ts';

const HOUR_MS = 3_600_000;
const share = (bid: string, ask: string) => quoteOf(SHARE, EXPIRY - 1000, 600, { bid: price(bid), ask: price(ask) });
const TERMS = { slippageBps: 10, tickSize: price('0.01'), threshold: money('0.01') };

describe('lifecycle/expiry', () => {
  let settings: Settings;
  before(async () => {
    settings = await optionSettings({ openDteMin: 3, closeMinutes: 60 });
  });

  // Shares sold at 604.9 less 0.1 % are 604.2951, bought at 605.1 and 0.1 % are 605.7051.
  for (const [side, right, strike, outcome, worth] of [
    ['buy', 'C', '600', 'exercised', '4.29'],
    ['buy', 'C', '604.28', 'exercised', '0.01'],
    ['buy', 'C', '604.29', 'worthless', '0'],
    ['buy', 'C', '610', 'worthless', '0'],
    ['buy', 'P', '610', 'exercised', '4.29'],
    ['buy', 'P', '605.71', 'worthless', '0'],
    ['buy', 'P', '600', 'worthless', '0'],
    ['sell', 'C', '600', 'assigned', '5.71'],
    ['sell', 'C', '606', 'worthless', '0'],
    ['sell', 'P', '610', 'assigned', '5.71'],
    ['sell', 'P', '604', 'worthless', '0'],
  ] as const) {
    it(`LC-5 ${side === 'buy' ? 'bought' : 'written'}: a ${strike} ${right} is ${outcome} at ${worth}`, () => {
      const contract = { strike: price(strike), right };
      assert.deepEqual(worthAt(side, contract, share('604.9', '605.1'), TERMS), { outcome, price: worth });
    });
  }

  it('LC-5 in the money by less than the threshold is worth nothing', () => {
    const contract = { strike: price('600'), right: 'C' } as const;
    const flat = { ...TERMS, slippageBps: 0, threshold: money('0.5') };
    assert.equal(worthAt('buy', contract, share('600.49', '600.5'), flat).outcome, 'worthless');
    assert.equal(worthAt('buy', contract, share('600.5', '600.51'), flat).price, '0.5');
  });

  it('LC-5 trading ends with the last session, where it closes early too, and on the day before a holiday', () => {
    assert.equal(expiresAt(optionOf('600', 'C'), settings), EXPIRY);
    // The Friday after Thanksgiving closes at 13:00; Good Friday has no session at all.
    const thanksgiving = Date.parse('2026-11-27T21:00:00Z');
    assert.equal(expiresAt(optionOf('600', 'C', thanksgiving), settings), Date.parse('2026-11-27T18:00:00Z'));
    const goodFriday = Date.parse('2026-04-03T20:00:00Z');
    assert.equal(expiresAt(optionOf('600', 'C', goodFriday), settings), Date.parse('2026-04-02T20:00:00Z'));
    assert.equal(expiresAt(optionOf('600', 'C'), {}), EXPIRY, 'without a calendar it is what the venue says');
  });

  it('LC-2 no opening with fewer whole days left than OPTIONS_OPEN_DTE_MIN', () => {
    const call = optionOf('600', 'C');
    assert.equal(expiryRefusal(call, settings, EXPIRY - 72 * HOUR_MS), null);
    const refusal = expiryRefusal(call, settings, EXPIRY - 72 * HOUR_MS + 1);
    assert.deepEqual([refusal?.code, refusal?.numbers['dte'], refusal?.numbers['openDteMin']], ['NEAR_EXPIRY', 2, 3]);
  });

  it('LC-5 the house sells an hour before trading ends, enters nothing any more from there, and 0 minutes hold it to expiry', async () => {
    const call = optionOf('600', 'C');
    assert.equal(sellsFrom(call, settings), EXPIRY - HOUR_MS);
    const at = [EXPIRY - HOUR_MS - 1, EXPIRY - HOUR_MS, EXPIRY];
    assert.deepEqual(
      at.map((now) => isToBeSold(call, settings, now)),
      [false, true, true],
    );
    assert.deepEqual(
      at.map((now) => isExpired(call, settings, now)),
      [false, false, true],
    );
    const daily = await optionSettings({ closeMinutes: 60 });
    assert.deepEqual(
      at.map((now) => expiryRefusal(call, daily, now)?.code ?? null),
      [null, 'NEAR_EXPIRY', 'NEAR_EXPIRY'],
    );
    const never = await optionSettings();
    assert.deepEqual(
      at.map((now) => isToBeSold(call, never, now)),
      [false, false, false],
    );
    assert.deepEqual(
      at.map((now) => expiryRefusal(call, never, now)?.code ?? null),
      [null, null, 'NEAR_EXPIRY'],
    );
  });
});
