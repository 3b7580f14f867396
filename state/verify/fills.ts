/** Fills: each belongs to an order, is no more than it, carries its proof, and fits the position it changes. */
import { add, greaterThan, isPositive, ONE, ZERO_QTY, type Money, type Qty } from '#trading/money/decimal.ts';
import type { Adjustment, Fact } from '#trading/model/events.ts';
import { opposite, type Fill } from '#trading/model/order.ts';
import { executedQty, filledQty, instrumentKey, isOwnFill, positionKey, type OrderBook, type OrderStory } from './order-book.ts';
import { gatewayOf, isGatewayOf } from './gateways.ts';
import { Position, type RoundTrip } from './positions.ts';
import { proofProblems } from './proof.ts';
import type { Report } from './report.ts';

export interface FillCounts {
  paper: number;
  live: number;
  rederived: number;
}

/** A position came to zero, or to dust. */
export type OnClosed = (of: Pick<Fill, 'asset' | 'mode' | 'symbol'>, by: string, trip: RoundTrip, report: Report) => void;

export class FillRules {
  readonly counts: FillCounts = { paper: 0, live: 0, rederived: 0 };
  readonly #book: OrderBook;
  readonly #fillIds = new Set<string>();
  readonly #executions = new Set<string>();
  readonly #positions = new Map<string, Position>();
  /** Positions that nobody of this house entered, by a person's word. */
  readonly #strangers = new Map<string, { readonly side: string; readonly qty: string }>();
  readonly #onClosed: OnClosed;

  constructor(book: OrderBook, onClosed: OnClosed) {
    this.#book = book;
    this.#onClosed = onClosed;
  }

  positionOf(of: Pick<Fill, 'asset' | 'mode' | 'symbol'>): Position | undefined {
    return this.#positions.get(positionKey(of));
  }

  /** `prove` is false where somebody has derived the fill again before. */
  check(fact: Fact, prove: boolean, report: Report): void {
    if (fact.type !== 'fill.recorded') return;
    const { fill } = fact.body;
    this.counts[fill.mode] += 1;
    if (this.#fillIds.has(fill.fillId)) return report('FILL', `${fill.fillId} was recorded before: the same fill twice`);
    this.#fillIds.add(fill.fillId);
    if (!isGatewayOf(fact.actor, fill.asset, fill.mode))
      report('FILL', `${fact.actor} recorded ${fill.fillId}, which is of ${gatewayOf(fill.asset, fill.mode)}`);
    if (!isPositive(fill.qty) || !isPositive(fill.price)) return report('FILL', `${fill.fillId} is of ${fill.qty} at ${fill.price}`);
    if (fill.filledAt > fact.at) report('FILL', `${fill.fillId} was filled at ${fill.filledAt}, after it was recorded`);
    const story = this.#story(fill, report);
    if (story !== null) {
      checkQuantity(fill, story, this.#book.sendings.get(fill.clientOrderId)?.body.qty ?? null, report);
      if (fill.mode === 'live') this.#checkExecution(fill, report);
      else this.#checkPaper(fill, story, prove, report);
      story.fills.push(fill);
    }
    this.#move(fill, report);
  }

  /** A person took the venue's word. Returns what the fills of a position made that is ours no longer, or null. */
  adjust(by: Adjustment, report: Report): Money | null {
    const key = positionKey(by);
    const position = this.#positions.get(key);
    const own = position === undefined || position.side === null ? null : { side: position.side, qty: position.held };
    const held = own ?? this.#strangers.get(key) ?? null;
    const said = (of: { readonly side: string; readonly qty: string } | null): string => (of === null ? 'flat' : `${of.side} ${of.qty}`);
    if (said(held) !== said(by.from)) report('POSITION', `${by.symbol} was adjusted from ${said(by.from)}, and ${said(held)} was held`);
    const settled = position?.adjust(by) ?? null;
    const isOurs = own !== null && by.to?.side === own.side;
    if (by.to === null || isOurs) this.#strangers.delete(key);
    else this.#strangers.set(key, by.to);
    return settled;
  }

  #story(fill: Fill, report: Report): OrderStory | null {
    const story = this.#book.orders.get(fill.clientOrderId);
    if (story === undefined || story.approved === null) {
      report('FILL', `${fill.fillId} is of order ${fill.clientOrderId}, which nobody ${story === undefined ? 'intended' : 'approved'}`);
      return null;
    }
    const { intent } = story;
    for (const key of ['asset', 'mode', 'symbol', 'strategyId'] as const) {
      if (fill[key] !== intent[key]) report('FILL', `${fill.fillId} has ${key} ${fill[key]}, its order has ${intent[key]}`);
    }
    const side = isOwnFill(fill, intent) ? intent.side : opposite(intent.side);
    if (fill.side !== side) report('FILL', `${fill.fillId} is a ${fill.side} for ${fill.reason}, its order says ${side}`);
    return story;
  }

  #checkExecution(fill: Fill, report: Report): void {
    if (fill.paper !== null) report('PROOF', `${fill.fillId} is live but carries a paper proof`);
    if (fill.venueExecutionId === null) return report('PROOF', `${fill.fillId} is live but names no execution of the venue`);
    const execution = `${gatewayOf(fill.asset, fill.mode)}|${fill.venueExecutionId}`;
    if (this.#executions.has(execution))
      report('PROOF', `${fill.fillId} names the venue's execution ${fill.venueExecutionId}, which another fill names too`);
    this.#executions.add(execution);
  }

  #checkPaper(fill: Fill, story: OrderStory, prove: boolean, report: Report): void {
    if (fill.venueExecutionId !== null) report('PROOF', `${fill.fillId} is paper but names an execution of a venue (RT-1)`);
    if (story.accepted === null) return report('FILL', `${fill.fillId} is of order ${fill.clientOrderId}, which was never accepted`);
    if (!prove) return;
    const problems = proofProblems(fill, story, this.#book, this.#positions.get(positionKey(fill))?.held ?? ZERO_QTY);
    for (const problem of problems) report('PROOF', `${fill.fillId}: ${problem}`);
    if (problems.length === 0) this.counts.rederived += 1;
  }

  #move(fill: Fill, report: Report): void {
    const key = positionKey(fill);
    const multiplier = fill.paper?.multiplier ?? this.#book.instruments.get(instrumentKey(fill))?.multiplier ?? ONE;
    const position = this.#positions.get(key) ?? new Position(multiplier);
    this.#positions.set(key, position);
    if (fill.reason !== 'entry' && (position.side === null || position.side === fill.side)) {
      report('POSITION', `${fill.fillId} closes (${fill.reason}), but there is ${position.side === null ? 'no position' : 'one of the same side'}`);
    }
    if (fill.asset === 'crypto_spot' && position.side === null && fill.side === 'sell')
      report('POSITION', `${fill.fillId} sells ${fill.symbol} short (SZ-6)`);
    try {
      const trip = position.apply(fill, multiplier);
      if (trip !== null) this.#onClosed(fill, fill.fillId, trip, report);
    } catch (error) {
      report('POSITION', error instanceof Error ? error.message : String(error));
    }
  }
}

/** An order fills at most what was accepted or sent; its bracket sells at most what the order bought, and the reverse. */
function checkQuantity(fill: Fill, story: OrderStory, sent: Qty | null, report: Report): void {
  const { intent, accepted, fills } = story;
  const own = isOwnFill(fill, intent);
  // A live position may hold what two orders bought (one executed after its end); what is closed is held to the position.
  if (!own && fill.mode === 'live') return;
  const before = fills.filter((other) => isOwnFill(other, intent) === own);
  const limit: Qty = own ? (accepted?.qty ?? sent ?? intent.qty) : filledQty(fills.filter((other) => isOwnFill(other, intent)));
  const total = add(ZERO_QTY, filledQty(before), executedQty(fill));
  if (!greaterThan(total, limit)) return;
  report('FILL', `the fills of ${fill.clientOrderId} sum to ${total} with ${fill.fillId}, ${own ? 'it was accepted for' : 'it has only'} ${limit}`);
}
