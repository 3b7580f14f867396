/** config/markets.json: which symbols each asset trades and by which strategy; config/strategies/NAME.json holds its parameters. */
import { join } from 'node:path';
import { countsAsUsd, USD_CURRENCIES } from '#trading/model/currency.ts';
import type { ContractChoice, OptionTarget } from '#trading/model/option.ts';
import { z } from 'zod';
import { readJsonFile } from './json-file.ts';

const SYMBOLS_MAX = 20;

const quoted = (symbol: string): boolean => countsAsUsd(symbol.split(/[/:]/)[1] ?? '');
const listOf = (symbol: z.ZodString) =>
  z
    .array(symbol)
    .min(1)
    .max(SYMBOLS_MAX)
    .refine((list) => new Set(list).size === list.length, 'a symbol stands twice');
const symbols = (pattern: RegExp, example: string) =>
  listOf(
    z
      .string()
      .regex(pattern, `must look like ${example}`)
      .refine(quoted, `must be quoted in ${USD_CURRENCIES.join(', ')}: budgets are in USD`),
  );
const strategy = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/, 'must be a file name of config/strategies without its ending');

const days = z.int().min(0).max(365);
const contract = z
  .strictObject({
    dte_min: days.describe('whole days to expiry, at least'),
    dte_max: days.describe('whole days to expiry, at most'),
    moneyness: z
      .number()
      .min(-0.5)
      .max(0.5)
      .exactOptional()
      .describe("how far out of the money, as a fraction of the underlying's price (0.03 is 3 %); this or delta"),
    delta: z
      .number()
      .min(0.02)
      .max(0.5)
      .exactOptional()
      .describe("the size of its delta, of calls and puts alike, by the venue's own model; this or moneyness"),
    within: z.number().gt(0).max(0.5).describe('how far from there it may be'),
    stop_fraction: z.number().gt(0).lt(1).describe('the stop lies this far below the premium, as a fraction of it'),
    take_profit_fraction: z.number().gt(0).max(20).describe('the take-profit lies this far above the premium, as a fraction of it'),
  })
  .refine(({ dte_min, dte_max }) => dte_min <= dte_max, 'dte_min must be at most dte_max')
  .refine(({ moneyness, delta }) => (moneyness === undefined) !== (delta === undefined), 'must have either moneyness or delta');

/** What `describe` says goes into docs/config.md. */
export const marketsFile = z.strictObject({
  crypto_spot: z
    .strictObject({
      symbols: symbols(/^[A-Z0-9]+\/[A-Z]+$/, 'BTC/USDT').describe('spot symbols that are traded, such as BTC/USDT; none twice'),
      strategy: strategy.describe('name of the file in config/strategies that holds the parameters'),
    })
    .describe('spot, on Bybit'),
  crypto_futures: z
    .strictObject({
      symbols: symbols(/^[A-Z0-9]+\/[A-Z]+:[A-Z]+$/, 'ADA/USDT:USDT').describe('perpetuals that are traded, such as ADA/USDT:USDT; none twice'),
      strategy: strategy.describe('name of the file in config/strategies that holds the parameters'),
    })
    .describe('linear perpetuals, on Bybit'),
  forex: z
    .strictObject({
      symbols: symbols(/^[A-Z]{3}\/[A-Z]{3}$/, 'EUR/USD').describe('pairs that are traded, such as EUR/USD; none twice, all quoted in USD'),
      strategy: strategy.describe('name of the file in config/strategies that holds the parameters'),
    })
    .describe('currency pairs, at IBKR'),
  options: z
    .strictObject({
      symbols: listOf(z.string().regex(/^[A-Z]{1,6}$/, 'must look like SPY')).describe(
        'underlyings whose options are bought, such as SPY; none twice',
      ),
      strategy: strategy.describe("name of the file in config/strategies that holds the parameters; it sees the underlying's bars"),
      contract: contract.describe('which option is bought: a call on a signal to buy, a put on one to sell'),
    })
    .describe('options on shares, at IBKR: bought, never written'),
});
export type Markets = z.infer<typeof marketsFile>;
/** The assets whose wire is built. */
export type WiredAsset = keyof Markets;
export const WIRED_ASSETS: readonly WiredAsset[] = ['crypto_spot', 'crypto_futures', 'forex', 'options'];

/** Of the options' section. */
export function contractChoice({ options: { contract: choice } }: Markets): ContractChoice {
  const {
    dte_min: dteMin,
    dte_max: dteMax,
    moneyness = 0,
    delta,
    within,
    stop_fraction: stopFraction,
    take_profit_fraction: takeProfitFraction,
  } = choice;
  const target: OptionTarget = delta === undefined ? { kind: 'moneyness', value: moneyness, within } : { kind: 'delta', value: delta, within };
  return { dteMin, dteMax, target, stopFraction, takeProfitFraction };
}

/** @throws ConfigError */
export const loadMarkets = (configDir: string): Promise<Markets> => readJsonFile(join(configDir, 'markets.json'), marketsFile);

/** Parameters as plain JSON; the strategy itself checks them. @throws ConfigError */
export const loadStrategy = (configDir: string, name: string): Promise<Record<string, unknown>> =>
  readJsonFile(join(configDir, 'strategies', `${name}.json`), z.record(z.string(), z.unknown()));
