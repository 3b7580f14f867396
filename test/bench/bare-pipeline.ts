/** The arithmetic of one decision and nothing else: what a person would write who needs no gates, no refusals and no state worth keeping. */
import { clientOrderId } from '#trading/execution/client-order-id.ts';
import { add, atMost, larger, lessThan, notional, price, quantityFor, scale, smaller, subtract, toNumber, toStep } from '#trading/money/decimal.ts';
import type { Instrument } from '#trading/model/instrument.ts';
import type { Allowance } from '#trading/model/messages.ts';
import type { OrderIntent } from '#trading/model/order.ts';
import type { QuoteSnapshot } from '#trading/model/quote.ts';
import type { Settings } from '#trading/model/settings.ts';

const MINUTE_MS = 60_000;
const [FAST, SLOW, RANGE] = [2 / 3, 2 / 5, 3];
const [STOP_ATR, PROFIT_ATR, STOP_PCT_MIN] = [3, 4, 0.003];
const STRATEGY = 'ema-cross';

/** Freshness, and the quote taken into the open bar. */
export function bareBar({ risk }: Settings): (quote: QuoteSnapshot, now: number) => boolean {
  const collar = toNumber(risk.quoteCollar);
  let [lastBid, lastAsk, open, high, low, close, volume] = [103, 103.02, 103, 103, 103, 103, 1];
  return (quote, now) => {
    const [bid, ask] = [toNumber(quote.bid), toNumber(quote.ask)];
    const moved = Math.max(bid / lastBid, lastBid / bid, ask / lastAsk, lastAsk / ask) - 1;
    if (now - quote.exchangeAt > risk.quoteAgeMsMax || !(bid > 0 && ask >= bid) || moved > collar) return false;
    [lastBid, lastAsk] = [bid, ask];
    const last = quote.last === null ? (bid + ask) / 2 : toNumber(quote.last);
    const isNew = quote.exchangeAt % MINUTE_MS === 0;
    open = isNew ? last : open;
    high = isNew ? last : Math.max(high, last);
    low = isNew ? last : Math.min(low, last);
    close = last;
    volume = (isNew ? 0 : volume) + (quote.volume === null ? 0 : toNumber(quote.volume));
    return open + high + low + close + volume > 0;
  };
}

/** The same quote to the same order: averages, size, bracket, minimum, id. */
export function bareOrder(
  instrument: Instrument,
  settings: Settings,
  allowance: Allowance,
): (quote: QuoteSnapshot, now: number) => OrderIntent | null {
  const { asset, symbol, lotSize, tickSize, multiplier } = instrument;
  const takeBar = bareBar(settings);
  return (quote, now) => {
    if (!takeBar(quote, now)) return null;
    const [close, high, low, previous] = [103, 103, 103, 95];
    const fast = 95.5 + FAST * (close - 95.5);
    const slow = 96.6 + SLOW * (close - 96.6);
    const range = (1 * (RANGE - 1) + Math.max(high - low, Math.abs(high - previous), Math.abs(low - previous))) / RANGE;
    if (!(fast > slow)) return null;
    const stop = Math.max(STOP_ATR * range, STOP_PCT_MIN * close);
    const at = quote.ask;
    const grown = scale(allowance.budget, allowance.multiplier);
    const baseCap = scale(grown, settings.perTradeRisk[asset]);
    const threshold = settings.percentSizingThreshold;
    const notionalCap = atMost(baseCap, threshold) ? baseCap : larger(threshold, scale(grown, settings.percentSizingAboveThreshold[asset]));
    const qty = toStep(quantityFor(smaller(notionalCap, allowance.usable), at, multiplier), lotSize, 'down');
    const least = toStep(larger(instrument.minQty, quantityFor(instrument.minNotional, at, multiplier)), lotSize, 'up');
    if (lessThan(qty, least) || lessThan(notional(at, qty, multiplier), instrument.minNotional)) return null;
    const stopLoss = toStep(subtract(at, price(stop)), tickSize, 'up');
    const takeProfit = toStep(add(at, price((stop * PROFIT_ATR) / STOP_ATR)), tickSize, 'up');
    if (!lessThan(stopLoss, at) || !lessThan(at, takeProfit)) return null;
    return {
      clientOrderId: clientOrderId('paper', STRATEGY, symbol, now - MINUTE_MS, 0),
      strategyId: STRATEGY,
      asset,
      mode: 'paper',
      symbol,
      side: 'buy',
      kind: 'entry',
      qty,
      bracket: { takeProfit, stopLoss },
      sizing: { budget: allowance.budget, multiplier: allowance.multiplier, baseCap, notionalCap, usable: allowance.usable },
      snapshot: quote,
      signal: `EMA 2 (${fast.toPrecision(8)}) crossed above EMA 4 (${slow.toPrecision(8)}) at ${close}, ATR 3 ${range.toPrecision(8)}`,
      nonce: 0,
      intendedAt: now,
    };
  };
}
