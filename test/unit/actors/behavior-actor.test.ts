import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { behaviorActor, BehaviorActor } from '#actors/behavior-actor.ts';
import { NOTHING, type Behavior } from '#trading/behavior.ts';
import type { DomainEvent, Fact } from '#trading/model/events.ts';
import type { Message } from '#trading/model/messages.ts';
import type { Envelope, Start } from '#protocol/actor.ts';

interface Seen {
  readonly seqs: readonly number[];
}

/** Keeps the facts it evolved; counts messages in its memory; tells how many facts it had when it resumed. */
const recorder: Behavior<Seen, number> = {
  initial: { seqs: [] },
  blank: 0,
  decide(state, memory, message, now) {
    if (message.type === 'actor.asked' && message.body.query === 'crash') throw new Error('broken invariant');
    if (message.type === 'actor.asked') return { ...NOTHING, reply: { memory, seqs: state.seqs, now } };
    return { events: [{ type: 'system.stopped', body: { reason: String(memory) } }], effects: [], memory: memory + 1 };
  },
  evolve: (state, fact) => ({ seqs: [...state.seqs, fact.seq] }),
  resume: (state) => ({ events: [], effects: [{ to: 'x', type: 'clock.advanced', body: {} }], memory: 100 + state.seqs.length }),
};

const fact = (seq: number): Fact => ({ seq, at: 0, actor: 'a', version: 1, cause: null, type: 'system.stopped', body: { reason: '' } });
const facts = (...seqs: number[]): Fact[] => seqs.map(fact);
const start = (more: Partial<Start> = {}): Start => ({ name: 'recorder', epoch: 1, params: {}, now: 5, snapshot: null, facts: [], ...more });
const envelope = (message: Message): Envelope => ({ ...message, id: 'i', from: 'f', to: 't', at: 0, epoch: 1, cause: null, correlation: 'i' });
const ask = (query: string): Envelope => envelope({ type: 'actor.asked', body: { query, args: [] } });
const tick = envelope({ type: 'clock.advanced', body: {} });
const nobody = (): void => {};

function started(more: Partial<Start> = {}) {
  const actor = behaviorActor(() => recorder);
  return { actor, outcome: actor.start(start(more), nobody) };
}
const seqsOf = (actor: { snapshot(): unknown }): readonly number[] => (actor.snapshot() as Seen).seqs;

describe('actors/behavior-actor: start and restart are one path', () => {
  it('ST-5 replays the facts, then resumes and gives what resuming produced', () => {
    const { actor, outcome } = started({ facts: facts(1, 4, 9) });
    assert.deepEqual(outcome, { events: [], tells: [{ to: 'x', type: 'clock.advanced', body: {} }] });
    assert.deepEqual(seqsOf(actor), [1, 4, 9]);
    assert.deepEqual(actor.receive(ask('state'), 7), { events: [], tells: [], reply: { memory: 103, seqs: [1, 4, 9], now: 7 } });
  });

  it('ST-1 takes the snapshot as its state and the facts after it', () => {
    const { actor } = started({ snapshot: { seq: 9, state: { seqs: [1, 4, 9] } }, facts: facts(12) });
    assert.deepEqual(seqsOf(actor), [1, 4, 9, 12]);
  });

  it('ST-5 snapshot and tail give the same state as all facts, wherever the snapshot was taken', () => {
    const seqs = fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { maxLength: 40 }).map((list) => list.sort((left, right) => left - right));
    fc.assert(
      fc.property(seqs, fc.nat({ max: 40 }), fc.nat({ max: 5 }), (all, cut, overlap) => {
        const whole = started({ facts: facts(...all) }).actor;
        const head = all.slice(0, cut);
        const snapshot = { seq: head.at(-1) ?? 0, state: started({ facts: facts(...head) }).actor.snapshot() };
        const tail = started({ snapshot, facts: facts(...all.slice(Math.max(0, Math.min(cut, all.length) - overlap))) }).actor;
        assert.deepEqual(tail.snapshot(), whole.snapshot());
      }),
    );
  });

  it('makes a new behaviour of every start, and gives it the start', () => {
    const names: string[] = [];
    const create = (from: Start) => {
      names.push(from.name);
      return recorder;
    };
    void behaviorActor(create).start(start(), nobody);
    void new BehaviorActor(create).start(start({ name: 'other' }), nobody);
    assert.deepEqual(names, ['recorder', 'other']);
  });

  it('is started once, and before anything else', () => {
    const { actor } = started();
    assert.throws(() => actor.start(start(), nobody), /recorder: started twice/);
    assert.throws(() => behaviorActor(() => recorder).receive(tick, 0), /was not started/);
  });
});

describe('actors/behavior-actor: facts', () => {
  it('ST-5 skips a fact that was applied already', () => {
    const { actor } = started({ facts: facts(1, 2) });
    void actor.apply(facts(2));
    void actor.apply(facts(3));
    void actor.apply(facts(1, 2, 3, 4));
    assert.deepEqual(seqsOf(actor), [1, 2, 3, 4]);
  });

  it('ST-5 skips what the snapshot covers', () => {
    const { actor } = started({ snapshot: { seq: 9, state: { seqs: [] } } });
    void actor.apply(facts(8, 9, 10));
    assert.deepEqual(seqsOf(actor), [10]);
  });

  it('ST-5 throws where facts are out of order, within a batch and between batches', () => {
    const { actor } = started({ facts: facts(1) });
    assert.throws(() => actor.apply(facts(5, 3)), /recorder: fact 3 came after fact 5 in one batch/);
    assert.throws(() => actor.apply(facts(4)), /recorder: fact 4 came after fact 5/);
    assert.throws(() => started({ facts: facts(2, 2) }), /fact 2 came after fact 2/);
  });

  it('keeps a bounded window of what it applied', () => {
    const { actor } = started();
    for (let seq = 2; seq <= 20_000; seq += 2) void actor.apply(facts(seq));
    assert.throws(() => actor.apply(facts(19_999)), /fact 19999 came after/);
    void actor.apply(facts(3, 20_002));
    assert.equal(seqsOf(actor).length, 10_001);
  });
});

describe('actors/behavior-actor: turns', () => {
  it('hands events and tells on, and keeps the memory that decide gave', () => {
    const { actor } = started();
    assert.deepEqual(actor.receive(tick, 0), { events: [{ type: 'system.stopped', body: { reason: '100' } }], tells: [] });
    assert.deepEqual(actor.receive(tick, 0), { events: [{ type: 'system.stopped', body: { reason: '101' } }], tells: [] });
  });

  it('changes no state by deciding: only facts do', () => {
    const { actor } = started({ facts: facts(1) });
    const before = actor.snapshot();
    void actor.receive(tick, 0);
    assert.equal(actor.snapshot(), before);
  });

  it('a broken invariant of decide reaches the supervisor', () => {
    assert.throws(() => started().actor.receive(ask('crash'), 0), /broken invariant/);
  });

  it('calls its hooks: restore a snapshot, follow the state, know the emitter, stop', () => {
    const calls: string[] = [];
    const actor = behaviorActor(() => recorder, {
      restore: (raw) => ({ seqs: [...(raw as Seen).seqs, -1] }),
      changed: (state, of) => calls.push(`changed ${state.seqs.join()} by ${of.length}`),
      started: (from, emit) => (calls.push(`started ${from.name}`), emit({ to: 'y', type: 'clock.advanced', body: {} })),
      stopped: () => void calls.push('stopped'),
    });
    void actor.start(start({ snapshot: { seq: 3, state: { seqs: [3] } }, facts: facts(4) }), (tell) => void calls.push(`told ${tell.to}`));
    void actor.apply(facts(5));
    void actor.stop?.();
    assert.deepEqual(calls, ['started recorder', 'told y', 'changed 3,-1,4 by 1', 'changed 3,-1,4,5 by 1', 'stopped']);
  });
});

describe('actors/behavior-actor: drills', () => {
  /** Says on every message what it was asked with; makes an order of each tick. */
  const orders = (asked: string[]): Behavior<Seen, number> => ({
    ...recorder,
    decide(state, memory, message, now) {
      asked.push(`${message.type} ${state.seqs.join()} ${memory} ${now}`);
      const events = message.type === 'clock.advanced' ? [{ type: 'order.intended', body: {} } as DomainEvent] : [];
      return { events, effects: [], memory: memory + 1 };
    },
  });

  it('decides its last two orders again, from what they were decided from, and nothing else', () => {
    const asked: string[] = [];
    const actor = behaviorActor(() => orders(asked));
    void actor.start(start({ facts: facts(1) }), nobody);
    actor.drill?.();
    assert.deepEqual(asked, []);
    for (const now of [1, 2, 3]) {
      void actor.receive(tick, now);
      void actor.apply(facts(now + 1));
      void actor.receive(ask('state'), now);
    }
    const before = asked.splice(0);
    actor.drill?.();
    assert.deepEqual(asked, [before[2], before[4]]);
  });

  it('whenever drills come: every outcome and the state are what they are without', () => {
    const step = fc.oneof(fc.constant('drill'), fc.constant('fact'), fc.constant('tick'), fc.constant('ask'));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const run = (isDrilled: boolean): readonly unknown[] => {
          const actor = behaviorActor(() => orders([]));
          const said: unknown[] = [actor.start(start(), nobody)];
          for (const [index, of] of steps.entries()) {
            if (of === 'drill' && isDrilled) actor.drill?.();
            if (of === 'fact') void actor.apply(facts(index + 1));
            if (of === 'tick') said.push(actor.receive(tick, index));
            if (of === 'ask') said.push(actor.receive(ask('state'), index));
          }
          return [...said, actor.snapshot()];
        };
        assert.deepEqual(run(true), run(false));
      }),
    );
  });
});
