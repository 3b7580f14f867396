/** What the scenarios of the failure modes share: ports and houses at embedded venues, closed after each. */
import { BybitRig, type House, type RigOptions } from '../support/bybit-rig.ts';
import { call, rowsOf } from './bybit-account.ts';

export const open: { close(): Promise<void> }[] = [];
export const UNPLAYED = { account: { limits: false } };

export async function port(options: RigOptions = {}): Promise<BybitRig> {
  const rig = await BybitRig.open({ venue: UNPLAYED, ...options });
  open.push(rig);
  return rig;
}

export async function house(options: RigOptions = {}): Promise<House> {
  const rig = await BybitRig.made({ venue: UNPLAYED, ...options });
  open.push(rig);
  return rig.world();
}

export const ref = (order: {
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly asset: 'crypto_spot' | 'crypto_futures' | 'forex' | 'options';
}) => ({
  ...{ clientOrderId: order.clientOrderId, symbol: order.symbol, asset: order.asset, venueOrderId: null },
});
export const hits = ({ venue }: BybitRig): number => venue.counters().orderEndpointHits;
export const list = async ({ venue }: BybitRig, path: string, query: string) => rowsOf(await call(venue, path, query));

/** Closes what a scenario opened. */
export async function closeAll(): Promise<void> {
  for (const closable of open.splice(0).reverse()) await closable.close();
}
