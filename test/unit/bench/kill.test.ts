import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { sendGate } from '#actors/send-gate.ts';
import { brokenOf, inMemory, resultsOf, type Combination } from '#test/bench/kill-combinations.ts';
import { Owed } from '#test/bench/kill-flood.ts';
import { judge, readEntry, writeEntry } from '#test/bench/kill-stamps.ts';
import { QueueTally } from '#test/bench/kill-tally.ts';
import { openCountingVenue } from '#test/bench/kill-venue.ts';
import type { Fact } from '#trading/model/events.ts';

const combination: Combination = {
  name: 'page, gateway forked',
  trips: 3,
  after: 0,
  before: 12,
  closedMs: [1, 2, 3],
  latchMs: [1, 1, 1],
  p99MsMax: 50,
  faults: { 'entries were lost': 0 },
};

describe('bench: what counts as sent after a kill', () => {
  it('KS-1 an entry whose gate was read after the closing is after; at the very moment it is under way', () => {
    assert.deepEqual(judge([1, 10, 11, 20, 21, 99], { pressedAt: 10, closedAt: 20 }), { before: 2, underWay: 2, after: 2 });
    assert.deepEqual(judge([], { pressedAt: 10, closedAt: 20 }), { before: 0, underWay: 0, after: 0 });
  });

  it('KS-1 an acceptance carries the reading of the gate before it, and the first closed reading is kept', () => {
    const dir = mkdtempSync(join(tmpdir(), 'bench-kill-'));
    const gate = sendGate(join(dir, 'KILL'));
    const tally = new QueueTally(join(dir, 'KILL'));
    tally.begin();
    tally.approved = 2;
    gate.closedFor('crypto_spot');
    tally.take(orderFact('order.accepted', 'a'));
    assert.equal(tally.closedReadAt, null);
    const pressedAt = Number(process.hrtime.bigint());
    gate.trip(['all']);
    tally.press();
    const closedAt = Number(process.hrtime.bigint());
    gate.closedFor('crypto_spot');
    assert.ok((tally.closedReadAt ?? 0) > closedAt);
    tally.take(orderFact('order.accepted', 'b'));
    assert.deepEqual(judge(tally.acceptedReads, { pressedAt, closedAt }), { before: 1, underWay: 0, after: 1 });
    assert.deepEqual([tally.live, tally.unanswered], [2, 0]);
    tally.take(orderFact('order.ended', 'a'));
    tally.take(orderFact('order.ended', 'c'));
    assert.deepEqual([tally.live, tally.refused], [1, 1], 'what was never accepted was refused');
    gate.rearm();
    rmSync(dir, { recursive: true });
  });

  it('an entry comes to the venue as it was sent, also cut in two; one of another run is an error of the bench', async () => {
    const entry = { run: 3, number: 20_000, readAt: 1_234_567_890_123_456 };
    assert.deepEqual(readEntry(writeEntry(entry)), entry);
    const venue = await openCountingVenue();
    venue.begin(3);
    const socket = connect(venue.port, '127.0.0.1');
    const bytes = Buffer.concat([writeEntry(entry), writeEntry({ ...entry, number: 20_001 })]);
    socket.write(bytes.subarray(0, 30));
    await venue.received(1);
    socket.end(bytes.subarray(30));
    await venue.received(2);
    assert.deepEqual(
      venue.entries().map(({ number }) => number),
      [20_000, 20_001],
    );
    venue.close();
  });
});

describe('bench: the flood of quotes', () => {
  it('owes its rate by the clock, whole quotes, and no more than a tenth of a second of them after a long turn', () => {
    const owed = new Owed(50_000, 1000);
    assert.equal(owed.take(1001), 50);
    assert.equal(owed.take(1001.01), 0);
    assert.equal(owed.take(1001.03), 1);
    assert.equal(owed.take(5001.03), 5000);
    assert.equal(new Owed(1000, 0).rate(0), 0);
    const steady = new Owed(2000, 0);
    for (let ms = 1; ms <= 100; ms++) steady.take(ms);
    assert.equal(steady.rate(100), 2000);
  });
});

describe('bench: a combination of hand and gateway', () => {
  it('is one count whose target is none, and three times beside the latch write', () => {
    const rows = resultsOf(combination);
    assert.deepEqual(
      rows.map(({ name, ours, baseline, target, pass }) => [name, ours, baseline, target, pass]),
      [
        ['kill: page, gateway forked: entries after 3 trips', 0, 12, '0 entries', true],
        ['kill: page, gateway forked: trip → gate closed, p50', 2, 1, null, null],
        ['kill: page, gateway forked: trip → gate closed, p99', 3, 1, '≤ 50 ms', true],
        ['kill: page, gateway forked: trip → gate closed, max', 3, 1, null, null],
      ],
    );
    assert.equal(resultsOf({ ...combination, after: 1 })[0]?.pass, false);
    assert.equal(resultsOf({ ...combination, latchMs: null, p99MsMax: null })[2]?.baseline, null);
  });

  it('KS-1 one entry after a trip breaks the run, and so does a count that proves nothing', () => {
    assert.deepEqual(brokenOf(combination), []);
    assert.deepEqual(brokenOf({ ...combination, after: 2, faults: { 'entries were lost': 1 } }), [
      'page, gateway forked: 2 entries came after a trip',
      'page, gateway forked: 1 entries were lost',
    ]);
    assert.match(brokenOf({ ...combination, before: 0 }).join(), /proves nothing/);
  });

  it('in memory, an accepted entry that was not cancelled is a fault', () => {
    const dir = mkdtempSync(join(tmpdir(), 'bench-kill-'));
    const tally = new QueueTally(join(dir, 'KILL'));
    tally.approved = 1;
    tally.take(orderFact('order.accepted', 'a'));
    const times = { flagMs: [], closedMs: [], seenMs: [1], latchMs: [] };
    const counted = inMemory({ tally, before: 1, underWay: 1, after: 0, silent: 0, leastQueued: 1, quotesPerSecond: 1, ...times });
    assert.equal(counted.before, 2);
    assert.deepEqual(brokenOf({ ...combination, ...counted }), ['page, gateway forked: 1 accepted entries were not cancelled']);
    rmSync(dir, { recursive: true });
  });
});

/** All that the tally reads of a fact. */
function orderFact(type: 'order.accepted' | 'order.ended', clientOrderId: string): Fact {
  return { type, body: { clientOrderId } } as unknown as Fact;
}
