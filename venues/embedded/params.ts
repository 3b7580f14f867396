/** The parameters of the embedded venue, as they come from the command line through the tree. */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { BAD_QUOTES_EVERY_MAX, BAD_QUOTES_EVERY_MIN } from './market/bad-quotes.ts';
import { FILES_MAX } from './market/recorded.ts';

const SEED_LENGTH_MAX = 64;

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

export const venueParams = z.strictObject({
  seed: z.string().min(1).max(SEED_LENGTH_MAX),
  /** Anything but loopback is refused: there is no authentication. */
  host: z.literal('127.0.0.1').default('127.0.0.1'),
  /** 0 takes a free port. */
  port: z.int().min(0).max(65_535).default(0),
  play: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('synthetic'), symbols: z.array(listing).min(1).optional() }),
    z.strictObject({ kind: z.literal('files'), files: z.array(file).min(1).max(FILES_MAX), from: instant.optional(), to: instant.optional() }),
  ]),
  /** One quote of so many is bad. */
  badQuotes: z.int().min(BAD_QUOTES_EVERY_MIN).max(BAD_QUOTES_EVERY_MAX).optional(),
  resumeAt: instant.nullable().default(null),
});

export type VenueParams = z.infer<typeof venueParams>;
