import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { money, price, qty, ratio, ZERO_MONEY } from '#trading/money/decimal.ts';
import type { KillScope } from '#trading/model/events.ts';
import type { OrderIntent } from '#trading/model/order.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { perp, spot, T0 } from '../trader/fixtures.ts';
import { entryOn, exitOn, House, settings } from '../risk/house.ts';

const latency = (ms: number) => ({ ...settings, paper: { ...settings.paper, latencyMsMin: ms, latencyMsMax: ms } });
const partial = { ...settings, paper: { ...settings.paper, partialProbability: 1, latencyMsMin: 100, latencyMsMax: 100 } };

/** Approved as by the governor, so that the simulator is seen on its own. */
function approve(house: House, intent: OrderIntent): void {
  const { clientOrderId, asset, mode, symbol } = intent;
  house.append('governor', [
    {
      type: 'order.approved',
      body: { clientOrderId, asset, mode, symbol, intent, notional: ZERO_MONEY, margin: ZERO_MONEY, maxLoss: ZERO_MONEY },
    },
  ]);
}

function opened(rules = latency(100), mid = 100): { house: House; intent: OrderIntent; snapshot: QuoteSnapshot } {
  const house = new House([spot, perp], rules);
  const snapshot = house.quoteAt(T0, mid);
  const intent = entryOn(snapshot);
  house.intend(intent);
  house.clock(T0 + 100);
  assert.equal(house.fills.length, 1, JSON.stringify(house.of('order.refused')[0] ?? house.of('order.ended')[0]));
  return { house, intent, snapshot };
}

const kill = (house: House, scope: KillScope, flatten = false) =>
  house.append('kill-switch', [{ type: 'kill.tripped', body: { scope, reason: 'test', source: 'test', flatten } }]);
const ends = (house: House) => house.of('order.ended').map(({ status, reason }) => `${status}: ${reason}`);

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

describe('paper/simulator: brackets', () => {
  it('PX-2 a stop fills at the quote that triggered it, worse by the slippage; a gap fills at the gap', () => {
    const { house } = opened();
    house.quoteAt(T0 + 1000, 95);
    const [, fill] = house.fills;
    assert.deepEqual([fill?.reason, fill?.side, fill?.price, fill?.fillId], ['stop_loss', 'sell', '94.91', `${fill?.clientOrderId ?? ''}-x1`]);
    assert.deepEqual(house.paper.state.holdings, {});
    assert.deepEqual(house.problems(), []);
  });

  it('PX-2 a take-profit never fills better than its price', () => {
    const { house, intent } = opened();
    house.quoteAt(T0 + 1000, 108);
    assert.deepEqual([house.fills[1]?.reason, house.fills[1]?.price], ['take_profit', intent.bracket?.takeProfit]);
    assert.deepEqual(house.problems(), []);
  });

  it('PX-2 a short is stopped above and takes its profit below', () => {
    for (const [mid, reason] of [
      [102, 'stop_loss'],
      [97, 'take_profit'],
    ] as const) {
      const house = new House([perp], latency(100));
      house.intend(entryOn(house.quoteAt(T0, 100, perp), perp, { side: 'sell' }));
      house.clock(T0 + 100);
      house.quoteAt(T0 + 1000, mid, perp);
      assert.deepEqual([house.fills[1]?.reason, house.fills[1]?.side], [reason, 'buy']);
      assert.deepEqual(house.problems(), []);
    }
  });

  it('PX-2 the quote that lets an entry fill also tries its stop', () => {
    const house = new House([spot], latency(100));
    house.intend(entryOn(house.quoteAt(T0, 100)));
    house.quoteAt(T0 + 1000, 95);
    assert.deepEqual(
      house.fills.map(({ reason }) => reason),
      ['entry', 'stop_loss'],
    );
    assert.deepEqual(house.problems(), []);
  });

  it('PX-2 a quote from before the entry triggers nothing', () => {
    const { house } = opened();
    house.now = T0 + 150;
    house.quoteAt(T0 + 150, 95, spot, { exchangeAt: T0 + 50, receivedAt: T0 + 150 });
    assert.equal(house.fills.length, 1);
  });

  it('PX-2 a quote of another symbol triggers nothing', () => {
    const { house } = opened();
    house.quoteAt(T0 + 1000, 95, perp);
    assert.equal(house.fills.length, 1);
  });

  it('BR-3 an exit in part leaves the rest protected, and the next quote triggers again', () => {
    const small = { ...spot, minNotional: money('0.1') };
    const house = new House([small], { ...partial, risk: { ...partial.risk, quoteCollar: ratio('1') } });
    house.intend(entryOn(house.quoteAt(T0, 100), small));
    house.clock(T0 + 100);
    for (let at = T0 + 1000; at < T0 + 60_000 && Object.keys(house.paper.state.holdings).length > 0; at += 1000) house.quoteAt(at, 95, small);
    const exits = house.fills.slice(1);
    assert.ok(exits.length > 1);
    assert.deepEqual(
      exits.map(({ fillId }) => fillId.replace(/^.*-/, '')),
      exits.map((_exit, index) => `x${index + 1}`),
    );
    assert.deepEqual(house.paper.state.holdings, {});
    assert.deepEqual(house.problems(), []);
  });
});

describe('paper/simulator: exits', () => {
  it('an exit fills like a market order and removes the position with its bracket', () => {
    const { house } = opened();
    house.intend(exitOn(house.quoteAt(T0 + 1000, 101), '0.15'));
    house.clock(T0 + 1100);
    assert.deepEqual([house.fills[1]?.reason, house.fills[1]?.price], ['exit', '100.9']);
    house.quoteAt(T0 + 2000, 95);
    assert.equal(house.fills.length, 2);
    assert.deepEqual(house.problems(), []);
  });

  it('a stop that comes first leaves the exit nothing to close', () => {
    const { house } = opened();
    house.intend(exitOn(house.quoteAt(T0 + 1000, 100), '0.15'));
    house.quoteAt(T0 + 1050, 95);
    house.clock(T0 + 1100);
    assert.deepEqual(
      house.fills.map(({ reason }) => reason),
      ['entry', 'stop_loss'],
    );
    assert.match(ends(house)[1] ?? '', /^cancelled: NOTHING_TO_CLOSE/);
  });

  it('an exit of nothing is rejected', () => {
    const house = new House();
    approve(house, exitOn(house.quoteAt(T0, 100), '0.15'));
    assert.match(ends(house)[0] ?? '', /^rejected: NOTHING_TO_CLOSE/);
  });

  it('a position below the minimum can still be left', () => {
    const { house } = opened();
    house.append('catalog', [{ type: 'instrument.changed', body: { instrument: { ...spot, minNotional: money('50') } } }]);
    approve(house, exitOn(house.quoteAt(T0 + 1000, 100), '0.15'));
    house.clock(T0 + 1100);
    assert.equal(house.fills[1]?.qty, '0.15');
  });
});

describe('paper/simulator: kill', () => {
  it('KS-1 an entry on its way is cancelled, a position keeps its bracket', () => {
    const { house } = opened();
    house.intend(entryOn(house.quoteAt(T0 + 200, 100, perp), perp));
    assert.equal(house.of('order.accepted').length, 2);
    kill(house, 'bybit');
    assert.match(ends(house)[1] ?? '', /^cancelled: CLOSE_ONLY/);
    house.clock(T0 + 5000);
    assert.equal(house.fills.length, 1);
    house.quoteAt(T0 + 6000, 95);
    assert.equal(house.fills[1]?.reason, 'stop_loss');
  });

  it('KS-1 covers its scope only', () => {
    const house = new House([spot, perp], latency(100));
    house.intend(entryOn(house.quoteAt(T0, 100)));
    kill(house, 'crypto_futures');
    kill(house, 'ibkr');
    house.clock(T0 + 100);
    assert.equal(house.fills.length, 1);
  });

  it('KS-1 no entry is accepted while tripped, an exit is', () => {
    const { house } = opened();
    kill(house, 'all');
    approve(house, entryOn(house.quoteAt(T0 + 200, 100, perp), perp));
    assert.match(ends(house)[1] ?? '', /^not_sent: CLOSE_ONLY/);
    approve(house, exitOn(house.quoteAt(T0 + 300, 100), '0.15'));
    house.clock(T0 + 400);
    assert.equal(house.fills[1]?.reason, 'exit');
  });

  it('KS-1 the gate alone is enough, before any fact: what is on its way is cancelled, nothing is accepted, until it opens', () => {
    const house = new House([spot, perp], latency(100));
    house.intend(entryOn(house.quoteAt(T0, 100)));
    house.tell('gateway.paper', { type: 'kill.trip', body: { scope: 'all', reason: 'latch', source: 'latch', flatten: false } });
    assert.match(ends(house)[0] ?? '', /^cancelled: CLOSE_ONLY/);
    house.intend(entryOn(house.quoteAt(T0 + 10, 100, perp), perp));
    assert.match(ends(house)[1] ?? '', /^not_sent: CLOSE_ONLY/);
    house.tell('gateway.paper', { type: 'kill.rearm', body: { confirm: '', reason: 'latch', source: 'latch' } });
    house.intend(entryOn(house.quoteAt(T0 + 20, 100), spot, { clientOrderId: 'again' }));
    assert.equal(house.of('order.accepted').length, 2);
  });

  it('KS-1 flatten closes what it covers at the next good quote, not before, and no other', () => {
    const { house } = opened();
    house.intend(entryOn(house.quoteAt(T0 + 200, 100, perp), perp));
    house.clock(T0 + 300);
    kill(house, 'crypto_spot', true);
    house.clock(T0 + 400);
    assert.equal(house.fills.length, 2, 'no quote yet');
    house.quoteAt(T0 + 500, 100, spot, { bid: price('103'), ask: price('102') });
    assert.equal(house.fills.length, 2, 'a crossed quote');
    house.quoteAt(T0 + 600, 100.5);
    house.quoteAt(T0 + 600, 100.5, perp);
    assert.deepEqual([house.fills.length, house.fills[2]?.reason, house.fills[2]?.price], [3, 'flatten', '100.4']);
    assert.deepEqual(house.problems(), []);
  });

  it('KS-1 re-armed, entries are accepted again', () => {
    const house = new House([spot], latency(100));
    kill(house, 'all');
    house.append('kill-switch', [{ type: 'kill.rearmed', body: { source: 'test', reason: 'test' } }]);
    house.intend(entryOn(house.quoteAt(T0, 100)));
    assert.equal(house.of('order.accepted').length, 1);
  });
});

describe('paper/simulator: crashes', () => {
  it('ST-2 accepted and not filled: expired as interrupted, and never filled', () => {
    const house = new House([spot], latency(100));
    house.intend(entryOn(house.quoteAt(T0, 100)));
    house.crash();
    assert.deepEqual(ends(house), ['expired: interrupted']);
    house.clock(T0 + 1000);
    assert.equal(house.fills.length, 0);
  });

  it('ST-2 approved and not accepted: not sent, and never sent', () => {
    const house = new House([spot], latency(100));
    const intent = entryOn(house.quoteAt(T0, 100));
    house.isHeld = true;
    approve(house, intent);
    house.crash();
    assert.deepEqual(ends(house), ['not_sent: interrupted']);
    house.crash();
    assert.equal(house.of('order.ended').length, 1);
  });

  it('BR-3 a bracket survives a crash', () => {
    const { house } = opened();
    house.crash();
    house.quoteAt(T0 + 1000, 95);
    assert.equal(house.fills[1]?.reason, 'stop_loss');
    assert.deepEqual(house.problems(), []);
  });

  it('a position lives under the rules of its entry, whatever is configured later', () => {
    const { house } = opened();
    house.append('system', [
      { type: 'settings.loaded', body: { settings: { ...settings, paper: { ...settings.paper, slippageBps: 0 } }, source: 'reload' } },
    ]);
    house.quoteAt(T0 + 1000, 95);
    assert.equal(house.fills[1]?.price, '94.91');
  });
});

describe('paper/simulator: the per-quote path', () => {
  it('a quote of a symbol without orders or position changes the last good quote and nothing else', () => {
    const house = new House();
    const before = house.paper.state;
    const quote = house.quoteAt(T0, 100);
    assert.equal(house.paper.state, before);
    assert.deepEqual(house.paper.memory, { lastGood: { 'crypto_spot|BTC/USDT': quote }, worst: {}, gate: [] });
  });

  it('answers state and kill', () => {
    const { house } = opened();
    assert.equal(house.tell('gateway.paper', { type: 'actor.asked', body: { query: 'state', args: [] } }), house.paper.state);
    kill(house, 'forex');
    assert.deepEqual(house.tell('gateway.paper', { type: 'actor.asked', body: { query: 'kill', args: [] } }), { closed: ['forex'] });
  });
});
