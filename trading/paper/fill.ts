/** Paper fills, each with the proof it can be derived again from. */
import { smaller, type Price, type Qty } from '../money/decimal.ts';
import type { Instant } from '../model/instrument.ts';
import { opposite, type Fill, type PaperDraws, type PaperProof, type Side } from '../model/order.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import { drawTriggered } from './draws.ts';
import type { Leg } from './legs.ts';
import { depthPrice, feeOf, filledQty, takeProfitPrice, takerPrice, termsFor, type PaperTerms } from './price.ts';
import type { Acceptance, Holding, PaperOrder } from './state.ts';

export const orderFillId = (clientOrderId: string): string => `${clientOrderId}-f1`;
/** `number` counts from 1. */
export const triggeredFillId = (entryOrderId: string, number: number): string => `${entryOrderId}-x${number}`;

/** An order whose latency is over. An exit takes at most what is `held`. */
export function fillOrder(
  { intent }: PaperOrder,
  { qty, draws, dueAt, terms: promised }: Acceptance,
  pricedOn: QuoteSnapshot,
  held: Qty | null,
): Fill {
  const { clientOrderId, asset, symbol, strategyId, side, kind } = intent;
  const wanted = held === null ? qty : smaller(qty, held);
  const terms = termsFor(wanted, promised);
  const taken = takerPrice(side, pricedOn, terms);
  const filled = filledQty(wanted, draws.fillFraction, taken, kind, terms);
  const price = depthPrice(taken, side, pricedOn, filled, terms);
  return {
    fillId: orderFillId(clientOrderId),
    clientOrderId,
    asset,
    mode: 'paper',
    symbol,
    strategyId,
    side,
    reason: kind,
    price,
    qty: filled,
    fee: feeOf(price, filled, terms),
    filledAt: dueAt,
    paper: proofOf(pricedOn, draws, terms, null),
    venueExecutionId: null,
  };
}

/** A leg of the bracket, or a flatten, at the quote that triggered it. */
export function fillTriggered(holding: Holding, leg: Leg, quote: QuoteSnapshot, seed: string, now: Instant): Fill {
  const { asset, symbol, strategyId, entryOrderId } = holding;
  const { reason, triggerPrice } = leg;
  const terms = termsFor(leg.qty, holding.terms);
  const fillId = triggeredFillId(entryOrderId, holding.exits + 1);
  const draws = drawTriggered(seed, fillId, holding.rules);
  const side = opposite(holding.side);
  const taken = legPrice(leg, side, quote, terms);
  const filled = filledQty(leg.qty, draws.fillFraction, taken, 'exit', terms);
  const price = depthPrice(taken, side, quote, filled, terms);
  return {
    fillId,
    clientOrderId: entryOrderId,
    asset,
    mode: 'paper',
    symbol,
    strategyId,
    side,
    reason,
    price,
    qty: filled,
    fee: feeOf(price, filled, terms),
    filledAt: now,
    paper: proofOf(quote, draws, terms, triggerPrice),
    venueExecutionId: null,
  };
}

/** PX-2: what a taker of `side` pays; a take-profit and its rungs never fill better than their price. */
export function legPrice({ reason, triggerPrice }: Leg, side: Side, quote: QuoteSnapshot, terms: PaperTerms): Price {
  return reason === 'take_profit' && triggerPrice !== null ? takeProfitPrice(side, quote, triggerPrice, terms) : takerPrice(side, quote, terms);
}

function proofOf(pricedOn: QuoteSnapshot, draws: PaperDraws, terms: PaperTerms, triggerPrice: Price | null): PaperProof {
  const { slippageBps, takerFee, tickSize, lotSize, multiplier, commission } = terms;
  const proof = { pricedOn, draws, slippageBps, takerFee, tickSize, lotSize, multiplier, triggerPrice };
  return commission === null ? proof : { ...proof, commission };
}
