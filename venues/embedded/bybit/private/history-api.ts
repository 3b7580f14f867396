/** What the account asks about its past and its settings: closed positions, changes of its balances, how its orders are treated. */
import type { Instant } from '#trading/model/instrument.ts';
import type { Exchange } from '../../exchange.ts';
import { instrumentsInfo } from '../rest.ts';
import { categoryOfQuery } from './account-api.ts';
import type { Desk } from './desk.ts';
import { closedPnlRow, closingsOf, firstOf, transactionRow, transactionsOf, type Transaction } from './ledger.ts';
import type { Misdeeds } from './misdeeds.ts';
import { BadRequest } from './order-request.ts';
import { ok, type Reply } from './orders-api.ts';
import { pageOf, windowOf, type Query } from './pages.ts';
import { listingKey } from '../../listing.ts';

const CLOSED = [50, 100] as const;
const TRANSACTIONS = [20, 50] as const;

export class HistoryApi {
  readonly #desk: Desk;
  readonly #exchange: Exchange;
  readonly #misdeeds: Misdeeds;

  constructor(desk: Desk, exchange: Exchange, misdeeds: Misdeeds) {
    this.#desk = desk;
    this.#exchange = exchange;
    this.#misdeeds = misdeeds;
  }

  closedPnl(query: Query): Reply {
    if (categoryOfQuery(query) !== 'linear') throw new BadRequest('params error: Category is invalid');
    const { engine, now } = this.#desk;
    const { from, to } = windowOf(query, now);
    const symbol = query.get('symbol');
    if (symbol !== null && engine.terms(listingKey('linear', symbol)) === undefined) throw new BadRequest('params error: symbol invalid');
    const known = engine.executions(symbol === null ? undefined : listingKey('linear', symbol)).filter(({ at }) => at <= this.#visible);
    const closings = closingsOf(known).filter((closing) => firstOf(closing).at >= from && firstOf(closing).at <= to);
    const page = pageOf(closings, ({ orderId }) => orderId, query, ...CLOSED);
    const list = page.rows.map((closing) => {
      const { contract } = closing.fills[0];
      const order = engine.order({ contract, id: closing.orderId, linkId: null }) ?? null;
      return closedPnlRow(closing, order, engine.terms(contract)?.quote ?? '');
    });
    return ok({ nextPageCursor: page.nextPageCursor, category: 'linear', list });
  }

  transactions(query: Query): Reply {
    const account = query.get('accountType');
    if (account !== null && account !== 'UNIFIED') throw new BadRequest('accountType only support UNIFIED.');
    const category = query.get('category') === null ? null : categoryOfQuery(query);
    const { engine, now } = this.#desk;
    const { from, to } = windowOf(query, now);
    const [currency, base, type] = [query.get('currency'), query.get('baseCoin'), query.get('type')];
    const wanted = (row: Transaction): boolean => {
      if (row.at < from || row.at > to || row.at > this.#visible) return false;
      if ((currency !== null && row.currency !== currency) || (type !== null && row.type !== type)) return false;
      const { execution } = row;
      if (execution === null) return category === null && base === null;
      if (category !== null && this.#desk.category(execution.contract) !== category) return false;
      return base === null || engine.terms(execution.contract)?.base === base;
    };
    const all = transactionsOf({
      executions: engine.executions(),
      positions: engine.positions(),
      account: engine.account(),
      openedAt: engine.openedAt,
      termsOf: (contract) => engine.terms(contract),
    });
    const page = pageOf(all.filter(wanted), ({ key }) => key, query, ...TRANSACTIONS);
    const list = page.rows.map((row) => transactionRow(row, row.execution === null ? '' : this.#desk.category(row.execution.contract)));
    return ok({ nextPageCursor: page.nextPageCursor, list });
  }

  /** How orders beyond the price limits are treated, and what fees are paid in. */
  settings(): Reply {
    const { reprice, feesIn } = this.#desk.engine.switches;
    const paid = { smsef: feesIn.exchange !== null, fmsef: feesIn.margin !== null };
    return ok({ lpaSpot: false, lpaPerp: !reprice, ...paid, deltaEnable: false, smpType: '0' });
  }

  /** As everybody sees them, and what this account may do with them. */
  instruments(query: Query): Reply {
    const { retCode, retMsg, result } = instrumentsInfo(this.#exchange, query, { isPublicRpi: false, myRpiPermission: false });
    return { retCode, retMsg, result };
  }

  /** Bybit's history comes late. */
  get #visible(): Instant {
    return this.#desk.now - this.#misdeeds.ms('history-lag');
  }
}
