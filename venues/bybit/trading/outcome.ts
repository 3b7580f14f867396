/**
 * What an answer of Bybit means for an order. Only the code decides: ccxt's error classes hide it, and call ambiguous codes definitive. A code
 * that is not listed is ambiguous (the fence finds out), never a rejection.
 */
import type { ChangeOutcome, PlaceOutcome } from '#trading/model/live.ts';

/** How one request ended. `retCode` is null where there was no answer in Bybit's words. */
export interface Answer {
  readonly retCode: number | null;
  readonly httpStatus: number | null;
  readonly text: string;
}

/** Bybit v5 error page: the order was looked at and refused. */
const REJECTED = new Set([
  10001, 110003, 110004, 110007, 110009, 110012, 110017, 110020, 110090, 110092, 110093, 110094, 110120, 110121, 130125, 170121, 170124, 170130,
  170131, 170132, 170133, 170134, 170135, 170136, 170137, 170138, 170139, 170140, 170193, 170194, 170371, 170372, 170381, 170382, 170810, 30208,
  30209,
]);
/** Limits, the clock and the ban of an address (403 as a code; a proxy's page has none): the order was not looked at. */
const NOT_LOOKED_AT = new Set([403, 10002, 10006, 10403, 170005, 170222]);
/** Keys, permissions, bans: nothing will work until a person looks. */
const HALTED = new Set([10003, 10004, 10005, 10007, 10008, 10009, 10010, 10024, 10027, 10028, 10029, 33004]);
/** A symbol that does not trade, or may only be closed: others go on. */
const PAUSED = new Set([110066, 110063, 110023, 110042, 30228, 110074]);
/** The id exists at the venue: whether as this order, a lookup tells. */
const DUPLICATE = new Set([110072, 170141]);
/** Cancel and amend: there is no such open order any more. */
const GONE = new Set([110001, 170213, 110008, 110010, 170139, 170142, 170143, 170190]);
/** Settings that are what they should be already: leverage, position mode, TP/SL. */
const UNCHANGED = new Set([110025, 110026, 110043, 34040]);

export const isHalting = ({ retCode }: Answer): boolean => retCode !== null && HALTED.has(retCode);
export const isPaused = ({ retCode }: Answer): boolean => retCode !== null && PAUSED.has(retCode);
export const isUnchanged = ({ retCode }: Answer): boolean => retCode !== null && UNCHANGED.has(retCode);

/** Of a failed `order/create`; the answer without a failure carries the venue's id. */
export function placeFailure(answer: Answer): PlaceOutcome {
  const { retCode, httpStatus, text } = answer;
  if (retCode === null) return { kind: 'unknown', reason: text, answered: httpStatus !== null };
  if (DUPLICATE.has(retCode)) return { kind: 'unknown', reason: `${retCode} ${text}: the id exists at the venue`, answered: true };
  if ([REJECTED, NOT_LOOKED_AT, HALTED, PAUSED].some((codes) => codes.has(retCode))) return { kind: 'rejected', code: String(retCode), text };
  return { kind: 'unknown', reason: `${retCode} ${text}`, answered: true };
}

/** Of a failed `order/cancel`, `order/amend` or `position/trading-stop`; all three may be repeated. */
export function changeFailure(answer: Answer): ChangeOutcome {
  const { retCode, text } = answer;
  if (retCode === null) return { kind: 'unknown', reason: text };
  if (UNCHANGED.has(retCode)) return { kind: 'done' };
  if (GONE.has(retCode)) return { kind: 'gone' };
  if ([REJECTED, HALTED, PAUSED].some((codes) => codes.has(retCode))) return { kind: 'rejected', code: String(retCode), text };
  return { kind: 'unknown', reason: `${retCode} ${text}` };
}
