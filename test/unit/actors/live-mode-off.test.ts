/** RT-2: a mode that goes off between the approval and the sending. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { add, qty, ZERO_QTY } from '#trading/money/decimal.ts';
import { NO_FAULTS } from '../../support/faults.ts';
import { LiveVenue, TERMS } from '../../support/live-venue.ts';
import { LiveWorld, SYMBOLS } from '../../support/live-world.ts';
import { T0 } from '../trading/trader/fixtures.ts';

/** A venue that takes two orders in five seconds: the others wait for their turn. */
const SLOW = { ...TERMS, nativeBracket: ['crypto_spot'], placements: { limit: 2, windowMs: 5000 } } as const;
const QUEUE = 12;

async function world(): Promise<LiveWorld> {
  const made = new LiveWorld(new LiveVenue(T0, 1, NO_FAULTS, SLOW));
  made.isStrict = true;
  await made.start();
  await made.run(20_000);
  return made;
}

const switched = (live: LiveWorld, on: boolean): void =>
  live.tellFact('mode-switch', { type: 'mode.changed', body: { asset: 'crypto_spot', mode: 'live', on, source: 'test', reason: 'test' } });
const queue = (live: LiveWorld): readonly string[] => SYMBOLS.slice(0, QUEUE).map((symbol) => live.approve(live.intent(symbol)));
const entries = (live: LiveWorld) => live.of('order.sending').filter(({ purpose }) => purpose === 'entry');
const refused = (live: LiveWorld) => live.of('order.ended').filter(({ status, reason }) => status === 'not_sent' && reason.startsWith('MODE_OFF: '));

describe('live that goes off while approved orders wait', () => {
  it('RT-2 none of the queue is sent behind it: each ends as not sent, with the code', async () => {
    const live = await world();
    const ids = queue(live);
    await live.settle();
    const before = entries(live).length;
    assert.ok(before > 0 && before < QUEUE, `${before} of ${QUEUE} were sent before`);
    switched(live, false);
    await live.run(1000);
    assert.equal(entries(live).length, before);
    assert.equal(refused(live).length, QUEUE - before);
    assert.deepEqual([...live.venue.requests.keys()].filter((id) => ids.includes(id)).length, before);
    await live.run(60_000);
    assert.equal(entries(live).length, before, 'and later ones neither');
  });

  it('RT-2 exits and protection go on, and live that is on again takes the next order', async () => {
    const live = await world();
    live.approve(live.intent('BTC/USDT'));
    await live.run(10_000);
    switched(live, false);
    const held = live.state.holdings['crypto_spot|BTC/USDT']?.qty ?? ZERO_QTY;
    assert.ok(held !== '0');
    live.approve(live.intent('BTC/USDT', { side: 'sell', kind: 'exit', qty: held, bracket: null }));
    await live.run(10_000);
    assert.deepEqual(live.state.holdings, {});
    switched(live, true);
    live.approve(live.intent('ETH/USDT', { qty: add(qty('1'), qty('1')) }));
    await live.run(10_000);
    assert.equal(live.state.holdings['crypto_spot|ETH/USDT']?.qty, '2');
  });

  it('RT-2 a new run starts with live off, whatever the one before had armed', async () => {
    const live = await world();
    live.tellFact('system', {
      type: 'system.started',
      body: { version: '0', epoch: 2, market: 'embedded', seed: '1', play: 'test', configHash: 'x'.repeat(64) },
    });
    live.approve(live.intent('BTC/USDT'));
    await live.run(5000);
    assert.equal(live.venue.requests.size, 0);
    assert.equal(refused(live).length, 1);
  });
});
