/** What an entry must pass, in order. Each check is one rule: null, or the refusal with its numbers. */
import { entrySessionRefusal } from '../calendar/gate.ts';
import { checkBracket } from '../execution/clamp.ts';
import { liveFormRefusal } from '../execution/live-forms.ts';
import { expiryRefusal } from '../lifecycle/expiry.ts';
import { checkQuote } from '../market/freshness.ts';
import { absolute, add, atMost, lessThan, notional, scale, subtract, type Money } from '../money/decimal.ts';
import { positionKey } from '../ledger/positions.ts';
import type { Refusal } from '../model/events.ts';
import { brokerOf, type Instant } from '../model/instrument.ts';
import type { OrderIntent } from '../model/order.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import type { Settings } from '../model/settings.ts';
import { touch } from '../paper/price.ts';
import { leastOrder, lotsFor, sizeOrder } from '../sizing/size.ts';
import { exposureOf, occupied } from './allowance.ts';
import type { Check, EntryCase } from './entry.ts';
import { clockSkew, duplicate, losingStreak, maxNotional, priceDrift, repeatedEntries, throttle } from './fat-finger.ts';
import { refuse, shown } from './refuse.ts';
import { dayLossRefusal, drawdownRefusal } from './tripwires.ts';

const MS_A_SECOND = 1000;

const quote: Check = ({ intent, lastGood, settings, now }) => quoteRefusal(intent, lastGood, settings, now);

const session: Check = ({ settings, instrument, now }) => entrySessionRefusal(instrument, settings, now);
const expiry: Check = ({ settings, instrument, now }) => expiryRefusal(instrument, settings, now);

const bracket: Check = ({ intent, instrument }) => {
  if (intent.bracket === null) return refuse('NO_BRACKET', 'BR-1', {}, `${intent.symbol}: an entry needs take-profit and stop-loss`);
  return checkBracket(intent.side, intent.bracket, touch(intent.side, intent.snapshot), instrument);
};

const form: Check = ({ intent }) => liveFormRefusal(intent);

const noShort: Check = ({ intent }) =>
  intent.asset === 'crypto_spot' && intent.side === 'sell' ? refuse('NO_SHORT', 'SZ-6', {}, `${intent.symbol}: spot never shorts`) : null;

const positionCount: Check = ({ state, settings, intent }) => {
  const { positions, entries } = occupied(state, intent);
  const ofAsset = settings.maxPositions[intent.asset];
  const max = Math.min(ofAsset, settings.maxConcurrent);
  if (positions + entries < max) return null;
  const code = settings.maxConcurrent < ofAsset ? 'MAX_CONCURRENT' : 'MAX_POSITIONS';
  const sentence = `${intent.asset} ${intent.mode}: ${positions} positions and ${entries} entries on their way, at most ${max} together`;
  return refuse(code, 'RK-1', { positions, entries, max }, sentence);
};

const noPosition: Check = ({ state, intent }) => {
  const position = state.positions[positionKey(intent)];
  if (position === undefined) return null;
  return refuse('POSITION_EXISTS', 'RK-1', { qty: position.qty }, `${intent.symbol}: a position of ${position.qty} is open already`);
};

const coolDown: Check = ({ state, settings, intent, now }) => {
  const closedAt = state.closedAt[positionKey(intent)];
  const waitMs = settings.cooldownSeconds * MS_A_SECOND;
  if (closedAt === undefined || now - closedAt >= waitMs) return null;
  const leftMs = waitMs - (now - closedAt);
  return refuse(
    'COOL_DOWN',
    'RK-1',
    { closedAt, leftMs, cooldownMs: waitMs },
    `${intent.symbol}: closed ${now - closedAt} ms ago, ${leftMs} ms to wait`,
  );
};

/** SZ-1…SZ-5 again, with the governor's own numbers: what the trader was told may be old by now. */
const size: Check = ({ settings, allowance, intent, instrument }) => {
  const { asset, qty, symbol } = intent;
  const { budget, multiplier, usable, remaining, walletAvailable } = allowance;
  const at = touch(intent.side, intent.snapshot);
  const sizing = sizeOrder({ settings, asset, budget, multiplier, usable, remaining, walletAvailable, price: at, side: intent.side, instrument });
  if (!sizing.ok) return sizing.refusal;
  const least = leastOrder(instrument, at, settings);
  if (lessThan(qty, least.qty)) {
    const sentence = `${symbol}: ${qty} is below the smallest order of ${least.qty}; the ${asset} budget of ${shown(budget)} USD is enough for that one`;
    return refuse('BELOW_MINIMUM', 'SZ-4', { qty, leastQty: least.qty, leastNotional: shown(least.notional), budget: shown(budget) }, sentence);
  }
  if (atMost(qty, sizing.qty)) return null;
  const { notionalCap } = sizing.basis;
  const isByBudget = lessThan(sizing.qty, lotsFor(notionalCap, at, instrument));
  const numbers = { qty, qtyMax: sizing.qty, notionalCap: shown(notionalCap), usable: shown(usable) };
  const sentence = `${symbol}: ${qty} is more than the ${sizing.qty} that ${isByBudget ? `the usable ${numbers.usable}` : `the cap of ${numbers.notionalCap}`} USD allows`;
  return isByBudget ? refuse('BUDGET_EXHAUSTED', 'SZ-5', numbers, sentence) : refuse('MAX_ORDER_NOTIONAL', 'SZ-4', numbers, sentence);
};

const leverage: Check = ({ state, settings, allowance, intent, notional: value }) => {
  const after = add(exposureOf(state, intent), value);
  const max = scale(allowance.budget, settings.leverageCaps[intent.asset]);
  if (atMost(after, max)) return null;
  const numbers = { exposure: shown(after), max: shown(max), budget: shown(allowance.budget), leverage: settings.leverageCaps[intent.asset] };
  return refuse('LEVERAGE_CAP', 'SZ-6', numbers, `${intent.asset} ${intent.mode}: exposure would be ${numbers.exposure} USD, at most ${numbers.max}`);
};

const maxLoss: Check = (entry) => {
  const { settings, allowance, intent } = entry;
  const loss = lossAtStop(entry);
  const max = scale(allowance.budget, settings.risk.maxLossPerOrder);
  if (atMost(loss, max)) return null;
  const numbers = { loss: shown(loss), max: shown(max), budget: shown(allowance.budget) };
  return refuse('MAX_LOSS_PER_ORDER', 'RK-1', numbers, `${intent.symbol}: ${numbers.loss} USD would be lost at the stop, at most ${numbers.max}`);
};

const dailyLoss: Check = ({ state, settings, intent, now, openLoss }) => dayLossRefusal(state, settings, accountOf(intent), now, openLoss);
const losses: Check = ({ state, settings, intent }) => losingStreak(state, settings, intent);
const drawdown: Check = ({ state, settings, intent, openLoss }) => drawdownRefusal(state, settings, accountOf(intent), openLoss);

/** By name and in order, so that `why` can say of each what it looked at. */
export const NAMED_CHECKS = {
  session,
  expiry,
  quote,
  clockSkew,
  bracket,
  form,
  noShort,
  positionCount,
  noPosition,
  coolDown,
  size,
  leverage,
  maxLoss,
  maxNotional,
  priceDrift,
  throttle,
  duplicate,
  repeatedEntries,
  losses,
  dailyLoss,
  drawdown,
} as const satisfies Readonly<Record<string, Check>>;

export const ENTRY_CHECKS: readonly Check[] = Object.values(NAMED_CHECKS);

/** QS-1, QS-2: the snapshot is of this market, at most 2 s old now, and not far from the last good quote. Entries and exits alike. */
export function quoteRefusal(intent: OrderIntent, lastGood: QuoteSnapshot | null, settings: Settings, now: Instant): Refusal | null {
  const { snapshot, asset, symbol } = intent;
  if (snapshot.asset !== asset || snapshot.symbol !== symbol || snapshot.broker !== brokerOf(asset)) {
    const sentence = `${symbol}: priced on a quote of ${snapshot.broker} ${snapshot.asset} ${snapshot.symbol}`;
    return refuse('BAD_QUOTE', 'QS-1', { symbol: snapshot.symbol, asset: snapshot.asset }, sentence);
  }
  return checkQuote(snapshot, lastGood, settings.risk, now);
}

/** RK-1: distance from the touch to the stop × quantity × multiplier, USD. */
export function lossAtStop({ intent, instrument }: Pick<EntryCase, 'intent' | 'instrument'>): Money {
  const at = touch(intent.side, intent.snapshot);
  const distance = absolute(subtract(at, intent.bracket?.stopLoss ?? at));
  return notional(distance, intent.qty, instrument.multiplier);
}

const accountOf = ({ asset, mode }: OrderIntent) => ({ asset, mode });
