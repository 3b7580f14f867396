/** The ids of the newest verdicts, as plain JSON in which neither looking one up nor adding one reads them all. */

/** By the last character of the id, which of a hash is as good as random; each list oldest first. */
export type DecidedIds = readonly (readonly string[])[];

const LISTS = 36;
/** Ids kept in each list: the newest thousand in all. */
export const DECIDED_KEPT_MAX = 32;

export const wasDecided = (ids: DecidedIds, id: string): boolean => ids[listOf(id)]?.includes(id) ?? false;

export function withDecided(ids: DecidedIds, id: string): DecidedIds {
  const index = listOf(id);
  const lists = ids.length === LISTS ? ids.slice() : Array.from({ length: LISTS }, (_, list) => ids[list] ?? []);
  lists[index] = [...(lists[index] ?? []).slice(1 - DECIDED_KEPT_MAX), id];
  return lists;
}

const listOf = (id: string): number => (id.charCodeAt(id.length - 1) || 0) % LISTS;
