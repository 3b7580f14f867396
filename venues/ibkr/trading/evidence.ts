/**
 * Whether an order that is in no list is not at TWS and never was. A list may have been emptied by a restart, an order may be held back, and an id that
 * TWS does not know any more may have filled: only where nothing speaks against it, it counts as absent (decision 34). Pure.
 */
import { add, qty, type Qty } from '#trading/money/decimal.ts';
import type { ChangeOutcome } from '#trading/model/live.ts';
import type { SentFamily } from './sent-file.ts';

export interface Standing {
  /** What the account holds of the contract now, signed. */
  readonly held: Qty;
  /** What known executions of the contract moved since it was sent, signed. */
  readonly moved: Qty;
  /** The connection that is asked. */
  readonly session: string;
}

/** `OrderId … cannot be cancelled, state: Filled`: it was there. */
const ENDED_ORDER = 10148;

/** Why TWS may have had it and forgotten it; null where the account says that it had not. */
export function forgotten(family: SentFamily, { held, moved, session }: Standing): string | null {
  // On one connection nothing is forgotten: the lists are whole.
  if (family.session === session) return null;
  if (family.held === null) return 'and what was held before it is not known';
  const expected = add(qty(family.held), moved);
  return held === expected ? null : `and ${held} is held of contract ${family.conId}, where ${expected} is explained`;
}

/** Of a cancel of each of its ids, and the codes that answered them: null where TWS knows of none, or has discarded what it held back. */
export function unanswered(answers: readonly ChangeOutcome[], codes: readonly (number | undefined)[]): string | null {
  const silent = answers.find(({ kind }) => kind === 'unknown' || kind === 'rejected');
  if (silent !== undefined) return `and TWS does not answer for its id: ${'reason' in silent ? silent.reason : silent.kind}`;
  return codes.includes(ENDED_ORDER) ? 'and TWS says that it is over: how, nobody knows' : null;
}
