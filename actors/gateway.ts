/**
 * The gateway of a broker whose assets are all on paper: quotes, instruments and candles out, nothing in. It is built on `MarketData`,
 * which has no orders, so there is nothing here that could send one (RT-1).
 */
import type { Asset, Broker, Instant } from '#trading/model/instrument.ts';
import type { MessageBody, Tell } from '#trading/model/messages.ts';
import type { ActorInstance, Emit, Envelope, Outcome, Start } from '#protocol/actor.ts';
import type { MarketData } from '#protocol/venue.ts';

/** Who plays the market and hands quotes on (DESIGN §2: the conductor of the main process). */
const CONDUCTOR = 'conductor';
/** Who pays funding by what the market announces, and tells a person what keeps it from trading. */
const PAPER = 'gateway.paper';
const EVERYONE = '*';
const QUERIES = 'counters, health';
const REASON_LENGTH_MAX = 500;

export interface GatewayPlan {
  readonly broker: Broker;
  readonly symbols: Readonly<Partial<Record<Asset, readonly string[]>>>;
  readonly marketData: MarketData;
}

const NOTHING: Outcome = Object.freeze({ events: [], tells: [] });

export class Gateway implements ActorInstance {
  readonly #create: (start: Start) => GatewayPlan;
  #plan: GatewayPlan | null = null;

  /** `create` runs at every start: a session does not outlive a restart. */
  constructor(create: (start: Start) => GatewayPlan) {
    this.#create = create;
  }

  /**
   * Resolves when the feed is usable: instruments listed, every first book there.
   * @throws Error where the venue cannot be reached or used in time; the supervisor tries again later.
   */
  async start(start: Start, emit: Emit): Promise<Outcome> {
    if (this.#plan !== null) throw new Error(`${start.name}: started twice; a restart takes a new instance`);
    const plan = this.#create(start);
    this.#plan = plan;
    const { broker, marketData } = plan;
    // Nobody said so when the one before died.
    emit(feedChanged(broker, false, 'starting'));
    try {
      await marketData.open();
      for (const instrument of await marketData.instruments()) emit({ to: EVERYONE, type: 'instrument.listed', body: { instrument } });
      await marketData.subscribe(Object.values(plan.symbols).flat(), {
        onQuote: (quote) => emit({ to: CONDUCTOR, type: 'quote.received', body: { quote } }),
        onDropped: (drop) => emit({ to: CONDUCTOR, type: 'frame.dropped', body: drop }),
        onState: (up, reason) => emit(feedChanged(broker, up, reason)),
        onFunding: (announced) => emit({ to: PAPER, type: 'funding.announced', body: announced }),
        onTrouble: ({ code, sentence }) => emit({ to: PAPER, type: 'feed.troubled', body: { broker, code, sentence } }),
        onInstrument: (instrument) => emit({ to: EVERYONE, type: 'instrument.listed', body: { instrument } }),
      });
    } catch (error) {
      await marketData.close();
      throw error;
    }
    return NOTHING;
  }

  apply(): void {
    // It has no state that a fact could change.
  }

  receive(envelope: Envelope, now: Instant): Promise<Outcome> | Outcome {
    switch (envelope.type) {
      case 'history.requested':
        return this.#history(envelope.body);
      case 'actor.asked':
        return envelope.body.query === 'settle' ? this.#settle(now) : { ...NOTHING, reply: this.#answer(envelope.body.query) };
      default:
        return NOTHING;
    }
  }

  snapshot(): undefined {
    return undefined;
  }

  async stop(): Promise<void> {
    await this.#plan?.marketData.close();
  }

  /** Always answers, so that a trader does not wait for ever: with what is known, which may be nothing. */
  async #history({ asset, symbol, intervalMinutes, bars, replyTo }: MessageBody<'history.requested'>): Promise<Outcome> {
    const { symbols, marketData } = this.#alive();
    const known = symbols[asset]?.includes(symbol) === true ? await marketData.history(symbol, intervalMinutes, bars) : [];
    return { events: [], tells: [{ to: replyTo, type: 'history.loaded', body: { asset, symbol, intervalMinutes, bars: known } }] };
  }

  /** For a played market: what the venue sent before is handed over when it answers. */
  async #settle(now: Instant): Promise<Outcome> {
    await this.#alive().marketData.settle?.(now);
    return { ...NOTHING, reply: { settled: true } };
  }

  #answer(query: string): unknown {
    const { marketData } = this.#alive();
    if (query === 'counters') return marketData.counters();
    if (query === 'health') return marketData.health();
    return { error: `unknown query ${JSON.stringify(query)}; there are ${QUERIES}` };
  }

  #alive(): GatewayPlan {
    if (this.#plan === null) throw new Error('the gateway was not started');
    return this.#plan;
  }
}

const feedChanged = (broker: Broker, up: boolean, reason: string): Tell => ({
  to: EVERYONE,
  type: 'feed.changed',
  body: { broker, up, reason: reason.slice(0, REASON_LENGTH_MAX) },
});
