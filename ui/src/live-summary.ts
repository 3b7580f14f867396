/** What a person reads before live is switched on. */
import type { LiveSummary } from '#trading/model/events.ts';
import { percent, usd } from './format.ts';
import { scopeName } from './scopes.ts';

const SECOND_MS = 1000;

export function summaryLines(summary: LiveSummary): readonly (readonly [string, string])[] {
  const { budget, allocMode, leverageCap, maxPositions, maxLossPerOrder, dailyLossCap, maxDrawdown, market, broker, account } = summary;
  return [
    ['Budget', allocMode === 'absolute' ? usd(budget) : `${percent(Number(budget), 2)} of the account’s wallet`],
    ['Leverage at most', `${leverageCap}×`],
    ['Open positions at most', String(maxPositions)],
    ['Loss of one order at most', `${percent(Number(maxLossPerOrder), 2)} of the budget`],
    ['Loss of a day at most', percent(Number(dailyLossCap), 2)],
    ['Drawdown at most', percent(Number(maxDrawdown), 2)],
    ['Venue', `${scopeName(broker)}, ${market}`],
    ['Account', account],
  ];
}

/** Whole seconds, never below 0. */
export const secondsLeft = (expiresAt: number, now: number): number => Math.max(0, Math.floor((expiresAt - now) / SECOND_MS));
