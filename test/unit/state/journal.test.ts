import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { DomainEvent, Fact } from '#trading/model/events.ts';
import { GENESIS, seal, sealRecord, type JournalRecord } from '#state/chain.ts';
import { JournalError } from '#state/errors.ts';
import { ANCHOR_EVERY_FACTS, openJournal, QUEUED_TURNS_MAX, type OpenJournal } from '#state/journal.ts';
import { EVENTS_PER_TURN_MAX } from '#state/pen.ts';
import { keyOf } from '#state/store.ts';
import { memoryAnchor, memoryStore, sorted, type MemoryAnchor, type MemoryStore } from '../../support/memory-store.ts';
import { goldens, sample, stopped } from './events.ts';

const open = (store: MemoryStore, anchor: MemoryAnchor): Promise<OpenJournal> =>
  openJournal({ dir: 'memory', anchorPath: 'memory', createStore: () => store, createAnchor: () => anchor });

const code = (expected: string, seq?: number) => (error: unknown) => {
  assert.ok(error instanceof JournalError, String(error));
  assert.equal(error.code, expected, error.message);
  if (seq !== undefined) assert.equal(error.seq, seq, error.message);
  return true;
};

async function all(facts: AsyncIterable<Fact>): Promise<Fact[]> {
  const found: Fact[] = [];
  for await (const fact of facts) found.push(fact);
  return found;
}

/** A closed journal of `count` records. */
async function written(count: number): Promise<{ store: MemoryStore; anchor: MemoryAnchor }> {
  const store = memoryStore();
  const anchor = memoryAnchor();
  const journal = await open(store, anchor);
  for (let index = 1; index <= count; index += 1) await journal.append('system', null, [stopped(`r${index}`)], index);
  await journal.close();
  return { store, anchor };
}

describe('the journal', () => {
  it('numbers and chains facts in the order of the calls, and tells listeners before the promise resolves', async () => {
    const journal = await open(memoryStore(), memoryAnchor());
    const told: number[] = [];
    journal.onAppended((facts) => told.push(...facts.map((fact) => fact.seq)));
    const turns = [
      journal.append('system', null, [stopped('a'), stopped('b')], 10),
      journal.append('kill-switch', 'seq:1', [sample('kill.tripped')], 11).then((facts) => {
        assert.deepEqual(told, [1, 2, 3]);
        return facts;
      }),
    ];
    const [first, second] = await Promise.all(turns);
    assert.deepEqual(
      first?.map(({ seq, at, actor, type, version, cause }) => ({ seq, at, actor, type, version, cause })),
      [
        { seq: 1, at: 10, actor: 'system', type: 'system.stopped', version: 1, cause: null },
        { seq: 2, at: 10, actor: 'system', type: 'system.stopped', version: 1, cause: null },
      ],
    );
    assert.equal(second?.[0]?.cause, 'seq:1');
    assert.deepEqual(journal.head(), { seq: 3, hash: await journal.hashAt(3) });
    assert.equal(journal.lastAt(), 11);
    assert.deepEqual(await all(journal.read(0)), [...(first ?? []), ...(second ?? [])]);
    assert.equal((await all(journal.read(1, new Set(['kill.tripped'] as const))))[0]?.seq, 3);
  });

  it('takes along in one batch every turn that waited for the one before (group commit)', async () => {
    const store = memoryStore();
    const journal = await open(store, memoryAnchor());
    let release = (): void => undefined;
    store.gate = new Promise((resolve) => (release = resolve));
    const turns = [journal.append('system', null, [stopped('first')], 1)];
    await new Promise(setImmediate);
    for (let index = 0; index < 20; index += 1) turns.push(journal.append('system', null, [stopped(`${index}`)], 1));
    assert.equal(journal.head().seq, 0, 'nothing is a fact before it is on disk');
    release();
    await Promise.all(turns);
    assert.deepEqual(store.batches, [1, 20]);
  });

  it('ST-1 a chain of decisions shares one batch: listeners of onSealed hear a fact before it is on disk, and what they seal goes with it', async () => {
    const store = memoryStore();
    let rest = (): void => undefined;
    const resting = new Promise<void>((resolve) => (rest = resolve));
    const journal = await openJournal({
      dir: 'memory',
      anchorPath: 'memory',
      createStore: () => store,
      createAnchor: () => memoryAnchor(),
      calm: () => resting,
    });
    const durable: number[] = [];
    journal.onAppended((facts) => durable.push(...facts.map(({ seq }) => seq)));
    journal.onSealed(([fact]) => {
      if (fact?.seq !== undefined && fact.seq < 3) queueMicrotask(() => journal.seal('system', `seq:${fact.seq}`, [stopped('follows')], 1));
      if (fact?.seq === 3) rest();
    });
    const first = journal.append('system', null, [stopped('first')], 1);
    assert.deepEqual([journal.sealedSeq(), journal.head().seq], [1, 0]);
    await first;
    await journal.flushed();
    assert.deepEqual([store.batches, durable], [[3], [1, 2, 3]]);
  });

  it('ST-1 a drill checks and seals the last order once more, and leaves no trace', async () => {
    const plain = await open(memoryStore(), memoryAnchor());
    const drilled = await open(memoryStore(), memoryAnchor());
    const heard: number[] = [];
    drilled.onSealed((facts) => heard.push(...facts.map(({ seq }) => seq)));
    for (let at = 1; at <= 5; at++) {
      for (const journal of [plain, drilled]) {
        void journal.append('trader.crypto_spot.paper', null, [sample('order.intended')], at);
        if (journal === drilled) drilled.drill();
        await journal.append('system', null, [stopped(`r${at}`)], at);
        if (journal === drilled) drilled.drill();
      }
    }
    assert.deepEqual(drilled.head(), plain.head());
    assert.deepEqual([drilled.sealedSeq(), drilled.lastAt()], [10, 5]);
    assert.deepEqual(heard, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('ST-1 waits for the chain no longer than its limit', async () => {
    const store = memoryStore();
    const journal = await openJournal({
      dir: 'memory',
      anchorPath: 'memory',
      createStore: () => store,
      createAnchor: () => memoryAnchor(),
      calm: () => new Promise(() => {}),
    });
    await journal.append('system', null, [stopped('a')], 1);
    assert.deepEqual(store.batches, [1]);
  });

  it('ST-5 tells its owner once that it can no longer be written, and every turn in line fails', async () => {
    const store = memoryStore();
    const failures: string[] = [];
    const journal = await openJournal({
      dir: 'memory',
      anchorPath: 'memory',
      createStore: () => store,
      createAnchor: () => memoryAnchor(),
      onFailed: ({ code: failed }) => failures.push(failed),
    });
    store.failure = new Error('no space left on device');
    const turns = ['a', 'b'].map((reason) => journal.append('system', null, [stopped(reason)], 1));
    for (const turn of turns) await assert.rejects(turn, code('WRITE_FAILED'));
    await assert.rejects(journal.flushed(), code('WRITE_FAILED'));
    assert.deepEqual(failures, ['WRITE_FAILED']);
  });

  it('lets only the owner of an event write it, and writes nothing of a turn that has one such event', async () => {
    const journal = await open(memoryStore(), memoryAnchor());
    await assert.rejects(journal.append('trader.crypto_spot.paper', null, [sample('order.approved')], 1), code('NOT_OWNER'));
    await assert.rejects(journal.append('trader.', null, [sample('order.intended')], 1), code('NOT_OWNER'));
    await assert.rejects(journal.append('system', null, [stopped('ok'), sample('kill.tripped')], 1), code('NOT_OWNER'));
    assert.equal(journal.head().seq, 0);
    await journal.append('trader.crypto_spot.paper', null, [sample('order.intended')], 1);
    assert.equal(journal.head().seq, 1);
  });

  it('refuses what does not fit its schema or its limit, naming the field, and writes nothing', async () => {
    const journal = await open(memoryStore(), memoryAnchor());
    const wrong = [
      { type: 'system.stopped', body: { reason: 1 } },
      { type: 'system.stopped', body: { reason: 'x', more: true } },
      { type: 'system.paused', body: {} },
    ] as unknown as DomainEvent[];
    for (const event of wrong) await assert.rejects(journal.append('system', null, [event], 1), code('INVALID_EVENT'));
    await assert.rejects(journal.append('system', null, [wrong[0] ?? stopped('')], 1), /system\.stopped of system: reason: /);
    await assert.rejects(journal.append('system', null, [stopped('x')], 1.5), code('INVALID_EVENT'));
    await assert.rejects(journal.append('system', '', [stopped('x')], 1), code('INVALID_EVENT'));
    const tooMany = Array.from({ length: EVENTS_PER_TURN_MAX + 1 }, () => stopped('x'));
    await assert.rejects(journal.append('system', null, tooMany, 1), code('INVALID_EVENT'));
    assert.deepEqual(await journal.append('system', null, [], 1), []);
    assert.equal(journal.head().seq, 0);
  });

  it('refuses more turns than may wait', async () => {
    const store = memoryStore();
    const journal = await open(store, memoryAnchor());
    let release = (): void => undefined;
    store.gate = new Promise((resolve) => (release = resolve));
    const turns = Array.from({ length: QUEUED_TURNS_MAX }, () => journal.append('system', null, [stopped('x')], 1));
    await assert.rejects(journal.append('system', null, [stopped('one too many')], 1), code('QUEUE_FULL'));
    release();
    await Promise.all(turns);
    assert.equal(journal.head().seq, QUEUED_TURNS_MAX);
  });

  it('ST-5 after one refused write refuses all that wait and all that come, and keeps what was acknowledged', async () => {
    const store = memoryStore();
    const anchor = memoryAnchor();
    const journal = await open(store, anchor);
    await journal.append('system', null, [stopped('kept')], 1);
    store.failure = new Error('no space left on device');
    const turns = [journal.append('system', null, [stopped('lost')], 1), journal.append('system', null, [stopped('lost too')], 1)];
    for (const turn of turns) await assert.rejects(turn, code('WRITE_FAILED'));
    store.failure = null;
    await assert.rejects(journal.append('system', null, [stopped('later')], 1), /WRITE_FAILED|no space left/);
    await journal.close();
    const again = await open(store, anchor);
    assert.equal(again.head().seq, 1);
    await again.append('system', null, [stopped('works')], 2);
    assert.equal(again.head().seq, 2);
  });

  it('raises a time that would go back, except at the start of a run', async () => {
    const journal = await open(memoryStore(), memoryAnchor());
    await journal.append('system', null, [stopped('a')], 100);
    const [slow] = await journal.append('system', null, [stopped('b')], 90);
    assert.equal(slow?.at, 100);
    const [started, after] = await journal.append('system', null, [sample('system.started'), stopped('c')], 50);
    assert.deepEqual([started?.at, after?.at], [50, 50]);
  });

  it('writes the anchor at the first opening, every so many facts, when asked and at the end', async () => {
    const anchor = memoryAnchor();
    const journal = await open(memoryStore(), anchor);
    assert.deepEqual(anchor.link, GENESIS);
    await journal.append('system', null, [stopped('a')], 1);
    assert.equal(anchor.link?.seq, 0);
    await journal.anchor();
    await journal.anchor();
    assert.deepEqual([anchor.link, anchor.writes], [journal.head(), 2]);
    for (let index = 0; index < ANCHOR_EVERY_FACTS; index += 1) await journal.append('system', null, [stopped('b')], 1);
    await new Promise(setImmediate);
    assert.equal(anchor.link?.seq, ANCHOR_EVERY_FACTS + 1);
    await journal.append('system', null, [stopped('c')], 1);
    await journal.close();
    assert.deepEqual(anchor.link, journal.head());
    await assert.rejects(journal.append('system', null, [stopped('d')], 1), code('CLOSED'));
  });

  it('fails for good where the anchor cannot be written', async () => {
    const anchor = memoryAnchor();
    const journal = await open(memoryStore(), anchor);
    await journal.append('system', null, [stopped('a')], 1);
    anchor.failure = new Error('read-only file system');
    await assert.rejects(journal.anchor(), code('WRITE_FAILED'));
    await assert.rejects(journal.append('system', null, [stopped('b')], 1), code('WRITE_FAILED'));
  });

  it('drains what waits before it closes', async () => {
    const store = memoryStore();
    const journal = await open(store, memoryAnchor());
    const turn = journal.append('system', null, [stopped('a')], 1);
    await Promise.all([journal.close(), journal.close()]);
    assert.equal((await turn)[0]?.seq, 1);
  });
});

describe('opening a journal', () => {
  it('reads back what any sequence of appends wrote', async () => {
    const turn = fc.array(fc.string({ maxLength: 40 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { maxLength: 20 }), async (turns) => {
        const store = memoryStore();
        const anchor = memoryAnchor();
        const journal = await open(store, anchor);
        const facts = await Promise.all(turns.map((reasons, at) => journal.append('system', null, reasons.map(stopped), at)));
        await journal.close();
        const again = await open(store, anchor);
        assert.deepEqual(await all(again.read(0)), facts.flat());
        assert.deepEqual(again.head(), journal.head());
        assert.equal(again.lastAt(), journal.lastAt());
      }),
      { numRuns: 50 },
    );
  });

  it('ST-5 names the record where any byte was flipped, any record removed, swapped, or the tail cut', async () => {
    const { store, anchor } = await written(12);
    const whole = sorted(store.entries);
    const damage = fc.oneof(
      fc.record({ kind: fc.constant('flip' as const), at: fc.nat(11), byte: fc.nat(), bit: fc.nat(7) }),
      fc.record({ kind: fc.constantFrom('remove' as const, 'swap' as const), at: fc.nat(10) }),
      fc.record({ kind: fc.constant('cut' as const), at: fc.nat(11) }),
    );
    await fc.assert(
      fc.asyncProperty(damage, async (what) => {
        const records = whole.map((record) => ({ ...record }));
        const [hit, next] = [records[what.at], records[what.at + 1]];
        assert.ok(hit !== undefined);
        if (what.kind === 'flip') {
          const bytes = Buffer.from(hit.value);
          const index = what.byte % bytes.length;
          bytes.writeUInt8(bytes.readUInt8(index) ^ (1 << what.bit), index);
          hit.value = bytes.toString('utf8');
        } else if (what.kind === 'swap' && next !== undefined) [hit.value, next.value] = [next.value, hit.value];
        else records.splice(what.at, what.kind === 'cut' ? Infinity : 1);
        const entries = new Map(records.map(({ key, value }) => [key, value]));
        await assert.rejects(open(memoryStore(entries), anchor), code(what.kind === 'cut' ? 'BEHIND_ANCHOR' : 'CHAIN_BROKEN', what.at + 1));
      }),
      { numRuns: 300 },
    );
  });

  it('notices a journal that was sealed again from a changed record on, by its anchor', async () => {
    const { store, anchor } = await written(5);
    let prev = JSON.parse(store.entries.get(keyOf(2)) ?? '') as JournalRecord;
    for (let seq = 3; seq <= 5; seq += 1) {
      const record = JSON.parse(store.entries.get(keyOf(seq)) ?? '') as JournalRecord;
      const { record: next, text } = seal({ ...record, prevHash: prev.hash, body: seq === 3 ? { reason: 'invented' } : record.body });
      store.entries.set(keyOf(seq), text);
      prev = next;
    }
    await assert.rejects(open(store, anchor), code('CHAIN_BROKEN', 5));
  });

  it('is content with a head beyond the anchor: a crash came between commit and anchor', async () => {
    const { store, anchor } = await written(5);
    const [third] = sorted(store.entries).slice(2, 3);
    const record = JSON.parse(third?.value ?? '') as JournalRecord;
    anchor.link = { seq: 3, hash: record.hash };
    assert.equal((await open(store, anchor)).head().seq, 5);
  });

  it('refuses a journal that lost its anchor, and an anchor that lost its journal', async () => {
    const { store, anchor } = await written(2);
    await assert.rejects(open(store, memoryAnchor()), code('ANCHOR_BROKEN'));
    await assert.rejects(open(memoryStore(), anchor), code('BEHIND_ANCHOR', 1));
  });

  it('refuses a record of a newer release', async () => {
    const record = sealRecord({ seq: 1, prevHash: GENESIS.hash, at: 1, actor: 'system', type: 'system.stopped', version: 2, cause: null, body: {} });
    const store = memoryStore(new Map([[keyOf(1), seal(record).text]]));
    await assert.rejects(open(store, memoryAnchor(GENESIS)), code('NEWER_VERSION', 1));
  });

  it('has a golden sample of every event to write and read', async () => {
    const owners = Object.fromEntries(goldens.map(({ type }) => [type, ['system']]));
    const store = memoryStore();
    const journal = await openJournal({
      dir: 'memory',
      anchorPath: 'memory',
      // Every type is among the goldens; the golden test says so.
      owners: owners as never,
      createStore: () => store,
      createAnchor: () => memoryAnchor(),
    });
    const events = goldens.map(({ type }) => sample(type as DomainEvent['type']));
    await journal.append('system', null, events, 1);
    assert.deepEqual(
      (await all(journal.read(0))).map(({ type, body }) => ({ type, body })),
      events,
    );
  });
});
