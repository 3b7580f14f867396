/** gateway.bybit.orders: decides over Bybit's live orders, in the main process; it has no keys and no socket. */
import { LiveOrders, planOf } from '#actors/live-orders.ts';
import { BYBIT_TERMS } from '#venues/bybit/trading/terms.ts';

export default class BybitLiveOrders extends LiveOrders {
  constructor() {
    super(planOf(BYBIT_TERMS));
  }
}
