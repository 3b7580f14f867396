/** QS-1 and QS-2: which quotes may price an order. Runs on every quote: float64 only, and nothing is allocated for a good one. */
import { toNumber } from '../money/decimal.ts';
import type { Refusal } from '../model/events.ts';
import type { Instant } from '../model/instrument.ts';
import type { QuoteSnapshot } from '../model/quote.ts';
import type { RiskLimits } from '../model/settings.ts';

/** `Settings.risk` fits. */
export type QuoteLimits = Pick<RiskLimits, 'quoteAgeMsMax' | 'quoteCollar'>;

/** How far a venue's clock may run ahead of ours before its quotes are taken for errors. */
export const QUOTE_AHEAD_MS_MAX = 1000;
/** A true jump beyond the collar must not refuse the symbol for ever: so many quotes in a row that agree with each other are believed. */
export const AGREEING_QUOTES_MIN = 3;

/** Milliseconds since the quote was true: by the venue's stamp or ours, whichever is older, so that a fast venue clock makes nothing younger. */
export function quoteAge(quote: QuoteSnapshot, now: Instant): number {
  return now - Math.min(quote.exchangeAt, quote.receivedAt);
}

/**
 * Null where the quote may price an order at `now`; else `STALE_QUOTE` (QS-1: older than `quoteAgeMsMax`) or `BAD_QUOTE` (QS-2: from the
 * future, not positive, crossed, or a side farther than `quoteCollar` from that of `lastGood`, the newest quote that passed, however old).
 */
export function checkQuote(quote: QuoteSnapshot, lastGood: QuoteSnapshot | null, limits: QuoteLimits, now: Instant): Refusal | null {
  const ageMs = quoteAge(quote, now);
  if (!(ageMs <= limits.quoteAgeMsMax)) return stale(quote, ageMs, limits.quoteAgeMsMax);
  const aheadMs = Math.max(quote.exchangeAt, quote.receivedAt) - now;
  if (aheadMs > QUOTE_AHEAD_MS_MAX) return bad(quote, 'is from the future', { aheadMs, aheadMsMax: QUOTE_AHEAD_MS_MAX });
  const bid = toNumber(quote.bid);
  const ask = toNumber(quote.ask);
  if (!(bid > 0 && ask > 0 && Number.isFinite(bid) && Number.isFinite(ask))) return bad(quote, 'has a price that is not a positive number', {});
  if (bid > ask) return bad(quote, 'is crossed: bid above ask', {});
  if (lastGood === null) return null;
  const collar = toNumber(limits.quoteCollar);
  const move = moveOf(quote, lastGood);
  if (move <= collar) return null;
  return bad(quote, 'is too far from the last good quote', { move, collar, lastGoodBid: lastGood.bid, lastGoodAsk: lastGood.ask });
}

/** Quotes that were refused for being far from the last good one, and agree with each other. */
export interface Suspect {
  readonly newest: QuoteSnapshot;
  readonly agreeing: number;
}

export interface Judged {
  readonly refusal: Refusal | null;
  /** Who hears quotes keeps it until the next one of the symbol. */
  readonly suspect: Suspect | null;
}

/**
 * As `checkQuote`, for who hears every quote of a symbol: after AGREEING_QUOTES_MIN of them in a row that are far from `lastGood` and near
 * each other, each later than the one before, the market is believed to have moved.
 */
export function judgeQuote(
  quote: QuoteSnapshot,
  known: { readonly lastGood: QuoteSnapshot | null; readonly suspect: Suspect | null },
  limits: QuoteLimits,
  now: Instant,
): Judged {
  const { lastGood, suspect } = known;
  const wrong = checkQuote(quote, null, limits, now);
  // What is stale or crossed says nothing about where the market is, for or against.
  if (wrong !== null) return { refusal: wrong, suspect };
  const far = checkQuote(quote, lastGood, limits, now);
  if (far === null) return GOOD;
  const agrees = suspect !== null && quote.exchangeAt > suspect.newest.exchangeAt && moveOf(quote, suspect.newest) <= toNumber(limits.quoteCollar);
  const agreeing = agrees ? suspect.agreeing + 1 : 1;
  if (agreeing >= AGREEING_QUOTES_MIN) return GOOD;
  return { refusal: far, suspect: { newest: quote, agreeing } };
}

const GOOD: Judged = Object.freeze({ refusal: null, suspect: null });

const moveOf = (quote: QuoteSnapshot, from: QuoteSnapshot): number =>
  Math.max(distance(toNumber(quote.bid), toNumber(from.bid)), distance(toNumber(quote.ask), toNumber(from.ask)));

/** Relative distance, the larger of both directions: a fall to half is as far as a doubling. */
function distance(price: number, from: number): number {
  return Math.max(price, from) / Math.min(price, from) - 1;
}

function stale(quote: QuoteSnapshot, ageMs: number, maxMs: number): Refusal {
  const numbers = { ageMs, maxMs };
  return { code: 'STALE_QUOTE', rule: 'QS-1', numbers, sentence: `the quote of ${quote.symbol} is ${ageMs} ms old, at most ${maxMs} ms are allowed` };
}

function bad(quote: QuoteSnapshot, what: string, more: Readonly<Record<string, string | number>>): Refusal {
  return {
    code: 'BAD_QUOTE',
    rule: 'QS-2',
    numbers: { bid: quote.bid, ask: quote.ask, ...more },
    sentence: `the quote of ${quote.symbol} ${what} (bid ${quote.bid}, ask ${quote.ask})`,
  };
}
