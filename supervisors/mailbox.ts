/**
 * A mailbox of two queues, each with its own bound: kills and their facts overtake everything and have room where the rest has none left (a kill
 * that found a full mailbox would crash the actor it must stop); the rest is first in, first out. Quotes that pile up
 * are merged per instrument: an old price is worth nothing, but what traded since must not be lost from the volume.
 */
import type { Envelope } from '#protocol/actor.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import { add } from '#trading/money/decimal.ts';
import { Deque } from './deque.ts';

export interface Item {
  envelope: Envelope;
  /** Set where somebody waits for the reply. */
  readonly answer: Answer | null;
  /** How often it was handed to the actor. */
  attempts: number;
}

export interface Answer {
  resolve(reply: unknown): void;
  reject(error: Error): void;
}

export interface MailboxLimits {
  /** Messages, kills and their facts not among them. */
  readonly max: number;
  /** Quotes are merged where more messages than this wait. */
  readonly mergeAbove: number;
  /** Ids of the last messages taken in, to drop a second copy. */
  readonly remembered: number;
}

/** Kills and their facts that wait, at most. */
export const URGENT_MAX = 256;

export const MAILBOX: MailboxLimits = Object.freeze({ max: 20_000, mergeAbove: 256, remembered: 4096 });

export type Taken = 'queued' | 'merged' | 'duplicate' | 'full';

export class Mailbox {
  readonly #limits: MailboxLimits;
  readonly #urgent = new Deque<Item>();
  readonly #normal = new Deque<Item>();
  /** The newest queued quote of each instrument. */
  readonly #quotes = new Map<string, Item>();
  readonly #ids = new Set<string>();
  #mergeAlways = false;

  constructor(limits: MailboxLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#urgent.length + this.#normal.length;
  }

  push(item: Item): Taken {
    const { envelope } = item;
    if (this.#ids.has(envelope.id)) return 'duplicate';
    const symbol = symbolOf(envelope);
    const queued = symbol === null ? undefined : this.#quotes.get(symbol);
    const urgent = isUrgent(envelope);
    const merge = queued !== undefined && (this.#mergeAlways || this.length > this.#limits.mergeAbove);
    if (!merge && (urgent ? this.#urgent.length >= URGENT_MAX : this.#normal.length >= this.#limits.max)) return 'full';
    this.#remember(envelope.id);
    if (merge) {
      queued.envelope = mergeQuotes(queued.envelope, envelope);
      return 'merged';
    }
    if (symbol !== null) this.#quotes.set(symbol, item);
    (urgent ? this.#urgent : this.#normal).push(item);
    return 'queued';
  }

  /** Puts a message back, or ahead of what waits: it was taken in before, or is older than all that waits. */
  putFirst(item: Item): void {
    (isUrgent(item.envelope) ? this.#urgent : this.#normal).unshift(item);
  }

  shift(): Item | undefined {
    const item = this.#urgent.shift() ?? this.#normal.shift();
    if (item === undefined) return undefined;
    const symbol = symbolOf(item.envelope);
    if (symbol !== null && this.#quotes.get(symbol) === item) this.#quotes.delete(symbol);
    return item;
  }

  /** While its actor is down, only the newest quote of each instrument waits. */
  mergeAlways(on: boolean): void {
    this.#mergeAlways = on;
    if (!on || this.#quotes.size === 0) return;
    const kept = new Map<string, Item>();
    this.#quotes.clear();
    this.remove((item) => {
      const symbol = symbolOf(item.envelope);
      if (symbol === null) return false;
      const first = kept.get(symbol);
      if (first === undefined) {
        kept.set(symbol, item);
        return false;
      }
      first.envelope = mergeQuotes(first.envelope, item.envelope);
      return true;
    });
    for (const [symbol, item] of kept) this.#quotes.set(symbol, item);
  }

  /** Takes out what fits and gives it back. */
  remove(fits: (item: Item) => boolean): readonly Item[] {
    return [...this.#urgent.remove(fits), ...this.#normal.remove(fits)];
  }

  clear(): readonly Item[] {
    this.#quotes.clear();
    return this.remove(() => true);
  }

  #remember(id: string): void {
    this.#ids.add(id);
    if (this.#ids.size <= this.#limits.remembered) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      break;
    }
  }
}

function isUrgent({ type, body }: Envelope): boolean {
  return type === 'fact.recorded' ? body.fact.type.startsWith('kill.') : type.startsWith('kill.');
}

const symbolOf = ({ type, body }: Envelope): string | null => (type === 'quote.received' ? `${body.quote.asset}/${body.quote.symbol}` : null);

function mergeQuotes(older: Envelope, newer: Envelope): Envelope {
  if (older.type !== 'quote.received' || newer.type !== 'quote.received') return newer;
  return { ...newer, body: { quote: { ...newer.body.quote, volume: sum(older.body.quote.volume, newer.body.quote.volume) } } };
}

function sum(left: QuoteSnapshot['volume'], right: QuoteSnapshot['volume']): QuoteSnapshot['volume'] {
  if (left === null || right === null) return left ?? right;
  return add(left, right);
}
