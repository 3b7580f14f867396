/** The live order port of IBKR over the real library, at an embedded TWS. */
import { join } from 'node:path';
import type { Instrument } from '#trading/model/instrument.ts';
import type { Placement, VenueExecution, VenueFee, VenueOrder, VenueTrouble } from '#trading/model/live.ts';
import { price, qty, type Price } from '#trading/money/decimal.ts';
import type { EmbeddedTws, TwsParams } from '#venues/embedded/tws/tws.ts';
import type { TwsEvents } from '#venues/ibkr/client.ts';
import { Catalog } from '#venues/ibkr/catalog.ts';
import { OrderIds } from '#venues/ibkr/order-ids.ts';
import type { IbkrSession, SessionOptions } from '#venues/ibkr/session.ts';
import type { OrderClient } from '#venues/ibkr/trading/order-client.ts';
import { TradedContracts } from '#venues/ibkr/trading/contracts.ts';
import { IbkrOrders, type IbkrOrdersOptions } from '#venues/ibkr/trading/order-entry.ts';
import { SentFile } from '#venues/ibkr/trading/sent-file.ts';
import { IBKR_TERMS } from '#venues/ibkr/trading/terms.ts';
import { START, withTws } from '../contract/tws-support.ts';
import { option } from '../unit/trading/paper/ibkr-instruments.ts';
import { assertDecoded, CLIENT_ID, sessionOn } from './ibkr-rig.ts';
import type { WorldVenue } from './live-world.ts';
import { inTempDir } from './temp-dir.ts';
import { until } from './until.ts';

export const PAIR = 'EUR/USD';
export const CALL: Instrument = { ...option('SPY', '2026-12-18', '600', 'C'), venueSymbol: 'SPY   261218C00600000' };
const REQUEST_MS = 4000;
/** 23:45 in New York. */
const RESTART = { name: 'nightly restart', days: [0, 1, 2, 3, 4, 5, 6], from: 1425, minutes: 5, guardMinutes: 5 };
const TRADED = { pairs: [PAIR], underlyings: ['SPY'] };
const SECOND_MS = 1000;

export class IbkrRig {
  readonly tws: EmbeddedTws;
  readonly reported: VenueOrder[] = [];
  readonly executed: VenueExecution[] = [];
  readonly fees: VenueFee[] = [];
  readonly troubles: VenueTrouble[] = [];
  readonly #dir: string;
  readonly #touched = new Map<string, { readonly bid: Price; readonly ask: Price }>();
  resumed = 0;
  /** Prices go out as they are, for TWS to refuse. */
  isOffGrid = false;
  /** TWS says what cannot be decoded, and is meant to. */
  isMisread = false;
  /** Of a port that is made from now on. */
  more: Partial<Pick<IbkrOrdersOptions, 'awayMs'>> & Pick<Partial<SessionOptions<OrderClient>>, 'limits' | 'rateLimit'> = {};
  session: IbkrSession<OrderClient>;
  port: IbkrOrders & WorldVenue;
  #boots = 0;
  #names = 0;
  #seconds = 0;

  private constructor(tws: EmbeddedTws, dir: string) {
    this.tws = tws;
    this.#dir = dir;
    [this.session, this.port] = this.#made();
  }

  /** A market at 1.1 and 12.35, and a port that is READY, unless somebody else opens it. */
  static async with(work: (rig: IbkrRig) => Promise<void>, params: Partial<TwsParams> = {}, opens = true): Promise<void> {
    await withTws(params, (tws) =>
      inTempDir(async (dir) => {
        const rig = new IbkrRig(tws, dir);
        rig.quote('1.1', '1.10005');
        rig.quoteCall('12.3', '12.4');
        try {
          if (opens) await rig.open();
          await work(rig);
          if (!rig.isMisread) assertDecoded(rig.session);
        } finally {
          await rig.port.close();
        }
      }),
    );
  }

  #made(): [IbkrSession<OrderClient>, IbkrOrders & WorldVenue] {
    const ids = new OrderIds(join(this.#dir, 'ids.json'), CLIENT_ID);
    const { awayMs, ...ofSession } = this.more;
    const session = sessionOn<OrderClient>(this.tws, { onGreeting: ({ nextValidId }) => ids.observe(nextValidId), ...ofSession });
    const contracts = new TradedContracts(new Catalog(session.pacing, REQUEST_MS), TRADED);
    const ladderOf = contracts.ladderOf.bind(contracts);
    contracts.ladderOf = (symbol) => (this.isOffGrid ? [] : ladderOf(symbol));
    const port = new IbkrOrders({
      ...{
        session,
        clientId: CLIENT_ID,
        contracts,
        ids,
        sent: new SentFile(join(this.#dir, 'sent.jsonl')),
      },
      ...{ terms: IBKR_TERMS, resets: [RESTART], clock: { now: () => this.tws.now, observe: () => undefined }, boot: `boot-${++this.#boots}` },
      ...(awayMs === undefined ? {} : { awayMs }),
    });
    return [session, Object.assign(port, { advance: () => undefined })];
  }

  open(): Promise<void> {
    return this.port.subscribe({
      onOrder: (order) => void this.reported.push(order),
      onExecution: (execution) => void this.executed.push(execution),
      onFee: (fee) => void this.fees.push(fee),
      onResumed: () => void this.resumed++,
      onTrouble: (trouble) => void this.troubles.push(trouble),
    });
  }

  /** The process ends and another begins: nothing is left but its files and what TWS knows. */
  async restart(): Promise<void> {
    await this.replace();
    await this.open();
  }

  /** The same, and the new one is not open yet. */
  async replace(): Promise<void> {
    await this.port.close();
    [this.session, this.port] = this.#made();
  }

  async again(what: string): Promise<void> {
    const before = this.resumed;
    await until(what, () => this.resumed > before && this.session.state.usable);
  }

  /** A second later. */
  quote(bid: string, ask: string, size = '1000000'): void {
    this.#touched.set(PAIR, { bid: price(bid), ask: price(ask) });
    this.tws.quote('EUR.USD', bid, ask, size, size, START + ++this.#seconds * SECOND_MS);
  }

  quoteCall(bid: string, ask: string, size = '50'): void {
    this.#touched.set(CALL.symbol, { bid: price(bid), ask: price(ask) });
    this.tws.quote(CALL.venueSymbol, bid, ask, size, size, START + ++this.#seconds * SECOND_MS);
  }

  touch(symbol: string): { readonly bid: Price; readonly ask: Price } {
    const touched = this.#touched.get(symbol);
    if (touched === undefined) throw new Error(`${symbol} was not quoted`);
    return touched;
  }

  entry(more: Partial<Placement> = {}): Placement {
    return {
      ...{ clientOrderId: `l${String(++this.#names).padStart(26, '0')}`, asset: 'forex', symbol: PAIR, side: 'buy', purpose: 'entry' },
      ...{ qty: qty('20000'), pricing: { type: 'market', worst: price('1.1005') } },
      ...{ bracket: { takeProfit: price('1.12'), stopLoss: price('1.08') }, reduceOnly: false, deadlineAt: this.tws.now + IBKR_TERMS.deadlineMs },
      ...more,
    };
  }

  call(more: Partial<Placement> = {}): Placement {
    return this.entry({
      ...{ asset: 'options', symbol: CALL.symbol, qty: qty('2'), pricing: { type: 'market', worst: price('12.5') } },
      ...{ bracket: { takeProfit: price('18'), stopLoss: price('8') }, ...more },
    });
  }

  /** At 1.05, where nothing trades. */
  resting(more: Partial<Placement> = {}): Placement {
    return this.entry({ pricing: { type: 'limit', price: price('1.05') }, bracket: { takeProfit: price('1.07'), stopLoss: price('1.03') }, ...more });
  }

  exit(of: Placement, more: Partial<Placement> = {}): Placement {
    const side = of.side === 'buy' ? 'sell' : 'buy';
    const { asset, symbol } = of;
    return this.entry({ asset, symbol, side, purpose: 'exit', qty: of.qty, bracket: null, reduceOnly: true, pricing: MARKET, ...more });
  }

  /** As if TWS had said it. */
  says(event: keyof TwsEvents, ...values: readonly unknown[]): void {
    const client: object | undefined = this.session.line?.client;
    if (client === undefined || !('emit' in client) || typeof client.emit !== 'function') throw new Error('the library is no emitter any more');
    Reflect.apply(client.emit, client, [event, ...values]);
  }

  /** As the venue has them, of every client: `name status`. */
  live(): readonly string[] {
    return this.tws.book.live().map(({ placed, status }) => `${placed.orderRef} ${status}`);
  }
}

export const refOf = ({ clientOrderId, asset, symbol }: Placement) => ({ clientOrderId, asset, symbol, venueOrderId: null });
export const single: Partial<Placement> = { bracket: null };
export const MARKET = { type: 'market', worst: null } as const;

/** A position of 20,000 with its legs. */
export async function held(rig: IbkrRig): Promise<Placement> {
  const order = rig.entry();
  await rig.port.place(order);
  await until('the entry', () => rig.executed.length === 1);
  await rig.port.caughtUp();
  return order;
}
