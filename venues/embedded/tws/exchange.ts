/** The exchange behind the façade, as a port: orders go in, what came of them goes out. `desk.ts` is one; the venue's engine can be another. */
import type { Money, Price, Qty, Ratio } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Contract } from './contracts.ts';

/** The top of the market. A side without a price has none; its size is 0. */
export interface Quote {
  readonly bid: Price | null;
  readonly ask: Price | null;
  readonly bidSize: Qty;
  readonly askSize: Qty;
  readonly at: Instant;
}

export type OrderKind = 'MKT' | 'LMT' | 'STP' | 'STP LMT' | 'TRAIL';

export interface ExchangeOrder {
  /** The façade's own unique name. */
  readonly key: string;
  readonly contract: Contract;
  readonly side: 'BUY' | 'SELL';
  readonly qty: Qty;
  readonly kind: OrderKind;
  readonly limit: Price | null;
  /** Trigger of stops; the first stop of a trailing one, null to begin at the market. */
  readonly stop: Price | null;
  readonly trail: { readonly amount: Price } | { readonly percent: Ratio } | null;
  /** What is not filled at once is expired (`IOC`), or nothing is filled unless all can be (`FOK`). */
  readonly immediate: 'no' | 'IOC' | 'FOK';
}

export interface Fill {
  readonly key: string;
  readonly contract: Contract;
  readonly side: 'BUY' | 'SELL';
  readonly qty: Qty;
  readonly price: Price;
  readonly maker: boolean;
  /** USD. */
  readonly commission: Money;
  /** USD, net of this commission; null where the fill closed nothing. */
  readonly realised: Money | null;
  readonly at: Instant;
}

export type ExchangeEvent =
  | { readonly kind: 'triggered'; readonly key: string }
  | { readonly kind: 'filled'; readonly fill: Fill }
  | { readonly kind: 'expired'; readonly key: string };

export interface HeldPosition {
  readonly contract: Contract;
  /** Negative is short. */
  readonly qty: Qty;
  readonly averagePrice: Price;
}

/** An order that works, as it stands. */
export interface Working {
  order: ExchangeOrder;
  filled: Qty;
  /** Of stops; others are born triggered. */
  triggered: boolean;
  stop: Price | null;
  /** It was in the book before the quote came: its limit is the price. */
  resting: boolean;
}

export interface TwsExchange {
  submit(order: ExchangeOrder, at: Instant): readonly ExchangeEvent[];
  /** Replaces quantity and prices; the quantity counts what is filled already. Nothing where no such order works. */
  amend(key: string, change: { readonly qty: Qty; readonly limit: Price | null; readonly stop: Price | null }, at: Instant): readonly ExchangeEvent[];
  cancel(key: string): void;
  onQuote(contract: Contract, quote: Quote, at: Instant): readonly ExchangeEvent[];
  quote(conId: number): Quote | undefined;
  /** Contracts that orders are working in. */
  worked(): readonly Contract[];
  working(): Iterable<Readonly<Working>>;
  /** Only what is not flat. */
  positions(): readonly HeldPosition[];
  position(conId: number): HeldPosition | undefined;
  /** By currency. */
  cash(): ReadonlyMap<string, Money>;
  /** A change of position without an order: exercise, assignment, expiry, correction. Cash moves by the price. */
  deliver(contract: Contract, change: Qty, at: Price): void;
  /** USD that one unit of the currency is worth by the quoted pairs; null where no pair says so. */
  usdRate(currency: string): Price | null;
  /** In the place of what it was opened with. */
  recall(account: {
    readonly cash: readonly (readonly [string, Money])[];
    readonly positions: readonly HeldPosition[];
    readonly working: readonly Working[];
  }): void;
}
