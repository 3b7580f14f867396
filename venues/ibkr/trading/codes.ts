/**
 * What a code that carries an order's id means for the order (venues/ibkr "Codes the emulator produces", failure modes 14 to 17, 23, 34, 39). A
 * code that is not listed says nothing for certain: the order's status does, or the fence.
 */
import type { ChangeOutcome } from '#trading/model/live.ts';

export type Meaning =
  /** A new order was looked at and not taken. */
  | 'rejected'
  /** It works all the same. */
  | 'warning'
  /** It was cancelled, by whoever. */
  | 'cancelled'
  /** The id was used before: what it names, a lookup tells. */
  | 'duplicate'
  | 'unclear';

/** Price grid, combination, contract, margin, security, validation, precautions, size, exchange: nothing of it was taken. */
const REJECTED = new Set([
  110, 200, 201, 203, 320, 321, 382, 383, 387, 388, 389, 391, 392, 393, 403, 434, 435, 436, 437, 441, 451, 460, 463, 10268, 10289, 10293,
]);
const WARNINGS = new Set([105, 165, 329, 399, 404, 492, 10167, 10349]);
const WARNINGS_FROM = 2100;
const WARNINGS_TO = 2199;
const CANCELLED = new Set([202]);
const DUPLICATE = new Set([103, 104]);
const NOT_FOUND = 10147;
const NOT_CANCELLABLE = 10148;
const DISCARDED_OR_OVER = 161;
export const NO_SUCH_PARENT = 135;

export function meaningOf(code: number): Meaning {
  if (WARNINGS.has(code) || (code >= WARNINGS_FROM && code <= WARNINGS_TO)) return 'warning';
  if (REJECTED.has(code) || code === NO_SUCH_PARENT) return 'rejected';
  if (CANCELLED.has(code)) return 'cancelled';
  return DUPLICATE.has(code) ? 'duplicate' : 'unclear';
}

/** Of a cancel; null where the code does not answer it. `gone` is no end by itself: a lookup finds out what became of it (mode 17). */
export function cancelAnswer(code: number, text: string): ChangeOutcome | null {
  if (CANCELLED.has(code)) return { kind: 'done' };
  if (code === NOT_FOUND || code === NOT_CANCELLABLE || code === DISCARDED_OR_OVER) return { kind: 'gone' };
  return meaningOf(code) === 'warning' ? null : { kind: 'unknown', reason: `${code} ${text}` };
}
