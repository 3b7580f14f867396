/** Live orders and reconciler around one journal in memory, as cells run them, with crashes between any two steps. */
import { LiveOrders } from '#actors/live-orders.ts';
import { OrderPort, PORT_FACTS } from '#actors/order-port.ts';
import type { SendGate } from '#actors/send-gate.ts';
import type { Envelope, Outcome } from '#protocol/actor.ts';
import { EVENT_OWNERS, parseEvent } from '#protocol/events.ts';
import { parseTell } from '#protocol/messages.ts';
import { clientOrderId } from '#trading/execution/client-order-id.ts';
import { LIVE_FACTS } from '#trading/execution/live-gateway.ts';
import { BLANK_LIVE, orderOf, type LiveState } from '#trading/execution/live-book.ts';
import { evolveLive } from '#trading/execution/live-state.ts';
import { coveringScope } from '#trading/model/kill-scope.ts';
import type { DomainEvent, EventBody, EventType, Fact, KillScope } from '#trading/model/events.ts';
import type { Asset, Broker, Instrument } from '#trading/model/instrument.ts';
import type { Message, Tell } from '#trading/model/messages.ts';
import { opposite, type OrderIntent } from '#trading/model/order.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import type { Settings } from '#trading/model/settings.ts';
import { price, qty, ZERO_MONEY } from '#trading/money/decimal.ts';
import { createReconciler, RECONCILER_FACTS, type ReconcilerMemory } from '#trading/reconcile/reconciler.ts';
import type { ReconcilerState } from '#trading/reconcile/state.ts';
import { settings as base, spot, T0 } from '../unit/trading/trader/fixtures.ts';
import type { Account, OrderEntry } from '#protocol/ports.ts';
import type { LiveVenue } from './live-venue.ts';
import { deepFreeze } from './pure.ts';

const RECONCILER = 'reconciler';
const TO_PORT = new Set<EventType>(PORT_FACTS);
const SUBSCRIBED = new Set<EventType>([...LIVE_FACTS, ...RECONCILER_FACTS]);
const COINS = [
  'BTC',
  'ETH',
  'ADA',
  'WIF',
  'SOL',
  'XRP',
  'LTC',
  'DOT',
  'BNB',
  'TRX',
  'UNI',
  'ATOM',
  'AVAX',
  'LINK',
  'NEAR',
  'ALGO',
  'FIL',
  'APT',
  'ARB',
  'OP',
];
export const SYMBOLS = COINS.map((coin) => `${coin}/USDT`);
const instrumentOf = (symbol: string): Instrument => ({ ...spot, id: `bybit:spot:${symbol}`, symbol, lotSize: qty('0.01'), minQty: qty('0.01') });
export const rules: Settings = { ...base, paper: { ...base.paper, partialProbability: 0 } };

class TestGate implements SendGate {
  scopes: readonly KillScope[] = [];
  trip(scopes: readonly KillScope[]): void {
    this.scopes = [...this.scopes, ...scopes];
  }
  closed(): readonly KillScope[] {
    return this.scopes;
  }
  closedFor(asset: 'crypto_spot') {
    const scope = coveringScope(this.scopes, asset);
    return scope === undefined ? null : ({ code: 'CLOSE_ONLY', rule: 'KS-1', numbers: {}, sentence: `closed for ${scope}` } as const);
  }
  rearm(): void {
    this.scopes = [];
  }
}

/** A venue's ports, told how far market time is. */
export type WorldVenue = OrderEntry & Account & { advance(now: number): void };

/** Whose house it is. */
export interface WorldOf {
  readonly broker: Broker;
  readonly instruments: readonly Instrument[];
  /** What it trades where nothing else is said. */
  readonly asset?: Asset;
}

/** The same coins as perpetuals. */
export const PERPETUALS: WorldOf = {
  ...{ broker: 'bybit', asset: 'crypto_futures' },
  instruments: SYMBOLS.map((symbol) => ({ ...instrumentOf(symbol), id: `bybit:linear:${symbol}`, asset: 'crypto_futures', type: 'perp' })),
};

const BYBIT: WorldOf = { broker: 'bybit', instruments: SYMBOLS.map(instrumentOf) };

export class LiveWorld<V extends WorldVenue = LiveVenue> {
  readonly #broker: Broker;
  readonly #name: string;
  readonly #portName: string;
  readonly facts: Fact[] = [];
  readonly gate = new TestGate();
  /** Another one stands for another session, from the next start on. */
  venue: V;
  /** The journal as a gateway reads it. */
  state: LiveState = BLANK_LIVE;
  now = T0;
  /** Chance of a crash at each step between two others. */
  crashing: () => boolean = () => false;
  crashes = 0;
  nonce = 0;
  readonly asset: Asset;
  /** Checks every event and every tell against its schema. */
  isStrict = false;
  /** The venue is down or without its servers, and says so: nobody waits for it. */
  isAway = false;
  #gateway: LiveOrders;
  #port: OrderPort;
  #epoch = 0;
  #session = 0;
  #mail: Tell[] = [];
  readonly #reconciler: ReturnType<typeof createReconciler>;
  #books: ReconcilerState;
  #recall: ReconcilerMemory;

  constructor(venue: V, of: Settings = rules, { broker, instruments, asset = 'crypto_spot' }: WorldOf = BYBIT) {
    this.venue = venue;
    this.#broker = broker;
    this.asset = asset;
    this.#name = `gateway.${broker}.orders`;
    this.#portName = `gateway.${broker}.port`;
    this.#reconciler = createReconciler({ name: RECONCILER, brokers: [{ broker, orders: this.#name, port: this.#portName }], everyMs: 5000 });
    this.#books = this.#reconciler.initial;
    this.#recall = this.#reconciler.blank;
    this.#gateway = this.#newGateway();
    this.#port = this.#newPort();
    this.append('system', [{ type: 'settings.loaded', body: { settings: of, source: 'test' } }]);
    const on = { mode: 'live', on: true, source: 'test', reason: 'test' } as const;
    const assets = broker === 'bybit' ? (['crypto_spot', 'crypto_futures'] as const) : (['forex', 'options'] as const);
    this.append(
      'mode-switch',
      assets.map((asset) => ({ type: 'mode.changed', body: { asset, ...on } })),
    );
    this.append(
      'catalog',
      instruments.map((instrument) => ({ type: 'instrument.changed', body: { instrument } })),
    );
  }

  #newGateway(): LiveOrders {
    return new LiveOrders(() => ({ terms: this.venue.terms, port: this.#portName, gate: this.gate }));
  }

  #newPort(): OrderPort {
    return new OrderPort(() => ({ orders: this.venue, account: this.venue, gate: this.gate, reportsTo: this.#name }));
  }

  /** Facts of anybody; the gateway and the reconciler hear of them as their cells would tell them. */
  append(actor: string, events: readonly DomainEvent[]): readonly Fact[] {
    const facts = events.map((event, index): Fact => {
      const owners = EVENT_OWNERS[event.type];
      if (!owners.some((owner) => (owner.endsWith('.') ? actor.startsWith(owner) : actor === owner)))
        throw new Error(`${actor} may not write ${event.type}`);
      const body = this.isStrict ? parseEvent(event.type, JSON.parse(JSON.stringify(event.body))) : event;
      return { ...body, seq: this.facts.length + index + 1, at: this.now, actor, version: 1, cause: null };
    });
    this.facts.push(...facts);
    for (const fact of facts) {
      this.state = evolveLive(this.#broker, this.state, fact);
      this.#books = this.#reconciler.evolve(this.#books, fact);
    }
    return facts;
  }

  /** What the governor was told. */
  readonly wallets: Tell[] = [];

  async start(): Promise<void> {
    await this.#startPort();
    await this.#startOrders();
  }

  async #startPort(): Promise<void> {
    const session = ++this.#session;
    this.#port = this.#newPort();
    const facts = this.facts.filter(({ type }) => TO_PORT.has(type));
    await this.#port.start({ name: this.#portName, epoch: session, params: {}, now: this.now, snapshot: null, facts }, (tell) => {
      // What an instance that is gone says is dropped.
      if (session === this.#session) this.#route([tell]);
    });
  }

  async #startOrders(): Promise<void> {
    const epoch = ++this.#epoch;
    this.#gateway = this.#newGateway();
    const facts = this.facts.filter(({ type }) => SUBSCRIBED.has(type));
    const outcome = this.#gateway.start({ name: this.#name, epoch, params: {}, now: this.now, snapshot: null, facts }, () => undefined);
    await this.#take(outcome);
  }

  /** The live orders die, or everything does and the mail with it. */
  async crash(withMail: boolean): Promise<void> {
    this.crashes += 1;
    const was = this.crashing;
    this.crashing = () => false;
    if (withMail) await this.#startOrders();
    else {
      this.#mail = [];
      await this.start();
    }
    this.crashing = was;
  }

  /** The process of the port dies. What its cell holds is told to the next one; what was under way may have been done, and is told again only where that does no harm. */
  async crashPort(underWay: Tell | null): Promise<void> {
    this.crashes += 1;
    if (underWay !== null && underWay.type !== 'placement.requested' && underWay.type !== 'amend.requested') this.#mail.unshift(underWay);
    await this.#startPort();
  }

  async #take(outcome: Outcome): Promise<boolean> {
    if (this.crashing()) return false;
    const facts = this.append(this.#name, outcome.events);
    if (this.crashing()) return false;
    this.#gateway.apply(facts);
    if (this.crashing()) return false;
    this.#route(outcome.tells);
    return true;
  }

  #route(tells: readonly Tell[]): void {
    for (const tell of tells) {
      if (this.isStrict) parseTell(JSON.parse(JSON.stringify(tell)) as Tell);
      if (tell.to === this.#name || tell.to === this.#portName) this.#mail.push(tell);
      else if (tell.to === RECONCILER) this.reconcile(tell);
      else if (tell.to === 'governor') this.wallets.push(tell);
      else throw new Error(`nobody is called ${tell.to}`);
    }
  }

  reconcile(message: Message): unknown {
    const decision = this.#reconciler.decide(this.#books, this.#recall, message, this.now);
    if (decision.memory !== undefined) this.#recall = decision.memory;
    const facts = this.append(RECONCILER, decision.events);
    for (const fact of facts) this.#post(fact);
    this.#route(decision.effects);
    return decision.reply;
  }

  /** A fact of somebody else reaches the gateway by apply, then as a message. */
  #post(fact: Fact): void {
    this.#gateway.apply([fact]);
    if (TO_PORT.has(fact.type)) this.#port.apply([fact]);
    this.#mail.push({ to: this.#name, type: 'fact.recorded', body: { fact } });
  }

  tell(message: Message): void {
    this.#mail.push({ to: this.#name, ...message });
  }

  tellFact(actor: string, event: DomainEvent): void {
    for (const fact of this.append(actor, [event])) if (SUBSCRIBED.has(fact.type)) this.#post(fact);
  }

  /** Everything that is in the mailbox, and what follows from it now. */
  async settle(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#mail.length === 0) return;
      while (this.#mail.length > 0) {
        const message = this.#mail.shift();
        if (message === undefined) break;
        if (message.to === this.#portName) await this.#toPort(message);
        else await this.#toOrders(message);
      }
    }
  }

  #envelope(tell: Tell): Envelope {
    return { id: 'm', from: 'test', at: this.now, epoch: this.#epoch, cause: null, correlation: 'm', ...tell };
  }

  async #toOrders(message: Tell): Promise<void> {
    // As whenever a quote may make an order: it must change nothing, nor may what it is decided from be changed in place.
    for (const given of [this.#gateway.snapshot(), message]) deepFreeze(given);
    this.#gateway.drill();
    this.#port.drill();
    const isWhole = !this.crashing() && (await this.#take(this.#gateway.receive(this.#envelope(message), this.now)));
    if (!isWhole) await this.crash(this.nonce % 2 === 0);
  }

  async #toPort(message: Tell): Promise<void> {
    if (this.crashing()) return this.crashPort(message);
    await this.#port.receive(this.#envelope(message), this.now);
    if (this.crashing()) await this.crashPort(message);
  }

  /** Market time goes on in steps of 100 ms; the clock ticks at each. */
  async run(ms: number, stepMs = 100): Promise<void> {
    for (const end = this.now + ms; this.now < end;) {
      this.now += stepMs;
      this.venue.advance(this.now);
      this.tell({ type: 'clock.advanced', body: {} });
      this.reconcile({ type: 'clock.advanced', body: {} });
      await this.settle();
    }
  }

  /** What is on its way at a venue that answers in its own time, and what follows from it. */
  async quiet(): Promise<void> {
    for (;;) {
      await this.settle();
      const asked = this.#envelope({ to: this.#portName, type: 'actor.asked', body: { query: 'settle', args: this.isAway ? ['away'] : [] } });
      const { reply } = await this.#port.receive(asked, this.now);
      const isWorking = typeof reply === 'object' && reply !== null && 'worked' in reply && reply.worked === true;
      if (!isWorking && this.#mail.length === 0) return;
    }
  }

  /** Market time is `now`, and whatever that leads to has happened. */
  async tick(now: number): Promise<void> {
    this.now = now;
    this.venue.advance(now);
    this.tell({ type: 'clock.advanced', body: {} });
    this.reconcile({ type: 'clock.advanced', body: {} });
    await this.quiet();
  }

  #quoteOf(symbol: string, mid: number): QuoteSnapshot {
    return {
      ...{ id: `q${this.nonce}`, broker: this.#broker, asset: this.asset, symbol },
      ...{ bid: price((mid - 0.01).toFixed(2)), ask: price((mid + 0.01).toFixed(2)) },
      ...{ bidQty: null, askQty: null, last: null, volume: null, exchangeAt: this.now, receivedAt: this.now },
    };
  }

  /** The market says a price, of now. */
  quote(symbol: string, mid: number): void {
    this.nonce += 1;
    this.tell({ type: 'quote.received', body: { quote: this.#quoteOf(symbol, mid) } });
  }

  intent(symbol: string, more: Partial<OrderIntent> = {}): OrderIntent {
    this.nonce += 1;
    const snapshot: QuoteSnapshot = {
      ...this.#quoteOf(symbol, 100),
    };
    return {
      ...{ clientOrderId: clientOrderId('live', 'ema-cross', symbol, this.now, this.nonce), strategyId: 'ema-cross', asset: this.asset },
      ...{ mode: 'live', symbol, side: 'buy', kind: 'entry', qty: qty('1'), snapshot },
      ...{ bracket: { takeProfit: price('110'), stopLoss: price('90') }, sizing: null, signal: 'test', nonce: this.nonce, intendedAt: this.now },
      ...more,
    };
  }

  approve(intent: OrderIntent): string {
    const { clientOrderId: id, asset, mode, symbol } = intent;
    this.append(`trader.${asset}.live`, [{ type: 'order.intended', body: { intent } }]);
    const body = { clientOrderId: id, asset, mode, symbol, intent, notional: ZERO_MONEY, margin: ZERO_MONEY, maxLoss: ZERO_MONEY };
    this.tellFact('governor', { type: 'order.approved', body });
    return id;
  }

  /** An entry where nothing is held, else an exit of everything. */
  trade(symbol: string, entry: Partial<OrderIntent> = {}): string {
    const held = this.state.holdings[`${this.asset}|${symbol}`];
    if (held === undefined) return this.approve(this.intent(symbol, entry));
    return this.approve(this.intent(symbol, { side: opposite(held.side), kind: 'exit', qty: held.qty, bracket: null }));
  }

  of<T extends EventType>(type: T): readonly EventBody<T>[] {
    return this.facts.flatMap((fact) => (fact.type === type ? [fact.body as EventBody<T>] : []));
  }

  at(clientOrderId_: string): string | undefined {
    return orderOf(this.state, clientOrderId_)?.order.at;
  }
}
