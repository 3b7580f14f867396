/**
 * What became of the account's money, read back from its executions: closed positions by the order that closed them, and every change of a balance.
 * The engine keeps neither: both follow from executions and from the balances as they stand.
 */
import {
  add,
  isZero,
  money,
  negate,
  notional,
  price,
  qty as toQty,
  quotient,
  rounded,
  scale,
  subtract,
  ZERO_MONEY,
  ZERO_QTY,
  type Money,
  type Qty,
  type Ratio,
} from '#trading/money/decimal.ts';
import type { Instant } from '#trading/model/instrument.ts';
import { signed } from '../../engine/fills.ts';
import type { Account } from '../../engine/account.ts';
import type { ContractTerms, Execution, Order, Position } from '../../engine/types.ts';
import type { Category } from '../../listing.ts';
import { executionType, sideText, symbolOfKey } from './rows.ts';

/** Shares are rounded to this, as the engine rounds cost. */
const SHARE_DECIMALS = 10;
const AVERAGE_DECIMALS = 10;
/** The account's number, as GET /v5/user/query-api says it. */
const USER_ID = '1';

/** Fills of one order that reduced a position, newest first. */
export interface Closing {
  readonly orderId: string;
  readonly fills: readonly [Execution, ...Execution[]];
}

/** Executions newest first; orders in the order of their first reducing fill, newest first. */
export function closingsOf(executions: readonly Execution[]): readonly Closing[] {
  const found = new Map<string, [Execution, ...Execution[]]>();
  for (const execution of executions) {
    if (isZero(execution.closed)) continue;
    const fills = found.get(execution.orderId);
    if (fills === undefined) found.set(execution.orderId, [execution]);
    else fills.push(execution);
  }
  const closings = [...found].map(([orderId, fills]) => ({ orderId, fills }));
  return closings.sort((left, right) => firstOf(right).sequence - firstOf(left).sequence);
}

export const firstOf = ({ fills }: Closing): Execution => fills.at(-1) ?? fills[0];

const sum = (values: readonly Money[]): Money => values.reduce((total, value) => add(total, value), ZERO_MONEY);
const exitValue = ({ price: at, closed }: Execution): Money => notional(at, closed);
/** A sell closed a long: what it gained is the exit less the entry. */
const entryValue = (fill: Execution): Money =>
  fill.side === 'sell' ? subtract(exitValue(fill), fill.realised) : add(exitValue(fill), fill.realised);
/** Of a fill that closed and opened, the part of its fee that closed. */
const closeFee = ({ fee, closed, qty }: Execution): Money => (closed === qty ? fee : rounded(scale(fee, quotient(closed, qty)), SHARE_DECIMALS));

/** As GET /v5/position/closed-pnl lists it: what was gained less the fees of both ends, without funding. */
export function closedPnlRow(closing: Closing, order: Order | null, settles: string) {
  const { fills, orderId } = closing;
  const [last] = fills;
  const closedSize = fills.reduce<Qty>((total, { closed }) => add(total, closed), ZERO_QTY);
  const [entered, left] = [sum(fills.map(entryValue)), sum(fills.map(exitValue))];
  // What was paid in another currency is no part of what the position gained in its own.
  const fee = sum(fills.filter(({ feeCurrency }) => feeCurrency === settles).map(closeFee));
  const openFee = sum(fills.map((fill) => fill.openFee));
  const average = (value: Money): string => rounded(price(quotient(value, money(closedSize))), AVERAGE_DECIMALS);
  return {
    symbol: symbolOfKey(last.contract),
    orderId,
    side: sideText(last.side),
    qty: order?.qty ?? closedSize,
    orderPrice: order?.price ?? '0',
    orderType: order?.request.type === 'limit' ? 'Limit' : 'Market',
    execType: executionType(last),
    closedSize,
    cumEntryValue: entered,
    avgEntryPrice: average(entered),
    cumExitValue: left,
    avgExitPrice: average(left),
    closedPnl: subtract(sum(fills.map(({ realised }) => realised)), add(openFee, fee)),
    fillCount: String(fills.length),
    leverage: last.leverage,
    openFee,
    closeFee: fee,
    createdTime: String(firstOf(closing).at),
    updatedTime: String(last.at),
  } as const;
}

const TYPES = {
  trade: 'TRADE',
  funding: 'SETTLEMENT',
  liquidation: 'LIQUIDATION',
  deleveraging: 'ADL',
  settlement: 'DELIVERY',
} as const satisfies Readonly<Record<Execution['kind'], string>>;
type TransactionType = (typeof TYPES)[keyof typeof TYPES] | 'TRANSFER_IN';

/** One change of one balance. */
export interface Transaction {
  /** Of one account no two are the same. */
  readonly key: string;
  readonly at: Instant;
  readonly type: TransactionType;
  readonly currency: string;
  /** Null for what came from outside. */
  readonly execution: Execution | null;
  /** Of spot negative where this currency was given; of perpetuals the quantity, without a sign. */
  readonly qty: Qty | null;
  /** What is left of the position after it, negative where short; of spot 0. */
  readonly size: Qty | null;
  readonly cashFlow: Money;
  /** Positive is received. */
  readonly funding: Money | null;
  /** Positive is paid. */
  readonly fee: Money;
  readonly change: Money;
  /** Of the currency after it. */
  readonly balance: Money;
}

export interface Books {
  /** Newest first. */
  readonly executions: readonly Execution[];
  readonly positions: readonly Position[];
  readonly account: Account;
  readonly openedAt: Instant;
  readonly termsOf: (contract: string) => ContractTerms | undefined;
}

type Draft = Pick<Transaction, 'currency' | 'qty' | 'cashFlow' | 'funding' | 'fee'>;

/**
 * Every change of a balance, newest first, the opening balances as transfers at the end. Read backwards from what there is now: after each row its
 * balance is what the account had, and all changes of a currency add up to its wallet.
 */
export function transactionsOf({ executions, positions, account, openedAt, termsOf }: Books): readonly Transaction[] {
  const balances = new Map(account.balances.map(({ currency, wallet }) => [currency, wallet]));
  const sizes = new Map(positions.map(({ contract, slot, size }) => [`${contract}:${slot}`, size]));
  const rows: Transaction[] = [];
  const book = (draft: Draft, rest: Pick<Transaction, 'key' | 'at' | 'type' | 'execution' | 'size'>): void => {
    const balance = balances.get(draft.currency) ?? ZERO_MONEY;
    const change = subtract(add(draft.cashFlow, draft.funding ?? ZERO_MONEY), draft.fee);
    rows.push({ ...draft, ...rest, change, balance });
    balances.set(draft.currency, subtract(balance, change));
  };
  for (const execution of executions) {
    const terms = termsOf(execution.contract);
    if (terms === undefined) continue;
    const { sequence, contract, slot, kind, side, qty, at } = execution;
    const held = `${contract}:${slot}`;
    const size = sizes.get(held) ?? ZERO_QTY;
    const type = TYPES[kind];
    for (const [index, draft] of draftsOf(execution, terms).entries()) {
      book(draft, { key: `${sequence}-${index}`, at, type, execution, size: terms.kind === 'margin' ? size : ZERO_QTY });
    }
    if (terms.kind === 'margin' && kind !== 'funding') sizes.set(held, subtract(size, signed(side, qty)));
  }
  const given = { funding: null, fee: ZERO_MONEY, qty: null };
  for (const [currency, opening] of [...balances].sort(([left], [right]) => (left < right ? -1 : 1))) {
    if (isZero(opening)) continue;
    book({ ...given, currency, cashFlow: opening }, { key: `0-${currency}`, at: openedAt, type: 'TRANSFER_IN', execution: null, size: null });
  }
  return rows;
}

/** What an execution moved: one row a currency. */
function draftsOf(execution: Execution, { kind, base, quote }: ContractTerms): readonly Draft[] {
  const { fee, feeCurrency, side, qty, value, realised } = execution;
  if (execution.kind === 'funding') return [{ currency: quote, qty, cashFlow: ZERO_MONEY, funding: negate(fee), fee: ZERO_MONEY }];
  const moved: readonly (readonly [string, Qty, Money])[] =
    kind === 'margin'
      ? [[quote, qty, realised]]
      : [
          [base, signed(side, qty), money(signed(side, qty))],
          [quote, side === 'buy' ? negate(toQty(value)) : toQty(value), side === 'buy' ? negate(value) : value],
        ];
  const drafts = moved.map(([currency, amount, cashFlow]) => ({
    currency,
    qty: amount,
    cashFlow,
    funding: null,
    fee: currency === feeCurrency ? fee : ZERO_MONEY,
  }));
  const paidElsewhere = !moved.some(([currency]) => currency === feeCurrency) && !isZero(fee);
  return paidElsewhere ? [...drafts, { currency: feeCurrency, qty: ZERO_QTY, cashFlow: ZERO_MONEY, funding: null, fee }] : drafts;
}

/** As GET /v5/account/transaction-log lists it. */
export function transactionRow(transaction: Transaction, category: Category | '') {
  const { key, at, type, currency, execution, qty, size, cashFlow, funding, fee, change, balance } = transaction;
  const symbol = execution === null ? '' : symbolOfKey(execution.contract);
  const traded = execution === null ? { side: 'None', tradePrice: '', feeRate: '' } : tradedOf(execution);
  return {
    id: [USER_ID, symbol, key.replace('-', '')].filter((part) => part !== '').join('_'),
    symbol,
    category,
    ...traded,
    transactionTime: String(at),
    type,
    transSubType: '',
    qty: qty ?? '',
    size: size ?? '',
    currency,
    funding: funding ?? '',
    fee,
    cashFlow,
    change,
    cashBalance: balance,
    bonusChange: '',
    tradeId: execution?.id ?? '',
    orderId: execution?.orderId ?? '',
    orderLinkId: execution?.linkId ?? '',
    extraFees: '',
  } as const;
}

/** A short pays the rate with the other sign. */
function tradedOf({ kind, side, price: tradePrice, feeRate }: Execution) {
  const rate: Ratio = kind === 'funding' && side === 'sell' ? negate(feeRate) : feeRate;
  return { side: sideText(side), tradePrice, feeRate: rate } as const;
}
