/** What can be taken from the played market: its top of book, and levels behind it that the seed makes. What was taken is gone until the next quote. */
import {
  add,
  compare,
  isPositive,
  isZero,
  price,
  ratio,
  scale,
  subtract,
  toStep,
  ZERO_QTY,
  type Price,
  type Qty,
  type Ratio,
} from '#trading/money/decimal.ts';
import { Draws } from '../market/random.ts';
import type { ContractTerms, Level, Quote, Side } from './types.ts';

/** Levels of one side, the played one included. */
export const LEVELS_MAX = 50;
/** Ticks between two levels: at least one, at most this many. */
const SPACING_TICKS_MAX = 3;
/** A level holds between a half and this many times the size at the top. */
const SIZE_FACTOR_MAX = 4;

export type BookSide = 'bids' | 'asks';

/** The side of the book that an order of `side` takes from. */
export const oppositeOf = (side: Side): BookSide => (side === 'buy' ? 'asks' : 'bids');
/** Negative where `left` is the better price for whoever takes from `side`. */
export const byBest = (side: BookSide, left: Price, right: Price): number => (side === 'asks' ? compare(left, right) : compare(right, left));

export class Liquidity {
  readonly #terms: ContractTerms;
  readonly #spacing: Price;
  readonly #factors: Readonly<Record<BookSide, readonly Ratio[]>>;
  #quote: Quote | null = null;
  #levels: Record<BookSide, Level[] | null> = { bids: null, asks: null };
  #thin = false;

  constructor(seed: string, terms: ContractTerms) {
    this.#terms = terms;
    const draws = new Draws(seed, `depth:${terms.key}`);
    this.#spacing = scale(terms.tick, ratio(1 + Math.floor(draws.at(0, 2).uniform() * SPACING_TICKS_MAX)));
    this.#factors = { bids: factors(draws, 0), asks: factors(draws, 1) };
  }

  renew(quote: Quote): void {
    this.#quote = quote;
    this.#levels = { bids: null, asks: null };
  }

  /** Nothing lies behind the played top, from now on. */
  setThin(thin: boolean): void {
    this.#thin = thin;
    this.#levels = { bids: null, asks: null };
  }

  /** Best first; without what was taken. */
  side(side: BookSide): readonly Level[] {
    return (this.#levels[side] ??= this.#made(side)).filter(({ size }) => isPositive(size));
  }

  /** What is offered at prices as good as `limit` or better. */
  within(side: BookSide, limit: Price): readonly Level[] {
    return this.side(side).filter((level) => byBest(side, level.price, limit) <= 0);
  }

  /** What is displayed at exactly this price. */
  sizeAt(side: BookSide, at: Price): Qty {
    return this.side(side).find((level) => level.price === at)?.size ?? ZERO_QTY;
  }

  take(side: BookSide, at: Price, size: Qty): void {
    const levels = this.#levels[side];
    this.#levels[side] = (levels ?? []).map((level) => (level.price === at ? { price: at, size: subtract(level.size, size) } : level));
  }

  #made(side: BookSide): Level[] {
    const quote = this.#quote;
    if (quote === null) return [];
    const [top, size] = side === 'asks' ? [quote.ask, quote.askSize] : [quote.bid, quote.bidSize];
    if (isZero(size) || !isPositive(top)) return [];
    const levels: Level[] = [{ price: top, size }];
    if (this.#thin) return levels;
    for (const [index, factor] of this.#factors[side].entries()) {
      const away = scale(this.#spacing, ratio(index + 1));
      const at = side === 'asks' ? add(top, away) : subtract(top, away);
      if (!isPositive(at)) break;
      levels.push({ price: price(at), size: larger(toStep(scale(size, factor), this.#terms.step, 'down'), this.#terms.step) });
    }
    return levels;
  }
}

const larger = (size: Qty, step: Qty): Qty => (isZero(size) ? step : size);

function factors(draws: Draws, lane: number): readonly Ratio[] {
  return Array.from({ length: LEVELS_MAX - 1 }, (_, index) => {
    const share = draws.at(index + 1, lane).uniform();
    return ratio((0.5 + share * (SIZE_FACTOR_MAX - 0.5)).toFixed(2));
  });
}
