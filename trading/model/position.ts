import type { Money, Price, Qty } from '../money/decimal.ts';
import type { Asset, Instant, Mode } from './instrument.ts';
import type { Bracket, FillReason, Side } from './order.ts';

/** An open position of one asset, mode and symbol; `side` is the side that opened it. */
export interface Position {
  readonly asset: Asset;
  readonly mode: Mode;
  readonly symbol: string;
  readonly strategyId: string;
  readonly side: Side;
  readonly qty: Qty;
  readonly averagePrice: Price;
  readonly fees: Money;
  readonly realised: Money;
  readonly bracket: Bracket | null;
  readonly entryOrderId: string;
  readonly openedAt: Instant;
  /** Paid less received (LC-6), USD; absent where it met no funding time. */
  readonly funding?: Money;
}

/** What closed it: a fill, or its settlement at expiry. */
export type ExitReason = FillReason | 'settlement';

/** A round trip: from the first entry fill to the fill that brought the position to zero, or to less than can be sold. */
export interface ClosedTrade {
  readonly tradeId: string;
  readonly asset: Asset;
  readonly mode: Mode;
  readonly symbol: string;
  readonly strategyId: string;
  readonly side: Side;
  readonly qty: Qty;
  readonly entryPrice: Price;
  readonly exitPrice: Price;
  readonly fees: Money;
  /** Paid less received (LC-6), USD; absent where it met no funding time. */
  readonly funding?: Money;
  /** What could not be sold in the end, at the last fill's price, USD: lost. Absent where all of it was. */
  readonly dust?: Money;
  /** Realised profit after fees, funding and dust, in USD. */
  readonly pnl: Money;
  readonly exitReason: ExitReason;
  readonly openedAt: Instant;
  readonly closedAt: Instant;
  readonly budgetBefore: Money;
  readonly budgetAfter: Money;
}
