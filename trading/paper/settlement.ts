/** LC-4, LC-5 on paper: options that are held to their expiry, settled in cash by the quote of their share. */
import { expiresAt, isExpired, SETTLEMENT_QUOTE_AGE_MS_MAX, worthAt } from '../lifecycle/expiry.ts';
import type { Instant, Instrument } from '../model/instrument.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import type { Settings } from '../model/settings.ts';
import { money, type Money } from '../money/decimal.ts';
import { paperKey, type Holding } from './state.ts';
import type { Turn } from './turn.ts';

/** OCC Rule 805, where no settings say otherwise. */
const THRESHOLD = money('0.01');

export const exerciseThreshold = ({ expiry }: Pick<Settings, 'expiry'>): Money => expiry?.exerciseThreshold ?? THRESHOLD;

/** Everything that is over by now. Where no quote of the share is known it waits for one, and a person is told: nothing is made up. */
export function settleExpired(turn: Turn): void {
  const { holdings, instruments, settings } = turn.state;
  if (settings === null) return;
  // This runs at every quote.
  for (const key in holdings) {
    const holding = holdings[key];
    const instrument = instruments[key];
    if (holding === undefined || instrument?.option === undefined || instrument.expiry === null) continue;
    if (!isExpired(instrument, settings, turn.now)) continue;
    const expiredAt = expiresAt(instrument, settings) ?? instrument.expiry;
    settle(turn, key, { holding, instrument, option: instrument.option, expiredAt, threshold: exerciseThreshold(settings) });
  }
}

interface Expired {
  readonly holding: Holding;
  readonly instrument: Instrument;
  readonly option: NonNullable<Instrument['option']>;
  readonly expiredAt: Instant;
  readonly threshold: Money;
}

function settle(turn: Turn, key: string, { holding, instrument, option, expiredAt, threshold }: Expired): void {
  const { asset, symbol, entryOrderId, side, qty, terms } = holding;
  const share = turn.memory.lastGood[paperKey({ asset, symbol: instrument.underlying })];
  if (share === undefined || !settlesBy(share, expiredAt)) return unsettled(turn, key, holding, instrument.underlying);
  const { outcome, price } = worthAt(side, option, share, { ...terms, threshold });
  const of = { asset, mode: 'paper', symbol, entryOrderId, side, qty } as const;
  turn.record({ type: 'position.settled', body: { ...of, outcome, price, expiredAt, pricedOn: share, evidence: '' } });
}

/** The last one before the expiry, unless it is old; otherwise the first one after it. */
const settlesBy = ({ exchangeAt }: QuoteSnapshot, expiredAt: Instant): boolean => exchangeAt >= expiredAt - SETTLEMENT_QUOTE_AGE_MS_MAX;

function unsettled(turn: Turn, key: string, { asset, symbol, qty, entryOrderId }: Holding, share: string): void {
  if (turn.memory.unsettled.includes(key)) return;
  turn.memory = { ...turn.memory, unsettled: [...turn.memory.unsettled, key] };
  const sentence = `${symbol}: ${qty} expired, and no quote of ${share} is known from then: it is settled by the next one`;
  turn.record({ type: 'alarm.raised', body: { asset, mode: 'paper', symbol, clientOrderId: entryOrderId, code: 'SETTLEMENT_UNKNOWN', sentence } });
}
