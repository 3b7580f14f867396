/** RK-2: what stops an entry that a person would call a slip, or a program that repeats itself. Exits pass all of it. */
import { positionKey } from '../ledger/positions.ts';
import { walletKey } from '../ledger/wallet.ts';
import { atMost, toNumber } from '../money/decimal.ts';
import type { Refusal } from '../model/events.ts';
import type { OrderIntent } from '../model/order.ts';
import type { Settings } from '../model/settings.ts';
import { touch } from '../paper/price.ts';
import type { Check } from './entry.ts';
import { MINUTE_MS, type RecentOrder } from './recent.ts';
import { refuse, shown } from './refuse.ts';
import type { GovernorState } from './state.ts';

const MS_A_SECOND = 1000;

/** An entry against an own order or position of its symbol, in its asset and mode, would trade with ourselves: `SELF_CROSS`, or null. */
export function selfCross(state: GovernorState, intent: OrderIntent): Refusal | null {
  const { symbol, side } = intent;
  const key = positionKey(intent);
  const order = Object.values(state.orders).find(({ intent: own, approval }) => approval !== null && own.side !== side && positionKey(own) === key);
  if (order !== undefined) {
    const { clientOrderId, kind, qty } = order.intent;
    const sentence = `${symbol}: a ${side} would meet our own ${order.intent.side} of ${qty} (${kind}) that is on its way`;
    return refuse('SELF_CROSS', 'RK-2', { other: clientOrderId, qty }, sentence);
  }
  const position = state.positions[key];
  if (position === undefined || position.side === side) return null;
  const sentence = `${symbol}: a ${side} to open would run against our own position, ${position.side} ${position.qty}; only an exit closes it`;
  return refuse('SELF_CROSS', 'RK-2', { qty: position.qty }, sentence);
}

/** The venue's clock and ours disagree by more than may be: one of them is wrong, and with it every age that is measured. */
export const clockSkew: Check = ({ settings, intent: { snapshot, symbol } }) => {
  const skewMs = Math.abs(snapshot.exchangeAt - snapshot.receivedAt);
  const maxMs = settings.risk.clockSkewMsMax;
  if (skewMs <= maxMs) return null;
  return refuse('CLOCK_SKEW', 'RK-2', { skewMs, maxMs }, `${symbol}: the quote's two clocks are ${skewMs} ms apart, at most ${maxMs} ms`);
};

export const maxNotional: Check = ({ settings, intent, notional: value }) => {
  const max = settings.risk.maxOrderNotional;
  if (atMost(value, max)) return null;
  return refuse('MAX_ORDER_NOTIONAL', 'RK-2', { notional: shown(value), max }, `${intent.symbol}: ${shown(value)} USD in one order, at most ${max}`);
};

/** Orders of an asset and mode, exits counted too. */
export const throttle: Check = ({ state, settings, intent, now }) => {
  const orders = recentOf(state, intent).filter(({ at }) => at > now - MINUTE_MS).length;
  const max = settings.risk.ordersPerMinuteMax;
  if (orders < max) return null;
  return refuse('THROTTLED', 'RK-2', { orders, max }, `${intent.asset} ${intent.mode}: ${orders} orders in the last minute, at most ${max}`);
};

/** Our own prices of a symbol may not run away: within a minute none is farther than the collar from the first. */
export const priceDrift: Check = ({ state, settings, intent, now }) => {
  const first = recentOf(state, intent).find(({ at, symbol }) => at > now - MINUTE_MS && symbol === intent.symbol);
  if (first === undefined) return null;
  const price = touch(intent.side, intent.snapshot);
  const [low, high] = [toNumber(first.price), toNumber(price)].sort((left, right) => left - right);
  const drift = (high ?? 0) / (low ?? 0) - 1;
  const collar = toNumber(settings.risk.quoteCollar);
  if (drift <= collar) return null;
  const sentence = `${intent.symbol}: ${price} is too far from ${first.price}, the first price of our own orders in the last minute`;
  return refuse('PRICE_DRIFT', 'RK-2', { price, first: first.price, drift, collar }, sentence);
};

/** The same entry again, under another id. An id that was decided before is refused by the governor itself. */
export const duplicate: Check = ({ state, settings, intent, now }) => {
  const windowMs = settings.risk.duplicateWindowMs;
  const same = repeats(state, intent).findLast(({ at, qty }) => at > now - windowMs && qty === intent.qty);
  if (same === undefined) return null;
  const agoMs = now - same.at;
  const sentence = `${intent.symbol}: the same ${intent.side} of ${intent.qty} was approved ${agoMs} ms ago; again only after ${windowMs} ms`;
  return refuse('DUPLICATE_INTENT', 'RK-2', { qty: intent.qty, agoMs, windowMs }, sentence);
};

/** A strategy that repeats itself. This refusal trips a wire: it is disabled until a person re-arms. */
export const repeatedEntries: Check = ({ state, settings, intent, now }) => {
  const { repeatedEntriesMax: max, repeatedEntriesWindowSeconds: seconds } = settings.risk;
  const entries = repeats(state, intent).filter(({ at }) => at > now - seconds * MS_A_SECOND).length;
  if (entries < max) return null;
  const { strategyId: strategy, asset, mode, symbol, side } = intent;
  const sentence = `${asset} ${mode}: ${strategy} entered ${symbol} ${side} ${entries} times in ${seconds} s, at most ${max}: disabled until re-armed`;
  return refuse('REPEATED_EXECUTION', 'RK-2', { strategy, symbol, side, entries, max, seconds }, sentence);
};

/** Round trips that lost, in a row: `REPEATED_EXECUTION`, or null. */
export function losingStreak(
  state: GovernorState,
  settings: Settings,
  { asset, mode, strategyId: strategy }: Pick<OrderIntent, 'asset' | 'mode' | 'strategyId'>,
): Refusal | null {
  const losses = state.losses[walletKey({ asset, mode })]?.[strategy] ?? 0;
  const max = settings.risk.losingTradesMax;
  if (max === 0 || losses < max) return null;
  const sentence = `${asset} ${mode}: ${strategy} lost ${losses} round trips in a row, the limit is ${max}: disabled until re-armed`;
  return refuse('REPEATED_EXECUTION', 'RK-2', { strategy, losses, max }, sentence);
}

export const recentOf = (state: GovernorState, intent: OrderIntent): readonly RecentOrder[] => state.recent[walletKey(intent)] ?? [];

/** Approved entries of the same strategy, symbol and side. */
export function repeats(state: GovernorState, intent: OrderIntent): readonly RecentOrder[] {
  const isRepeat = ({ kind, strategyId, symbol, side }: RecentOrder): boolean =>
    kind === 'entry' && strategyId === intent.strategyId && symbol === intent.symbol && side === intent.side;
  return recentOf(state, intent).filter(isRepeat);
}
