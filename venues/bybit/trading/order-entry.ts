/**
 * Orders and account at Bybit (the ports of protocol/ports.ts) over an unmodified ccxt. One call is one request; nothing is repeated but reads.
 * Amounts are the venue's own decimal text.
 */
import type { Account, OrderEntry, OrderReports } from '#protocol/ports.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type {
  Amendment,
  ChangeOutcome,
  KnownProtection,
  Lookup,
  OrderRef,
  OrderTerms,
  Placement,
  PlaceOutcome,
  VenueBalance,
  VenueExecution,
  VenueFunding,
  VenueOrder,
  VenuePosition,
} from '#trading/model/live.ts';
import type { Bracket } from '#trading/model/order.ts';
import { isDecimalText, money, ZERO_MONEY, type Money } from '#trading/money/decimal.ts';
import { isOwnOrderId } from '#trading/execution/order-names.ts';
import { categoryOf } from '../markets.ts';
import { acknowledgement, fromExecutions, legExecution, listed, notSent, wallet } from './answers.ts';
import { changeFailure, isPaused, placeFailure, type Answer } from './outcome.ts';
import { balanceOf, executionOf, fundingOf, orderOf, positionOf, triggersOf } from './rows.ts';
import { createBody, tradingStopBody, type Body } from './request.ts';
import { HeardExecutions } from './heard.ts';
import { Legs } from './legs.ts';
import { NotSent, type BybitSession } from './session.ts';
import { Scope } from './scope.ts';
import { freeCoins } from './spot-coins.ts';
import type { Rank } from './turns.ts';

const SETTLEMENT_COIN = 'USDT';
const PAGE_ROWS = 50;
const PAGES_MAX = 40;
/** Entries of a symbol that Bybit does not trade now are not sent for so long. */
const PAUSE_MS = 10 * 60_000;
/** An execution that nobody was told of for so long is found by the reconciler, which reads every 15 s. */
const UNTOLD_MS = 60_000;

export class BybitOrders implements OrderEntry, Account {
  readonly terms: OrderTerms;
  readonly #session: BybitSession;
  readonly #scope: Scope;
  readonly #legs = new Legs();
  readonly #heard = new HeardExecutions();
  /** Executions of legs that are reported when their order was read. */
  readonly #asked = new Set<Promise<void>>();
  /** Asked for and not answered. */
  readonly #cancels = new Map<string, Promise<ChangeOutcome>>();
  /** Until when a symbol takes no entries, and why. */
  readonly #paused = new Map<string, { readonly until: Instant; readonly why: string }>();

  constructor(session: BybitSession, terms: OrderTerms) {
    this.#session = session;
    this.#scope = new Scope(() => session.instruments());
    this.terms = terms;
  }

  async place(order: Placement): Promise<PlaceOutcome> {
    const { symbol, purpose, deadlineAt } = order;
    let body: Body;
    try {
      if (purpose === 'entry') this.#refusePaused(symbol);
      body = createBody(order, this.#session.instrument(symbol).venueSymbol);
    } catch (error) {
      return notSent(error);
    }
    // Before it leaves: its legs may be reported before it is answered.
    if (order.bracket !== null) this.#legs.learn({ ...order, bracket: order.bracket, sentAt: this.#session.now() });
    try {
      if (purpose === 'exit' || purpose === 'flatten') await this.#freeCoins(order);
      const answer = await this.#session.place(body, deadlineAt);
      const parsed = acknowledgement.safeParse(answer);
      if (!parsed.success) return { kind: 'unknown', reason: 'Bybit acknowledged without an order id', answered: true };
      return { kind: 'acknowledged', venueOrderId: parsed.data.orderId };
    } catch (error) {
      const outcome = error instanceof NotSent ? notSent(error) : this.#failed(order, this.#session.answerOf(error));
      // What was not taken has no legs.
      if (outcome.kind === 'rejected') this.#legs.forget(symbol, order.clientOrderId);
      return outcome;
    }
  }

  /** Who asks again while the first one waits for its turn is told what comes of that: a queue of the same cancel would only grow. */
  cancel(order: OrderRef): Promise<ChangeOutcome> {
    const key = `${order.symbol} ${order.venueOrderId ?? ''} ${order.clientOrderId}`;
    const asked = this.#cancels.get(key) ?? this.#cancel(order).finally(() => this.#cancels.delete(key));
    this.#cancels.set(key, asked);
    return asked;
  }

  async #cancel(order: OrderRef): Promise<ChangeOutcome> {
    const named = order.venueOrderId === null ? { orderLinkId: order.clientOrderId } : { orderId: order.venueOrderId };
    const at = { symbol: this.#session.instrument(order.symbol).venueSymbol, ...named };
    if (categoryOf(order.symbol) === 'linear') return this.#session.cancels.cancel(at);
    const body = { category: 'spot', ...at };
    const outcome = await this.#change('privatePostV5OrderCancel', body);
    // A spot stop lives in a book of its own.
    return outcome.kind === 'gone' ? this.#change('privatePostV5OrderCancel', { ...body, orderFilter: 'tpslOrder' }) : outcome;
  }

  /** A leg of a perpetual is changed at its position, one of spot and a stop order of the house's own under its id. */
  async amend(order: OrderRef, bracket: Bracket, limits?: Pick<Amendment, 'stop' | 'deadlineAt'>): Promise<ChangeOutcome> {
    const { venueSymbol } = this.#session.instrument(order.symbol);
    const category = categoryOf(order.symbol);
    const stop = limits?.stop ?? null;
    const moved = { category, symbol: venueSymbol, triggerPrice: bracket.stopLoss };
    if (stop !== null) return this.#change('privatePostV5OrderAmend', { ...moved, orderLinkId: stop.clientOrderId }, limits?.deadlineAt);
    let leg: string | null = null;
    try {
      if (category === 'spot' && limits !== undefined) leg = await this.#spotStop(order, venueSymbol);
    } catch (error) {
      return { kind: 'rejected', code: 'NOT_SENT', text: this.#session.answerOf(error).text };
    }
    // Before it leaves: its leg may be reported before it is answered.
    this.#legs.amended(order.symbol, order.clientOrderId, bracket);
    if (leg !== null) return this.#change('privatePostV5OrderAmend', { ...moved, orderId: leg }, limits?.deadlineAt);
    if (category === 'linear') return this.#change('privatePostV5PositionTradingStop', tradingStopBody(bracket, venueSymbol), limits?.deadlineAt);
    const { takeProfit, stopLoss } = bracket;
    const body = { category, symbol: venueSymbol, orderLinkId: order.clientOrderId, takeProfit, stopLoss };
    return this.#change('privatePostV5OrderAmend', body, limits?.deadlineAt);
  }

  /** Legs of spot are orders of their own, in a book of their own; null while the entry has none. */
  async #spotStop({ clientOrderId }: OrderRef, symbol: string): Promise<string | null> {
    const query = { category: 'spot', symbol, orderFilter: 'tpslOrder', openOnly: 0 };
    const legs = await this.#allNamed(await this.#rows('privateGetV5OrderRealtime', query, 'urgent'), 'urgent');
    return legs.find(({ parentId, leg, status }) => parentId === clientOrderId && leg === 'stop_loss' && status === 'open')?.venueOrderId ?? null;
  }

  recall(protections: readonly KnownProtection[]): void {
    for (const { takeProfit, stops, ...entry } of protections) {
      for (const stopLoss of stops) this.#legs.learn({ ...entry, bracket: { takeProfit, stopLoss } });
    }
  }

  /** Open and closed, then the history, then executions: absent only where all three have nothing. */
  async lookup({ clientOrderId, symbol }: OrderRef): Promise<Lookup> {
    const query = { category: categoryOf(symbol), orderLinkId: clientOrderId };
    try {
      const [row] = await this.#orderRows(query, 'urgent');
      const executions = await this.#executions(query, 'urgent');
      this.#heard.tell(executions);
      if (row !== undefined) {
        const order = this.#order(row);
        return order === null ? { kind: 'absent' } : { kind: 'found', order, executions };
      }
      const [first] = executions;
      return first === undefined ? { kind: 'absent' } : { kind: 'found', order: fromExecutions(first, executions), executions };
    } catch (error) {
      return { kind: 'unavailable', reason: this.#session.answerOf(error).text };
    }
  }

  async openOrders(): Promise<readonly VenueOrder[]> {
    const rows: unknown[] = [];
    for (const settleCoin of this.#scope.settleCoins())
      rows.push(...(await this.#rows('privateGetV5OrderRealtime', { category: 'linear', settleCoin, openOnly: 0 })));
    if (this.#scope.trades('crypto_spot')) {
      for (const orderFilter of ['Order', 'StopOrder', 'tpslOrder']) {
        rows.push(...(await this.#rows('privateGetV5OrderRealtime', { category: 'spot', orderFilter, openOnly: 0 })));
      }
    }
    return (await this.#allNamed(rows, 'plain')).filter(({ status }) => status === 'open');
  }

  async executionsSince(since: Instant): Promise<readonly VenueExecution[]> {
    const found: VenueExecution[] = [];
    for (const query of this.#scope.windows(since, this.#session.now())) found.push(...(await this.#executions(query)));
    this.#heard.tell(found);
    return found.sort((left, right) => left.executedAt - right.executedAt);
  }

  async fundingSince(since: Instant): Promise<readonly VenueFunding[]> {
    if (!this.#scope.trades('crypto_futures')) return [];
    const rows: unknown[] = [];
    for (const query of this.#scope.windows(since, this.#session.now(), ['linear'])) {
      rows.push(...(await this.#rows('privateGetV5ExecutionList', { ...query, execType: 'Funding', limit: 100 })));
    }
    return rows.flatMap((row) => this.#funding(row) ?? []).sort((left, right) => left.executedAt - right.executedAt);
  }

  async positions(): Promise<readonly VenuePosition[]> {
    const found: VenuePosition[] = [];
    for (const settleCoin of this.#scope.settleCoins()) {
      const rows = await this.#rows('privateGetV5PositionList', { category: 'linear', settleCoin, limit: 200 });
      found.push(...rows.map((row) => positionOf(row, (symbol) => this.#scope.ofCategory(symbol, 'linear'))).filter((position) => position !== null));
    }
    if (!this.#scope.trades('crypto_spot')) return found;
    const coins = new Map((await this.#coins()).map((coin) => [coin.currency, coin]));
    for (const { asset, symbol, base } of this.#session.instruments()) {
      const held = asset === 'crypto_spot' ? coins.get(base)?.held : undefined;
      // The venue keeps no entry price of a coin; who compares takes the quantity.
      if (held !== undefined && held !== '0') found.push({ asset, symbol, side: 'buy', qty: held, averagePrice: null });
    }
    return found;
  }

  balances(): Promise<readonly VenueBalance[]> {
    return this.#coins();
  }

  /** Bybit says both in USD, in every margin mode but the isolated one, whose account fields are empty: then the settlement coin counts. */
  async wallet(): Promise<{ readonly equity: Money; readonly available: Money }> {
    const [account] = wallet.parse(await this.#session.read('privateGetV5AccountWalletBalance', { accountType: 'UNIFIED' })).list;
    if (account === undefined) throw new Error('Bybit lists no unified account');
    const { totalEquity, totalAvailableBalance, coin } = account;
    if (isDecimalText(totalEquity) && isDecimalText(totalAvailableBalance))
      return { equity: money(totalEquity), available: money(totalAvailableBalance) };
    const settled = coin.map(balanceOf).find(({ currency }) => currency === SETTLEMENT_COIN);
    return { equity: settled?.total ?? ZERO_MONEY, available: settled?.available ?? ZERO_MONEY };
  }

  subscribe(reports: OrderReports): Promise<void> {
    const { onOrder, onFunding, onResumed, onLimit } = reports;
    return this.#session.open(
      (topic, rows) => {
        for (const row of rows) {
          const order = topic === 'order' ? this.#order(row) : null;
          if (order !== null) onOrder(order);
          if (topic === 'order') continue;
          const funding = this.#funding(row);
          if (funding !== null) onFunding?.(funding);
          this.#onExecution(row, reports);
        }
      },
      onResumed,
      onLimit,
    );
  }

  /** A leg whose entry nobody told of yet is asked for first: booked on no order, it would be nobody's. */
  #onExecution(row: unknown, { onExecution }: OrderReports): void {
    const execution = this.#execution(row);
    if (execution === null) return;
    // Heard is what was handed on: a close asks for what was not.
    const tell = (told: VenueExecution): void => {
      this.#heard.hear(told);
      onExecution(told);
    };
    if (execution.leg === null || execution.parentId !== null || execution.clientOrderId !== null) return tell(execution);
    const asked = this.#learnLeg(row, { category: categoryOf(execution.symbol) }, 'urgent')
      .catch(() => undefined)
      .then(() => tell(this.#execution(row) ?? execution))
      .finally(() => this.#asked.delete(asked));
    this.#asked.add(asked);
  }

  /** What a person asks of the session, and the symbols that take no entries now. */
  health(): Readonly<Record<string, unknown>> {
    return { ...this.#session.health(), paused: [...this.#paused].map(([symbol, { why }]) => `${symbol}: ${why}`) };
  }

  observe(now: Instant): void {
    this.#session.observe(now);
  }

  async caughtUp(): Promise<void> {
    await this.#session.caughtUp();
    await Promise.all(this.#asked);
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  async #freeCoins({ symbol, side }: Placement): Promise<void> {
    if (categoryOf(symbol) !== 'spot') return;
    const at = { category: 'spot', symbol: this.#session.instrument(symbol).venueSymbol };
    const open = async (orderFilter: string): Promise<readonly VenueOrder[]> =>
      this.#allNamed(await this.#rows('privateGetV5OrderRealtime', { ...at, orderFilter, openOnly: 0 }, 'urgent'), 'urgent');
    const cancel = (orderId: string, orderFilter: string): Promise<ChangeOutcome> =>
      this.#change('privatePostV5OrderCancel', { ...at, orderFilter, orderId });
    const startTime = this.#session.now() - UNTOLD_MS;
    const untold = async () => (await this.#executions({ ...at, startTime }, 'urgent')).filter((execution) => !this.#heard.isTold(execution));
    await freeCoins({ open, cancel, untold }, symbol, side);
  }

  #failed({ symbol }: Placement, answer: Answer): PlaceOutcome {
    if (isPaused(answer)) this.#paused.set(symbol, { until: this.#session.now() + PAUSE_MS, why: answer.text });
    return placeFailure(answer);
  }

  #refusePaused(symbol: string): void {
    const paused = this.#paused.get(symbol);
    if (paused === undefined) return;
    const left = paused.until - this.#session.now();
    if (left > 0) throw new RangeError(`${symbol} takes no entries for another ${Math.ceil(left / 1000)} s: ${paused.why}`);
    this.#paused.delete(symbol);
  }

  #order(raw: unknown): VenueOrder | null {
    const order = orderOf(raw, (symbol) => this.#scope.instrumentOf(symbol, raw));
    if (order === null) return null;
    const { bracket, trigger, madeAt } = triggersOf(raw);
    const { clientOrderId, leg } = order;
    const isEntry = leg === null && (bracket.takeProfit !== null || bracket.stopLoss !== null);
    if (isEntry && clientOrderId !== null && isOwnOrderId(clientOrderId)) this.#legs.learn({ ...order, clientOrderId, bracket, sentAt: madeAt });
    return this.#legs.named(order, { trigger, madeAt });
  }

  #execution(raw: unknown): VenueExecution | null {
    return executionOf(
      raw,
      (symbol) => this.#scope.instrumentOf(symbol, raw),
      (orderId) => this.#legs.of(orderId),
    );
  }

  #funding(raw: unknown): VenueFunding | null {
    return fundingOf(raw, (symbol) => this.#scope.ofCategory(symbol, 'linear'));
  }

  async #executions(query: Body, rank: Rank = 'plain'): Promise<readonly VenueExecution[]> {
    const rows = await this.#rows('privateGetV5ExecutionList', { ...query, limit: 100 }, rank);
    const found: VenueExecution[] = [];
    for (const row of rows) {
      await this.#learnLeg(row, query, rank);
      const execution = this.#execution(row);
      if (execution === null) continue;
      const doubt = this.#heard.listed(execution, this.#session.reportsSince, this.#session.now());
      if (doubt !== null) this.#session.suspectStream(doubt);
      found.push(execution);
    }
    return found.sort((left, right) => left.executedAt - right.executedAt);
  }

  /** A leg that no report told of, as after a restart: its order says which entry it protects, or the entries of its symbol do. */
  async #learnLeg(raw: unknown, { category = 'linear' }: Body, rank: Rank): Promise<void> {
    const parsed = legExecution.safeParse(raw);
    if (!parsed.success || isOwnOrderId(parsed.data.orderLinkId) || this.#legs.of(parsed.data.orderId) !== undefined) return;
    for (const row of (await this.#orderRows({ category, orderId: parsed.data.orderId }, rank)).slice(0, 1)) await this.#named(row, rank);
  }

  async #allNamed(rows: readonly unknown[], rank: Rank): Promise<readonly VenueOrder[]> {
    const orders: VenueOrder[] = [];
    const read = new Set<string>();
    for (const row of rows) {
      const order = await this.#named(row, rank, read);
      if (order !== null) orders.push(order);
    }
    return orders;
  }

  /** `read`: symbols whose entries were read already, so that legs of strangers cost one question a symbol. */
  async #named(raw: unknown, rank: Rank, read = new Set<string>()): Promise<VenueOrder | null> {
    const order = this.#order(raw);
    if (order === null || order.leg === null || order.parentId !== null || read.has(order.symbol)) return order;
    read.add(order.symbol);
    const { venueSymbol } = this.#session.instrument(order.symbol);
    const query = { category: categoryOf(order.symbol), symbol: venueSymbol, orderFilter: 'Order', limit: PAGE_ROWS };
    for (const [call, more] of [
      ['privateGetV5OrderRealtime', { openOnly: 1 }],
      ['privateGetV5OrderHistory', {}],
    ] as const) {
      for (const row of listed.parse(await this.#session.read(call, { ...query, ...more }, rank)).list) this.#order(row);
    }
    return this.#order(raw);
  }

  async #orderRows(query: Body, rank: Rank): Promise<readonly unknown[]> {
    return (await this.#rows('privateGetV5OrderRealtime', query, rank)).concat(await this.#rows('privateGetV5OrderHistory', query, rank));
  }

  async #coins() {
    const { list } = wallet.parse(await this.#session.read('privateGetV5AccountWalletBalance', { accountType: 'UNIFIED' }));
    return list.flatMap(({ coin }) => coin.map(balanceOf));
  }

  /** Every page: without a limit Bybit answers twenty rows and no error. */
  async #rows(call: Parameters<BybitSession['read']>[0], query: Body, rank: Rank = 'plain'): Promise<unknown[]> {
    const rows: unknown[] = [];
    let cursor = '';
    for (let page = 0; page < PAGES_MAX; page++) {
      const answer = listed.parse(await this.#session.read(call, { limit: PAGE_ROWS, ...query, ...(cursor === '' ? {} : { cursor }) }, rank));
      rows.push(...answer.list);
      if (answer.nextPageCursor === '' || answer.list.length === 0) return rows;
      cursor = answer.nextPageCursor;
    }
    throw new Error(`Bybit lists more than ${PAGES_MAX} pages of ${call}`);
  }

  async #change(call: Parameters<BybitSession['write']>[0], body: Body, deadlineAt?: Instant): Promise<ChangeOutcome> {
    try {
      await this.#session.write(call, body, deadlineAt);
      return { kind: 'done' };
    } catch (error) {
      if (error instanceof NotSent) return { kind: 'rejected', code: 'NOT_SENT', text: error.message };
      return changeFailure(this.#session.answerOf(error));
    }
  }
}
