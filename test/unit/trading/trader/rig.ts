/** A trader with its cell in miniature: events become facts in order and are evolved at once, as the journal would have it. */
import assert from 'node:assert/strict';
import { EVENT_BODIES } from '#protocol/events.ts';
import { createTrader } from '#trading/trader/trader.ts';
import type { TraderConfig } from '#trading/trader/config.ts';
import type { TraderMemory } from '#trading/trader/memory.ts';
import type { TraderState } from '#trading/trader/state.ts';
import type { WhyNot } from '#trading/trader/why.ts';
import type { DomainEvent, Fact } from '#trading/model/events.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { Message, Tell } from '#trading/model/messages.ts';
import type { FillReason, OrderIntent } from '#trading/model/order.ts';
import { money, price, qty } from '#trading/money/decimal.ts';
import { pure } from '#test/support/pure.ts';
import { allowanceFor, factOf, MINUTE_MS, quoteOf, settings, T0 } from './fixtures.ts';

export class Rig {
  readonly config: TraderConfig;
  readonly facts: Fact[] = [];
  readonly intents: OrderIntent[] = [];
  readonly tells: Tell[] = [];
  readonly #trader;
  state: TraderState;
  memory: TraderMemory;
  now = T0;

  constructor(config: TraderConfig) {
    this.config = config;
    this.#trader = pure(createTrader(config));
    this.state = this.#trader.initial;
    this.memory = this.#trader.blank;
  }

  send(message: Message): unknown {
    const decision = this.#trader.decide(this.state, this.memory, message, this.now);
    if (decision.memory !== undefined) this.memory = decision.memory;
    this.tells.push(...decision.effects);
    for (const event of decision.events) {
      EVENT_BODIES[event.type].parse(event.body);
      if (event.type === 'order.intended') this.intents.push(event.body.intent);
      this.#append(event);
    }
    return decision.reply;
  }

  /** A fact of another actor: evolved first, then told. */
  record(event: DomainEvent): void {
    EVENT_BODIES[event.type].parse(event.body);
    this.send({ type: 'fact.recorded', body: { fact: this.#append(event) } });
  }

  configured(instrument: Instrument): this {
    this.record({ type: 'settings.loaded', body: { settings, source: 'test' } });
    this.send({ type: 'instrument.listed', body: { instrument } });
    this.send({ type: 'allowance.changed', body: allowanceFor(this.config) });
    return this;
  }

  /** One quote in each of the next minutes, so that each but the last closes as a bar. */
  play(instrument: Instrument, ...prices: readonly number[]): this {
    for (const mid of prices) {
      this.now += MINUTE_MS;
      this.send({ type: 'quote.received', body: { quote: quoteOf(instrument, this.now, mid) } });
    }
    return this;
  }

  fill(intent: OrderIntent, reason: FillReason = intent.kind, part = intent.qty, side = intent.side): void {
    const { clientOrderId, asset, mode, symbol, strategyId, snapshot } = intent;
    const fillId = `${clientOrderId}-${this.facts.length}`;
    const fields = { fillId, clientOrderId, asset, mode, symbol, strategyId, side, reason, price: snapshot.ask, qty: part };
    this.record({
      type: 'fill.recorded',
      body: { fill: { ...fields, fee: money('0.01'), filledAt: this.now, paper: null, venueExecutionId: null } },
    });
  }

  end(intent: OrderIntent, status: 'filled' | 'partially_filled' | 'expired' = 'filled'): void {
    const { clientOrderId, asset, mode, symbol } = intent;
    this.record({ type: 'order.ended', body: { clientOrderId, asset, mode, symbol, status, filledQty: qty('0'), reason: 'test' } });
  }

  refuse(intent: OrderIntent): void {
    const { clientOrderId, asset, mode, symbol, kind } = intent;
    const refusal = { code: 'THROTTLED', rule: 'RK-2', numbers: {}, sentence: 'test' } as const;
    this.record({ type: 'order.refused', body: { clientOrderId, asset, mode, symbol, kind, refusal } });
  }

  why(symbol: string): WhyNot {
    const reply = this.send({ type: 'actor.asked', body: { query: 'why', args: [] } }) as Record<string, WhyNot>;
    const of = reply[symbol];
    if (of === undefined) throw new Error(`no why for ${symbol}`);
    sameStory(of);
    return of;
  }

  replayed(): TraderState {
    return this.facts.reduce((state, fact) => this.#trader.evolve(state, fact), this.#trader.initial);
  }

  resume(): readonly Tell[] {
    return this.#trader.resume(this.state, this.now).effects;
  }

  #append(event: DomainEvent): Fact {
    const fact = factOf(this.facts.length + 1, event, this.now);
    this.facts.push(fact);
    this.state = this.#trader.evolve(this.state, fact);
    return fact;
  }
}

/** RG-2: the gates told end where the trader's own decision ended, in every test that asks. */
function sameStory({ last, gates }: WhyNot): void {
  const end = gates.at(-1);
  if (last === null) return;
  if (last.clientOrderId !== null) assert.equal(end?.gate, 'intent');
  else assert.deepEqual([end?.outcome, end?.numbers['code'], end?.sentence], ['stopped', last.gate?.code, last.gate?.sentence]);
  assert.notEqual(end?.gate, 'other', `no gate is known for ${last.gate?.code ?? ''}`);
  assert.equal(gates.filter(({ outcome }) => outcome === 'stopped').length, last.clientOrderId === null ? 1 : 0);
}

/** Bars after which EMA 2 crosses above EMA 4 when the quote after the last one arrives; then what crosses below again. */
export const UP = [100, 99, 98, 97, 96, 95, 103, 103.5] as const;
export const DOWN = [104, 105, 97, 96.5] as const;
export const entryPrice = price('103.51');
