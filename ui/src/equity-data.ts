/** From the points at closes to the two lines of an account: its equity, with the open result at its tip, and its budget. */
import type { LineData, SeriesMarker, Time, UTCTimestamp } from 'lightweight-charts';
import type { ClosedTrade } from '#trading/model/position.ts';
import type { EquityPoint, PositionView, View } from '#protocol/view.ts';
import type { ChartColours } from './chart-colours.ts';
import { accountKey } from './format.ts';

const SECOND_MS = 1000;
const MINUTE_SECONDS = 60;
/** The library gives every point the same width; on an even grid its axis is true to time. */
const GRID_POINTS_MAX = 400;
const MARKERS_SHOWN_MAX = 120;

export interface EquityLines {
  readonly equity: LineData<Time>[];
  readonly budget: LineData<Time>[];
  /** Equity now: what was realised, and what is open at the mark, before its fees. */
  readonly now: number | null;
  /** Between two points of the grid. */
  readonly stepSeconds: number;
}

type Point = Pick<EquityPoint, 'time' | 'value' | 'budget'>;

export function equityLines(view: Pick<View, 'equity' | 'wallets' | 'positions' | 'run'>, account: string): EquityLines {
  const points = view.equity.filter((point) => accountKey(point) === account);
  const wallet = Object.values(view.wallets).find((candidate) => accountKey(candidate) === account);
  const budget = points.at(-1)?.budget ?? (wallet === undefined ? null : Number(wallet.budget));
  if (budget === null) return { equity: [], budget: [], now: null, stepSeconds: MINUTE_SECONDS };
  const realised = points.at(-1)?.value ?? budget;
  const now = realised + openResult(Object.values(view.positions), account);
  // Before the first trade there is a budget and nothing else to show.
  const known: readonly Point[] = points.length === 0 ? [{ time: seconds(view.run.startedAt), value: budget, budget }] : points;
  const tip = { time: seconds(view.run.marketNow), value: now, budget: wallet === undefined ? budget : Number(wallet.budget) };
  const { grid, stepSeconds } = onGrid(known, tip);
  return {
    equity: grid.map(({ time, value }) => ({ time: chartTime(time), value })),
    budget: grid.map(({ time, budget: value }) => ({ time: chartTime(time), value })),
    now,
    stepSeconds,
  };
}

/** A dot for each close, the newest ones, where the line has taken it in. */
export function closeMarkers(trades: readonly ClosedTrade[], account: string, colours: ChartColours, stepSeconds: number): SeriesMarker<Time>[] {
  return trades
    .filter((trade) => accountKey(trade) === account)
    .slice(0, MARKERS_SHOWN_MAX)
    .map((trade) => {
      const isGain = Number(trade.pnl) > 0;
      const time = chartTime(Math.ceil(seconds(trade.closedAt) / stepSeconds) * stepSeconds);
      const position = isGain ? ('aboveBar' as const) : ('belowBar' as const);
      return { time, position, shape: 'circle' as const, color: isGain ? colours.gain : colours.loss, size: 0.4 };
    })
    .reverse();
}

/** What held at each time of an even grid, and the tip. Between closes equity stands still: only what is realised is known of the past. */
function onGrid(points: readonly Point[], tip: Point): { readonly grid: readonly Point[]; readonly stepSeconds: number } {
  const sorted = points.toSorted((left, right) => left.time - right.time);
  const first = sorted[0] ?? tip;
  const span = Math.max(0, tip.time - first.time);
  const stepSeconds = Math.max(1, Math.ceil(span / GRID_POINTS_MAX / MINUTE_SECONDS)) * MINUTE_SECONDS;
  const grid: Point[] = [];
  let at = 0;
  for (let time = Math.floor(first.time / stepSeconds) * stepSeconds; time < tip.time; time += stepSeconds) {
    while ((sorted[at + 1]?.time ?? Infinity) <= time) at++;
    const { value, budget } = sorted[at] ?? first;
    grid.push({ time, value, budget });
  }
  return { grid: [...grid, tip], stepSeconds };
}

function openResult(positions: readonly PositionView[], account: string): number {
  return positions
    .filter((position) => accountKey(position) === account)
    .reduce((sum, { unrealised, realised }) => sum + Number(unrealised ?? 0) + Number(realised), 0);
}

const seconds = (at: number): number => Math.floor(at / SECOND_MS);
const chartTime = (time: number): UTCTimestamp => time as UTCTimestamp; // UTC seconds, which the library brands
