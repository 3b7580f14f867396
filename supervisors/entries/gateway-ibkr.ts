/** gateway.ibkr: the module its process loads. Market data alone: composed without an order port (RT-1), under a client id of its own. */
import { Gateway } from '#actors/gateway.ts';
import { paramsOf } from '#actors/params.ts';
import { createIbkrMarketData } from '#venues/ibkr/market-data.ts';
import { z } from 'zod';
import { pairs, refuseNotEmbedded, twsParams, underlyings } from './ibkr-params.ts';

const params = twsParams.extend({
  assets: z.strictObject({ forex: pairs.default([]), options: underlyings.default([]) }),
  dteMin: z.int().min(0),
  dteMax: z.int().min(0),
  /** How far out of the money options are watched, a fraction of the underlying's price. */
  reach: z.number().gt(0).max(1),
});

/** TWS has a hundred lines: so many options of each underlying, both rights and all expiries together. */
const OPTION_LINES = 40;
const EXPIRIES = 2;

export default class IbkrGateway extends Gateway {
  constructor() {
    super((start) => {
      const { environment, host, port, clientId, assets, dteMin, dteMax, reach, rateLimit } = paramsOf(start, params);
      refuseNotEmbedded(start.name, { environment, host });
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
