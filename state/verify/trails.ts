/** Moves of trailing stops (BR-3): each of an open position, by the gateway that holds it, and as its own quote says. */
import type { Fact, StopTrailed } from '#trading/model/events.ts';
import { rederiveTrail } from '#trading/paper/rederive.ts';
import type { FillRules } from './fills.ts';
import type { OrderBook } from './order-book.ts';
import { gatewayOf } from './gateways.ts';
import { progressOf } from './proof.ts';
import type { Report } from './report.ts';

export class TrailRules {
  readonly #book: OrderBook;
  readonly #fills: FillRules;

  constructor(book: OrderBook, fills: FillRules) {
    this.#book = book;
    this.#fills = fills;
  }

  check(fact: Fact, report: Report): void {
    if (fact.type !== 'stop.trailed' || fact.body.mode === 'live') return;
    const { body: moved, actor, at } = fact;
    const { entryOrderId, asset, mode, stopLoss, trailedAt } = moved;
    const gateway = gatewayOf(asset, mode);
    if (actor !== gateway) report('ORDER', `${actor} moved the stop of ${entryOrderId}, which is of ${gateway}`);
    if (trailedAt > at) report('PROOF', `the stop of ${entryOrderId} was moved at ${trailedAt}, after it was recorded`);
    for (const problem of this.#problems(moved)) report('PROOF', `the stop of ${entryOrderId}: ${problem}`);
    this.#book.trailedStops.set(entryOrderId, stopLoss);
  }

  /** What does not follow, as sentences. */
  #problems(moved: StopTrailed): readonly string[] {
    const { entryOrderId, asset, mode, symbol } = moved;
    const story = this.#book.orders.get(entryOrderId);
    if (story === undefined || story.accepted === null || story.acceptedUnder === null) return ['nobody accepted that order'];
    const { intent, accepted, acceptedUnder } = story;
    const of = `${intent.asset} ${intent.mode} ${intent.symbol}`;
    if (`${asset} ${mode} ${symbol}` !== of) return [`it was moved as ${asset} ${mode} ${symbol}, the order is ${of}`];
    const position = this.#fills.positionOf(moved);
    if (position?.openedBy !== entryOrderId) return [`it was moved, but its position is not open`];
    try {
      return rederiveTrail(moved, { intent, accepted, ...acceptedUnder, held: position.held, progress: progressOf(story, this.#book) });
    } catch (error) {
      return [`it cannot be derived again: ${error instanceof Error ? error.message : String(error)}`];
    }
  }
}
