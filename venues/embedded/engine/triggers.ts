/** The words of what waits for a price: conditional orders, and the exits of a position. */
import type { Price, Qty } from '#trading/money/decimal.ts';

export type PriceSource = 'last' | 'mark' | 'index';

export interface Trigger {
  readonly price: Price;
  /** `rise`: fires at or above the price; `fall`: at or below. */
  readonly direction: 'rise' | 'fall';
  readonly by: PriceSource;
}

/** One exit. A limit price makes it a limit order once triggered. */
export interface ExitLeg {
  readonly trigger: Price;
  readonly by: PriceSource;
  readonly limit: Price | null;
}

/** `full` follows the whole position, `partial` the quantity that its entry filled. */
export interface Protection {
  readonly mode: 'full' | 'partial';
  readonly takeProfit: ExitLeg | null;
  readonly stopLoss: ExitLeg | null;
}

/** What a stop order was made for. */
export type StopKind =
  | 'none'
  | 'stop'
  | 'take-profit'
  | 'stop-loss'
  | 'partial-take-profit'
  | 'partial-stop-loss'
  | 'tpsl'
  /** Of a whole position: it follows the best price. */
  | 'trailing-stop'
  /** As `trailing-stop`, from its activation price on. */
  | 'trailing-profit';

/** A stop that follows the best price since it was set, or since `activation` was reached. */
export interface TrailingExit {
  /** Quote units behind the best price, on the tick. */
  readonly distance: Price;
  readonly activation: Price | null;
  readonly by: PriceSource;
}

/** Exits of a part of a position. */
export interface PartialExits {
  /** Of each; null is the whole position. */
  readonly size: Qty | null;
  readonly takeProfit: ExitLeg | null;
  readonly stopLoss: ExitLeg | null;
}

/** Exits of a whole position: null clears one, undefined leaves it. */
export interface Exits {
  readonly takeProfit?: ExitLeg | null;
  readonly stopLoss?: ExitLeg | null;
  readonly trailing?: TrailingExit | null;
}
