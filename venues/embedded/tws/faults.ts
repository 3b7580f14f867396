/** What happens to a TWS: lost uplinks, restarts, ids that roll back, sessions of others. Switches (switches.ts) say how it behaves; these are events. */
import { price, qty, type Price, type Qty } from '#trading/money/decimal.ts';
import { blank } from './codec/layout.ts';
import { PLACE_ORDER } from './codec/place-order.ts';
import type { Context } from './context.ts';
import { commissionReportOf, execDetailsOf, type Placed } from './orders/record.ts';
import type { FrontDoor } from './front-door.ts';
import type { RestartPorts } from './restarts.ts';
import { sayError } from './say.ts';
import { COMPETING_TEXT } from './subscriptions.ts';

/** The connection between TWS and IBKR, and what waits for it. */
export interface Uplink {
  isUp(): boolean;
  cut(): void;
  /** Delivers what waited, or forgets it. */
  restore(): void;
  /** It is up again, and what waited is lost. */
  forget(): void;
}

export interface FaultPorts {
  readonly context: Context;
  readonly uplink: Uplink;
  readonly door: FrontDoor;
  dropSessions(): void;
  /** Shows a short position's assignment. */
  assign(localSymbol: string, quantity: Qty): void;
}

/** An order that no session of ours sent: by hand (client 0, order id 0 or below), or by another client. */
export interface ForeignOrder {
  readonly clientId: number;
  readonly orderId: number;
  readonly localSymbol: string;
  readonly action: 'BUY' | 'SELL';
  readonly quantity: string;
  /** A market order where there is none. */
  readonly limit: string | null;
  readonly orderRef: string;
}

const LOST = 1100;
const RESTORED_DATA_LOST = 1101;
const RESTORED = 1102;
const FARM_BROKEN = 2103;
const FARM_OK = 2104;
const HISTORY_BROKEN = 2105;
const HISTORY_OK = 2106;
const LIQUIDATION_WARNING = 2148;
const COMPETING = 10197;

export class Faults {
  readonly #ports: FaultPorts;
  injected = 0;
  readonly restarts = { nightly: 0, weekly: 0 };

  constructor(ports: FaultPorts) {
    this.#ports = ports;
  }

  get uplinkIsUp(): boolean {
    return this.#ports.uplink.isUp();
  }

  /** 1100. Orders go on trading; what there is to say of them waits. Once more where it is lost already. */
  loseUplink(): void {
    this.#count();
    this.#notice(LOST, 'Connectivity between IBKR and Trader Workstation has been lost.');
    this.#ports.uplink.cut();
  }

  /** 1102 where data was kept; 1101 where every subscription is lost, without a word to the subscribers. Nothing where it is up. */
  restoreUplink(data: 'kept' | 'lost'): void {
    const { context, uplink } = this.#ports;
    if (uplink.isUp()) return;
    this.#count();
    uplink.restore();
    if (context.switches.deadBarsAfterReconnect) context.history.forgetAll();
    if (data === 'lost') {
      context.subscriptions.forgetAll();
      context.history.forgetAll();
      return this.#notice(RESTORED_DATA_LOST, 'Connectivity between IBKR and Trader Workstation has been restored- data lost.');
    }
    const farms = 'All data farms are connected: cashfarm; usopt; ushmds; secdefnj.';
    this.#notice(RESTORED, `Connectivity between IBKR and Trader Workstation has been restored- data maintained. ${farms}`);
  }

  /**
   * TWS starts anew: every session ends, the day's executions and completed orders are gone; what works, works on. `downMs` of market time nobody gets
   * in; null until `login`.
   */
  restart(
    rollBack: { readonly clientId: number; readonly to: number } | null,
    kind: 'nightly' | 'weekly' = 'nightly',
    downMs: number | null = 0,
  ): void {
    this.#count();
    const { context, door } = this.#ports;
    this.restarts[kind]++;
    this.#ports.dropSessions();
    if (!this.#ports.uplink.isUp()) this.#ports.uplink.forget();
    context.book.register.forget();
    context.book.register.rollBackAll(context.switches.rollBackIdsBy);
    if (rollBack !== null) context.book.register.rollBack(rollBack.clientId, rollBack.to);
    if (kind === 'weekly') door.weekly();
    if (downMs === 0) return;
    door.closed = true;
    if (downMs !== null) context.later(downMs, () => this.login());
  }

  /** Somebody has confirmed the login: sessions are let in. */
  login(): void {
    this.#ports.door.closed = false;
  }

  /** What happens on New York's clock. */
  byItself(): Omit<RestartPorts, 'agenda'> {
    return {
      restart: (kind, downMs) => this.restart(null, kind, downMs),
      loseUplink: () => this.loseUplink(),
      restoreUplink: () => this.restoreUplink('kept'),
    };
  }

  /** Quotes stop for everybody who subscribed, without a word; whoever subscribes again gets them. */
  loseLines(): void {
    this.#count();
    this.#ports.context.subscriptions.forgetAll();
  }

  /** Somebody answers the dialog that orders wait behind. */
  answerDialog(): void {
    this.#count();
    this.#ports.context.book.answer();
  }

  /** The shares of held short sales are found. */
  locateShares(): void {
    this.#count();
    this.#ports.context.book.locate();
  }

  /** Every connection breaks. */
  dropSessions(): void {
    this.#count();
    this.#ports.dropSessions();
  }

  rollBackIds(clientId: number, to: number): void {
    this.#count();
    this.#ports.context.book.register.rollBack(clientId, to);
  }

  /** `cashfarm`, `usopt` for quotes; `ushmds` for history. */
  farm(name: string, state: 'broken' | 'ok'): void {
    this.#count();
    const historical = name.endsWith('hmds');
    const [broken, ok] = historical ? [HISTORY_BROKEN, HISTORY_OK] : [FARM_BROKEN, FARM_OK];
    const what = historical ? 'HMDS' : 'Market';
    this.#notice(state === 'ok' ? ok : broken, `${what} data farm connection is ${state === 'ok' ? 'OK' : 'broken'}:${name}`);
  }

  /** Somebody else has logged in: 10197 to every subscriber, and no more ticks until it is over. */
  competingSession(on: boolean): void {
    this.#count();
    const { context } = this.#ports;
    context.switches.competingSession = on;
    if (on) context.subscriptions.refuseAll(COMPETING, COMPETING_TEXT);
  }

  /** The exchange corrects a price: the same execution under the next revision. @throws RangeError where there is none. */
  correctExecution(execId: string, at: Price): void {
    this.#count();
    const { context } = this.#ports;
    const corrected = context.book.executions.correct(execId, at);
    for (const session of context.sessions()) {
      if (session.clientId === corrected.clientId) session.send(execDetailsOf(corrected, -1), commissionReportOf(corrected));
    }
  }

  /** @throws RangeError where the contract is not listed. */
  foreignOrder(order: ForeignOrder): void {
    this.#count();
    const { context } = this.#ports;
    const contract = context.contracts.byLocalSymbol(order.localSymbol);
    if (contract === undefined) throw new RangeError(`no contract ${JSON.stringify(order.localSymbol.slice(0, 40))}`);
    const placed: Placed = {
      ...blank(PLACE_ORDER),
      conId: contract.conId,
      orderId: order.orderId,
      action: order.action,
      totalQuantity: order.quantity,
      orderType: order.limit === null ? 'MKT' : 'LMT',
      limitPrice: order.limit,
      timeInForce: 'GTC',
      orderRef: order.orderRef,
      transmit: true,
    };
    context.book.place(order.clientId, placed);
  }

  /** The broker closes a position: a warning, then an execution of no order. @throws RangeError where the contract is not listed. */
  liquidate(localSymbol: string, side: 'BUY' | 'SELL', quantity: string, at: string): void {
    this.#count();
    const { context } = this.#ports;
    const contract = context.contracts.byLocalSymbol(localSymbol);
    if (contract === undefined) throw new RangeError(`no contract ${JSON.stringify(localSymbol.slice(0, 40))}`);
    this.#notice(LIQUIDATION_WARNING, 'Your account has fallen below the maintenance margin; positions will be liquidated.');
    const execution = context.book.outside(contract, side, qty(quantity), price(at), 1);
    for (const session of context.sessions()) session.send(execDetailsOf(execution, -1), commissionReportOf(execution));
  }

  /** Somebody exercises against a short position. @throws RangeError where there is none of that size. */
  assign(localSymbol: string, quantity: string): void {
    this.#count();
    this.#ports.assign(localSymbol, qty(quantity));
  }

  /** The order id that a client would use next. */
  nextId(clientId: number): number {
    return this.#ports.context.book.register.nextId(clientId);
  }

  /** Where the contract stands. @throws RangeError where it is not listed, or has no market. */
  priceOf(localSymbol: string): Price {
    const { contracts, market } = this.#ports.context;
    const contract = contracts.byLocalSymbol(localSymbol);
    const at = contract === undefined ? null : market.mark(contract);
    if (at === null) throw new RangeError(`no market of ${JSON.stringify(localSymbol.slice(0, 40))}`);
    return at;
  }

  #notice(code: number, text: string): void {
    for (const session of this.#ports.context.sessions()) session.send(sayError(-1, code, text));
  }

  #count(): void {
    this.injected++;
  }
}
