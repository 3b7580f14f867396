import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { NO_FAULTS } from '../../support/faults.ts';
import { LiveVenue, TERMS } from '../../support/live-venue.ts';
import { LiveWorld } from '../../support/live-world.ts';
import { T0 } from '../trading/trader/fixtures.ts';

const BTC = 'BTC/USDT';

const ends = (of: LiveWorld) => of.of('order.ended').map(({ status, reason }) => `${status}: ${reason}`);
const places = (of: LiveWorld) => of.venue.asked.filter(({ what }) => what === 'place').length;

describe('LiveOrders at a venue that cannot be trusted', () => {
  it('ST-3 a venue that says what cannot be read gets no entry until reports flow again and the account was read; exits go', async () => {
    const live = new LiveWorld(new LiveVenue(T0, 1, NO_FAULTS, { ...TERMS, nativeBracket: ['crypto_spot'] }));
    live.isStrict = true;
    await live.start();
    await live.run(1000);
    const held = live.trade(BTC);
    await live.run(2000);
    const trouble = { code: 'UNREADABLE', sentence: 'it says what nobody knows', order: null, closes: true } as const;
    for (let time = 0; time < 2; time++) live.tell({ type: 'trouble.reported', body: { trouble } });
    await live.run(6000);
    assert.deepEqual(
      live.of('alarm.raised').map(({ asset, symbol, code, clientOrderId }) => [asset, symbol, code, clientOrderId]),
      ['crypto_spot', 'crypto_futures'].map((asset) => [asset, 'bybit', 'UNREADABLE', null]),
      'once an asset',
    );
    const before = places(live);
    live.approve(live.intent('ETH/USDT'));
    await live.settle();
    assert.match(ends(live).at(-1) ?? '', /^not_sent: CLOSE_ONLY: it says what nobody knows/);
    assert.equal(places(live), before, 'however often the account was read meanwhile');
    const exit = live.trade(BTC);
    await live.run(2000);
    assert.deepEqual([live.at(held), live.at(exit)], ['FILLED', 'FILLED']);
    live.tell({ type: 'feed.changed', body: { broker: 'bybit', up: true, reason: 'reports flow' } });
    await live.settle();
    await live.run(1000);
    const after = live.approve(live.intent('ETH/USDT'));
    await live.run(2000);
    assert.equal(live.at(after), 'FILLED');
  });
});
