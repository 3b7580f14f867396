/** LC-6, live: the venue's funding rows become facts, each once, whoever reports them and how often. They are cash, and never touch a quantity. */
import { fundingIdOf, fundingTimeOf } from '../lifecycle/funding.ts';
import type { Instant } from '../model/instrument.ts';
import type { VenueFunding } from '../model/live.ts';
import type { Side } from '../model/order.ts';
import { liveKey, type LiveState } from './live-book.ts';
import type { LiveTurn } from './live-turn.ts';

/** Funding times are whole minutes; rows are stamped when the venue came round to them. */
const STAMP_MS = 60_000;

export function onFunding(turn: LiveTurn, funding: VenueFunding): void {
  const { asset, symbol, executionId, qty, price, rate, amount, executedAt } = funding;
  const at = fundingTimeOf(STAMP_MS, executedAt);
  const fundingId = fundingIdOf({ mode: 'live', symbol }, at);
  const known = turn.state.fundings ?? {};
  if (Object.values(known).some((row) => row.executionId === executionId)) return;
  const before = known[fundingId];
  const row = `${symbol}: the venue booked funding of ${amount} (${executionId}) for ${at}`;
  if (before !== undefined) return turn.alarm(funding, null, 'CONTRADICTION', `${row}, after ${before.executionId} for the same time`);
  const side = sideAt(turn.state, funding, at);
  if (side === null) return turn.alarm(funding, null, 'UNEXPLAINED', `${row}, and the journal held nothing then`);
  const of = { asset, mode: 'live', symbol, fundingId, side } as const;
  turn.record({ type: 'funding.booked', body: { ...of, qty, price, rate, amount, at, venueExecutionId: executionId, pricedOn: null } });
}

/**
 * Of the position that was open at the funding time; else of one that was until the row was stamped, since one that closed in between paid all the same. Null
 * where none was. Its fills may have come late, so a wrong null is asked for again with the account.
 */
function sideAt({ holdings, past = {} }: LiveState, of: VenueFunding, at: Instant): Side | null {
  const key = liveKey(of);
  const holding = holdings[key];
  const held = [...(past[key] ?? []), ...(holding === undefined ? [] : [{ ...holding, closedAt: Infinity }])];
  const from = (openedBy: Instant) => held.find(({ openedAt, closedAt }) => openedAt <= openedBy && at <= closedAt)?.side;
  return from(at) ?? from(of.executedAt) ?? null;
}
