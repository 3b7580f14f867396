/** Orders, and what is known of them. */
import { isDecimalText, isPositive, lessThan, qty } from '#trading/money/decimal.ts';
import type { Handlers } from '../codec/client-messages.ts';
import type { Context } from '../context.ts';
import { commissionReportOf, type Placed } from '../orders/record.ts';
import { say } from '../say.ts';
import type { Session } from '../session.ts';

type OrderRequestName =
  | 'placeOrder'
  | 'cancelOrder'
  | 'reqGlobalCancel'
  | 'reqOpenOrders'
  | 'reqAllOpenOrders'
  | 'reqAutoOpenOrders'
  | 'reqCompletedOrders'
  | 'reqExecutions'
  | 'reqIds'
  | 'exerciseOptions';

const VALIDATION = 321;
const LAPSE = 2;
/** The session that does as others do, where a switch says so. */
export const TWIN_CLIENT = 999;

/** The same order of another session: it has no family there. */
const twinOf = (row: Placed): Placed => ({ ...row, parentId: 0, ocaGroup: '', orderRef: 'twin' });

export function orderRequests(context: Context, session: Session, clientId: number): Pick<Handlers, OrderRequestName> {
  const { book, switches } = context;
  const shown = (whose: number | 'all') => (switches.emptyOpenOrders ? [] : book.openOrders(whose));
  return {
    placeOrder: (row) => {
      // What is only asked is no order that a connection could break over.
      if (switches.swallowNextPlace && !row.whatIf) {
        switches.swallowNextPlace = false;
        return session.drop();
      }
      const contract = context.contracts.one(row, context.now());
      if (contract !== undefined) context.take(context.market.watch(contract, context.now()));
      if (switches.dropAfterNextPlace && !row.whatIf) {
        switches.dropAfterNextPlace = false;
        session.drop();
      }
      book.place(clientId, row);
      if (switches.twinOrders && row.transmit && !row.whatIf && clientId !== TWIN_CLIENT) book.place(TWIN_CLIENT, twinOf(row));
    },
    cancelOrder: ({ orderId }) => context.later(switches.cancelAfterMs, () => book.cancel(clientId, orderId)),
    reqGlobalCancel: () => book.cancelAll(),
    reqOpenOrders: () => session.send(...shown(clientId), say('openOrderEnd', {})),
    reqAllOpenOrders: () => session.send(...shown('all'), say('openOrderEnd', {})),
    reqAutoOpenOrders: ({ bind }) => {
      if (clientId !== 0) return session.refuse(-1, VALIDATION, "Error validating request.-'bX' : cause - only client 0 may bind orders");
      session.bindsManualOrders = bind;
    },
    reqCompletedOrders: () => session.send(...book.completedOrders(), say('completedOrdersEnd', {})),
    reqExecutions: (row) => {
      for (const execution of book.executions.matching(row, context.now())) {
        session.send(book.executionShown(execution, row.reqId));
        if (!switches.noCommission) session.send(commissionReportOf(execution));
      }
      session.send(say('executionsEnd', { reqId: row.reqId }));
    },
    reqIds: () => session.send(say('nextValidId', { orderId: book.register.nextId(clientId) })),
    exerciseOptions: ({ reqId, action, quantity, ...row }) => {
      const contract = context.contracts.one(row, context.now());
      const held = contract === undefined ? undefined : context.exchange.position(contract.conId);
      const wanted = isDecimalText(quantity) && isPositive(qty(quantity)) ? qty(quantity) : undefined;
      if (contract?.secType !== 'OPT' || held === undefined || wanted === undefined || lessThan(held.qty, wanted)) {
        return session.refuse(reqId, VALIDATION, "Error validating request.-'bX' : cause - no such position to exercise");
      }
      context.exercise(contract, wanted, action === LAPSE);
    },
  };
}
