/** What the journal says a broker's live gateway has: orders with their states, and positions with what protects them. Plain JSON. */
import { coveringScope } from '../model/kill-scope.ts';
import type { KillScope, Refusal, StopAmending } from '../model/events.ts';
import { type Asset, type Instant, type Instrument } from '../model/instrument.ts';
import type { OrderRef, Pricing, Purpose } from '../model/live.ts';
import type { Bracket, FillReason, OrderIntent, Side } from '../model/order.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import type { Settings } from '../model/settings.ts';
import { EMPTY_SHELF, shelved, type Shelf } from '../model/shelf.ts';
import { NO_SWITCHES, type Switches } from '../risk/modes.ts';
import { add, isPositive, smaller, subtract, toStep, ZERO_QTY, type Money, type Price, type Qty } from '../money/decimal.ts';
import { executedOf, isOpen, venueOrderIdOf, type OrderState } from './order-state.ts';

/** Of a refusal that closes a whole asset. */
export const EXERCISE_RULE = 'LC-5';

export interface LiveOrder {
  readonly clientOrderId: string;
  readonly asset: Asset;
  readonly symbol: string;
  readonly strategyId: string;
  readonly side: Side;
  readonly purpose: Purpose;
  /** The entry that an order of the house's own belongs to. */
  readonly parentId: string | null;
  /** Null for an order of the house's own. */
  readonly intent: OrderIntent | null;
  /** Null until it is being sent. */
  readonly pricing: Pricing | null;
  /** As sent with the order; null where the venue took none with it. */
  readonly bracket: Bracket | null;
  readonly order: OrderState;
  /** Executions of the bracket that the venue holds for this entry, each counted once. */
  readonly legExecutions: readonly string[];
  /** Ids of the house's own orders for this entry, oldest first; of those that came to nothing the newest. */
  readonly children: readonly string[];
  /** How many there ever were. */
  readonly placed: number;
}

/** An open live position. One a symbol, so that the bracket of an entry is the bracket of the position. */
export interface LiveHolding {
  readonly asset: Asset;
  readonly symbol: string;
  readonly strategyId: string;
  readonly side: Side;
  readonly qty: Qty;
  readonly bracket: Bracket | null;
  readonly entryOrderId: string;
  readonly openedAt: Instant;
  /** The venue holds the bracket itself. */
  readonly isNative: boolean;
  /** Since when a part of it has been without stop or take-profit, or null. */
  readonly nakedSince: Instant | null;
  /** Somebody was told, once for every time it is naked. */
  readonly isAlarmed: boolean;
  /** The newest quote that moved its stop, or was to; absent before the first. */
  readonly trailedOn?: QuoteSnapshot;
  /** When a fact last said where its stop is; absent while it is where it began. */
  readonly stopAt?: Instant;
  /** The entry's last fill. */
  readonly entered: { readonly price: Price; readonly at: Instant };
  /** The last fill that took from it; absent before the first. */
  readonly reduced?: { readonly price: Price; readonly reason: FillReason; readonly at: Instant };
}

/** When a position of a symbol was open, and on which side. */
export interface PastHolding {
  readonly side: Side;
  readonly openedAt: Instant;
  readonly closedAt: Instant;
}

export interface LiveState {
  readonly settings: Settings | null;
  readonly switches: Switches;
  readonly instruments: Readonly<Record<string, Instrument>>;
  /** By client order id, oldest first: not over, and orphans. */
  readonly orders: Readonly<Record<string, LiveOrder>>;
  /** The newest `ENDED_KEPT_MAX` that are over; those of an open position stay. */
  readonly ended: Shelf<LiveOrder>;
  /** By `liveKey`. */
  readonly holdings: Readonly<Record<string, LiveHolding>>;
  readonly killed: readonly KillScope[];
  readonly flattening: readonly KillScope[];
  /** By `liveKey`: close-only by the reconciler. */
  readonly blocked: Readonly<Record<string, Refusal>>;
  /** By the venue's clock; null before the first. */
  readonly newestFillAt: Instant | null;
  /** By `liveKey`: moves of trailing stops whose outcome is not known yet. Absent, as the two below, in snapshots of before it existed. */
  readonly amending?: Readonly<Record<string, StopAmending>>;
  /** By funding id. Absent, as `past`, in snapshots of before it existed. */
  readonly fundings?: Readonly<Record<string, { readonly executionId: string; readonly at: Instant }>>;
  /** By execution id: USD, as booked. Absent before the first. */
  readonly feesBooked?: Shelf<Money>;
  /** By `liveKey`: the newest closed ones. */
  readonly past?: Readonly<Record<string, readonly PastHolding[]>>;
}

export const BLANK_LIVE: LiveState = {
  settings: null,
  switches: NO_SWITCHES,
  instruments: {},
  orders: {},
  ended: EMPTY_SHELF,
  holdings: {},
  killed: [],
  flattening: [],
  blocked: {},
  newestFillAt: null,
};

export const liveKey = (of: { readonly asset: Asset; readonly symbol: string }): string => `${of.asset}|${of.symbol}`;

export const refOf = ({ clientOrderId, asset, symbol, order }: LiveOrder): OrderRef => {
  return { clientOrderId, venueOrderId: venueOrderIdOf(order), asset, symbol };
};

/** What is left of an order to execute; nothing before it is sent. */
export const remainingOf = ({ order }: LiveOrder): Qty =>
  order.at === 'INTENT' || !isOpen(order) ? ZERO_QTY : subtract(order.qty, executedOf(order).filledQty);

export const orderOf = (state: LiveState, clientOrderId: string | null): LiveOrder | undefined =>
  clientOrderId === null ? undefined : (state.orders[clientOrderId] ?? shelved(state.ended, clientOrderId));

export const childrenOf = (state: LiveState, entryId: string): readonly LiveOrder[] =>
  (orderOf(state, entryId)?.children ?? []).flatMap((id) => orderOf(state, id) ?? []);

/** LC-5: shares that came of an option close all options to entries, whatever symbol they lie on; everything else its own symbol. */
export function blockedBy({ blocked }: LiveState, of: { readonly asset: Asset; readonly symbol: string }): Refusal | undefined {
  const ofAsset = Object.entries(blocked).find(([key, { rule }]) => rule === EXERCISE_RULE && key.startsWith(`${of.asset}|`));
  return blocked[liveKey(of)] ?? ofAsset?.[1];
}

export const isFlattening = (state: LiveState, asset: Asset): boolean => coveringScope(state.flattening, asset) !== undefined;

/** As much of it as an order can carry: whole lots. */
export function sellable(state: LiveState, of: { readonly asset: Asset; readonly symbol: string }, qty: Qty): Qty {
  const lot = state.instruments[liveKey(of)]?.lotSize;
  return lot === undefined || !isPositive(qty) ? qty : toStep(qty, lot, 'down');
}

/** What of a position rests under a stop and a take-profit that the venue has taken. */
export function protectedQty(state: LiveState, { entryOrderId, isNative, qty }: LiveHolding): Qty {
  if (isNative) return qty;
  const at = (purpose: Purpose): Qty => {
    const legs = childrenOf(state, entryOrderId).filter((child) => child.purpose === purpose);
    return add(ZERO_QTY, ...legs.filter(({ order }) => order.at === 'ACKED' || order.at === 'PARTIAL').map(remainingOf));
  };
  return smaller(at('stop_loss'), at('take_profit'));
}
