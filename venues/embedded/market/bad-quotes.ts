/**
 * A venue whose quotes cannot be trusted: of every `every` books of a listing one is crossed, frozen, stale, ten times off, zero or no number
 * at all. Which one, and how, follows from the seed and the book's own number alone, so that a reader of the journal can derive it again.
 */
import type { Instant } from '#trading/model/instrument.ts';
import type { ListingKey } from '../listing.ts';
import type { BookUpdate } from './process.ts';
import { Draws } from './random.ts';

export const BAD_QUOTES_EVERY_MIN = 2;
export const BAD_QUOTES_EVERY_MAX = 1000;

export type BadQuoteKind = 'crossed' | 'frozen' | 'stale' | 'times-ten' | 'tenth' | 'zero' | 'not-a-number';

/** A frozen or stale book is at least this old, and a stale one at most so old: what is younger may still be traded on (QS-1). */
const OLD_MS_MIN = 3000;
const STALE_MS_MAX = 30_000;
/** Good books kept of a listing, to be shown again as frozen ones. */
const KEPT_MAX = 64;
const LANE = { place: 0, kind: 1, age: 2 } as const;

/** What a frame of the book says. */
export interface ShownBook {
  readonly book: BookUpdate;
  readonly update: number;
  readonly sequence: number;
  /** When the book became so, and when it was sent. */
  readonly changedAt: Instant;
  readonly sentAt: Instant;
}

/** What is wrong with the book numbered `update` of a listing, or null. */
export function badKindOf(seed: string, every: number, key: ListingKey, update: number): BadQuoteKind | null {
  return kindFrom(drawsOf(seed, key), every, update);
}

export class BadQuotes {
  readonly #seed: string;
  readonly #every: number;
  readonly #listings = new Map<ListingKey, { readonly draws: Draws; readonly good: ShownBook[] }>();
  #oldStamps: Instant[] = [];
  readonly counts: Record<BadQuoteKind, number> = { crossed: 0, frozen: 0, stale: 0, 'times-ten': 0, tenth: 0, zero: 0, 'not-a-number': 0 };

  /** @throws RangeError where `every` is not between BAD_QUOTES_EVERY_MIN and BAD_QUOTES_EVERY_MAX. */
  constructor(seed: string, every: number) {
    if (!Number.isInteger(every) || every < BAD_QUOTES_EVERY_MIN || every > BAD_QUOTES_EVERY_MAX) {
      throw new RangeError(`bad quotes: one of every ${every}; must be a whole number from ${BAD_QUOTES_EVERY_MIN} to ${BAD_QUOTES_EVERY_MAX}`);
    }
    this.#seed = seed;
    this.#every = every;
  }

  /** What to show in place of a true book, or null where it is shown as it is. */
  spoil(shown: ShownBook): ShownBook | null {
    const { draws, good } = this.#of(shown.book.key);
    const kind = kindFrom(draws, this.#every, shown.update);
    if (kind === null) {
      good.push(shown);
      if (good.length > KEPT_MAX) good.shift();
      return null;
    }
    const frozen = kind === 'frozen' ? good.findLast(({ sentAt }) => shown.sentAt - sentAt >= OLD_MS_MIN) : undefined;
    // Nothing is old enough to be frozen in the first seconds.
    const done = kind === 'frozen' && frozen === undefined ? 'stale' : kind;
    this.counts[done]++;
    const bad = frozen ?? spoilt(done, shown, draws);
    if (bad.changedAt !== shown.changedAt) this.#oldStamps.push(bad.changedAt);
    return bad;
  }

  /** The venue's times on the books shown since the last call whose time was not the step's own. */
  takeOldStamps(): readonly Instant[] {
    const stamps = this.#oldStamps;
    this.#oldStamps = [];
    return stamps;
  }

  #of(key: ListingKey): { readonly draws: Draws; readonly good: ShownBook[] } {
    const known = this.#listings.get(key);
    if (known !== undefined) return known;
    const listing = { draws: drawsOf(this.#seed, key), good: [] };
    this.#listings.set(key, listing);
    return listing;
  }
}

/** Upper ends of the draw in [0, 1): what is most like a true quote is most frequent. */
const CHANCES: readonly (readonly [below: number, kind: BadQuoteKind])[] = [
  [0.225, 'crossed'],
  [0.45, 'frozen'],
  [0.675, 'stale'],
  [0.7875, 'times-ten'],
  [0.9, 'tenth'],
  [0.95, 'zero'],
  [1, 'not-a-number'],
];

const drawsOf = (seed: string, key: ListingKey): Draws => new Draws(seed, `bad-quotes/${key}`);

function kindFrom(draws: Draws, every: number, update: number): BadQuoteKind | null {
  const place = Math.floor(draws.at(Math.floor(update / every), LANE.place).uniform() * every);
  if (update % every !== place) return null;
  const chance = draws.at(update, LANE.kind).uniform();
  return CHANCES.find(([below]) => chance < below)?.[1] ?? 'not-a-number';
}

function spoilt(kind: BadQuoteKind, shown: ShownBook, draws: Draws): ShownBook {
  const { book } = shown;
  switch (kind) {
    case 'crossed':
      return { ...shown, book: { ...book, bid: book.ask, ask: book.bid === book.ask ? shifted(book.bid, -1) : book.bid } };
    case 'times-ten':
      return { ...shown, book: { ...book, bid: shifted(book.bid, 1), ask: shifted(book.ask, 1) } };
    case 'tenth':
      return { ...shown, book: { ...book, bid: shifted(book.bid, -1), ask: shifted(book.ask, -1) } };
    case 'zero':
      return { ...shown, book: { ...book, bid: '0' } };
    case 'not-a-number':
      return { ...shown, book: { ...book, ask: 'NaN' } };
    case 'frozen':
    case 'stale': {
      const ageMs = OLD_MS_MIN + Math.floor(draws.at(shown.update, LANE.age).uniform() * (STALE_MS_MAX - OLD_MS_MIN));
      return { ...shown, changedAt: shown.changedAt - ageMs };
    }
  }
}

/** Decimal text with its point moved: ten times as much, or a tenth. */
function shifted(text: string, places: 1 | -1): string {
  const [whole = '0', fraction = ''] = text.split('.');
  const digits = places === 1 ? [`${whole}${fraction.slice(0, 1) || '0'}`, fraction.slice(1)] : [whole.slice(0, -1), `${whole.slice(-1)}${fraction}`];
  const left = (digits[0] ?? '').replace(/^0+(?=\d)/, '') || '0';
  return digits[1] === undefined || digits[1] === '' ? left : `${left}.${digits[1]}`;
}
