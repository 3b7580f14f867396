/** From the points at closes to the two lines of an account: its equity, with the open result at its tip, and its budget. */
import type { LineData, SeriesMarker, Time, UTCTimestamp } from 'lightweight-charts';
import type { ClosedTrade } from '#trading/model/position.ts';
import type { EquityPoint, PositionView, View } from '#protocol/view.ts';
import type { ChartColours } from './chart-colours.ts';
import { accountKey } from './format.ts';

const SECOND_MS = 1000;
const MARKERS_SHOWN_MAX = 120;

export interface EquityLines {
  readonly equity: LineData<Time>[];
  readonly budget: LineData<Time>[];
  /** Equity now: what was realised, and what is open at the mark, before its fees. */
  readonly now: number | null;
}

export function equityLines(view: Pick<View, 'equity' | 'wallets' | 'positions' | 'run'>, account: string): EquityLines {
  const points = view.equity.filter((point) => accountKey(point) === account);
  const wallet = Object.values(view.wallets).find((candidate) => accountKey(candidate) === account);
  const budget = points.at(-1)?.budget ?? (wallet === undefined ? null : Number(wallet.budget));
  if (budget === null) return { equity: [], budget: [], now: null };
  const realised = points.at(-1)?.value ?? budget;
  const now = realised + openResult(Object.values(view.positions), account);
  const at = seconds(view.run.marketNow);
  // Before the first trade there is a budget and nothing else to show.
  const start = points.length === 0 ? [{ time: seconds(view.run.startedAt), value: budget, budget }] : points;
  const tip = { time: at, value: now, budget: wallet === undefined ? budget : Number(wallet.budget) };
  const all = ascending([...start, tip]);
  return {
    equity: all.map(({ time, value }) => ({ time: chartTime(time), value })),
    budget: all.map(({ time, budget: value }) => ({ time: chartTime(time), value })),
    now,
  };
}

/** A dot for each close, the newest ones. */
export function closeMarkers(trades: readonly ClosedTrade[], account: string, colours: ChartColours): SeriesMarker<Time>[] {
  return trades
    .filter((trade) => accountKey(trade) === account)
    .slice(0, MARKERS_SHOWN_MAX)
    .map((trade) => {
      const isGain = Number(trade.pnl) > 0;
      const time = chartTime(seconds(trade.closedAt));
      return {
        time,
        position: isGain ? ('aboveBar' as const) : ('belowBar' as const),
        shape: 'circle' as const,
        color: isGain ? colours.gain : colours.loss,
        size: 0.4,
      };
    })
    .reverse();
}

function openResult(positions: readonly PositionView[], account: string): number {
  return positions
    .filter((position) => accountKey(position) === account)
    .reduce((sum, { unrealised, realised }) => sum + Number(unrealised ?? 0) + Number(realised), 0);
}

/** The library wants each time once, in order; of one second the last word counts. */
function ascending(points: readonly Pick<EquityPoint, 'time' | 'value' | 'budget'>[]): readonly Pick<EquityPoint, 'time' | 'value' | 'budget'>[] {
  const byTime = new Map(points.map((point) => [point.time, point]));
  return [...byTime.values()].sort((left, right) => left.time - right.time);
}

const seconds = (at: number): number => Math.floor(at / SECOND_MS);
const chartTime = (time: number): UTCTimestamp => time as UTCTimestamp; // UTC seconds, which the library brands
