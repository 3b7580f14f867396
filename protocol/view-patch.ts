/** How a page's replica follows: pure, so that the server can prove that what it sends leads where it stands. */
import {
  CHART_BARS_MAX,
  EQUITY_POINTS_MAX,
  MARKERS_MAX,
  REFUSALS_SHOWN_MAX,
  TRADES_SHOWN_MAX,
  type ChartBar,
  type View,
  type ViewPatch,
} from './view.ts';

/** The view after the patch. What the patch does not name stays the same object, so that a page redraws only what changed. */
export function applyPatch(view: View, { set, put, append, prepend }: ViewPatch): View {
  return {
    ...view,
    ...set,
    ...(put?.wallets && { wallets: putInto(view.wallets, put.wallets) }),
    ...(put?.quotes && { quotes: putInto(view.quotes, put.quotes) }),
    ...(put?.positions && { positions: putInto(view.positions, put.positions) }),
    ...(put?.totals && { totals: putInto(view.totals, put.totals) }),
    ...(append?.bars && { bars: appendBars(view.bars, append.bars) }),
    ...(append?.markers && { markers: newest([...view.markers, ...append.markers], MARKERS_MAX) }),
    ...(append?.equity && { equity: newest([...view.equity, ...append.equity], EQUITY_POINTS_MAX) }),
    ...(prepend?.trades && { trades: [...prepend.trades, ...view.trades].slice(0, TRADES_SHOWN_MAX) }),
    ...(prepend?.refusals && { refusals: [...prepend.refusals, ...view.refusals].slice(0, REFUSALS_SHOWN_MAX) }),
  };
}

/** `bars` with `more` among them by time; the newer of two of one time stays. At most CHART_BARS_MAX, the newest. */
export function mergeBars(bars: readonly ChartBar[], more: readonly ChartBar[]): readonly ChartBar[] {
  const first = more[0];
  if (first === undefined) return bars;
  const isInOrder = more.every((bar, index) => index === 0 || bar.time > (more[index - 1]?.time ?? 0));
  const keep = bars.findLastIndex(({ time }) => time < first.time) + 1;
  // The usual case: the open bar moved, or newer ones came.
  if (isInOrder && (bars.at(-1)?.time ?? 0) <= first.time) return newest([...bars.slice(0, keep), ...more], CHART_BARS_MAX);
  const byTime = new Map([...bars, ...more].map((bar) => [bar.time, bar]));
  return newest(
    [...byTime.values()].sort((left, right) => left.time - right.time),
    CHART_BARS_MAX,
  );
}

function appendBars(bars: View['bars'], more: Readonly<Record<string, readonly ChartBar[]>>): View['bars'] {
  const merged = Object.entries(more).map(([symbol, added]) => [symbol, mergeBars(own(bars, symbol) ?? [], added)] as const);
  return { ...bars, ...Object.fromEntries(merged) };
}

function putInto<T>(record: Readonly<Record<string, T>>, changes: Readonly<Record<string, T | null>>): Readonly<Record<string, T>> {
  const after = new Map(Object.entries(record));
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) after.delete(key);
    else after.set(key, value);
  }
  return Object.fromEntries(after);
}

/** A name that came from outside is never looked up on the prototype. */
const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined => (Object.hasOwn(record, key) ? record[key] : undefined);

const newest = <T>(list: readonly T[], max: number): readonly T[] => (list.length > max ? list.slice(-max) : list);
