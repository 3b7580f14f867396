/** gateway.bybit: the module its process loads. All its assets are on paper, so it is composed without an order port and without keys. */
import { Gateway } from '#actors/gateway.ts';
import { paramsOf } from '#actors/params.ts';
import { createBybitMarketData } from '#venues/bybit/market-data.ts';
import { ENVIRONMENTS } from '#venues/bybit/endpoints.ts';
import { z } from 'zod';

const SYMBOLS_MAX = 50;

const spot = z.string().regex(/^[A-Z0-9]+\/[A-Z0-9]+$/, 'must look like BTC/USDT');
const perpetual = z.string().regex(/^[A-Z0-9]+\/[A-Z0-9]+:[A-Z0-9]+$/, 'must look like ADA/USDT:USDT');
const params = z.strictObject({
  environment: z.enum(ENVIRONMENTS),
  rest: z.url({ protocol: /^https?$/ }).optional(),
  ws: z.url({ protocol: /^wss?$/ }).optional(),
  assets: z.strictObject({
    crypto_spot: z.array(spot).max(SYMBOLS_MAX).default([]),
    crypto_futures: z.array(perpetual).max(SYMBOLS_MAX).default([]),
  }),
  /** A ratio as decimal text, as the settings hold it. */
  rateLimit: z.coerce.number().gt(0).max(1),
});

export default class BybitGateway extends Gateway {
  constructor() {
    super((start) => {
      const { environment, rest, ws, assets, rateLimit } = paramsOf(start, params);
      if ((rest === undefined) !== (ws === undefined)) throw new RangeError(`${start.name}: params: rest and ws belong together`);
      const endpoints = rest === undefined || ws === undefined ? null : { rest: withoutSlash(rest), ws: withoutSlash(ws) };
      const symbols = [...assets.crypto_spot, ...assets.crypto_futures];
      return { broker: 'bybit', symbols: assets, marketData: createBybitMarketData({ environment, endpoints, symbols, rateLimit }) };
    });
  }
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, '');
