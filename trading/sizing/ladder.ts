/** SZ-7: the multiplier m from what the last days earned. */
import { atMost, larger, ONE, ratio, smaller, type Money, type Ratio } from '../money/decimal.ts';
import type { Settings } from '../model/settings.ts';

const MULTIPLIER_MIN = ratio('0.5');
const MULTIPLIER_MAX = ratio('5');

/**
 * The multiplier of the highest step that `realised` (USD, the scale window of this asset and mode) reaches, 1 below the first step, clamped
 * to 0.5–5.0. The order of the steps does not matter.
 */
export function ladderMultiplier(scale: Settings['scale'], realised: Money): Ratio {
  if (!scale.enabled) return ONE;
  let reached: Settings['scale']['ladder'][number] | null = null;
  for (const step of scale.ladder) {
    if (atMost(step.profit, realised) && (reached === null || atMost(reached.profit, step.profit))) reached = step;
  }
  return larger(MULTIPLIER_MIN, smaller(MULTIPLIER_MAX, reached?.multiplier ?? ONE));
}
