import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type { Envelope } from '#protocol/actor.ts';
import { EVERYONE, Router, type Recipient } from '#supervisors/router.ts';
import type { EventType, Fact } from '#trading/model/events.ts';
import type { Message, MessageType } from '#trading/model/messages.ts';
import { quoteMessage } from '../../support/envelopes.ts';
import { FakeJournal } from '../../support/fake-journal.ts';
import { SILENT, asked } from '../../support/supervision.ts';

class Inbox implements Recipient {
  readonly name: string;
  readonly facts: ReadonlySet<EventType>;
  readonly listens: ReadonlySet<MessageType>;
  readonly wants: (fact: Fact) => boolean;
  readonly got: Envelope[] = [];
  constructor(name: string, facts: readonly EventType[] = [], listens: readonly MessageType[] = [], wants: (fact: Fact) => boolean = () => true) {
    this.name = name;
    this.facts = new Set(facts);
    this.listens = new Set(listens);
    this.wants = wants;
  }
  post(envelope: Envelope): void {
    this.got.push(envelope);
  }
  postFact(_fact: Fact, envelope: Envelope): void {
    this.got.push(envelope);
  }
  async ask(envelope: Envelope): Promise<unknown> {
    return envelope.body;
  }
  drill(): void {}
  get ids(): readonly string[] {
    return this.got.map(({ type, id }) => `${type} ${id}`);
  }
}

const FEED = (up: boolean): Message => ({ type: 'feed.changed', body: { broker: 'bybit', up, reason: 'test' } });
const SENDER = { name: 'gateway.bybit', epoch: 3 };

describe('the router', () => {
  let journal: FakeJournal;
  let router: Router;
  beforeEach(() => {
    journal = new FakeJournal();
    router = new Router({ journal, clock: { now: () => 77 }, log: SILENT, run: 'r1' });
  });

  it('carries a tell to the one of that name, as an envelope of its sender with market time', () => {
    const trader = new Inbox('trader');
    router.register(trader);
    router.tell(SENDER, { ...asked('hello'), to: 'trader' }, 'seq:5', 'first');
    router.tell(SENDER, { ...asked('hello'), to: 'trader' }, null, null);
    const [first, second] = trader.got;
    assert.deepEqual(first, {
      ...asked('hello'),
      id: 'r1.1',
      from: 'gateway.bybit',
      to: 'trader',
      at: 77,
      epoch: 3,
      cause: 'seq:5',
      correlation: 'first',
    });
    assert.equal(second?.correlation, second?.id, 'a message without a cause begins a chain');
  });

  it('counts what nobody has the name for, and refuses two of one name', async () => {
    router.register(new Inbox('trader'));
    router.tell(SENDER, { ...asked('hello'), to: 'nobody' }, null, null);
    assert.equal(router.deadLetters, 1);
    assert.throws(() => router.register(new Inbox('trader')), /two actors are named trader/);
    assert.throws(() => router.handle('trader', () => {}), /two actors are named trader/);
    await assert.rejects(router.ask('nobody', asked('x'), 10), /no actor is named nobody; there are trader/);
  });

  it('tells everyone who listens, but the sender', () => {
    const [listening, other, itself] = [new Inbox('a', [], ['feed.changed']), new Inbox('b'), new Inbox(SENDER.name, [], ['feed.changed'])];
    for (const each of [listening, other, itself]) router.register(each);
    router.tell(SENDER, { ...FEED(true), to: EVERYONE }, null, null);
    assert.deepEqual([listening.got.length, other.got.length, itself.got.length], [1, 0, 0]);
    assert.equal(listening.got[0]?.to, 'a');
  });

  it('hands facts to subscribers that want them, except to their writer, with the chain they belong to', async () => {
    const [subscriber, picky, writer] = [
      new Inbox('dashboard', ['kill.tripped']),
      new Inbox('trader', ['kill.tripped'], [], () => false),
      new Inbox('kill-switch', ['kill.tripped']),
    ];
    for (const each of [subscriber, picky, writer]) router.register(each);
    router.follow('r1.9', 'r1.1');
    await journal.append('kill-switch', 'r1.9', [{ type: 'kill.tripped', body: { scope: 'all', reason: 'x', source: 'y', flatten: false } }], 5);
    await journal.append('system', null, [{ type: 'system.stopped', body: { reason: 'x' } }], 5);
    assert.deepEqual(subscriber.ids, ['fact.recorded seq:1']);
    assert.deepEqual([subscriber.got[0]?.cause, subscriber.got[0]?.correlation], ['r1.9', 'r1.1']);
    assert.deepEqual([picky.got.length, writer.got.length], [0, 0]);
    assert.equal(router.fanned, 2);
  });

  it('takes intercepted types off the ring, and the house may send them on or tell its own', () => {
    const trader = new Inbox('trader');
    router.register(trader);
    const taken: Envelope[] = [];
    router.intercept('quote.received', (each) => taken.push(each));
    router.tell(SENDER, { ...quoteMessage('q1'), to: 'anywhere' }, null, null);
    assert.deepEqual([taken.length, trader.got.length, router.deadLetters], [1, 0, 0]);
    for (const each of taken) router.forward(each, 'trader');
    router.deliver('trader', quoteMessage('q2'), 'conductor');
    assert.deepEqual(
      trader.got.map(({ from, to }) => `${from} ${to}`),
      ['gateway.bybit trader', 'conductor trader'],
    );
  });

  it('serves a name by a plain function, whose failure is not that of the actor that told it', () => {
    const got: string[] = [];
    router.handle('admin', ({ type }) => {
      got.push(type);
      throw new Error('a bug of the house');
    });
    router.tell(SENDER, { ...asked('x'), to: 'admin' }, null, null);
    assert.deepEqual(got, ['actor.asked']);
  });

  it('keeps the last of each announcement for who starts later, as new messages, in the order they were told', () => {
    router.register(new Inbox('governor', [], ['feed.changed']));
    const late = new Inbox('trader', [], ['feed.changed']);
    const deaf = new Inbox('catalog');
    for (const up of [true, false, true]) router.tell(SENDER, { ...FEED(up), to: EVERYONE }, null, null);
    router.tell(SENDER, { type: 'feed.changed', body: { broker: 'ibkr', up: false, reason: 'for one' }, to: 'catalog' }, null, null);
    router.tell(SENDER, { ...asked('not kept'), to: EVERYONE }, null, null);
    assert.deepEqual(
      router.retainedFor(late).map(({ type, body }) => [type, 'up' in body && body.up]),
      [['feed.changed', true]],
    );
    assert.deepEqual(
      router.retainedFor(deaf).map(({ body }) => 'broker' in body && body.broker),
      ['ibkr'],
    );
    assert.deepEqual(router.retainedFor(new Inbox(SENDER.name, [], ['feed.changed'])), [], 'not to who told it');
    const ids = [...router.retainedFor(late), ...router.retainedFor(late)].map(({ id }) => id);
    assert.equal(new Set(ids).size, 2);
  });

  it('hears the journal no more once closed', async () => {
    const inbox = new Inbox('dashboard', ['system.stopped']);
    router.register(inbox);
    router.close();
    await journal.append('system', null, [{ type: 'system.stopped', body: { reason: 'x' } }], 5);
    assert.equal(inbox.got.length, 0);
  });
});
