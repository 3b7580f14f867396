/** LC-2, LC-4, LC-5: the end of an option. When the house sells it, and what one is worth that was held to its expiry. Pure. */
import { lastClose } from '../calendar/sessions.ts';
import { add, divide, isPositive, lessThan, money, ONE, price, ratio, scale, subtract, toStep, type Money, type Price } from '../money/decimal.ts';
import type { Refusal, SettlementOutcome } from '../model/events.ts';
import type { Instant, Instrument } from '../model/instrument.ts';
import type { Side } from '../model/order.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import type { Settings } from '../model/settings.ts';
import { touch } from '../paper/price.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const BPS_OF_ONE = ratio('10000');
const NOTHING = price('0');

/** How old the share's newest quote may be at the expiry to settle by it; with an older one the first quote after it does. */
export const SETTLEMENT_QUOTE_AGE_MS_MAX = 3_600_000;

type Rules = Pick<Settings, 'sessions' | 'expiry'>;
type Expiring = Pick<Instrument, 'expiry' | 'sessionCalendar'>;

/** When trading in it ends for good: with its last session, early closings included. Null for what does not expire. */
export function expiresAt({ expiry, sessionCalendar }: Expiring, { sessions }: Rules): Instant | null {
  const calendar = sessions?.calendars[sessionCalendar];
  return expiry === null || calendar === undefined ? expiry : (lastClose(calendar, expiry) ?? expiry);
}

/** From when on the house sells what it holds of it; null for never. */
export function sellsFrom(instrument: Expiring, rules: Rules): Instant | null {
  const minutes = rules.expiry?.closeMinutes ?? 0;
  const ends = minutes === 0 ? null : expiresAt(instrument, rules);
  return ends === null ? null : ends - minutes * MINUTE_MS;
}

/** True where the house sells it now, so that nothing is exercised into shares. */
export function isToBeSold(instrument: Instrument | undefined, settings: Rules | null, now: Instant): boolean {
  if (instrument === undefined || instrument.expiry === null || settings === null) return false;
  const minutes = settings.expiry?.closeMinutes ?? 0;
  // Most quotes come long before; an early close is on the day of the expiry.
  if (minutes === 0 || now < instrument.expiry - DAY_MS - minutes * MINUTE_MS) return false;
  const from = sellsFrom(instrument, settings);
  return from !== null && now >= from;
}

/** True once trading in it has ended for good. */
export function isExpired(instrument: Instrument | undefined, settings: Rules | null, now: Instant): boolean {
  if (instrument === undefined || instrument.expiry === null || now < instrument.expiry - DAY_MS) return false;
  const ends = expiresAt(instrument, settings ?? {});
  return ends !== null && now >= ends;
}

/** LC-2: why it may not be opened so near to its expiry, or null. */
export function expiryRefusal(instrument: Instrument, rules: Rules, now: Instant): Refusal | null {
  const ends = expiresAt(instrument, rules);
  if (ends === null || rules.expiry === undefined) return null;
  const dte = Math.floor((ends - now) / DAY_MS);
  const { openDteMin } = rules.expiry;
  const from = sellsFrom(instrument, rules);
  if (dte >= openDteMin && (from === null || now < from) && now < ends) return null;
  const numbers = { dte, openDteMin, expiresAt: ends, at: now, ...(from !== null && { sellsFrom: from }) };
  const sentence = `${instrument.symbol}: ${dte} whole days to its expiry, at least ${openDteMin} to open it`;
  return { code: 'NEAR_EXPIRY', rule: 'LC-2', numbers, sentence: dte < openDteMin ? sentence : `${instrument.symbol}: the house sells it already` };
}

export interface Worth {
  readonly outcome: SettlementOutcome;
  /** Of one share of it; never below zero. */
  readonly price: Price;
}

export interface SettlementTerms {
  readonly slippageBps: number;
  readonly tickSize: Price;
  /** USD a share. */
  readonly threshold: Money;
}

/**
 * What an option of `side` brings (or costs who wrote it) as if the shares that it turns into were traded away at once: at the touch of the
 * share's quote, worse by the slippage, on the tick of the worse side. `side` is of the position.
 */
export function worthAt(side: Side, { strike, right }: NonNullable<Instrument['option']>, share: QuoteSnapshot, terms: SettlementTerms): Worth {
  const isLong = side === 'buy';
  // A long call has shares to sell, and so has who wrote a put; the other two must buy them.
  const trade: Side = (right === 'C') === isLong ? 'sell' : 'buy';
  const slip = divide(ratio(terms.slippageBps), BPS_OF_ONE);
  const spot = scale(touch(trade, share), trade === 'sell' ? subtract(ONE, slip) : add(ONE, slip));
  const inside = right === 'C' ? subtract(spot, strike) : subtract(strike, spot);
  if (!isPositive(inside) || lessThan(money(inside), terms.threshold)) return { outcome: 'worthless', price: NOTHING };
  return { outcome: isLong ? 'exercised' : 'assigned', price: toStep(inside, terms.tickSize, isLong ? 'down' : 'up') };
}
