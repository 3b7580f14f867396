/** The numbers of IBKR's fence and limits, for the order protocol. */
import type { OrderTerms } from '#trading/model/live.ts';

/** TWS takes 50 messages a second of one client, and a bracket is three of them; cancels and requests have the rest. */
const PLACEMENTS = { limit: 10, windowMs: 1000 };
/** Each is a message that takes the place of no order. */
const AMENDMENTS = { limit: 3, windowMs: 1000 };

/**
 * TWS knows no receive window: what it has read it may hold back (a dialog, its own queue, a lost uplink). What it does with an order it does
 * while the session lives or within its reconnection, so that a fence of a minute is far behind it; and an order whose traces may be gone with a restart is
 * never called absent (evidence.ts).
 */
export const IBKR_TERMS: OrderTerms = Object.freeze({
  broker: 'ibkr',
  nativeBracket: ['forex', 'options'],
  deadlineMs: 5000,
  receiveWindowMs: 10_000,
  marginMs: 5000,
  answeredMarginMs: 30_000,
  absencesNeeded: 2,
  pollMs: 1000,
  restingPollMs: 10_000,
  placements: PLACEMENTS,
  amendments: AMENDMENTS,
} satisfies OrderTerms);
