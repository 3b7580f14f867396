/**
 * Books of more than one level: a snapshot for who comes, then what changed, as Bybit sends them. The venue knows fifty levels of a side, so a
 * thousand are those fifty.
 */
import type { Instant } from '#trading/model/instrument.ts';
import type { Depth, Level } from '../engine/types.ts';
import type { Board } from '../exchange.ts';
import type { Hub } from './hub.ts';

const DEPTHS = [50, 200, 1000] as const;
type DepthOf = (board: Board, levels: number) => Depth;
type Rows = readonly (readonly [price: string, size: string])[];
interface Book {
  readonly b: Rows;
  readonly a: Rows;
}

export const depthTopic = (levels: number, symbol: string): string => `orderbook.${levels}.${symbol}`;

export class DepthFeed {
  readonly #hub: Hub;
  readonly #depthOf: DepthOf;
  /** What the subscribers of a topic have, by category and topic. */
  readonly #sent = new Map<string, Book>();

  constructor(hub: Hub, depthOf: DepthOf) {
    this.#hub = hub;
    this.#depthOf = depthOf;
  }

  /** The book changed: subscribers are told the difference. */
  push(board: Board, now: Instant): void {
    for (const levels of DEPTHS) {
      const topic = depthTopic(levels, board.symbol);
      if (!this.#hub.wanted(board.category, topic)) {
        if (this.#sent.size > 0) this.#sent.delete(`${board.category}/${topic}`);
        continue;
      }
      const key = `${board.category}/${topic}`;
      const book = rowsOf(this.#depthOf(board, levels));
      const before = this.#sent.get(key);
      this.#sent.set(key, book);
      const told = before === undefined ? book : { b: changes(before.b, book.b), a: changes(before.a, book.a) };
      this.#hub.publish(board.category, topic, frame(topic, before === undefined ? 'snapshot' : 'delta', board, told, now));
    }
  }

  /** What a new subscriber is told first; null where the topic is another. What the others have already is what they all go on from. */
  welcome(board: Board, topic: string, now: Instant): string | null {
    const levels = DEPTHS.find((known) => depthTopic(known, board.symbol) === topic);
    if (levels === undefined) return null;
    const key = `${board.category}/${topic}`;
    const book = this.#sent.get(key) ?? rowsOf(this.#depthOf(board, levels));
    this.#sent.set(key, book);
    return frame(topic, 'snapshot', board, book, now);
  }
}

/** Levels that are new or have another size, and those that are gone, with a size of 0. */
export function changes(before: Rows, after: Rows): Rows {
  const [old, fresh] = [new Map(before), new Map(after)];
  const gone = before.filter(([price]) => !fresh.has(price)).map(([price]) => [price, '0'] as const);
  return [...after.filter(([price, size]) => old.get(price) !== size), ...gone];
}

export function rowsOf({ bids, asks }: Depth): Book {
  const rows = (levels: readonly Level[]): Rows => levels.map(({ price, size }) => [price, size] as const);
  return { b: rows(bids), a: rows(asks) };
}

function frame(topic: string, type: 'snapshot' | 'delta', { symbol, update, sequence, changedAt }: Board, book: Book, now: Instant): string {
  return JSON.stringify({ topic, ts: now, type, data: { s: symbol, ...book, u: update, seq: sequence }, cts: changedAt });
}
