import type { Money, Price, Qty, Ratio } from '../money/decimal.ts';
import type { Asset, Commission, Instant, Mode } from './instrument.ts';
import type { QuoteSnapshot } from './quote.ts';

export type Side = 'buy' | 'sell';
export const opposite = (side: Side): Side => (side === 'buy' ? 'sell' : 'buy');

/** BR-1: both legs are mandatory on an entry; the other forms are a strategy's to ask for, and absent where it did not. */
export interface Bracket {
  readonly takeProfit: Price;
  readonly stopLoss: Price;
  readonly trailing?: Trailing;
  /** From the nearest to the entry outwards, at most RUNGS_MAX, all nearer than the take-profit. What they leave goes at it or at the stop. */
  readonly partialTakeProfits?: readonly Rung[];
}

/** The stop follows the best price since `activation` was reached (null: from the start) by `distance`, and never goes back. */
export interface Trailing {
  readonly distance: Price;
  readonly activation: Price | null;
}

/** A part of the filled entry quantity that is sold at `price`; the fractions of all rungs sum to less than one. */
export interface Rung {
  readonly price: Price;
  readonly fraction: Ratio;
}

/** Rungs of one bracket: each is an order of its own at a venue. */
export const RUNGS_MAX = 5;

/** How the quantity came about (SZ-1…5), kept with the order so that a person can follow it. */
export interface SizingBasis {
  readonly budget: Money;
  readonly multiplier: Ratio;
  readonly baseCap: Money;
  readonly notionalCap: Money;
  readonly usable: Money;
}

/** What a trader wants. An exit only ever reduces a position and carries no bracket and no sizing. */
export interface OrderIntent {
  readonly clientOrderId: string;
  readonly strategyId: string;
  readonly asset: Asset;
  readonly mode: Mode;
  readonly symbol: string;
  readonly side: Side;
  readonly kind: 'entry' | 'exit';
  readonly qty: Qty;
  readonly snapshot: QuoteSnapshot;
  readonly bracket: Bracket | null;
  readonly sizing: SizingBasis | null;
  readonly signal: string;
  readonly nonce: number;
  readonly intendedAt: Instant;
}

/** What RT-3 changed, before and after, and the filter that asked for it. */
export interface Clamp {
  readonly field: 'qty' | 'takeProfit' | 'stopLoss' | 'trailingDistance' | 'trailingActivation' | 'partialTakeProfit';
  readonly before: string;
  readonly after: string;
  /** `minimum`: a rung below the venue's smallest order went into the leg at `after`. */
  readonly filter: 'tick_size' | 'lot_size' | 'max_qty' | 'minimum';
}

/** PX-1: everything random about one paper order, drawn from the recorded seed. */
export interface PaperDraws {
  readonly seed: string;
  readonly latencyMs: number;
  /** Part of the quantity that fills, in (0, 1]; 1 is a whole fill. */
  readonly fillFraction: Ratio;
}

export type FillReason = 'entry' | 'exit' | 'stop_loss' | 'take_profit' | 'flatten';

/** One execution. Paper carries its proof; live carries the venue's execution id. */
export interface Fill {
  readonly fillId: string;
  readonly clientOrderId: string;
  readonly asset: Asset;
  readonly mode: Mode;
  readonly symbol: string;
  readonly strategyId: string;
  readonly side: Side;
  readonly reason: FillReason;
  readonly price: Price;
  readonly qty: Qty;
  readonly fee: Money;
  /** Base units that the fee took out of the quantity before it reached the position (spot buys); `qty` is without them. */
  readonly feeQty?: Qty;
  readonly filledAt: Instant;
  readonly paper: PaperProof | null;
  readonly venueExecutionId: string | null;
}

/** What a paper fill follows from: the quote that priced it, the draws, and the rates in force. */
export interface PaperProof {
  readonly pricedOn: QuoteSnapshot;
  readonly draws: PaperDraws;
  readonly slippageBps: number;
  readonly takerFee: Ratio;
  readonly tickSize: Price;
  readonly lotSize: Qty;
  readonly multiplier: Ratio;
  readonly triggerPrice: Price | null;
  /** Only where it took the place of `takerFee`. */
  readonly commission?: Commission;
}

/** Why an order is over. `not_sent` provably never reached a venue or the simulator. */
export type OrderEnd = 'filled' | 'partially_filled' | 'cancelled' | 'expired' | 'rejected' | 'not_sent';
