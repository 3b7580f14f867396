/** What `bench gateway` and the process at its other end say to each other. */
import type { QuoteSnapshot } from '#trading/model/quote.ts';

export type VenueOrder =
  | { readonly ask: 'where' | 'still' }
  | { readonly ask: 'flood'; readonly perSecond: number }
  /** A batch of what a gateway says to the main process. */
  | { readonly ask: 'hear'; readonly quotes: readonly QuoteSnapshot[] };

export interface VenueReply {
  readonly port: number;
  /** Books sent since the newest flood began. */
  readonly sent: number;
}

export const COINS = ['BTC', 'ETH', 'ADA', 'WIF', 'SOL', 'XRP', 'LTC', 'DOT', 'BNB', 'TRX'];
/** Twenty: each coin in both categories. */
export const SYMBOLS = COINS.flatMap((coin) => [`${coin}/USDT`, `${coin}/USDT:USDT`]);
