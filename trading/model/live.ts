/** What live orders are made of on the way to a venue and back: broker-neutral, exact, plain JSON. */
import type { Money, Price, Qty, Ratio } from '../money/decimal.ts';
import type { Asset, Broker, Instant } from './instrument.ts';
import type { Bracket, Side } from './order.ts';

/** Why the house places an order. The last three are its own orders: children of the entry that they protect or close. */
export const PURPOSES = ['entry', 'exit', 'stop_loss', 'take_profit', 'flatten'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** How an order is priced: at market, at a limit, or at market once a trigger is touched. */
export type Pricing =
  /** `worst`: the worst price that it may take, where the venue can be told; null for whatever there is. */
  | { readonly type: 'market'; readonly worst: Price | null }
  | { readonly type: 'limit'; readonly price: Price }
  | { readonly type: 'stop'; readonly trigger: Price };

/** One order as it is placed, once. */
export interface Placement {
  readonly clientOrderId: string;
  readonly asset: Asset;
  readonly symbol: string;
  readonly side: Side;
  readonly purpose: Purpose;
  readonly qty: Qty;
  readonly pricing: Pricing;
  /** Both legs in the same call; null where the order is no entry, or the venue takes no bracket with it. */
  readonly bracket: Bracket | null;
  readonly reduceOnly: boolean;
  /** UTC ms: no byte may leave after it, and whoever sends stops waiting at it. The venue's time stamp is at most this. */
  readonly deadlineAt: Instant;
}

/** Names an order at its venue; the venue's id is null until it was acknowledged. */
export interface OrderRef {
  readonly clientOrderId: string;
  readonly venueOrderId: string | null;
  readonly asset: Asset;
  readonly symbol: string;
}

/** A stop that is moved at its venue, once. */
export interface Amendment {
  readonly entry: OrderRef;
  /** The house's own stop order; null where the venue holds the legs of the entry. */
  readonly stop: OrderRef | null;
  /** With the new stop. */
  readonly bracket: Bracket;
  readonly sentAt: Instant;
  /** UTC ms: no byte may leave after it. */
  readonly deadlineAt: Instant;
}

/** An entry and the legs that the house knows of it: as sent, as moved, as it is being moved. */
export interface KnownProtection {
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly takeProfit: Price;
  readonly stops: readonly Price[];
  readonly sentAt: Instant;
}

/** What is known after the one call. `answered`: the venue did answer, so that its receive window no longer bounds when it may accept. */
export type PlaceOutcome =
  | { readonly kind: 'acknowledged'; readonly venueOrderId: string }
  | { readonly kind: 'rejected'; readonly code: string; readonly text: string }
  | { readonly kind: 'unknown'; readonly reason: string; readonly answered: boolean };

/** Of a cancel or an amendment; both may be repeated. `gone`: the venue has no such open order. */
export type ChangeOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'rejected'; readonly code: string; readonly text: string }
  | { readonly kind: 'unknown'; readonly reason: string };

export const VENUE_STATUSES = ['open', 'filled', 'cancelled', 'expired', 'rejected'] as const;
/** `open` with a `cumQty` above zero is partly filled. */
export type VenueStatus = (typeof VENUE_STATUSES)[number];

/** An order as its venue has it. */
export interface VenueOrder {
  /** Null for legs of a bracket and for what others placed without an id. */
  readonly clientOrderId: string | null;
  /** The entry whose bracket this is a leg of. */
  readonly parentId: string | null;
  readonly venueOrderId: string;
  readonly asset: Asset;
  readonly symbol: string;
  readonly side: Side;
  readonly leg: 'stop_loss' | 'take_profit' | null;
  readonly status: VenueStatus;
  readonly qty: Qty;
  readonly cumQty: Qty;
  /** Of an order that waits for its price, as far as the venue says it. */
  readonly trigger?: Price;
  readonly reason: string;
}

/** One row of the venue's executions. */
export interface VenueExecution {
  readonly executionId: string;
  readonly clientOrderId: string | null;
  readonly parentId: string | null;
  readonly venueOrderId: string;
  readonly asset: Asset;
  readonly symbol: string;
  readonly side: Side;
  readonly leg: 'stop_loss' | 'take_profit' | null;
  readonly price: Price;
  readonly qty: Qty;
  /** In USD: the port converts what was paid in another currency. */
  readonly fee: Money;
  /** Of a fee that was taken out of the quantity (spot buys pay in base), in base units; null where it was paid in money. */
  readonly feeQty: Qty | null;
  readonly executedAt: Instant;
}

/** One row of funding: cash, whatever quantity it names. */
export interface VenueFunding {
  readonly executionId: string;
  readonly asset: Asset;
  readonly symbol: string;
  /** The whole position. */
  readonly qty: Qty;
  /** The mark that it was reckoned at. */
  readonly price: Price;
  readonly rate: Ratio;
  /** USD; positive was paid. */
  readonly amount: Money;
  readonly executedAt: Instant;
}

/** What an execution that was told before did cost. */
export interface VenueFee {
  readonly executionId: string;
  readonly asset: Asset;
  readonly symbol: string;
  /** USD. */
  readonly fee: Money;
}

export interface VenuePosition {
  readonly asset: Asset;
  readonly symbol: string;
  readonly side: Side;
  readonly qty: Qty;
  /** Null where the venue keeps none (coins of a spot wallet). */
  readonly averagePrice: Price | null;
}

export interface VenueBalance {
  readonly currency: string;
  readonly total: Money;
  readonly available: Money;
}

/** `unavailable` says nothing about the order: the question was not answered. */
export type Lookup =
  | { readonly kind: 'found'; readonly order: VenueOrder; readonly executions: readonly VenueExecution[] }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unavailable'; readonly reason: string };

/** The venue's side of the account at one moment. Spot holdings count as long positions. */
export interface AccountView {
  readonly openOrders: readonly VenueOrder[];
  readonly executions: readonly VenueExecution[];
  readonly positions: readonly VenuePosition[];
  /** Absent where the venue has none. */
  readonly fundings?: readonly VenueFunding[];
  readonly askedAt: Instant;
}

/** What an order port says of its venue: the numbers of the fence, in milliseconds. */
export interface OrderTerms {
  readonly broker: Broker;
  /** Assets whose entries carry both legs in the same call. Everywhere else the house places them itself, on each fill. */
  readonly nativeBracket: readonly Asset[];
  /** Assets whose legs hold the coins: they are cancelled to close the position, and one that stays open then has none. */
  readonly closingFreesLegs?: readonly Asset[];
  /** From the decision to send to the end of waiting for an answer. Below `receiveWindowMs` where there is one. */
  readonly deadlineMs: number;
  /** How long after its time stamp the venue may still accept an order. Where it has no such window: how long a session may hold one back. */
  readonly receiveWindowMs: number;
  /** Clock error and the time until an accepted order can be seen by a lookup. */
  readonly marginMs: number;
  /** The same where the venue answered with an ambiguous code. */
  readonly answeredMarginMs: number;
  /** Lookups that must find nothing, one after another, before an order counts as not placed. */
  readonly absencesNeeded: number;
  /** Between two lookups of one order. */
  readonly pollMs: number;
  /** Between two lookups of an order that rests, since a stream may lose a report. */
  readonly restingPollMs: number;
  /** The venue's limit of placements, before `RATE_LIMIT_PCT` (RT-4). */
  readonly placements: { readonly limit: number; readonly windowMs: number };
  /** Of moves of trailing stops, beside the placements; absent where no stop is moved. */
  readonly amendments?: { readonly limit: number; readonly windowMs: number };
  /** A stop order of the house's own can be moved too, not only a leg that the venue holds. */
  readonly amendsOwnStops?: boolean;
}

export const TROUBLE_CODES = ['UNREADABLE', 'VENUE_AWAY', 'PRICE_CAPPED'] as const;

/** The same of a feed, which knows no orders. */
export interface FeedTrouble {
  readonly broker: Broker;
  readonly code: (typeof TROUBLE_CODES)[number];
  readonly sentence: string;
}

/** What a person must hear of a venue now. */
export interface VenueTrouble {
  readonly code: (typeof TROUBLE_CODES)[number];
  readonly sentence: string;
  /** Null where it is about the whole venue. */
  readonly order: { readonly asset: Asset; readonly symbol: string; readonly clientOrderId: string | null } | null;
  /** No entry goes there until reports flow again and the account was read. */
  readonly closes: boolean;
}
