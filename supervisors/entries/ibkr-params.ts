/** What both processes of IBKR are told: where TWS listens, and how symbols look. */
import { IBKR_ENVIRONMENTS } from '#venues/ibkr/market-data.ts';
import { z } from 'zod';

const SYMBOLS_MAX = 50;
const CLIENT_ID_MAX = 2_147_483_647;
const HOST_LENGTH_MAX = 253;

export const pairs = z.array(z.string().regex(/^[A-Z]{3}\/[A-Z]{3}$/, 'must look like EUR/USD')).max(SYMBOLS_MAX);
export const underlyings = z.array(z.string().regex(/^[A-Z]{1,6}$/, 'must look like SPY')).max(SYMBOLS_MAX);

export const twsParams = z.strictObject({
  environment: z.enum(IBKR_ENVIRONMENTS),
  host: z.string().min(1).max(HOST_LENGTH_MAX),
  port: z.int().min(1).max(65_535),
  clientId: z.int().min(0).max(CLIENT_ID_MAX),
  /** A ratio as decimal text, as the settings hold it. */
  rateLimit: z.coerce.number().gt(0).max(1),
});

/** @throws RangeError where an embedded market would be looked for on another machine. */
export function refuseNotEmbedded(name: string, { environment, host }: Pick<z.infer<typeof twsParams>, 'environment' | 'host'>): void {
  if (environment === 'embedded' && host !== '127.0.0.1') throw new RangeError(`${name}: params.host: an embedded market is on 127.0.0.1`);
}
