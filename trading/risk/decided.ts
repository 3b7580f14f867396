/** The ids of the newest verdicts, as plain JSON in which neither looking one up nor adding one reads them all. */

/** By the last character of the id, which of a hash is as good as random; each list oldest first. */
export type DecidedIds = Readonly<Record<string, readonly string[]>>;

/** Ids kept by each last character: with the 36 digits of a client order id, the newest thousand. */
export const DECIDED_KEPT_MAX = 32;

export const wasDecided = (ids: DecidedIds, id: string): boolean => ids[lastOf(id)]?.includes(id) ?? false;

export function withDecided(ids: DecidedIds, id: string): DecidedIds {
  const key = lastOf(id);
  return { ...ids, [key]: [...(ids[key] ?? []).slice(1 - DECIDED_KEPT_MAX), id] };
}

const lastOf = (id: string): string => id.slice(-1);
