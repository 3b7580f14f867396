/** RK-2 and BR-2 in the governor: each control just below, at and above its limit, and what stays true whatever comes. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { price, qty, ratio, ZERO_MONEY } from '#trading/money/decimal.ts';
import type { Refusal } from '#trading/model/events.ts';
import type { Fill, OrderIntent } from '#trading/model/order.ts';
import type { Settings } from '#trading/model/settings.ts';
import { NAKED_MS_MAX } from '#trading/risk/tripwires.ts';
import { perp, spot, T0 } from '../trader/fixtures.ts';
import { entryOn, exitOn, House, settings, verdict } from './house.ts';

const free = (more: Partial<Settings['risk']> = {}): Settings => ({ ...settings, cooldownSeconds: 0, risk: { ...settings.risk, ...more } });
const second = { ...spot, id: 'eth', symbol: 'ETH/USDT', venueSymbol: 'ETHUSDT', base: 'ETH', underlying: 'ETH' };
const wires = (house: House) => house.of('tripwire.tripped').map(({ asset, refusal: { code }, until }) => [asset, code, until]);
const rearm = (house: House) => house.append('kill-switch', [{ type: 'kill.rearmed', body: { source: 'test', reason: 'looked at it' } }]);

/** One more entry at `at`, on a quote of its own; `n` makes id and quantity its own. */
function enter(house: House, at: number, n: number, more: Partial<OrderIntent> = {}, instrument = spot, mid = 100): Refusal | null {
  const snapshot = house.quoteAt(at, mid, instrument);
  return verdict(house, entryOn(snapshot, instrument, { clientOrderId: `e${n}`, qty: qty((0.15 - n / 1000).toFixed(3)), ...more }));
}

/** Entered at `at` and closed by an order a second later. */
function roundTrip(house: House, at: number, n: number, exitMid = 100, instrument = spot): Refusal | null {
  const refusal = enter(house, at, n, {}, instrument);
  if (refusal !== null) return refusal;
  house.clock(at + 300);
  const held = house.governor.state.positions[`${instrument.asset}|paper|${instrument.symbol}`]?.qty ?? '0';
  house.intend(exitOn(house.quoteAt(at + 600, exitMid, instrument), held, instrument, { clientOrderId: `x${n}` }));
  house.clock(at + 900);
  assert.deepEqual(house.governor.state.positions, {});
  return null;
}

describe('risk/fat-finger: repeated execution', () => {
  const rules = free({ repeatedEntriesMax: 3, repeatedEntriesWindowSeconds: 60 });

  it('RK-2 as many entries as allowed pass, one more is refused and disables the strategy until re-armed', () => {
    const house = new House([spot, second, perp], rules);
    for (const n of [0, 1, 2]) assert.equal(roundTrip(house, T0 + n * 1000, n), null);
    const refusal = enter(house, T0 + 59_999, 3);
    assert.deepEqual([refusal?.code, refusal?.rule], ['REPEATED_EXECUTION', 'RK-2']);
    assert.deepEqual(refusal?.numbers, { strategy: 'ema-cross', symbol: 'BTC/USDT', side: 'buy', entries: 3, max: 3, seconds: 60 });
    assert.match(refusal?.sentence ?? '', /ema-cross entered BTC\/USDT buy 3 times in 60 s, at most 3: disabled until re-armed/);
    assert.deepEqual(wires(house), [['crypto_spot', 'REPEATED_EXECUTION', null]]);
    assert.equal(enter(house, T0 + 9 * 86_400_000, 4, {}, second)?.code, 'REPEATED_EXECUTION', 'no time and no other symbol re-arms it');
    assert.equal(enter(house, house.now, 5, {}, perp), null, 'another asset is not concerned');
    assert.equal(wires(house).length, 1, 'tripped once');
  });

  it('RK-2 an entry that left the window counts no longer', () => {
    const house = new House([spot], rules);
    for (const n of [0, 1, 2]) assert.equal(roundTrip(house, T0 + n * 1000, n), null);
    assert.equal(enter(house, T0 + 60_000, 3), null);
    assert.deepEqual(wires(house), []);
  });

  it('RK-2 a window longer than a minute remembers its entries for all of it', () => {
    const hour = free({ repeatedEntriesMax: 2, repeatedEntriesWindowSeconds: 3600 });
    for (const [at, code] of [
      [T0 + 3_599_999, 'REPEATED_EXECUTION'],
      [T0 + 3_600_000, undefined],
    ] as const) {
      const house = new House([spot, perp], hour);
      for (const n of [0, 1]) assert.equal(roundTrip(house, T0 + n * 1_800_000, n), null);
      assert.equal(enter(house, at, 2)?.code, code);
    }
  });

  it('RK-2 the exit of a short is no entry of a long', () => {
    const house = new House([perp], rules);
    const bracket = { stopLoss: price('101'), takeProfit: price('98') };
    for (const n of [0, 1, 2]) {
      assert.equal(enter(house, T0 + n * 1000, n, { side: 'sell', bracket }, perp), null);
      house.clock(T0 + n * 1000 + 300);
      const exit = { clientOrderId: `x${n}`, side: 'buy' } as const;
      house.intend(exitOn(house.quoteAt(T0 + n * 1000 + 400, 100, perp), (0.15 - n / 1000).toFixed(3), perp, exit));
      house.clock(T0 + n * 1000 + 700);
    }
    assert.equal(house.of('trade.closed').length, 3);
    assert.equal(enter(house, T0 + 4000, 3, {}, perp), null);
  });

  it('RK-2 another strategy, another symbol and exits are counted apart', () => {
    const house = new House([spot, second], rules);
    for (const n of [0, 1]) assert.equal(roundTrip(house, T0 + n * 1000, n), null);
    for (const n of [2, 3]) assert.equal(roundTrip(house, T0 + n * 1000, n, 100, second), null);
    assert.equal(roundTrip(house, T0 + 4000, 4), null);
    assert.equal(enter(house, T0 + 5000, 5, { strategyId: 'other' }), null);
  });

  it('RK-2 the wire survives a restart, lets exits pass, shows in why, and only re-arming clears it and its count', () => {
    const house = new House([spot, second], rules);
    for (const n of [0, 1, 2]) assert.equal(roundTrip(house, T0 + n * 1000, n), null);
    assert.equal(enter(house, T0 + 4000, 9, {}, second), null);
    house.clock(T0 + 4300);
    assert.equal(enter(house, T0 + 5000, 3)?.code, 'REPEATED_EXECUTION');
    house.crash();
    assert.equal(enter(house, T0 + 5001, 4)?.code, 'REPEATED_EXECUTION');
    assert.deepEqual(wires(house).length, 1);
    const held = house.governor.state.positions['crypto_spot|paper|ETH/USDT']?.qty ?? '0';
    assert.equal(verdict(house, exitOn(house.quoteAt(T0 + 5002, 100, second), held, second)), null);
    const why = house.tell('governor', { type: 'actor.asked', body: { query: 'why', args: ['crypto_spot'] } });
    assert.match(JSON.stringify(why), /"closeOnly":\{"code":"REPEATED_EXECUTION"/);
    rearm(house);
    for (const n of [5, 6, 7]) assert.equal(roundTrip(house, T0 + 6000 + n * 1000, n), null);
    assert.equal(enter(house, T0 + 15_000, 8)?.code, 'REPEATED_EXECUTION');
    assert.equal(wires(house).length, 2);
  });

  it('RK-2 so many losing round trips in a row disable the strategy, one less and a profit between do not', () => {
    const streak = free({ losingTradesMax: 3 });
    const results = (exits: readonly number[]): House => {
      const house = new House([spot, second], streak);
      exits.forEach((mid, n) => roundTrip(house, T0 + n * 1000, n, mid, n % 2 === 0 ? spot : second));
      return house;
    };
    assert.deepEqual(wires(results([100, 100])), []);
    assert.deepEqual(wires(results([100, 100, 101, 100, 100])), []);
    const house = results([100, 100, 100]);
    assert.deepEqual(wires(house), [['crypto_spot', 'REPEATED_EXECUTION', null]]);
    assert.deepEqual(house.of('tripwire.tripped')[0]?.refusal.numbers, { strategy: 'ema-cross', losses: 3, max: 3 });
    assert.equal(enter(house, T0 + 5000, 5)?.code, 'REPEATED_EXECUTION');
    rearm(house);
    assert.equal(roundTrip(house, T0 + 6000, 6), null);
    assert.equal(wires(house).length, 1, 'the streak counts from the re-arming');
  });

  it('RK-2 a streak that was there before its limit was lowered disables at the next entry; 0 is off', () => {
    const house = new House([spot], free());
    for (const n of [0, 1, 2]) assert.equal(roundTrip(house, T0 + n * 1000, n), null);
    house.append('system', [{ type: 'settings.loaded', body: { settings: free({ losingTradesMax: 3 }), source: 'reload' } }]);
    assert.equal(enter(house, T0 + 4000, 4)?.code, 'REPEATED_EXECUTION');
    assert.deepEqual(wires(house), [['crypto_spot', 'REPEATED_EXECUTION', null]]);
  });

  it('RK-2 whatever comes, no window holds more approved entries of a strategy, symbol and side than allowed', () => {
    const steps = fc.array(fc.record({ ms: fc.integer({ min: 1, max: 30_000 }), other: fc.boolean(), rearm: fc.nat(9) }), {
      minLength: 5,
      maxLength: 40,
    });
    fc.assert(
      fc.property(steps, (all) => {
        const house = new House([spot, second], rules);
        let since = 0;
        let rearmed = 0;
        all.forEach((step, n) => {
          if (step.rearm === 0) {
            if (wires(house).length > rearmed) since = house.of('order.approved').length;
            rearmed = wires(house).length;
            rearm(house);
          }
          roundTrip(house, house.now + step.ms, n, 100, step.other ? second : spot);
          for (const { symbol } of [spot, second]) {
            const times = house.of('order.approved').flatMap(({ intent }, index) => {
              const isCounted = index >= since && intent.kind === 'entry' && intent.symbol === symbol && intent.intendedAt > house.now - 60_000;
              return isCounted ? [intent.intendedAt] : [];
            });
            assert.ok(times.length <= 3, times.join());
          }
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('risk/fat-finger: the same order twice, and orders against our own', () => {
  const same = { qty: qty('0.15') };

  it('RK-2 the same entry within the window is a duplicate under any id, and is none when the window is over', () => {
    for (const [afterMs, code] of [
      [9_999, 'DUPLICATE_INTENT'],
      [10_000, undefined],
    ] as const) {
      const house = new House([spot], free());
      assert.equal(roundTrip(house, T0, 0), null);
      const refusal = enter(house, T0 + afterMs, 1, same);
      assert.equal(refusal?.code, code);
      if (code !== undefined) assert.deepEqual(refusal?.numbers, { qty: '0.15', agoMs: 9_999, windowMs: 10_000 });
    }
  });

  it('RK-2 another quantity, symbol or strategy is another order, and 0 is off', () => {
    for (const more of [{ qty: qty('0.149') }, { strategyId: 'other' }]) {
      const house = new House([spot], free());
      assert.equal(roundTrip(house, T0, 0), null);
      assert.equal(enter(house, T0 + 2000, 1, { ...same, ...more }), null);
    }
    const house = new House([spot, second], free());
    assert.equal(roundTrip(house, T0, 0), null);
    assert.equal(enter(house, T0 + 2000, 1, same, second), null);
    const off = new House([spot], free({ duplicateWindowMs: 0 }));
    assert.equal(roundTrip(off, T0, 0), null);
    assert.equal(enter(off, T0 + 2000, 1, same), null);
  });

  it('RK-2 an entry against our own entry on its way, position or exit on its way is SELF_CROSS; of the same side it is not', () => {
    const short = { side: 'sell' } as const;
    const house = new House([perp, { ...perp, id: 'xrp', symbol: 'XRP/USDT:USDT' }], free());
    assert.equal(enter(house, T0, 0, {}, perp), null);
    const onTheWay = enter(house, T0 + 1, 1, { ...short, bracket: { stopLoss: price('101'), takeProfit: price('98') } }, perp);
    assert.deepEqual([onTheWay?.code, onTheWay?.rule, onTheWay?.numbers], ['SELF_CROSS', 'RK-2', { other: 'e0', qty: '0.15' }]);
    assert.equal(enter(house, T0 + 2, 2, {}, perp)?.code, 'DUPLICATE_INTENT', 'the same side');
    house.clock(T0 + 300);
    const held = enter(house, T0 + 400, 3, { ...short, bracket: { stopLoss: price('101'), takeProfit: price('98') } }, perp);
    assert.deepEqual([held?.code, held?.numbers], ['SELF_CROSS', { qty: '0.15' }]);
    assert.equal(enter(house, T0 + 401, 4, {}, perp)?.code, 'POSITION_EXISTS', 'the same side');
    assert.equal(verdict(house, exitOn(house.quoteAt(T0 + 500, 100, perp), '0.15', perp)), null, 'an exit is no cross');
    assert.equal(enter(house, T0 + 501, 5, {}, perp)?.code, 'SELF_CROSS', 'against the exit');
  });

  it('RK-2 never two live orders of a symbol on both sides where one of them opens', () => {
    const steps = fc.array(
      fc.record({ ms: fc.integer({ min: 1, max: 400 }), side: fc.constantFrom('buy' as const, 'sell' as const), exit: fc.boolean() }),
      {
        minLength: 3,
        maxLength: 25,
      },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const house = new House([perp], free({ repeatedEntriesMax: 100 }));
        all.forEach(({ ms, side, exit }, n) => {
          const snapshot = house.quoteAt(house.now + ms, 100, perp);
          const own = { clientOrderId: `o${n}`, side, qty: qty((0.1 + n / 1000).toFixed(3)) };
          house.intend(exit ? exitOn(snapshot, own.qty, perp, own) : entryOn(snapshot, perp, own));
          const live = Object.values(house.governor.state.orders).filter(({ approval }) => approval !== null);
          const sides = new Set(live.map(({ intent }) => intent.side));
          assert.ok(sides.size < 2 || live.every(({ intent }) => intent.kind === 'exit'));
        });
      }),
      { numRuns: 80 },
    );
  });
});

describe('risk/fat-finger: clocks and prices', () => {
  it('RK-2 QS-1 a quote whose two clocks are farther apart than allowed prices no entry, either way round', () => {
    for (const [venueMs, ourMs, code] of [
      [-1000, 0, undefined],
      [-1001, 0, 'CLOCK_SKEW'],
      [1000, 0, undefined],
      [0, -1001, 'CLOCK_SKEW'],
    ] as const) {
      const house = new House([spot], free());
      house.now = T0;
      const snapshot = house.quoteAt(T0 + ourMs, 100, spot, { exchangeAt: T0 + venueMs });
      const refusal = verdict(house, entryOn(snapshot));
      assert.equal(refusal?.code, code, `${venueMs} ${ourMs}`);
      if (code !== undefined) assert.deepEqual([refusal?.rule, refusal?.numbers], ['RK-2', { skewMs: 1001, maxMs: 1000 }]);
    }
  });

  it('RK-2 an exit passes on a quote whose clocks disagree', () => {
    const house = new House([spot], free());
    assert.equal(enter(house, T0, 0), null);
    house.clock(T0 + 300);
    const snapshot = house.quoteAt(T0 + 2000, 100, spot, { exchangeAt: T0 + 500 });
    assert.equal(verdict(house, exitOn(snapshot, '0.15')), null);
  });

  it('RK-2 our own orders of a symbol may not move away by more than the collar within a minute', () => {
    const run = (mid: number, at: number, instrument = spot): Refusal | null => {
      const house = new House([spot, second], free({ quoteCollar: ratio('0.1') }));
      assert.equal(roundTrip(house, T0, 0), null);
      house.quoteAt(T0 + 1000, 105, instrument);
      return enter(house, at, 1, { qty: qty('0.12') }, instrument, mid);
    };
    // The first own price is the ask of 100.01: the collar ends at 110.011.
    assert.equal(run(110, T0 + 2000), null);
    const refusal = run(110.02, T0 + 2000);
    assert.deepEqual([refusal?.code, refusal?.rule, refusal?.numbers['first']], ['PRICE_DRIFT', 'RK-2', '100.01']);
    assert.equal(run(110.02, T0 + 59_999)?.code, 'PRICE_DRIFT');
    assert.equal(run(110.02, T0 + 61_000), null, 'the minute is over');
    assert.equal(run(110.02, T0 + 2000, second), null, 'another symbol');
  });
});

describe('risk/tripwires: a position without a bracket', () => {
  const naked: Fill = {
    fillId: 'naked-1',
    clientOrderId: 'of-nobody',
    asset: 'crypto_spot',
    mode: 'paper',
    symbol: spot.symbol,
    strategyId: 'ema-cross',
    side: 'buy',
    reason: 'entry',
    price: price('100'),
    qty: qty('0.1'),
    fee: ZERO_MONEY,
    filledAt: T0,
    paper: null,
    venueExecutionId: null,
  };
  const forced = (): House => {
    const house = new House([spot, second], free());
    house.now = T0;
    house.append('gateway.paper', [{ type: 'fill.recorded', body: { fill: naked } }]);
    return house;
  };

  it('BR-2 naked for longer than the limit trips close-only until re-armed, by the clock or by a quote, once', () => {
    for (const pass of [(house: House, at: number) => house.clock(at), (house: House, at: number) => void house.quoteAt(at, 100)]) {
      const house = forced();
      pass(house, T0 + NAKED_MS_MAX);
      rearm(house);
      assert.deepEqual(wires(house), [], 'not at the limit, whatever makes it look');
      pass(house, T0 + NAKED_MS_MAX + 1);
      assert.deepEqual(wires(house), [['crypto_spot', 'NAKED_POSITION', null]]);
      const refusal = house.of('tripwire.tripped')[0]?.refusal;
      assert.deepEqual(refusal?.numbers, { symbol: 'BTC/USDT', qty: '0.1', nakedMs: NAKED_MS_MAX + 1, maxMs: NAKED_MS_MAX });
      pass(house, T0 + 2 * NAKED_MS_MAX);
      assert.equal(enter(house, house.now, 1, {}, second)?.code, 'NAKED_POSITION');
      assert.equal(wires(house).length, 1);
    }
  });

  it('BR-2 a restart finds it, and re-arming does not silence it while it is still naked', () => {
    const house = forced();
    house.now = T0 + 60_000;
    house.crash();
    assert.equal(wires(house).length, 1);
    rearm(house);
    assert.equal(wires(house).length, 2);
  });

  it('BR-2 every position that came of an order has its bracket: nothing trips', () => {
    const house = new House([spot], free());
    assert.equal(enter(house, T0, 0), null);
    house.clock(T0 + 300);
    house.clock(T0 + 10 * NAKED_MS_MAX);
    assert.deepEqual(wires(house), []);
  });
});
