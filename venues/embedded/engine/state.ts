/** What the exchange remembers, and the one place where it changes: every change of an order, a balance or a position leaves an event. */
import { add, money, price, ZERO_MONEY, ZERO_QTY, type Money, type Price, type Qty, type Ratio } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import { Liquidity } from './liquidity.ts';
import type { Trail } from './trailing.ts';
import type { ExitLeg, PriceSource, StopKind, Trigger } from './triggers.ts';
import type {
  CancelReason,
  ContractKey,
  ContractTerms,
  ExchangeEvent,
  Execution,
  Leverage,
  MarginMode,
  Order,
  OrderId,
  OrderRequest,
  OrderState,
  PositionSlot,
  Quote,
} from './types.ts';

/** Ended orders that are remembered; the oldest are forgotten first. */
export const ORDERS_MAX = 50_000;
export const EXECUTIONS_MAX = 50_000;
/** Client ids that are remembered for good. */
const LINKS_MAX = 1_000_000;

export type Kind = ContractTerms['kind'];

/** How a façade writes ids; `count` rises by one with every id of the exchange. */
export interface IdMaker {
  order(kind: Kind, count: number): OrderId;
  execution(kind: Kind, count: number): string;
  /** The client id of an order that came without one. */
  link(kind: Kind, id: OrderId): string;
}

export interface ExchangeOptions {
  readonly seed: string;
  readonly contracts: readonly ContractTerms[];
  readonly ids: IdMaker;
  /** When the account is opened, where it remembers nothing. */
  readonly openedAt: Instant;
  /** Opening balances by currency, decimal text. */
  readonly wallet: Readonly<Record<string, string>>;
  readonly leverage: Ratio;
  /** Market orders walk at most this far from the best opposite price. */
  readonly marketSlippage: Ratio;
  readonly openOrdersMax: number;
  /** Of one contract: conditional orders, and exits that are no whole position's. */
  readonly conditionalsMax: Readonly<Record<Kind, number>>;
  readonly partialExitsMax: Readonly<Record<Kind, number>>;
}

/** What may be switched while it runs. */
export interface Switches {
  /** Whether a client id may come again once its order has ended. */
  linkIds: 'for-ever' | 'while-active';
  /** Margin contracts: a limit beyond the price limits is moved to it instead of refused. */
  reprice: boolean;
  /** What fees are paid in where there is enough of it, by kind of contract; null: in what is traded. */
  readonly feesIn: Record<Kind, FeeToken | null>;
}

export interface FeeToken {
  readonly currency: string;
  /** Account money for one of it. */
  readonly price: Ratio;
}

/** An open order and what only the exchange knows of it. */
export interface Live {
  order: Order;
  /** Quantity before it in the queue of its price. */
  ahead: Qty;
  /** Exits follow the size of their position, or what their entry has filled. */
  readonly follows: 'position' | 'entry' | null;
  /** Waits for its parent to fill, or, of a trailing stop, for its activation price. */
  held: boolean;
}

/** Whose exit an order is. */
export interface Exit {
  readonly follows: 'position' | 'entry';
  readonly entry: OrderId | null;
}

export interface Holding {
  readonly slot: PositionSlot;
  size: Qty;
  cost: Money;
  realised: Money;
  realisedEver: Money;
  /** Fees that were paid to open what is held. */
  openFee: Money;
  takeProfit: ExitLeg | null;
  stopLoss: ExitLeg | null;
  /** Take profit and stop loss were set together: cancelling one cancels both. */
  paired: boolean;
  trailing: Trail | null;
  createdAt: Instant;
  updatedAt: Instant;
  sequence: number;
}

export interface Room {
  terms: ContractTerms;
  quote: Quote | null;
  last: Price | null;
  readonly liquidity: Liquidity;
  /** Open orders, in the order of their time priority. */
  live: Live[];
  readonly holdings: Map<PositionSlot, Holding>;
  leverage: Leverage;
  hedge: boolean;
  /** Up to when funding was settled. */
  fundedAt: Instant | null;
}

/** Of ids given out, and of changes. */
export interface Counters {
  readonly ids: number;
  readonly sequence: number;
}

/** Of a position that nothing protects. */
export const NO_EXITS: Pick<Holding, 'takeProfit' | 'stopLoss' | 'paired' | 'trailing'> = {
  takeProfit: null,
  stopLoss: null,
  paired: false,
  trailing: null,
};

type Draft = Omit<Execution, 'id' | 'sequence' | 'at'>;

export class State {
  readonly options: ExchangeOptions;
  readonly switches: Switches = { linkIds: 'for-ever', reprice: true, feesIn: { exchange: null, margin: null } };
  readonly rooms = new Map<ContractKey, Room>();
  readonly wallet = new Map<string, Money>();
  readonly realised = new Map<string, Money>();
  readonly orders = new Map<OrderId, Order>();
  readonly executions: Execution[] = [];
  marginMode: MarginMode = 'cross';
  openedAt: Instant;
  now: Instant = 0;
  #sequence = 0;
  #ids = 0;
  readonly #links = new Map<string, OrderId>();
  #events: ExchangeEvent[] = [];
  readonly #positions = new Map<Holding, Room>();
  readonly #currencies = new Set<string>();
  #trailed = new Set<OrderId>();

  constructor(options: ExchangeOptions) {
    this.options = options;
    this.openedAt = options.openedAt;
    for (const terms of options.contracts) this.rooms.set(terms.key, newRoom(options, terms));
    for (const [currency, text] of Object.entries(options.wallet)) this.wallet.set(currency, money(text));
  }

  get counters(): Counters {
    return { ids: this.#ids, sequence: this.#sequence };
  }

  set counters({ ids, sequence }: Counters) {
    this.#ids = ids;
    this.#sequence = sequence;
  }

  /** An order that nobody knows of yet. */
  draft(room: Room, request: OrderRequest, exit: Exit | null = null): Live {
    const { kind } = room.terms;
    const id = this.options.ids.order(kind, ++this.#ids);
    const linkId = request.linkId === '' ? this.options.ids.link(kind, id) : request.linkId;
    const { now } = this;
    const order: Order = {
      id,
      entry: exit?.entry ?? null,
      request: { ...request, linkId },
      price: request.price,
      qty: request.qty,
      trigger: request.trigger,
      protection: request.protection,
      state: request.trigger !== null || request.parent !== null ? 'untriggered' : 'new',
      cancelReason: 'none',
      filled: ZERO_QTY,
      filledValue: ZERO_MONEY,
      leaves: request.qty,
      fees: {},
      realised: ZERO_MONEY,
      lastAtCreation: room.last,
      createdAt: now,
      updatedAt: now,
      sequence: 0,
    };
    return { order, ahead: ZERO_QTY, follows: exit?.follows ?? null, held: request.parent !== null };
  }

  /** Takes a draft among the open orders. */
  enlist(room: Room, live: Live): void {
    room.live.push(live);
    this.remember(room, live.order);
  }

  /** The client id of an order, for as long as the exchange knows it. */
  remember(room: Room, { id, request }: Order): void {
    if (request.linkId === '') return;
    this.#links.set(`${room.terms.kind}:${request.linkId}`, id);
    const oldest = this.#links.size > LINKS_MAX ? this.#links.keys().next().value : undefined;
    if (oldest !== undefined) this.#links.delete(oldest);
  }

  /** Records what became of an order, and tells it. */
  change(room: Room, live: Live, patch: Partial<Order>): void {
    live.order = { ...live.order, ...patch, updatedAt: this.now, sequence: ++this.#sequence };
    this.orders.set(live.order.id, live.order);
    this.#events.push({ kind: 'order', order: live.order });
    // Bybit tells the position with every change of an order, changed or not.
    if (room.terms.kind === 'margin') this.touch(room, holdingOf(room, live.order.request.slot));
    else this.#currencies.add(live.order.request.side === 'buy' ? room.terms.quote : room.terms.base);
  }

  /** A trailing stop follows the price: its row says so, and no event does. */
  trail(live: Live, trigger: Trigger): void {
    live.order = { ...live.order, trigger };
    this.orders.set(live.order.id, live.order);
    this.#trailed.add(live.order.id);
  }

  /** Orders that followed the price since the last call. */
  takeTrailed(): ReadonlySet<OrderId> {
    const trailed = this.#trailed;
    if (trailed.size > 0) this.#trailed = new Set();
    return trailed;
  }

  /** Ends an order for good. */
  end(room: Room, live: Live, state: OrderState, cancelReason: CancelReason): void {
    room.live = room.live.filter((other) => other !== live);
    this.change(room, live, { state, cancelReason, leaves: ZERO_QTY });
    this.#forget();
  }

  record(draft: Draft, order: Order | null): Execution {
    const kind = this.rooms.get(draft.contract)?.terms.kind ?? 'margin';
    const execution = { ...draft, id: this.options.ids.execution(kind, ++this.#ids), at: this.now, sequence: ++this.#sequence };
    this.executions.push(execution);
    if (this.executions.length > EXECUTIONS_MAX) this.executions.splice(0, EXECUTIONS_MAX / 10);
    this.#events.push({ kind: 'execution', execution, order });
    return execution;
  }

  /** An id for what has no order: funding. */
  nextId(kind: Kind): OrderId {
    return this.options.ids.order(kind, ++this.#ids);
  }

  move(currency: string, by: Money): void {
    this.wallet.set(currency, add(this.wallet.get(currency) ?? ZERO_MONEY, by));
    this.#currencies.add(currency);
  }

  realise(currency: string, by: Money): void {
    this.realised.set(currency, add(this.realised.get(currency) ?? ZERO_MONEY, by));
  }

  touch(room: Room, holding: Holding): void {
    holding.sequence = ++this.#sequence;
    this.#positions.set(holding, room);
  }

  /** The newest order of a client id. */
  byLink(kind: Kind, linkId: string): Order | undefined {
    return this.orders.get(this.#links.get(`${kind}:${linkId}`) ?? '');
  }

  linkKnown(kind: Kind, linkId: string): boolean {
    if (this.switches.linkIds === 'for-ever') return this.#links.has(`${kind}:${linkId}`);
    return [...this.rooms.values()].some(({ terms, live }) => terms.kind === kind && live.some(({ order }) => order.request.linkId === linkId));
  }

  /** An exit that was cancelled does not come back with the next fill of its entry. */
  unprotect(entry: OrderId | null, stopKind: OrderRequest['stopKind']): void {
    for (const room of this.rooms.values()) {
      const own = room.live.find(({ order }) => order.id === entry);
      if (own === undefined || own.order.protection === null) continue;
      const cleared = stopKind === 'partial-take-profit' ? { takeProfit: null } : { stopLoss: null };
      this.change(room, own, { protection: { ...own.order.protection, ...cleared } });
    }
  }

  /** Everything since the last call: orders and executions as they came, then positions, then balances. */
  drain(positionOf: (room: Room, holding: Holding) => Extract<ExchangeEvent, { kind: 'position' }>['position']): readonly ExchangeEvent[] {
    const events = this.#events;
    for (const [holding, room] of this.#positions) events.push({ kind: 'position', position: positionOf(room, holding) });
    if (this.#currencies.size > 0) events.push({ kind: 'account', currencies: [...this.#currencies] });
    this.#events = [];
    this.#positions.clear();
    this.#currencies.clear();
    return events;
  }

  #forget(): void {
    if (this.orders.size <= ORDERS_MAX) return;
    for (const [id, { state }] of this.orders) {
      if (this.orders.size <= ORDERS_MAX * 0.9) return;
      if (isEnded(state)) this.orders.delete(id);
    }
  }
}

const OPEN: readonly OrderState[] = ['untriggered', 'triggered', 'new', 'partially-filled'];
export const isEnded = (state: OrderState): boolean => !OPEN.includes(state);
/** It stands in the book. */
export const isResting = ({ order: { state }, held }: Live): boolean => !held && (state === 'new' || state === 'partially-filled');

/** An exit that stands by itself: not one of a whole position. */
export const isPartialExit = (kind: StopKind): boolean => kind === 'partial-take-profit' || kind === 'partial-stop-loss' || kind === 'tpsl';

export function holdingOf(room: Room, slot: PositionSlot): Holding {
  const known = room.holdings.get(slot);
  if (known !== undefined) return known;
  const none = { size: ZERO_QTY, cost: ZERO_MONEY, realised: ZERO_MONEY, realisedEver: ZERO_MONEY, openFee: ZERO_MONEY, ...NO_EXITS };
  const holding: Holding = { slot, ...none, createdAt: 0, updatedAt: 0, sequence: 0 };
  room.holdings.set(slot, holding);
  return holding;
}

/** Whoever is not in two-way mode has the same of both. */
export const leverageOf = ({ leverage }: Room, slot: PositionSlot): Ratio => (slot === 'short' ? leverage.short : leverage.long);

/** The last price, or where nothing was traded, the middle of the book. */
export function lastOf(room: Room): Price | null {
  if (room.last !== null) return room.last;
  if (room.quote === null) return null;
  const { bid, ask } = room.quote;
  return price((Number(bid) + Number(ask)) / 2);
}

/** What positions and margin are valued at. */
export const markOf = (room: Room): Price | null => room.quote?.mark ?? lastOf(room);

/** The price that a trigger looks at. */
export function priceOf(room: Room, by: PriceSource): Price | null {
  if (by === 'last') return lastOf(room);
  return by === 'mark' ? markOf(room) : (room.quote?.index ?? lastOf(room));
}

function newRoom(options: ExchangeOptions, terms: ContractTerms): Room {
  const own = terms.maxLeverage === '1' ? terms.maxLeverage : options.leverage;
  const leverage = { long: own, short: own };
  const state = { terms, quote: null, last: null, live: [], hedge: false, fundedAt: null };
  return { ...state, liquidity: new Liquidity(options.seed, terms), holdings: new Map(), leverage };
}
