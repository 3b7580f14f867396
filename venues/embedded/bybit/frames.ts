/** Public WebSocket frames as text. Everything put in is decimal text, digits or a checked symbol, so nothing needs escaping. */
import type { Instant } from '#trading/model/instrument.ts';
import type { Board } from '../exchange.ts';
import type { Category } from '../listing.ts';
import type { BookUpdate } from '../market/process.ts';
import type { RecentTrade } from '../recent-trades.ts';
import { tradeId } from './trade-id.ts';

export const bookTopic = (symbol: string): string => `orderbook.1.${symbol}`;
export const tradeTopic = (symbol: string): string => `publicTrade.${symbol}`;
export const tickerTopic = (symbol: string): string => `tickers.${symbol}`;

export const limitTopic = (symbol: string): string => `priceLimit.${symbol}`;
export const liquidationTopic = (symbol: string): string => `allLiquidation.${symbol}`;

const TOPIC =
  /^(orderbook\.(?:1|50|200|1000)|publicTrade|tickers|priceLimit|allLiquidation|kline\.(?:1|3|5|15|30|60|120|240|360|720|D|W))\.([A-Z0-9]{2,30})$/;
const DERIVATIVES_ONLY = 'allLiquidation.';

/** The symbol that a topic names, or null where the stream has no such topic. */
export function symbolOf(topic: string, category: Category): string | null {
  return category === 'spot' && topic.startsWith(DERIVATIVES_ONLY) ? null : (TOPIC.exec(topic)?.[2] ?? null);
}

/** Depth one is always a snapshot. `ts` is when it is sent, `cts` when the book became so. */
export function bookFrame({ symbol, book, update, sequence, changedAt }: Board, now: Instant): string {
  return (
    `{"topic":"orderbook.1.${symbol}","ts":${now},"type":"snapshot","data":{"s":"${symbol}",${levels(book)},` +
    `"u":${update},"seq":${sequence}},"cts":${changedAt}}`
  );
}

/** `"b":[[price,size]],"a":[[price,size]]` */
export function levels({ bid, bidSize, ask, askSize }: BookUpdate): string {
  return `"b":[["${bid}","${bidSize}"]],"a":[["${ask}","${askSize}"]]`;
}

/** Only derivatives carry the tick direction `L`. */
export function tradeFrame(category: string, symbol: string, trade: RecentTrade, now: Instant): string {
  const direction = category === 'spot' ? '' : `"L":"${trade.direction}",`;
  return (
    `{"topic":"publicTrade.${symbol}","type":"snapshot","ts":${now},"data":[{"T":${trade.at},"s":"${symbol}","S":"${trade.side}",` +
    `"v":"${trade.size}","p":"${trade.price}",${direction}"i":"${tradeId(category, trade.sequence)}","BT":false,"RPI":false,"seq":${trade.sequence}}]}`
  );
}

/** Perpetuals follow a snapshot with deltas, of what changed and the symbol; spot sends snapshots alone. */
export function tickerFrame(type: 'snapshot' | 'delta', symbol: string, ticker: object, sequence: number, now: Instant): string {
  return `{"topic":"tickers.${symbol}","ts":${now},"type":"${type}","cs":${sequence},"data":${JSON.stringify(ticker)}}`;
}

/** The highest buy and the lowest sell that are taken. */
export function limitFrame(symbol: string, { buy, sell }: { readonly buy: string; readonly sell: string }, now: Instant): string {
  return JSON.stringify({ topic: limitTopic(symbol), data: { symbol, buyLmt: buy, sellLmt: sell }, ts: now });
}

export interface Liquidated {
  readonly at: Instant;
  /** `Buy` was a long. */
  readonly side: 'Buy' | 'Sell';
  readonly size: string;
  readonly price: string;
}

export function liquidationFrame(symbol: string, rows: readonly Liquidated[], now: Instant): string {
  const data = rows.map(({ at, side, size, price }) => ({ T: at, s: symbol, S: side, v: size, p: price }));
  return JSON.stringify({ topic: liquidationTopic(symbol), type: 'snapshot', ts: now, data });
}
