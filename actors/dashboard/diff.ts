/** From what a page was told to where things stand: the patch, without its number, or null where nothing changed. */
import type { ChartBar, View, ViewPatch } from '#protocol/view.ts';

export type PatchBody = Omit<ViewPatch, 'seq'>;

/** `applyPatch(before, diffViews(before, after))` equals `after`. Entries of lists are compared by identity: lists only grow at one end. */
export function diffViews(before: View, after: View): PatchBody | null {
  const set = entriesOf({
    run: changed(before.run, after.run),
    kill: changed(before.kill, after.kill),
    journal: changed(before.journal, after.journal),
    actors: changed(before.actors, after.actors),
    modes: changed(before.modes, after.modes),
  });
  const put = entriesOf({
    wallets: puts(before.wallets, after.wallets),
    quotes: puts(before.quotes, after.quotes),
    positions: puts(before.positions, after.positions),
    totals: puts(before.totals, after.totals),
  });
  const append = entriesOf({
    bars: addedBars(before.bars, after.bars),
    markers: addedAtEnd(before.markers, after.markers),
    equity: addedAtEnd(before.equity, after.equity),
  });
  const prepend = entriesOf({ trades: addedAtFront(before.trades, after.trades), refusals: addedAtFront(before.refusals, after.refusals) });
  // Only what is there: an absent key and an undefined one are not the same to the page.
  const body = entriesOf({ set, put, append, prepend });
  return body === undefined ? null : (body as PatchBody); // entriesOf drops the undefined ones, which the type cannot say
}

/** The record without its undefined entries; undefined where none is left. */
function entriesOf<T extends Readonly<Record<string, unknown>>>(record: T): Partial<T> | undefined {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as Partial<T>);
}

const isSame = (left: unknown, right: unknown): boolean => left === right || JSON.stringify(left) === JSON.stringify(right);

const changed = <T>(before: T, after: T): T | undefined => (isSame(before, after) ? undefined : after);

function puts<T>(before: Readonly<Record<string, T>>, after: Readonly<Record<string, T>>): Readonly<Record<string, T | null>> | undefined {
  if (before === after) return undefined;
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  const news = Object.entries(after).filter(([key, value]) => !Object.hasOwn(before, key) || !isSame(before[key], value));
  if (gone.length + news.length === 0) return undefined;
  return Object.fromEntries([...gone.map((key) => [key, null] as const), ...news]);
}

function addedAtEnd<T>(before: readonly T[], after: readonly T[]): readonly T[] | undefined {
  if (before === after) return undefined;
  const last = before.at(-1);
  const added = last === undefined ? after : after.slice(after.lastIndexOf(last) + 1);
  return added.length === 0 ? undefined : added;
}

function addedAtFront<T>(before: readonly T[], after: readonly T[]): readonly T[] | undefined {
  if (before === after) return undefined;
  const first = before[0];
  const known = first === undefined ? -1 : after.indexOf(first);
  const added = known === -1 ? after : after.slice(0, known);
  return added.length === 0 ? undefined : added;
}

function addedBars(before: View['bars'], after: View['bars']): Readonly<Record<string, readonly ChartBar[]>> | undefined {
  if (before === after) return undefined;
  const added = Object.entries(after).flatMap(([symbol, bars]) => {
    const old = Object.hasOwn(before, symbol) ? before[symbol] : undefined;
    if (old === bars) return [];
    const known = new Set(old);
    const news = bars.filter((bar) => !known.has(bar));
    return news.length === 0 ? [] : [[symbol, news] as const];
  });
  return added.length === 0 ? undefined : Object.fromEntries(added);
}
