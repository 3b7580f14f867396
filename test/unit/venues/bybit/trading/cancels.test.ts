import assert from 'node:assert/strict';
import { mock } from 'node:test';
import fc from 'fast-check';
import { afterEach, describe, it } from 'mocha';
import type { ChangeOutcome } from '#trading/model/live.ts';
import { BATCH_MAX, Cancels, type CancelBatch } from '#venues/bybit/trading/cancels.ts';
import { Turns } from '#venues/bybit/trading/turns.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const answerOf = (thrown: unknown) => ({ retCode: null, httpStatus: null, text: thrown instanceof Error ? thrown.message : String(thrown) });

/** A venue that answers as it is told to, and what it was asked. */
class Venue {
  readonly singles: string[] = [];
  readonly batches: (readonly string[])[] = [];
  codeOf: (id: string) => number = () => 0;
  answer: (codes: readonly number[]) => unknown = (codes) => ({ retExtInfo: { list: codes.map((code) => ({ code, msg: '' })) } });

  one({ orderId }: Readonly<Record<string, unknown>>): Promise<unknown> {
    this.singles.push(String(orderId));
    return Promise.resolve({});
  }

  many({ request }: CancelBatch): Promise<unknown> {
    const ids = request.map(({ orderId }) => orderId ?? '');
    this.batches.push(ids);
    return Promise.resolve(this.answer(ids.map(this.codeOf)));
  }

  get named(): readonly string[] {
    return [...this.singles, ...this.batches.flat()];
  }
}

class Rig {
  readonly venue = new Venue();
  now = 0;
  readonly cancels = new Cancels(new Turns(0.9, true, () => this.now), {
    one: (body) => this.venue.one(body),
    many: (batch) => this.venue.many(batch),
    answerOf,
  });

  constructor() {
    mock.timers.enable({ apis: ['setTimeout'] });
  }

  cancel(id: string): Promise<ChangeOutcome> {
    return this.cancels.cancel({ symbol: 'BTCUSDT', orderId: id });
  }

  async pass(ms: number): Promise<void> {
    this.now += ms;
    mock.timers.tick(ms);
    await settled();
  }
}

const ids = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `order-${index}`);

describe('cancels of perpetuals', () => {
  afterEach(() => mock.timers.reset());

  it('KS-1 up to nine go by themselves at once', async () => {
    const rig = new Rig();
    const outcomes = await Promise.all(ids(9).map((id) => rig.cancel(id)));
    assert.deepEqual([rig.venue.singles, rig.venue.batches], [ids(9), []]);
    assert.ok(outcomes.every(({ kind }) => kind === 'done'));
  });

  it('KS-1 RT-4 what is beyond goes in a batch, which has a limit of its own: eighteen at once, as many again when the window has passed', async () => {
    const rig = new Rig();
    const asked = Promise.all(ids(40).map((id) => rig.cancel(id)));
    assert.equal(rig.venue.named.length, 18);
    assert.equal(rig.venue.singles.length, 9);
    await rig.pass(1199);
    assert.equal(rig.venue.named.length, 18);
    await rig.pass(1);
    assert.equal(rig.venue.named.length, 36);
    assert.ok(rig.venue.batches.every(({ length }) => length <= BATCH_MAX));
    await rig.pass(1200);
    assert.deepEqual(new Set(rig.venue.named), new Set(ids(40)));
    assert.ok((await asked).every(({ kind }) => kind === 'done'));
  });

  it('each order of a batch has its own outcome', async () => {
    const rig = new Rig();
    rig.venue.codeOf = (id) => ({ 'order-10': 110001, 'order-11': 10006, 'order-12': 10003 })[id] ?? 0;
    const outcomes = await Promise.all(ids(14).map((id) => rig.cancel(id)));
    assert.deepEqual(
      outcomes.slice(9).map(({ kind }) => kind),
      ['done', 'gone', 'unknown', 'rejected', 'done'],
    );
  });

  it('ST-2 an answer that tells of another number of orders, or of none, says nothing of any', async () => {
    for (const answer of [() => ({ retExtInfo: {} }), () => ({ retExtInfo: { list: [0, 0].map((code) => ({ code, msg: 'OK' })) } }), () => null]) {
      mock.timers.reset();
      const rig = new Rig();
      rig.venue.answer = answer;
      const outcomes = await Promise.all(ids(12).map((id) => rig.cancel(id)));
      assert.deepEqual(new Set(outcomes.slice(9).map(({ kind }) => kind)), new Set(['unknown']));
    }
  });

  it('a batch that fails is unknown for each of it; closing tells those that wait', async () => {
    const rig = new Rig();
    rig.venue.answer = () => {
      throw new Error('no answer');
    };
    const asked = ids(20).map((id) => rig.cancel(id));
    assert.deepEqual(await asked[10], { kind: 'unknown', reason: 'no answer' });
    assert.equal(rig.cancels.waiting, 2);
    rig.cancels.close();
    assert.deepEqual(await asked[19], { kind: 'unknown', reason: 'the session was closed' });
    assert.equal((await rig.cancel('late')).kind, 'unknown');
  });

  it('KS-1 RT-4 whenever they are asked for, each leaves once and is told once, and no second holds more than Bybit takes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(30), fc.nat(900)), { minLength: 1, maxLength: 12 }), async (bursts) => {
        mock.timers.reset();
        const rig = new Rig();
        const left: { readonly at: number; readonly single: boolean }[] = [];
        const { venue } = rig;
        const [one, many] = [venue.one.bind(venue), venue.many.bind(venue)];
        venue.one = (body) => (left.push({ at: rig.now, single: true }), one(body));
        venue.many = (batch) => (left.push(...batch.request.map(() => ({ at: rig.now, single: false }))), many(batch));
        let count = 0;
        const told: string[] = [];
        for (const [size, gap] of bursts) {
          for (let order = 0; order < size; order++) {
            const id = `order-${count++}`;
            void rig.cancel(id).then(() => told.push(id));
          }
          await rig.pass(gap);
        }
        for (let windows = 0; windows < 40; windows++) await rig.pass(1200);
        assert.deepEqual([new Set(told).size, told.length, rig.venue.named.length], [count, count, count]);
        for (const { at, single } of left) {
          assert.ok(left.filter((other) => other.single === single && other.at >= at && other.at < at + 1000).length <= 10);
        }
      }),
      { numRuns: 40 },
    );
  });
});
