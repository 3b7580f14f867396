/** What the account asks: orders, executions, positions, balances, fees; and what it sets beside orders. */
import { isPositive, ratio } from '#trading/money/decimal.ts';
import { isEnded } from '../../engine/state.ts';
import type { Execution, Order, Outcome } from '../../engine/types.ts';
import { CATEGORIES, listingKey, type Category } from '../../listing.ts';
import { codeOf, PARAMETERS_WRONG } from './codes.ts';
import { Dcp, DCP_PRODUCTS, DCP_SECONDS } from './dcp.ts';
import type { Desk } from './desk.ts';
import type { Misdeeds } from './misdeeds.ts';
import { BadRequest, decimal, textOf, type Body } from './order-request.ts';
import { categoryOfBody, failed, filterOf, filterOfText, ok, type Reply } from './orders-api.ts';
import { pageOf, windowOf, type Query } from './pages.ts';
import { executionRow, executionType, orderRow, positionRow, STATUSES, walletRow } from './rows.ts';

/** Ended orders that the real-time list still knows, of a category. */
export const RECENT_ENDED_MAX = 500;
const REALTIME = [20, 50] as const;
const HISTORY = [20, 50] as const;
const EXECUTIONS = [50, 100] as const;
const POSITIONS = [20, 200] as const;
/** Orders that ended without a fill are forgotten after a day. */
const UNFILLED_MS = 86_400_000;
const MARGIN_MODES = { cross: 'REGULAR_MARGIN', isolated: 'ISOLATED_MARGIN' } as const;
const MARGIN_MODE_REFUSED = 3_400_045;

export class AccountApi {
  readonly #desk: Desk;
  readonly #misdeeds: Misdeeds;
  /** Orders that ended up to here are gone from the real-time list: the venue restarted. */
  #wipedAt = -1;
  readonly dcp = new Dcp();

  constructor(desk: Desk, misdeeds: Misdeeds) {
    this.#desk = desk;
    this.#misdeeds = misdeeds;
  }

  /** The venue restarts: the ended orders of the real-time list are forgotten. */
  wipe(): void {
    this.#wipedAt = this.#desk.engine.orders({ states: 'all' }).reduce((most, { sequence }) => Math.max(most, sequence), this.#wipedAt);
  }

  /** By an id, ended orders are found too; otherwise open ones, and with `openOnly=1` the latest ended ones. */
  realtime(query: Query): Reply {
    const category = categoryOfQuery(query);
    const named = query.get('orderId') !== null || query.get('orderLinkId') !== null;
    if (category === 'linear' && !named && !['symbol', 'baseCoin', 'settleCoin'].some((key) => query.has(key))) {
      throw new BadRequest('params error: symbol or settleCoin is required');
    }
    const lag = this.#misdeeds.ms('realtime-lag');
    const known = this.#orders(query, category).filter(({ createdAt }) => lag === 0 || createdAt <= this.#desk.now - lag);
    const recent = known
      .filter(({ state, sequence }) => isEnded(state) && sequence > this.#wipedAt)
      .sort((left, right) => right.sequence - left.sequence)
      .slice(0, RECENT_ENDED_MAX);
    const open = known.filter(({ state }) => !isEnded(state));
    const ended = named || query.get('openOnly') === '1' ? recent : [];
    return this.#list([...open, ...ended].sort(newestFirst), category, query, REALTIME);
  }

  history(query: Query): Reply {
    const category = categoryOfQuery(query);
    const named = query.get('orderId') !== null || query.get('orderLinkId') !== null;
    const { now } = this.#desk;
    const window = named ? { from: 0, to: now } : windowOf(query, now);
    const before = now - this.#misdeeds.ms('history-lag');
    const orders = this.#orders(query, category).filter(({ state, filled, createdAt, updatedAt }) => {
      if (!isEnded(state) || updatedAt > before || createdAt < window.from || createdAt > window.to) return false;
      return isPositive(filled) || updatedAt > now - UNFILLED_MS;
    });
    return this.#list(orders, category, query, HISTORY);
  }

  executions(query: Query): Reply {
    const category = categoryOfQuery(query);
    const { engine, now } = this.#desk;
    const [id, linkId] = [query.get('orderId'), query.get('orderLinkId')];
    const window = id === null && linkId === null ? windowOf(query, now) : { from: 0, to: now };
    const [symbol, type] = [query.get('symbol'), query.get('execType')];
    const before = now - this.#misdeeds.ms('history-lag');
    const wanted = (execution: Execution): boolean => {
      const { contract, orderId, linkId: link, at } = execution;
      if (this.#desk.category(contract) !== category || at > before || at < window.from || at > window.to) return false;
      if (linkId !== null) return link === linkId;
      if (id !== null && orderId !== id) return false;
      return (symbol === null || contract === listingKey(category, symbol)) && (type === null || executionType(execution) === type);
    };
    const found = engine.executions().filter(wanted);
    const page = pageOf(found, (row) => row.id, query, ...EXECUTIONS);
    const orderOf = ({ contract, orderId }: Execution): Order | null => engine.order({ contract, id: orderId, linkId: null }) ?? null;
    const list = page.rows.map((execution) => executionRow(execution, orderOf(execution), category));
    return ok({ nextPageCursor: page.nextPageCursor, category, list });
  }

  positions(query: Query): Reply {
    const category = categoryOfQuery(query);
    if (category !== 'linear') throw new BadRequest('params error: Category is invalid');
    const [symbol, settle] = [query.get('symbol'), query.get('settleCoin')];
    if (symbol === null && settle === null) throw new BadRequest('params error: symbol or settleCoin is required');
    const { engine } = this.#desk;
    const contract = symbol === null ? undefined : listingKey('linear', symbol);
    if (contract !== undefined && engine.terms(contract) === undefined) throw new BadRequest('params error: symbol invalid');
    const rows = engine.positions(contract).filter((row) => settle === null || engine.terms(row.contract)?.quote === settle);
    const page = pageOf(rows, (row) => `${row.contract.replace(':', '-')}-${row.slot}`, query, ...POSITIONS);
    const list = page.rows.map(positionRow).map((row) => {
      if (!this.#misdeeds.is('missing-field')) return row;
      const { isReduceOnly: _gone, ...rest } = row;
      return rest;
    });
    return ok({ list, nextPageCursor: page.nextPageCursor, category });
  }

  wallet(query: Query): Reply {
    if (query.get('accountType') !== 'UNIFIED') throw new BadRequest('accountType only support UNIFIED.');
    const coins = query.get('coin')?.split(',') ?? null;
    const row = walletRow(this.#desk.engine.account(), coins);
    if (!this.#misdeeds.is('isolated-margin') && this.#desk.engine.marginMode() === 'cross') return ok({ list: [row] });
    // In isolated margin Bybit knows no totals of the account: its text is empty, its coins are not.
    return ok({
      list: [Object.fromEntries(Object.entries(row).map(([key, value]) => [key, /^(total|account[IM]|accountLTV)/.test(key) ? '' : value]))],
    });
  }

  info(): Reply {
    const fixed = {
      marginMode: MARGIN_MODES[this.#desk.engine.marginMode()],
      updatedTime: String(this.#desk.now),
      unifiedMarginStatus: 6,
      smpGroup: 0,
      isMasterTrader: false,
    };
    const windowMs = this.dcp.windowMs('DERIVATIVES');
    const timeWindow = windowMs === null ? DCP_SECONDS.otherwise : windowMs / 1000;
    return ok({ ...fixed, dcpStatus: windowMs === null ? 'OFF' : 'ON', timeWindow, spotHedgingStatus: 'OFF' });
  }

  fees(query: Query): Reply {
    const category = categoryOfQuery(query);
    const symbol = query.get('symbol');
    const terms = this.#desk.engine
      .contracts()
      .filter(({ key }) => (symbol === null ? this.#desk.category(key) === category : key === listingKey(category, symbol)));
    if (symbol !== null && terms.length === 0) throw new BadRequest('params error: symbol invalid');
    const list = terms.map(({ key, fees }) => ({
      symbol: key.slice(key.indexOf(':') + 1),
      takerFeeRate: fees.kind === 'rate' ? fees.taker : '0',
      makerFeeRate: fees.kind === 'rate' ? fees.maker : '0',
    }));
    return ok({ list });
  }

  setLeverage(body: Body): Reply {
    const contract = listingKey(linearOf(body), textOf(body, 'symbol'));
    const [buy, sell] = [decimal(body, 'buyLeverage'), decimal(body, 'sellLeverage')];
    if (buy === null || sell === null) throw new BadRequest('params error: buyLeverage and sellLeverage are required');
    const leverage = { long: ratio(buy), short: ratio(sell) };
    return this.#changed(this.#desk.engine.setLeverage(contract, leverage, this.#desk.now), 110043, 'leverage not modified');
  }

  setMarginMode(body: Body): Reply {
    const asked = textOf(body, 'setMarginMode');
    if (asked === 'PORTFOLIO_MARGIN') return notSwitched('portfolio margin is not offered here');
    const mode = (['cross', 'isolated'] as const).find((known) => MARGIN_MODES[known] === asked);
    if (mode === undefined) throw new BadRequest('params error: setMarginMode invalid');
    const outcome = this.#desk.after(this.#desk.engine.setMarginMode(mode, this.#desk.now));
    if (outcome.ok || outcome.refusal.code === 'NOT_MODIFIED') return ok({ reasons: [] });
    return notSwitched(outcome.refusal.what);
  }

  switchMode(body: Body): Reply {
    const category = linearOf(body);
    if (body.mode !== 0 && body.mode !== 3) throw new BadRequest('params error: mode invalid');
    const [symbol, coin] = [textOf(body, 'symbol'), textOf(body, 'coin')];
    const { engine, now } = this.#desk;
    const named = engine
      .contracts()
      .filter(({ key, kind, quote }) => (symbol === '' ? kind === 'margin' && quote === coin : key === listingKey(category, symbol)));
    if (named.length === 0) throw new BadRequest('params error: symbol or coin invalid');
    const replies = named.map(({ key }) => this.#changed(engine.setHedge(key, body.mode === 3, now), 110025, 'Position mode is not modified'));
    return replies.find(({ retCode }) => retCode !== 0 && retCode !== 110025) ?? replies.find(({ retCode }) => retCode === 0) ?? replies[0] ?? ok({});
  }

  disconnectedCancelAll(body: Body): Reply {
    if (!this.#misdeeds.is('dcp')) return failed({ retCode: 10005, retMsg: 'Permission denied: only available for institutional clients.' });
    const seconds = body.timeWindow;
    const right = typeof seconds === 'number' && seconds >= DCP_SECONDS.least && seconds <= DCP_SECONDS.most;
    if (!right) throw new BadRequest(`params error: timeWindow must be ${DCP_SECONDS.least} to ${DCP_SECONDS.most}`);
    const asked = textOf(body, 'product');
    const product = asked === '' ? 'DERIVATIVES' : Object.keys(DCP_PRODUCTS).find((known) => known === asked);
    if (product !== 'DERIVATIVES' && product !== 'SPOT') throw new BadRequest('params error: product invalid');
    this.dcp.set(product, seconds);
    return ok({});
  }

  /** Of an account that was never given it, Bybit lists nothing. */
  disconnectInfo(): Reply {
    return ok({ dcpInfos: this.#misdeeds.is('dcp') ? this.dcp.rows() : [] });
  }

  setLimitAction(body: Body): Reply {
    linearOf(body);
    if (typeof body.modifyEnable !== 'boolean') throw new BadRequest('params error: modifyEnable invalid');
    this.#desk.engine.switches.reprice = body.modifyEnable;
    return ok({});
  }

  #orders(query: Query, category: Category): readonly Order[] {
    const symbol = query.get('symbol');
    const [id, linkId, status] = [query.get('orderId'), query.get('orderLinkId'), query.get('orderStatus')];
    const [base, settle] = [query.get('baseCoin'), query.get('settleCoin')];
    const filter = filterOfText(query.get('orderFilter') ?? '');
    const { engine } = this.#desk;
    return engine.orders({ states: 'all', ...(symbol !== null && { contract: listingKey(category, symbol) }) }).filter((order) => {
      const { contract } = order.request;
      const terms = engine.terms(contract);
      if (this.#desk.category(contract) !== category || terms === undefined) return false;
      if ((id !== null && order.id !== id) || (id === null && linkId !== null && order.request.linkId !== linkId)) return false;
      if ((base !== null && terms.base !== base) || (settle !== null && terms.quote !== settle)) return false;
      if (status !== null && STATUSES[order.state] !== status) return false;
      return filter === null || filterOf(order, category) === filter;
    });
  }

  #list(orders: readonly Order[], category: Category, query: Query, [otherwise, most]: readonly [number, number]): Reply {
    const page = pageOf(orders, ({ id }) => id, query, otherwise, most);
    const list = page.rows.map((order) => orderRow(order, category, this.#desk.entryLink(order)));
    return ok({ list, nextPageCursor: page.nextPageCursor, category });
  }

  #changed(outcome: Outcome<unknown>, sameCode: number, sameText: string): Reply {
    this.#desk.after(outcome);
    if (outcome.ok) return ok({});
    return outcome.refusal.code === 'NOT_MODIFIED' ? failed({ retCode: sameCode, retMsg: sameText }) : failed(codeOf(outcome.refusal, 'linear'));
  }
}

function notSwitched(reasonMsg: string): Reply {
  const reasons = [{ reasonCode: String(MARGIN_MODE_REFUSED), reasonMsg }];
  return { retCode: MARGIN_MODE_REFUSED, retMsg: 'Set margin mode failed', result: { reasons } };
}

const newestFirst = (left: Order, right: Order): number => right.createdAt - left.createdAt || right.sequence - left.sequence;

/** @throws BadRequest */
export function categoryOfQuery(query: Query): Category {
  const category = CATEGORIES.find((known) => known === query.get('category'));
  if (category === undefined) throw new BadRequest('params error: Category is invalid', PARAMETERS_WRONG);
  return category;
}

function linearOf(body: Body): 'linear' {
  if (categoryOfBody(body) !== 'linear') throw new BadRequest('params error: Category is invalid');
  return 'linear';
}
