/**
 * Margin by flat rates, in USD: enough to tell a what-if from nothing. Currency pairs by notional, shares by value (Regulation T), short options by the
 * Cboe rule for naked equity options, long options nothing: their premium is paid.
 */
import {
  absolute,
  add,
  divide,
  isNegative,
  larger,
  money,
  notional,
  qty,
  ratio,
  scale,
  subtract,
  ZERO_MONEY,
  type Money,
  type Price,
  type Qty,
} from '#trading/money/decimal.ts';
import type { Contract } from './contracts.ts';
import type { HeldPosition } from './exchange.ts';
import { valueOf } from './wallet.ts';

export interface Requirement {
  readonly initial: Money;
  readonly maintenance: Money;
}

export interface Prices {
  /** Middle of the market; null where there is none. */
  mark(contract: Contract): Price | null;
  usdRate(currency: string): Price | null;
  underlying(contract: Contract): Contract | undefined;
}

const PAIR_INITIAL = ratio('0.03');
const PAIR_MAINTENANCE = ratio('0.025');
const SHARE_INITIAL = ratio('0.5');
const SHARE_MAINTENANCE = ratio('0.25');
/** Naked short: 20 % of the underlying less what it is out of the money, at least 10 %, plus the premium. */
const SHORT_OPTION = ratio('0.2');
const SHORT_OPTION_MINIMUM = ratio('0.1');
const HUNDRED = ratio('100');

export function requirementOf(positions: readonly HeldPosition[], prices: Prices): Requirement {
  let initial = ZERO_MONEY;
  let maintenance = ZERO_MONEY;
  for (const position of positions) {
    const rate = ratio(prices.usdRate(position.contract.currency) ?? '1');
    const [first, second] = ratesOf(position, prices);
    initial = add(initial, scale(first, rate));
    maintenance = add(maintenance, scale(second, rate));
  }
  return { initial: cents(initial), maintenance: cents(maintenance) };
}

/** The positions as they would be after a trade. */
export function withTrade(positions: readonly HeldPosition[], contract: Contract, change: Qty, at: Price): readonly HeldPosition[] {
  const held = positions.find((position) => position.contract.conId === contract.conId);
  const others = positions.filter((position) => position !== held);
  return [...others, { contract, qty: add(held?.qty ?? qty('0'), change), averagePrice: held?.averagePrice ?? at }];
}

/** In the contract's currency: initial, maintenance. */
function ratesOf(position: HeldPosition, prices: Prices): readonly [Money, Money] {
  const { contract } = position;
  const at = prices.mark(contract) ?? position.averagePrice;
  const size = absolute(position.qty);
  const value = valueOf(contract, size, at);
  if (contract.secType === 'CASH') return [scale(value, PAIR_INITIAL), scale(value, PAIR_MAINTENANCE)];
  if (contract.secType === 'STK') return [scale(value, SHARE_INITIAL), scale(value, SHARE_MAINTENANCE)];
  if (!isNegative(position.qty)) return [ZERO_MONEY, ZERO_MONEY];
  const naked = add(value, nakedPart(contract, size, prices));
  return [naked, naked];
}

function nakedPart(contract: Contract, size: Qty, prices: Prices): Money {
  const share = prices.underlying(contract);
  const spot = (share === undefined ? null : prices.mark(share)) ?? contract.strike;
  const controlled = scale(notional(spot, size), HUNDRED);
  const atStrike = scale(notional(contract.strike, size), HUNDRED);
  const out = contract.right === 'C' ? subtract(atStrike, controlled) : subtract(controlled, atStrike);
  return larger(subtract(scale(controlled, SHORT_OPTION), larger(out, ZERO_MONEY)), scale(controlled, SHORT_OPTION_MINIMUM));
}

const cents = (value: Money): Money => divide(money(String(Math.round(Number(scale(value, HUNDRED))))), HUNDRED);
