/** Governor and paper simulator around one journal in memory, as the cells of the main process run them: append, evolve, hand on. */
import assert from 'node:assert/strict';
import type { Behavior, Decision } from '#trading/behavior.ts';
import { createGovernor, GOVERNOR_FACTS } from '#trading/risk/governor.ts';
import type { GovernorMemory } from '#trading/risk/memory.ts';
import type { GovernorState } from '#trading/risk/state.ts';
import { orderGates } from '#trading/risk/why.ts';
import { createPaperSimulator, PAPER_FACTS } from '#trading/paper/simulator.ts';
import type { PaperState } from '#trading/paper/state.ts';
import type { PaperMemory } from '#trading/paper/turn.ts';
import { rederiveFill, type BracketProgress, type RederiveContext } from '#trading/paper/rederive.ts';
import { add, money, negate, price, qty, ratio, ZERO_QTY } from '#trading/money/decimal.ts';
import { EVENT_OWNERS, parseEvent } from '#protocol/events.ts';
import { parseTell } from '#protocol/messages.ts';
import type { DomainEvent, EventOf, EventType, Fact, Refusal } from '#trading/model/events.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { Message, Tell } from '#trading/model/messages.ts';
import type { Fill, OrderIntent } from '#trading/model/order.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import type { Settings } from '#trading/model/settings.ts';
import { pure } from '#test/support/pure.ts';
import { quoteOf, settings as base, spot, T0 } from '../trader/fixtures.ts';

export const SEED = '7';

/** Room for small orders: caps of 20 USD a spot order, as at the default budgets. */
export const settings: Settings = { ...base, paper: { ...base.paper, partialProbability: 0 }, cooldownSeconds: 60 };

class Resident<State, Memory> {
  readonly name: string;
  readonly behavior: Behavior<State, Memory>;
  readonly facts: ReadonlySet<EventType>;
  state: State;
  memory: Memory;

  constructor(name: string, behavior: Behavior<State, Memory>, facts: readonly EventType[]) {
    this.name = name;
    this.behavior = pure(behavior);
    this.facts = new Set(facts);
    this.state = behavior.initial;
    this.memory = behavior.blank;
  }

  take(decision: Decision<Memory>): Decision<Memory> {
    if (decision.memory !== undefined) this.memory = decision.memory;
    return decision;
  }

  decide(message: Message, now: number): Decision<unknown> {
    return this.take(this.behavior.decide(this.state, this.memory, message, now));
  }

  apply(fact: Fact): void {
    if (fact.actor === this.name || this.facts.has(fact.type)) this.state = this.behavior.evolve(this.state, fact);
  }

  /** What start does after a crash: replay, then resume. */
  restart(facts: readonly Fact[], now: number): Decision<unknown> {
    this.state = this.behavior.initial;
    this.memory = this.behavior.blank;
    for (const fact of facts) this.apply(fact);
    return this.take(this.behavior.resume(this.state, now));
  }
}

export class House {
  readonly governor = new Resident<GovernorState, GovernorMemory>('governor', createGovernor({ name: 'governor' }), GOVERNOR_FACTS);
  readonly paper = new Resident<PaperState, PaperMemory>('gateway.paper', createPaperSimulator({ name: 'gateway.paper', seed: SEED }), PAPER_FACTS);
  readonly facts: Fact[] = [];
  readonly tells: Tell[] = [];
  now = T0;
  nonce = 0;
  quotes = 0;
  readonly #residents = [this.governor, this.paper] as const;
  /** Facts that are journaled but that nobody decides on: a crash between two steps. */
  isHeld = false;
  #waiting: { readonly resident: Resident<never, never>; readonly fact: Fact }[] = [];

  constructor(instruments: readonly Instrument[] = [spot], rules: Settings = settings) {
    this.append('system', [{ type: 'settings.loaded', body: { settings: rules, source: 'test' } }]);
    for (const instrument of instruments) this.append('catalog', [{ type: 'instrument.changed', body: { instrument } }]);
  }

  append(actor: string, events: readonly DomainEvent[]): void {
    for (const event of events) {
      const isOwner = EVENT_OWNERS[event.type].some((owner) => (owner.endsWith('.') ? actor.startsWith(owner) : owner === actor));
      if (!isOwner) throw new Error(`${actor} may not write ${event.type}`);
      // As the journal does: only what its schema lets pass, and as plain JSON.
      const parsed = parseEvent(event.type, JSON.parse(JSON.stringify(event.body)));
      const fact: Fact = { ...parsed, seq: this.facts.length + 1, at: this.now, actor, version: 1, cause: null };
      this.facts.push(fact);
      for (const resident of this.#residents) resident.apply(fact);
      for (const resident of this.#residents) {
        // The list is of one kind as far as this test cares: it only hands facts on.
        if (actor !== resident.name && resident.facts.has(fact.type))
          this.#waiting.push({ resident: resident as unknown as Resident<never, never>, fact });
      }
    }
    if (!this.isHeld) this.drain();
  }

  drain(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#conclude(next.resident.name, next.resident.decide({ type: 'fact.recorded', body: { fact: next.fact } }, this.now));
    }
  }

  tell(to: 'governor' | 'gateway.paper', message: Message): unknown {
    const resident = to === 'governor' ? this.governor : this.paper;
    const decision = resident.decide(message, this.now);
    this.#conclude(to, decision);
    return decision.reply;
  }

  /** A quote as the conductor hands it on: first to the governor, then to the simulator. */
  quote(quote: QuoteSnapshot): void {
    this.now = Math.max(this.now, quote.receivedAt);
    this.tell('governor', { type: 'quote.received', body: { quote } });
    this.tell('gateway.paper', { type: 'quote.received', body: { quote } });
  }

  quoteAt(at: number, mid: number, instrument: Instrument = spot, more: Partial<QuoteSnapshot> = {}): QuoteSnapshot {
    const quote = quoteOf(instrument, at, mid, { id: `q${++this.quotes}`, ...more });
    this.quote(quote);
    return quote;
  }

  clock(now: number): void {
    this.now = now;
    for (const to of ['governor', 'gateway.paper'] as const) this.tell(to, { type: 'clock.advanced', body: {} });
  }

  intend(intent: OrderIntent): void {
    this.append(`trader.${intent.asset}.${intent.mode}`, [{ type: 'order.intended', body: { intent } }]);
    this.#sameStory(intent);
  }

  /** RG-2: the gates told of an order end where its verdict ended, in every test that intends one. */
  #sameStory({ clientOrderId, asset }: OrderIntent): void {
    const decided = Object.entries(this.governor.memory.cases).find(([, { intent }]) => intent.clientOrderId === clientOrderId);
    const verdict = decided?.[1].verdict;
    if (decided === undefined || (verdict?.type !== 'order.refused' && verdict?.type !== 'order.approved')) return;
    const gates = orderGates(Object.fromEntries([decided]), {}, asset)[0]?.gates ?? [];
    const own = gates.filter(({ by }) => by === 'governor');
    const [end, refusal] = [own.at(-1), verdict.type === 'order.refused' ? verdict.body.refusal : null];
    assert.equal(end?.outcome, refusal === null ? 'passed' : 'stopped');
    assert.notEqual(end?.gate, 'verdict', `no gate is known for ${refusal?.code ?? ''}`);
    assert.equal(own.filter(({ outcome }) => outcome === 'stopped').length, refusal === null ? 0 : 1);
    if (refusal !== null) assert.deepEqual(end?.numbers, { code: refusal.code, ...refusal.numbers });
  }

  /** Both die; what waits in their mailboxes as facts is in the journal. */
  crash(): void {
    this.#waiting = [];
    this.isHeld = false;
    for (const resident of this.#residents) this.#conclude(resident.name, resident.restart(this.facts, this.now));
  }

  of<T extends EventType>(type: T): readonly EventOf<T>['body'][] {
    return this.facts.filter((fact): fact is Extract<Fact, { type: T }> => fact.type === type).map(({ body }) => body as EventOf<T>['body']);
  }

  get fills(): readonly Fill[] {
    return this.of('fill.recorded').map(({ fill }) => fill);
  }

  /** What the verifier would ask of every paper fill. */
  problems(): readonly string[] {
    return this.fills.flatMap((fill) => this.problemsOf(fill).map((problem) => `${fill.fillId}: ${problem}`));
  }

  /** Of a forged fill in the place of the true one: its `context` is that of the true one. */
  problemsOf(fill: Fill, context = this.contextOf(this.fills.find(({ fillId }) => fillId === fill.fillId) ?? fill)): readonly string[] {
    return rederiveFill(fill, context);
  }

  contextOf(fill: Fill): RederiveContext {
    const intent = this.of('order.intended').find((body) => body.intent.clientOrderId === fill.clientOrderId)?.intent;
    const accepted = this.of('order.accepted').find(({ clientOrderId }) => clientOrderId === fill.clientOrderId);
    if (intent === undefined || accepted === undefined) throw new Error(`${fill.fillId} is of no accepted order`);
    const before = this.fills.slice(0, this.fills.indexOf(fill)).filter(({ symbol, asset }) => symbol === fill.symbol && asset === fill.asset);
    const net = before.reduce((sum, other) => add(sum, other.side === 'buy' ? other.qty : negate(other.qty)), ZERO_QTY);
    return {
      intent,
      accepted,
      instrument: this.of('instrument.changed').find(({ instrument }) => instrument.symbol === fill.symbol)?.instrument,
      settings: this.of('settings.loaded').at(-1)?.settings ?? null,
      seed: SEED,
      held: qty(net.replace('-', '')),
      progress: this.#progressOf(intent, fill),
    };
  }

  /** As the journal stood before `fill`. */
  #progressOf({ clientOrderId }: OrderIntent, fill: Fill): BracketProgress {
    const end = this.facts.findIndex((fact) => fact.type === 'fill.recorded' && fact.body.fill === fill);
    const before = this.facts.slice(0, end);
    const fills = before.flatMap((fact) => (fact.type === 'fill.recorded' && fact.body.fill.clientOrderId === clientOrderId ? [fact.body.fill] : []));
    const moves = before.filter((fact) => fact.type === 'stop.trailed' && fact.body.entryOrderId === clientOrderId);
    const last = moves.at(-1);
    return {
      entryQty: add(ZERO_QTY, ...fills.filter(({ reason }) => reason === 'entry').map((own) => own.qty)),
      exits: fills.filter(({ reason }) => reason !== 'entry' && reason !== 'exit'),
      trailedStop: last?.type === 'stop.trailed' ? last.body.stopLoss : null,
    };
  }

  #conclude(name: string, decision: Decision<unknown>): void {
    for (const tell of decision.effects) this.tells.push(parseTell(JSON.parse(JSON.stringify(tell)) as Tell));
    if (decision.events.length > 0) this.append(name, decision.events);
  }
}

/** What the governor says of an intent: its refusal, or null for approved. */
export function verdict(house: House, intent: OrderIntent): Refusal | null {
  house.intend(intent);
  const refused = house.of('order.refused').find(({ clientOrderId }) => clientOrderId === intent.clientOrderId);
  const approved = house.of('order.approved').find(({ clientOrderId }) => clientOrderId === intent.clientOrderId);
  assert.ok((refused === undefined) !== (approved === undefined), 'one verdict');
  return refused?.refusal ?? null;
}

/** An entry on `snapshot` that passes every check with the settings above: 15 USD, stop 1 % and profit 2 % away. */
export function entryOn(snapshot: QuoteSnapshot, instrument: Instrument = spot, more: Partial<OrderIntent> = {}): OrderIntent {
  const side = more.side ?? 'buy';
  const at = Number(side === 'buy' ? snapshot.ask : snapshot.bid);
  const sign = side === 'buy' ? 1 : -1;
  return {
    clientOrderId: `p${snapshot.id}-${instrument.base}`,
    strategyId: 'ema-cross',
    asset: instrument.asset,
    mode: 'paper',
    symbol: instrument.symbol,
    side,
    kind: 'entry',
    qty: qty((15 / at).toFixed(3)),
    snapshot,
    bracket: { stopLoss: price((at * (1 - 0.01 * sign)).toFixed(2)), takeProfit: price((at * (1 + 0.02 * sign)).toFixed(2)) },
    sizing: { budget: money('1000'), multiplier: ratio('1'), baseCap: money('20'), notionalCap: money('20'), usable: money('1000') },
    signal: 'test',
    nonce: 0,
    intendedAt: snapshot.receivedAt,
    ...more,
  };
}

export function exitOn(snapshot: QuoteSnapshot, quantity: string, instrument: Instrument = spot, more: Partial<OrderIntent> = {}): OrderIntent {
  return {
    ...entryOn(snapshot, instrument, { side: 'sell' }),
    clientOrderId: `x${snapshot.id}-${instrument.base}`,
    kind: 'exit',
    qty: qty(quantity),
    bracket: null,
    sizing: null,
    ...more,
  };
}
