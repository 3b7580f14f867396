/** gateway.ibkr.orders: decides over IBKR's live orders, in the main process; it has no socket. */
import { LiveOrders, planOf } from '#actors/live-orders.ts';
import { IBKR_TERMS } from '#venues/ibkr/trading/terms.ts';

export default class IbkrLiveOrders extends LiveOrders {
  constructor() {
    super(planOf(IBKR_TERMS));
  }
}
