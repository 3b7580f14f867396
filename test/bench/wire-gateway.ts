/**
 * A gateway in a process of its own, for the bench: the real live orders over a port that stamps the moment an order is handed to it, fills it
 * at once, and says quotes when asked to. Both stamps are of the machine's monotonic clock, which all its processes share.
 */
import { LiveOrders } from '#actors/live-orders.ts';
import { sendGate } from '#actors/send-gate.ts';
import type { Emit, Envelope, Outcome, Start } from '#protocol/actor.ts';
import type { Account, OrderEntry, OrderReports } from '#protocol/ports.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { OrderTerms, Placement, PlaceOutcome, VenueExecution } from '#trading/model/live.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { money } from '#trading/money/decimal.ts';

export const PORT_TERMS: OrderTerms = {
  ...{ broker: 'bybit', nativeBracket: ['crypto_spot'], deadlineMs: 2500, receiveWindowMs: 3000, marginMs: 2000, answeredMarginMs: 30_000 },
  ...{ absencesNeeded: 2, pollMs: 500, restingPollMs: 5000, placements: { limit: 1000, windowMs: 1000 } },
};
const NOTHING: Outcome = { events: [], tells: [] };
const RICH = { equity: money('1000000'), available: money('1000000') };

export const stamp = (): string => String(process.hrtime.bigint());

class StampingPort implements OrderEntry, Account {
  readonly terms = PORT_TERMS;
  #reports: OrderReports | null = null;
  #now: Instant = 0;
  #executions = 0;
  quote: QuoteSnapshot | null = null;

  place(order: Placement): Promise<PlaceOutcome> {
    const venueOrderId = stamp();
    setImmediate(() => this.#reports?.onExecution(this.#fill(order, venueOrderId)));
    return Promise.resolve({ kind: 'acknowledged', venueOrderId });
  }

  cancel(): Promise<{ kind: 'gone' }> {
    return Promise.resolve({ kind: 'gone' });
  }

  amend(): Promise<{ kind: 'done' }> {
    return Promise.resolve({ kind: 'done' });
  }

  lookup(): Promise<{ kind: 'unavailable'; reason: string }> {
    return Promise.resolve({ kind: 'unavailable', reason: 'the bench does not look' });
  }

  openOrders(): Promise<[]> {
    return Promise.resolve([]);
  }

  executionsSince(): Promise<[]> {
    return Promise.resolve([]);
  }

  positions(): Promise<[]> {
    return Promise.resolve([]);
  }

  balances(): Promise<[]> {
    return Promise.resolve([]);
  }

  wallet(): Promise<typeof RICH> {
    return Promise.resolve(RICH);
  }

  observe(now: Instant): void {
    this.#now = now;
  }

  caughtUp(): Promise<void> {
    return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  }

  subscribe(reports: OrderReports): Promise<void> {
    this.#reports = reports;
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #fill({ clientOrderId, asset, symbol, side, qty }: Placement, venueOrderId: string): VenueExecution {
    if (this.quote === null) throw new Error('an order before any quote');
    const price = side === 'buy' ? this.quote.ask : this.quote.bid;
    const of = { clientOrderId, parentId: null, venueOrderId, asset, symbol, side, leg: null, qty, price };
    return { ...of, executionId: `e${++this.#executions}`, fee: money('0'), feeQty: null, executedAt: this.#now };
  }
}

export default class WireGateway extends LiveOrders {
  readonly #port: StampingPort;
  #emit: Emit | null = null;

  constructor() {
    const port = new StampingPort();
    super(({ params }: Start) => ({ orders: port, account: port, gate: sendGate((params as { readonly latchPath: string }).latchPath) })); // the bench's own
    this.#port = port;
  }

  override start(start: Start, emit: Emit): Promise<Outcome> {
    this.#emit = emit;
    return super.start(start, emit);
  }

  override async receive(envelope: Envelope, now: Instant): Promise<Outcome> {
    if (envelope.type !== 'actor.asked' || envelope.body.query !== 'quote') return super.receive(envelope, now);
    const quote = { ...(JSON.parse(envelope.body.args[0] ?? '') as QuoteSnapshot), id: stamp() }; // the bench's own words
    this.#port.quote = quote;
    this.#emit?.({ to: 'conductor', type: 'quote.received', body: { quote } });
    return NOTHING;
  }
}
