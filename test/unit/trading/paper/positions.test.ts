import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { money, price, ratio, qty } from '#trading/money/decimal.ts';
import { perp, spot, T0 } from '../trader/fixtures.ts';
import { entryOn, exitOn, House, settings } from '../risk/house.ts';
import { approve, ends, kill, latency, opened, partial } from './steps.ts';

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
    house.intend(entryOn(house.quoteAt(T0 + 20, 100), spot, { clientOrderId: 'again', qty: qty('0.149') }));
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

  it('QS-2 after a crash a quote far from the position’s last one triggers nothing until others agree', () => {
    const { house } = opened();
    house.crash();
    for (const ms of [1000, 2000]) house.quoteAt(T0 + ms, 9.5);
    assert.equal(house.fills.length, 1);
    house.quoteAt(T0 + 3000, 9.5);
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
