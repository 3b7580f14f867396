/**
 * Prices on the grid of the contract's market rule, whose step grows with the price (an option of 3 USD and more: 0.05). The house clamps to the smallest
 * step; what is off the grid TWS refuses (110). As there, never more aggressive: a sell goes up, a buy down. Pure.
 */
import type { Placement, Pricing } from '#trading/model/live.ts';
import { opposite, type Bracket, type Side } from '#trading/model/order.ts';
import { atMost, toStep, type Price } from '#trading/money/decimal.ts';
import type { TickStep } from '#trading/model/instrument.ts';

/** `ladder`: lowest step first; without one a price stays what it is. */
export function onGrid(side: Side, price: Price, ladder: readonly TickStep[]): Price {
  const step = ladder.findLast(({ from }) => atMost(from, price));
  return step === undefined ? price : toStep(price, step.tick, side === 'sell' ? 'up' : 'down');
}

export function placementOnGrid(order: Placement, ladder: readonly TickStep[]): Placement {
  const { side, pricing, bracket } = order;
  return { ...order, pricing: pricingOnGrid(side, pricing, ladder), bracket: bracket === null ? null : bracketOnGrid(side, bracket, ladder) };
}

/** `side`: of the entry. */
export function bracketOnGrid(side: Side, bracket: Bracket, ladder: readonly TickStep[]): Bracket {
  const closing = opposite(side);
  return { ...bracket, takeProfit: onGrid(closing, bracket.takeProfit, ladder), stopLoss: onGrid(closing, bracket.stopLoss, ladder) };
}

function pricingOnGrid(side: Side, pricing: Pricing, ladder: readonly TickStep[]): Pricing {
  switch (pricing.type) {
    case 'limit':
      return { type: 'limit', price: onGrid(side, pricing.price, ladder) };
    case 'stop':
      return { type: 'stop', trigger: onGrid(side, pricing.trigger, ladder) };
    case 'market':
      return { type: 'market', worst: pricing.worst === null ? null : onGrid(side, pricing.worst, ladder) };
  }
}
