/**
 * Ids of the executions that are booked, for as long as a reading of the account may show them again. Pages, of which only the newest changes: a fill copies one of
 * them, however many there were in a day. Plain JSON.
 */
import type { Instant } from '../model/instrument.ts';

interface Page {
  /** The newest fill in it. */
  readonly until: Instant;
  readonly ids: readonly string[];
}

export interface KnownExecutions {
  /** Full ones, oldest first. */
  readonly full: readonly Page[];
  readonly open: Page;
}

/** Kept this long behind the newest fill, and up to a page longer: longer than what a reading of the account goes back. */
const KEPT_MS = 86_400_000;
/** Ids of a page. */
const PAGE_MAX = 64;

const BLANK_PAGE: Page = { until: 0, ids: [] };
export const NO_EXECUTIONS: KnownExecutions = { full: [], open: BLANK_PAGE };

export function withExecution({ full, open }: KnownExecutions, id: string, at: Instant): KnownExecutions {
  const page: Page = { until: Math.max(open.until, at), ids: [...open.ids, id] };
  if (page.ids.length < PAGE_MAX) return { full, open: page };
  // A row that comes late carries an old time: it forgets nothing, and is kept with its page.
  const kept = full.filter(({ until }) => until >= page.until - KEPT_MS);
  return { full: [...kept, page], open: BLANK_PAGE };
}

export const executionIds = ({ full, open }: KnownExecutions): ReadonlySet<string> => new Set([...full, open].flatMap(({ ids }) => ids));
