/** The newest public trades of one listing. */
import type { Instant } from '#trading/model/instrument.ts';
import type { TapeTrade } from './market/process.ts';

export const RECENT_TRADES_MAX = 1000;

export type TickDirection = 'PlusTick' | 'ZeroPlusTick' | 'MinusTick' | 'ZeroMinusTick';

export interface RecentTrade extends TapeTrade {
  readonly at: Instant;
  readonly sequence: number;
  /** How the price moved from the trade before: the last move counts where it did not. */
  readonly direction: TickDirection;
}

export class RecentTrades {
  readonly #ring: RecentTrade[] = [];
  #count = 0;
  #last: RecentTrade | null = null;

  get last(): RecentTrade | null {
    return this.#last;
  }

  add({ key, price, size, side }: TapeTrade, at: Instant, sequence: number): RecentTrade {
    const trade = { key, price, size, side, at, sequence, direction: directionOf(Number(price), this.#last) };
    this.#ring[this.#count % RECENT_TRADES_MAX] = trade;
    this.#count++;
    this.#last = trade;
    return trade;
  }

  /** Newest first. */
  newest(limit: number): readonly RecentTrade[] {
    const trades: RecentTrade[] = [];
    for (let index = this.#count - 1; index >= 0 && trades.length < Math.min(limit, RECENT_TRADES_MAX); index--) {
      const trade = this.#ring[index % RECENT_TRADES_MAX];
      if (trade !== undefined) trades.push(trade);
    }
    return trades;
  }
}

function directionOf(price: number, before: RecentTrade | null): TickDirection {
  const last = Number(before?.price ?? price);
  if (price > last) return 'PlusTick';
  if (price < last) return 'MinusTick';
  return before?.direction === 'MinusTick' || before?.direction === 'ZeroMinusTick' ? 'ZeroMinusTick' : 'ZeroPlusTick';
}
