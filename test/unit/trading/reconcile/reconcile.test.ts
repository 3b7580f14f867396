import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { createLiveGateway } from '#trading/execution/live-gateway.ts';
import { BLANK_LIVE, type LiveState } from '#trading/execution/live-book.ts';
import { evolveLive } from '#trading/execution/live-state.ts';
import { BLANK_LIVE_MEMORY, type LiveMemory } from '#trading/execution/live-turn.ts';
import type { DomainEvent, Fact } from '#trading/model/events.ts';
import type { AccountView, VenueExecution, VenueOrder } from '#trading/model/live.ts';
import type { OrderIntent } from '#trading/model/order.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import type { Message } from '#trading/model/messages.ts';
import { money, notional, price, qty, ZERO_QTY, ZERO_MONEY } from '#trading/money/decimal.ts';
import { diff, differenceId, type Difference, type JournalView } from '#trading/reconcile/diff.ts';
import { createReconciler } from '#trading/reconcile/reconciler.ts';
import { adjustment, brokenInvariants, repair } from '#trading/reconcile/repair.ts';
import { BLANK_RECONCILER, evolveReconciler, journalView, type ReconcilerState } from '#trading/reconcile/state.ts';
import { parseEvent } from '#protocol/events.ts';
import { TERMS } from '../../../support/live-venue.ts';
import { settings, spot, T0 } from '../trader/fixtures.ts';

const ENTRY = `l${'0'.repeat(25)}1`;
const EXIT = `l${'0'.repeat(25)}2`;
const SYMBOL = spot.symbol;
const WHERE = { asset: 'crypto_spot', symbol: SYMBOL } as const;
const CONFIG = { broker: 'bybit', orders: 'gateway.bybit.orders', port: 'gateway.bybit.port' } as const;
const EMPTY: AccountView = { openOrders: [], executions: [], positions: [], askedAt: T0 + 60_000 };
const BLANK: JournalView = { broker: 'bybit', orders: [], executionIds: new Set(), positions: [], dust: {}, changedAt: {} };

const execution = (executionId: string, of: Partial<VenueExecution> = {}): VenueExecution => ({
  ...{ executionId, clientOrderId: ENTRY, parentId: null, venueOrderId: 'v1', ...WHERE, side: 'buy', leg: null },
  ...{ price: price('100'), qty: qty('1'), fee: money('0.1'), feeQty: null, executedAt: T0, ...of },
});
const order = (venueOrderId: string, of: Partial<VenueOrder> = {}): VenueOrder => ({
  ...{ clientOrderId: null, parentId: null, venueOrderId, ...WHERE, side: 'buy', leg: null, status: 'open' },
  ...{ qty: qty('1'), cumQty: ZERO_QTY, reason: '', ...of },
});
const position = (amount: string, at = '100') => ({ ...WHERE, side: 'buy', qty: qty(amount), averagePrice: price(at) }) as const;
const ours = (amount: string, at = '100', isNative = false) => ({ ...position(amount, at), entryOrderId: ENTRY, isNative });
const sent = { clientOrderId: ENTRY, ...WHERE, isOpen: true, isPlaced: true, isResting: false, sentAt: T0 };
const kinds = (differences: readonly Difference[]) => differences.map(({ kind }) => kind);

/** Gateway and reconciler over one list of facts. */
class Books {
  live: LiveState = BLANK_LIVE;
  memory: LiveMemory = { ...BLANK_LIVE_MEMORY, isReconciled: true, bucket: { level: 0, at: T0 - 60_000 } };
  books: ReconcilerState = BLANK_RECONCILER;
  readonly facts: Fact[] = [];
  readonly #gateway = createLiveGateway({ name: CONFIG.orders, port: CONFIG.port, terms: { ...TERMS, nativeBracket: ['crypto_spot'] } });
  now = T0;

  constructor() {
    this.add('system', [{ type: 'settings.loaded', body: { settings, source: 'test' } }]);
    this.add('mode-switch', [{ type: 'mode.changed', body: { asset: 'crypto_spot', mode: 'live', on: true, source: 'test', reason: 'test' } }]);
    this.add('catalog', [{ type: 'instrument.changed', body: { instrument: spot } }]);
  }

  add(actor: string, events: readonly DomainEvent[]): void {
    for (const event of events) {
      parseEvent(event.type, event.body);
      const fact: Fact = { ...event, seq: this.facts.length + 1, at: this.now, actor, version: 1, cause: null };
      this.facts.push(fact);
      this.live = evolveLive('bybit', this.live, fact);
      this.books = evolveReconciler(this.books, fact);
    }
  }

  tell(message: Message): void {
    const decision = this.#gateway.decide(this.live, this.memory, message, this.now);
    if (decision.memory !== undefined) this.memory = decision.memory;
    this.add(CONFIG.orders, decision.events);
  }

  /** An entry of 5 and an exit of 2, both on their way. */
  send(clientOrderId: string, kind: 'entry' | 'exit', amount: string): void {
    const snapshot: QuoteSnapshot = {
      ...{ id: 'q', broker: 'bybit', ...WHERE, bid: price('100'), ask: price('100.01'), bidQty: null, askQty: null, last: null, volume: null },
      ...{ exchangeAt: this.now, receivedAt: this.now },
    };
    const intent: OrderIntent = {
      ...{
        clientOrderId,
        strategyId: 'ema-cross',
        ...WHERE,
        mode: 'live',
        side: kind === 'entry' ? 'buy' : 'sell',
        kind,
        qty: qty(amount),
        snapshot,
      },
      ...{
        bracket: kind === 'entry' ? { takeProfit: price('120'), stopLoss: price('80') } : null,
        sizing: null,
        signal: '',
        nonce: 1,
        intendedAt: T0,
      },
    };
    const body = { clientOrderId, ...WHERE, mode: 'live', intent, notional: ZERO_MONEY, margin: ZERO_MONEY, maxLoss: ZERO_MONEY } as const;
    this.add('governor', [{ type: 'order.approved', body }]);
    const fact = this.facts.at(-1);
    assert.ok(fact !== undefined);
    this.now += 1000;
    this.tell({ type: 'fact.recorded', body: { fact } });
    this.tell({ type: 'placement.answered', body: { clientOrderId, outcome: { kind: 'acknowledged', venueOrderId: `v-${kind}` } } });
  }

  held() {
    return Object.values(this.books.bybit.positions).map(({ side, qty: amount, averagePrice }) => ({ side, amount, averagePrice }));
  }
}

const DUST = { [`crypto_spot|live|${SYMBOL}`]: qty('0.004') };

describe('reconcile: diff', () => {
  it('ST-3 sees nothing where both sides say the same', () => {
    const journal = { ...BLANK, orders: [sent], executionIds: new Set(['e1']), positions: [ours('1')] };
    const view = { ...EMPTY, openOrders: [order('v1', { clientOrderId: ENTRY })], executions: [execution('e1')], positions: [position('1')] };
    assert.deepEqual(diff(journal, view), []);
  });

  const cases: readonly (readonly [string, Partial<JournalView>, Partial<AccountView>, readonly string[]])[] = [
    [
      'a row of ours that the journal has not',
      { orders: [sent] },
      { openOrders: [order('v1', { clientOrderId: ENTRY })], executions: [execution('e1'), execution('e1')] },
      ['missing_execution'],
    ],
    [
      'a leg of ours that executed',
      { orders: [{ ...sent, isOpen: false }] },
      { executions: [execution('e1', { clientOrderId: null, parentId: ENTRY, leg: 'stop_loss' })] },
      ['missing_execution'],
    ],
    ['an open order that the venue has no more', { orders: [sent] }, {}, ['order_gone']],
    ['an order that left after the question', { orders: [{ ...sent, sentAt: EMPTY.askedAt }] }, {}, []],
    ['an order with an id of ours that nobody sent', {}, { openOrders: [order('v7', { clientOrderId: `${EXIT}-s1` })] }, ['own_orphan']],
    ['an order of somebody else', {}, { openOrders: [order('v7', { clientOrderId: 'web-1' })] }, ['foreign_order']],
    ['an execution of somebody else', {}, { executions: [execution('e1', { clientOrderId: null })] }, ['foreign_execution']],
    ['a position only the venue has', {}, { positions: [position('1')] }, ['position_quantity']],
    ['a position only the journal has', { positions: [ours('1')] }, {}, ['position_quantity']],
    ['another quantity', { positions: [ours('1')] }, { positions: [position('1.01')] }, ['position_quantity']],
    ['an average price 0.01 % away', { positions: [ours('1', '100.01')] }, { positions: [position('1')] }, []],
    ['an average price farther away', { positions: [ours('1', '100.011')] }, { positions: [position('1')] }, ['position_price']],
    ['coins that no order can sell', { dust: DUST }, { positions: [position('0.004')] }, []],
    ['a position beside them', { dust: DUST, positions: [ours('1')] }, { positions: [position('1.004')] }, []],
    ['fewer coins than those', { dust: DUST }, { positions: [position('0.003')] }, ['position_quantity']],
    ['a position less of them', { dust: DUST, positions: [ours('1')] }, { positions: [position('1')] }, ['position_quantity']],
    ['a native bracket without its stop', { positions: [ours('1', '100', true)] }, { positions: [position('1')] }, ['leg_missing']],
    [
      'a position that is moving',
      { orders: [sent], positions: [ours('1')] },
      { openOrders: [order('v1', { clientOrderId: ENTRY })], positions: [position('2')] },
      [],
    ],
    ['a position that changed since the question', { positions: [ours('1')], changedAt: { [`crypto_spot|live|${SYMBOL}`]: EMPTY.askedAt } }, {}, []],
  ];
  for (const [what, journal, view, expected] of cases) {
    it(`ST-3 ${what}: ${expected.join(', ') || 'nothing'}`, () =>
      assert.deepEqual(kinds(diff({ ...BLANK, ...journal }, { ...EMPTY, ...view })), expected));
  }
});

describe('reconcile: repair', () => {
  const journal = { ...BLANK, orders: [sent], positions: [ours('1', '100', true)] };
  const view = {
    ...EMPTY,
    openOrders: [order('v7', { clientOrderId: `${EXIT}-s1` }), order('v8', { clientOrderId: 'web-1' })],
    executions: [execution('e1'), execution('e2', { clientOrderId: 'web-1', symbol: 'ETH/USDT' })],
    positions: [{ ...position('3'), symbol: 'ETH/USDT' }],
  };
  const differences = diff(journal, view);

  it('gives rows and questions to the gateway, says the rest, closes symbols, and fills nothing itself', () => {
    const { events, tells } = repair(differences, CONFIG, new Set(), view.askedAt);
    assert.deepEqual(
      events.map((event) =>
        event.type === 'reconcile.differed' ? [event.body.kind, event.body.symbol, event.body.refusal?.code ?? null] : [event.type],
      ),
      [
        ['foreign_order', SYMBOL, 'CLOSE_ONLY'],
        ['alarm.raised'],
        ['own_orphan', SYMBOL, null],
        ['alarm.raised'],
        ['foreign_execution', 'ETH/USDT', 'CLOSE_ONLY'],
        ['alarm.raised'],
        ['position_quantity', 'ETH/USDT', 'CLOSE_ONLY'],
        ['alarm.raised'],
      ],
    );
    assert.deepEqual(
      tells.map(({ type }) => type),
      ['execution.reported', 'lookup.requested', 'cancel.requested'],
    );
    for (const event of events) parseEvent(event.type, event.body);
  });

  it('twice changes nothing: ids follow from content', () => {
    const { events } = repair(differences, CONFIG, new Set(), view.askedAt);
    const said = new Set(events.flatMap((event) => (event.type === 'reconcile.differed' ? [event.body.differenceId] : [])));
    assert.deepEqual(repair(differences, CONFIG, said, view.askedAt).events, []);
    assert.deepEqual(
      said,
      new Set(differences.filter(({ kind }) => kind !== 'missing_execution' && kind !== 'order_gone').map((one) => differenceId('bybit', one))),
    );
    assert.notEqual(differenceId('bybit', differences[0] as Difference), differenceId('ibkr', differences[0] as Difference));
  });

  it('an adjustment takes the venue’s word for a position, and is no fill', () => {
    const [difference] = diff({ ...BLANK, positions: [ours('1')] }, EMPTY);
    assert.ok(difference !== undefined);
    const event = adjustment('bybit', difference, 'sold by hand');
    assert.deepEqual([event?.body.from, event?.body.to], [{ side: 'buy', qty: '1', averagePrice: '100' }, null]);
    assert.equal(adjustment('bybit', { kind: 'order_gone', ...WHERE, clientOrderId: ENTRY }, ''), null);
  });
});

describe('reconcile: the reconciler', () => {
  const reconciler = createReconciler({ name: 'reconciler', brokers: [CONFIG], everyMs: 5000 });
  const viewed = (view: AccountView): Message => ({ type: 'account.viewed', body: { broker: 'bybit', view } });

  it('ST-3 reads at start and again after everyMs', () => {
    const start = reconciler.resume(BLANK_RECONCILER, T0);
    assert.deepEqual(
      start.effects.map(({ to, type }) => [to, type]),
      [[CONFIG.port, 'account.requested']],
    );
    const memory = start.memory ?? reconciler.blank;
    const tick: Message = { type: 'clock.advanced', body: {} };
    assert.deepEqual(reconciler.decide(BLANK_RECONCILER, memory, tick, T0 + 4999).effects, []);
    assert.equal(reconciler.decide(BLANK_RECONCILER, memory, tick, T0 + 5000).effects.length, 1);
  });

  it('believes a position only when it was seen twice, says it once, blocks its symbol, and is adjusted by a person', () => {
    const books = new Books();
    const view = { ...EMPTY, positions: [position('1')] };
    const once = reconciler.decide(books.books, reconciler.blank, viewed(view), T0);
    assert.deepEqual(once.events, []);
    const memory = once.memory ?? reconciler.blank;
    const twice = reconciler.decide(books.books, memory, viewed(view), T0);
    books.add('reconciler', twice.events);
    assert.deepEqual(Object.keys(books.live.blocked), [`crypto_spot|${SYMBOL}`]);
    assert.deepEqual(reconciler.decide(books.books, memory, viewed(view), T0).events, []);
    books.send(ENTRY, 'entry', '1');
    const end = books.facts.flatMap((fact) => (fact.type === 'order.ended' ? [fact.body] : []))[0];
    assert.equal(end?.status, 'not_sent');
    assert.match(end?.reason ?? '', /^CLOSE_ONLY.*until a person/);
    const [difference] = diff(journalView('bybit', books.books.bybit), view);
    assert.ok(difference !== undefined);
    const asked: Message = { type: 'actor.asked', body: { query: 'adjust', args: [differenceId('bybit', difference), 'bought', 'by', 'hand'] } };
    const adjusted = reconciler.decide(books.books, memory, asked, T0);
    books.add('reconciler', adjusted.events);
    assert.deepEqual(books.live.blocked, {});
    assert.deepEqual(diff(journalView('bybit', books.books.bybit), view), []);
    assert.deepEqual(
      books.facts.filter(({ type }) => type === 'fill.recorded'),
      [],
    );
  });
});

describe('reconcile: an adjustment', () => {
  it('ST-3 leaves the symbol closed while an order of somebody else rests there, and says it in no second alarm', () => {
    const reconciler = createReconciler({ name: 'reconciler', brokers: [CONFIG], everyMs: 5000 });
    const books = new Books();
    const view = { ...EMPTY, positions: [position('1')], openOrders: [order('v8', { clientOrderId: 'web-1' })] };
    let memory = reconciler.blank;
    const tell = (message: Message): readonly DomainEvent[] => {
      const decision = reconciler.decide(books.books, memory, message, T0);
      memory = decision.memory ?? memory;
      books.add('reconciler', decision.events);
      return decision.events;
    };
    const viewed: Message = { type: 'account.viewed', body: { broker: 'bybit', view } };
    for (let time = 0; time < 2; time++) tell(viewed);
    const moved = diff(journalView('bybit', books.books.bybit), view).find(({ kind }) => kind === 'position_quantity');
    assert.ok(moved !== undefined);
    const events = tell({ type: 'actor.asked', body: { query: 'adjust', args: [differenceId('bybit', moved), 'bought', 'by', 'hand'] } });
    assert.deepEqual(
      events.map(({ type }) => type),
      ['reconcile.adjusted', 'reconcile.differed'],
    );
    assert.match(books.live.blocked[`crypto_spot|${SYMBOL}`]?.sentence ?? 'open', /the venue has order v8/);
    assert.deepEqual(tell(viewed), []);
  });
});

describe('reconcile: an adjustment of what has changed since', () => {
  const reconciler = createReconciler({ name: 'reconciler', brokers: [CONFIG], everyMs: 5000 });
  const view = { ...EMPTY, positions: [position('1')] };

  function standing() {
    const books = new Books();
    const memory = reconciler.decide(books.books, reconciler.blank, { type: 'account.viewed', body: { broker: 'bybit', view } }, T0).memory;
    const [difference] = diff(journalView('bybit', books.books.bybit), view);
    assert.ok(difference !== undefined);
    const asked: Message = { type: 'actor.asked', body: { query: 'adjust', args: [differenceId('bybit', difference), 'bought'] } };
    return { books, adjust: () => reconciler.decide(books.books, memory ?? reconciler.blank, asked, T0) };
  }

  it('ST-3 the same one twice before the next reading is one adjustment', () => {
    const { books, adjust } = standing();
    books.add('reconciler', adjust().events);
    const { events, reply } = adjust();
    assert.deepEqual(events, []);
    assert.match(JSON.stringify(reply), /the journal holds buy 1 at 100 by now, not flat/);
  });

  it('ST-3 a position that a fill has moved since the reading is not set back to it', () => {
    const { books, adjust } = standing();
    books.send(ENTRY, 'entry', '2');
    books.tell({ type: 'execution.reported', body: { execution: execution('e1', { qty: qty('2') }) } });
    assert.equal(books.held()[0]?.amount, '2');
    const { events, reply } = adjust();
    assert.deepEqual(events, []);
    assert.match(JSON.stringify(reply), /the journal holds buy 2 at 100 by now/);
  });
});

describe('reconcile: lost, repeated and shuffled reports', () => {
  it('ST-3 whatever came of the stream, one reading of the account gives the same positions, and a second changes nothing', () => {
    const rows = [
      ...['1', '2', '1.5'].map((amount, index) => execution(`e${index}`, { qty: qty(amount), price: price(100 + index), executedAt: T0 + index })),
      ...['0.5', '1'].map((amount, index) =>
        execution(`x${index}`, {
          clientOrderId: EXIT,
          side: 'sell',
          venueOrderId: 'v-exit',
          qty: qty(amount),
          price: price(103),
          executedAt: T0 + 10 + index,
        }),
      ),
    ];
    const entries = rows.filter(({ clientOrderId }) => clientOrderId === ENTRY);
    const exits = rows.filter(({ clientOrderId }) => clientOrderId === EXIT);
    const lossy = (of: readonly VenueExecution[]) => fc.shuffledSubarray([...of, ...of], { minLength: 0 }).map((some) => [...some]);
    fc.assert(
      fc.property(lossy(entries), lossy(exits), fc.boolean(), (early, late, isMixed) => {
        const books = new Books();
        books.send(ENTRY, 'entry', '5');
        // An exit needs a position: the first part is certain.
        books.tell({ type: 'execution.reported', body: { execution: rows[0] as VenueExecution } });
        books.send(EXIT, 'exit', '1');
        for (const one of isMixed ? [...early, ...late] : [...late, ...early]) books.tell({ type: 'execution.reported', body: { execution: one } });
        const before = { journal: journalView('bybit', books.books.bybit), realised: ZERO_MONEY };
        const view: AccountView = {
          ...EMPTY,
          openOrders: [order('v-entry', { clientOrderId: ENTRY, cumQty: qty('4.5'), qty: qty('5') })],
          executions: rows,
          positions: [position('3', '101.111')],
        };
        const { events, tells } = repair(diff(before.journal, view), CONFIG, new Set(books.books.bybit.said), view.askedAt);
        books.add('reconciler', events);
        for (const tell of tells) books.tell(tell);
        const fills = books.facts.flatMap((fact) => (fact.type === 'fill.recorded' ? [fact.body.fill] : []));
        assert.deepEqual(new Set(fills.map(({ venueExecutionId }) => venueExecutionId)), new Set(rows.map(({ executionId }) => executionId)));
        assert.equal(fills.length, rows.length);
        assert.deepEqual(
          books.held().map(({ side, amount }) => [side, amount]),
          [['buy', '3']],
        );
        const count = books.facts.length;
        const again = repair(diff(journalView('bybit', books.books.bybit), view), CONFIG, new Set(books.books.bybit.said), view.askedAt);
        for (const tell of again.tells) books.tell(tell);
        assert.deepEqual(again.events, []);
        assert.equal(books.facts.length, count);
      }),
      { numRuns: 200 },
    );
  });

  it('ST-3 the four invariants: quantity, average price, profit, identity', () => {
    const view = { ...EMPTY, positions: [position('1')] };
    const journal = { ...BLANK, positions: [ours('1')] };
    const whole = { view, before: { journal, realised: money('5') }, after: { journal, realised: money('6') }, added: money('1'), events: [] };
    assert.deepEqual(brokenInvariants(whole), []);
    assert.deepEqual(brokenInvariants({ ...whole, after: { journal: BLANK, realised: money('6') } }), ['QUANTITY']);
    assert.deepEqual(brokenInvariants({ ...whole, after: { journal: { ...BLANK, positions: [ours('1', '101')] }, realised: money('6') } }), [
      'AVERAGE_PRICE',
    ]);
    assert.deepEqual(brokenInvariants({ ...whole, added: notional(price('1'), qty('2')) }), ['PROFIT']);
    const forged = { ...WHERE, mode: 'live', clientOrderId: null, differenceId: 'made-up', kind: 'order_gone', evidence: '', refusal: null } as const;
    assert.deepEqual(brokenInvariants({ ...whole, events: [{ type: 'reconcile.differed', body: forged }] }), ['IDENTITY']);
  });
});
