import { describe, it } from 'mocha';
import assert from 'node:assert/strict';
import { ADDRESS_MAX, CONNECTIONS_MAX, Limits, TRADE_STREAM_MAX } from '#venues/embedded/bybit/private/limits.ts';

describe('embedded venue: request limits', () => {
  it('ten orders a second of a perpetual, twenty on the spot market, each rolling', () => {
    let now = 1000;
    const limits = new Limits(() => now);
    const order = (category: 'linear' | 'spot') => limits.endpoint('order/create', category);
    for (let count = 0; count < 10; count++) assert.equal(order('linear').granted, 1);
    assert.deepEqual(order('linear'), { granted: 0, limit: 10, left: 0, waitMs: 1000 });
    for (let count = 0; count < 20; count++) assert.equal(order('spot').granted, 1, 'a bucket of its own');
    assert.equal(order('spot').granted, 0);
    now += 999;
    assert.equal(order('linear').granted, 0);
    now += 1;
    assert.deepEqual(order('linear'), { granted: 1, limit: 10, left: 9, waitMs: 0 });
  });

  it('RT-4 a batch takes a token an order, as many as there are', () => {
    const limits = new Limits(() => 1000);
    const batch = (cost: number) => limits.endpoint('order/cancel-batch', 'linear', cost);
    assert.deepEqual(batch(7), { granted: 7, limit: 10, left: 3, waitMs: 0 });
    assert.deepEqual(batch(7), { granted: 3, limit: 10, left: 0, waitMs: 1000 });
    assert.equal(batch(1).granted, 0);
    assert.equal(limits.endpoint('order/cancel', 'linear').granted, 1, 'single orders have a bucket of their own');
  });

  it('a VIP level raises what orders take, and nothing else', () => {
    const limits = new Limits(() => 1000, true, 3);
    const most = (endpoint: string, category: 'linear' | 'spot') => limits.endpoint(endpoint, category).limit;
    assert.deepEqual([most('order/create', 'linear'), most('order/create', 'spot'), most('order/cancel-batch', 'linear')], [60, 40, 60]);
    assert.deepEqual([most('order/amend', 'linear'), most('order/amend', 'spot'), most('order/realtime', 'linear')], [60, 10, 50]);
    assert.equal(most('position/trading-stop', 'linear'), 10);
  });

  it('reads have buckets apart from orders, and an address 600 requests in five seconds', () => {
    let now = 0;
    const limits = new Limits(() => now);
    for (let count = 0; count < 50; count++) assert.equal(limits.endpoint('order/realtime', 'linear').granted, 1);
    assert.equal(limits.endpoint('order/realtime', 'linear').granted, 0);
    assert.equal(limits.endpoint('order/create', 'linear').granted, 1);
    for (let count = 0; count < ADDRESS_MAX; count++) assert.equal(limits.address(), true);
    assert.equal(limits.address(), false);
    now += 5000;
    assert.equal(limits.address(), true);
  });

  it('the trade stream takes 3000 requests a second of an address, and 500 connections may be opened in five minutes, each apart from all else', () => {
    let now = 0;
    const limits = new Limits(() => now);
    for (let count = 0; count < TRADE_STREAM_MAX; count++) assert.equal(limits.tradeStream(), true);
    for (let count = 0; count < CONNECTIONS_MAX; count++) assert.equal(limits.connection(), true);
    assert.deepEqual([limits.tradeStream(), limits.connection(), limits.address()], [false, false, true]);
    now += 1000;
    assert.deepEqual([limits.tradeStream(), limits.connection()], [true, false]);
    now += 299_000;
    assert.equal(limits.connection(), true);
    limits.set('connections', 1);
    assert.equal(limits.connection(), false);
  });
});
