/** What the page shows: one snapshot, then sequenced patches. Numbers are decimal text where they are money. */
import type { Asset, Instant, Mode } from '#trading/model/instrument.ts';
import type { ClosedTrade, Position } from '#trading/model/position.ts';
import type { KillScope, LiveSummary, Refusal } from '#trading/model/events.ts';

/** SZ-1…5: what one entry may be now, USD. `orderMax` is the smaller of the cap and what is usable. */
export interface SizingView {
  readonly multiplier: string;
  readonly risk: string;
  readonly baseCap: string;
  readonly notionalCap: string;
  readonly orderMax: string;
}
export interface WalletView {
  readonly asset: Asset;
  readonly mode: Mode;
  readonly budget: string;
  readonly walletAvailable: string;
  readonly usable: string;
  readonly realisedToday: string;
  readonly closeOnly: Refusal | null;
  readonly sizing: SizingView;
}
export interface QuoteView {
  readonly asset: Asset;
  readonly symbol: string;
  readonly bid: string;
  readonly ask: string;
  readonly last: string | null;
  readonly at: Instant;
}
/** One closed minute for the chart; `time` is the bar's open in UTC seconds, as the chart library wants it. */
export interface ChartBar {
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}
export interface MarkerView {
  readonly symbol: string;
  readonly time: number;
  readonly side: 'buy' | 'sell';
  readonly reason: string;
  readonly price: string;
}
/** At a close: `value` is what the first budget became by everything realised since, `budget` what may be traded with from here. */
export interface EquityPoint {
  readonly asset: Asset;
  readonly mode: Mode;
  readonly time: number;
  readonly value: number;
  readonly budget: number;
}
/** `mark` is the touch that would close it now; `unrealised` is at the mark, before fees. */
export interface PositionView extends Position {
  readonly mark: string | null;
  readonly unrealised: string | null;
}
/** Of every closed trade of an asset and mode, not only of those shown. Win-rate and expectancy follow: won ÷ closed, pnl ÷ closed. */
export interface TotalsView {
  readonly asset: Asset;
  readonly mode: Mode;
  readonly closed: number;
  readonly won: number;
  readonly pnl: string;
  readonly fees: string;
}
export interface ActorView {
  readonly name: string;
  readonly parent: string | null;
  readonly kind: 'supervisor' | 'actor';
  readonly mode: 'in-memory' | 'threaded' | 'forked' | null;
  readonly state: 'starting' | 'running' | 'restarting' | 'stopped' | 'failed';
  readonly restarts: number;
  readonly mailbox: number;
  readonly epoch: number;
  readonly pid: number | null;
  /** Wall milliseconds since it last handled a message; null where it never did. */
  readonly idleMs: number | null;
  readonly lastError: string | null;
}
export interface KillView {
  readonly tripped: boolean;
  readonly scopes: readonly KillScope[];
  readonly reason: string | null;
  readonly source: string | null;
  readonly at: Instant | null;
  readonly latch: boolean;
  readonly latencyMs: number | null;
}
export interface RefusalView {
  readonly asset: Asset;
  readonly mode: Mode;
  readonly symbol: string;
  readonly at: Instant;
  readonly refusal: Refusal;
}
/** Live that waits for its typed confirmation. `expiresAt` is UTC milliseconds of the person's clock. */
export interface PendingView {
  readonly nonce: string;
  readonly expiresAt: Instant;
  readonly summary: LiveSummary;
  /** What has to be typed, to the letter. */
  readonly type: string;
}
export interface ModesView {
  readonly paper: boolean;
  readonly live: boolean;
  readonly pending: PendingView | null;
}
export interface JournalView {
  readonly seq: number;
  readonly head: string;
}
export interface RunView {
  readonly market: string;
  readonly play: string;
  readonly seed: string;
  readonly speed: string;
  readonly marketNow: Instant;
  readonly startedAt: Instant;
  readonly quotes: number;
  readonly ended: boolean;
}

/** Everything on the page. Maps are keyed records so that a patch can name one entry. */
export interface View {
  readonly run: RunView;
  readonly kill: KillView;
  readonly journal: JournalView;
  /** By asset, every one that is traded here. */
  readonly modes: Readonly<Record<string, ModesView>>;
  readonly wallets: Readonly<Record<string, WalletView>>;
  readonly quotes: Readonly<Record<string, QuoteView>>;
  readonly positions: Readonly<Record<string, PositionView>>;
  readonly totals: Readonly<Record<string, TotalsView>>;
  readonly actors: readonly ActorView[];
  /** Newest first, at most TRADES_SHOWN_MAX. */
  readonly trades: readonly ClosedTrade[];
  readonly refusals: readonly RefusalView[];
  /** By symbol, oldest first, at most CHART_BARS_MAX. */
  readonly bars: Readonly<Record<string, readonly ChartBar[]>>;
  readonly markers: readonly MarkerView[];
  readonly equity: readonly EquityPoint[];
}

export const TRADES_SHOWN_MAX = 500;
export const CHART_BARS_MAX = 720;
export const MARKERS_MAX = 500;
export const EQUITY_POINTS_MAX = 2000;
export const REFUSALS_SHOWN_MAX = 100;

/** What a page gets first. The next patch has `seq + 1`. */
export interface ViewSnapshot {
  readonly seq: number;
  readonly view: View;
}

/**
 * Sequenced: a page that sees a gap in `seq` asks for a new snapshot. `set` replaces whole top-level fields; `put` replaces single
 * entries of keyed fields (null removes one); `append` adds bars in the order of their times (replacing the bar of equal time), and
 * markers and equity at the end; `prepend` adds new trades and refusals at the front.
 */
export interface ViewPatch {
  readonly seq: number;
  readonly set?: Partial<Pick<View, 'run' | 'kill' | 'journal' | 'actors' | 'modes'>>;
  readonly put?: {
    readonly wallets?: Readonly<Record<string, WalletView | null>>;
    readonly quotes?: Readonly<Record<string, QuoteView | null>>;
    readonly positions?: Readonly<Record<string, PositionView | null>>;
    readonly totals?: Readonly<Record<string, TotalsView | null>>;
  };
  readonly append?: {
    readonly bars?: Readonly<Record<string, readonly ChartBar[]>>;
    readonly markers?: readonly MarkerView[];
    readonly equity?: readonly EquityPoint[];
  };
  readonly prepend?: { readonly trades?: readonly ClosedTrade[]; readonly refusals?: readonly RefusalView[] };
}

/** What the main process feeds the dashboard, at most ten times a second; facts reach the dashboard as `fact.recorded`. */
export interface WindowFeed {
  readonly run: RunView;
  readonly journal: JournalView;
  readonly actors: readonly ActorView[];
  readonly latch: boolean;
  readonly killLatencyMs: number | null;
  readonly modes: View['modes'];
  /** The newest quote of each symbol that changed since the last feed. */
  readonly quotes: readonly QuoteView[];
  /** Bars that closed or changed since the last feed; after a restart of the dashboard, all that are kept. */
  readonly bars: Readonly<Record<string, readonly ChartBar[]>>;
  readonly allowances: readonly WalletView[];
}
