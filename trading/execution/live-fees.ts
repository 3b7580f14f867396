/** What an execution cost, told after it was booked at our own reckoning (decision 33): the difference is cash, once, against what the journal says. */
import { EMPTY_SHELF, shelved } from '../model/shelf.ts';
import { subtract } from '../money/decimal.ts';
import type { VenueFee } from '../model/live.ts';
import type { LiveTurn } from './live-turn.ts';

/** An execution that is not booked yet is booked at its right fee: who told of this says that one from now on. */
export function onFee(turn: LiveTurn, { executionId, asset, symbol, fee }: VenueFee): void {
  const booked = shelved(turn.state.feesBooked ?? EMPTY_SHELF, executionId);
  if (booked === undefined || booked === fee) return;
  const of = { asset, mode: 'live', symbol, venueExecutionId: executionId } as const;
  turn.record({ type: 'fee.adjusted', body: { ...of, booked, fee, amount: subtract(fee, booked), at: turn.now } });
}
