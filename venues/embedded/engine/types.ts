/**
 * The words of the matching engine, free of any broker: one account at one exchange. A façade (Bybit v5, TWS) translates its protocol into
 * these requests and these events back. No I/O and no clock: time comes as a value, events come out as values.
 */
import type { Money, Price, Qty, Ratio } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Account } from './account.ts';
import type { RiskTier } from './tiers.ts';
import type { Exits, PartialExits, Protection, StopKind, Trigger } from './triggers.ts';

/** The façade's own unique name of a contract: `linear:BTCUSDT`, `fx:EUR.USD`, a conId as text. */
export type ContractKey = string;
export type OrderId = string;
export type Side = 'buy' | 'sell';

export type FeeSchedule =
  /** A fraction of the notional. `received` takes it out of what the fill brings in (base on buys, quote on sells); `quote` always of the quote. */
  | { readonly kind: 'rate'; readonly taker: Ratio; readonly maker: Ratio; readonly paidIn: 'received' | 'quote' }
  /** Money a unit of quantity, at least `minimum` an execution. */
  | { readonly kind: 'per-unit'; readonly perUnit: Money; readonly minimum: Money };

export interface ContractTerms {
  readonly key: ContractKey;
  /** What a fill does: `exchange` swaps base against quote, `margin` opens and closes a position that settles in quote. */
  readonly kind: 'exchange' | 'margin';
  readonly base: string;
  readonly quote: string;
  /** Quote units that one unit of quantity moves for a price move of one. */
  readonly multiplier: Ratio;
  readonly tick: Price;
  readonly step: Qty;
  readonly minQty: Qty;
  readonly maxLimitQty: Qty;
  readonly maxMarketQty: Qty;
  /** Quote units. */
  readonly minNotional: Money;
  readonly fees: FeeSchedule;
  /** 1 where nothing can be borrowed. */
  readonly maxLeverage: Ratio;
  /** Smallest first. Without any, nothing is liquidated and positions have no limit. */
  readonly tiers: readonly RiskTier[];
  /** How far from the mark a limit may lie, as a fraction; null where there is no such limit. */
  readonly priceLimit: Ratio | null;
  /** Rate paid by longs to shorts at a settlement, one every interval at multiples of it since the epoch; null where there is no funding. */
  readonly funding: { readonly intervalMs: number; readonly rateAt: (at: Instant) => Ratio } | null;
  /** False while the exchange takes no orders of it. */
  readonly trading: boolean;
}

/** The top of the played book. Empty sides have a size of 0. */
export interface Quote {
  readonly contract: ContractKey;
  readonly bid: Price;
  readonly bidSize: Qty;
  readonly ask: Price;
  readonly askSize: Qty;
  /** What was traded since the quote before, where anything was. */
  readonly trade: { readonly price: Price; readonly size: Qty; readonly aggressor: Side } | null;
  /** Null where the contract has none of its own: then the last price is both. */
  readonly mark: Price | null;
  readonly index: Price | null;
}

export interface Level {
  readonly price: Price;
  readonly size: Qty;
}

/** Best first. The played top, and seeded synthetic levels behind it; without the account's own orders. */
export interface Depth {
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

export type OrderType = 'limit' | 'market';
export type TimeInForce = 'gtc' | 'ioc' | 'fok' | 'post-only';
/** `cross`: the account stands for every position; `isolated`: each stands for itself. */
export type MarginMode = 'cross' | 'isolated';
/** Two-way (hedge) accounts keep long and short apart. */
export type PositionSlot = 'one-way' | 'long' | 'short';

export interface Leverage {
  readonly long: Ratio;
  readonly short: Ratio;
}

export interface OrderRequest {
  readonly contract: ContractKey;
  /** The client's own id, or '' for none. */
  readonly linkId: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly qty: Qty;
  /** `quote`: the quantity of a market order is quote money (exchange contracts only). */
  readonly qtyUnit: 'base' | 'quote';
  /** Null for market orders. */
  readonly price: Price | null;
  readonly timeInForce: TimeInForce;
  /** How far a market order may walk from the best opposite price, as a fraction; null takes the exchange's own cap. */
  readonly slippage: Ratio | null;
  readonly reduceOnly: boolean;
  readonly closeOnTrigger: boolean;
  readonly slot: PositionSlot;
  /** A conditional order: it rests untriggered. */
  readonly trigger: Trigger | null;
  readonly stopKind: StopKind;
  readonly protection: Protection | null;
  /** Held back until this order has filled; cancelled where that ends unfilled. */
  readonly parent: OrderId | null;
  /** One cancels all: when one of the group fills or triggers, the others are cancelled. */
  readonly group: string | null;
  /** What becomes of it and of an own resting order that it meets; absent: they trade. */
  readonly selfMatch?: SelfMatch;
  /** Of orders that the exchange makes: why. */
  readonly origin?: Origin;
}

export type SelfMatch = 'cancel-maker' | 'cancel-taker' | 'cancel-both';
export type Origin = 'liquidation' | 'takeover' | 'deleveraging' | 'settlement';

export type OrderState =
  | 'untriggered'
  | 'triggered'
  | 'new'
  | 'partially-filled'
  | 'filled'
  | 'cancelled'
  /** Exchange contracts: cancelled with fills. */
  | 'partially-filled-cancelled'
  /** Exchange contracts: cancelled before it was triggered. */
  | 'deactivated'
  | 'rejected';

export type CancelReason =
  | 'none'
  | 'user'
  | 'reduce-only'
  /** The rest of an immediate order found no liquidity within its price. */
  | 'no-immediate-quantity'
  /** A post-only order would have taken. */
  | 'post-only'
  /** The position that the exit protected is gone. */
  | 'exit-cleared'
  | 'group'
  | 'liquidation'
  | 'deleveraging'
  | 'settlement'
  /** It would have traded with an order of the same account. */
  | 'self-match'
  | 'margin'
  | 'disconnect'
  | 'admin';

/** An order as it stood when the event was made. */
export interface Order {
  readonly id: OrderId;
  /** Of an exit: the order that it protects. */
  readonly entry: OrderId | null;
  readonly request: OrderRequest;
  /** As amended. */
  readonly price: Price | null;
  readonly qty: Qty;
  readonly trigger: Trigger | null;
  readonly protection: Protection | null;
  readonly state: OrderState;
  readonly cancelReason: CancelReason;
  /** The own order that it met, where it was cancelled for that. */
  readonly met?: OrderId;
  readonly filled: Qty;
  /** Quote units. */
  readonly filledValue: Money;
  /** 0 once it has ended. */
  readonly leaves: Qty;
  /** By currency; positive is paid. */
  readonly fees: Readonly<Record<string, Money>>;
  /** Quote units, of the fills that closed a position. */
  readonly realised: Money;
  /** The last price when it was accepted. */
  readonly lastAtCreation: Price | null;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  /** Rises by one with every change of any order: the order of events. */
  readonly sequence: number;
}

export interface Execution {
  readonly id: string;
  readonly kind: 'trade' | 'funding' | 'liquidation' | 'deleveraging' | 'settlement';
  readonly contract: ContractKey;
  /** Funding has an order id of its own that no order carries. */
  readonly orderId: OrderId;
  readonly linkId: string;
  readonly side: Side;
  readonly price: Price;
  /** Funding: the whole position. */
  readonly qty: Qty;
  readonly value: Money;
  /** Positive is paid. Funding: what the position pays. */
  readonly fee: Money;
  readonly feeCurrency: string;
  readonly feeRate: Ratio;
  readonly maker: boolean;
  /** How much of it closed a position. */
  readonly closed: Qty;
  /** Quote units, before fees. */
  readonly realised: Money;
  /** Of what was paid to open the position, the share of the part that this closed. */
  readonly openFee: Money;
  readonly leverage: Ratio;
  readonly mark: Price;
  /** Of the order, after this execution. */
  readonly leaves: Qty;
  readonly at: Instant;
  readonly sequence: number;
  readonly slot: PositionSlot;
}

export interface Position {
  readonly contract: ContractKey;
  readonly slot: PositionSlot;
  /** Negative is short. */
  readonly size: Qty;
  /** 0 where flat. */
  readonly averagePrice: Price;
  /** What was paid for it, quote units: |size| × average × multiplier to the last decimal. */
  readonly cost: Money;
  readonly leverage: Ratio;
  /** By its value at the mark; null where the contract has none. */
  readonly tier: RiskTier | null;
  readonly mark: Price;
  readonly unrealised: Money;
  /** Since it was opened, and ever: profits, fees and funding. */
  readonly realised: Money;
  readonly realisedEver: Money;
  readonly initialMargin: Money;
  readonly maintenanceMargin: Money;
  /** Null where there is none. */
  readonly liquidation: Price | null;
  /** Isolated margin: the price at which nothing of the margin is left; null in cross margin. */
  readonly bankruptcy: Price | null;
  readonly takeProfit: Price | null;
  readonly stopLoss: Price | null;
  /** Distance of the trailing stop. */
  readonly trailing: Price | null;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly sequence: number;
}

export type RefusalCode =
  | 'UNKNOWN_CONTRACT'
  | 'NOT_TRADING'
  | 'NO_MARKET'
  | 'DUPLICATE_LINK'
  | 'BAD_REQUEST'
  | 'OFF_TICK'
  | 'OFF_STEP'
  | 'BELOW_MIN_QTY'
  | 'ABOVE_MAX_QTY'
  | 'BELOW_MIN_NOTIONAL'
  | 'PRICE_LIMIT'
  | 'INSUFFICIENT_FUNDS'
  | 'REDUCE_ONLY'
  | 'POSITION_MODE'
  | 'TRIGGER_SIDE'
  | 'EXIT_SIDE'
  | 'TOO_MANY_ORDERS'
  | 'TOO_MANY_CONDITIONALS'
  | 'TOO_MANY_EXITS'
  /** Exits of parts of a position would sell more than it has. */
  | 'EXIT_SIZE'
  | 'ORDER_NOT_FOUND'
  | 'ORDER_ENDED'
  | 'NOT_MODIFIED'
  | 'QTY_BELOW_FILLED'
  | 'LEVERAGE_RANGE'
  | 'LEVERAGE_TIER'
  | 'RISK_LIMIT'
  /** The best price that a market order would find is beyond the price limits. */
  | 'THIN_BOOK'
  | 'NO_POSITION'
  | 'HAS_POSITION_OR_ORDERS'
  | 'MARGIN_SHORT'
  /** What was set would liquidate a position at once. */
  | 'WOULD_LIQUIDATE';

export interface Refusal {
  readonly code: RefusalCode;
  /** What was wrong, and what would be right, with numbers. */
  readonly what: string;
}

export type ExchangeEvent =
  | { readonly kind: 'order'; readonly order: Order }
  | { readonly kind: 'execution'; readonly execution: Execution; readonly order: Order | null }
  /** Also after every change of an order of the contract, even where the position did not change. */
  | { readonly kind: 'position'; readonly position: Position }
  /** These currencies changed. */
  | { readonly kind: 'account'; readonly currencies: readonly string[] };

/** What a request came to. The events are those of the request; a façade sends the answer first. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T; readonly events: readonly ExchangeEvent[] }
  | { readonly ok: false; readonly refusal: Refusal; readonly events: readonly ExchangeEvent[] };

/** By the exchange's id, or by the client's; the id wins where both are given. */
export interface OrderRef {
  readonly contract: ContractKey;
  readonly id: OrderId | null;
  readonly linkId: string | null;
}

/** What is not named stays; `protection` null clears it. */
export interface Amendment {
  readonly price?: Price;
  readonly qty?: Qty;
  readonly trigger?: Price;
  readonly protection?: Protection | null;
}

/** `all` counts ended orders too. Newest first. */
export interface OrderFilter {
  readonly contract?: ContractKey;
  readonly id?: OrderId;
  readonly linkId?: string;
  readonly states: 'open' | 'all';
}

export interface Exchange {
  /** Terms as they stand; they can change while it runs. */
  terms(contract: ContractKey): ContractTerms | undefined;
  contracts(): readonly ContractTerms[];

  /** A filter changed. @throws RangeError where there is no such contract. */
  setTerms(terms: ContractTerms): void;

  /** In two-way mode an order against its slot only reduces, whether it says so or not. */
  submit(request: OrderRequest, now: Instant): Outcome<Order>;
  amend(ref: OrderRef, amendment: Amendment, now: Instant): Outcome<Order>;
  cancel(ref: OrderRef, now: Instant, reason?: CancelReason): Outcome<Order>;
  /** Open orders that `which` picks; those ended are the value. */
  cancelAll(which: (order: Order) => boolean, now: Instant, reason?: CancelReason): Outcome<readonly Order[]>;

  /** Of longs and of shorts: two of them only in two-way mode with isolated margin. */
  setLeverage(contract: ContractKey, leverage: Leverage, now: Instant): Outcome<null>;
  /** Of the whole account, where its funds carry what it holds in the other mode. */
  setMarginMode(mode: MarginMode, now: Instant): Outcome<null>;
  marginMode(): MarginMode;
  /** Only while the contract has neither position nor open order. */
  setHedge(contract: ContractKey, hedge: boolean, now: Instant): Outcome<null>;
  /** `full` exits of a position. A take profit and a stop loss that are given together are a pair: cancelling one cancels both. */
  setExits(contract: ContractKey, slot: PositionSlot, exits: Exits, now: Instant): Outcome<Position>;
  /** `partial` exits, beside those that there are: all of them or none. */
  addExits(contract: ContractKey, slot: PositionSlot, exits: PartialExits, now: Instant): Outcome<readonly Order[]>;

  /** The exchange closes what the account has of a contract, at the mark. @throws RangeError where there is no such contract. */
  close(contract: ContractKey, origin: 'deleveraging' | 'settlement', now: Instant): readonly ExchangeEvent[];

  /** The market moved: fills, triggers, liquidations. Cheap where the account has nothing of the contract. */
  onQuote(quote: Quote, now: Instant): readonly ExchangeEvent[];
  /** Whether a quote of this contract can change anything of the account: façades may withhold the others until they are asked. */
  wants(contract: ContractKey): boolean;
  /** Time passed without a quote: funding. */
  onTime(now: Instant): readonly ExchangeEvent[];

  book(contract: ContractKey, levels: number): Depth | undefined;
  /** The highest buy and the lowest sell that are taken now. */
  priceLimits(contract: ContractKey): { readonly buy: Price; readonly sell: Price } | undefined;
  mark(contract: ContractKey): Price | undefined;

  order(ref: OrderRef): Order | undefined;
  orders(filter: OrderFilter): readonly Order[];
  /** Newest first. */
  executions(contract?: ContractKey): readonly Execution[];
  /** With a contract also where flat; without, only open ones. */
  positions(contract?: ContractKey): readonly Position[];
  account(): Account;
}
