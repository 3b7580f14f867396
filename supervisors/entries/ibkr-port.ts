/** gateway.ibkr.port: the module its process loads. The only one that can send an order to TWS (RT-2), under a client id of its own. */
import { OrderPort } from '#actors/order-port.ts';
import { paramsOf, path } from '#actors/params.ts';
import { sendGate } from '#actors/send-gate.ts';
import { openIbkrOrders } from '#venues/ibkr/trading/open.ts';
import * as value from '#protocol/values.ts';
import { pairs, refuseNotEmbedded, twsParams, underlyings } from './ibkr-params.ts';

const params = twsParams.extend({
  pairs,
  underlyings,
  /** When TWS is known to be away. */
  resets: value.resetWindows,
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
      refuseNotEmbedded(start.name, { environment, host });
      const orders = openIbkrOrders({ ...rest, played: environment === 'embedded', address: { host, port }, boot: `${start.now}.${start.epoch}` });
      return { orders, account: orders, gate: sendGate(latchPath), reportsTo };
    });
  }
}
