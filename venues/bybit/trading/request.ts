/** The body of `order/create` for one placement: decimal text as it was clamped, nothing that ccxt or the venue would round. */
import type { Bracket } from '#trading/model/order.ts';
import type { Placement } from '#trading/model/live.ts';
import { categoryOf } from '../markets.ts';

export type Body = Readonly<Record<string, string | number | boolean>>;

const ONE_WAY = 0;

/**
 * Spot takes a bracket with limit orders only (170130), and two separate legs would each lock the whole balance: so a spot entry at market
 * goes as a limit order at its worst price, immediate or cancelled.
 * @throws RangeError where a spot entry with a bracket has no worst price.
 */
export function createBody(order: Placement, venueSymbol: string): Body {
  const { clientOrderId, side, qty, reduceOnly, bracket } = order;
  const category = categoryOf(order.symbol);
  const common = { category, symbol: venueSymbol, side: side === 'buy' ? 'Buy' : 'Sell', qty, orderLinkId: clientOrderId };
  if (category === 'spot') return { ...common, isLeverage: 0, ...spotPricing(order), ...(bracket === null ? {} : spotLegs(bracket)) };
  return { ...common, positionIdx: ONE_WAY, reduceOnly, ...linearPricing(order), ...(bracket === null ? {} : linearLegs(bracket)) };
}

function spotPricing({ pricing, bracket, symbol }: Placement): Body {
  switch (pricing.type) {
    case 'limit':
      return { orderType: 'Limit', timeInForce: 'GTC', price: pricing.price };
    case 'stop':
      return { orderType: 'Market', marketUnit: 'baseCoin', orderFilter: 'tpslOrder', triggerPrice: pricing.trigger };
    case 'market':
      if (bracket === null) return { orderType: 'Market', marketUnit: 'baseCoin' };
      if (pricing.worst === null) throw new RangeError(`${symbol}: a spot entry with a bracket needs its worst price`);
      return { orderType: 'Limit', timeInForce: 'IOC', price: pricing.worst };
  }
}

function linearPricing({ pricing, side }: Placement): Body {
  switch (pricing.type) {
    case 'limit':
      return { orderType: 'Limit', timeInForce: 'GTC', price: pricing.price };
    case 'stop':
      return {
        ...{ orderType: 'Market', triggerPrice: pricing.trigger, triggerBy: 'MarkPrice', closeOnTrigger: true },
        // A stop that buys waits for a rise.
        triggerDirection: side === 'buy' ? 1 : 2,
      };
    case 'market':
      if (pricing.worst === null) return { orderType: 'Market' };
      return { orderType: 'Limit', timeInForce: 'IOC', price: pricing.worst };
  }
}

/** Bybit ties full legs to the whole position, resizes them with it and clears them after it. Both trigger on the mark: no single trade moves it. */
const linearLegs = ({ takeProfit, stopLoss }: Bracket): Body => ({
  ...{ takeProfit, stopLoss, tpslMode: 'Full', tpTriggerBy: 'MarkPrice', slTriggerBy: 'MarkPrice', tpOrderType: 'Market', slOrderType: 'Market' },
});

const spotLegs = ({ takeProfit, stopLoss }: Bracket): Body => ({ takeProfit, stopLoss, tpOrderType: 'Market', slOrderType: 'Market' });

/** Of `position/trading-stop`: other legs for an open linear position. */
export const tradingStopBody = ({ takeProfit, stopLoss }: Bracket, venueSymbol: string): Body => ({
  ...{ category: 'linear', symbol: venueSymbol, positionIdx: ONE_WAY, ...linearLegs({ takeProfit, stopLoss }) },
});
