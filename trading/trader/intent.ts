/** From a signal to an order, or to the gate that stopped it. The governor is the judge; these gates only spare it the obvious. */
import { entrySessionRefusal, exitSessionRefusal } from '../calendar/gate.ts';
import { coveringScope } from '../model/kill-scope.ts';
import { clientOrderId } from '../execution/client-order-id.ts';
import { checkBracket, checkMinimum, clampBracket, clampQty } from '../execution/clamp.ts';
import { BAR_MS } from '../market/bars.ts';
import { absolute, add, isNegative, isPositive, price, ratio, subtract, type Price, type Qty } from '../money/decimal.ts';
import type { Instrument } from '../model/instrument.ts';
import type { Refusal } from '../model/events.ts';
import type { Allowance } from '../model/messages.ts';
import { opposite, type Bracket, type OrderIntent, type Side, type Trailing } from '../model/order.ts';
import type { Settings } from '../model/settings.ts';
import { currencyRefusal } from '../sizing/in-usd.ts';
import { sizeOrder } from '../sizing/size.ts';
import type { EntryDistances, Signal } from '../strategy/port.ts';
import type { LastSignal } from './memory.ts';
import type { Moment } from './moment.ts';
import type { TraderState } from './state.ts';

/** RT-5: a signal that waited longer than this for its next quote is not acted upon; what happened meanwhile is not known. */
export const SIGNAL_AGE_MS_MAX = BAR_MS;

/** Retries of one exit; what then remains (dust below the venue's minimum) stays with its bracket until the next signal. */
export const EXIT_RETRIES_MAX = 3;

export type Verdict = { readonly intent: OrderIntent; readonly gate: null } | { readonly intent: null; readonly gate: Refusal };

export function answerSignal(moment: Moment): Verdict {
  const { state, quote, signal, now } = moment;
  const position = state.positions[quote.symbol];
  const shut = sessionRefusalOf(moment, position !== undefined && sideOf(position) !== signal.side);
  if (shut !== null) return { intent: null, gate: shut };
  const before = state.intendedAt[quote.symbol];
  if (before !== undefined && now < before - (before % BAR_MS) + BAR_MS) {
    return stop('DUPLICATE_INTENT', 'RK-2', { intendedAt: before, now }, `${quote.symbol}: one order a bar, and this minute had one`);
  }
  if (position === undefined) return entry(moment);
  if (sideOf(position) === signal.side) {
    return stop('POSITION_EXISTS', 'RK-1', { position }, `${quote.symbol}: a position of ${position} is open on this side already`);
  }
  return exit(moment, position);
}

/**
 * RT-5: the last signal where it asked to leave a position that is still open (a partial fill, a refusal, an end without a fill) and no order
 * is on its way; null otherwise. Asked once a closed bar, at most EXIT_RETRIES_MAX times a signal; the bracket protects throughout.
 */
export function unfinishedExit(state: TraderState, symbol: string, last: LastSignal | null): Signal | null {
  const position = state.positions[symbol];
  if (last === null || position === undefined || last.retries >= EXIT_RETRIES_MAX) return null;
  return sideOf(position) === last.signal.side || isPending(state, symbol, null) ? null : last.signal;
}

/** SS-1: asked first, so that a market that is closed costs no order. */
function sessionRefusalOf({ instrument, state: { settings }, now }: Moment, isExit: boolean): Refusal | null {
  if (instrument === null || settings === null) return null;
  return isExit ? exitSessionRefusal(instrument, settings, now) : entrySessionRefusal(instrument, settings, now);
}

function exit(moment: Moment, position: Qty): Verdict {
  if (isPending(moment.state, moment.quote.symbol, 'exit'))
    return stop('DUPLICATE_INTENT', 'RK-2', { position }, `${moment.quote.symbol}: an exit is on its way`);
  const side = opposite(sideOf(position));
  return { intent: intentOf(moment, { side, kind: 'exit', qty: absolute(position), bracket: null, sizing: null }), gate: null };
}

function entry(moment: Moment): Verdict {
  const { config, quote, signal, instrument, allowance, state } = moment;
  const symbol = quote.symbol;
  if (config.asset === 'crypto_spot' && signal.side === 'sell') {
    return stop('NO_SHORT', 'SZ-6', {}, `${symbol}: a sell signal without a position; spot never shorts`);
  }
  if (instrument === null) return stop('UNKNOWN_INSTRUMENT', 'LC-1', {}, `${symbol}: the catalog has not listed it yet`);
  const foreign = currencyRefusal(instrument);
  if (foreign !== null) return { intent: null, gate: foreign };
  if (state.settings === null) return stop('NOT_CONFIGURED', 'CF-1', {}, `${symbol}: no settings were loaded yet`);
  if (allowance === null) return stop('NOT_CONFIGURED', 'SZ-5', {}, `${symbol}: the governor has not said yet what may be used`);
  const gate = closeOnly(moment, allowance) ?? waiting(moment, state.settings);
  if (gate !== null) return { intent: null, gate };
  if (!isPositive(allowance.usable)) {
    const { usable, budget, remaining, walletAvailable } = allowance;
    return stop('BUDGET_EXHAUSTED', 'SZ-5', { usable, budget, remaining, walletAvailable }, `${symbol}: nothing of the budget is usable now`);
  }
  return sized(moment, instrument, state.settings, allowance);
}

/** SZ-4, RT-3, BR-1: the price is what a taker pays now, and every number of the order fits the instrument. */
function sized(moment: Moment, instrument: Instrument, settings: Settings, allowance: Allowance): Verdict {
  const { config, quote, signal } = moment;
  const at = signal.side === 'buy' ? quote.ask : quote.bid;
  const { asset } = config;
  const { budget, multiplier, usable, remaining, walletAvailable } = allowance;
  const size = sizeOrder({ settings, asset, budget, multiplier, usable, remaining, walletAvailable, price: at, side: signal.side, instrument });
  if (!size.ok) return { intent: null, gate: size.refusal };
  const qty = clampQty(size.qty, instrument).value;
  const bracket = bracketOf(signal, at, instrument);
  const gate = checkMinimum(qty, at, instrument) ?? checkBracket(signal.side, bracket, at, instrument);
  if (gate !== null) return { intent: null, gate };
  return { intent: intentOf(moment, { side: signal.side, kind: 'entry', qty, bracket, sizing: size.basis }), gate: null };
}

/** The distances that the strategy asked for, as prices from what a taker pays now. */
export function bracketOf(
  { side, entry: { stopDistance, takeProfitDistance, trailing, partialTakeProfits } }: Signal,
  at: Price,
  instrument: Instrument,
): Bracket {
  const ahead = (distance: number): Price => (side === 'buy' ? add(at, price(distance)) : subtract(at, price(distance)));
  const asked: Bracket = {
    stopLoss: ahead(-stopDistance),
    takeProfit: ahead(takeProfitDistance),
    ...(trailing === undefined ? {} : { trailing: trailingOf(trailing, ahead) }),
    ...(partialTakeProfits === undefined
      ? {}
      : { partialTakeProfits: partialTakeProfits.map(({ distance, fraction }) => ({ price: ahead(distance), fraction: ratio(fraction) })) }),
  };
  return clampBracket(side, asked, instrument).value;
}

function trailingOf({ distance, activationDistance }: NonNullable<EntryDistances['trailing']>, ahead: (distance: number) => Price): Trailing {
  return { distance: price(distance), activation: activationDistance === null ? null : ahead(activationDistance) };
}

/** KS-3: known from the facts of the kill-switch itself, not only from what the governor tells. */
function closeOnly({ config, state, quote }: Moment, allowance: Allowance): Refusal | null {
  const scope = coveringScope(state.killed, config.asset);
  if (scope === undefined) return allowance.closeOnly;
  return refusal('CLOSE_ONLY', 'KS-3', { scope }, `${quote.symbol}: close-only, the kill-switch is tripped for ${scope}`);
}

function waiting(moment: Moment, settings: Settings): Refusal | null {
  const { state, quote, bar, now } = moment;
  const symbol = quote.symbol;
  const ageMs = now - (bar.at + BAR_MS);
  if (ageMs > SIGNAL_AGE_MS_MAX) {
    return refusal(
      'STALE_QUOTE',
      'RT-5',
      { ageMs, maxMs: SIGNAL_AGE_MS_MAX },
      `${symbol}: the bar of the signal ended ${ageMs} ms ago, before a gap`,
    );
  }
  if (isPending(state, symbol, null)) return refusal('DUPLICATE_INTENT', 'RK-2', {}, `${symbol}: an order is on its way`);
  const remainingMs = (state.closedAt[symbol] ?? -Infinity) + settings.cooldownSeconds * 1000 - now;
  if (remainingMs <= 0) return null;
  const numbers = { remainingMs, cooldownSeconds: settings.cooldownSeconds };
  return refusal('COOL_DOWN', 'RK-1', numbers, `${symbol}: cooling down for ${remainingMs} ms more after the last close`);
}

const sideOf = (position: Qty): Side => (isNegative(position) ? 'sell' : 'buy');

export function isPending(state: TraderState, symbol: string, kind: 'exit' | null): boolean {
  return Object.values(state.pending).some((order) => order.symbol === symbol && (kind === null || order.kind === kind));
}

/** ST-2: the id comes from the bar and the nonce, not from the clock of this decision. */
function intentOf(moment: Moment, order: Pick<OrderIntent, 'side' | 'kind' | 'qty' | 'bracket' | 'sizing'>): OrderIntent {
  const { config, state, quote, bar, signal, now } = moment;
  const { mode, asset, strategyId } = config;
  return {
    clientOrderId: clientOrderId(mode, strategyId, quote.symbol, bar.at, state.nonce),
    strategyId,
    asset,
    mode,
    symbol: quote.symbol,
    ...order,
    snapshot: quote,
    signal: signal.reason,
    nonce: state.nonce,
    intendedAt: now,
  };
}

export function refusal(code: Refusal['code'], rule: string, numbers: Refusal['numbers'], sentence: string): Refusal {
  return { code, rule, numbers, sentence };
}

function stop(code: Refusal['code'], rule: string, numbers: Refusal['numbers'], sentence: string): Verdict {
  return { intent: null, gate: refusal(code, rule, numbers, sentence) };
}
