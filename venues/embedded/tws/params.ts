/** The parameters of the embedded TWS, as they come from the command line or through the tree. */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { FILES_MAX } from '../market/recorded.ts';
import { VERSION_MAX, VERSION_MIN } from './codec/versions.ts';

const SEED_LENGTH_MAX = 64;
const FAULTS_MAX = 50;

const symbol = z.string().regex(/^[A-Z]{3}\.[A-Z]{3}$|^[A-Z]{1,6}$/, 'must look like EUR.USD or SPY');
const date = z.string().regex(/^\d{8}$/, 'must look like 20261225');
const file = z.strictObject({ path: z.string().refine(isAbsolute, 'must be absolute'), symbol });

export const twsParams = z.strictObject({
  seed: z.string().min(1).max(SEED_LENGTH_MAX),
  /** 0 takes a free port. It is bound on loopback alone. */
  port: z.int().min(0).max(65_535).default(0),
  serverVersion: z.int().min(VERSION_MIN).max(VERSION_MAX).default(VERSION_MAX),
  account: z
    .string()
    .regex(/^DU\d{1,10}$/, 'must look like DU1234567')
    .default('DU1234567'),
  cash: z
    .string()
    .regex(/^\d{1,12}(\.\d{1,2})?$/, 'must be an amount of USD')
    .default('1000000'),
  play: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('synthetic'), symbols: z.array(symbol).min(1).optional() }),
    z.strictObject({ kind: z.literal('files'), files: z.array(file).min(1).max(FILES_MAX) }),
  ]),
  /** Holidays of shares and options. */
  closed: z.array(date).default([]),
  /** TWS restarts by itself every night and on Sundays, and the servers are reset, as they are at IBKR. */
  restarts: z.boolean().default(true),
  /** `NAME`, `NAME TARGET` or `NAME TARGET VALUE`, from the start on. */
  faults: z.array(z.string().max(200)).max(FAULTS_MAX).default([]),
  resumeAt: z.int().nonnegative().nullable().default(null),
});

export type TwsVenueParams = z.infer<typeof twsParams>;
