/** Messages that are not facts: told, never journaled. Schemas in protocol/messages.ts. */
import type { Money, Ratio } from '../money/decimal.ts';
import type { Fact, KillScope, Refusal } from './events.ts';
import type { Asset, Broker, Instant, Instrument, Mode } from './instrument.ts';
import type {
  AccountView,
  Amendment,
  ChangeOutcome,
  FeedTrouble,
  KnownProtection,
  Lookup,
  OrderRef,
  Placement,
  PlaceOutcome,
  VenueExecution,
  VenueFee,
  VenueFunding,
  VenueOrder,
  VenueTrouble,
} from './live.ts';
import type { Bar, QuoteSnapshot } from './quote.ts';

/** What a trader may use now (SZ-5); the governor tells it whenever it changes. */
export interface Allowance {
  readonly asset: Asset;
  readonly mode: Mode;
  readonly budget: Money;
  readonly multiplier: Ratio;
  readonly remaining: Money;
  readonly walletAvailable: Money;
  readonly usable: Money;
  readonly openPositions: number;
  readonly liveEntries: number;
  readonly closeOnly: Refusal | null;
}

/** What a broker says of the account behind a mode: the whole equity and what is free for new orders, USD, at the venue's time of the report. */
export interface WalletReport {
  readonly broker: Broker;
  readonly mode: Mode;
  readonly equity: Money;
  readonly available: Money;
  readonly at: Instant;
}

/** Of an asset's live venue: whose account, and why it may not be switched on, or null where it may. */
export interface LiveVenue {
  readonly account: string;
  readonly unavailable: string | null;
}

/** What a venue says that a perpetual's holders pay at its next funding time. */
export interface FundingAnnounced {
  readonly symbol: string;
  /** Positive: longs pay shorts. */
  readonly rate: Ratio;
  readonly nextAt: Instant;
}

interface ModeEdge {
  readonly asset: Asset;
  readonly source: string;
  /** UTC milliseconds of the person's clock. */
  readonly at: Instant;
  readonly venue: LiveVenue;
}

interface Bodies {
  'quote.received': { readonly quote: QuoteSnapshot };
  'frame.dropped': { readonly asset: Asset; readonly symbol: string | null; readonly reason: string; readonly exchangeAt: Instant | null };
  /** From a broker's gateway to the paper gateway: for `nextAt` the newest one counts. */
  'funding.announced': FundingAnnounced;
  'feed.changed': { readonly broker: Broker; readonly up: boolean; readonly reason: string };
  /** From a gateway to the paper simulator, which tells a person: its quotes need somebody to look. */
  'feed.troubled': FeedTrouble;
  'instrument.listed': { readonly instrument: Instrument };
  'history.requested': {
    readonly asset: Asset;
    readonly symbol: string;
    readonly intervalMinutes: number;
    readonly bars: number;
    readonly replyTo: string;
  };
  'history.loaded': { readonly asset: Asset; readonly symbol: string; readonly intervalMinutes: number; readonly bars: readonly Bar[] };
  'allowance.changed': Allowance;
  /** From a live gateway to the governor, at least every `WALLET_REPORT_AGE_MS_MAX`. */
  'wallet.reported': WalletReport;
  'clock.advanced': Record<string, never>;
  'kill.trip': { readonly scope: KillScope; readonly reason: string; readonly source: string; readonly flatten: boolean };
  'kill.rearm': { readonly confirm: string; readonly source: string; readonly reason: string };
  /** From the main process only, which stamps the person's clock and what it knows of the asset's live venue. */
  'mode.set': ModeEdge & { readonly mode: Mode; readonly on: boolean };
  'mode.confirm': ModeEdge & { readonly nonce: string; readonly typed: string };
  'fact.recorded': { readonly fact: Fact };
  /** The conflated feed of the page (protocol/view.ts, WindowFeed): from the main process only. */
  'window.fed': { readonly feed: unknown };
  /** A command of the page on its way to the admin handler of the main process, and its answer. */
  'admin.requested': { readonly id: string; readonly request: unknown };
  'admin.answered': { readonly id: string; readonly ok: boolean; readonly result: unknown };
  /** Live orders: what is asked of the order port once the fact is durable, and what came of it. `withheld`: no byte left. */
  'placement.requested': { readonly order: Placement };
  'placement.answered': { readonly clientOrderId: string; readonly outcome: PlaceOutcome | { readonly kind: 'withheld'; readonly reason: string } };
  'cancel.requested': { readonly order: OrderRef };
  'cancel.answered': { readonly clientOrderId: string; readonly outcome: ChangeOutcome };
  /** A trailing stop: asked once, as a placement is. */
  'amend.requested': { readonly amendment: Amendment };
  'amend.answered': { readonly amendment: Amendment; readonly outcome: ChangeOutcome };
  'lookup.requested': { readonly order: OrderRef; readonly askedAt: Instant };
  'lookup.answered': { readonly clientOrderId: string; readonly askedAt: Instant; readonly lookup: Lookup };
  'order.reported': { readonly order: VenueOrder };
  'execution.reported': { readonly execution: VenueExecution };
  'funding.reported': { readonly funding: VenueFunding };
  'fee.reported': { readonly fee: VenueFee };
  /** The venue takes fewer placements than its terms say, or as many again: at most `limit` in any `windowMs`. */
  'limit.told': { readonly limit: number; readonly windowMs: number };
  'trouble.reported': { readonly trouble: VenueTrouble };
  /** The venue's side of the account, for the gateway itself and for the reconciler. */
  'account.requested': {
    readonly since: Instant;
    readonly askedAt: Instant;
    readonly replyTo: string;
    /** What legs of open positions are known by; absent where there are none. */
    readonly protections?: readonly KnownProtection[];
  };
  'account.viewed': { readonly broker: Broker; readonly view: AccountView };
  /** The venue holds no bracket for this entry's position any more. */
  'protection.lost': { readonly clientOrderId: string; readonly reason: string };
  /** Asks of the edges: `why`, `state`, and what an actor documents of its own. */
  'actor.asked': { readonly query: string; readonly args: readonly string[] };
}

export type MessageType = keyof Bodies;
export type MessageBody<T extends MessageType> = Bodies[T];
export type Message = { readonly [T in MessageType]: { readonly type: T; readonly body: Bodies[T] } }[MessageType];

/** An effect of a decision: tell an actor, by name. Names are those of supervisors/tree.ts. */
export type Tell = Message & { readonly to: string };
