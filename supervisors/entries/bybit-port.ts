/** gateway.bybit.port: the module its process loads. The only one with keys and an order port (RT-2); it has sockets and limits of its own. */
import { OrderPort } from '#actors/order-port.ts';
import { paramsOf, path } from '#actors/params.ts';
import { sendGate } from '#actors/send-gate.ts';
import { loadEnvironment } from '#config/environment.ts';
import { ENVIRONMENTS, type Environment } from '#venues/bybit/endpoints.ts';
import { Keys } from '#venues/bybit/trading/exchange.ts';
import { BybitOrders } from '#venues/bybit/trading/order-entry.ts';
import { BybitSession } from '#venues/bybit/trading/session.ts';
import { BYBIT_TERMS } from '#venues/bybit/trading/terms.ts';
import { TEST_KEYS } from '#venues/embedded/params.ts';
import * as value from '#protocol/values.ts';
import { z } from 'zod';

const SYMBOLS_MAX = 50;

const params = z.strictObject({
  environment: z.enum(ENVIRONMENTS),
  rest: z.url({ protocol: /^https?$/ }).optional(),
  ws: z.url({ protocol: /^wss?$/ }).optional(),
  symbols: z
    .array(z.string().regex(/^[A-Z0-9]+\/[A-Z0-9]+(:[A-Z0-9]+)?$/, 'must look like BTC/USDT or ADA/USDT:USDT'))
    .min(1)
    .max(SYMBOLS_MAX),
  /** A ratio as decimal text, as the settings hold it. */
  rateLimit: z.coerce.number().gt(0).max(1),
  leverage: z.coerce.number().min(1).max(100),
  latchPath: path,
  /** Who decides over the orders. */
  reportsTo: value.name,
});

export default class BybitOrderPort extends OrderPort {
  constructor() {
    super((start) => {
      const { environment, rest, ws, symbols, rateLimit, leverage, latchPath, reportsTo } = paramsOf(start, params);
      if ((rest === undefined) !== (ws === undefined)) throw new RangeError(`${start.name}: params: rest and ws belong together`);
      const endpoints = rest === undefined || ws === undefined ? null : { rest, ws };
      const { deadlineMs: requestMs, receiveWindowMs } = BYBIT_TERMS;
      const keys = keysOf(environment, start.name);
      const session = new BybitSession({ environment, endpoints, keys, symbols, rateLimit, leverage, requestMs, receiveWindowMs });
      const port = new BybitOrders(session, BYBIT_TERMS);
      return { orders: port, account: port, gate: sendGate(latchPath), reportsTo };
    });
  }
}

/** Read here, in the one process that signs: keys are in no parameter, message or snapshot (CF-4). */
function keysOf(environment: Environment, name: string): Keys {
  if (environment === 'embedded') return new Keys(TEST_KEYS.apiKey, TEST_KEYS.secret);
  const secrets = loadEnvironment().secrets.bybit();
  if (secrets === null) throw new Error(`${name}: live orders on ${environment} need BYBIT_API_KEY and BYBIT_API_SECRET`);
  return new Keys(secrets.key, secrets.secret);
}
