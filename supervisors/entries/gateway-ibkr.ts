/** gateway.ibkr: the module its process loads. Market data alone: composed without an order port (RT-1), under a client id of its own. */
import { Gateway } from '#actors/gateway.ts';
import { paramsOf } from '#actors/params.ts';
import { createIbkrMarketData, IBKR_ENVIRONMENTS } from '#venues/ibkr/market-data.ts';
import { z } from 'zod';

const SYMBOLS_MAX = 50;
const CLIENT_ID_MAX = 2_147_483_647;
const HOST_LENGTH_MAX = 253;

const params = z.strictObject({
  environment: z.enum(IBKR_ENVIRONMENTS),
  host: z.string().min(1).max(HOST_LENGTH_MAX),
  port: z.int().min(1).max(65_535),
  clientId: z.int().min(0).max(CLIENT_ID_MAX),
  assets: z.strictObject({
    forex: z
      .array(z.string().regex(/^[A-Z]{3}\/[A-Z]{3}$/, 'must look like EUR/USD'))
      .max(SYMBOLS_MAX)
      .default([]),
    /** Underlyings. */
    options: z
      .array(z.string().regex(/^[A-Z]{1,6}$/, 'must look like SPY'))
      .max(SYMBOLS_MAX)
      .default([]),
  }),
  dteMin: z.int().min(0),
  dteMax: z.int().min(0),
  /** How far out of the money options are watched, a fraction of the underlying's price. */
  reach: z.number().gt(0).max(1),
  /** A ratio as decimal text, as the settings hold it. */
  rateLimit: z.coerce.number().gt(0).max(1),
});

/** TWS has a hundred lines: so many options of each underlying, both rights and all expiries together. */
const OPTION_LINES = 40;
const EXPIRIES = 2;

export default class IbkrGateway extends Gateway {
  constructor() {
    super((start) => {
      const { environment, host, port, clientId, assets, dteMin, dteMax, reach, rateLimit } = paramsOf(start, params);
      if (environment === 'embedded' && host !== '127.0.0.1') throw new RangeError(`${start.name}: params.host: an embedded market is on 127.0.0.1`);
      const strikes = Math.max(1, Math.floor(OPTION_LINES / (2 * EXPIRIES * Math.max(1, assets.options.length / 2))));
      return {
        broker: 'ibkr',
        symbols: assets,
        marketData: createIbkrMarketData({
          ...{ environment, address: { host, port }, clientId, pairs: assets.forex, underlyings: assets.options, rateLimit },
          options: { dteMin, dteMax, expiries: EXPIRIES, strikes, reach },
        }),
      };
    });
  }
}
