/** A market in which nothing is listed: what Bybit's façade shows where only IBKR's contracts are played. */
import type { Instant } from '#trading/model/instrument.ts';
import type { MarketProcess } from './process.ts';

export function emptyMarket(start: Instant): MarketProcess {
  return {
    ...{ listings: [], opening: [], gaps: [], start, end: null },
    next: () => Promise.resolve(null),
    peek: () => Promise.resolve(null),
    history: () => [],
    close: () => Promise.resolve(),
  };
}
