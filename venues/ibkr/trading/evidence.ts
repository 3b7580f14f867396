/**
 * Whether an order that is in no list is not at TWS and never was. A list may have been emptied by a restart, an order may be held back, and an id that
 * TWS does not know any more may have filled: only where nothing speaks against it, it counts as absent (decision 27). Pure.
 */
import { add, qty, type Qty } from '#trading/money/decimal.ts';
import type { ChangeOutcome } from '#trading/model/live.ts';
import type { SentFamily } from './sent-file.ts';

export interface Evidence {
  readonly family: SentFamily;
  /** Of a cancel of each of its ids, and the codes that answered them. */
  readonly answers: readonly ChangeOutcome[];
  readonly said: readonly (number | undefined)[];
  /** What the account holds of the contract now, signed. */
  readonly held: Qty;
  /** What known executions of the contract moved since it was sent, signed. */
  readonly moved: Qty;
  /** The connection that was asked. */
  readonly session: string;
}

/** `OrderId … cannot be cancelled, state: Filled`: it was there. */
const ENDED_ORDER = 10148;

/** Null where it is proven; else what speaks against it. */
export function notProven({ family, answers, said, held, moved, session }: Evidence): string | null {
  const silent = answers.find(({ kind }) => kind === 'unknown' || kind === 'rejected');
  if (silent !== undefined) return `it is in no list, and TWS does not answer for its id: ${'reason' in silent ? silent.reason : silent.kind}`;
  if (said.includes(ENDED_ORDER)) return 'it is in no list, and TWS says that it is over: how, nobody knows';
  // On one connection nothing was forgotten: the lists are whole.
  if (family.session === session) return null;
  if (family.held === null) return 'TWS may have forgotten it, and what was held before it is not known';
  const expected = add(qty(family.held), moved);
  return held === expected ? null : `TWS may have forgotten it: ${held} is held of ${family.conId}, and ${expected} is explained`;
}
