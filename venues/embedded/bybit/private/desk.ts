/** The account behind the private endpoints: the engine, fed by the boards, and its events on their way to the private streams. */
import { price, qty, ratio } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import { AccountFile } from '../../account-file.ts';
import { MatchingExchange } from '../../engine/exchange.ts';
import type { Memory } from '../../engine/memory.ts';
import type { ExchangeOptions } from '../../engine/state.ts';
import type { ContractTerms, Depth, ExchangeEvent, FeeSchedule, Order, Outcome, Quote } from '../../engine/types.ts';
import type { Board, Change, Exchange } from '../../exchange.ts';
import type { Instrument } from '../../instruments.ts';
import { CATEGORIES, listingKey, type Category } from '../../listing.ts';
import { Maintenance } from './maintenance.ts';
import { categoryOf, idMaker, termsOf } from './terms.ts';

export interface DeskOptions {
  readonly seed: string;
  readonly wallet: Readonly<Record<string, string>>;
  readonly leverage: string;
  readonly fundingRate: string;
  /** Where the account is kept between two processes; null where it need not be. */
  readonly file: string | null;
}

const MARKET_SLIPPAGE = '0.01';
/** Bybit: 500 open orders; 10 conditional ones of a perpetual, 30 of a spot symbol; 20 exits of parts of a perpetual's position, 30 on spot. */
const OPEN_ORDERS_MAX = 500;
const CONDITIONALS_MAX = { exchange: 30, margin: 10 } as const;
const PARTIAL_EXITS_MAX = { exchange: 30, margin: 20 } as const;

export class Desk {
  readonly engine: MatchingExchange;
  readonly maintenance = new Maintenance();
  readonly #exchange: Exchange;
  readonly #options: DeskOptions;
  readonly #file: AccountFile<Memory> | null;
  readonly #seen = new Map<Board, number>();
  /** Other than those of a default account. */
  readonly #fees = new Map<string, FeeSchedule>();
  /** Where events go; set by the streams. */
  onEvents: (events: readonly ExchangeEvent[]) => void = () => undefined;

  constructor(exchange: Exchange, options: DeskOptions) {
    this.#exchange = exchange;
    this.#options = options;
    for (const board of exchange.boards('linear')) board.fundingRate = board.played.fundingRate ?? (() => options.fundingRate);
    this.#file = options.file === null ? null : new AccountFile<Memory>(options.file);
    const engine: ExchangeOptions = {
      seed: options.seed,
      contracts: this.#boards().map(({ played, fundingRate }) => termsOf(played.instrument, fundingRate)),
      ids: idMaker(options.seed, exchange.now),
      openedAt: exchange.now,
      wallet: options.wallet,
      leverage: ratio(options.leverage),
      marketSlippage: ratio(MARKET_SLIPPAGE),
      openOrdersMax: OPEN_ORDERS_MAX,
      conditionalsMax: CONDITIONALS_MAX,
      partialExitsMax: PARTIAL_EXITS_MAX,
    };
    this.engine = new MatchingExchange(engine, this.#file?.memories);
    for (const board of exchange.boards('linear')) board.openInterest = () => this.engine.openContracts(listingKey('linear', board.symbol));
    const file = this.#file;
    if (file !== null) this.engine.onMemory = (memory) => file.append(memory);
  }

  close(): void {
    this.#file?.close();
  }

  /** Whether rows of legs name the order that they protect: nobody has seen what Bybit's spot market does. */
  namesEntries: () => boolean = () => true;

  get now(): Instant {
    return this.#exchange.now;
  }

  /** The market moved. Only contracts where the account has something are looked at; the others wait until somebody asks. */
  onChanges(changes: readonly Change[]): void {
    for (const { board, trade } of changes) {
      if (!this.engine.wants(listingKey(board.category, board.symbol))) continue;
      this.#seen.set(board, board.sequence);
      this.onEvents(this.engine.onQuote(quoteOf(board, trade), this.now));
    }
    this.onTime();
  }

  onTime(): void {
    const events = this.engine.onTime(this.now);
    if (events.length > 0) this.onEvents(events);
  }

  /** Brings every contract up to the played market; before any request is answered. */
  sync(): void {
    for (const board of this.#boards()) this.#catchUp(board);
  }

  board(category: string, symbol: string): Board | undefined {
    return this.#exchange.board(category, symbol);
  }

  /** The book as an order would find it, best first. */
  depth(board: Board, levels: number): Depth {
    this.#catchUp(board);
    return this.engine.book(listingKey(board.category, board.symbol), levels) ?? { bids: [], asks: [] };
  }

  /** The highest buy and the lowest sell that are taken now; '' where there is no such limit. */
  limits(board: Board): { readonly buy: string; readonly sell: string } {
    this.#catchUp(board);
    return this.engine.priceLimits(listingKey(board.category, board.symbol)) ?? { buy: '', sell: '' };
  }

  /** The outcome's events leave once its answer has. */
  after<T>(outcome: Outcome<T>): Outcome<T> {
    if (outcome.events.length > 0) setImmediate(() => this.onEvents(outcome.events));
    return outcome;
  }

  /** The client id of the order that an exit protects. */
  entryLink({ entry, request }: Order): string {
    if (entry === null || !this.namesEntries()) return '';
    return this.engine.order({ contract: request.contract, id: entry, linkId: null })?.request.linkId ?? '';
  }

  category(contract: string): Category {
    return categoryOf(this.engine.terms(contract)?.kind ?? 'margin');
  }

  /** The venue changes an instrument's filters, or stops and resumes its trading. */
  setInstrument(instrument: Instrument, trading = true): void {
    const rate = this.#boardOf(listingKey(instrument.category, instrument.symbol))?.fundingRate ?? (() => this.#options.fundingRate);
    this.engine.setTerms(this.#charged({ ...termsOf(instrument, rate), trading }));
  }

  /** The venue closes what the account has of a contract. @throws RangeError where it has no positions. */
  closeOut(contract: string, origin: 'deleveraging' | 'settlement'): void {
    this.sync();
    this.onEvents(this.engine.close(contract, origin, this.now));
  }

  /** A rate below zero is a rebate. Filters that change later keep it. @throws RangeError where there is no such contract. */
  setFee(contract: string, of: 'maker' | 'taker', rate: string): void {
    const terms = this.engine.terms(contract);
    if (terms?.fees.kind !== 'rate') throw new RangeError(`${contract} has no fees by rate`);
    this.#fees.set(contract, { ...terms.fees, [of]: ratio(rate) });
    this.engine.setTerms(this.#charged(terms));
  }

  /** Null: in what is traded. */
  payFeesIn(category: Category, currency: string | null, at: string): void {
    const kind = category === 'spot' ? 'exchange' : 'margin';
    this.engine.switches.feesIn[kind] = currency === null ? null : { currency, price: ratio(at) };
  }

  #charged(terms: ContractTerms): ContractTerms {
    return { ...terms, fees: this.#fees.get(terms.key) ?? terms.fees };
  }

  setFunding(contract: string, rate: string): void {
    const terms = this.engine.terms(contract);
    if (terms === undefined || terms.funding === null) throw new RangeError(`${contract} has no funding`);
    this.engine.setTerms({ ...terms, funding: { ...terms.funding, rateAt: () => ratio(rate) } });
    const board = this.#boardOf(contract);
    if (board !== undefined) board.fundingRate = () => rate;
  }

  #boardOf(contract: string): Board | undefined {
    return this.#boards().find(({ category, symbol }) => listingKey(category, symbol) === contract);
  }

  #catchUp(board: Board): void {
    if (this.#seen.get(board) === board.sequence) return;
    this.#seen.set(board, board.sequence);
    this.onEvents(this.engine.onQuote(quoteOf(board, board.trades.last), this.now));
  }

  #boards(): readonly Board[] {
    return CATEGORIES.flatMap((category) => this.#exchange.boards(category));
  }
}

function quoteOf({ category, symbol, book, mark, played }: Board, trade: Change['trade']): Quote {
  return {
    contract: listingKey(category, symbol),
    bid: price(book.bid),
    bidSize: qty(book.bidSize),
    ask: price(book.ask),
    askSize: qty(book.askSize),
    mark: mark === null ? null : price(mark.mark.toFixed(played.priceDecimals)),
    index: mark === null ? null : price(mark.index.toFixed(played.priceDecimals)),
    trade: trade === null ? null : { price: price(trade.price), size: qty(trade.size), aggressor: trade.side === 'Buy' ? 'buy' : 'sell' },
  };
}
