import { describe, it } from 'mocha';
import assert from 'node:assert/strict';
import { ADDRESS_MAX, Limits } from '#venues/embedded/bybit/private/limits.ts';

describe('embedded venue: request limits', () => {
  it('ten orders a second of a perpetual, twenty on the spot market, each rolling', () => {
    let now = 1000;
    const limits = new Limits(() => now);
    const order = (category: 'linear' | 'spot') => limits.endpoint('order/create', category);
    for (let count = 0; count < 10; count++) assert.equal(order('linear').allowed, true);
    assert.deepEqual(order('linear'), { allowed: false, limit: 10, left: 0, waitMs: 1000 });
    for (let count = 0; count < 20; count++) assert.equal(order('spot').allowed, true, 'a bucket of its own');
    assert.equal(order('spot').allowed, false);
    now += 999;
    assert.equal(order('linear').allowed, false);
    now += 1;
    assert.deepEqual(order('linear'), { allowed: true, limit: 10, left: 9, waitMs: 0 });
  });

  it('reads have buckets apart from orders, and an address 600 requests in five seconds', () => {
    let now = 0;
    const limits = new Limits(() => now);
    for (let count = 0; count < 50; count++) assert.equal(limits.endpoint('order/realtime', 'linear').allowed, true);
    assert.equal(limits.endpoint('order/realtime', 'linear').allowed, false);
    assert.equal(limits.endpoint('order/create', 'linear').allowed, true);
    for (let count = 0; count < ADDRESS_MAX; count++) assert.equal(limits.address(), true);
    assert.equal(limits.address(), false);
    now += 5000;
    assert.equal(limits.address(), true);
  });
});
