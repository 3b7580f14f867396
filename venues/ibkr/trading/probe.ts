/**
 * Mode 20: a TWS whose API is read-only takes connections and refuses every order. A what-if order, which is never placed, finds out at every connection; what
 * comes back is also the first openOrder that the library has to decode (mode 19).
 */
import type { Contract } from '@stoqey/ib';
import type { Line } from '../line.ts';
import { ConfigurationError } from '../session.ts';
import { actionOf } from './family.ts';
import type { OrderClient } from './order-client.ts';

const ANSWER_MS_MAX = 2000;
/** Where nothing trades: were it ever taken for an order, it would rest. On the grid of everything. */
const NOWHERE = 0.01;
const READ_ONLY = /read-only/i;

/** Any other answer, or none, says nothing: each order is answered by itself. @throws ConfigurationError where the API is read-only. */
export async function refuseReadOnly(line: Line<OrderClient>, contract: Contract, orderId: number, account: string): Promise<void> {
  const order = { action: actionOf('buy'), totalQuantity: 1, orderType: 'LMT', lmtPrice: NOWHERE, tif: 'DAY', account, transmit: true, whatIf: true };
  let forget = (): void => undefined;
  const answer = line.ask<string>('a what-if order', ANSWER_MS_MAX, ({ client, on, needsServers, done }) => {
    needsServers();
    on('openOrder', (id) => {
      if (id === orderId) done('');
    });
    forget = line.onErrorOf(orderId, ({ message }) => done(message));
    client.placeOrder(orderId, contract, order as Parameters<OrderClient['placeOrder']>[2]);
  });
  const said = await answer.catch(() => '').finally(() => forget());
  if (!READ_ONLY.test(said)) return;
  throw new ConfigurationError(`its API is read-only (${said}); in TWS clear Configuration > API > Settings > "Read-Only API"`);
}
