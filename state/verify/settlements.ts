/** LC-4, LC-5: options that were held to their expiry. On paper derived again from the quote of their share; live only what the venue showed to be worth nothing. */
import { add, divide, isPositive, lessThan, ONE, price, ratio, scale, subtract, toStep, type Price } from '#trading/money/decimal.ts';
import type { Fact, Settled, SettlementOutcome } from '#trading/model/events.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { expiresAt, SETTLEMENT_QUOTE_AGE_MS_MAX } from '#trading/lifecycle/expiry.ts';
import { rulesInForce } from '#trading/paper/draws.ts';
import { exerciseThreshold } from '#trading/paper/settlement.ts';
import type { FillRules, OnClosed } from './fills.ts';
import { gatewayOf } from './gateways.ts';
import { instrumentKey, type OrderBook } from './order-book.ts';
import type { Report } from './report.ts';

export class SettlementRules {
  readonly #book: OrderBook;
  readonly #fills: FillRules;
  readonly #onClosed: OnClosed;

  constructor(book: OrderBook, fills: FillRules, onClosed: OnClosed) {
    this.#book = book;
    this.#fills = fills;
    this.#onClosed = onClosed;
  }

  check({ type, body, actor, at }: Fact, report: Report): void {
    if (type !== 'position.settled') return;
    const { entryOrderId, asset, mode, symbol, expiredAt } = body;
    const say = (what: string): void => report('SETTLEMENT', `${entryOrderId} in ${symbol}: ${what}`);
    const owner = mode === 'paper' ? gatewayOf(asset, mode) : 'reconciler';
    if (actor !== owner) say(`${actor} settled it, which is of ${owner}`);
    if (expiredAt > at) say(`it expires at ${expiredAt}, after it was recorded`);
    const problems = this.#problems(body, at);
    for (const problem of problems) say(problem);
    const position = this.#fills.positionOf(body);
    if (position === undefined || position.side === null) return;
    this.#onClosed(body, `the settlement of ${entryOrderId}`, position.settle(body), report);
  }

  #problems(settled: Settled, at: number): readonly string[] {
    const { symbol, entryOrderId, side, qty, expiredAt, mode } = settled;
    const position = this.#fills.positionOf(settled);
    const instrument = this.#book.instruments.get(instrumentKey(settled));
    const { settings } = this.#book;
    if (position === undefined || position.openedBy !== entryOrderId) return ['its position is not open'];
    if (settings === null || instrument?.option === undefined) return [`${symbol} is no option of the catalog`];
    const ends = expiresAt(instrument, settings);
    return [
      ...(qty === position.held && side === position.side
        ? []
        : [`${side} ${qty} was settled, and ${String(position.side)} ${position.held} is held`]),
      ...(expiredAt === ends ? [] : [`it is said to expire at ${expiredAt}, and does so at ${ends}`]),
      ...(mode === 'paper' ? this.#paperProblems(settled, instrument, at) : liveProblems(settled)),
    ];
  }

  #paperProblems(settled: Settled, { option, underlying, broker }: Instrument, at: number): readonly string[] {
    const { asset, side, entryOrderId, pricedOn, expiredAt, outcome, price: paid } = settled;
    const under = this.#book.orders.get(entryOrderId)?.acceptedUnder ?? null;
    const { settings } = this.#book;
    if (pricedOn === null) return ['it carries no quote'];
    if (option === undefined || settings === null || under === null || under.settings === null || under.instrument === undefined) {
      return ['its entry was never accepted'];
    }
    const isOfShare = pricedOn.symbol === underlying && pricedOn.asset === asset && pricedOn.broker === broker;
    const isInTime = pricedOn.exchangeAt >= expiredAt - SETTLEMENT_QUOTE_AGE_MS_MAX && pricedOn.exchangeAt <= at;
    const isUsable = isPositive(pricedOn.bid) && !lessThan(pricedOn.ask, pricedOn.bid);
    if (!isUsable) return [`it is priced on a quote of bid ${pricedOn.bid} and ask ${pricedOn.ask}`];
    const { slippageBps } = rulesInForce(under.settings.paper);
    const follows = worth(side, option, pricedOn, slippageBps, under.instrument.tickSize);
    const isWorth = isPositive(follows.exact) && !lessThan(follows.exact, price(exerciseThreshold(settings)));
    const expected: { outcome: SettlementOutcome; price: Price } = isWorth
      ? { outcome: side === 'buy' ? 'exercised' : 'assigned', price: follows.onTick }
      : { outcome: 'worthless', price: price('0') };
    return [
      ...(isOfShare ? [] : [`it is priced on a quote of ${pricedOn.symbol}, its share is ${underlying}`]),
      ...(isInTime ? [] : [`its quote is of ${pricedOn.exchangeAt}, it expired at ${expiredAt}`]),
      ...(outcome === expected.outcome ? [] : [`it is said to be ${outcome}, its quote makes it ${expected.outcome}`]),
      ...(paid === expected.price ? [] : [`it was settled at ${paid}, its quote makes ${expected.price}`]),
    ];
  }
}

function liveProblems({ price: paid, outcome, pricedOn, evidence }: Settled): readonly string[] {
  return [
    ...(pricedOn === null ? [] : ['it is live but carries a quote of paper']),
    ...(outcome === 'worthless' && paid === '0' ? [] : [`it is ${outcome} at ${paid}: live, only the venue says what shares came of it`]),
    ...(evidence === '' ? ['it says nothing of what the venue showed'] : []),
  ];
}

/** Said again, not shared: shares sold at the bid, or bought at the ask, both worse by the slippage. */
function worth(
  side: Settled['side'],
  { strike, right }: NonNullable<Instrument['option']>,
  { bid, ask }: QuoteSnapshot,
  slippageBps: number,
  tick: Price,
): { readonly exact: Price; readonly onTick: Price } {
  const slip = divide(ratio(slippageBps), ratio('10000'));
  const sold = scale(bid, subtract(ONE, slip));
  const bought = scale(ask, add(ONE, slip));
  if (side === 'buy') {
    const exact = right === 'C' ? subtract(sold, strike) : subtract(strike, bought);
    return { exact, onTick: toStep(exact, tick, 'down') };
  }
  const exact = right === 'C' ? subtract(bought, strike) : subtract(strike, sold);
  return { exact, onTick: toStep(exact, tick, 'up') };
}
