import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { money, price, qty } from '#trading/money/decimal.ts';
import { perp, spot, T0 } from '../trader/fixtures.ts';
import { entryOn, House } from '../risk/house.ts';
import { approve, ends, kill, latency, opened, partial } from './steps.ts';

describe('paper/simulator: acceptance', () => {
  it('PX-1 accepts with its draws: due at acceptance plus the latency drawn', () => {
    const house = new House();
    house.intend(entryOn(house.quoteAt(T0, 100)));
    const [accepted] = house.of('order.accepted');
    assert.ok(accepted !== undefined);
    assert.deepEqual([accepted.acceptedAt, accepted.dueAt - accepted.acceptedAt], [T0, accepted.draws.latencyMs]);
    assert.equal(house.fills.length, 0);
  });

  it('QS-1 refuses a snapshot older than two seconds at submission', () => {
    const house = new House();
    const intent = entryOn(house.quoteAt(T0, 100));
    house.now = T0 + 2001;
    approve(house, intent);
    assert.match(ends(house)[0] ?? '', /^not_sent: STALE_QUOTE/);
    assert.equal(house.of('order.accepted').length, 0);
  });

  it('RT-3 clamps last: quantity down to the lot, bracket to the tick, each as a CLAMP event', () => {
    const house = new House();
    const bracket = { takeProfit: price('105.001'), stopLoss: price('98.009') };
    approve(house, entryOn(house.quoteAt(T0, 100), spot, { qty: qty('0.1500009'), bracket }));
    assert.deepEqual(
      house.of('order.clamped')[0]?.clamps.map(({ field, before, after }) => [field, before, after]),
      [
        ['qty', '0.1500009', '0.15'],
        ['takeProfit', '105.001', '105.01'],
        ['stopLoss', '98.009', '98.01'],
      ],
    );
    assert.equal(house.of('order.accepted')[0]?.qty, '0.15');
    house.clock(T0 + 300);
    assert.deepEqual(house.paper.state.holdings['crypto_spot|BTC/USDT']?.bracket, { takeProfit: '105.01', stopLoss: '98.01' });
  });

  it('RT-3 rejects what is below the minimum after the clamp', () => {
    const house = new House();
    approve(house, entryOn(house.quoteAt(T0, 100), spot, { qty: qty('0.04') }));
    assert.match(ends(house)[0] ?? '', /^rejected: BELOW_MINIMUM/);
  });

  it('BR-1 rejects an entry without a bracket, or with one on the wrong side', () => {
    const house = new House();
    const snapshot = house.quoteAt(T0, 100);
    approve(house, entryOn(snapshot, spot, { bracket: null }));
    approve(house, entryOn(snapshot, spot, { clientOrderId: 'other', bracket: { takeProfit: price('90'), stopLoss: price('95') } }));
    assert.match(ends(house)[0] ?? '', /^rejected: NO_BRACKET/);
    assert.match(ends(house)[1] ?? '', /^rejected: BRACKET_WRONG_SIDE/);
  });

  it('LC-1 sends nothing of an instrument that the catalog does not list', () => {
    const house = new House([perp]);
    approve(house, entryOn(house.quoteAt(T0, 100)));
    assert.match(ends(house)[0] ?? '', /^not_sent: UNKNOWN_INSTRUMENT/);
  });

  it('ST-2 an order that was accepted is not accepted again, nor is one that ended', () => {
    const house = new House();
    const intent = entryOn(house.quoteAt(T0, 100));
    approve(house, intent);
    approve(house, intent);
    assert.equal(house.of('order.accepted').length, 1);
  });

  it('RT-1 a live order is none of its business', () => {
    const house = new House();
    approve(house, entryOn(house.quoteAt(T0, 100), spot, { mode: 'live' }));
    house.clock(T0 + 300);
    assert.deepEqual([house.of('order.accepted').length, house.of('order.ended').length], [0, 0]);
  });

  it('RT-5 what keeps a feed from coming is an alarm for each asset of its broker, under its name', () => {
    const house = new House();
    house.tell('gateway.paper', { type: 'feed.troubled', body: { broker: 'ibkr', code: 'VENUE_AWAY', sentence: 'look' } });
    assert.deepEqual(
      house.of('alarm.raised'),
      ['forex', 'options'].map((asset) => ({
        ...{ asset, mode: 'paper', symbol: 'ibkr', clientOrderId: null, code: 'VENUE_AWAY', sentence: 'look' },
      })),
    );
  });

  it('refuses a second entry of a symbol, so that a bracket belongs to one position', () => {
    const { house } = opened();
    approve(house, entryOn(house.quoteAt(T0 + 200, 100), spot, { clientOrderId: 'second' }));
    assert.match(ends(house)[1] ?? '', /^rejected: POSITION_EXISTS/);
  });
});

describe('paper/simulator: fills', () => {
  it('PX-1 fills when its time has come, at the snapshot, worse by the slippage, with the fee and the proof', () => {
    const { house, snapshot } = opened();
    const [fill] = house.fills;
    assert.ok(fill?.paper !== undefined && fill.paper !== null);
    assert.deepEqual(
      [fill.price, fill.qty, fill.fee, fill.filledAt, fill.reason, fill.paper.pricedOn.id],
      ['100.1', '0.15', '0.015015', T0 + 100, 'entry', snapshot.id],
    );
    assert.deepEqual(ends(house), ['filled: filled']);
    assert.deepEqual(house.problems(), []);
  });

  it('PX-1 a worse quote within the latency is used, a better one is not', () => {
    const house = new House([spot], latency(100));
    house.intend(entryOn(house.quoteAt(T0, 100)));
    house.quoteAt(T0 + 40, 100.5);
    house.quoteAt(T0 + 80, 99);
    house.clock(T0 + 100);
    assert.equal(house.fills[0]?.price, '100.6', '100.51 and 8 bps');
    assert.deepEqual(house.problems(), []);
  });

  it('PX-1 a quote that comes when the latency is over does not price the order; one at its very end does', () => {
    for (const [at, expected] of [
      [T0 + 101, '100.1'],
      [T0 + 100, '100.6'],
    ] as const) {
      const house = new House([spot], latency(100));
      house.intend(entryOn(house.quoteAt(T0, 100)));
      house.quoteAt(at, 100.5);
      assert.deepEqual([house.fills[0]?.price, house.fills[0]?.filledAt], [expected, T0 + 100]);
      assert.deepEqual(house.problems(), []);
    }
  });

  it('PX-1 a worse quote that came in time counts, however late the simulator gets to it', () => {
    const house = new House([spot], latency(100));
    house.intend(entryOn(house.quoteAt(T0, 100)));
    house.now = T0 + 150;
    house.quoteAt(T0 + 90, 100.5);
    assert.deepEqual([house.fills[0]?.price, house.fills[0]?.filledAt], ['100.6', T0 + 100]);
    assert.deepEqual(house.problems(), []);
  });

  it('PX-1 a worse quote between snapshot and submission counts as well', () => {
    const house = new House([spot], latency(100));
    const snapshot = house.quoteAt(T0, 100);
    house.quoteAt(T0 + 500, 100.5);
    approve(house, entryOn(snapshot));
    house.clock(T0 + 600);
    assert.equal(house.fills[0]?.price, '100.6');
  });

  it('QS-2 a crossed, stale or far-off quote neither prices nor triggers, but time passes', () => {
    const house = new House([spot], latency(100));
    house.intend(entryOn(house.quoteAt(T0, 100)));
    house.quoteAt(T0 + 20, 100, spot, { bid: price('103'), ask: price('102') });
    house.quoteAt(T0 + 40, 150);
    house.quoteAt(T0 + 100, 50);
    assert.equal(house.fills[0]?.price, '100.1');
    house.quoteAt(T0 + 200, 50);
    house.quoteAt(T0 + 5000, 97, spot, { exchangeAt: T0 + 2900 });
    assert.equal(house.fills.length, 1, 'the stop was not touched by any good quote');
  });

  it('PX-1 a partial fill goes down to the lot, the rest is cancelled', () => {
    const house = new House([{ ...spot, minNotional: money('1') }], partial);
    house.intend(entryOn(house.quoteAt(T0, 100)));
    house.clock(T0 + 100);
    const [fill] = house.fills;
    assert.ok(fill !== undefined && Number(fill.qty) > 0 && Number(fill.qty) < 0.15);
    assert.deepEqual(ends(house), ['partially_filled: the rest was cancelled']);
    assert.equal(house.of('order.ended')[0]?.filledQty, fill.qty);
    assert.deepEqual(house.problems(), []);
  });

  it('PX-1 off, it fills whole at the touch', () => {
    const house = new House([spot], { ...partial, paper: { ...partial.paper, harsh: false } });
    house.intend(entryOn(house.quoteAt(T0, 100)));
    house.clock(T0 + 100);
    assert.deepEqual([house.fills[0]?.price, house.fills[0]?.qty], ['100.01', '0.15']);
    assert.deepEqual(house.problems(), []);
  });
});

describe('paper/simulator: the per-quote path', () => {
  it('a quote of a symbol without orders or position changes the last good quote and nothing else', () => {
    const house = new House();
    const before = house.paper.state;
    const quote = house.quoteAt(T0, 100);
    assert.equal(house.paper.state, before);
    assert.deepEqual(house.paper.memory, {
      lastGood: { 'crypto_spot|BTC/USDT': quote },
      suspects: {},
      worst: {},
      gate: [],
      announced: {},
      unfunded: {},
      unsettled: [],
    });
  });

  it('answers state and kill', () => {
    const { house } = opened();
    assert.equal(house.tell('gateway.paper', { type: 'actor.asked', body: { query: 'state', args: [] } }), house.paper.state);
    kill(house, 'forex');
    assert.deepEqual(house.tell('gateway.paper', { type: 'actor.asked', body: { query: 'kill', args: [] } }), { closed: ['forex'] });
  });
});
