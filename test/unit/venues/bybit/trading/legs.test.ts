import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { VenueOrder } from '#trading/model/live.ts';
import { price, qty, ZERO_QTY } from '#trading/money/decimal.ts';
import { Legs, type Entry } from '#venues/bybit/trading/legs.ts';

const SPOT = 'BTC/USDT';
const bracket = { takeProfit: price('110'), stopLoss: price('90') };
const entry = (clientOrderId: string, sentAt: number, more: Partial<Entry> = {}): Entry => ({
  ...{ clientOrderId, symbol: SPOT, side: 'buy', bracket, sentAt, ...more },
});
const leg = (more: Partial<VenueOrder> = {}): VenueOrder => ({
  ...{ clientOrderId: null, parentId: null, venueOrderId: 'v1', asset: 'crypto_spot', symbol: SPOT, side: 'sell', leg: 'stop_loss', status: 'open' },
  ...{ qty: qty('1'), cumQty: ZERO_QTY, reason: '', ...more },
});
const made = (trigger: string, madeAt: number) => ({ trigger: price(trigger), madeAt });

describe('which entry a leg at Bybit protects', () => {
  it('BR-2 the entry that the venue names counts before everything else, and is remembered for executions', () => {
    const legs = new Legs();
    legs.learn(entry('mine', 1000));
    assert.equal(legs.named(leg({ parentId: 'named' }), made('90', 5000)).parentId, 'named');
    assert.deepEqual(legs.of('v1'), { parentId: 'named', leg: 'stop_loss' });
    assert.equal(legs.named(leg(), made('90', 5000)).parentId, 'named');
  });

  it('where none is named: the entry whose bracket has this very trigger, on the other side and sent before', () => {
    const legs = new Legs();
    legs.learn(entry('mine', 10_000));
    assert.equal(legs.named(leg(), made('90', 12_000)).parentId, 'mine');
    assert.equal(legs.named(leg({ venueOrderId: 'v2', leg: 'take_profit' }), made('110', 12_000)).parentId, 'mine');
    const strangers: readonly (readonly [Partial<VenueOrder>, string, number])[] = [
      [{}, '90.01', 12_000],
      [{ leg: 'take_profit' }, '90', 12_000],
      [{ side: 'buy' }, '90', 12_000],
      [{ symbol: 'ETH/USDT' }, '90', 12_000],
      [{}, '90', 8_999],
    ];
    for (const [index, [more, trigger, at]] of strangers.entries()) {
      const order = leg({ ...more, venueOrderId: `s${index}` });
      assert.equal(legs.named(order, made(trigger, at)), order, JSON.stringify(more));
      assert.equal(legs.of(`s${index}`), undefined);
    }
    assert.equal(legs.named(leg({ venueOrderId: 'none' }), { trigger: null, madeAt: 12_000 }).parentId, null);
  });

  it('two entries with one bracket: the leg is of the newest that was there before it', () => {
    const legs = new Legs();
    legs.learn(entry('first', 10_000));
    legs.learn(entry('second', 60_000));
    assert.equal(legs.named(leg({ venueOrderId: 'a' }), made('90', 20_000)).parentId, 'first');
    assert.equal(legs.named(leg({ venueOrderId: 'b' }), made('90', 61_000)).parentId, 'second');
  });

  it('an amended bracket is known with the one before; an entry that was not taken has no legs', () => {
    const legs = new Legs();
    legs.learn(entry('mine', 10_000));
    legs.amended(SPOT, 'mine', { takeProfit: price('120'), stopLoss: price('95') });
    assert.equal(legs.named(leg({ venueOrderId: 'a' }), made('95', 20_000)).parentId, 'mine');
    assert.equal(legs.named(leg({ venueOrderId: 'b' }), made('90', 20_000)).parentId, 'mine');
    legs.forget(SPOT, 'mine');
    assert.equal(legs.named(leg({ venueOrderId: 'c' }), made('95', 20_000)).parentId, null);
  });

  it('a leg is never of an entry that has not its trigger, whatever is known', () => {
    const trigger = fc.integer({ min: 80, max: 85 }).map(String);
    const known = fc.array(fc.record({ at: fc.nat(100_000), trigger }), { maxLength: 100 });
    fc.assert(
      fc.property(known, trigger, fc.nat(120_000), (entries, wanted, madeAt) => {
        const legs = new Legs();
        const of = (index: number) => ({ takeProfit: null, stopLoss: price(entries[index]?.trigger ?? '1') });
        for (const [index, { at }] of entries.entries()) legs.learn(entry(String(index), at, { bracket: of(index) }));
        const { parentId } = legs.named(leg(), made(wanted, madeAt));
        const fits = entries.filter((one) => one.trigger === wanted && one.at <= madeAt + 1000);
        if (parentId === null) assert.ok(fits.length === 0 || entries.length > 64);
        else assert.equal(entries[Number(parentId)]?.at, Math.max(...fits.map(({ at }) => at)));
      }),
    );
  });
});
