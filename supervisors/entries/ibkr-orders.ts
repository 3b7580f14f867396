/** gateway.ibkr.orders: decides over IBKR's live orders, in the main process; it has no socket. */
import { LiveOrders } from '#actors/live-orders.ts';
import { paramsOf } from '#actors/params.ts';
import { sendGate } from '#actors/send-gate.ts';
import * as value from '#protocol/values.ts';
import { IBKR_TERMS } from '#venues/ibkr/trading/terms.ts';
import { z } from 'zod';

const PATH_LENGTH_MAX = 4096;
const params = z.strictObject({ latchPath: z.string().min(1).max(PATH_LENGTH_MAX), port: value.name });

export default class IbkrLiveOrders extends LiveOrders {
  constructor() {
    super((start) => {
      const { latchPath, port } = paramsOf(start, params);
      return { terms: IBKR_TERMS, port, gate: sendGate(latchPath) };
    });
  }
}
