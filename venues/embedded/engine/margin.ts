/** What the account is worth, what its orders and positions hold, and what is left. Account money is USD; stable coins count as one. */
import {
  absolute,
  add,
  divide,
  greaterThan,
  isNegative,
  isPositive,
  isZero,
  larger,
  money,
  negate,
  notional,
  price,
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
import type { Account, Balance } from './account.ts';
import { bankruptcyOf, liquidationAt } from './isolated.ts';
import { leverageOf, markOf, priceOf, type Holding, type Room, type State } from './state.ts';
import { maintenanceAt, roughMaintenance, tierOf } from './tiers.ts';
import type { Order, OrderId, OrderState, Position, Side } from './types.ts';

const STABLE: readonly string[] = ['USD', 'USDT', 'USDC'];
const AVERAGE_DECIMALS = 10;
const STANDING: readonly OrderState[] = ['new', 'partially-filled'];
const RATE_DECIMALS = 12;
/** Equity within this factor of the maintenance is counted exactly. */
const CLOSE = 1.01;

/** Value of what a holding holds at the mark, unsigned. */
function valueOf({ terms }: Room, holding: Holding, mark: Price): Money {
  return notional(mark, absolute(holding.size), terms.multiplier);
}

export function unrealisedOf(room: Room, holding: Holding): Money {
  const mark = markOf(room);
  if (mark === null || isZero(holding.size)) return ZERO_MONEY;
  const gain = subtract(valueOf(room, holding, mark), holding.cost);
  return isPositive(holding.size) ? gain : negate(gain);
}

export function positionOf(state: State, room: Room, holding: Holding): Position {
  const { terms } = room;
  const leverage = leverageOf(room, holding.slot);
  const size = absolute(holding.size);
  const mark = markOf(room) ?? price('0');
  const averagePrice = isZero(size)
    ? price('0')
    : rounded(price(divide(holding.cost, ratio(notional(price('1'), size, terms.multiplier)))), AVERAGE_DECIMALS);
  const { slot, cost, realised, realisedEver, createdAt, updatedAt, sequence } = holding;
  return {
    contract: terms.key,
    slot,
    size: holding.size,
    averagePrice,
    cost,
    leverage,
    tier: tierOf(terms.tiers, valueOf(room, holding, mark)),
    mark,
    unrealised: unrealisedOf(room, holding),
    realised,
    realisedEver,
    initialMargin: rounded(divide(cost, leverage), AVERAGE_DECIMALS),
    maintenanceMargin: maintenanceAt(terms.tiers, valueOf(room, holding, mark)),
    liquidation: state.marginMode === 'isolated' ? liquidationAt(room, holding) : liquidationOf(state, room, holding),
    bankruptcy: state.marginMode === 'isolated' ? bankruptcyOf(room, holding) : null,
    takeProfit: holding.takeProfit?.trigger ?? null,
    stopLoss: holding.stopLoss?.trigger ?? null,
    trailing: holding.trailing?.distance ?? null,
    createdAt,
    updatedAt,
    sequence,
  };
}

/** Where this position alone would eat up the account: the mark at which equity equals maintenance, all else unchanged. */
function liquidationOf(state: State, room: Room, holding: Holding): Price | null {
  const mark = markOf(room);
  if (mark === null || isZero(holding.size) || room.terms.tiers.length === 0) return null;
  const spare = subtract(equityOf(state), maintenanceOf(state));
  const away = divide(spare, ratio(notional(price('1'), absolute(holding.size), room.terms.multiplier)));
  const at = isPositive(holding.size) ? subtract(mark, price(away)) : add(mark, price(away));
  return isPositive(at) ? rounded(at, AVERAGE_DECIMALS) : null;
}

/** Account money for one unit of a currency; 0 where nothing prices it. */
export function rateOf(state: State, currency: string): Ratio {
  if (STABLE.includes(currency)) return ratio('1');
  for (const room of state.rooms.values()) {
    const { base, quote } = room.terms;
    const mark = priceOf(room, 'index');
    if (mark === null) continue;
    if (base === currency && STABLE.includes(quote)) return ratio(mark);
    if (quote === currency && STABLE.includes(base)) return rounded(quotient(ratio('1'), ratio(mark)), RATE_DECIMALS);
  }
  return Object.values(state.switches.feesIn).find((token) => token?.currency === currency)?.price ?? ratio('0');
}

/** What an open order of an exchange contract holds back, in the currency it gives. */
export function lockOf(room: Room, order: Order): Money {
  const { request, leaves, price: limit } = order;
  if (request.stopKind === 'stop' && order.state === 'untriggered') return ZERO_MONEY;
  if (request.side === 'sell') return money(leaves);
  if (request.qtyUnit === 'quote') return money(leaves);
  const at = limit ?? order.trigger?.price ?? markOf(room) ?? price('0');
  return notional(at, leaves, room.terms.multiplier);
}

/** Of a group of which only one can fill, only the dearest holds anything back. */
export function lockedOf(state: State, currency: string): Money {
  let locked = ZERO_MONEY;
  const groups = new Map<string, Money>();
  for (const room of state.rooms.values()) {
    if (room.terms.kind !== 'exchange') continue;
    for (const { order, held } of room.live) {
      const given = order.request.side === 'sell' ? room.terms.base : room.terms.quote;
      if (given !== currency || held) continue;
      const lock = lockOf(room, order);
      const { group } = order.request;
      if (group === null) locked = add(locked, lock);
      else groups.set(group, larger(lock, groups.get(group) ?? ZERO_MONEY));
    }
  }
  return [...groups.values()].reduce((sum, lock) => add(sum, lock), locked);
}

/** Initial margin of the open orders of a contract that would open: of the dearer side, as one cannot pay for both at once. */
export function orderMarginOf(room: Room): Money {
  const { long, short } = room.leverage;
  const dearer = larger(divide(openingValue(room, 'buy'), long), divide(openingValue(room, 'sell'), short));
  return isZero(dearer) ? ZERO_MONEY : rounded(dearer, AVERAGE_DECIMALS);
}

/** What the standing orders of a side would open, without one of them. */
export function openingValue(room: Room, side: Side, but: OrderId | null = null): Money {
  let sum = ZERO_MONEY;
  let free = room.hedge ? ZERO_QTY : closes(room, side);
  for (const { order, held } of room.live) {
    const { request, leaves, state } = order;
    if (request.side !== side || request.reduceOnly || held || order.id === but || !STANDING.includes(state)) continue;
    if (room.hedge && (request.slot === 'long') !== (side === 'buy')) continue;
    const spared: Qty = smaller(free, leaves);
    free = subtract(free, spared);
    sum = add(sum, notional(order.price ?? markOf(room) ?? price('0'), subtract(leaves, spared), room.terms.multiplier));
  }
  return sum;
}

function closes(room: Room, side: Side): Qty {
  const size = room.holdings.get('one-way')?.size ?? ZERO_QTY;
  return isNegative(size) === (side === 'buy') ? absolute(size) : ZERO_QTY;
}

interface Sums {
  orderMargin: Money;
  positionMargin: Money;
  maintenance: Money;
  unrealised: Money;
}

/** Margin contracts that settle in this currency. */
function sumsOf(state: State, currency: string): Sums {
  const sums: Sums = { orderMargin: ZERO_MONEY, positionMargin: ZERO_MONEY, maintenance: ZERO_MONEY, unrealised: ZERO_MONEY };
  for (const room of state.rooms.values()) {
    if (room.terms.kind !== 'margin' || room.terms.quote !== currency) continue;
    if (room.live.length > 0) sums.orderMargin = add(sums.orderMargin, orderMarginOf(room));
    for (const holding of room.holdings.values()) {
      if (isZero(holding.size)) continue;
      const mark = markOf(room) ?? price('0');
      sums.positionMargin = add(sums.positionMargin, rounded(divide(holding.cost, leverageOf(room, holding.slot)), AVERAGE_DECIMALS));
      sums.maintenance = add(sums.maintenance, maintenanceAt(room.terms.tiers, valueOf(room, holding, mark)));
      sums.unrealised = add(sums.unrealised, unrealisedOf(room, holding));
    }
  }
  return sums;
}

function currenciesOf(state: State): readonly string[] {
  const settled = [...state.rooms.values()].filter(({ holdings, live }) => holdings.size > 0 || live.length > 0).map(({ terms }) => terms.quote);
  return [...new Set([...state.wallet.keys(), ...settled])];
}

function equityOf(state: State): Money {
  return currenciesOf(state).reduce<Money>((sum, currency) => {
    const own = add(state.wallet.get(currency) ?? ZERO_MONEY, sumsOf(state, currency).unrealised);
    return add(sum, scale(own, rateOf(state, currency)));
  }, ZERO_MONEY);
}

function maintenanceOf(state: State): Money {
  return currenciesOf(state).reduce<Money>(
    (sum, currency) => add(sum, scale(sumsOf(state, currency).maintenance, rateOf(state, currency))),
    ZERO_MONEY,
  );
}

/** The whole account is liquidated once its equity no longer covers the maintenance of its positions. */
export function isBankrupt(state: State): boolean {
  if (isFarFromBankrupt(state)) return false;
  const needed = maintenanceOf(state);
  return isPositive(needed) && greaterThan(needed, equityOf(state));
}

/** Asked at every quote of a position: float64 suffices wherever it is not close. */
function isFarFromBankrupt(state: State): boolean {
  let [needed, unrealised] = [0, 0];
  for (const room of state.rooms.values()) {
    for (const { size, cost } of room.holdings.values()) {
      if (size === '0') continue;
      const rate = Number(rateOf(state, room.terms.quote));
      const value = Number(size) * Number(markOf(room) ?? '0') * Number(room.terms.multiplier);
      needed += roughMaintenance(room.terms.tiers, Math.abs(value)) * rate;
      unrealised += (value - Math.sign(Number(size)) * Number(cost)) * rate;
    }
  }
  if (needed === 0) return true;
  let equity = unrealised;
  for (const [currency, own] of state.wallet) equity += Number(own) * Number(rateOf(state, currency));
  return equity > needed * CLOSE;
}

/** Margin of positions and orders, against what may be laid down for it. */
export function needsMoreThanThereIs(state: State): boolean {
  const { equity, wallet, initialMargin } = accountOf(state);
  return greaterThan(initialMargin, state.marginMode === 'isolated' ? wallet : equity);
}

export function accountOf(state: State): Account {
  const balances: Balance[] = [];
  let [equity, wallet, margin, held] = [ZERO_MONEY, ZERO_MONEY, ZERO_MONEY, ZERO_MONEY];
  let [maintenanceMargin, unrealised] = [ZERO_MONEY, ZERO_MONEY];
  for (const currency of currenciesOf(state)) {
    const own = state.wallet.get(currency) ?? ZERO_MONEY;
    const sums = sumsOf(state, currency);
    const rate = rateOf(state, currency);
    const locked = lockedOf(state, currency);
    const value = scale(add(own, sums.unrealised), rate);
    balances.push({
      currency,
      wallet: own,
      locked,
      orderMargin: sums.orderMargin,
      positionMargin: sums.positionMargin,
      maintenanceMargin: sums.maintenance,
      unrealised: sums.unrealised,
      realisedEver: state.realised.get(currency) ?? ZERO_MONEY,
      value,
    });
    equity = add(equity, value);
    wallet = add(wallet, scale(own, rate));
    margin = add(margin, scale(add(sums.orderMargin, sums.positionMargin), rate));
    held = add(held, scale(locked, rate));
    maintenanceMargin = add(maintenanceMargin, scale(sums.maintenance, rate));
    unrealised = add(unrealised, scale(sums.unrealised, rate));
  }
  // In isolated margin no profit of one position pays for another.
  const owned = state.marginMode === 'isolated' ? wallet : equity;
  const available = larger(ZERO_MONEY, subtract(subtract(owned, margin), held));
  return { equity, wallet, available, initialMargin: margin, maintenanceMargin, unrealised, balances };
}
