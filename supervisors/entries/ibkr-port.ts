/** gateway.ibkr.port: the module its process loads. The only one that can send an order to TWS (RT-2), under a client id of its own. */
import { OrderPort } from '#actors/order-port.ts';
import { paramsOf, path } from '#actors/params.ts';
import { sendGate } from '#actors/send-gate.ts';
import { IBKR_ENVIRONMENTS } from '#venues/ibkr/market-data.ts';
import { openIbkrOrders } from '#venues/ibkr/trading/open.ts';
import * as value from '#protocol/values.ts';
import { z } from 'zod';

const SYMBOLS_MAX = 50;
const HOST_LENGTH_MAX = 253;
const CLIENT_ID_MAX = 2_147_483_647;
const WINDOWS_MAX = 20;

const params = z.strictObject({
  environment: z.enum(IBKR_ENVIRONMENTS),
  host: z.string().min(1).max(HOST_LENGTH_MAX),
  port: z.int().min(1).max(65_535),
  clientId: z.int().min(0).max(CLIENT_ID_MAX),
  pairs: z.array(z.string().regex(/^[A-Z]{3}\/[A-Z]{3}$/, 'must look like EUR/USD')).max(SYMBOLS_MAX),
  underlyings: z.array(z.string().regex(/^[A-Z]{1,6}$/, 'must look like SPY')).max(SYMBOLS_MAX),
  /** A ratio as decimal text, as the settings hold it. */
  rateLimit: z.coerce.number().gt(0).max(1),
  /** When TWS is known to be away. */
  resets: z
    .array(
      z.strictObject({
        name: z.string(),
        days: z.array(z.int().min(0).max(6)),
        from: z.int().min(0),
        minutes: z.int().min(1),
        guardMinutes: z.int().min(0),
      }),
    )
    .max(WINDOWS_MAX),
  /** Where order ids and what was sent under them are kept. */
  directory: path,
  latchPath: path,
  /** Who decides over the orders. */
  reportsTo: value.name,
});

export default class IbkrOrderPort extends OrderPort {
  constructor() {
    super((start) => {
      const { host, environment, latchPath, reportsTo, port, ...rest } = paramsOf(start, params);
      if (environment === 'embedded' && host !== '127.0.0.1') throw new RangeError(`${start.name}: params.host: an embedded market is on 127.0.0.1`);
      const orders = openIbkrOrders({ ...rest, played: environment === 'embedded', address: { host, port }, boot: `${start.now}.${start.epoch}` });
      return { orders, account: orders, gate: sendGate(latchPath), reportsTo };
    });
  }
}
