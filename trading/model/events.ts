/** The facts of the journal. Schemas in protocol/events.ts; append-only: a change is a new version and an upcaster. */
import type { Money, Price, Qty, Ratio } from '../money/decimal.ts';
import type { Asset, Broker, Instant, Instrument, Mode } from './instrument.ts';
import type { Pricing, Purpose } from './live.ts';
import type { Bracket, Clamp, Fill, FillReason, OrderEnd, OrderIntent, PaperDraws, Side } from './order.ts';
import type { ClosedTrade } from './position.ts';
import type { QuoteSnapshot } from './quote.ts';
import type { Settings } from './settings.ts';

/** A refusal or a gate: a code of the catalogue, the numbers that decided, and a sentence for a person. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly rule: string;
  readonly numbers: Readonly<Record<string, string | number>>;
  readonly sentence: string;
}

export const REFUSAL_CODES = [
  'STALE_QUOTE',
  'BAD_QUOTE',
  'NO_BRACKET',
  'BRACKET_WRONG_SIDE',
  'BRACKET_FORM',
  'BELOW_MINIMUM',
  'BUDGET_EXHAUSTED',
  'MAX_POSITIONS',
  'MAX_CONCURRENT',
  'POSITION_EXISTS',
  'COOL_DOWN',
  'LEVERAGE_CAP',
  'NO_SHORT',
  'MAX_LOSS_PER_ORDER',
  'MAX_ORDER_NOTIONAL',
  'DAILY_LOSS_CAP',
  'MAX_DRAWDOWN',
  'THROTTLED',
  'DUPLICATE_INTENT',
  'REPEATED_EXECUTION',
  'SELF_CROSS',
  'PRICE_DRIFT',
  'CLOCK_SKEW',
  'NAKED_POSITION',
  'CLOSE_ONLY',
  'BROKER_DOWN',
  'NOTHING_TO_CLOSE',
  'UNKNOWN_INSTRUMENT',
  'NOT_IN_USD',
  'WALLET_UNKNOWN',
  'MODE_OFF',
  'CONFIRM_EXPIRED',
  'CONFIRM_WRONG',
  'LIVE_NOT_AVAILABLE',
  'NOT_CONFIGURED',
  'INTERRUPTED',
  'NO_OPTION',
  'SESSION_CLOSED',
  'NEAR_EXPIRY',
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** KS-1: what a kill covers. */
export type KillScope = 'all' | Broker | Asset;

/** What a person sees before live is switched on: the money and the caps that hold, where, and on whose account. */
export interface LiveSummary {
  /** USD in `absolute` mode; in `percent` mode the fraction of the account's wallet. */
  readonly budget: Money;
  readonly allocMode: 'absolute' | 'percent';
  readonly leverageCap: Ratio;
  readonly maxPositions: number;
  /** Fractions of the budget or its equity, as in Settings. */
  readonly maxLossPerOrder: Ratio;
  readonly dailyLossCap: Ratio;
  readonly maxDrawdown: Ratio;
  readonly market: string;
  readonly broker: Broker;
  readonly account: string;
  /** Why a confirmation would be refused now, or null. */
  readonly unavailable: string | null;
  /** What the person has to type. */
  readonly type: string;
}

interface OrderKey {
  readonly clientOrderId: string;
  readonly asset: Asset;
  readonly mode: Mode;
  readonly symbol: string;
}

/** `order.approved` carries the intent whole: execution accepts nothing else, and only the governor may write it. */
export interface Approval extends OrderKey {
  readonly intent: OrderIntent;
  readonly notional: Money;
  readonly margin: Money;
  readonly maxLoss: Money;
}

/** Durable before a byte leaves: what is sent, and until when. Its own orders (legs, flatten) name the entry they belong to. */
export interface Sending extends OrderKey {
  readonly purpose: Purpose;
  readonly parentId: string | null;
  readonly side: Side;
  readonly qty: Qty;
  readonly pricing: Pricing;
  readonly bracket: Bracket | null;
  /** sha256 of the placement, hexadecimal: what was asked of the venue can be compared with what it has. */
  readonly payloadHash: string;
  readonly sentAt: Instant;
  readonly deadlineAt: Instant;
}

/** What one side says of a position; null is flat. */
export type Held = { readonly side: Side; readonly qty: Qty; readonly averagePrice: Price | null } | null;

export const ALARM_CODES = [
  'NAKED_POSITION',
  'LATE_FILL',
  'OVERFILL',
  'GHOST_ORDER',
  'NEVER_SENT',
  'CONTRADICTION',
  'ORPHAN_ORDER',
  'FOREIGN_ORDER',
  'UNEXPLAINED',
  'FUNDING_UNKNOWN',
  'UNREADABLE',
  'VENUE_AWAY',
  'PRICE_CAPPED',
  'SETTLEMENT_UNKNOWN',
  'EXERCISED',
] as const;
export type AlarmCode = (typeof ALARM_CODES)[number];

export const DIFFERENCE_KINDS = [
  'missing_execution',
  'order_gone',
  'own_orphan',
  'foreign_order',
  'foreign_execution',
  'position_quantity',
  'position_price',
  'leg_missing',
] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

/** A trailing stop moved, by a step at least, as it follows from the quote: what a restart knows of it. */
export interface StopTrailed {
  readonly asset: Asset;
  readonly mode: Mode;
  readonly symbol: string;
  readonly entryOrderId: string;
  readonly stopLoss: Price;
  readonly pricedOn: QuoteSnapshot;
  readonly trailedAt: Instant;
}

/** A live trailing stop is about to be amended at its venue, durable before a byte leaves. Until it is settled the old trigger counts. */
export interface StopAmending {
  readonly asset: Asset;
  readonly mode: Mode;
  readonly symbol: string;
  readonly entryOrderId: string;
  /** The house's own stop order that is amended; null: the leg that the venue holds for the entry. */
  readonly stopId: string | null;
  readonly from: Price;
  readonly to: Price;
  readonly pricedOn: QuoteSnapshot;
  readonly sentAt: Instant;
  /** No byte leaves after it. */
  readonly deadlineAt: Instant;
}

/** The stop in force of a live position where an amendment came to nothing, or where the venue was found to hold another one. */
export interface StopStands {
  readonly asset: Asset;
  readonly mode: Mode;
  readonly symbol: string;
  readonly entryOrderId: string;
  readonly stopLoss: Price;
  readonly reason: string;
}

/** LC-6: what one funding time moved. Cash of the position that was open then, and never a fill: its quantity stays. */
export interface FundingBooked {
  readonly asset: Asset;
  readonly mode: Mode;
  readonly symbol: string;
  /** One a mode, symbol and funding time (`fundingIdOf`). */
  readonly fundingId: string;
  /** Of the position. */
  readonly side: Side;
  readonly qty: Qty;
  /** The mark. */
  readonly price: Price;
  readonly rate: Ratio;
  /** USD; positive was paid, negative received. */
  readonly amount: Money;
  /** The funding time. */
  readonly at: Instant;
  readonly venueExecutionId: string | null;
  /** Paper: the quote whose mid is the mark. */
  readonly pricedOn: QuoteSnapshot | null;
}

/**
 * Live: what an execution cost, told after its fill was booked at our own reckoning. Cash that moves the wallet by no trade: the fill stands, and a trade of
 * it may be booked already.
 */
export interface FeeAdjusted {
  readonly asset: Asset;
  readonly mode: Mode;
  readonly symbol: string;
  readonly venueExecutionId: string;
  /** USD: what the fill, or the adjustment before this one, said; and what the venue said now. */
  readonly booked: Money;
  readonly fee: Money;
  /** `fee` less `booked`: positive was paid besides, negative is had back. */
  readonly amount: Money;
  /** When it was told. */
  readonly at: Instant;
}

/** What an exit left of a live position, or an entry bought, is less than the venue's smallest order: nobody can sell it, so the position counts as closed. */
export interface DustSetAside {
  readonly asset: Asset;
  readonly mode: Mode;
  readonly symbol: string;
  readonly entryOrderId: string;
  readonly qty: Qty;
  /** Of the last exit (of the entry's last fill where nothing was sold), as are the reason and the time: they are the trade's. */
  readonly price: Price;
  /** USD at `price`: a loss of the trade, since nothing was got for it. */
  readonly value: Money;
  readonly exitReason: FillReason;
  readonly exitedAt: Instant;
}

/** `exercised` is of who bought it, `assigned` of who wrote it. */
export const SETTLEMENT_OUTCOMES = ['worthless', 'exercised', 'assigned'] as const;
export type SettlementOutcome = (typeof SETTLEMENT_OUTCOMES)[number];

/** LC-4: an option that was held to its expiry is over. On paper in cash, as if the shares were traded away at once; live only where it was worth nothing. */
export interface Settled {
  readonly asset: Asset;
  readonly mode: Mode;
  readonly symbol: string;
  readonly entryOrderId: string;
  /** Of the position, all of it. */
  readonly side: Side;
  readonly qty: Qty;
  readonly outcome: SettlementOutcome;
  /** What one of it brought, or cost who wrote it. */
  readonly price: Price;
  /** When trading in it ended. */
  readonly expiredAt: Instant;
  /** Paper: the quote of the share. */
  readonly pricedOn: QuoteSnapshot | null;
  /** Live: what the venue showed. */
  readonly evidence: string;
}

/** A person took the venue's word for a position. Not a trade: it counts in no result and no history. */
export interface Adjustment {
  readonly differenceId: string;
  readonly asset: Asset;
  readonly mode: Mode;
  readonly symbol: string;
  readonly from: Held;
  readonly to: Held;
  readonly evidence: string;
}

interface Bodies {
  'system.started': {
    readonly version: string;
    readonly market: string;
    readonly seed: string;
    readonly epoch: number;
    readonly configHash: string;
    readonly play: string;
  };
  'system.stopped': { readonly reason: string };
  'settings.loaded': { readonly settings: Settings; readonly source: string };
  'instrument.changed': { readonly instrument: Instrument };
  'order.intended': { readonly intent: OrderIntent };
  'order.approved': Approval;
  'order.refused': OrderKey & { readonly kind: 'entry' | 'exit'; readonly refusal: Refusal };
  'order.clamped': OrderKey & { readonly clamps: readonly Clamp[] };
  'order.accepted': OrderKey & { readonly qty: Qty; readonly draws: PaperDraws; readonly acceptedAt: Instant; readonly dueAt: Instant };
  'order.sending': Sending;
  'order.acknowledged': OrderKey & { readonly venueOrderId: string };
  'order.unknown': OrderKey & { readonly reason: string; readonly resolveAfter: Instant };
  'order.ended': OrderKey & { readonly status: OrderEnd; readonly filledQty: Qty; readonly reason: string };
  'fill.recorded': { readonly fill: Fill };
  'stop.amending': StopAmending;
  'stop.trailed': StopTrailed;
  'stop.stands': StopStands;
  'funding.booked': FundingBooked;
  'fee.adjusted': FeeAdjusted;
  'dust.set_aside': DustSetAside;
  'position.settled': Settled;
  'trade.closed': { readonly trade: ClosedTrade };
  /** CF-1 in percent mode: what the shares of a broker's live wallet are taken of, once for all: `base` is `equity` less what was realised by then. */
  'wallet.based': { readonly broker: Broker; readonly mode: Mode; readonly equity: Money; readonly base: Money; readonly reportedAt: Instant };
  'tripwire.tripped': { readonly asset: Asset; readonly mode: Mode; readonly refusal: Refusal; readonly until: Instant | null };
  'kill.tripped': { readonly scope: KillScope; readonly reason: string; readonly source: string; readonly flatten: boolean };
  'kill.rearmed': { readonly source: string; readonly reason: string };
  /** For a person, now. `clientOrderId` is null where it is about no order of ours. */
  'alarm.raised': {
    readonly asset: Asset;
    readonly mode: Mode;
    readonly symbol: string;
    readonly clientOrderId: string | null;
    readonly code: AlarmCode;
    readonly sentence: string;
  };
  /** Journal and venue disagree. With a refusal: close-only for this symbol until it is adjusted or re-armed. */
  'reconcile.differed': {
    readonly differenceId: string;
    readonly kind: DifferenceKind;
    readonly asset: Asset;
    readonly mode: Mode;
    readonly symbol: string;
    readonly clientOrderId: string | null;
    readonly evidence: string;
    readonly refusal: Refusal | null;
  };
  'reconcile.adjusted': Adjustment;
  /** RT-2: live waits for its typed confirmation. `expiresAt` is of the person's clock, not of the market's, which may run sixty times as fast. */
  'mode.requested': {
    readonly asset: Asset;
    readonly mode: 'live';
    readonly nonce: string;
    readonly expiresAt: Instant;
    readonly summary: LiveSummary;
    readonly source: string;
  };
  'mode.changed': { readonly asset: Asset; readonly mode: Mode; readonly on: boolean; readonly source: string; readonly reason: string };
}

export type EventType = keyof Bodies;
export type EventBody<T extends EventType> = Bodies[T];
/** What is put in line between a quote and the order that leaves the house. */
export const ORDER_PATH: ReadonlySet<EventType> = new Set(['order.intended', 'order.approved', 'order.clamped', 'order.accepted', 'order.sending']);
export type DomainEvent = { readonly [T in EventType]: { readonly type: T; readonly body: Bodies[T] } }[EventType];
export type EventOf<T extends EventType> = Extract<DomainEvent, { readonly type: T }>;

/** An event that the journal made durable. Its record adds `prevHash` and `hash` (state/). */
export type Fact<E extends DomainEvent = DomainEvent> = E & {
  readonly seq: number;
  readonly at: Instant;
  readonly actor: string;
  readonly version: number;
  readonly cause: string | null;
};
