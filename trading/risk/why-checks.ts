/** What each check of an entry looked at, for `why`: read from the case when somebody asks, never while deciding. */
import { expiresAt, sellsFrom } from '../lifecycle/expiry.ts';
import { quoteAge } from '../market/freshness.ts';
import { add, scale } from '../money/decimal.ts';
import { allotted, dayLoss, drawdown, walletKey, type Loss } from '../ledger/wallet.ts';
import { positionKey } from '../ledger/positions.ts';
import { touch } from '../paper/price.ts';
import type { Gate } from '../model/why.ts';
import { sizeOrder } from '../sizing/size.ts';
import { exposureOf, occupied } from './allowance.ts';
import { lossAtStop, type NAMED_CHECKS } from './checks.ts';
import type { EntryCase } from './entry.ts';
import { recentOf, repeats } from './fat-finger.ts';
import { MINUTE_MS } from './recent.ts';
import { shown } from './refuse.ts';
import { walletOf } from './state.ts';

const MS_A_SECOND = 1000;

type Said = Pick<Gate, 'gate' | 'rule' | 'numbers' | 'sentence'>;
type CheckName = keyof typeof NAMED_CHECKS;

/** Of a check that passed. */
export const SAID: Readonly<Record<CheckName, (entry: EntryCase) => Said>> = {
  session: ({ instrument: { symbol, sessionCalendar: calendar, broker }, settings: { sessions }, now }) => {
    if (sessions === undefined || calendar === 'always') return said('session', 'SS-1', { calendar, at: now }, `${symbol} has no sessions here`);
    return said('session', 'SS-1', { calendar, at: now }, `${symbol}: ${calendar} is open, and ${broker} is not about to be away`);
  },
  expiry: ({ instrument, settings, now }) => {
    const ends = expiresAt(instrument, settings);
    if (ends === null) return said('expiry', 'LC-2', {}, `${instrument.symbol} does not expire`);
    const from = sellsFrom(instrument, settings);
    const numbers = { expiresAt: ends, openDteMin: settings.expiry?.openDteMin ?? 0, at: now, ...(from !== null && { sellsFrom: from }) };
    return said('expiry', 'LC-2', numbers, `${instrument.symbol}: far enough from its expiry`);
  },
  quote: ({ intent: { snapshot, symbol }, settings, now }) => {
    const { bid, ask } = snapshot;
    const numbers = { bid, ask, ageMs: quoteAge(snapshot, now), maxMs: settings.risk.quoteAgeMsMax };
    return said(
      'quote',
      'QS-1',
      numbers,
      `${symbol}: priced on a quote that was ${numbers.ageMs} ms old at the decision, at most ${numbers.maxMs} ms`,
    );
  },
  clockSkew: ({ intent: { snapshot, symbol }, settings }) => {
    const numbers = { skewMs: Math.abs(snapshot.exchangeAt - snapshot.receivedAt), maxMs: settings.risk.clockSkewMsMax };
    return said('clock skew', 'RK-2', numbers, `${symbol}: the quote's two clocks are ${numbers.skewMs} ms apart`);
  },
  bracket: ({ intent }) => {
    const at = touch(intent.side, intent.snapshot);
    const { stopLoss = '', takeProfit = '' } = intent.bracket ?? {};
    return said(
      'bracket',
      'BR-1',
      { price: at, stopLoss, takeProfit },
      `${intent.symbol}: stop ${stopLoss} and take-profit ${takeProfit} around ${at}`,
    );
  },
  form: ({ intent: { mode, symbol } }) => said('bracket form', 'BR-1', { mode }, `${symbol}: ${mode} executes the bracket that was asked for`),
  noShort: ({ intent }) => said('no short', 'SZ-6', { side: intent.side }, `${intent.symbol}: a ${intent.side} may open here`),
  positionCount: ({ state, settings, intent }) => {
    const numbers = { ...occupied(state, intent), max: Math.min(settings.maxPositions[intent.asset], settings.maxConcurrent) };
    return said(
      'positions',
      'RK-1',
      numbers,
      `${numbers.positions} positions and ${numbers.entries} entries on their way, at most ${numbers.max} together`,
    );
  },
  noPosition: ({ intent }) => said('position', 'RK-1', {}, `${intent.symbol}: no position is open`),
  coolDown: ({ state, settings, intent, now }) => {
    const closedAt = state.closedAt[positionKey(intent)];
    const cooldownMs = settings.cooldownSeconds * MS_A_SECOND;
    if (closedAt === undefined) return said('cool-down', 'RK-1', { cooldownMs }, `${intent.symbol}: was not closed before`);
    const sinceMs = now - closedAt;
    return said('cool-down', 'RK-1', { sinceMs, cooldownMs }, `${intent.symbol}: was closed ${sinceMs} ms ago, ${cooldownMs} ms are enough`);
  },
  size: ({ settings, allowance, intent, instrument }) => {
    const { budget, multiplier, usable, remaining, walletAvailable } = allowance;
    const at = touch(intent.side, intent.snapshot);
    const { asset, side } = intent;
    const sizing = sizeOrder({ settings, asset, budget, multiplier, usable, remaining, walletAvailable, price: at, side, instrument });
    if (!sizing.ok) return said('size', 'SZ-4', sizing.refusal.numbers, sizing.refusal.sentence);
    const numbers = { qty: intent.qty, qtyMax: sizing.qty, notionalCap: shown(sizing.basis.notionalCap), usable: shown(usable), price: at };
    return said('size', 'SZ-4', numbers, `${intent.symbol}: ${intent.qty} is within the ${sizing.qty} that ${numbers.notionalCap} USD buy at ${at}`);
  },
  leverage: ({ state, settings, allowance, intent, notional }) => {
    const leverage = settings.leverageCaps[intent.asset];
    const max = shown(scale(allowance.budget, leverage));
    const exposure = shown(add(exposureOf(state, intent), notional));
    return said('leverage', 'SZ-6', { exposure, max, leverage }, `exposure would be ${exposure} USD with this order, at most ${max}`);
  },
  maxLoss: (entry) => {
    const { settings, allowance, intent } = entry;
    const loss = shown(lossAtStop(entry));
    const max = shown(scale(allowance.budget, settings.risk.maxLossPerOrder));
    return said('loss at the stop', 'RK-1', { loss, max }, `${intent.symbol}: ${loss} USD would be lost at the stop, at most ${max}`);
  },
  maxNotional: ({ settings, intent, notional }) => {
    const numbers = { notional: shown(notional), max: settings.risk.maxOrderNotional };
    return said('order notional', 'RK-2', numbers, `${intent.symbol}: ${numbers.notional} USD in one order, at most ${numbers.max}`);
  },
  priceDrift: ({ settings, intent }) => {
    const numbers = { price: touch(intent.side, intent.snapshot), collar: settings.risk.quoteCollar };
    return said('price drift', 'RK-2', numbers, `${intent.symbol}: within ${numbers.collar} of our own first price of the minute`);
  },
  throttle: ({ state, settings, intent, now }) => {
    const numbers = { orders: recentOf(state, intent).filter(({ at }) => at > now - MINUTE_MS).length, max: settings.risk.ordersPerMinuteMax };
    return said('throttle', 'RK-2', numbers, `${numbers.orders} orders in the last minute, at most ${numbers.max}`);
  },
  duplicate: ({ settings, intent }) => {
    const windowMs = settings.risk.duplicateWindowMs;
    return said('duplicate', 'RK-2', { windowMs }, `${intent.symbol}: no same order in the last ${windowMs} ms`);
  },
  repeatedEntries: ({ state, settings, intent, now }) => {
    const { repeatedEntriesMax: max, repeatedEntriesWindowSeconds: seconds } = settings.risk;
    const entries = repeats(state, intent).filter(({ at }) => at > now - seconds * MS_A_SECOND).length;
    return said(
      'repeated execution',
      'RK-2',
      { entries, max, seconds },
      `${intent.strategyId} entered ${entries} times in ${seconds} s, at most ${max}`,
    );
  },
  losses: ({ state, settings, intent }) => {
    const numbers = { losses: state.losses[walletKey(intent)]?.[intent.strategyId] ?? 0, max: settings.risk.losingTradesMax };
    return said(
      'losing streak',
      'RK-2',
      numbers,
      `${numbers.losses} losing trades in a row${numbers.max === 0 ? ', no limit is set' : `, the limit is ${numbers.max}`}`,
    );
  },
  dailyLoss: ({ state, settings, intent, now, openLoss }) => {
    const lost = dayLoss(allotted(settings, intent, state.bases), walletOf(state, intent), now, openLoss);
    const numbers = { ...shares(lost), openLoss: shown(openLoss), cap: settings.risk.dailyLossCap };
    return said('daily loss', 'RK-1', numbers, `${numbers.loss} USD lost today of ${numbers.equity}, the cap is ${numbers.cap} of it`);
  },
  drawdown: ({ state, settings, intent, openLoss }) => {
    const lost = drawdown(allotted(settings, intent, state.bases), walletOf(state, intent), openLoss);
    const numbers = { ...shares(lost), openLoss: shown(openLoss), cap: settings.risk.maxDrawdown };
    return said('drawdown', 'RK-1', numbers, `${numbers.loss} USD below the peak of ${numbers.equity}, the cap is ${numbers.cap} of it`);
  },
};

const shares = ({ loss, equity, fraction }: Loss) => ({ loss: shown(loss), equity: shown(equity), fraction: shown(fraction) });

function said(gate: string, rule: string, numbers: Gate['numbers'], sentence: string): Said {
  return { gate, rule, numbers, sentence };
}
