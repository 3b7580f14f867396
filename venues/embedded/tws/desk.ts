/**
 * A plain, deterministic exchange: orders meet the played top of the market. Takers trade at the touch, resting limits at their own price; no more than the
 * quoted size trades on one quote, and nothing trades on a crossed or one-sided quote.
 */
import {
  add,
  atLeast,
  atMost,
  divide,
  greaterThan,
  isPositive,
  lessThan,
  negate,
  price,
  ratio,
  scale,
  smaller,
  subtract,
  ZERO_QTY,
  type Money,
  type Price,
  type Qty,
} from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Contract } from './contracts.ts';
import type { ExchangeEvent, ExchangeOrder, HeldPosition, Quote, TwsExchange, Working } from './exchange.ts';
import { commissionOf, incrementAt, inverse } from './market-rules.ts';
import { Wallet } from './wallet.ts';

/** Orders that may work at once. */
const ORDERS_MAX = 10_000;
const ONE = price('1');
const HALF = ratio('0.5');
const HUNDRED = ratio('100');

interface Touch {
  readonly contract: Contract;
  readonly bid: Price;
  readonly ask: Price;
  /** What is left of the quoted sizes. */
  bidSize: Qty;
  askSize: Qty;
}

export class Desk implements TwsExchange {
  readonly #wallet: Wallet;
  readonly #quotes = new Map<number, Quote>();
  readonly #touches = new Map<number, Touch>();
  readonly #working = new Map<string, Working>();
  readonly #pairs: ReadonlyMap<string, Contract>;

  /** `pairs` say what currencies are worth. */
  constructor(usd: Money, pairs: readonly Contract[]) {
    this.#wallet = new Wallet(usd);
    this.#pairs = new Map(pairs.map((pair) => [pair.localSymbol, pair]));
  }

  /** @throws Error where the key is in use, or too many orders work. */
  submit(order: ExchangeOrder, at: Instant): readonly ExchangeEvent[] {
    if (this.#working.has(order.key)) throw new Error(`order ${order.key} is working already`);
    if (this.#working.size >= ORDERS_MAX) throw new Error(`more than ${ORDERS_MAX} working orders`);
    const working: Working = {
      order,
      filled: ZERO_QTY,
      triggered: order.kind === 'MKT' || order.kind === 'LMT',
      stop: order.stop,
      resting: false,
    };
    this.#working.set(order.key, working);
    const events = this.#meet(working, at);
    if (order.immediate === 'no' || !this.#working.has(order.key)) {
      working.resting = working.triggered;
      return events;
    }
    this.#working.delete(order.key);
    return [...events, { kind: 'expired', key: order.key }];
  }

  amend(
    key: string,
    change: { readonly qty: Qty; readonly limit: Price | null; readonly stop: Price | null },
    at: Instant,
  ): readonly ExchangeEvent[] {
    const working = this.#working.get(key);
    if (working === undefined) return [];
    const moved = change.limit !== working.order.limit || change.stop !== working.order.stop;
    working.order = { ...working.order, ...change };
    if (working.order.kind !== 'TRAIL') working.stop = change.stop;
    if (moved) working.resting = false;
    const events = this.#meet(working, at);
    working.resting = working.triggered;
    return events;
  }

  cancel(key: string): void {
    this.#working.delete(key);
  }

  onQuote(contract: Contract, quote: Quote, at: Instant): readonly ExchangeEvent[] {
    this.#quotes.set(contract.conId, quote);
    const touch = touchOf(contract, quote);
    if (touch === null) this.#touches.delete(contract.conId);
    else this.#touches.set(contract.conId, touch);
    if (touch === null || this.#working.size === 0) return [];
    const events: ExchangeEvent[] = [];
    for (const working of [...this.#working.values()]) {
      if (working.order.contract.conId !== contract.conId || this.#working.get(working.order.key) !== working) continue;
      events.push(...this.#meet(working, at));
      working.resting = working.triggered;
    }
    return events;
  }

  quote(conId: number): Quote | undefined {
    return this.#quotes.get(conId);
  }

  worked(): readonly Contract[] {
    return [...new Set([...this.#working.values()].map(({ order }) => order.contract))];
  }

  working(): Iterable<Readonly<Working>> {
    return this.#working.values();
  }

  positions(): readonly HeldPosition[] {
    return this.#wallet.positions();
  }

  position(conId: number): HeldPosition | undefined {
    return this.#wallet.position(conId);
  }

  cash(): ReadonlyMap<string, Money> {
    return this.#wallet.cash();
  }

  deliver(contract: Contract, change: Qty, at: Price): void {
    this.#wallet.book(contract, change, at);
  }

  usdRate(currency: string): Price | null {
    if (currency === 'USD') return ONE;
    const direct = this.#mid(`${currency}.USD`);
    if (direct !== null) return direct;
    const indirect = this.#mid(`USD.${currency}`);
    return indirect === null ? null : inverse(indirect);
  }

  #mid(pair: string): Price | null {
    const quote = this.#quotes.get(this.#pairs.get(pair)?.conId ?? 0);
    if (quote === undefined || quote.bid === null || quote.ask === null) return null;
    return scale(add(quote.bid, quote.ask), HALF);
  }

  recall({ cash, positions, working }: Parameters<TwsExchange['recall']>[0]): void {
    this.#wallet.recall(cash, positions);
    this.#working.clear();
    for (const each of working) this.#working.set(each.order.key, each);
  }

  /** What the order comes to at the market as it stands. */
  #meet(working: Working, at: Instant): readonly ExchangeEvent[] {
    const touch = this.#touches.get(working.order.contract.conId);
    if (touch === undefined) return [];
    const events: ExchangeEvent[] = [];
    if (!working.triggered) {
      follow(working, touch);
      if (!isHit(working, touch)) return [];
      working.triggered = true;
      events.push({ kind: 'triggered', key: working.order.key });
    }
    const buys = working.order.side === 'BUY';
    const best = buys ? touch.ask : touch.bid;
    const limit = working.order.kind === 'LMT' || working.order.kind === 'STP LMT' ? working.order.limit : null;
    if (limit !== null && (buys ? greaterThan(best, limit) : lessThan(best, limit))) return events;
    const wanted = subtract(working.order.qty, working.filled);
    const offered = buys ? touch.askSize : touch.bidSize;
    if (working.order.immediate === 'FOK' && lessThan(offered, wanted)) return events;
    const traded = smaller(wanted, offered);
    if (isPositive(traded)) events.push(this.#fill(working, touch, traded, working.resting && limit !== null ? limit : best, at));
    return events;
  }

  #fill(working: Working, touch: Touch, traded: Qty, priced: Price, at: Instant): ExchangeEvent {
    const { order } = working;
    const { contract } = order;
    const buys = order.side === 'BUY';
    if (buys) touch.askSize = subtract(touch.askSize, traded);
    else touch.bidSize = subtract(touch.bidSize, traded);
    const rate = this.usdRate(contract.currency) ?? ONE;
    const commission = commissionOf(contract, traded, priced, rate, working.filled === ZERO_QTY);
    const gain = this.#wallet.book(contract, buys ? traded : negate(traded), priced);
    this.#wallet.pay('USD', commission);
    working.filled = add(working.filled, traded);
    if (atLeast(working.filled, order.qty)) this.#working.delete(order.key);
    const realised = gain === null ? null : subtract(scale(gain, ratio(rate)), commission);
    const maker = working.resting && order.limit !== null;
    return { kind: 'filled', fill: { key: order.key, contract, side: order.side, qty: traded, price: priced, maker, commission, realised, at } };
  }
}

function touchOf(contract: Contract, quote: Quote): Touch | null {
  const { bid, ask, bidSize, askSize } = quote;
  if (bid === null || ask === null || greaterThan(bid, ask)) return null;
  return { contract, bid, ask, bidSize, askSize };
}

/** A trailing stop follows the market, never back. */
function follow(working: Working, touch: Touch): void {
  const { trail, side, contract } = working.order;
  if (trail === null) return;
  const best = side === 'BUY' ? touch.ask : touch.bid;
  const distance = 'amount' in trail ? trail.amount : toIncrement(contract, divide(scale(best, trail.percent), HUNDRED));
  const candidate = side === 'BUY' ? add(best, distance) : subtract(best, distance);
  const closer = working.stop === null || (side === 'BUY' ? lessThan(candidate, working.stop) : greaterThan(candidate, working.stop));
  if (closer) working.stop = candidate;
}

/** The nearest multiple of the increment, at least one of it. */
function toIncrement(contract: Contract, value: Price): Price {
  const increment = incrementAt(contract, value);
  return scale(increment, ratio(String(Math.max(1, Math.round(Number(value) / Number(increment))))));
}

function isHit(working: Working, touch: Touch): boolean {
  if (working.stop === null) return false;
  return working.order.side === 'BUY' ? atLeast(touch.ask, working.stop) : atMost(touch.bid, working.stop);
}
