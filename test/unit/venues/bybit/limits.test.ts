import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CorrectedTime, PlayedTime } from '#venues/shared/clock.ts';
import { Counters } from '#venues/shared/counters.ts';
import { RestGate } from '#venues/bybit/rest-gate.ts';
import { delayMs, retried } from '#venues/shared/retry.ts';

describe('market time at the edge of Bybit', () => {
  it('a played market has the newest time the venue was seen to have', () => {
    const time = new PlayedTime();
    for (const at of [100, 300, 200]) time.observe(at);
    assert.equal(time.now(), 300);
  });

  it("a real market has the system's time, corrected by the middle of a short round trip", () => {
    const time = new CorrectedTime(() => 10_000);
    assert.equal(time.now(), 10_000);
    time.sample(10_550, 10_000, 10_100);
    assert.equal(time.offsetMs, 500);
    assert.equal(time.now(), 10_500);
    time.sample(99_999, 10_000, 12_000);
    assert.equal(time.offsetMs, 500, 'a long round trip says nothing');
    time.observe();
    assert.equal(time.now(), 10_500);
  });
});

describe('what the Bybit gateway asks for', () => {
  it('RT-4 no window of five seconds holds more reads than the share of the limit', async () => {
    let wall = 0;
    let passed = 0;
    const gate = new RestGate(0.9, () => wall);
    // All that are let through without waiting, asked for every millisecond of one window.
    for (; wall < 5000; wall++) {
      const pass = gate.pass().then(() => passed++);
      const waits = await Promise.race([pass.then(() => false), new Promise<true>((resolve) => setImmediate(() => resolve(true)))]);
      if (!waits) continue;
      wall += 100;
      await pass;
    }
    assert.ok(passed > 32 && passed <= 324, `${passed} of 600 × 0.9 × 0.6 passed`);
  }).timeout(60_000);

  it('RT-4 after HTTP 403 nothing goes out for ten minutes; after 10006 for a second', async () => {
    let wall = 0;
    const gate = new RestGate(0.9, () => wall);
    gate.observe('/v5/market/kline', 200, 10006, { 'X-Bapi-Limit': '120', 'X-Bapi-Limit-Status': '0' });
    await assert.rejects(gate.pass(), /retCode 10006: no request for another 1 s/);
    wall = 1001;
    await gate.pass();
    gate.observe('/v5/market/kline', 403, Number.NaN, {});
    wall += 9 * 60_000;
    await assert.rejects(gate.pass(), /HTTP 403: no request for another 60 s/);
    wall += 60_001;
    await gate.pass();
    assert.deepEqual(gate.rates.get('/v5/market/kline'), { limit: 120, left: 0 });
  });

  it('delays double up to the cap', () => {
    const limits = { baseMs: 250, capMs: 1500 };
    assert.deepEqual(
      [1, 2, 3, 4, 99].map((attempt) => delayMs(attempt, limits)),
      [250, 500, 1000, 1500, 1500],
    );
  });

  it('a read is tried until time is up, and the last error is said', async () => {
    const failed: string[] = [];
    const task = (): Promise<never> => Promise.reject(new Error(`no ${failed.length}`));
    const limits = { baseMs: 1, capMs: 1, totalMs: 0 };
    await assert.rejects(
      retried('reading', limits, task, (error) => failed.push(error.message)),
      /reading failed 1 times, last with: no 0/,
    );
    assert.deepEqual(failed, ['no 0']);
    let tries = 0;
    const third = (): Promise<string> => (++tries === 3 ? Promise.resolve('read') : Promise.reject(new Error('not yet')));
    assert.equal(await retried('reading', { baseMs: 1, capMs: 1, totalMs: 10_000 }, third, () => undefined), 'read');
  });

  it('counters are bounded in their names', () => {
    const counters = new Counters();
    for (let index = 0; index < 500; index++) counters.count(`name ${index}`);
    counters.count('name 0');
    const view = counters.view();
    assert.ok(Object.keys(view).length <= 101);
    assert.equal(view['name 0'], 2);
    assert.equal(view.others, 400);
  });
});
