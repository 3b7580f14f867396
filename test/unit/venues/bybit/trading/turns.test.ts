import assert from 'node:assert/strict';
import { mock } from 'node:test';
import fc from 'fast-check';
import { afterEach, describe, it } from 'mocha';
import { Turns, WAITING_MAX, Window } from '#venues/bybit/trading/turns.ts';

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
