/**
 * Risk limits by tiers: the more a position is worth, the more margin each further unit of it asks for, and the less leverage is allowed. The tier
 * follows the value by itself. `deduction` makes the maintenance go on without a jump from one tier to the next.
 */
import {
  add,
  atLeast,
  atMost,
  greaterThan,
  isZero,
  money,
  ONE,
  quotient,
  ratio,
  rounded,
  scale,
  subtract,
  toStep,
  ZERO_MONEY,
  type Money,
  type Ratio,
} from '#trading/money/decimal.ts';

export interface RiskTier {
  /** From 1. */
  readonly id: number;
  /** Largest value of position and orders, quote units. */
  readonly limit: Money;
  /** Fractions of the value. */
  readonly maintenance: Ratio;
  readonly initial: Ratio;
  readonly maxLeverage: Ratio;
  /** Quote units that are taken off the maintenance. */
  readonly deduction: Money;
}

const RATE_DECIMALS = 6;
const LEVERAGE_STEP = ratio('0.01');
/** Bybit's table of BTCUSDT (2023): with each tier the initial margin rises by three quarters of the first one's, the maintenance by all of it. */
const INITIAL_GROWTH = ratio('0.75');
const MAINTENANCE_SHARE = ratio('0.5');

export interface TierPlan {
  /** Of the first tier. */
  readonly maxLeverage: Ratio;
  /** Value by which the limit rises with each tier, quote units. */
  readonly step: Money;
  readonly count: number;
}

/** @throws RangeError where there is no tier to make. */
export function tiersOf({ maxLeverage, step, count }: TierPlan): readonly RiskTier[] {
  if (!(count >= 1) || isZero(step)) throw new RangeError(`${count} tiers of ${step}: must be at least one of something`);
  const first = rounded(quotient(ONE, maxLeverage), RATE_DECIMALS);
  const tiers: RiskTier[] = [];
  for (let id = 1; id <= count; id++) {
    const steps = ratio(id);
    const before = tiers.at(-1);
    const initial = scale(first, add(ONE, scale(INITIAL_GROWTH, ratio(id - 1))));
    const maintenance = scale(scale(first, MAINTENANCE_SHARE), steps);
    const jump = before === undefined ? ZERO_MONEY : scale(before.limit, subtract(maintenance, before.maintenance));
    tiers.push({
      id,
      limit: scale(step, steps),
      maintenance,
      initial,
      maxLeverage: before === undefined ? maxLeverage : toStep(quotient(ONE, initial), LEVERAGE_STEP, 'down'),
      deduction: add(before?.deduction ?? ZERO_MONEY, jump),
    });
  }
  return tiers;
}

/** The tier of a value; of one beyond all limits the last one. Null without tiers. */
export const tierOf = (tiers: readonly RiskTier[], value: Money): RiskTier | null =>
  tiers.find(({ limit }) => atMost(value, limit)) ?? tiers.at(-1) ?? null;

/** Maintenance margin of a value, quote units. */
export function maintenanceAt(tiers: readonly RiskTier[], value: Money): Money {
  const tier = tierOf(tiers, value);
  return tier === null ? ZERO_MONEY : subtract(scale(value, tier.maintenance), tier.deduction);
}

/** As `maintenanceAt`, fast: for whoever only asks whether something is far away. */
export function roughMaintenance(tiers: readonly RiskTier[], value: number): number {
  const tier = tiers.find(({ limit }) => value <= Number(limit)) ?? tiers.at(-1);
  return tier === undefined ? 0 : value * Number(tier.maintenance) - Number(tier.deduction);
}

/** The largest value of position and orders that a leverage allows. Null where there is no limit. */
export function limitAt(tiers: readonly RiskTier[], leverage: Ratio): Money | null {
  if (tiers.length === 0) return null;
  return tiers.filter(({ maxLeverage }) => atLeast(maxLeverage, leverage)).at(-1)?.limit ?? money('0');
}

/** The most leverage that a value may have; null where it is beyond every tier. */
export function leverageAt(tiers: readonly RiskTier[], value: Money): Ratio | null {
  const last = tiers.at(-1);
  return last === undefined || greaterThan(value, last.limit) ? null : (tierOf(tiers, value)?.maxLeverage ?? null);
}
