/** A trader before the house: the whole pure core, from a quote to a booked trade, without a process, a file or a clock. */
import { createTrader } from '#trading/trader/trader.ts';
import type { TraderConfig } from '#trading/trader/config.ts';
import { TRADER_SUBSCRIPTIONS } from '#trading/trader/state.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { Message } from '#trading/model/messages.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import type { Refusal } from '#trading/model/events.ts';
import type { Settings } from '#trading/model/settings.ts';
import { House } from './house.ts';

export class Desk {
  readonly house: House;
  readonly config: TraderConfig;
  /** What stopped a signal before it became an order, by code. */
  readonly gates: Refusal[] = [];
  readonly #trader;
  #state;
  #memory;
  #facts = 0;
  #tells = 0;

  constructor(config: TraderConfig, instruments: readonly Instrument[], settings: Settings) {
    this.config = config;
    this.#trader = createTrader(config);
    this.#state = this.#trader.initial;
    this.#memory = this.#trader.blank;
    this.house = new House(instruments, settings);
    this.#catchUp();
  }

  /** As the conductor hands a quote on: governor and simulator first, the trader when they are idle. */
  quote(quote: QuoteSnapshot): void {
    this.house.quote(quote);
    this.#catchUp();
    this.#decide({ type: 'quote.received', body: { quote } });
    this.#catchUp();
  }

  clock(now: number): void {
    this.house.clock(now);
    this.#catchUp();
  }

  /** Facts to the trader that subscribed to them, and what it was told by name. */
  #catchUp(): void {
    const { name } = this.config;
    for (let fact = this.house.facts[this.#facts]; fact !== undefined; fact = this.house.facts[this.#facts]) {
      this.#facts += 1;
      const isOwn = fact.actor === name;
      if (!isOwn && !TRADER_SUBSCRIPTIONS.includes(fact.type)) continue;
      this.#state = this.#trader.evolve(this.#state, fact);
      if (!isOwn) this.#decide({ type: 'fact.recorded', body: { fact } });
    }
    for (const { to, ...message } of this.house.tells.slice(this.#tells)) if (to === name) this.#decide(message);
    this.#tells = this.house.tells.length;
  }

  #decide(message: Message): void {
    const before = message.type === 'quote.received' ? this.#lastAt(message.body.quote.symbol) : null;
    const { events, memory } = this.#trader.decide(this.#state, this.#memory, message, this.house.now);
    if (memory !== undefined) this.#memory = memory;
    if (events.length > 0) this.house.append(this.config.name, events);
    if (message.type === 'quote.received' && this.#lastAt(message.body.quote.symbol) !== before) this.#noteGate(message.body.quote.symbol);
  }

  #lastAt(symbol: string): number | null {
    return this.#memory.slots[symbol]?.last?.at ?? null;
  }

  #noteGate(symbol: string): void {
    const gate = this.#memory.slots[symbol]?.last?.gate ?? null;
    if (gate !== null) this.gates.push(gate);
  }
}
