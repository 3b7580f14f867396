/** Ticker rows, REST and WebSocket, from the book and the bars of the last 24 hours. */
import { notional, price } from '#trading/money/decimal.ts';
import type { Board, Exchange } from '../exchange.ts';
import { decimalsOf, FUNDING_MS, nextFunding } from '../instruments.ts';
import type { TapeBar } from '../market/process.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAY_MINUTES_MAX = 1441;

/** Null where nothing was played or recorded yet. */
export function tickerRow(exchange: Exchange, board: Board): Readonly<Record<string, string>> | null {
  const { now } = exchange;
  const bars = exchange.history(board, { intervalMinutes: 1, from: now - DAY_MS, before: now + 1, limit: DAY_MINUTES_MAX, keep: 'newest' });
  const first = bars[0];
  const last = bars.at(-1);
  if (first === undefined || last === undefined) return null;
  const decimals = board.played.priceDecimals;
  const day = dayOf(bars, decimals, decimalsOf(board.played.instrument.lot));
  const lastPrice = board.trades.last?.price ?? last.close.toFixed(decimals);
  const { book, symbol } = board;
  const common = { symbol, lastPrice, ...day, price24hPcnt: (Number(lastPrice) / first.open - 1).toFixed(6) };
  const top = { bid1Price: book.bid, bid1Size: book.bidSize, ask1Price: book.ask, ask1Size: book.askSize };
  if (board.category === 'spot') return { ...common, ...top, usdIndexPrice: lastPrice };
  const hourAgo = bars.find(({ at }) => at >= now - HOUR_MS) ?? last;
  return { ...common, ...top, ...perpetual(board, lastPrice, hourAgo.open.toFixed(decimals), now) };
}

/** The WebSocket ticker of spot carries no bid and ask. */
export function wsTickerRow(exchange: Exchange, board: Board): Readonly<Record<string, string>> | null {
  const row = tickerRow(exchange, board);
  if (row === null || board.category !== 'spot') return row;
  const { bid1Price: _bid, bid1Size: _bidSize, ask1Price: _ask, ask1Size: _askSize, ...rest } = row;
  return rest;
}

function dayOf(bars: readonly TapeBar[], priceDecimals: number, lotDecimals: number) {
  let [high, low, volume, turnover] = [-Infinity, Infinity, 0, 0];
  for (const bar of bars) {
    high = Math.max(high, bar.high);
    low = Math.min(low, bar.low);
    volume += bar.volume;
    turnover += bar.turnover;
  }
  return {
    prevPrice24h: (bars[0]?.open ?? NaN).toFixed(priceDecimals),
    highPrice24h: high.toFixed(priceDecimals),
    lowPrice24h: low.toFixed(priceDecimals),
    volume24h: volume.toFixed(lotDecimals),
    turnover24h: turnover.toFixed(4),
  };
}

/** Open interest is the account's own: nothing is known of others. */
function perpetual(board: Board, lastPrice: string, prevPrice1h: string, now: number) {
  const { instrument, priceDecimals: decimals } = board.played;
  const fundedAt = nextFunding(instrument, now);
  const [markPrice, openInterest] = [board.mark?.mark.toFixed(decimals) ?? lastPrice, board.openInterest()];
  return {
    tickDirection: board.trades.last?.direction ?? 'ZeroPlusTick',
    prevPrice1h,
    markPrice,
    indexPrice: board.mark?.index.toFixed(decimals) ?? lastPrice,
    openInterest,
    // ccxt takes a ticker for a contract's by this key.
    openInterestValue: notional(price(markPrice), openInterest),
    fundingRate: board.fundingRate(fundedAt),
    nextFundingTime: String(fundedAt),
    fundingIntervalHour: String((instrument.fundingMs ?? FUNDING_MS) / HOUR_MS),
    fundingCap: instrument.fundingCap,
    deliveryTime: '0',
    predictedDeliveryPrice: '',
    basisRate: '',
    basis: '',
    deliveryFeeRate: '',
    preOpenPrice: '',
    preQty: '',
    curPreListingPhase: '',
    basisRateYear: '',
  };
}
