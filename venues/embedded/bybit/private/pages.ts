/** Lists a page at a time, as Bybit does: a default of 20 or 50 rows, and a cursor that leads on. */
import { BadRequest } from './order-request.ts';

export type Query = URLSearchParams;

export interface Page<T> {
  readonly rows: readonly T[];
  readonly nextPageCursor: string;
}

/** `rows` newest first. The cursor names the last row shown, so what comes new does not shift the pages. @throws BadRequest */
export function pageOf<T>(rows: readonly T[], idOf: (row: T) => string, query: Query, otherwise: number, most: number): Page<T> {
  const limit = wholeOf(query, 'limit') ?? otherwise;
  if (limit < 1) throw new BadRequest('params error: limit invalid');
  const from = start(rows, idOf, query.get('cursor') ?? '');
  const shown = rows.slice(from, from + Math.min(limit, most));
  const last = shown.at(-1);
  // ccxt sends the cursor back as it came, so it comes encoded.
  const more = last !== undefined && from + shown.length < rows.length;
  return { rows: shown, nextPageCursor: more ? encodeURIComponent(`page_token=${idOf(last)}&`) : '' };
}

function start<T>(rows: readonly T[], idOf: (row: T) => string, cursor: string): number {
  if (cursor === '') return 0;
  const token = /^page_token=([0-9a-zA-Z-]{1,40})&$/.exec(cursor.includes('%') ? decoded(cursor) : cursor)?.[1];
  const at = token === undefined ? -1 : rows.findIndex((row) => idOf(row) === token);
  if (at < 0) throw new BadRequest('params error: cursor invalid');
  return at + 1;
}

function decoded(cursor: string): string {
  try {
    return decodeURIComponent(cursor);
  } catch {
    return '';
  }
}

/** Null where it is absent. @throws BadRequest where it is no whole number. */
export function wholeOf(query: Query, key: string): number | null {
  const text = query.get(key);
  if (text === null || text === '') return null;
  if (!/^\d{1,15}$/.test(text)) throw new BadRequest(`params error: ${key} invalid`);
  return Number(text);
}

const WEEK_MS = 7 * 86_400_000;

/** Windows of at most seven days; the last seven where none is given. @throws BadRequest */
export function windowOf(query: Query, now: number): { readonly from: number; readonly to: number } {
  const [start, end] = [wholeOf(query, 'startTime'), wholeOf(query, 'endTime')];
  const from = start ?? (end ?? now) - WEEK_MS;
  const to = end ?? from + WEEK_MS;
  if (to < from || to - from > WEEK_MS) throw new BadRequest('params error: the window must be at most 7 days');
  return { from, to };
}
