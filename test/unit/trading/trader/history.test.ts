import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Bar } from '#trading/model/quote.ts';
import { createTrader } from '#trading/trader/trader.ts';
import { allowanceFor, MINUTE_MS, quoteOf, spot, spotTrader, T0 } from './fixtures.ts';
import { Rig, UP } from './rig.ts';

const spotRig = (): Rig => new Rig(spotTrader).configured(spot);

describe('trader: history', () => {
  const bars = (from: number, closes: readonly number[]): Bar[] =>
    closes.map((close, index) => ({ at: from + index * MINUTE_MS, open: close, high: close, low: close, close, volume: 1 }));
  const load = (rig: Rig, of: readonly Bar[], intervalMinutes = 1): void => {
    rig.send({ type: 'history.loaded', body: { asset: 'crypto_spot', symbol: spot.symbol, intervalMinutes, bars: of } });
  };

  it('is asked for when an instrument is listed, once until it came, then at most once a minute', () => {
    const rig = new Rig(spotTrader);
    const list = () => void rig.send({ type: 'instrument.listed', body: { instrument: spot } });
    list();
    assert.deepEqual(rig.tells, [
      {
        to: 'gateway.bybit',
        type: 'history.requested',
        body: { asset: 'crypto_spot', symbol: spot.symbol, intervalMinutes: 1, bars: 20, replyTo: 'trader.crypto_spot.paper' },
      },
    ]);
    rig.record({ type: 'instrument.changed', body: { instrument: spot } });
    assert.equal(rig.tells.length, 1);
    load(rig, []);
    list();
    assert.equal(rig.tells.length, 1);
    rig.now += MINUTE_MS;
    list();
    assert.equal(rig.tells.length, 2);
    rig.send({ type: 'instrument.listed', body: { instrument: { ...spot, symbol: 'SOL/USDT' } } });
    assert.equal(rig.tells.length, 2);
  });

  it('ST-5 after a restart it is asked for where the journal knows the instrument', () => {
    const rig = new Rig(spotTrader);
    assert.deepEqual(rig.resume(), []);
    rig.record({ type: 'instrument.changed', body: { instrument: spot } });
    assert.deepEqual(
      rig.resume().map((tell) => tell.type),
      ['history.requested'],
    );
  });

  it('warms the indicators, so that the first cross after it trades, and signals of the past do not', () => {
    const rig = spotRig();
    load(rig, bars(T0 - 7 * MINUTE_MS, UP.slice(0, -1)));
    assert.deepEqual(rig.intents, []);
    assert.equal(rig.why(spot.symbol).bars, 7);
    const cold = spotRig();
    load(cold, bars(T0 - 6 * MINUTE_MS, UP.slice(0, 6)));
    cold.play(spot, 103, 103.5);
    assert.equal(cold.intents.length, 1);
  });

  it('comes late: its bars go before ours, equal bars count once, ours win, the open minute is ignored', () => {
    const rig = spotRig().play(spot, 97, 96, 95, 103);
    const before = rig.now;
    load(rig, [...bars(T0 - MINUTE_MS, [100, 99, 1, 1, 1, 1, 1]), ...bars(T0, [99])].reverse());
    assert.deepEqual(
      rig.memory.slots[spot.symbol]?.recent.map(({ at, close }) => [(at - T0) / MINUTE_MS, close]),
      [
        [-1, 100],
        [0, 99],
        [1, 97],
        [2, 96],
        [3, 95],
      ],
    );
    rig.now = before;
    rig.play(spot, 103.5);
    assert.equal(rig.intents.length, 1);
  });

  it('fills the gap of an outage, and a late quote does not reopen a minute that history closed', () => {
    const rig = spotRig().play(spot, 100, 99);
    rig.now += 3 * MINUTE_MS;
    load(rig, bars(T0 + MINUTE_MS, [100, 99, 98, 97, 96]));
    const slot = rig.memory.slots[spot.symbol];
    assert.deepEqual([slot?.open, slot?.recent.length], [null, 4]);
    rig.send({ type: 'quote.received', body: { quote: quoteOf(spot, rig.now - 1000, 95) } });
    assert.equal(rig.memory.slots[spot.symbol]?.open, null);
    rig.play(spot, 95);
    assert.equal(rig.memory.slots[spot.symbol]?.open?.close, 95);
  });

  it('ST-2 a bar that a restart builds again from a late quote makes no second intent', () => {
    const rig = spotRig().play(spot, ...UP);
    const [intent] = rig.intents;
    assert.ok(intent);
    rig.refuse(intent);
    const minute = rig.now;
    rig.memory = createTrader(spotTrader).blank;
    rig.send({ type: 'instrument.listed', body: { instrument: spot } });
    rig.send({ type: 'allowance.changed', body: allowanceFor(spotTrader) });
    load(rig, bars(T0 + MINUTE_MS, UP.slice(0, 6)));
    rig.now += 1000;
    rig.send({ type: 'quote.received', body: { quote: quoteOf(spot, minute - 100, 103) } });
    rig.send({ type: 'quote.received', body: { quote: quoteOf(spot, rig.now, 103.5) } });
    const gate = rig.why(spot.symbol).last?.gate;
    assert.deepEqual([gate?.code, gate?.numbers, rig.intents.length], ['DUPLICATE_INTENT', { intendedAt: minute, now: minute + 1000 }, 1]);
  });

  it('brings nothing new: the strategy stays as it is; and what is no bar is dropped', () => {
    const rig = spotRig().play(spot, 100, 99, 98);
    const { running } = rig.memory.slots[spot.symbol] ?? {};
    load(rig, bars(T0 + MINUTE_MS, [5, 5]));
    load(rig, bars(T0 - MINUTE_MS, [5]), 5);
    load(rig, [{ at: T0 - 30_000, open: 1, high: 1, low: 1, close: 1, volume: 0 }]);
    load(rig, [{ at: T0 - MINUTE_MS, open: 1, high: 1, low: 2, close: 1, volume: 0 }, ...bars(T0 - MINUTE_MS, [0])]);
    assert.equal(rig.memory.slots[spot.symbol]?.running, running);
  });

  it('keeps no more bars than the warm-up needs', () => {
    const rig = spotRig();
    load(rig, bars(T0 - 100 * MINUTE_MS, Array<number>(100).fill(100)));
    rig.play(spot, ...Array<number>(30).fill(100));
    assert.equal(rig.memory.slots[spot.symbol]?.recent.length, 20);
  });
});
