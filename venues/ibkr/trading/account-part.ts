/**
 * What a session hears of its account: orders, executions, positions, balances. It listens in every state of the connection, since TWS tells of fills
 * whenever it likes (mode 1), and reads everything again at each new connection: open orders, completed ones, executions last (venues/ibkr §3.2).
 */
import type { Contract } from '@stoqey/ib';
import type { Instant } from '#trading/model/instrument.ts';
import type { VenueExecution, VenueFee, VenuePosition } from '#trading/model/live.ts';
import { add, isDecimalText, money, qty, quotient, ratio, scale, ZERO_QTY, type Money, type Qty, type Ratio } from '#trading/money/decimal.ts';
import type { IbkrError } from '../codes.ts';
import type { Line } from '../line.ts';
import type { SessionPart, SessionState, SyncReason } from '../session.ts';
import { Fills, type ExecutionRow } from './fills.ts';
import { Mirror, type Mirrored } from './mirror.ts';
import type { OrderClient } from './order-client.ts';
import { commissionOf, completedRow, executionRow, openRow, positionRow, signed, statusRow, type Holding, type InstrumentOf } from './rows.ts';

export interface AccountPorts {
  readonly clientId: number;
  readonly instrumentOf: InstrumentOf;
  readonly holdingOf: (contract: Contract) => Holding | null;
  readonly account: () => string;
  /** UTC ms on the market's clock. */
  readonly now: () => Instant;
  /** Resolves when one more request may go out. */
  readonly pace: () => Promise<void>;
  /** Before anything is read: what must be known of the contracts first. */
  readonly prepared: (line: Line<OrderClient>, why: SyncReason) => Promise<void>;
  readonly onOrder: (order: Mirrored) => void;
  readonly onCapped: (order: Mirrored, at: number) => void;
  readonly onExecution: (execution: VenueExecution) => void;
  readonly onFee: (fee: VenueFee) => void;
  /** An order of ours was told of, under whatever name. */
  readonly onHeard: (orderId: number, permId: number, status: string | null) => void;
  readonly onCode: (orderId: number, error: IbkrError) => void;
  /** Everything was read: what TWS holds back may be discarded. */
  readonly onRead: (line: Line<OrderClient>) => void;
  readonly onState: (state: SessionState) => void;
}

/** One reading of all that TWS keeps of orders. */
export interface Reading {
  readonly open: ReadonlySet<number>;
  readonly completed: ReadonlySet<number>;
}

const ANSWER_MS_MAX = 4000;
/** A commission comes with its execution, or soon after it. */
export const COMMISSION_MS_MAX = 2000;
/** A timer may be that early. */
const TIMER_MS = 5;
/** Ids of orders are below those of requests. */
const ORDER_ID_MAX = 999_999_999;
const CURRENCIES_MAX = 64;
const SUMMARY_TAGS = 'NetLiquidation,AvailableFunds';
const LEDGER_TAGS = '$LEDGER:ALL';

export interface Summary {
  readonly equity: Money;
  readonly available: Money;
}

export class AccountPart implements SessionPart<OrderClient> {
  readonly mirror: Mirror;
  readonly fills: Fills;
  readonly #ports: AccountPorts;
  /** By conId, signed. */
  readonly #held = new Map<number, Qty>();
  readonly #averages = new Map<number, { readonly contract: Contract; readonly quantity: number; readonly cost: number | undefined }>();
  /** How much of the account's own currency one unit is worth. */
  readonly #rates = new Map<string, Ratio>([['USD', ratio('1')]]);
  #collecting: { readonly open: Set<number>; readonly completed: Set<number> } | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** A reading that stands in line and has not begun. */
  #next: { readonly line: Line<OrderClient>; readonly reading: Promise<Reading> } | null = null;
  /** Readings stand in line: answers of two of the same question cannot be told apart. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(ports: AccountPorts) {
    this.#ports = ports;
    this.mirror = new Mirror(ports.clientId, ports.onCapped);
    this.fills = new Fills({ told: ports.onExecution, charged: ports.onFee, corrected: ports.onExecution });
  }

  attach(line: Line<OrderClient>): void {
    line.on('openOrder', (orderId, contract, order, state) => {
      const row = openRow(orderId, contract, order, state, this.#ports.instrumentOf);
      if (row === null) return;
      this.#collecting?.open.add(row.permId);
      this.#heard(row.clientId, orderId, row.permId, row.status);
      this.#news(this.mirror.row(row));
    });
    line.on('orderStatus', (orderId, status, filled, _remaining, _average, permId, _parent, _last, clientId, whyHeld, cap) => {
      const row = statusRow(status, filled, permId, whyHeld, cap);
      this.#heard(clientId ?? null, orderId, row.permId, status);
      this.#news(this.mirror.status(row));
    });
    line.on('completedOrder', (contract, order, state) => {
      const row = completedRow(contract, order, state, this.#ports.instrumentOf);
      if (row === null) return;
      this.#collecting?.completed.add(row.permId);
      this.#news(this.mirror.row(row));
    });
    line.on('execDetails', (_request, contract, execution) => {
      const read = executionRow(contract, execution, this.#ports.instrumentOf, this.#ports.now());
      if (read === null) return;
      const { cumulative } = read;
      const row = this.#named(read.row);
      this.#heard(row.clientId, row.orderId, row.permId, null);
      this.fills.hear(row, performance.now());
      this.#news(this.mirror.executed(row.permId, cumulative));
      this.#estimateLater();
    });
    line.on('commissionReport', (report) => {
      const paid = commissionOf(report);
      const fee = paid === null ? null : this.inUsd(paid.paid, paid.currency);
      if (paid !== null && fee !== null) this.fills.charged(paid.execId, fee);
    });
    line.on('position', (account, contract, quantity, cost) => {
      if (account === this.#ports.account()) this.#position(contract, quantity, cost);
    });
  }

  async sync(line: Line<OrderClient>, why: SyncReason): Promise<void> {
    await this.#ports.prepared(line, why);
    // Before the executions, whose commissions may be in any currency.
    await this.#ledger(line);
    await this.#positions(line);
    await this.read(line);
    if (why === 'connected') this.#ports.onRead(line);
  }

  onState(state: SessionState): void {
    this.#ports.onState(state);
  }

  onError(id: number, error: IbkrError): boolean {
    if (id < 0 || id > ORDER_ID_MAX) return false;
    this.#ports.onCode(id, error);
    this.#news(this.mirror.code(id, error.code, error.message));
    return true;
  }

  /** Everything that TWS keeps of orders, asked for after this was called. @throws Error where an answer did not come: that is no empty one. */
  read(line: Line<OrderClient>): Promise<Reading> {
    // One that has not begun yet is asked after this, too.
    if (this.#next?.line === line) return this.#next.reading;
    const reading = this.#inTurn(async () => {
      if (this.#next?.reading === reading) this.#next = null;
      const collecting = { open: new Set<number>(), completed: new Set<number>() };
      this.#collecting = collecting;
      try {
        await this.#ports.pace();
        await line.ask<null>('open orders', ANSWER_MS_MAX, ({ client, on, done }) => {
          on('openOrderEnd', () => done(null));
          client.reqAllOpenOrders();
        });
        await this.#ports.pace();
        await line.ask<null>('completed orders', ANSWER_MS_MAX, ({ client, on, done }) => {
          on('completedOrdersEnd', () => done(null));
          client.reqCompletedOrders(false);
        });
        // Last: what executes meanwhile is in this answer or comes after it.
        await this.#ports.pace();
        await line.ask<null>('executions', ANSWER_MS_MAX, ({ client, id, own, done }) => {
          own('execDetailsEnd', () => done(null));
          client.reqExecutions(id, {});
        });
      } finally {
        this.#collecting = null;
      }
      return collecting;
    });
    this.#next = { line, reading };
    return reading;
  }

  async positions(line: Line<OrderClient>): Promise<readonly VenuePosition[]> {
    await this.#inTurn(() => this.#positions(line));
    return [...this.#averages.values()].flatMap(({ contract, quantity, cost }) => positionRow(contract, quantity, cost, this.#ports.holdingOf) ?? []);
  }

  /** Signed; null before the positions were read. */
  held(conId: number): Qty {
    return this.#held.get(conId) ?? ZERO_QTY;
  }

  /** Signed sum of the executions of a contract at or after an instant. */
  movedSince(conId: number, at: Instant): Qty {
    const rows = this.fills.rows().filter((row) => row.conId === conId && row.execution.executedAt >= at);
    return add(ZERO_QTY, ...rows.map(({ execution }) => signed(execution.side, execution.qty)));
  }

  /** @throws Error where TWS does not say both. */
  async summary(line: Line<OrderClient>): Promise<Summary> {
    const values = await this.#inTurn(() => this.#summary(line, SUMMARY_TAGS));
    const one = (tag: string): Money => {
      const found = values.find((value) => value.tag === tag && isDecimalText(value.value));
      const usd = found === undefined ? null : this.inUsd(found.value, found.currency);
      if (usd === null) throw new Error(`TWS does not say ${tag} of ${this.#ports.account()} in a currency with a known rate`);
      return usd;
    };
    return { equity: one('NetLiquidation'), available: one('AvailableFunds') };
  }

  async balances(line: Line<OrderClient>): Promise<readonly { readonly currency: string; readonly total: Money }[]> {
    const values = await this.#inTurn(() => this.#ledger(line));
    return values.flatMap(({ tag, value, currency }) =>
      tag === 'CashBalance' && currency !== 'BASE' && isDecimalText(value) ? [{ currency, total: money(value) }] : [],
    );
  }

  /** Null where no rate of the currency is known. */
  inUsd(amount: string, currency: string): Money | null {
    const rate = this.#rates.get(currency === '' ? 'USD' : currency);
    const usd = this.#rates.get('USD');
    if (rate === undefined || usd === undefined || !isDecimalText(amount)) return null;
    return currency === 'USD' || currency === '' ? money(amount) : scale(money(amount), quotient(rate, usd));
  }

  /** Executions wait for their commission: told at our own price when it does not come. */
  get waiting(): boolean {
    return this.fills.waiting > 0;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #heard(clientId: number | null, orderId: number, permId: number, status: string | null): void {
    if (clientId === this.#ports.clientId && permId !== 0) this.#ports.onHeard(orderId, permId, status);
  }

  /** TWS may leave the reference out (mode 33): the order that executed has it. */
  #named(row: ExecutionRow): ExecutionRow {
    const { clientOrderId, parentId } = row.execution;
    const known = clientOrderId === null && parentId === null ? this.mirror.of(row.permId) : undefined;
    if (known === undefined) return row;
    return { ...row, execution: { ...row.execution, clientOrderId: known.clientOrderId, parentId: known.parentId, leg: known.leg } };
  }

  #news(order: Mirrored | null): void {
    if (order !== null) this.#ports.onOrder(order);
  }

  #position(contract: Contract, quantity: number, cost: number | undefined): void {
    const conId = contract.conId ?? 0;
    if (quantity === 0) {
      this.#averages.delete(conId);
      this.#held.delete(conId);
      return;
    }
    this.#averages.set(conId, { contract, quantity, cost });
    this.#held.set(conId, qty(String(quantity)));
  }

  async #positions(line: Line<OrderClient>): Promise<void> {
    const seen = new Set<number>();
    await this.#ports.pace();
    await line.ask<null>('positions', ANSWER_MS_MAX, ({ client, on, done }) => {
      on('position', (_account, contract) => void seen.add(contract.conId ?? 0));
      on('positionEnd', () => done(null));
      client.reqPositions();
    });
    for (const conId of [...this.#averages.keys()]) {
      if (seen.has(conId)) continue;
      this.#averages.delete(conId);
      this.#held.delete(conId);
    }
  }

  async #ledger(line: Line<OrderClient>): Promise<readonly Value[]> {
    const values = await this.#summary(line, LEDGER_TAGS);
    for (const { tag, value, currency } of values) {
      if (tag !== 'ExchangeRate' || !isDecimalText(value) || Number(value) <= 0) continue;
      if (this.#rates.size < CURRENCIES_MAX || this.#rates.has(currency)) this.#rates.set(currency, ratio(value));
    }
    return values;
  }

  async #summary(line: Line<OrderClient>, tags: string): Promise<readonly Value[]> {
    const values: Value[] = [];
    await this.#ports.pace();
    const asked = await line.ask<number>('the account', ANSWER_MS_MAX, ({ client, id, own, done }) => {
      own('accountSummary', (account, tag, value, currency) => {
        if (account === this.#ports.account()) values.push({ tag, value, currency });
      });
      own('accountSummaryEnd', () => done(id));
      client.reqAccountSummary(id, 'All', tags);
    });
    // TWS allows two at a time, and would go on every three minutes.
    if (!line.ended) line.client.cancelAccountSummary(asked);
    return values;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work, work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #estimateLater(): void {
    if (!this.waiting || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.fills.estimate(performance.now() - COMMISSION_MS_MAX);
      this.#estimateLater();
    }, COMMISSION_MS_MAX + TIMER_MS);
  }
}

interface Value {
  readonly tag: string;
  readonly value: string;
  readonly currency: string;
}
