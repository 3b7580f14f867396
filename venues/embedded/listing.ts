/** What the embedded venue lists: the same name may be a spot pair and a perpetual, so the category belongs to it. */
export type Category = 'spot' | 'linear';
export const CATEGORIES: readonly Category[] = ['spot', 'linear'];

export interface Listing {
  readonly category: Category;
  /** As the venue writes it: `BTCUSDT`. */
  readonly symbol: string;
}

/** `spot:BTCUSDT` */
export type ListingKey = `${Category}:${string}`;

export const listingKey = (category: Category, symbol: string): ListingKey => `${category}:${symbol}`;
