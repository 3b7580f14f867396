/** The trade again, by the ledger that made it: the second of two independent derivations. */
import type { ClosedTrade } from '#trading/model/position.ts';
import { bookFill, type BookedPosition } from '#trading/ledger/positions.ts';
import type { RoundTrip } from './positions.ts';

/** What the ledger makes of the fills that the trade does not say. */
export function ledgerProblems(trade: ClosedTrade, { fills, multiplier }: RoundTrip): string[] {
  let position: BookedPosition | null = null;
  for (const [index, fill] of fills.entries()) {
    const booked = bookFill(position, fill, multiplier);
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
