import type { Price, Qty } from '../money/decimal.ts';
import type { Asset, Broker, Instant } from './instrument.ts';

/** QS-1: what an order is priced on. `last` and the sizes may be unknown; `volume` is what traded since the quote before. */
export interface QuoteSnapshot {
  readonly id: string;
  readonly broker: Broker;
  readonly asset: Asset;
  readonly symbol: string;
  readonly bid: Price;
  readonly ask: Price;
  readonly bidQty: Qty | null;
  readonly askQty: Qty | null;
  readonly last: Price | null;
  readonly volume: Qty | null;
  /** Of an option, as the venue's own model told it last, -1 to 1. It chooses a contract and never prices one. */
  readonly delta?: number;
  readonly exchangeAt: Instant;
  readonly receivedAt: Instant;
}

/** A closed bar; `at` is its open. Prices are float64: indicators only. */
export interface Bar {
  readonly at: Instant;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}
