/** The parameters of the embedded venue, as they come from the command line through the tree. */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { VIP_LEVELS } from './bybit/private/limits.ts';
import { BAD_QUOTES_EVERY_MAX, BAD_QUOTES_EVERY_MIN } from './market/bad-quotes.ts';
import { FILES_MAX } from './market/recorded.ts';
import { VERSION_MAX, VERSION_MIN } from './tws/codec/versions.ts';

const SEED_LENGTH_MAX = 64;
const FAULTS_MAX = 50;
const FAULT_LENGTH_MAX = 200;

const instant = z.int().nonnegative();
const category = z.enum(['spot', 'linear']);
const symbol = z.string().regex(/^[A-Z0-9]{2,30}$/, 'must look like BTCUSDT');
const listing = z.strictObject({ category, symbol });
const file = z.strictObject({
  path: z.string().refine(isAbsolute, 'must be absolute'),
  category,
  venueSymbol: symbol,
  kind: z.enum(['candles', 'quotes']).optional(),
});

const fundingFile = file.pick({ path: true, venueSymbol: true });

const twsFile = z.strictObject({
  path: z.string().refine(isAbsolute, 'must be absolute'),
  what: z.enum(['pair', 'share', 'options']),
  symbol: z.string().regex(/^[A-Z]{1,6}([.][A-Z]{3})?$/, 'must look like EUR.USD or SPY'),
});

/** Test keys. They open nothing but an embedded venue on loopback. */
export const TEST_KEYS = { apiKey: 'embedded-test-key', secret: 'embedded-test-secret' } as const;
const WALLET = { USDT: '100000' };

const decimalText = z.string().regex(/^-?\d{1,15}(\.\d{1,12})?$/, 'must be a decimal number');
const account = z.strictObject({
  apiKey: z.string().min(1).max(64).default(TEST_KEYS.apiKey),
  secret: z.string().min(1).max(64).default(TEST_KEYS.secret),
  /** Opening balances by coin. */
  wallet: z.record(z.string().regex(/^[A-Z0-9]{2,12}$/), decimalText).default(WALLET),
  /** Of every perpetual until it is set. */
  leverage: decimalText.default('10'),
  /** A fraction of the position's value, at every settlement. */
  fundingRate: decimalText.default('0.0001'),
  /** Bybit's request limits, by the wall's clock: off where the market is played at another speed than the wall's. */
  limits: z.boolean().default(true),
  /** VIP level: more orders a second. */
  vip: z
    .int()
    .min(0)
    .max(VIP_LEVELS.length - 1)
    .default(0),
  /** Keeps the account over the end of the process; its directory exists. Null forgets it. */
  file: z.string().refine(isAbsolute, 'must be absolute').nullable().default(null),
});

export const venueParams = z.strictObject({
  seed: z.string().min(1).max(SEED_LENGTH_MAX),
  /** Anything but loopback is refused: the keys are known to everybody. */
  host: z.literal('127.0.0.1').default('127.0.0.1'),
  /** 0 takes a free port. */
  port: z.int().min(0).max(65_535).default(0),
  play: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('synthetic'),
      symbols: z.array(listing).min(1).optional(),
      /** First and last market time. */
      from: instant.optional(),
      to: instant.optional(),
      /** Between two steps. */
      stepMs: z
        .int()
        .min(1000)
        .refine((ms) => ms % 1000 === 0 && 60_000 % ms === 0, 'must be whole seconds, and a part of a minute')
        .default(1000),
    }),
    z.strictObject({
      kind: z.literal('files'),
      files: z.array(file).max(FILES_MAX),
      /** Recorded rates of perpetuals among the files; the others pay `account.fundingRate`. */
      funding: z.array(fundingFile).max(FILES_MAX).default([]),
      from: instant.optional(),
      to: instant.optional(),
    }),
  ]),
  /** Where the TWS façade listens, and what it plays beside a synthetic market of its own; absent: there is none. */
  tws: z
    .strictObject({
      /** 0 takes a free port. */
      port: z.int().min(0).max(65_535).default(0),
      files: z.array(twsFile).max(FILES_MAX).default([]),
      /** The highest that is offered. */
      serverVersion: z.int().min(VERSION_MIN).max(VERSION_MAX).default(VERSION_MAX),
      /** It restarts by itself every night and on Sundays, and its servers are reset, on New York's clock. */
      restarts: z.boolean().default(false),
      /** Keeps the account over the end of the process; its directory exists. Null forgets it. */
      file: z.string().refine(isAbsolute, 'must be absolute').nullable().default(null),
      /** From the start on: `NAME`, `NAME TARGET` or `NAME TARGET VALUE`. */
      faults: z.array(z.string().max(FAULT_LENGTH_MAX)).max(FAULTS_MAX).default([]),
    })
    .optional(),
  /** One quote of so many is bad. */
  badQuotes: z.int().min(BAD_QUOTES_EVERY_MIN).max(BAD_QUOTES_EVERY_MAX).optional(),
  resumeAt: instant.nullable().default(null),
  account: account.prefault({}),
});

export type VenueParams = z.infer<typeof venueParams>;
