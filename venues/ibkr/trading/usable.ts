import type { Line } from '../line.ts';
import type { IbkrSession } from '../session.ts';
import type { OrderClient } from './order-client.ts';

/** Rejects where nothing may be sent now. */
export function withUsable<T>(session: IbkrSession<OrderClient>, work: (line: Line<OrderClient>) => Promise<T>): Promise<T> {
  const line = session.usable;
  return line === null ? Promise.reject(new Error(`TWS cannot be used now: ${session.state.reason}`)) : work(line);
}
