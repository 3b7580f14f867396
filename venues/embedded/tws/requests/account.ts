/** Positions, account values, and profit and loss, asked for once or subscribed to. */
import type { Value } from '../account.ts';
import type { Handlers } from '../codec/client-messages.ts';
import type { Context } from '../context.ts';
import { newYork, newYorkInstant } from '../hours.ts';
import { say, type Said } from '../say.ts';
import type { Session } from '../session.ts';
import { rounded, subtract, ZERO_MONEY, type Money } from '#trading/money/decimal.ts';

type AccountRequest =
  | 'reqAccountUpdates'
  | 'reqAccountSummary'
  | 'cancelAccountSummary'
  | 'reqAccountUpdatesMulti'
  | 'cancelAccountUpdatesMulti'
  | 'reqPositions'
  | 'cancelPositions'
  | 'reqPnl'
  | 'cancelPnl'
  | 'reqPnlSingle'
  | 'cancelPnlSingle'
  | 'reqManagedAccounts';

const SUBSCRIPTIONS_MAX = 100;
const SERVER_ERROR = 322;
const TOO_MANY_TEXT = "Error processing request.-'bX' : cause - Maximum number of account summary requests exceeded";
const CENTS = 2;

export function accountRequests(context: Context, session: Session): Pick<Handlers, AccountRequest> {
  const room = (reqId: number, size: number): boolean => {
    if (size >= SUBSCRIPTIONS_MAX) session.refuse(reqId, SERVER_ERROR, TOO_MANY_TEXT);
    return size < SUBSCRIPTIONS_MAX;
  };
  return {
    reqAccountUpdates: ({ subscribe }) => {
      session.accountUpdates = subscribe;
      if (subscribe) session.send(...accountDownload(context));
    },
    reqAccountSummary: ({ reqId, tags }) => {
      if (!room(reqId, session.summaries.size)) return;
      const wanted = tags.split(',');
      session.summaries.set(reqId, wanted);
      session.send(...summaryOf(context, reqId, wanted), say('accountSummaryEnd', { reqId }));
    },
    cancelAccountSummary: ({ reqId }) => void session.summaries.delete(reqId),
    reqAccountUpdatesMulti: ({ reqId, model }) => {
      if (!room(reqId, session.multis.size)) return;
      session.multis.set(reqId, model);
      session.send(...multiOf(context, reqId, model), say('accountUpdateMultiEnd', { reqId }));
    },
    cancelAccountUpdatesMulti: ({ reqId }) => void session.multis.delete(reqId),
    reqPositions: () => {
      session.positions = true;
      session.send(...context.exchange.positions().map(({ contract }) => context.account.positionOf(contract)), say('positionEnd', {}));
    },
    cancelPositions: () => {
      session.positions = false;
    },
    reqPnl: ({ reqId }) => {
      if (!room(reqId, session.pnl.size)) return;
      session.pnl.add(reqId);
      session.send(pnlOf(context, reqId));
    },
    cancelPnl: ({ reqId }) => void session.pnl.delete(reqId),
    reqPnlSingle: ({ reqId, conId }) => {
      if (!room(reqId, session.pnlSingle.size)) return;
      session.pnlSingle.set(reqId, conId);
      session.send(pnlSingleOf(context, reqId, conId));
    },
    cancelPnlSingle: ({ reqId }) => void session.pnlSingle.delete(reqId),
    reqManagedAccounts: () => session.send(say('managedAccounts', { accounts: context.accountName })),
  };
}

/** Everything that the session subscribed to, after a position has changed. */
export function accountNews(context: Context, session: Session, conId: number): readonly Said[] {
  const contract = context.contracts.byId(conId);
  const said: Said[] = [];
  if (contract !== undefined && session.positions) said.push(context.account.positionOf(contract));
  if (session.accountUpdates) said.push(...accountDownload(context));
  for (const [reqId, tags] of session.summaries) said.push(...summaryOf(context, reqId, tags));
  for (const [reqId, model] of session.multis) said.push(...multiOf(context, reqId, model));
  for (const reqId of session.pnl) said.push(pnlOf(context, reqId));
  for (const [reqId, of] of session.pnlSingle) if (of === conId) said.push(pnlSingleOf(context, reqId, of));
  return said;
}

function accountDownload(context: Context): readonly Said[] {
  const account = context.accountName;
  return [
    ...context.account.values().map((value) => say('accountValue', { ...value, account })),
    ...context.account.figures().map((figures) => context.account.portfolioOf(figures, ZERO_MONEY)),
    say('accountTime', { time: newYork(context.now()).time.slice(0, 5) }),
    say('accountDownloadEnd', { account }),
  ];
}

/** `$LEDGER` asks for the balances by currency. */
function summaryOf(context: Context, reqId: number, tags: readonly string[]): readonly Said[] {
  const ledger = tags.some((tag) => tag.startsWith('$LEDGER'));
  const wanted = (value: Value): boolean => tags.includes(value.key) || (ledger && (value.key === 'CashBalance' || value.key === 'ExchangeRate'));
  const shown = context.account.values().filter(wanted);
  return shown.map(({ key, value, currency }) => say('accountSummary', { reqId, account: context.accountName, tag: key, value, currency }));
}

function multiOf(context: Context, reqId: number, model: string): readonly Said[] {
  return context.account.values().map((value) => say('accountUpdateMulti', { ...value, reqId, account: context.accountName, model }));
}

function pnlOf(context: Context, reqId: number): Said {
  const unrealised = context.account.unrealised();
  const realised = context.book.executions.realisedSince(newYorkInstant(newYork(context.now()).date, 0, 0));
  const daily = subtract(realised, subtract(ZERO_MONEY, unrealised));
  return say('pnl', { reqId, daily: cents(daily), unrealised: cents(unrealised), realised: cents(realised) });
}

function pnlSingleOf(context: Context, reqId: number, conId: number): Said {
  const position = context.exchange.position(conId);
  if (position === undefined) return say('pnlSingle', { reqId, position: '0', daily: '0', unrealised: '0', realised: '0', value: '0' });
  const { unrealised, value } = context.account.figuresOf(position);
  return say('pnlSingle', {
    reqId,
    position: position.qty,
    daily: cents(unrealised),
    unrealised: cents(unrealised),
    realised: '0',
    value: cents(value),
  });
}

const cents = (value: Money): string => rounded(value, CENTS);
