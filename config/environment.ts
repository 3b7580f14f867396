/** CF-2: the environment, read once. Secrets (CF-4) stay in `secrets`, which prints as `[hidden]` and is never serialised. */
import { MARKETS, type Market } from '#trading/model/market.ts';
import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { money, ratio } from '#trading/money/decimal.ts';
import { z } from 'zod';
import type { EnvironmentRules } from './budgets.ts';
import { ConfigError } from './errors.ts';

export { MARKETS, type Market };

const LATENCY_MS = { min: 40, max: 250 };

const flag = z.enum(['0', '1']).transform((value) => value === '1');
const number = (low: number, high: number) =>
  z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'must be a number')
    .transform(Number)
    .refine((value) => value >= low && value <= high, `must be between ${low} and ${high}`)
    .meta({ low, high });
const integer = (low: number, high: number) => number(low, high).refine(Number.isInteger, 'must be a whole number').meta({ low, high, whole: true });

/** Every variable of ours, its default, what it may be, and what it says (for docs/config.md). Other programs' variables are left alone. */
export const ENVIRONMENT = {
  MARKET: z.enum(MARKETS).default('embedded').describe('which market: its own embedded venue on loopback, Bybit testnet, or Bybit itself'),
  DATA_DIR: z.string().min(1).default('var').describe('where everything written at run time goes, apart for each market'),
  RATE_LIMIT_PCT: number(0.01, 1).default(0.9).describe("part of a venue's rate limit that may be used, as a fraction"),
  HARSH_PAPER_EXECUTION: flag
    .default(true)
    .describe('paper orders take only, are slipped, delayed and partly filled; 0 fills at the touch, for comparison only'),
  PAPER_SLIPPAGE_BPS: number(0, 1000).default(8).describe('how much worse than the touch a paper order fills, in basis points'),
  PAPER_PARTIAL_PROB: number(0, 1).default(0.2).describe('probability of a partial fill on paper'),
  HARSH_PAPER_DEPTH: flag
    .default(false)
    .describe('1 fills a paper order at the touch only up to the size that the quote shows, and the rest a slippage step worse'),
  STRICT_BRACKETS: flag.default(true).describe('every entry carries take-profit and stop-loss; 0 refuses to boot'),
  FUTURES_OPEN_DTE_MIN: integer(0, 365).default(5).describe('no opening of a future this many days before expiry (nothing uses it yet)'),
  FUTURES_ROLL_DTE: integer(0, 365).default(2).describe('days before expiry at which a future is rolled (nothing uses it yet)'),
  OPTIONS_OPEN_DTE_MIN: integer(0, 365).default(3).describe('no opening of an option with fewer whole days left to its expiry'),
  OPTIONS_CLOSE_BEFORE_EXPIRY_MIN: integer(0, 10_080)
    .default(60)
    .describe('minutes before the end of its trading at which the house sells an option that it holds; 0 holds it to expiry'),
  OPTIONS_ITM_EXERCISE_THRESHOLD: number(0, 1000)
    .default(0.01)
    .describe('in the money by at least this at its expiry an option is exercised, in USD a share'),
  PERP_FUNDING_ENABLED: flag.default(true).describe('perpetuals on paper pay and receive funding as live ones do'),
  BYBIT_API_KEY: z.string().optional().describe('secret; belongs to BYBIT_API_SECRET. Quotes need no keys'),
  BYBIT_API_SECRET: z.string().optional().describe('secret; belongs to BYBIT_API_KEY'),
  BYBIT_USE_TESTNET: flag.default(false).describe('1 contradicts MARKET=mainnet'),
  IBKR_HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('host of the TWS or gateway; used on a real market where --assets names forex or options'),
  IBKR_PORT: integer(1, 65_535).default(7497).describe('its port: 7497 is paper and 7496 live by convention'),
  IBKR_CLIENT_ID: integer(0, 2_147_483_647).default(1).describe('client number at the TWS, for market data'),
} as const;

export interface Environment {
  readonly market: Market;
  readonly dataDir: string;
  readonly rules: EnvironmentRules;
  /** Where TWS is, on a real market. */
  readonly ibkr: { readonly host: string; readonly port: number; readonly clientId: number };
  readonly secrets: Secrets;
}

/** Holds the keys without showing them to a logger, a message or an inspector. */
export class Secrets {
  readonly #bybit: { readonly key: string; readonly secret: string } | null;

  constructor(bybit: { readonly key: string; readonly secret: string } | null) {
    this.#bybit = bybit;
  }

  bybit(): { readonly key: string; readonly secret: string } | null {
    return this.#bybit;
  }

  toJSON(): string {
    return '[hidden]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[hidden]';
  }
}

/** Reads `.env` of the working directory, strictly, under the process's own variables. @throws ConfigError */
export function loadEnvironment(file = '.env'): Environment {
  const own = existsSync(file) ? readEnvFile(file) : {};
  return readEnvironment({ ...own, ...process.env }, existsSync(file) ? file : 'environment');
}

function readEnvFile(file: string): Readonly<Record<string, string | undefined>> {
  let variables: Readonly<Record<string, string | undefined>>;
  try {
    variables = parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(file, '(file)', undefined, `cannot be read: ${(error as Error).message}`);
  }
  for (const key of Object.keys(variables)) {
    if (!Object.hasOwn(ENVIRONMENT, key)) throw new ConfigError(file, key, undefined, 'unknown variable; see .env.example for the names');
  }
  return variables;
}

/** Reads what is ours of `variables`. @throws ConfigError naming the variable; a secret's value is never part of it. */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>, source: string): Environment {
  const schema = z.object(ENVIRONMENT);
  const given = Object.fromEntries(Object.entries(variables).filter(([key, value]) => Object.hasOwn(ENVIRONMENT, key) && value !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const key = String(issue?.path[0] ?? '?');
    throw new ConfigError(source, key, /SECRET|KEY/.test(key) ? undefined : given[key], issue?.message ?? 'does not fit');
  }
  const value = parsed.data;
  if (!value.STRICT_BRACKETS) throw new ConfigError(source, 'STRICT_BRACKETS', '0', 'every entry carries a bracket (BR-1); must be 1');
  if ((value.BYBIT_API_KEY === undefined) !== (value.BYBIT_API_SECRET === undefined)) {
    throw new ConfigError(
      source,
      value.BYBIT_API_KEY === undefined ? 'BYBIT_API_KEY' : 'BYBIT_API_SECRET',
      undefined,
      'BYBIT_API_KEY and BYBIT_API_SECRET belong together; set both or none',
    );
  }
  if (value.BYBIT_USE_TESTNET && value.MARKET === 'mainnet') {
    throw new ConfigError(source, 'BYBIT_USE_TESTNET', '1', 'contradicts MARKET=mainnet; use MARKET=testnet');
  }
  return {
    market: value.MARKET,
    dataDir: value.DATA_DIR,
    rules: {
      paper: {
        harsh: value.HARSH_PAPER_EXECUTION,
        slippageBps: value.PAPER_SLIPPAGE_BPS,
        partialProbability: value.PAPER_PARTIAL_PROB,
        latencyMsMin: LATENCY_MS.min,
        latencyMsMax: LATENCY_MS.max,
        fillDepth: value.HARSH_PAPER_DEPTH ? 'book' : 'touch',
      },
      fundingEnabled: value.PERP_FUNDING_ENABLED,
      expiry: {
        openDteMin: value.OPTIONS_OPEN_DTE_MIN,
        closeMinutes: value.OPTIONS_CLOSE_BEFORE_EXPIRY_MIN,
        exerciseThreshold: money(value.OPTIONS_ITM_EXERCISE_THRESHOLD),
      },
      strictBrackets: value.STRICT_BRACKETS,
      rateLimit: ratio(value.RATE_LIMIT_PCT),
    },
    ibkr: { host: value.IBKR_HOST, port: value.IBKR_PORT, clientId: value.IBKR_CLIENT_ID },
    secrets: new Secrets(
      value.BYBIT_API_KEY === undefined || value.BYBIT_API_SECRET === undefined ? null : { key: value.BYBIT_API_KEY, secret: value.BYBIT_API_SECRET },
    ),
  };
}
