/** What is left of a position and is less than the venue's smallest order: nobody can sell it. */
import { isZero, lessThan, notional, toStep, type Price, type Qty } from '../money/decimal.ts';
import type { Instrument } from '../model/instrument.ts';

/** True where what fits the lot grid is nothing, or is below the smallest quantity or the smallest value at `at`. */
export function isUnsellable(held: Qty, at: Price, { lotSize, minQty, minNotional, multiplier }: Instrument): boolean {
  const sellable = toStep(held, lotSize, 'down');
  return isZero(sellable) || lessThan(sellable, minQty) || lessThan(notional(at, sellable, multiplier), minNotional);
}
