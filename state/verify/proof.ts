/** The proof of a paper fill: what the simulator itself makes of the order, the quote and the seed that the journal holds. */
import type { Qty } from '#trading/money/decimal.ts';
import type { Fill } from '#trading/model/order.ts';
import { triggeredFillId } from '#trading/paper/fill.ts';
import { rederiveFill, type BracketProgress } from '#trading/paper/rederive.ts';
import { filledQty, isOwnFill, type OrderBook, type OrderStory } from './order-book.ts';

/** What does not follow, as sentences; `held` is what the position held just before the fill. */
export function proofProblems(fill: Fill, story: OrderStory, book: OrderBook, held: Qty): string[] {
  const { seed } = book;
  const { intent, accepted, acceptedUnder } = story;
  if (accepted === null || acceptedUnder === null) return ['its order was never accepted'];
  const { instrument, settings } = acceptedUnder;
  try {
    return [
      ...numberProblems(fill, story),
      ...rederiveFill(fill, { intent, accepted, instrument, settings, seed, held, progress: progressOf(story, book) }),
    ];
  } catch (error) {
    // A number that no honest record holds, such as a tick of zero: verify reports it as it does everything else.
    return [`it cannot be derived again: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** What the records so far say of the bracket of an order. */
export function progressOf({ intent, fills }: OrderStory, { trailedStops }: OrderBook): BracketProgress {
  const entryQty = filledQty(fills.filter((fill) => isOwnFill(fill, intent)));
  const exits = fills.filter((fill) => !isOwnFill(fill, intent));
  return { entryQty, exits, trailedStop: trailedStops.get(intent.clientOrderId) ?? null };
}

/** The draws of a bracket's fill come from its number, so a number of one's choice would be a draw of one's choice. */
function numberProblems(fill: Fill, { intent, fills }: OrderStory): string[] {
  if (isOwnFill(fill, intent)) return [];
  const number = fills.filter((other) => !isOwnFill(other, intent)).length + 1;
  const expected = triggeredFillId(intent.clientOrderId, number);
  return fill.fillId === expected ? [] : [`it must be ${expected}, the next of its bracket`];
}
