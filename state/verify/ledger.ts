/** The trade again, by the ledger that made it: the second of two independent derivations. */
import type { ClosedTrade } from '#trading/model/position.ts';
import { bookAdjusted } from '#trading/ledger/adjustment.ts';
import { bookDust, bookFill, bookFunding, bookSettlement, type Booked, type BookedPosition } from '#trading/ledger/positions.ts';
import type { RoundTrip } from './positions.ts';

/** What the ledger makes of the fills that the trade does not say. */
export function ledgerProblems(trade: ClosedTrade, trip: RoundTrip): string[] {
  const { fills } = trip;
  let position: BookedPosition | null = null;
  for (const [index, fill] of fills.entries()) {
    const booked = bookedOf(position, index, trip);
    position = booked.position;
    if (booked.closed === null) continue;
    if (index < fills.length - 1) return [`the ledger closes it at ${fill.fillId} already`];
    const told: Readonly<Record<string, unknown>> = { ...trade };
    return Object.entries(booked.closed)
      .filter(([key, value]) => told[key] !== value)
      .map(([key, value]) => `the ledger makes ${key} ${value}, the trade says ${String(told[key])}`);
  }
  return ['the ledger does not close it with these fills'];
}

/** A fill; with the first the funding, since sums know no order, and with the last what was set aside. */
function bookedOf(before: BookedPosition | null, index: number, trip: RoundTrip): Booked {
  const { fills, multiplier, funding, dust, settled } = trip;
  const fill = fills[index];
  if (fill === undefined) return { position: before, closed: null };
  const { position, closed } = bookFill(adjustedBy(before, index, trip), fill, multiplier);
  if (position === null) return { position, closed };
  const funded = index === 0 && funding !== undefined ? (bookFunding(position, { amount: funding, at: position.openedAt }) ?? position) : position;
  if (index < fills.length - 1) return { position: funded, closed };
  if (settled !== undefined) {
    const held = adjustedBy(funded, fills.length, trip) ?? funded;
    return { position: null, closed: bookSettlement(held, settled) };
  }
  return dust === undefined ? { position: funded, closed } : { position: null, closed: bookDust(funded, dust) };
}

/** What was adjusted before the fill of this number. */
function adjustedBy(before: BookedPosition | null, index: number, { adjustments = [], multiplier }: RoundTrip): BookedPosition | null {
  let position = before;
  for (const { by } of adjustments.filter(({ afterFills }) => afterFills === index)) position = bookAdjusted(position, by, multiplier).position;
  return position;
}
