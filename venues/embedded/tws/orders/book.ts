/**
 * TWS's order book: held orders, families, OCA groups, and in which order it speaks of them (venues/ibkr "Event choreography"). What trades is the
 * exchange's; what is told, and to whom, is decided here.
 */
import { atLeast, isNegative, isPositive, negate, price, subtract, ZERO_MONEY, ZERO_QTY, type Price, type Qty } from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import type { Contract } from '../contracts.ts';
import type { ExchangeEvent, Fill, TwsExchange } from '../exchange.ts';
import { sayError, type Said } from '../say.ts';
import type { Switches } from '../switches.ts';
import { admit, warnings, type Terms } from './admit.ts';
import type { Executions } from './executions.ts';
import {
  commissionReportOf,
  completedOf,
  execDetailsOf,
  openOrderOf,
  statusOf,
  whatIfOf,
  type ExecutionRecord,
  type MarginEffect,
  type OrderRecord,
  type OrderStatus,
  type Placed,
} from './record.ts';
import { Register, type KeptRegister } from './register.ts';
import { exchangeOrderOf, isStop, newRecord } from './terms.ts';

export interface BookPorts {
  readonly exchange: TwsExchange;
  readonly switches: Switches;
  readonly account: string;
  now(): Instant;
  /** To the client's session, if it has one. */
  tell(clientId: number, said: readonly Said[]): void;
  uplink(): boolean;
  contractOf(placed: Placed): Contract | undefined;
  /** What a trade would do to the account. */
  effectOf(contract: Contract, change: Qty, at: Price): MarginEffect;
  /** A position of the contract has changed. */
  moved(contract: Contract): void;
}

const LIVE_MAX = 5000;
const CANCELLED = 202;
const NOT_CANCELLABLE = 161;
const MARGIN_REFUSED = 201;
const TOO_MANY_ORDERS = 321;
const TOO_MANY_TEXT = `Error validating request.-'bX' : cause - more than ${LIVE_MAX} open orders`;
const UNKNOWN_ORDER = 10147;
const ENDED_ORDER = 10148;
const MARGIN_TEXT =
  'Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE MUST EXCEED THE INITIAL MARGIN';
const LOCATING = 404;
const LOCATING_TEXT = 'Order held while securities are located.';
const LOCATE = 'locate';
const OCA_WITH_BLOCK = 1;

export class OrderBook {
  readonly register: Register;
  readonly #ports: BookPorts;
  #unanswered: { readonly clientId: number; readonly placed: Placed }[] = [];
  #waiting: { readonly due: Instant; readonly orders: readonly OrderRecord[] }[] = [];

  constructor(ports: BookPorts, firstId: number, boot: string) {
    this.#ports = ports;
    this.register = new Register(firstId, boot);
  }

  get executions(): Executions {
    return this.register.executions;
  }

  live(): readonly OrderRecord[] {
    return this.register.live();
  }

  ended(): readonly OrderRecord[] {
    return this.register.ended();
  }

  /** In the place of what is here. */
  recall(kept: KeptRegister): void {
    this.register.recall(kept);
    // Whoever was to acknowledge them was lost.
    for (const order of [...kept.live]) if (order.transmitted) this.#activate(order);
  }

  place(clientId: number, placed: Placed): void {
    const { switches } = this.#ports;
    if (switches.unansweredOrders) {
      if (this.#unanswered.length < LIVE_MAX) this.#unanswered.push({ clientId, placed });
      return;
    }
    const contract = this.#ports.contractOf(placed);
    const live = this.register.find(clientId, placed.orderId);
    const answer = admit(placed, {
      contract,
      live,
      ended: this.ended().find((order) => order.clientId === clientId && order.orderId === placed.orderId && placed.orderId !== 0),
      nextId: this.register.nextId(clientId),
      parentKnown: this.register.find(clientId, placed.parentId) !== undefined,
      oppositeWorks: this.live().some((order) => order.working && order.contract.conId === contract?.conId && order.side !== placed.action),
      switches,
    });
    if ('code' in answer) return this.#refuse(clientId, placed.orderId, answer.code, answer.text);
    if (contract === undefined) return;
    if (placed.whatIf) return this.#whatIf(clientId, placed, answer, contract);
    if (live?.transmitted === true) return this.#modify(live, placed, answer);
    if (live === undefined && this.live().length >= LIVE_MAX) return this.#refuse(clientId, placed.orderId, TOO_MANY_ORDERS, TOO_MANY_TEXT);
    if (!this.#affordable(contract, answer)) return this.#refuse(clientId, placed.orderId, MARGIN_REFUSED, MARGIN_TEXT);
    const order = this.#record(clientId, placed, answer, contract, live?.permId);
    this.register.add(order, live);
    if (placed.orderId > 0) this.register.used(clientId, placed.orderId);
    if (placed.transmit) this.#transmit(order, answer);
  }

  /** Somebody has answered the dialog that orders waited behind. */
  answer(): void {
    this.#ports.switches.unansweredOrders = false;
    for (const { clientId, placed } of this.#unanswered.splice(0)) this.place(clientId, placed);
  }

  /** What was held for want of shares to borrow goes to work. */
  locate(): void {
    Object.assign(this.#ports.switches, { locatingShares: false, holdsEveryOrder: false });
    for (const order of this.live().filter(({ whyHeld }) => whyHeld === LOCATE)) this.#work(order, isStop(order));
  }

  cancel(clientId: number, orderId: number): void {
    const order = this.live().find((each) => each.orderId === orderId && (each.clientId === clientId || clientId === 0));
    if (order !== undefined) return this.#cancelLive(order);
    const ended = this.ended().find((each) => each.orderId === orderId && each.clientId === clientId);
    const state = ended?.status;
    if (state === undefined) return this.#refuse(clientId, orderId, UNKNOWN_ORDER, `OrderId ${orderId} that needs to be cancelled is not found.`);
    this.#refuse(clientId, orderId, ENDED_ORDER, `OrderId ${orderId} that needs to be cancelled cannot be cancelled, state: ${state}.`);
  }

  cancelAll(): void {
    for (const order of [...this.live()]) if (order.transmitted) this.#end(order, 'Cancelled', '');
  }

  /** What is open, of one client or of all; held orders are not shown. */
  openOrders(clientId: number | 'all'): readonly Said[] {
    const shown = this.live().filter(
      (order) => order.transmitted && order.status !== 'ApiPending' && (clientId === 'all' || order.clientId === clientId),
    );
    return shown.flatMap((order) => this.#showing(order));
  }

  completedOrders(): readonly Said[] {
    return this.ended().map((order) => completedOf(order, this.#ports.account));
  }

  /** Fills, triggers and expiries of the exchange. */
  take(events: readonly ExchangeEvent[]): void {
    for (const event of events) {
      const key = event.kind === 'filled' ? event.fill.key : event.key;
      const order = this.live().find((each) => each.key === key);
      if (order === undefined) continue;
      if (event.kind === 'filled') this.#filled(order, event.fill);
      else if (event.kind === 'expired') this.#end(order, 'Cancelled', '');
      else this.#set(order, 'Submitted', '');
    }
  }

  /** The contract is no more. */
  expire(contract: Contract): void {
    for (const order of [...this.live()]) if (order.contract.conId === contract.conId) this.#end(order, 'Cancelled', 'Contract expired');
  }

  /** Acknowledgements that were due, and orders of the day at its end. */
  onTime(now: Instant): void {
    const due = this.#waiting.filter((waiting) => waiting.due <= now);
    this.#waiting = this.#waiting.filter((waiting) => waiting.due > now);
    for (const { orders } of due) for (const order of orders) this.#activate(order);
    for (const order of [...this.live()]) if (order.transmitted && order.endsAt !== null && order.endsAt <= now) this.#end(order, 'Cancelled', '');
  }

  /** An execution without an order of the client's: order id -1 for the broker's own. */
  outside(contract: Contract, side: 'BUY' | 'SELL', quantity: Qty, at: Price, liquidation: 0 | 1): ExecutionRecord {
    const { account, exchange } = this.#ports;
    exchange.deliver(contract, side === 'BUY' ? quantity : negate(quantity), at);
    const identity = { orderId: liquidation === 1 ? -1 : 0, clientId: 0, permId: this.register.nextPermId(), orderRef: '' };
    const sizes = { qty: quantity, price: at, cumulative: quantity, average: at };
    const common = { contract, account, side, at: this.#ports.now(), maker: false, liquidation, realised: null } as const;
    const execution = this.executions.add({ ...identity, ...sizes, ...common, commission: ZERO_MONEY });
    this.#ports.moved(contract);
    return execution;
  }

  executionShown(execution: ExecutionRecord, reqId: number): Said {
    return execDetailsOf(this.#ports.switches.noOrderRef ? { ...execution, orderRef: '' } : execution, reqId);
  }

  #record(clientId: number, placed: Placed, terms: Terms, contract: Contract, permId = this.register.nextPermId()): OrderRecord {
    return newRecord({ key: `${clientId}:${placed.orderId}:${this.register.nextKey()}`, clientId, permId }, placed, terms, contract, this.#ports.now());
  }

  /** The last order of a family lets all of it go. */
  #transmit(order: OrderRecord, terms: Terms): void {
    const { switches } = this.#ports;
    const parent = this.register.find(order.clientId, order.placed.parentId);
    const family = parent === undefined ? [order] : this.live().filter((each) => each === parent || this.#isChild(each, parent));
    for (const each of family) each.transmitted = true;
    for (const each of family) {
      if (parent === undefined || each === parent) continue;
      each.parentPermId = parent.permId;
      if (each.ocaGroup === '') each.ocaGroup = String(parent.permId);
    }
    for (const { code, text } of warnings(order.placed, terms, order.contract, switches)) this.#refuse(order.clientId, order.orderId, code, text);
    if (switches.acknowledgeAfterMs > 0) this.#waiting.push({ due: this.#ports.now() + switches.acknowledgeAfterMs, orders: family });
    else for (const each of family) this.#activate(each);
  }

  #activate(order: OrderRecord): void {
    if (order.status !== 'ApiPending' || !this.register.isLive(order)) return;
    const waits = isStop(order);
    const parent = this.register.find(order.clientId, order.placed.parentId);
    if (parent !== undefined) return this.#set(order, 'PreSubmitted', waits ? 'child,trigger' : 'child');
    this.#work(order, waits);
  }

  /** To the exchange, after the acknowledgement. */
  #work(order: OrderRecord, waits: boolean): void {
    if (this.#lacksShares(order)) {
      this.#refuse(order.clientId, order.orderId, LOCATING, LOCATING_TEXT);
      return this.#set(order, 'PreSubmitted', LOCATE);
    }
    order.working = true;
    order.marketCapPrice = this.#ports.switches.marketCapPrice;
    const market = order.placed.orderType === 'MKT';
    this.#set(order, waits || market ? 'PreSubmitted' : 'Submitted', waits ? 'trigger' : '');
    const events = this.#ports.exchange.submit(exchangeOrderOf(order), this.#ports.now());
    this.take(events);
    if (market && events.length === 0) this.#set(order, 'Submitted', '');
  }

  #modify(order: OrderRecord, placed: Placed, terms: Terms): void {
    const { exchange, switches } = this.#ports;
    if (switches.duplicateOnModify && !this.#ports.uplink()) {
      const twin = this.#record(order.clientId, placed, terms, order.contract);
      this.register.add(twin);
      return this.#activate(twin);
    }
    order.placed = { ...placed, parentId: order.placed.parentId };
    order.qty = terms.qty;
    order.limit = terms.limit;
    order.stop = terms.stop;
    this.#show(order);
    if (order.working) this.take(exchange.amend(order.key, { qty: order.qty, limit: order.limit, stop: order.stop }, this.#ports.now()));
    if (this.register.isLive(order) && atLeast(order.filled, order.qty)) this.#end(order, 'Cancelled', '');
  }

  #cancelLive(order: OrderRecord): void {
    if (order.transmitted) return this.#end(order, 'Cancelled', '');
    this.register.discard(order);
    this.#refuse(order.clientId, order.orderId, CANCELLED, 'Order Canceled - reason:Order was discarded.');
    const text = `Cancel attempted when order is not in a cancellable state.  Order permId =${order.permId}`;
    this.#refuse(order.clientId, order.orderId, NOT_CANCELLABLE, text);
  }

  #filled(order: OrderRecord, fill: Fill): void {
    const { account, switches } = this.#ports;
    const execution = this.executions.book(order, fill, account);
    const full = atLeast(order.filled, order.qty);
    order.status = full ? 'Filled' : 'Submitted';
    order.whyHeld = '';
    const commission = order.commission;
    order.commission = null;
    const paid = switches.noCommission ? [] : [commissionReportOf(execution)];
    const said: Said[] = switches.commissionFirst ? [...paid] : [];
    said.push(this.executionShown(execution, -1), ...this.#showing(order));
    order.commission = commission;
    said.push(...this.#showing(order));
    if (!switches.commissionFirst) said.push(...paid);
    const told = switches.noStatusOnFill ? said.filter(({ name }) => name !== 'orderStatus') : said;
    if (!switches.silentFills) this.#ports.tell(order.clientId, told);
    this.#ports.moved(order.contract);
    if (full) this.register.retire(order, `Filled Size: ${order.qty}`, this.#ports.now());
    this.#groupFilled(order, fill.qty, full);
    if (full) this.#release(order);
  }

  /** One cancels all, or takes what was filled off the others. */
  #groupFilled(order: OrderRecord, filled: Qty, full: boolean): void {
    if (order.ocaGroup === '') return;
    for (const peer of this.live().filter((each) => each.ocaGroup === order.ocaGroup && each !== order && each.transmitted)) {
      const left = subtract(peer.qty, filled);
      if (full || order.ocaType === OCA_WITH_BLOCK || !isPositive(subtract(left, peer.filled))) {
        this.#end(peer, 'Cancelled', '');
        continue;
      }
      peer.qty = left;
      this.#show(peer);
      if (peer.working) this.take(this.#ports.exchange.amend(peer.key, { qty: left, limit: peer.limit, stop: peer.stop }, this.#ports.now()));
    }
  }

  /** The children of a filled parent begin to work. */
  #release(parent: OrderRecord): void {
    for (const child of this.live().filter((each) => this.#isChild(each, parent) && !each.working && each.transmitted)) {
      if (this.register.isLive(child)) this.#work(child, child.whyHeld.includes('trigger'));
    }
  }

  #end(order: OrderRecord, status: OrderStatus, reason: string): void {
    if (!this.register.isLive(order)) return;
    this.#ports.exchange.cancel(order.key);
    order.status = status;
    order.working = false;
    this.register.retire(order, 'Cancelled by Trader', this.#ports.now());
    this.#ports.tell(order.clientId, [statusOf(order), sayError(order.orderId, CANCELLED, `Order Canceled - reason:${reason}`)]);
    for (const child of this.live().filter((each) => this.#isChild(each, order))) {
      if (child.transmitted) this.#end(child, 'Cancelled', '');
      else this.register.discard(child);
    }
  }

  #whatIf(clientId: number, placed: Placed, terms: Terms, contract: Contract): void {
    const order = this.#record(clientId, placed, terms, contract, 0);
    order.status = 'PreSubmitted';
    const effect = this.#ports.effectOf(contract, terms.side === 'BUY' ? terms.qty : negate(terms.qty), this.#priceOf(contract, terms));
    this.#ports.tell(clientId, [whatIfOf(order, this.#ports.account, effect)]);
  }

  #affordable(contract: Contract, terms: Terms): boolean {
    const effect = this.#ports.effectOf(contract, terms.side === 'BUY' ? terms.qty : negate(terms.qty), this.#priceOf(contract, terms));
    const excess = subtract(effect.equityAfter, effect.initialAfter);
    return !isNegative(excess) || atLeast(excess, subtract(effect.equityBefore, effect.initialBefore));
  }

  #lacksShares({ contract, side, qty }: OrderRecord): boolean {
    if (this.#ports.switches.holdsEveryOrder) return true;
    if (!this.#ports.switches.locatingShares || contract.secType !== 'STK' || side !== 'SELL') return false;
    const held = this.#ports.exchange.position(contract.conId)?.qty ?? ZERO_QTY;
    return isNegative(subtract(held, qty));
  }

  #priceOf(contract: Contract, terms: Terms): Price {
    const quote = this.#ports.exchange.quote(contract.conId);
    return terms.limit ?? terms.stop ?? (terms.side === 'BUY' ? quote?.ask : quote?.bid) ?? price('0');
  }

  #isChild(order: OrderRecord, parent: OrderRecord): boolean {
    return order.placed.parentId !== 0 && order.clientId === parent.clientId && order.placed.parentId === parent.orderId;
  }

  #set(order: OrderRecord, status: OrderStatus, whyHeld: string): void {
    order.status = status;
    order.whyHeld = whyHeld;
    this.#show(order);
  }

  #show(order: OrderRecord): void {
    this.#ports.tell(order.clientId, this.#showing(order));
  }

  #showing(order: OrderRecord): readonly Said[] {
    const status = statusOf(order);
    return [openOrderOf(order, this.#ports.account), status, ...(this.#ports.switches.duplicateStatus ? [status] : [])];
  }

  #refuse(clientId: number, orderId: number, code: number, text: string): void {
    const broken = code === MARGIN_REFUSED && this.#ports.switches.brokenAdvancedReject;
    this.#ports.tell(clientId, [sayError(orderId, code, text, broken ? '{not json' : '')]);
  }
}
