import { createTrader } from '#trading/trader/trader.ts';
import { TRADER_SYMBOLS_MAX, type TraderConfig } from '#trading/trader/config.ts';
import type { TraderMemory } from '#trading/trader/memory.ts';
import type { TraderState } from '#trading/trader/state.ts';
import type { Start } from '#protocol/actor.ts';
import * as value from '#protocol/values.ts';
import { z } from 'zod';
import { BehaviorActor } from './behavior-actor.ts';

const QUOTE_AGE_MS_MAX = 2000;

/** QS-1 caps the age at two seconds; strategyParams are checked by the strategy. */
const traderConfig = z.strictObject({
  name: value.name,
  asset: value.asset,
  mode: value.mode,
  strategyId: value.name,
  strategyParams: z.record(z.string(), z.unknown()),
  symbols: z.array(value.name).min(1).max(TRADER_SYMBOLS_MAX),
  quoteAgeMsMax: z.int().positive().max(QUOTE_AGE_MS_MAX),
  contract: z
    .strictObject({
      dteMin: z.int().nonnegative(),
      dteMax: z.int().nonnegative(),
      target: z.strictObject({ kind: z.enum(['delta', 'moneyness']), value: z.number(), within: z.number().positive() }),
      stopFraction: z.number().gt(0).lt(1),
      takeProfitFraction: z.number().positive(),
    })
    .exactOptional(),
  intervalMinutes: z.literal(1),
  gateway: value.name,
}) satisfies z.ZodType<TraderConfig>;

/** trader.<asset>.<mode>: the module its process loads. */
export default class TraderActor extends BehaviorActor<TraderState, TraderMemory> {
  constructor() {
    super((start) => createTrader(configOf(start)));
  }
}

function configOf(start: Start): TraderConfig {
  const parsed = traderConfig.safeParse(start.params);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = ['params', ...(issue?.path ?? [])].join('.');
  throw new RangeError(`${start.name}: ${where}: ${issue?.message ?? 'does not fit'}`);
}
