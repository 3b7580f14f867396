/** RT-3: the grid that prices lie on, whose step may grow with the price. */
import type { TickStep } from '../model/instrument.ts';
import { atMost, toStep, type Price } from '../money/decimal.ts';

export interface Grid {
  readonly tickSize: Price;
  readonly tickLadder?: readonly TickStep[];
}

/** The step at that price; below the lowest of a ladder the smallest one. */
export function tickAt({ tickSize, tickLadder }: Grid, at: Price): Price {
  return tickLadder?.findLast(({ from }) => atMost(from, at))?.tick ?? tickSize;
}

export const toTick = (at: Price, grid: Grid, way: 'up' | 'down'): Price => toStep(at, tickAt(grid, at), way);
