import type { Money, Ratio } from '../money/decimal.ts';
import type { Sessions } from './calendar.ts';
import type { Asset, Broker } from './instrument.ts';

type PerAsset<T> = Readonly<Record<Asset, T>>;

/** Everything CF-1 and CF-2 configure that changes a decision. Fractions are ratios: 2 % is `0.02`. */
export interface Settings {
  readonly allocMode: 'absolute' | 'percent';
  /** USD in `absolute` mode; the same field holds a fraction of the wallet in `percent` mode. */
  readonly alloc: PerAsset<Money>;
  readonly perTradeRisk: PerAsset<Ratio>;
  readonly percentSizingThreshold: Money;
  readonly percentSizingAboveThreshold: PerAsset<Ratio>;
  /** What a paper wallet of `percent` mode starts with, USD; journals of before it existed have none. */
  readonly paperWallet?: Readonly<Record<Broker, Money>>;
  readonly profitRollover: boolean;
  readonly enforceWalletAvailable: boolean;
  /** SZ-4: below the venue's round size an order goes as an odd lot; absent is yes. */
  readonly allowOddLots?: boolean;
  readonly maxConcurrent: number;
  readonly maxPositions: PerAsset<number>;
  readonly cooldownSeconds: number;
  readonly scale: {
    readonly enabled: boolean;
    readonly windowDays: number;
    readonly ladder: readonly { readonly profit: Money; readonly multiplier: Ratio }[];
  };
  readonly leverageCaps: PerAsset<Ratio>;
  readonly risk: RiskLimits;
  readonly paper: PaperRules;
  /** LC-6: paper perpetuals pay and receive funding; absent is no. */
  readonly fundingEnabled?: boolean;
  /** SS-1; absent where nothing that trades has sessions, and in journals of before it existed: then no market counts as closed. */
  readonly sessions?: Sessions;
  /** Absent in journals of before it existed: then nothing is done about an expiry but to settle it. */
  readonly expiry?: ExpiryRules;
  readonly strictBrackets: boolean;
  readonly rateLimit: Ratio;
}

/** LC-2, LC-5: what is done about the expiry of options. */
export interface ExpiryRules {
  /** No opening with fewer whole days left. */
  readonly openDteMin: number;
  /** The house sells what it holds so many minutes before trading ends for good; 0 is never, and it is held to expiry. */
  readonly closeMinutes: number;
  /** In the money by at least this is exercised by itself, USD a share (OCC Rule 805). */
  readonly exerciseThreshold: Money;
}

export interface RiskLimits {
  /** Largest loss at the stop, as a fraction of B (RK-1). */
  readonly maxLossPerOrder: Ratio;
  /** Loss of the UTC day against its opening equity (RK-1). */
  readonly dailyLossCap: Ratio;
  /** Fall from the highest equity (RK-1). */
  readonly maxDrawdown: Ratio;
  /** Largest move of a quote against the last good one before it is taken for an error (QS-2). */
  readonly quoteCollar: Ratio;
  /** QS-1: 2,000 ms unless configured lower. */
  readonly quoteAgeMsMax: number;
  /** Largest notional of one order in USD, whatever the budget says (RK-2). */
  readonly maxOrderNotional: Money;
  /** Orders of one asset and mode in any minute (RK-2). */
  readonly ordersPerMinuteMax: number;
  /** Approved entries of one strategy, symbol and side within the window that follows; one more disables the strategy (RK-2). */
  readonly repeatedEntriesMax: number;
  readonly repeatedEntriesWindowSeconds: number;
  /** Losing round trips in a row, of one strategy in one asset and mode, that disable it; 0 for never (RK-2). */
  readonly losingTradesMax: number;
  /** How long the same entry (strategy, symbol, side, quantity) counts as the one before, sent twice; 0 for never (RK-2). */
  readonly duplicateWindowMs: number;
  /** Largest distance of the venue's stamp on a quote from ours (RK-2). */
  readonly clockSkewMsMax: number;
}

export interface PaperRules {
  /** PX-1 on; off fills at the touch with no partials, for comparison only. */
  readonly harsh: boolean;
  readonly slippageBps: number;
  readonly partialProbability: number;
  readonly latencyMsMin: number;
  readonly latencyMsMax: number;
  /** `book`: only the size that the quote shows fills at the touch, the rest a step worse. Absent is `touch`. */
  readonly fillDepth?: 'touch' | 'book';
}
