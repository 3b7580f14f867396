import type { Money, Price, Ratio } from '../money/decimal.ts';
import type { Side } from './order.ts';
import type { Instant } from './instrument.ts';

/** An option by its name, `AAPL 2026-01-16 230 C`: no other symbol has a blank. */
export const isOptionSymbol = (symbol: string): boolean => symbol.includes(' ');

/** One option of a chain: what tells it from the others. */
export interface OptionContract {
  /** Names it among all options. */
  readonly symbol: string;
  readonly underlying: string;
  /** When it stops trading. */
  readonly expiry: Instant;
  readonly strike: Price;
  readonly right: 'C' | 'P';
  readonly multiplier: Ratio;
}

/** Where in the chain the wanted option lies, and how far from there it may be. */
export type OptionTarget =
  /** The size of its delta, 0 to 1, of calls and puts alike. */
  | { readonly kind: 'delta'; readonly value: number; readonly within: number }
  /** How far it is out of the money, as a fraction of the underlying's price; below 0 it is in the money. */
  | { readonly kind: 'moneyness'; readonly value: number; readonly within: number };

/** What a strategy asks for instead of a contract. Options are bought: a view of `buy` wants a call, of `sell` a put. */
export interface OptionWish {
  readonly underlying: string;
  readonly view: Side;
  /** Whole days to expiry, both inclusive. */
  readonly dteMin: number;
  readonly dteMax: number;
  readonly target: OptionTarget;
  /** SZ-4: what one contract may cost, premium × multiplier, USD; null for any price. */
  readonly premiumMax: Money | null;
}

/** What is known of an option now. Only quotes that may price an order belong here (QS-1, QS-2). */
export interface OptionSeen {
  /** Null where nobody bids. */
  readonly bid: Price | null;
  readonly ask: Price | null;
  readonly delta: number | null;
}

/** Which contract of the underlying that it signals for, in the direction of its signal: what a strategy may ask for. */
export type OptionAsk = Pick<OptionWish, 'dteMin' | 'dteMax' | 'target'>;

/** What a trader of options is configured with: which contract it asks for, and where the bracket of one that is bought lies. */
export interface ContractChoice extends OptionAsk {
  /** From the premium paid, as fractions of it. */
  readonly stopFraction: number;
  readonly takeProfitFraction: number;
}
