/** What the request handlers of the façade share. */
import type { Qty } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Account } from './account.ts';
import type { History } from './history.ts';
import type { Contract, Contracts } from './contracts.ts';
import type { ExchangeEvent, TwsExchange } from './exchange.ts';
import type { Market } from './market.ts';
import type { OrderBook } from './orders/book.ts';
import type { Session } from './session.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Switches } from './switches.ts';

export interface Context {
  readonly accountName: string;
  readonly switches: Switches;
  readonly contracts: Contracts;
  readonly exchange: TwsExchange;
  readonly market: Market;
  readonly account: Account;
  readonly book: OrderBook;
  readonly subscriptions: Subscriptions;
  readonly history: History;
  /** Holidays of the exchanges for shares and options, yyyymmdd. */
  readonly closed: ReadonlySet<string>;
  now(): Instant;
  /** Once so much market time has passed; at once for 0. */
  later(ms: number, work: () => void): void;
  sessions(): Iterable<Session>;
  /** What traded, to the book and to everybody concerned. */
  take(events: readonly ExchangeEvent[]): void;
  /** A position of the contract has changed: whoever asked is told. */
  moved(contract: Contract): void;
  /** Options of the last request to exercise, settled in the night. */
  exercise(contract: Contract, quantity: Qty, lapse: boolean): void;
}
