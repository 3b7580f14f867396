/**
 * Values by key, oldest first, of which there are many and few change: kept in pages, so that a change copies one page and not all of it. What a record
 * would do, it does: a key that is known keeps its place, one that comes back goes to the end. Plain JSON, in which the order of a record's keys may be lost.
 */
import { without } from './without.ts';

interface Page<T> {
  readonly keys: readonly string[];
  readonly of: Readonly<Record<string, T>>;
}

export interface Shelf<T> {
  readonly size: number;
  /** Oldest first; none is empty. */
  readonly pages: readonly Page<T>[];
}

/** Entries of a page. */
const PAGE_MAX = 32;

export const EMPTY_SHELF: Shelf<never> = { size: 0, pages: [] };

export function shelved<T>({ pages }: Shelf<T>, key: string): T | undefined {
  return pages[pageOf(pages, key)]?.of[key];
}

export function shelve<T>({ size, pages }: Shelf<T>, key: string, value: T): Shelf<T> {
  const at = pageOf(pages, key);
  const known = pages[at];
  if (known !== undefined) return { size, pages: pages.with(at, { keys: known.keys, of: { ...known.of, [key]: value } }) };
  const last = pages.at(-1);
  if (last === undefined || last.keys.length >= PAGE_MAX) return { size: size + 1, pages: [...pages, { keys: [key], of: { [key]: value } }] };
  return { size: size + 1, pages: pages.with(-1, { keys: [...last.keys, key], of: { ...last.of, [key]: value } }) };
}

/** The shelf itself where it has no such key. */
export function unshelve<T>(shelf: Shelf<T>, key: string): Shelf<T> {
  const { size, pages } = shelf;
  const at = pageOf(pages, key);
  const page = pages[at];
  if (page === undefined) return shelf;
  const keys = page.keys.filter((other) => other !== key);
  return { size: size - 1, pages: keys.length === 0 ? pages.toSpliced(at, 1) : pages.with(at, { keys, of: without(page.of, key) }) };
}

/** Oldest first. */
export function* allShelved<T>({ pages }: Shelf<T>): Generator<readonly [string, T], void> {
  for (const { keys, of } of pages) {
    for (const key of keys) {
      const value = of[key];
      if (value !== undefined) yield [key, value];
    }
  }
}

/** The newest is asked for most. */
const pageOf = <T>(pages: readonly Page<T>[], key: string): number => pages.findLastIndex(({ of }) => Object.hasOwn(of, key));
