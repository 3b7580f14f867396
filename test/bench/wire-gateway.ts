/**
 * A gateway in a process of its own, for the bench: the real order port over a venue that stamps the moment an order is handed to it, fills it
 * at once, and says quotes when asked to. Both stamps are of the machine's monotonic clock, which all its processes share.
 */
import { OrderPort } from '#actors/order-port.ts';
import { sendGate } from '#actors/send-gate.ts';
import type { Emit, Envelope, Outcome, Start } from '#protocol/actor.ts';
import type { Account, OrderEntry, OrderReports } from '#protocol/ports.ts';
import type { Fact } from '#trading/model/events.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Placement, PlaceOutcome, VenueExecution } from '#trading/model/live.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { money } from '#trading/money/decimal.ts';
import { BYBIT_TERMS } from '#venues/bybit/trading/terms.ts';

const NOTHING: Outcome = { events: [], tells: [] };
const RICH = { equity: money('1000000'), available: money('1000000') };

export const stamp = (): string => String(process.hrtime.bigint());

class StampingPort implements OrderEntry, Account {
  readonly terms = BYBIT_TERMS;
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

const LIVE_ON: Fact = {
  ...{ seq: 1, at: 0, actor: 'mode-switch', version: 1, cause: null, type: 'mode.changed' },
  body: { asset: 'crypto_spot', mode: 'live', on: true, source: 'bench', reason: 'bench' },
};

export default class WireGateway extends OrderPort {
  readonly #port: StampingPort;
  #emit: Emit | null = null;

  constructor() {
    const port = new StampingPort();
    super(({ params }: Start) => {
      const { latchPath, reportsTo } = params as { readonly latchPath: string; readonly reportsTo: string }; // the bench's own
      return { orders: port, account: port, gate: sendGate(latchPath), reportsTo };
    });
    this.#port = port;
  }

  override start(start: Start, emit: Emit): Promise<Outcome> {
    this.#emit = emit;
    return super.start({ ...start, facts: [LIVE_ON] }, emit);
  }

  override receive(envelope: Envelope, now: Instant): Promise<Outcome> | Outcome {
    if (envelope.type !== 'actor.asked' || envelope.body.query !== 'quote') return super.receive(envelope, now);
    const quote = { ...(JSON.parse(envelope.body.args[0] ?? '') as QuoteSnapshot), id: stamp() }; // the bench's own words
    this.#port.quote = quote;
    this.#emit?.({ to: 'conductor', type: 'quote.received', body: { quote } });
    return NOTHING;
  }
}
