import assert from 'node:assert/strict';
import { mock } from 'node:test';
import fc from 'fast-check';
import { afterEach, describe, it } from 'mocha';
import { bucketRules, takeTokens, type Bucket } from '#trading/execution/token-bucket.ts';
import type { Category } from '#venues/bybit/endpoints.ts';
import { Limits } from '#venues/embedded/bybit/private/limits.ts';
import { toldOf, Turns, WAITING_MAX, Window } from '#venues/bybit/trading/turns.ts';

const T0 = 1_760_000_000_000;
const READ = 'privateGetV5OrderRealtime';
const CANCEL = 'privatePostV5OrderCancel';
const AMEND = 'privatePostV5OrderAmend';

/** Work that ends when it is told to, and what has begun so far. */
class Venue {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, () => void>();

  work(name: string): () => Promise<string> {
    return () =>
      new Promise((resolve) => {
        this.begun.push(name);
        this.#ends.set(name, () => resolve(name));
      });
  }

  async end(name: string): Promise<void> {
    this.#ends.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const free = (): Turns => new Turns(0.9, false, () => 0);

describe('whose request is next at Bybit', () => {
  afterEach(() => mock.timers.reset());

  it('RT-4 reads go a few at a time, those that are waited for in earnest first, and are signed at their turn', async () => {
    const [turns, venue] = [free(), new Venue()];
    for (const name of ['a', 'b', 'c', 'd', 'sweep 1', 'sweep 2']) void turns.read('plain', READ, 'linear', venue.work(name));
    void turns.read('urgent', READ, 'linear', venue.work('lookup'));
    await settled();
    assert.deepEqual(venue.begun, ['a', 'b', 'c', 'd']);
    await venue.end('b');
    await venue.end('a');
    assert.deepEqual(venue.begun.slice(4), ['lookup', 'sweep 1']);
  });

  it('RT-4 KS-1 a cancel waits behind no read, and before what amends', async () => {
    const [turns, venue] = [free(), new Venue()];
    for (let read = 0; read < 1000; read++) void turns.read('plain', READ, 'linear', venue.work(`read ${read}`));
    for (let amend = 0; amend < 33; amend++) void turns.change(AMEND, 'linear', venue.work(`amend ${amend}`));
    void turns.change(CANCEL, 'linear', venue.work('cancel'));
    await settled();
    assert.equal(venue.begun.length, 4 + 32);
    await venue.end('amend 0');
    assert.equal(venue.begun.at(-1), 'cancel');
  });

  it('a request that fails gives its turn on, and says why', async () => {
    const [turns, venue] = [free(), new Venue()];
    const failing = Array.from({ length: 4 }, () => turns.read('plain', READ, 'linear', () => Promise.reject(new Error('no answer'))));
    void turns.read('plain', READ, 'linear', venue.work('next'));
    for (const read of failing) await assert.rejects(read, /no answer/);
    await settled();
    assert.deepEqual(venue.begun, ['next']);
  });

  it('RT-4 cancels take tokens of their endpoint and category: nine at once, the next when the window has passed', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    let now = 0;
    const turns = new Turns(0.9, true, () => now);
    const begun: string[] = [];
    const work = (name: string) => () => Promise.resolve(void begun.push(name));
    for (let cancel = 0; cancel < 12; cancel++) void turns.change(CANCEL, 'linear', work(`linear ${cancel}`));
    await settled();
    assert.equal(begun.length, 9);
    now = 1199;
    mock.timers.tick(1199);
    await settled();
    assert.equal(begun.length, 9);
    now = 1200;
    mock.timers.tick(1);
    await settled();
    assert.equal(begun.length, 12);
    for (let cancel = 0; cancel < 18; cancel++) void turns.change(CANCEL, 'spot', work(`spot ${cancel}`));
    await settled();
    assert.equal(begun.length, 30);
  });

  it('RT-4 lookups take tokens: 45 of an endpoint, then no more until there are some', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    let now = 0;
    const turns = new Turns(0.9, true, () => now);
    let begun = 0;
    const ask = (): void => void turns.read('urgent', READ, 'spot', () => Promise.resolve((begun += 1)));
    for (let lookup = 0; lookup < 60; lookup++) ask();
    for (let turn = 0; turn < 60; turn++) await settled();
    assert.equal(begun, 45);
    now = 1200;
    mock.timers.tick(1200);
    for (let turn = 0; turn < 60; turn++) await settled();
    assert.equal(begun, 60);
  });

  it('RT-4 a limit that the venue tells counts from then on: lower or higher, what is left, and when there is more', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    let now = 0;
    const turns = new Turns(1, true, () => now);
    let begun = 0;
    const cancel = (): void => void turns.change(CANCEL, 'linear', () => Promise.resolve((begun += 1)));
    cancel();
    turns.observe('/v5/order/cancel', 'linear', { limit: 3, left: 2, resetMs: 0 });
    for (let more = 0; more < 9; more++) cancel();
    await settled();
    assert.equal(begun, 3);
    turns.observe('/v5/order/cancel', 'linear', { limit: 3, left: 0, resetMs: 4000 });
    const pass = async (ms: number): Promise<void> => {
      now += ms;
      mock.timers.tick(ms);
      await settled();
    };
    await pass(3999);
    assert.equal(begun, 3, 'none before the venue takes them');
    await pass(1);
    assert.equal(begun, 6);
    turns.observe('/v5/order/cancel', 'linear', { limit: 40, left: 39, resetMs: 0 });
    await pass(1200);
    assert.equal(begun, 10);
    turns.observe('/v5/order/cancel', 'spot', { limit: 1, left: 0, resetMs: 5000 });
    for (let more = 0; more < 5; more++) cancel();
    await settled();
    assert.equal(begun, 15, 'a limit is of its category alone');
  });

  it('RT-4 an order does not wait: where the venue leaves none it is not sent, and says so', () => {
    let now = 0;
    const turns = new Turns(0.9, true, () => now);
    const sent = (): boolean => turns.order('linear') === null;
    assert.ok(Array.from({ length: 20 }, sent).every(Boolean), 'nothing was told: the rate is the order protocol’s');
    turns.observe('/v5/order/create', 'linear', { limit: 10, left: 9, resetMs: 0 });
    assert.ok(Array.from({ length: 20 }, sent).every(Boolean));
    turns.observe('/v5/order/create', 'linear', { limit: 5, left: 4, resetMs: 0 });
    assert.deepEqual([sent(), sent(), sent(), sent(), sent()], [true, true, true, true, false]);
    assert.match(turns.order('linear') ?? '', /^THROTTLED: .* another 1200 ms/);
    assert.equal(turns.order('spot'), null);
    now = 1200;
    assert.ok(sent());
    turns.observe('/v5/order/create', 'linear', { limit: 5, left: 0, resetMs: 900 });
    now = 2099;
    assert.equal(sent(), false);
    now = 2400;
    assert.ok(sent());
  });

  it('RT-4 at an embedded venue whose account has a lower limit, whoever listens to it is refused nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 5, max: 40 }), async (most, wanted) => {
        mock.timers.reset();
        mock.timers.enable({ apis: ['setTimeout'] });
        let now = 0;
        const limits = new Limits(() => now);
        limits.set('order/cancel', most);
        const turns = new Turns(1, true, () => now);
        let [refused, done] = [0, 0];
        const cancel = (): Promise<void> =>
          turns.change(CANCEL, 'linear', () => {
            const { granted, limit, left, waitMs } = limits.endpoint('order/cancel', 'linear');
            const headers = { 'X-Bapi-Limit': `${limit}`, 'X-Bapi-Limit-Status': `${left}`, 'X-Bapi-Limit-Reset-Timestamp': `${T0 + now + waitMs}` };
            turns.observe('/v5/order/cancel', 'linear', toldOf(headers, T0 + now));
            [refused, done] = [refused + (1 - granted), done + 1];
            return Promise.resolve();
          });
        await cancel();
        const all = Array.from({ length: wanted }, cancel);
        for (; done <= wanted; now += 100) {
          mock.timers.tick(100);
          await settled();
        }
        await Promise.all(all);
        assert.equal(refused, 0);
      }),
      { numRuns: 25 },
    );
  });

  it('RT-4 an order protocol that follows the limit told is refused nothing, however bunched its orders arrive', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom<Category>('linear', 'spot'),
        fc.array(fc.nat(200), { minLength: 10, maxLength: 40 }),
        (limit, category, delays) => {
          let now = 0;
          const turns = new Turns(0.9, true, () => now);
          const told: (readonly [limit: number, windowMs: number])[] = [];
          turns.onOrderLimit = (...of) => void told.push(of);
          assert.equal(turns.order(category), null);
          turns.observe('/v5/order/create', category, { limit, left: limit - 1, resetMs: 0 });
          const [most, windowMs] = told.at(-1) ?? assert.fail('nobody was told');
          const rules = bucketRules(most, windowMs, Math.max(0.9, 1 / most));
          let bucket: Bucket = { level: 0, at: 0 };
          let decidedAt = 0;
          for (const delay of delays) {
            const { waitMs } = takeTokens(rules, bucket, decidedAt);
            decidedAt += waitMs;
            ({ bucket } = takeTokens(rules, bucket, decidedAt));
            now = Math.max(now, decidedAt + delay);
            assert.equal(turns.order(category), null);
          }
        },
      ),
    );
  });

  it('RT-4 who keeps the rate of orders hears of every change of the tightest limit, and again where an order found no room', () => {
    const turns = new Turns(0.9, true, () => 0);
    const told: number[] = [];
    turns.onOrderLimit = (limit) => void told.push(limit);
    const hear = (limit: number, category: Category) => turns.observe('/v5/order/create', category, { limit, left: limit - 1, resetMs: 0 });
    hear(20, 'spot');
    hear(10, 'linear');
    assert.deepEqual(told, [], 'as the terms say it');
    hear(4, 'linear');
    hear(4, 'linear');
    hear(2, 'spot');
    hear(20, 'spot');
    assert.deepEqual(told, [4, 2, 4]);
    for (let sent = 0; sent < 4; sent++) turns.order('linear');
    assert.deepEqual(told, [4, 2, 4, 4]);
    hear(10, 'linear');
    assert.equal(told.at(-1), 10);
  });

  it('headers that say nothing that can be believed change nothing', () => {
    const headers = { 'X-Bapi-Limit': '10', 'X-Bapi-Limit-Status': '9', 'X-Bapi-Limit-Reset-Timestamp': String(T0 + 300) };
    assert.deepEqual(toldOf(headers, T0), { limit: 10, left: 9, resetMs: 300 });
    assert.deepEqual(toldOf({ ...headers, 'X-Bapi-Limit-Reset-Timestamp': String(T0 + 86_400_000) }, T0)?.resetMs, 5000);
    assert.deepEqual(toldOf({ ...headers, 'X-Bapi-Limit-Reset-Timestamp': 'soon' }, T0)?.resetMs, 0);
    for (const wrong of [
      {},
      { ...headers, 'X-Bapi-Limit': '0' },
      { ...headers, 'X-Bapi-Limit-Status': 'many' },
      { ...headers, 'X-Bapi-Limit': '-1' },
    ])
      assert.equal(toldOf(wrong, T0), null);
  });

  it('too many waiting are refused, and closing stops those that wait', async () => {
    const [turns, venue] = [free(), new Venue()];
    const waiting = Array.from({ length: 4 + WAITING_MAX }, (_, index) => turns.read('plain', READ, 'linear', venue.work(String(index))));
    await assert.rejects(turns.read('urgent', READ, 'linear', venue.work('one more')), /2000 requests to Bybit wait already/);
    assert.deepEqual(turns.view(), { reads: WAITING_MAX, changes: 0 });
    const last = assert.rejects(waiting.at(-1) ?? Promise.resolve(), /the session was closed/);
    for (const one of waiting) one.catch(() => undefined);
    turns.close();
    await last;
  });

  it('RT-4 whenever who asks, no stretch of a window holds more than it may', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 500 }), fc.array(fc.nat(120), { maxLength: 120 }), (most, ms, gaps) => {
        const window = new Window(most, ms);
        const passed: number[] = [];
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          if (window.waitMs(now) > 0) continue;
          window.take(now);
          passed.push(now);
        }
        for (const from of passed) assert.ok(passed.filter((at) => at >= from && at < from + ms).length <= most);
      }),
    );
  });
});
