/** LC-6: funding. Each funding time once; on paper derived again from its quote and rate, and of the position that was open then. */
import { money, negate, notional, scale } from '#trading/money/decimal.ts';
import type { Fact, FundingBooked } from '#trading/model/events.ts';
import { fundingIdOf, fundingMs, markOf } from '#trading/lifecycle/funding.ts';
import type { FillRules } from './fills.ts';
import { gatewayOf, isGatewayOf } from './gateways.ts';
import { instrumentKey, type OrderBook } from './order-book.ts';
import type { Report } from './report.ts';

/** Between a venue's amount and quantity × mark × rate, as a part of it: venues round theirs. */
const ROUNDING_MAX = 0.000_001;
/** And this much for rows of a tiny position, USD. */
const ROUNDING_USD = money('0.000001');

/** Furthest that a venue's clock is ahead. */
const CLOCK_MS = 60_000;

export class FundingRules {
  readonly #book: OrderBook;
  readonly #fills: FillRules;
  readonly #onLate: (booked: FundingBooked) => void;
  readonly #ids = new Set<string>();
  readonly #executions = new Set<string>();

  /** `onLate` hears of what is on no open position. */
  constructor(book: OrderBook, fills: FillRules, onLate: (booked: FundingBooked) => void) {
    this.#book = book;
    this.#fills = fills;
    this.#onLate = onLate;
  }

  check(fact: Fact, report: Report): void {
    if (fact.type !== 'funding.booked') return;
    const { body: booked, actor, at } = fact;
    const { fundingId, asset, mode } = booked;
    const say = (what: string): void => report('FUNDING', `${fundingId}: ${what}`);
    if (this.#ids.has(fundingId)) say('it was booked before: the same funding time twice');
    this.#ids.add(fundingId);
    if (!isGatewayOf(actor, asset, mode)) say(`${actor} booked it, which is of ${gatewayOf(asset, mode)}`);
    if (fundingId !== fundingIdOf(booked, booked.at)) say(`it must be ${fundingIdOf(booked, booked.at)}`);
    // A venue's clock may be ahead of ours.
    if (booked.at > at + (mode === 'live' ? CLOCK_MS : 0)) say(`it is of ${booked.at}, after it was recorded`);
    for (const problem of mode === 'paper' ? this.#paperProblems(booked, at) : this.#liveProblems(booked)) say(problem);
    const position = this.#fills.positionOf(booked);
    const openedAt = position?.openedAt ?? null;
    if (position !== undefined && openedAt !== null && openedAt <= booked.at) position.fund(booked.amount);
    else this.#onLate(booked);
  }

  #paperProblems(booked: FundingBooked, recordedAt: number): readonly string[] {
    const { asset, symbol, side, qty, price, amount, rate, at, venueExecutionId, pricedOn } = booked;
    const instrument = this.#book.instruments.get(instrumentKey(booked));
    const intervalMs = instrument === undefined ? null : fundingMs(instrument);
    if (instrument === undefined || intervalMs === null) return [`${symbol} has no funding`];
    if (pricedOn === null) return ['it carries no quote'];
    const position = this.#fills.positionOf(booked);
    const held = position === undefined || position.side === null ? 'nothing' : `${position.side} ${position.held}`;
    // Said again, not shared: what verify proves may not rest on the formula that made the journal.
    const paid = scale(notional(price, qty, instrument.multiplier), rate);
    const follows = side === 'buy' ? paid : negate(paid);
    return [
      ...(this.#book.settings?.fundingEnabled === true ? [] : ['funding was not switched on']),
      ...(venueExecutionId === null ? [] : ['it is paper but names an execution of a venue (RT-1)']),
      ...(at % intervalMs === 0 ? [] : [`${at} is no funding time of ${symbol}, which are ${intervalMs} ms apart`]),
      ...(held === `${side} ${qty}` ? [] : [`it is of ${side} ${qty}, and ${held} was held`]),
      ...((position?.openedAt ?? at) < at ? [] : [`no position was open before ${at}`]),
      ...(pricedOn.asset === asset && pricedOn.symbol === symbol ? [] : [`its quote is of ${pricedOn.symbol}`]),
      ...(pricedOn.exchangeAt <= recordedAt ? [] : [`its quote is of ${pricedOn.exchangeAt}, after it was recorded`]),
      ...(price === markOf(pricedOn) ? [] : [`its mark is ${price}, its quote makes ${markOf(pricedOn)}`]),
      ...(amount === follows ? [] : [`it moved ${amount}, its position and rate make ${follows}`]),
    ];
  }

  #liveProblems(booked: FundingBooked): readonly string[] {
    const { asset, mode, side, qty, price, rate, amount, venueExecutionId, pricedOn } = booked;
    if (venueExecutionId === null) return ['it is live but names no execution of the venue'];
    const execution = `${gatewayOf(asset, mode)}|${venueExecutionId}`;
    const isRepeated = this.#executions.has(execution);
    this.#executions.add(execution);
    const multiplier = this.#book.instruments.get(instrumentKey(booked))?.multiplier;
    const paid = scale(notional(price, qty, multiplier), rate);
    const follows = side === 'buy' ? paid : negate(paid);
    const isNear = Math.abs(Number(amount) - Number(follows)) <= Math.max(Math.abs(Number(follows)) * ROUNDING_MAX, Number(ROUNDING_USD));
    return [
      ...(pricedOn === null ? [] : ['it is live but carries a quote of paper']),
      ...(isRepeated ? [`the venue's execution ${venueExecutionId} was booked before`] : []),
      ...(isNear ? [] : [`the venue booked ${amount}, its own numbers make ${follows}`]),
    ];
  }
}
