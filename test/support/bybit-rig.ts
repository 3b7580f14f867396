/** The live order port of Bybit, as the gateway holds it, at an embedded venue; and the house around it in memory. */
import type { OrderTerms, Placement, VenueExecution, VenueOrder } from '#trading/model/live.ts';
import type { OrderIntent } from '#trading/model/order.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { price, qty, type Price, type Qty } from '#trading/money/decimal.ts';
import { Keys } from '#venues/bybit/trading/exchange.ts';
import { BybitOrders } from '#venues/bybit/trading/order-entry.ts';
import { BybitSession } from '#venues/bybit/trading/session.ts';
import { BYBIT_TERMS } from '#venues/bybit/trading/terms.ts';
import { venueParams } from '#venues/embedded/params.ts';
import { openVenue, type Venue } from '#venues/embedded/venue.ts';
import { LiveWorld, type WorldVenue } from './live-world.ts';

export const SPOT = 'BTC/USDT';
export const PERP = 'BTC/USDT:USDT';
export type Port = BybitOrders & WorldVenue;
const STEPS_MAX = 120;

export interface RigOptions {
  readonly venue?: object;
  readonly requestMs?: number;
  readonly terms?: OrderTerms;
  readonly symbols?: readonly string[];
  /** What is done to the venue before the session opens. */
  readonly before?: (venue: Venue) => Promise<unknown>;
}

export function portTo(
  { rest, ws }: { readonly rest: string; readonly ws: string },
  { apiKey, secret }: { readonly apiKey: string; readonly secret: string },
  { terms = BYBIT_TERMS, requestMs = terms.deadlineMs, symbols = [SPOT, PERP] }: Pick<RigOptions, 'terms' | 'requestMs' | 'symbols'> = {},
): [BybitSession, Port] {
  const session = new BybitSession({
    ...{ environment: 'embedded', endpoints: { rest, ws }, keys: new Keys(apiKey, secret) },
    ...{ symbols, rateLimit: 0.9, leverage: 3, requestMs, receiveWindowMs: terms.receiveWindowMs },
  });
  const port = Object.assign(new BybitOrders(session, terms), { advance: (now: number) => session.observe(now) });
  return [session, port];
}

export class BybitRig {
  readonly venue: Venue;
  readonly #options: RigOptions;
  readonly reported: VenueOrder[] = [];
  readonly executed: VenueExecution[] = [];
  session: BybitSession;
  port: Port;
  #ids = 0;

  private constructor(venue: Venue, options: RigOptions) {
    this.venue = venue;
    this.#options = options;
    [this.session, this.port] = this.#made();
  }

  /** A venue that has played one step, and a port to it that is not open yet. */
  static async made(options: RigOptions = {}): Promise<BybitRig> {
    const venue = await openVenue(venueParams.parse({ seed: 'modes', play: { kind: 'synthetic' }, ...options.venue }));
    await venue.step();
    await options.before?.(venue);
    return new BybitRig(venue, options);
  }

  static async open(options: RigOptions = {}): Promise<BybitRig> {
    const rig = await BybitRig.made(options);
    await rig.subscribe();
    return rig;
  }

  #made(): [BybitSession, Port] {
    return portTo(this.venue.info(), this.venue.keys, this.#options);
  }

  subscribe(): Promise<void> {
    return this.port.subscribe({
      onOrder: (order) => void this.reported.push(order),
      onExecution: (execution) => void this.executed.push(execution),
      onResumed: () => void 0,
    });
  }

  /** The process ends and another begins: nothing is left but what the venue knows. */
  async restart(): Promise<void> {
    await this.port.close();
    [this.session, this.port] = this.#made();
  }

  /** A house with this account: its gateway opens the port itself. */
  async world(): Promise<House> {
    const house = new House(this);
    await house.start();
    return house;
  }

  async close(): Promise<void> {
    await this.port.close();
    await this.venue.close();
  }

  async book(symbol: string): Promise<{ readonly bid: number; readonly ask: number; readonly mid: number }> {
    const category = symbol === SPOT ? 'spot' : 'linear';
    const answer = await fetch(`${this.venue.info().rest}/v5/market/tickers?category=${category}&symbol=BTCUSDT`);
    const body = (await answer.json()) as {
      readonly result: { readonly list: readonly { readonly bid1Price: string; readonly ask1Price: string }[] };
    };
    const [row] = body.result.list;
    const [bid, ask] = [Number(row?.bid1Price), Number(row?.ask1Price)];
    return { bid, ask, mid: (bid + ask) / 2 };
  }

  async entry(symbol: string, more: Partial<Placement> = {}): Promise<Placement> {
    const { mid } = await this.book(symbol);
    return {
      ...{ clientOrderId: `l${String(++this.#ids).padStart(26, '0')}`, asset: symbol === SPOT ? 'crypto_spot' : 'crypto_futures', symbol },
      ...{ side: 'buy', purpose: 'entry', qty: qty('0.01'), pricing: { type: 'market', worst: at(mid * 1.005) } },
      ...{ bracket: { takeProfit: at(mid * 1.2), stopLoss: at(mid * 0.8) }, reduceOnly: false },
      ...{ deadlineAt: this.session.now() + (this.#options.requestMs ?? BYBIT_TERMS.deadlineMs), ...more },
    };
  }

  async resting(symbol: string, more: Partial<Placement> = {}): Promise<Placement> {
    const { mid } = await this.book(symbol);
    return this.entry(symbol, { pricing: { type: 'limit', price: at(mid * 0.9) }, bracket: null, ...more });
  }

  exit(symbol: string, quantity: Qty, more: Partial<Placement> = {}): Promise<Placement> {
    return this.entry(symbol, {
      ...{ side: 'sell', purpose: 'exit', qty: quantity, bracket: null, reduceOnly: true, pricing: { type: 'market', worst: null }, ...more },
    });
  }
}

export class House {
  readonly rig: BybitRig;
  readonly world: LiveWorld<Port>;

  constructor(rig: BybitRig) {
    this.rig = rig;
    this.world = new LiveWorld<Port>(rig.port);
    this.world.now = rig.venue.info().now;
  }

  async start(): Promise<void> {
    const { world, rig } = this;
    await world.start();
    for (const instrument of rig.session.instruments()) world.tellFact('catalog', { type: 'instrument.changed', body: { instrument } });
    await world.tick(rig.venue.info().now);
  }

  /** The gateway's process dies; another takes over with the journal. `withPort`: what the dead one had asked may still be answered to nobody. */
  async restart(): Promise<void> {
    await this.rig.restart();
    this.world.venue = this.rig.port;
    await this.world.start();
    await this.world.tick(this.rig.venue.info().now);
  }

  async play(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      const { now } = await this.rig.venue.step();
      await this.world.tick(now);
    }
  }

  /** Plays until it is so. @throws Error after two minutes of market time. */
  async until(done: () => boolean): Promise<void> {
    for (let step = 0; !done(); step++) {
      if (step >= STEPS_MAX) throw new Error(`not so after ${STEPS_MAX} steps`);
      await this.play(1);
    }
  }

  async intent(symbol: string, more: Partial<OrderIntent> = {}): Promise<OrderIntent> {
    const { bid, ask, mid } = await this.rig.book(symbol);
    const asset = symbol === SPOT ? 'crypto_spot' : 'crypto_futures';
    const snapshot: QuoteSnapshot = {
      ...{
        id: `q${this.world.nonce}`,
        broker: 'bybit',
        asset,
        symbol,
        bid: at(bid),
        ask: at(ask),
        bidQty: null,
        askQty: null,
        last: null,
        volume: null,
      },
      ...{ exchangeAt: this.world.now, receivedAt: this.world.now },
    };
    const bracket = { takeProfit: at(mid * 1.2), stopLoss: at(mid * 0.8) };
    return this.world.intent(symbol, { asset, qty: qty('0.01'), snapshot, bracket, ...more });
  }

  /** Approved, sent, and answered or not. */
  async approve(symbol: string, more: Partial<OrderIntent> = {}): Promise<string> {
    const id = this.world.approve(await this.intent(symbol, more));
    await this.world.quiet();
    // A new gateway's bucket is empty.
    await this.until(() => this.world.at(id) !== 'INTENT');
    return id;
  }
}

export const at = (value: number): Price => price(value.toFixed(1));
