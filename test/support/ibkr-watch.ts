/** Market data of IBKR over the real library, at an embedded TWS whose quotes a test plays. */
import assert from 'node:assert/strict';
import type { DroppedFrame, MarketData } from '#protocol/venue.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import type { EmbeddedTws } from '#venues/embedded/tws/tws.ts';
import { createIbkrMarketData, MARKET_LIMITS, type IbkrMarketOptions } from '#venues/ibkr/market-data.ts';
import { START, withTws } from '../contract/tws-support.ts';
import { QUICK } from './ibkr-rig.ts';

export const at = (seconds: number): number => START + seconds * 1000;
export const WATCH = { dteMin: 3, dteMax: 10, expiries: 1, strikes: 3, reach: 0.1 };

export interface WatchRig {
  readonly tws: EmbeddedTws;
  readonly data: MarketData;
  readonly quotes: QuoteSnapshot[];
  readonly drops: DroppedFrame[];
  readonly states: string[];
  readonly troubles: string[];
  /** Symbols that were told of after the start. */
  readonly listed: string[];
  /** Plays a quote and hands over what it came to. */
  readonly play: (symbol: string, bid: string, ask: string, seconds: number) => Promise<readonly QuoteSnapshot[]>;
  readonly settle: (seconds: number) => Promise<void>;
  /** TWS says what cannot be decoded, and is meant to. */
  isMisread: boolean;
}

export async function watching(
  more: Partial<IbkrMarketOptions>,
  work: (rig: WatchRig) => Promise<void>,
  before: (tws: EmbeddedTws) => void = () => undefined,
) {
  await withTws({ start: START - 600_000 }, async (tws) => {
    before(tws);
    tws.advance(Math.max(tws.now, START));
    const data = createIbkrMarketData({
      environment: 'embedded',
      address: { host: '127.0.0.1', port: tws.port },
      clientId: 5,
      pairs: ['EUR/USD'],
      underlyings: [],
      options: WATCH,
      rateLimit: 1,
      limits: { ...MARKET_LIMITS, session: QUICK },
      ...more,
    });
    const quotes: QuoteSnapshot[] = [];
    const drops: DroppedFrame[] = [];
    const states: string[] = [];
    const troubles: string[] = [];
    const listed: string[] = [];
    const settle = async (seconds: number): Promise<void> => data.settle(at(seconds));
    try {
      await data.open();
      await data.subscribe([], {
        onQuote: (quote) => quotes.push(quote),
        onDropped: (drop) => drops.push(drop),
        onState: (up, reason) => states.push(`${up ? 'up' : 'down'}: ${reason}`),
        onTrouble: ({ code, sentence }) => troubles.push(`${code}: ${sentence}`),
        onInstrument: ({ symbol }) => listed.push(symbol),
      });
      const play: WatchRig['play'] = async (symbol, bid, ask, seconds) => {
        const had = quotes.length;
        tws.quote(symbol, bid, ask, '1000000', '1000000', at(seconds));
        await settle(seconds);
        return quotes.slice(had);
      };
      const rig: WatchRig = { tws, data, quotes, drops, states, troubles, listed, play, settle, isMisread: false };
      await work(rig);
      if (!rig.isMisread) assert.equal(data.counters()['error.505'] ?? 0, 0, 'decode errors (505)');
    } finally {
      await data.close();
    }
  });
}
