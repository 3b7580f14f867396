/**
 * ST-3: a person took the venue's word for a position. That is no fill and no trade: what is held is the venue's from here on, what the fills
 * so far realised and cost stays, and the difference is neither gained nor lost.
 */
import type { Adjustment } from '../model/events.ts';
import { add, notional, price, ZERO_MONEY, ZERO_QTY, type Money, type Ratio } from '../money/decimal.ts';
import { costAt, realisedOf, type BookedPosition } from './positions.ts';

/** In place of a strategy and an entry order: nobody of this house entered it, so nobody of this house closes it. */
export const EXTERNAL = 'external';

/** Where neither side keeps a price: coins of a spot wallet cost the budget nothing. */
const NO_PRICE = price('0');

export interface Adjusted {
  readonly position: BookedPosition | null;
  /** USD that the fills of a position realised which is not ours any longer: its trade will never be closed. */
  readonly settled: Money;
}

/** Its own side goes on with the venue's numbers; nothing, or the other side, ends what was ours. */
export function bookAdjusted(known: BookedPosition | null, { to, ...of }: Adjustment, multiplier: Ratio): Adjusted {
  const isOurs = known !== null && known.strategyId !== EXTERNAL;
  if (to !== null && known !== null && known.side === to.side) {
    const averagePrice = to.averagePrice ?? known.averagePrice;
    const entryQty = add(known.exitQty, to.qty);
    const entryValue = add(costAt(known.averagePrice, known.exitQty), costAt(averagePrice, to.qty));
    return { position: { ...known, qty: to.qty, averagePrice, entryQty, entryValue }, settled: ZERO_MONEY };
  }
  const settled = isOurs ? realisedOf(known) : ZERO_MONEY;
  return { position: to === null ? null : external(of, to, multiplier), settled };
}

function external({ asset, mode, symbol }: Omit<Adjustment, 'to'>, to: NonNullable<Adjustment['to']>, multiplier: Ratio): BookedPosition {
  const averagePrice = to.averagePrice ?? NO_PRICE;
  return {
    ...{ asset, mode, symbol, strategyId: EXTERNAL, side: to.side, qty: to.qty, averagePrice, bracket: null, entryOrderId: EXTERNAL },
    ...{ fees: ZERO_MONEY, realised: ZERO_MONEY, openedAt: 0, multiplier },
    ...{ entryQty: to.qty, entryValue: notional(averagePrice, to.qty), exitQty: ZERO_QTY, exitValue: ZERO_MONEY },
  };
}
