import { brokerOf, type Asset, type Mode } from '#trading/model/instrument.ts';

/** The only gateway that executes orders of an asset and mode (RT-1, RT-2). */
export const gatewayOf = (asset: Asset, mode: Mode): string => (mode === 'paper' ? 'gateway.paper' : `gateway.${brokerOf(asset)}`);

/** A broker's orders may have a cell of their own beside its quotes. */
export const isGatewayOf = (actor: string, asset: Asset, mode: Mode): boolean =>
  actor === gatewayOf(asset, mode) || (mode === 'live' && actor === `${gatewayOf(asset, mode)}.orders`);
