/** The facts of the journal. Schemas in protocol/events.ts; append-only: a change is a new version and an upcaster. */
import type { Money, Qty, Ratio } from '../money/decimal.ts';
import type { Asset, Broker, Instant, Instrument, Mode } from './instrument.ts';
import type { Clamp, Fill, OrderEnd, OrderIntent, PaperDraws } from './order.ts';
import type { ClosedTrade } from './position.ts';
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
  'MODE_OFF',
  'CONFIRM_EXPIRED',
  'CONFIRM_WRONG',
  'LIVE_NOT_AVAILABLE',
  'NOT_CONFIGURED',
  'INTERRUPTED',
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
  'order.ended': OrderKey & { readonly status: OrderEnd; readonly filledQty: Qty; readonly reason: string };
  'fill.recorded': { readonly fill: Fill };
  'trade.closed': { readonly trade: ClosedTrade };
  'tripwire.tripped': { readonly asset: Asset; readonly mode: Mode; readonly refusal: Refusal; readonly until: Instant | null };
  'kill.tripped': { readonly scope: KillScope; readonly reason: string; readonly source: string; readonly flatten: boolean };
  'kill.rearmed': { readonly source: string; readonly reason: string };
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
