/** RK-1: what open positions have lost by now. A loss that is not realised yet is one all the same. */
import { costAt, realisedOf, type BookedPosition } from '../ledger/positions.ts';
import { add, isNegative, negate, notional, scale, subtract, ZERO_MONEY, type Money } from '../money/decimal.ts';
import { opposite } from '../model/order.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import { touch } from '../paper/price.ts';
import type { Account } from './allowance.ts';
import { instrumentKey, type GovernorState } from './state.ts';

/**
 * USD, 0 or above: the sum of what each open position of the account has lost, closed at the touch of its last good quote, after the fees and the funding
 * that it paid. What another position has won pays for none of it. Where no quote is known, what its fills and cash say.
 */
export function openLossOf(state: GovernorState, quotes: Readonly<Record<string, QuoteSnapshot>>, { asset, mode }: Account): Money {
  let lost = ZERO_MONEY;
  for (const position of Object.values(state.positions)) {
    if (position.asset !== asset || position.mode !== mode) continue;
    const result = add(realisedOf(position), markedResult(position, quotes[instrumentKey(position)]));
    if (isNegative(result)) lost = add(lost, negate(result));
  }
  return lost;
}

function markedResult({ side, qty, averagePrice, multiplier }: BookedPosition, quote: QuoteSnapshot | undefined): Money {
  if (quote === undefined) return ZERO_MONEY;
  const worth = notional(touch(opposite(side), quote), qty);
  const cost = costAt(averagePrice, qty);
  return scale(side === 'buy' ? subtract(worth, cost) : subtract(cost, worth), multiplier);
}
