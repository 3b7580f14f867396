import type { Money, Price, Qty, Ratio } from '../money/decimal.ts';

export const ASSETS = ['crypto_spot', 'crypto_futures', 'forex', 'options'] as const;
export type Asset = (typeof ASSETS)[number];
export const MODES = ['paper', 'live'] as const;
export type Mode = (typeof MODES)[number];
export const BROKERS = ['bybit', 'ibkr'] as const;
export type Broker = (typeof BROKERS)[number];
/** UTC milliseconds since the epoch. */
export type Instant = number;

/** What a broker charges an order where it is not a part of the notional alone: by unit (contract) or in basis points of the notional, USD. */
export type Commission = { readonly perUnit: Money; readonly min: Money } | { readonly bps: Ratio; readonly min: Money };

/** One step of a venue's price grid: at and above `from` prices lie on multiples of `tick`. */
export interface TickStep {
  readonly from: Price;
  readonly tick: Price;
}

/** One tradable contract of the catalog (LC-1). Symbols are unified: `BTC/USDT` spot, `ADA/USDT:USDT` linear perpetual. */
export interface Instrument {
  readonly id: string;
  readonly asset: Asset;
  readonly broker: Broker;
  readonly symbol: string;
  readonly venueSymbol: string;
  readonly type: 'spot' | 'perp' | 'future' | 'option' | 'fx';
  readonly base: string;
  readonly quote: string;
  readonly underlying: string;
  readonly expiry: Instant | null;
  readonly multiplier: Ratio;
  /** The smallest step. */
  readonly tickSize: Price;
  /** Where the step grows with the price (options at IBKR), lowest first; absent where it is the same everywhere. */
  readonly tickLadder?: readonly TickStep[];
  readonly lotSize: Qty;
  readonly minQty: Qty;
  readonly maxQty: Qty | null;
  readonly minNotional: Money;
  readonly takerFee: Ratio;
  readonly makerFee: Ratio;
  /** In place of the fees where the venue's table says so. */
  readonly commission?: Commission;
  /** Smaller orders are taken as odd lots, on worse terms (IDEALPRO). */
  readonly oddLotBelow?: Qty;
  /** Options only: which one of its underlying. */
  readonly option?: { readonly strike: Price; readonly right: 'C' | 'P' };
  readonly settlement: 'none' | 'cash' | 'physical';
  readonly exerciseStyle: 'none' | 'american' | 'european';
  readonly fundingSchedule: { readonly intervalMinutes: number } | null;
  readonly sessionCalendar: string;
}

export const brokerOf = (asset: Asset): Broker => (asset === 'crypto_spot' || asset === 'crypto_futures' ? 'bybit' : 'ibkr');
