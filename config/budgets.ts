/** config/budgets.json (CF-1): the keys of the specification, strictly, and their translation to Settings. */
import { add, atMost, divide, money, ratio, ZERO_MONEY, type Money, type Ratio } from '#trading/money/decimal.ts';
import { ASSETS, brokerOf, BROKERS, type Asset } from '#trading/model/instrument.ts';
import type { Sessions } from '#trading/model/calendar.ts';
import type { ExpiryRules, PaperRules, Settings } from '#trading/model/settings.ts';
import { z } from 'zod';
import { ConfigError } from './errors.ts';
import { parseWith, readJsonFile } from './json-file.ts';

const QUOTE_AGE_MS_MAX = 2000;
const HUNDRED = ratio('100');
/** A paper wallet of percent mode, where the file names none: of the order of the default budgets of its assets. */
const PAPER_WALLET_USD = { bybit: 10_000, ibkr: 10_000 };

/** Beyond both, a number is a slip of the hand, and decimal text of it would be too long to compute with. */
const USD_MAX = 1e12;
const NUMBER_MIN = 1e-12;
const isPlain = (value: number): boolean => value === 0 || value >= NUMBER_MIN;
const PLAIN = `must be 0, or at least ${NUMBER_MIN}`;

const usd = z.number().nonnegative().max(USD_MAX).refine(isPlain, PLAIN);
const fraction = z.number().gt(0).max(1).refine(isPlain, PLAIN);
const percent = z.number().gt(0).max(100).refine(isPlain, PLAIN);
const perAsset = <S extends z.ZodType>(schema: S) => z.strictObject({ crypto_spot: schema, crypto_futures: schema, forex: schema, options: schema });

/** What `describe` says goes into docs/config.md. */
export const budgetsFile = z.strictObject({
  alloc_mode: z
    .enum(['absolute', 'percent'])
    .describe("whether `alloc` is in USD or a fraction of the wallet of the asset's broker; the shares of one wallet sum to at most 1"),
  alloc: perAsset(usd).describe('the budget each asset starts with; realised results move it when `profit_rollover` is on'),
  paper_wallet_usd: z
    .strictObject({
      bybit: usd.describe('what the paper wallet of Bybit starts with, in USD; read by `alloc_mode` "percent" only'),
      ibkr: usd.describe('what the paper wallet of IBKR starts with, in USD; read by `alloc_mode` "percent" only'),
    })
    .default(PAPER_WALLET_USD),
  per_trade_risk_pct: perAsset(fraction).describe('r: part of the budget that one trade may use, as a fraction (0.02 is 2 %)'),
  percent_sizing_threshold_usd: usd.describe('T: budgets above it are sized by `percent_sizing_above_threshold`, in USD'),
  percent_sizing_above_threshold: perAsset(fraction).describe('q: part of the budget that one trade may use above the threshold, as a fraction'),
  profit_rollover: z.boolean().describe('realised profit and loss stay in the budget of their asset and mode'),
  enforce_wallet_available: z.boolean().describe('no order is larger than what the wallet has free'),
  allow_odd_lots: z
    .boolean()
    .default(true)
    .describe("orders below the venue's round size (IDEALPRO) go as odd lots, which paper charges double slippage; false refuses them"),
  max_concurrent: z.int().min(1).max(100).describe('open positions and live entry orders of one asset and mode'),
  max_positions: perAsset(z.int().min(1).max(100)).describe('lowers `max_concurrent` for an asset'),
  cooldown_seconds: z.int().min(0).max(86_400).describe('no entry into a symbol for this long after a close, in seconds'),
  scale: z
    .strictObject({
      enabled: z.boolean().describe('whether the ladder multiplies the size'),
      equity_curve_window_days: z.int().min(1).max(365).describe('days of realised results that the ladder looks at'),
      ladder: z
        .array(
          z.strictObject({
            profit_usd: usd.describe('realised profit of the window from which the step holds, in USD; steps must rise'),
            risk_multiplier: z.number().min(0.5).max(5).describe('m: factor on the size of a trade'),
          }),
        )
        .max(20)
        .describe('the steps, lowest first'),
    })
    .describe('the ladder: larger trades after a profitable week'),
  leverage_caps: perAsset(z.number().min(1).max(100)).describe('exposure of an asset at most this many times its budget; crypto_spot must be 1'),
  risk: z
    .strictObject({
      max_loss_per_order_pct: percent.describe('largest loss at the stop, in percent of the budget; at most `daily_loss_cap_pct`'),
      daily_loss_cap_pct: percent.describe('loss of the UTC day that makes an asset close-only, in percent of the opening equity'),
      max_drawdown_pct: percent.describe('fall from the highest equity that makes an asset close-only, in percent'),
      quote_collar_pct: percent.describe('largest move of a quote against the last good one before it is taken for an error, in percent'),
      max_order_notional_usd: usd.describe('largest notional of one order, whatever the budget says, in USD'),
      orders_per_minute_max: z.int().min(1).max(6000).describe('orders of one asset and mode in any minute'),
      repeated_entries_max: z
        .int()
        .min(1)
        .max(1000)
        .describe('entries of one strategy, symbol and side within the window below; one more trips a wire'),
      repeated_entries_window_seconds: z.int().min(1).max(86_400).describe('the window of `repeated_entries_max`, in seconds'),
      losing_trades_max: z.int().min(0).max(1000).describe('losing round trips in a row of one strategy that trip a wire; 0 switches it off'),
      duplicate_window_ms: z.int().min(0).max(60_000).describe('the same order again within this long is refused, in ms; 0 switches it off'),
      // Above the age of a quote it could not be reached: such a quote is stale.
      clock_skew_ms_max: z.int().min(1).max(QUOTE_AGE_MS_MAX).describe("largest distance between the venue's stamp of a quote and ours, in ms"),
    })
    .describe('limits that the governor holds every order against'),
});
export type BudgetsFile = z.infer<typeof budgetsFile>;

/** What the environment adds to the budgets file (CF-2). */
export interface EnvironmentRules {
  readonly paper: PaperRules;
  /** Absent is no. */
  readonly fundingEnabled?: boolean;
  /** Where nothing that trades has sessions, absent. */
  readonly sessions?: Sessions;
  readonly expiry?: ExpiryRules;
  readonly strictBrackets: boolean;
  readonly rateLimit: Ratio;
}

/** @throws ConfigError */
export async function loadSettings(path: string, rules: EnvironmentRules): Promise<Settings> {
  return settingsFrom(path, await readJsonFile(path, budgetsFile), rules);
}

/** @throws ConfigError where keys contradict each other. */
export function settingsFrom(file: string, raw: unknown, rules: EnvironmentRules): Settings {
  const budgets = parseWith(file, raw, budgetsFile);
  refuseContradictions(file, budgets);
  return {
    allocMode: budgets.alloc_mode,
    alloc: each(budgets.alloc, toMoney),
    paperWallet: { bybit: toMoney(budgets.paper_wallet_usd.bybit), ibkr: toMoney(budgets.paper_wallet_usd.ibkr) },
    perTradeRisk: each(budgets.per_trade_risk_pct, toRatio),
    percentSizingThreshold: toMoney(budgets.percent_sizing_threshold_usd),
    percentSizingAboveThreshold: each(budgets.percent_sizing_above_threshold, toRatio),
    profitRollover: budgets.profit_rollover,
    enforceWalletAvailable: budgets.enforce_wallet_available,
    allowOddLots: budgets.allow_odd_lots,
    maxConcurrent: budgets.max_concurrent,
    maxPositions: each(budgets.max_positions, (value) => value),
    cooldownSeconds: budgets.cooldown_seconds,
    scale: {
      enabled: budgets.scale.enabled,
      windowDays: budgets.scale.equity_curve_window_days,
      ladder: budgets.scale.ladder.map((step) => ({ profit: toMoney(step.profit_usd), multiplier: toRatio(step.risk_multiplier) })),
    },
    leverageCaps: each(budgets.leverage_caps, toRatio),
    risk: {
      maxLossPerOrder: fromPercent(budgets.risk.max_loss_per_order_pct),
      dailyLossCap: fromPercent(budgets.risk.daily_loss_cap_pct),
      maxDrawdown: fromPercent(budgets.risk.max_drawdown_pct),
      quoteCollar: fromPercent(budgets.risk.quote_collar_pct),
      quoteAgeMsMax: QUOTE_AGE_MS_MAX,
      maxOrderNotional: toMoney(budgets.risk.max_order_notional_usd),
      ordersPerMinuteMax: budgets.risk.orders_per_minute_max,
      repeatedEntriesMax: budgets.risk.repeated_entries_max,
      repeatedEntriesWindowSeconds: budgets.risk.repeated_entries_window_seconds,
      losingTradesMax: budgets.risk.losing_trades_max,
      duplicateWindowMs: budgets.risk.duplicate_window_ms,
      clockSkewMsMax: budgets.risk.clock_skew_ms_max,
    },
    paper: rules.paper,
    ...(rules.fundingEnabled === undefined ? {} : { fundingEnabled: rules.fundingEnabled }),
    ...(rules.sessions === undefined ? {} : { sessions: rules.sessions }),
    ...(rules.expiry === undefined ? {} : { expiry: rules.expiry }),
    strictBrackets: rules.strictBrackets,
    rateLimit: rules.rateLimit,
  };
}

function refuseContradictions(file: string, budgets: BudgetsFile): void {
  if (budgets.leverage_caps.crypto_spot !== 1) {
    throw new ConfigError(file, 'leverage_caps.crypto_spot', budgets.leverage_caps.crypto_spot, 'spot is never levered; must be 1');
  }
  if (budgets.alloc_mode === 'percent') refuseOverdrawn(file, budgets.alloc);
  if (budgets.risk.max_loss_per_order_pct > budgets.risk.daily_loss_cap_pct) {
    throw new ConfigError(
      file,
      'risk.max_loss_per_order_pct',
      budgets.risk.max_loss_per_order_pct,
      `one order may not lose more than the day (risk.daily_loss_cap_pct ${budgets.risk.daily_loss_cap_pct})`,
    );
  }
  let above = -1;
  for (const [index, step] of budgets.scale.ladder.entries()) {
    if (step.profit_usd <= above)
      throw new ConfigError(file, `scale.ladder.${index}.profit_usd`, step.profit_usd, `steps must rise; the one before is ${above}`);
    above = step.profit_usd;
  }
}

/** Summed as decimals: 0.1 + 0.2 + 0.7 is 1. */
function refuseOverdrawn(file: string, alloc: BudgetsFile['alloc']): void {
  for (const broker of BROKERS) {
    const assets = ASSETS.filter((asset) => brokerOf(asset) === broker);
    const total = add(ZERO_MONEY, ...assets.map((asset) => toMoney(alloc[asset])));
    if (atMost(total, WHOLE)) continue;
    const what = `with alloc_mode "percent" ${assets.join(' and ')} are fractions of the ${broker} wallet and may sum to at most 1`;
    throw new ConfigError(file, 'alloc', Number(total), what);
  }
}

const WHOLE = money('1');
const toMoney = (value: number): Money => money(value);
const toRatio = (value: number): Ratio => ratio(value);
const fromPercent = (value: number): Ratio => divide(ratio(value), HUNDRED);

function each<In, Out>(record: Readonly<Record<Asset, In>>, make: (value: In) => Out): Readonly<Record<Asset, Out>> {
  return {
    crypto_spot: make(record.crypto_spot),
    crypto_futures: make(record.crypto_futures),
    forex: make(record.forex),
    options: make(record.options),
  };
}
