/** The numbers of Bybit's fence and limits, for the order protocol. */
import type { OrderTerms } from '#trading/model/live.ts';

/** Bybit, rate limits: linear order/create 10 in a second for a default account; the tighter of both categories. */
const PLACEMENTS = { limit: 10, windowMs: 1000 };
/** Half of what `position/trading-stop` and `order/amend` take: a person's amendments have room too. */
const AMENDMENTS = { limit: 5, windowMs: 1000 };

/**
 * Bybit refuses a request that is older than its receive window (guide: `server − recv_window ≤ timestamp`), so what was not accepted by then
 * never is. The margins are clock error and the time until an accepted order shows in a lookup; longer where the venue itself answered with
 * an ambiguous code, since then the stamp was checked already.
 */
export const BYBIT_TERMS: OrderTerms = Object.freeze({
  broker: 'bybit',
  nativeBracket: ['crypto_spot', 'crypto_futures'],
  closingFreesLegs: ['crypto_spot'],
  deadlineMs: 2500,
  receiveWindowMs: 3000,
  marginMs: 2000,
  answeredMarginMs: 30_000,
  absencesNeeded: 2,
  pollMs: 500,
  restingPollMs: 5000,
  placements: PLACEMENTS,
  amendments: AMENDMENTS,
  amendsOwnStops: true,
} satisfies OrderTerms);
