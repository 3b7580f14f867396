/** config/markets.json: which symbols each asset trades and by which strategy; config/strategies/NAME.json holds its parameters. */
import { join } from 'node:path';
import { countsAsUsd, USD_CURRENCIES } from '#trading/model/currency.ts';
import { z } from 'zod';
import { readJsonFile } from './json-file.ts';

const SYMBOLS_MAX = 20;

const quoted = (symbol: string): boolean => countsAsUsd(symbol.split(/[/:]/)[1] ?? '');
const symbols = (pattern: RegExp, example: string) =>
  z
    .array(
      z
        .string()
        .regex(pattern, `must look like ${example}`)
        .refine(quoted, `must be quoted in ${USD_CURRENCIES.join(', ')}: budgets are in USD`),
    )
    .min(1)
    .max(SYMBOLS_MAX)
    .refine((list) => new Set(list).size === list.length, 'a symbol stands twice');
const strategy = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/, 'must be a file name of config/strategies without its ending');

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
});
export type Markets = z.infer<typeof marketsFile>;
/** The assets whose wire is built. */
export type WiredAsset = keyof Markets;
export const WIRED_ASSETS: readonly WiredAsset[] = ['crypto_spot', 'crypto_futures'];

/** @throws ConfigError */
export const loadMarkets = (configDir: string): Promise<Markets> => readJsonFile(join(configDir, 'markets.json'), marketsFile);

/** Parameters as plain JSON; the strategy itself checks them. @throws ConfigError */
export const loadStrategy = (configDir: string, name: string): Promise<Record<string, unknown>> =>
  readJsonFile(join(configDir, 'strategies', `${name}.json`), z.record(z.string(), z.unknown()));
