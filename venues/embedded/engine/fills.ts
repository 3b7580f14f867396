/** What one fill does to an order, to the balances and to the position. Every amount is exact: balances move by fills, fees and funding alone. */
import {
  absolute,
  add,
  atMost,
  divide,
  isNegative,
  isPositive,
  isZero,
  larger,
  money,
  negate,
  notional,
  qty,
  quotient,
  ratio,
  rounded,
  scale,
  smaller,
  subtract,
  ZERO_MONEY,
  ZERO_QTY,
  type Money,
  type Price,
  type Qty,
  type Ratio,
} from '#trading/money/decimal.ts';
import { rateOf } from './margin.ts';
import { holdingOf, leverageOf, markOf, NO_EXITS, type Holding, type Live, type Room, type State } from './state.ts';
import type { ContractTerms, Execution, Order, Side } from './types.ts';

/** Cost that a partial close takes out is rounded to this; the rest keeps the difference, so nothing is lost. */
const COST_DECIMALS = 10;

export interface Fill {
  readonly price: Price;
  readonly qty: Qty;
  readonly maker: boolean;
  readonly kind: Execution['kind'];
}

/** The quantity, signed, that a fill of `side` adds. */
export const signed = (side: Side, size: Qty): Qty => (side === 'buy' ? size : negate(size));

/** How much a fill of this side would close. */
export function closable(holding: Holding, side: Side): Qty {
  return isZero(holding.size) || isNegative(holding.size) !== (side === 'buy') ? ZERO_QTY : absolute(holding.size);
}

export function fill(state: State, room: Room, live: Live, { price: at, qty: size, maker, kind }: Fill): void {
  const { terms } = room;
  const { side, slot, qtyUnit } = live.order.request;
  const value = notional(at, size, terms.multiplier);
  const fee = inToken(state, terms.kind, feeOf(terms, side, { value, size, maker }));
  const effect =
    terms.kind === 'exchange'
      ? swap(state, terms, side, size, value)
      : hold(state, room, live.order, { at, size, value, fee: fee.currency === terms.quote ? fee.fee : ZERO_MONEY });
  state.move(fee.currency, negate(fee.fee));
  const leaves = subtract(live.order.leaves, qtyUnit === 'quote' ? qty(value) : size);
  const done = isZero(leaves);
  const order = fillsOf(live.order, { size, value, leaves, fee, realised: effect.realised });
  live.order = order;
  state.record(
    {
      kind,
      contract: terms.key,
      orderId: order.id,
      linkId: order.request.linkId,
      side,
      price: at,
      qty: size,
      value,
      fee: fee.fee,
      feeCurrency: fee.currency,
      feeRate: fee.rate,
      maker,
      closed: effect.closed,
      realised: effect.realised,
      openFee: effect.openFee,
      leverage: leverageOf(room, slot),
      mark: markOf(room) ?? at,
      leaves,
      slot,
    },
    order,
  );
  if (done) state.end(room, live, 'filled', 'none');
  else state.change(room, live, { state: 'partially-filled' });
}

interface Fee {
  readonly fee: Money;
  readonly currency: string;
  readonly rate: Ratio;
}

interface Filled {
  readonly size: Qty;
  readonly value: Money;
  readonly leaves: Qty;
  readonly fee: Fee;
  readonly realised: Money;
}

function fillsOf(order: Order, { size, value, leaves, fee, realised }: Filled): Order {
  const paid = add(order.fees[fee.currency] ?? ZERO_MONEY, fee.fee);
  return {
    ...order,
    filled: add(order.filled, size),
    filledValue: add(order.filledValue, value),
    leaves,
    fees: { ...order.fees, [fee.currency]: paid },
    realised: add(order.realised, realised),
  };
}

function feeOf(
  { fees, kind, base, quote }: ContractTerms,
  side: Side,
  of: { readonly value: Money; readonly size: Qty; readonly maker: boolean },
): Fee {
  if (fees.kind === 'per-unit') return { fee: larger(scale(fees.perUnit, ratio(of.size)), fees.minimum), currency: quote, rate: ratio('0') };
  const rate = of.maker ? fees.maker : fees.taker;
  // Bybit: of what is received, unless the maker is paid a rebate: then of what is given.
  const inBase = kind === 'exchange' && fees.paidIn === 'received' && (side === 'buy') !== (of.maker && isNegative(rate));
  return inBase ? { fee: scale(money(of.size), rate), currency: base, rate } : { fee: scale(of.value, rate), currency: quote, rate };
}

/** The same fee in another currency, where the account has enough of it; rebates are paid in what is traded. */
function inToken(state: State, kind: ContractTerms['kind'], fee: Fee): Fee {
  const token = state.switches.feesIn[kind];
  if (token === null || !isPositive(fee.fee)) return fee;
  const paid = rounded(divide(scale(fee.fee, rateOf(state, fee.currency)), token.price), COST_DECIMALS);
  const owned = state.wallet.get(token.currency) ?? ZERO_MONEY;
  return isPositive(paid) && atMost(paid, owned) ? { fee: paid, currency: token.currency, rate: fee.rate } : fee;
}

interface Effect {
  readonly closed: Qty;
  readonly realised: Money;
  readonly openFee: Money;
}

function swap(state: State, { base, quote }: ContractTerms, side: Side, size: Qty, value: Money): Effect {
  const got = money(size);
  state.move(base, side === 'buy' ? got : negate(got));
  state.move(quote, side === 'buy' ? negate(value) : value);
  return { closed: ZERO_QTY, realised: ZERO_MONEY, openFee: ZERO_MONEY };
}

interface Held {
  readonly at: Price;
  readonly size: Qty;
  readonly value: Money;
  readonly fee: Money;
}

function hold(state: State, room: Room, order: Order, { at, size, value, fee }: Held): Effect {
  const { quote } = room.terms;
  const { side, slot } = order.request;
  const holding = holdingOf(room, slot);
  const closed = smaller(closable(holding, side), size);
  const opened = subtract(size, closed);
  const closedValue = notional(at, closed, room.terms.multiplier);
  const wasLong = isPositive(holding.size);
  const whole = closed === absolute(holding.size);
  const removed = whole ? holding.cost : isZero(closed) ? ZERO_MONEY : part(holding.cost, closed, absolute(holding.size));
  const realised = isZero(closed) ? ZERO_MONEY : wasLong ? subtract(closedValue, removed) : subtract(removed, closedValue);
  if (isZero(holding.size) || (whole && isPositive(opened))) {
    Object.assign(holding, { realised: ZERO_MONEY, ...NO_EXITS, createdAt: state.now });
  }
  const openFee = whole ? holding.openFee : isZero(closed) ? ZERO_MONEY : part(holding.openFee, closed, absolute(holding.size));
  const closing = isZero(opened) ? fee : isZero(closed) ? ZERO_MONEY : part(fee, closed, size);
  holding.openFee = add(subtract(holding.openFee, openFee), subtract(fee, closing));
  holding.size = add(holding.size, signed(side, size));
  holding.cost = add(subtract(holding.cost, removed), subtract(value, closedValue));
  const net = subtract(realised, fee);
  holding.realised = add(holding.realised, net);
  holding.realisedEver = add(holding.realisedEver, net);
  holding.updatedAt = state.now;
  state.move(quote, realised);
  state.realise(quote, net);
  state.touch(room, holding);
  return { closed, realised, openFee };
}

const part = (whole: Money, of: Qty, total: Qty): Money => rounded(scale(whole, quotient(of, total)), COST_DECIMALS);

/** Funding: longs pay a positive rate, shorts receive it. */
export function fund(state: State, room: Room, holding: Holding, rate: Ratio): void {
  const { terms } = room;
  const mark = markOf(room);
  if (mark === null || isZero(holding.size)) return;
  const size = absolute(holding.size);
  const value = notional(mark, size, terms.multiplier);
  const paid = scale(isPositive(holding.size) ? value : negate(value), rate);
  state.move(terms.quote, negate(paid));
  state.realise(terms.quote, negate(paid));
  holding.realised = subtract(holding.realised, paid);
  holding.realisedEver = subtract(holding.realisedEver, paid);
  holding.updatedAt = state.now;
  state.touch(room, holding);
  const side = isPositive(holding.size) ? 'buy' : 'sell';
  const what = { kind: 'funding', contract: terms.key, orderId: state.nextId(terms.kind), linkId: '', side, price: mark, qty: size, value } as const;
  const nothing = {
    maker: false,
    closed: ZERO_QTY,
    realised: ZERO_MONEY,
    openFee: ZERO_MONEY,
    leverage: leverageOf(room, holding.slot),
    leaves: ZERO_QTY,
  } as const;
  state.record({ ...what, ...nothing, fee: paid, feeCurrency: terms.quote, feeRate: rate, mark, slot: holding.slot }, null);
}
