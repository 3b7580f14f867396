/**
 * A trailing stop of a whole position: the best price since it was set, or since its activation price was reached, and a distance behind it. Pure:
 * a trail and a price give the next trail.
 */
import { add, atLeast, atMost, greaterThan, lessThan, subtract, type Price } from '#trading/money/decimal.ts';
import type { PriceSource } from './triggers.ts';

/** Whose stop it is: it sells a long one below, and buys a short one back above. */
export type Way = 'long' | 'short';

/** Plain JSON: the exchange remembers it. */
export interface Trail {
  /** Quote units behind the best price; above zero. */
  readonly distance: Price;
  /** Nothing is followed until this was reached; null follows at once. */
  readonly activation: Price | null;
  readonly by: PriceSource;
  /** The best price so far; null until it is active. */
  readonly best: Price | null;
}

/** Where the price takes it. The same trail where it moves nothing. */
export function followed(trail: Trail, way: Way, seen: Price): Trail {
  const { best, activation } = trail;
  if (best === null) return activation === null || reaches(way, seen, activation) ? { ...trail, best: seen } : trail;
  return isBetter(way, seen, best) ? { ...trail, best: seen } : trail;
}

/** Where it fires; before it is active, where it will when it becomes so. Never worse than it was for the same trail. */
export function firesAt({ best, activation, distance }: Trail, way: Way): Price | null {
  const from = best ?? activation;
  if (from === null) return null;
  return way === 'long' ? subtract(from, distance) : add(from, distance);
}

const reaches = (way: Way, seen: Price, at: Price): boolean => (way === 'long' ? atLeast(seen, at) : atMost(seen, at));
const isBetter = (way: Way, seen: Price, best: Price): boolean => (way === 'long' ? greaterThan(seen, best) : lessThan(seen, best));
