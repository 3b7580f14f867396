/** order/create, amend, cancel, their batches, and cancel-all: for REST and for the trade stream. */
import { greaterThan, price, ZERO_QTY, type Qty } from '#trading/money/decimal.ts';
import type { Order, OrderRequest, Outcome, PositionSlot, Side } from '../../engine/types.ts';
import { CATEGORIES, listingKey, type Category } from '../../listing.ts';
import { codeOf, type Code } from './codes.ts';
import type { Desk } from './desk.ts';
import type { Misdeeds } from './misdeeds.ts';
import { amendmentRequest, BadRequest, orderRequest, slotOfBody, textOf, type Body } from './order-request.ts';
import { preCheckRow } from './risk-rows.ts';
import { stopTypeOf, type Row } from './rows.ts';

export interface Reply extends Code {
  readonly result: object;
  /** Of batches: what became of each order. */
  readonly retExtInfo?: object;
}

export const ok = (result: object): Reply => ({ retCode: 0, retMsg: 'OK', result });
export const failed = ({ retCode, retMsg }: Code): Reply => ({ retCode, retMsg, result: {} });

/** @throws BadRequest */
export function categoryOfBody(body: Body): Category {
  const name = textOf(body, 'category');
  const category = CATEGORIES.find((known) => known === name);
  if (category === undefined) throw new BadRequest('params error: Category is invalid');
  return category;
}

export type Filter = 'Order' | 'StopOrder' | 'tpslOrder';
const FILTERS: readonly Filter[] = ['Order', 'StopOrder', 'tpslOrder'];

/** Where Bybit files an order: conditional ones of perpetuals are all stop orders, spot keeps its exits apart. */
export function filterOf({ request }: Order, category: Category): Filter {
  if (request.stopKind === 'none') return 'Order';
  return category === 'spot' && stopTypeOf(request.stopKind, category) === 'tpslOrder' ? 'tpslOrder' : 'StopOrder';
}

export function filterOfText(text: string): Filter | null {
  if (text === '') return null;
  const found = FILTERS.find((known) => known === text);
  if (found === undefined) throw new BadRequest('params error: orderFilter invalid');
  return found;
}

/** Orders of one batch. */
export const BATCH_MAX: Readonly<Record<Category, number>> = { linear: 20, spot: 10 };
const TOO_MANY_VISITS: Code = { retCode: 10006, retMsg: 'Too many visits!' };

export class OrdersApi {
  readonly #desk: Desk;
  readonly #misdeeds: Misdeeds;
  /** A filled order that was cancelled too late is told a second time. */
  onCancelRace: (order: Order) => void = () => undefined;

  constructor(desk: Desk, misdeeds: Misdeeds) {
    this.#desk = desk;
    this.#misdeeds = misdeeds;
  }

  create(body: Body): Reply {
    const category = categoryOfBody(body);
    const request = this.#request(body, category);
    if (request.type === 'market' && this.#misdeeds.is('thin-book') && category === 'linear') this.#refuseThin(request);
    return this.#answer(this.#desk.engine.submit(request, this.#desk.now), category, request.side);
  }

  /** What an order would make of the account's rates, in ten thousandths; it is not placed. */
  preCheck(body: Body): Reply {
    const category = categoryOfBody(body);
    const { engine, now } = this.#desk;
    if (category !== 'linear') throw new BadRequest('params error: Category is invalid');
    if (engine.marginMode() !== 'cross') throw new BadRequest('isolated margin mode is not supported');
    const request = this.#request(body, category);
    const outcome = engine.preview(request, now);
    if (!outcome.ok) return failed(codeOf(outcome.refusal, category, request.side));
    const { order, before, after } = outcome.value;
    return ok(preCheckRow(order, before, after));
  }

  #request(body: Body, category: Category): OrderRequest {
    const contract = listingKey(category, textOf(body, 'symbol'));
    const { engine } = this.#desk;
    const facts = { mark: engine.mark(contract), tick: engine.terms(contract)?.tick ?? price('1'), size: this.#size(contract, body) };
    engine.switches.linkIds = this.#misdeeds.is('link-reuse') ? 'while-active' : 'for-ever';
    return orderRequest(body, category, facts);
  }

  amend(body: Body): Reply {
    const category = categoryOfBody(body);
    const { engine, now } = this.#desk;
    const ref = refOf(body, category);
    const before = engine.order(ref)?.protection ?? null;
    return this.#answer(engine.amend(ref, amendmentRequest(body, before), now), category, engine.order(ref)?.request.side);
  }

  cancel(body: Body): Reply {
    const category = categoryOfBody(body);
    const { engine, now } = this.#desk;
    const ref = refOf(body, category);
    const order = engine.order(ref);
    const filter = filterOfText(textOf(body, 'orderFilter')) ?? (category === 'spot' ? 'Order' : null);
    if (order !== undefined && filter !== null && filterOf(order, category) !== filter) {
      return failed(codeOf({ code: 'ORDER_NOT_FOUND', what: 'in another filter' }, category));
    }
    if (order?.state === 'filled' && this.#misdeeds.is('cancel-race')) this.onCancelRace(order);
    return this.#answer(engine.cancel(ref, now), category);
  }

  /** Each order by itself: one that is refused stops no other. Those beyond what the limit grants are refused for that. @throws BadRequest */
  batch(what: 'create' | 'amend' | 'cancel', body: Body, granted: number): Reply {
    const category = categoryOfBody(body);
    const items: readonly unknown[] = Array.isArray(body.request) ? body.request : [];
    const most = BATCH_MAX[category];
    if (items.length === 0 || items.length > most) throw new BadRequest(`params error: request must be a list of 1 to ${most} orders`);
    const rows = items.map((item, index) => {
      // An object of unknown fields is all that is claimed.
      const order: Body = typeof item === 'object' && item !== null ? { ...(item as Body), category } : { category };
      const reply = index < granted ? this.#one(what, order) : failed(TOO_MANY_VISITS);
      const named = { category, symbol: String(order.symbol ?? ''), orderId: '', orderLinkId: String(order.orderLinkId ?? '') };
      const made = what === 'create' ? { createAt: reply.retCode === 0 ? String(this.#desk.now) : '' } : {};
      return { row: { ...named, ...reply.result, ...made }, told: { code: reply.retCode, msg: reply.retMsg } };
    });
    return { ...ok({ list: rows.map(({ row }) => row) }), retExtInfo: { list: rows.map(({ told }) => told) } };
  }

  #one(what: 'create' | 'amend' | 'cancel', order: Body): Reply {
    try {
      return this[what](order);
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      return failed(error.code);
    }
  }

  cancelAll(body: Body): Reply {
    const category = categoryOfBody(body);
    const symbol = textOf(body, 'symbol');
    const [base, settle] = [textOf(body, 'baseCoin'), textOf(body, 'settleCoin')];
    if (category === 'linear' && symbol === '' && base === '' && settle === '')
      throw new BadRequest('params error: symbol or settleCoin is required');
    const filter = filterOfText(textOf(body, 'orderFilter')) ?? (category === 'spot' ? 'Order' : null);
    const { engine, now } = this.#desk;
    const outcome = engine.cancelAll((order) => {
      const { contract } = order.request;
      const terms = engine.terms(contract);
      if (terms === undefined || this.#desk.category(contract) !== category) return false;
      if (symbol !== '' && contract !== listingKey(category, symbol)) return false;
      if (symbol === '' && ((base !== '' && terms.base !== base) || (settle !== '' && terms.quote !== settle))) return false;
      return filter === null || filterOf(order, category) === filter;
    }, now);
    this.#desk.after(outcome);
    const list = outcome.ok ? outcome.value.map(idsOf) : [];
    return ok({ list, success: '1' });
  }

  /** Bybit takes no market order of a perpetual that the book cannot fill. @throws BadRequest */
  #refuseThin({ contract, side, qty }: OrderRequest): void {
    const { bids = [], asks = [] } = this.#desk.engine.book(contract, 1) ?? {};
    const size = (side === 'buy' ? asks : bids)[0]?.size ?? ZERO_QTY;
    if (greaterThan(qty, size)) throw new BadRequest(`${side}: [${size},${qty}] invalid`);
  }

  #size(contract: string, body: Body): Qty {
    const slot: PositionSlot = contract.startsWith('spot:') ? 'one-way' : slotOfBody(body);
    return this.#desk.engine.positions(contract).find((position) => position.slot === slot)?.size ?? ZERO_QTY;
  }

  #answer(outcome: Outcome<Order>, category: Category, side?: Side): Reply {
    this.#desk.after(outcome);
    return outcome.ok ? ok(idsOf(outcome.value)) : failed(codeOf(outcome.refusal, category, side));
  }
}

const idsOf = ({ id, request: { linkId } }: Order): Row => ({ orderId: id, orderLinkId: linkId });

/** The id wins where both are given. @throws BadRequest where neither is. */
function refOf(body: Body, category: Category) {
  const [id, linkId] = [textOf(body, 'orderId'), textOf(body, 'orderLinkId')];
  if (id === '' && linkId === '') throw new BadRequest('params error: orderId or orderLinkId is required');
  return { contract: listingKey(category, textOf(body, 'symbol')), id: id === '' ? null : id, linkId: id === '' ? linkId : null };
}
